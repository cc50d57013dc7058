//! How names and numbers are found: filters, and whom each of them finds.

use std::sync::Arc;

use ringbook::account::OrganizationSettings;
use ringbook::account::device::PhoneAccount;
use ringbook::contact::Book;
use ringbook::contact::card::{Field, FieldSet, PostalAddress};
use ringbook::contact::derived::NameOrder;
use ringbook::directory::{Edit, system_clock};
use ringbook::ldap::Limits;
use ringbook::presence::{Presence, SILENCE_DEFAULT_S};

use crate::client::{Ask, Client};
use crate::world::{SUFFIX, Values, World, hash, settings};

/// A company with these shared contacts, and a phone that looks at them.
async fn company(settings: OrganizationSettings, contacts: &[Values<'_>]) -> (World, Client) {
    let presence = Arc::new(Presence::new(SILENCE_DEFAULT_S, Box::new(system_clock)));
    let (world, authenticator) = World::open(&[settings], Limits::default(), presence).await;
    let secrets = vec![hash(&authenticator, "phones-secret").await];
    let phone = PhoneAccount::new(world.organization.clone(), "phones", secrets);
    world.edit(Edit::PutPhone(phone)).await;
    for contact in contacts {
        world.contact(Book::Shared, contact).await;
    }
    let client = Client::phone(&world).await;
    (world, client)
}

fn german() -> OrganizationSettings {
    settings("main", SUFFIX, "pbx.com", FieldSet::EMPTY)
}

/// Checks whom filters find; the names in any order.
#[track_caller]
fn check(filter: &str, mut found: Vec<&str>, expected: &str) {
    let mut expected: Vec<&str> = expected.split(", ").filter(|name| !name.is_empty()).collect();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected, "{filter}");
}

async fn find(client: &mut Client, table: &[(&str, &str)]) {
    for (filter, expected) in table {
        let found = client.search(&Ask::sub(SUFFIX, filter)).await;
        check(filter, found.names(), expected);
    }
}

#[tokio::test]
async fn names_are_found_as_people_type_them() {
    use Field::{FamilyName, FormattedName, GivenName, PhoneticFamilyName, PhoneticGivenName};
    let (_world, mut client) = company(
        german(),
        &[
            &[(GivenName, "Jürgen"), (FamilyName, "Müller")],
            &[(GivenName, "Søren"), (FamilyName, "Åberg-Großmann")],
            &[(GivenName, "Юлия"), (FamilyName, "Щербакова")],
            &[(GivenName, "Никита"), (FamilyName, "Хрущёв")],
            &[(GivenName, "Γιώργος"), (FamilyName, "Παπαδόπουλος")],
            &[(FormattedName, "王小明")],
            &[
                (FormattedName, "山田 太郎"),
                (FamilyName, "山田"),
                (GivenName, "太郎"),
                (PhoneticFamilyName, "ヤマダ"),
                (PhoneticGivenName, "タロウ"),
            ],
        ],
    )
    .await;
    let table = [
        ("(sn=muller)", "Jürgen Müller"),
        ("(sn=MUELLER)", "Jürgen Müller"),
        ("(cn=j\\c3\\bcrgen  müll*)", "Jürgen Müller"),
        ("(cn=juergen mueller)", "Jürgen Müller"),
        ("(sn=aaberg-grossmann)", "Søren Åberg-Großmann"),
        ("(sn=Aberg*)", "Søren Åberg-Großmann"),
        ("(givenName=soeren)", "Søren Åberg-Großmann"),
        ("(sn=*GROSS*)", "Søren Åberg-Großmann"),
        ("(sn=shcherbakova)", "Юлия Щербакова"),
        ("(sn=scherba*)", "Юлия Щербакова"),
        ("(givenName=yulia)", "Юлия Щербакова"),
        ("(givenName=Julia)", "Юлия Щербакова"),
        ("(cn=*julija*)", "Юлия Щербакова"),
        ("(sn=ЩЕРБАКОВА)", "Юлия Щербакова"),
        ("(sn=khrushchev)", "Никита Хрущёв"),
        ("(sn=hruščev)", "Никита Хрущёв"),
        ("(sn=Хрущев)", "Никита Хрущёв"),
        ("(cn=giorgos pap*)", "Γιώργος Παπαδόπουλος"),
        ("(sn=Παπαδοπουλος)", "Γιώργος Παπαδόπουλος"),
        ("(cn=wangxiaoming)", "王小明"),
        ("(cn=wang xiaoming)", "王小明"),
        ("(cn=xiaoming wang)", "王小明"),
        ("(cn=王*)", "王小明"),
        ("(sn=yamada)", "山田 太郎"),
        ("(sn=やまだ)", "山田 太郎"),
        ("(givenName=taro*)", "山田 太郎"),
        ("(cn=yamada tarou)", "山田 太郎"),
        ("(cn=taro yam*)", "山田 太郎"),
        ("(sn=maller)", ""),
        ("(sn=julia)", ""),
        ("(cn=j*)", "Jürgen Müller, Юлия Щербакова"),
    ];
    find(&mut client, &table).await;
}

#[tokio::test]
async fn words_of_a_name_come_in_any_order() {
    use Field::{Company, FamilyName, FormattedName, GivenName};
    let (_world, mut client) = company(
        german(),
        &[
            &[(GivenName, "John"), (FamilyName, "Adams")],
            &[(FormattedName, "Adams,Jane")],
            &[(GivenName, "John Quincy"), (FamilyName, "Adamson")],
            &[(GivenName, "Ada"), (FamilyName, "Johnson"), (Company, "John & Adams")],
        ],
    )
    .await;
    let table = [
        ("(cn=jo ad*)", "John Adams, John Quincy Adamson, Ada Johnson"),
        ("(cn=ad jo*)", "John Adams, John Quincy Adamson, Ada Johnson"),
        ("(cn=adams j*)", "John Adams, Adams,Jane, John Quincy Adamson"),
        ("(displayName=j q a*)", "John Quincy Adamson"),
        ("(cn=*ad jo*)", "John Adams, John Quincy Adamson, Ada Johnson"),
        ("(cn=*hn ada*)", "John Adams"),
        ("(cn=Adams John)", "John Adams"),
        ("(cn=Adams, John)", "John Adams"),
        ("(cn=jane adams)", "Adams,Jane"),
        ("(cn=john adamson)", ""),
        ("(cn=john john*)", ""),
        ("(cn~=dam joh)", "John Adams, John Quincy Adamson"),
        ("(cn~=ADÄMS)", "John Adams, Adams,Jane, John Quincy Adamson"),
        ("(o=adams john*)", ""),
        ("(o~=adams john)", "Ada Johnson"),
        ("(name=quincy*)", ""),
        ("(name=adams*)", "John Adams, Adams,Jane, John Quincy Adamson"),
        ("(name=john)", "John Adams"),
        ("(!(cn=jo ad*))", "Adams,Jane"),
    ];
    find(&mut client, &table).await;
}

#[tokio::test]
async fn bounds_follow_the_organizations_language() {
    use Field::{FamilyName, GivenName};
    let people: [Values<'_>; 5] = [
        &[(GivenName, "Anna"), (FamilyName, "Ärmel")],
        &[(GivenName, "Bert"), (FamilyName, "Berg")],
        &[(GivenName, "Zoe"), (FamilyName, "Zzyzx")],
        &[(GivenName, "Яна"), (FamilyName, "Яковлева")],
        &[(GivenName, "Žofie"), (FamilyName, "Žižka")],
    ];
    let (_world, mut client) = company(german(), &people).await;
    let all = "Anna Ärmel, Bert Berg, Zoe Zzyzx, Žofie Žižka, Яна Яковлева";
    let table = [
        ("(sn>=b)", "Bert Berg, Zoe Zzyzx, Žofie Žižka, Яна Яковлева"),
        ("(sn<=b)", "Anna Ärmel"),
        ("(sn<=BERG)", "Anna Ärmel, Bert Berg"),
        ("(&(sn>=a)(sn<=armel))", "Anna Ärmel"),
        ("(sn<=z)", all),
        ("(sn<=zz)", all),
        ("(cn<=zzzz)", all),
        ("(givenName<=ZZ)", all),
        (
            "(&(objectClass=*)(givenName>=Zo)(givenName<=zz)(givenName=Zo*))",
            "Zoe Zzyzx, Žofie Žižka",
        ),
        ("(sn>=я)", "Яна Яковлева"),
        ("(sn<=zzy)", "Anna Ärmel, Bert Berg, Žofie Žižka"),
        ("(sn:caseIgnoreOrderingMatch:=berg)", "Anna Ärmel"),
    ];
    find(&mut client, &table).await;
    let swedish = OrganizationSettings {
        language: "sv".into(),
        name_order: NameOrder::FamilyFirst,
        ..german()
    };
    let (_world, mut client) = company(swedish, &people).await;
    let table = [("(sn>=ä)", "Anna Ärmel, Яна Яковлева"), ("(sn<=b)", "")];
    find(&mut client, &table).await;
}

#[tokio::test]
async fn numbers_are_found_by_their_meaning() {
    use Field::{Fax, FormattedName, Home, Mobile, Work};
    let (_world, mut client) = company(
        german(),
        &[
            &[(FormattedName, "Berlin"), (Work, "(030) 555-1234")],
            &[(FormattedName, "London"), (Mobile, "+44 20 7946 0018")],
            &[(FormattedName, "Desk"), (Work, "101"), (Fax, "*55")],
            &[(FormattedName, "Desk 2"), (Work, "1010")],
            &[(FormattedName, "Flowers"), (Home, "0800-FLOWERS")],
            &[(FormattedName, "Nobody"), (Home, "anonymous")],
            &[(FormattedName, "Branch"), (Home, "+49 40 1234567 ext. 89")],
        ],
    )
    .await;
    let table = [
        ("(telephoneNumber=+49305551234)", "Berlin"),
        ("(telephoneNumber=0049 30 5551234)", "Berlin"),
        ("(telephoneNumber=0305551234)", "Berlin"),
        ("(telephoneNumber=5551234)", "Berlin"),
        ("(telephoneNumber=00305551234)", "Berlin"),
        ("(telephoneNumber=0 030 5551234)", "Berlin"),
        ("(telephoneNumber=493055 51234)", "Berlin"),
        ("(telephoneNumber=+49 30 555*)", "Berlin"),
        ("(telephoneNumber=0030555*)", "Berlin"),
        ("(telephoneNumber=*0305551*)", "Berlin"),
        ("(telephoneNumber=*5551234)", "Berlin"),
        ("(telephoneNumber=*00305551234)", "Berlin"),
        ("(telephoneNumber=*555*34)", "Berlin"),
        ("(telephoneNumber=+49405551234)", ""),
        ("(mobile=00442079460018)", "London"),
        ("(mobile=000442079460018)", "London"),
        ("(mobile=*79460018)", "London"),
        ("(telephoneNumber=101)", "Desk"),
        ("(telephoneNumber=10*)", "Desk, Desk 2"),
        ("(telephoneNumber=+49101)", ""),
        ("(fax=\\2a55)", "Desk"),
        ("(fax=55)", ""),
        ("(|(telephoneNumber=foo*)(mobile=foo)(fax=*foo*)(homePhone=*foo))", ""),
        ("(homePhone=0800*)", "Flowers"),
        ("(homePhone=0800-FLOWERS)", "Flowers"),
        ("(homePhone=040 1234567)", "Branch"),
        ("(homePhone=*1234567)", "Branch"),
        ("(homePhone=anonymous)", ""),
        ("(&(telephoneNumber>=100)(telephoneNumber<=999))", "Desk"),
        ("(&(telephoneNumber>=+4930)(telephoneNumber<=+4931))", "Berlin"),
        ("(telephoneNumber:telephoneNumberSubstringsMatch:=030*34)", "Berlin"),
        ("(telephoneNumber:2.5.13.20:=030 5551234)", "Berlin"),
        ("(:telephoneNumberMatch:=+442079460018)", "London"),
    ];
    find(&mut client, &table).await;
}

#[tokio::test]
async fn keys_of_the_telephone_find_names_where_the_organization_wants_it() {
    use Field::{FamilyName, FormattedName, GivenName};
    let people: [Values<'_>; 3] = [
        &[(GivenName, "Anna"), (FamilyName, "Adams")],
        &[(GivenName, "Jürgen"), (FamilyName, "Müller")],
        &[(FormattedName, "Room 2326")],
    ];
    let on = OrganizationSettings { keypad_search: true, ..german() };
    let (world, mut client) = company(on, &people).await;
    let table = [
        ("(cn=*2326*)", "Anna Adams, Room 2326"),
        ("(sn=2326*)", "Anna Adams"),
        ("(sn=23267)", "Anna Adams"),
        ("(cn=2662023267)", "Anna Adams"),
        ("(cn=232670266*)", "Anna Adams"),
        ("(givenName=587436)", "Jürgen Müller"),
        ("(givenName=5837436)", "Jürgen Müller"),
        ("(sn=683*)", "Jürgen Müller"),
        ("(o=2326*)", ""),
    ];
    find(&mut client, &table).await;
    world.edit(Edit::PutOrganization(Box::new(german()))).await;
    find(&mut client, &[("(cn=*2326*)", "Room 2326"), ("(sn=23267)", "")]).await;
}

#[tokio::test]
async fn each_part_of_an_address_is_found_by_itself() {
    use Field::{FormattedName, Postal, Site};
    let berlin = PostalAddress {
        kind: "work",
        street: "Berliner Straße 5",
        locality: "Potsdam",
        region: "Brandenburg",
        code: "14467",
        country: "Germany",
    };
    let bonn = PostalAddress { street: "Weg 1", locality: "Bonn", ..PostalAddress::default() };
    let (_world, mut client) = company(
        german(),
        &[
            &[(FormattedName, "Palace"), (Postal, &berlin.value())],
            &[(FormattedName, "Office"), (Site, "Berlin"), (Postal, &bonn.value())],
        ],
    )
    .await;
    let table = [
        ("(street=berliner strasse 5)", "Palace"),
        ("(street=*5)", "Palace"),
        ("(street=potsdam)", ""),
        ("(street~=strasse)", "Palace"),
        ("(l=berlin*)", "Office"),
        ("(l=pots*)", "Palace"),
        ("(l=bonn)", "Office"),
        ("(l>=c)", "Palace"),
        ("(l=*)", "Palace, Office"),
        ("(st=brandenburg)", "Palace"),
        ("(st=*)", "Palace"),
        ("(!(st=*))", "Office"),
        ("(postalCode=144*)", "Palace"),
        ("(postalCode=5)", ""),
        ("(c=germany)", "Palace"),
        ("(c=work)", ""),
        ("(postalAddress=berliner straße 5$14467 Potsdam$Brandenburg$Germany)", "Palace"),
        ("(postalAddress=*14467 potsdam*)", "Palace"),
        ("(postalAddress=weg*bonn)", "Office"),
    ];
    find(&mut client, &table).await;
}

#[tokio::test]
async fn rules_and_odd_values_are_understood() {
    use Field::{FamilyName, GivenName, Manager};
    let (world, mut client) =
        company(german(), &[&[(GivenName, "Jörg"), (FamilyName, "Veit")]]).await;
    let boss = world.person(Some("200"), &[(GivenName, "Vera"), (FamilyName, "Boss")]).await;
    let card = [(GivenName, "Willi"), (FamilyName, "Work"), (Manager, &*boss.to_string())];
    world.person(Some("201"), &card).await;
    let bytes: String = boss.0.as_bytes().iter().map(|byte| format!("\\{byte:02x}")).collect();
    let (binary, text) = (format!("(entryUUID={bytes})"), format!("(entryUUID={boss})"));
    let table = [
        ("(sn:caseExactMatch:=Boss)", "Vera Boss"),
        ("(sn:caseExactMatch:=boss)", ""),
        ("(sn:2.5.13.2:=boss)", "Vera Boss"),
        ("(sn:caseIgnoreSubstringsMatch:=*os*)", "Vera Boss"),
        ("(sn:1.2.3.4:=boss)", ""),
        ("(!(sn:1.2.3.4:=boss))", ""),
        ("(:caseIgnoreMatch:=boss)", "Vera Boss"),
        ("(ou:dn:=people)", "Vera Boss, Willi Work"),
        ("(ou:dn:caseIgnoreMatch:=shared)", "Jörg Veit"),
        ("(uid:dn:=200)", "Vera Boss"),
        ("(manager=uid=200,ou=people,dc=pbx,dc=com)", "Willi Work"),
        ("(manager=UID=200, OU=People, DC=pbx, DC=com)", "Willi Work"),
        ("(manager=nobody)", ""),
        (&binary, "Vera Boss"),
        (&text, "Vera Boss"),
        ("(givenName=J\\f6rg)", "Jörg Veit"),
        ("(givenName=J\\f6*)", "Jörg Veit"),
        ("(sn=\\ff\\fe\\80)", ""),
        ("(sn=Bo\\00ss\\07)", "Vera Boss"),
        ("(sn=\\02b*)", "Vera Boss"),
        ("(sn=b\\03)", ""),
        ("(cn;lang-de=vera*)", "Vera Boss"),
        ("(createTimestamp>=20000101000000Z)", "Jörg Veit, Vera Boss, Willi Work"),
        ("(createTimestamp<=20000101000000Z)", ""),
        ("(!(createTimestamp<=20000101000000Z))", "Jörg Veit, Vera Boss, Willi Work"),
        ("(!(createTimestamp>=yesterday))", ""),
        ("(modifyTimestamp>=20000101000000Z)", "Jörg Veit, Vera Boss, Willi Work"),
    ];
    find(&mut client, &table).await;
}
