//! Phone accounts and visitors: what they are limited to, and how it is written for them.

use ldap3_proto::proto::LdapResultCode;
use ringbook::account::AnonymousAccess;
use ringbook::account::device::PhoneAccount;
use ringbook::account::group::PersonalBook;
use ringbook::account::networks::Networks;
use ringbook::contact::book::{AddressBook, Availability, BookId};
use ringbook::contact::card::Field;
use ringbook::contact::derived::NameOrder;
use ringbook::contact::number::NumberFormat;
use ringbook::contact::{Book, OrganizationId, Timestamp};
use ringbook::directory::Edit;

use crate::client::{Ask, BASE, CHILDREN, Client, Found, ONE};
use crate::office::Office;
use crate::world::SUFFIX;

const ALL: &str = "(objectClass=*)";

fn dn(ou: &str) -> String {
    format!("{ou},{SUFFIX}")
}

async fn names(client: &mut Client, base: &str) -> String {
    client.search(&Ask::sub(base, ALL)).await.names().join(", ")
}

/// All but the entries.
fn ending(found: &Found) -> (LdapResultCode, &str, &str) {
    (found.code.clone(), &found.matched, &found.message)
}

#[tokio::test]
async fn a_limited_phone_finds_its_people_under_every_base_and_nobody_else() {
    let office = Office::open().await;
    let mut phone = office.client("support").await;
    for (base, expected) in [
        ("", "Anna Adams, Emil Ernst"),
        ("ou=people", "Anna Adams, Emil Ernst"),
        ("ou=departments", "Anna Adams, Emil Ernst"),
        ("ou=Support,ou=departments", "Anna Adams, Emil Ernst"),
        ("ou=Sales,ou=departments", "Anna Adams"),
        ("ou=sites", "Anna Adams"),
        ("ou=status", "Anna Adams"),
        ("ou=all", "Anna Adams, Emil Ernst"),
        ("ou=contacts", "Anna Adams, Emil Ernst"),
    ] {
        let base = if base.is_empty() { SUFFIX.to_owned() } else { dn(base) };
        assert_eq!(names(&mut phone, &base).await, expected, "{base}");
    }
    office.is(office.bert, Availability::Busy);
    assert_eq!(names(&mut phone, &dn("ou=busy,ou=status")).await, "Anna Adams");
    // Bert, his department and his site are as absent as what never was.
    for (invisible, absent) in [
        ("uid=102,ou=people", "uid=999,ou=people"),
        ("ou=R&D\\, Berlin,ou=departments", "ou=Nothing,ou=departments"),
        ("ou=Berlin,ou=sites", "ou=Nothing,ou=sites"),
        ("uid=102,ou=busy,ou=status", "uid=999,ou=busy,ou=status"),
        ("ou=shared", "ou=nothing"),
        ("ou=personal", "ou=nothing"),
        ("ou=favorites", "ou=nothing"),
    ] {
        let invisible = phone.search(&Ask::sub(&dn(invisible), ALL)).await;
        let absent = phone.search(&Ask::sub(&dn(absent), ALL)).await;
        assert_eq!(absent.code, LdapResultCode::NoSuchObject);
        assert_eq!(ending(&invisible), ending(&absent));
    }
    let assistant = Ask { attributes: &["secretary"], ..Ask::sub(SUFFIX, "(uid=101)") };
    assert_eq!(phone.search(&assistant).await.entries[0].attributes, [], "Bert is not seen");
    assert_eq!(phone.search(&Ask::sub(SUFFIX, "(secretary=*)")).await.entries, []);
}

#[tokio::test]
async fn a_phone_of_one_user_shows_what_is_theirs() {
    let office = Office::open().await;
    let mut phone = office.client("anna").await;
    assert_eq!(names(&mut phone, &dn("ou=personal")).await, "Aunt");
    let favorites = "Acme, Aunt, Bert Berg, Marie Martin";
    assert_eq!(names(&mut phone, &dn("ou=favorites")).await, favorites);
    assert_eq!(phone.search(&Ask::sub(SUFFIX, "(cn=aunt)")).await.names(), ["Aunt"]);
    let below = phone.search(&Ask::sub(&dn("ou=personal,uid=101,ou=people"), ALL)).await;
    assert_eq!(below.code, LdapResultCode::NoSuchObject, "that is for phones of several users");
}

#[tokio::test]
async fn all_personal_books_are_one_container() {
    let office = Office::open().await;
    let anna = office.anna;
    let id = BookId::parse("clients").unwrap();
    let book = PersonalBook {
        organization: OrganizationId::parse("main").unwrap(),
        owner: anna,
        id,
        name: "Clients".into(),
        segment: "clients".into(),
        created: Timestamp(0),
    };
    office.world.edit(Edit::PutPersonalBook(book)).await;
    office.contact(Book::PersonalBook(anna, id), &[(Field::FormattedName, "Client")]).await;
    let mut phone = office.client("anna").await;
    let found = phone.search(&Ask::sub(&dn("ou=personal"), ALL)).await;
    assert_eq!(found.names(), ["Aunt", "Client"]);
    assert_eq!(phone.search(&Ask::sub(SUFFIX, "(cn=client)")).await.dns(), found.dns()[1..]);
    for dn in found.dns() {
        let one = phone.search(&Ask { scope: BASE, ..Ask::sub(dn, ALL) }).await;
        assert_eq!(one.dns(), [dn]);
    }
    let mut desk = office.client("desk").await;
    let anna = dn("uid=101,ou=people");
    assert_eq!(names(&mut desk, &anna).await, "Anna Adams, Aunt, Client");
    assert_eq!(names(&mut desk, &format!("ou=personal,{anna}")).await, "Aunt, Client");
    assert_eq!(names(&mut office.client("phones").await, SUFFIX).await.find("Client"), None);
}

#[tokio::test]
async fn a_phone_of_several_users_shows_what_is_theirs_below_their_entries_only() {
    let office = Office::open().await;
    let mut desk = office.client("desk").await;
    for base in ["", "ou=people,", "ou=contacts,", "ou=all,"] {
        let base = format!("{base}{SUFFIX}");
        let found = desk.search(&Ask::sub(&base, "(|(cn=aunt)(cn=brother))")).await;
        assert_eq!((found.code, found.entries), (LdapResultCode::Success, vec![]), "{base}");
    }
    for ou in ["ou=personal", "ou=favorites"] {
        let found = desk.search(&Ask::sub(&dn(ou), ALL)).await;
        assert_eq!(found.code, LdapResultCode::NoSuchObject);
    }
    let (anna, bert) = (dn("uid=101,ou=people"), dn("uid=102,ou=people"));
    assert_eq!(names(&mut desk, &anna).await, "Anna Adams, Aunt");
    assert_eq!(names(&mut desk, &format!("ou=personal,{anna}")).await, "Aunt");
    assert_eq!(names(&mut desk, &format!("ou=favorites,{anna}")).await, "Acme, Aunt, Bert Berg");
    assert_eq!(names(&mut desk, &bert).await, "Bert Berg, Brother");
    assert_eq!(names(&mut desk, &format!("ou=favorites,{bert}")).await, "Anna Adams, Brother");
    let ask = Ask { scope: BASE, attributes: &["hasSubordinates"], ..Ask::sub(&anna, ALL) };
    assert_eq!(desk.search(&ask).await.entries[0].first("hasSubordinates"), "TRUE");
    let parents = desk.search(&Ask::sub(SUFFIX, "(hasSubordinates=TRUE)")).await;
    assert_eq!(parents.names(), ["Anna Adams", "Bert Berg"]);
    let others = desk.search(&Ask::sub(&dn("ou=people"), "(hasSubordinates=false)")).await;
    assert_eq!(others.names(), ["Cleo Cole", "Dora Dorn", "Emil Ernst", "Gina Gold"]);
    let one = desk.search(&Ask { scope: ONE, ..Ask::sub(&bert, ALL) }).await;
    assert_eq!(one.dns(), [format!("ou=personal,{bert}"), format!("ou=favorites,{bert}")]);
    let children = desk.search(&Ask { scope: CHILDREN, ..Ask::sub(&bert, ALL) }).await;
    assert_eq!(children.names(), ["Brother"]);
    let demanded = desk.search(&Ask::sub(&bert, "(objectClass=organizationalUnit)")).await;
    assert_eq!(demanded.dns(), one.dns());
    // Nobody else's, and for nobody else.
    let mut phones = office.client("phones").await;
    for client in [&mut desk, &mut phones] {
        let absent = client.search(&Ask::sub(&dn("ou=nothing,uid=103,ou=people"), ALL)).await;
        let foreign = client.search(&Ask::sub(&dn("ou=personal,uid=103,ou=people"), ALL)).await;
        assert_eq!(ending(&foreign), ending(&absent));
    }
    let below = phones.search(&Ask::sub(&format!("ou=personal,{bert}"), ALL)).await;
    assert_eq!(below.code, LdapResultCode::NoSuchObject);
}

#[tokio::test]
async fn whoever_is_not_listed_has_contacts_at_the_phone_but_no_entry() {
    let office = Office::open().await;
    let vera = office.world.directory.snapshot();
    let vera = vera.user_by_login(&office.world.organization, "199").unwrap().id;
    let aunt = [(Field::FormattedName, "Vera's aunt")];
    office.contact(Book::Personal(vera), &aunt).await;
    let (acts_for, networks) = (vec![office.anna, vera], Networks::loopback());
    office.phone(PhoneAccount { acts_for, networks, ..office.account("counter") }).await;
    let mut counter = office.client("counter").await;
    let base = dn("uid=199,ou=people");
    assert_eq!(names(&mut counter, &base).await, "Vera's aunt");
    let itself = counter.search(&Ask { scope: BASE, ..Ask::sub(&base, ALL) }).await;
    assert_eq!(itself.entries, []);
    let read = counter.search(&Ask::sub(&base, "(cn=vera's aunt)")).await.entries;
    let found = counter.search(&Ask { scope: BASE, ..Ask::sub(&read[0].dn, ALL) }).await;
    assert_eq!(found.entries, read);
}

#[tokio::test]
async fn numbers_and_names_are_written_as_an_account_wants_them() {
    let office = Office::open().await;
    let write = |name, number_format, name_order| PhoneAccount {
        number_format,
        name_order,
        ..office.account(name)
    };
    let dial = write("dial", NumberFormat::Dialled, Some(NameOrder::FamilyFirst));
    office.phone(dial).await;
    office.phone(write("whole", NumberFormat::E164, None)).await;
    let mut dial = office.client("dial").await;
    let mut whole = office.client("whole").await;
    for attributes in [&["cn", "telephoneNumber", "ipPhone"][..], &["*"], &["*", "cn"]] {
        let found = dial.search(&Ask { attributes, ..Ask::sub(SUFFIX, "(uid=101)") }).await;
        let entry = &found.entries[0];
        assert_eq!(entry.values("telephoneNumber"), ["101", "00301234567"], "{attributes:?}");
        assert_eq!((entry.first("cn"), entry.first("ipPhone")), ("Adams Anna", "101"));
        let found = whole.search(&Ask { attributes, ..Ask::sub(SUFFIX, "(uid=101)") }).await;
        let entry = &found.entries[0];
        assert_eq!(entry.values("telephoneNumber"), ["101", "+49301234567"], "{attributes:?}");
        assert_eq!(entry.first("cn"), "Anna Adams");
    }
    let all = dn("ou=all");
    let marie = Ask { attributes: &["telephoneNumber"], ..Ask::sub(&all, "(cn=Mart*)") };
    let found = dial.search(&marie).await;
    assert_eq!(found.entries[0].values("telephoneNumber"), ["81201", "00033123456789"]);
    assert_eq!(whole.search(&marie).await.entries, [], "names begin with the given name here");
    for filter in ["(cn=ada*)", "(cn=anna adams)", "(telephoneNumber=00301234567)"] {
        assert_eq!(
            dial.search(&Ask::sub(SUFFIX, filter)).await.names(),
            ["Adams Anna"],
            "{filter}"
        );
    }
}

#[tokio::test]
async fn a_visitor_sees_what_the_organization_opens() {
    let office = Office::open().await;
    let mut visitor = office.visitor().await;
    let closed = visitor.search(&Ask::sub(SUFFIX, ALL)).await;
    assert_eq!((closed.code, closed.entries), (LdapResultCode::Success, vec![]));
    let open = |networks: &[&str], books: Vec<AddressBook>| {
        let networks = Networks::parse(networks.iter().copied()).unwrap();
        AnonymousAccess { networks, books }
    };
    let elsewhere = open(&["192.0.2.0/24"], vec![AddressBook::PEOPLE]);
    office.set(|main| main.anonymous = Some(elsewhere)).await;
    assert_eq!(names(&mut visitor, SUFFIX).await, "");
    let here =
        open(&["127.0.0.0/8"], vec![AddressBook::SHARED, Book::Personal(office.anna).into()]);
    office.set(|main| main.anonymous = Some(here)).await;
    assert_eq!(names(&mut visitor, SUFFIX).await, "Acme");
    for ou in ["ou=people", "ou=personal", "ou=favorites", "ou=status"] {
        let found = visitor.search(&Ask::sub(&dn(ou), ALL)).await;
        assert_eq!(found.code, LdapResultCode::NoSuchObject, "{ou}");
    }
    let people = open(&["127.0.0.0/8"], vec![AddressBook::PEOPLE]);
    office.set(|main| main.anonymous = Some(people)).await;
    let mobile = Ask { attributes: &["mobile"], ..Ask::sub(SUFFIX, "(uid=102)") };
    assert_eq!(visitor.search(&mobile).await.entries[0].attributes, [], "colleagues' mobiles");
    // Whoever signs in and fails is a visitor again.
    assert_eq!(visitor.bind("102", "wrong").await, LdapResultCode::InvalidCredentials);
    assert!(names(&mut visitor, SUFFIX).await.starts_with("Anna Adams"));
    office.set(|main| main.anonymous = None).await;
    assert_eq!(names(&mut visitor, SUFFIX).await, "");
}

#[tokio::test]
async fn a_visitor_gets_500_entries_and_an_account_all() {
    let office = Office::open().await;
    office.world.crowd(520).await;
    let networks = Networks::parse(["127.0.0.1/32"]).unwrap();
    let opened = AnonymousAccess { networks, books: vec![AddressBook::SHARED] };
    office.set(|main| main.anonymous = Some(opened)).await;
    let mut visitor = office.visitor().await;
    for (limit, entries, code) in [
        (0, 500, LdapResultCode::SizeLimitExceeded),
        (499, 499, LdapResultCode::SizeLimitExceeded),
        (1000, 500, LdapResultCode::SizeLimitExceeded),
    ] {
        let found = visitor.search(&Ask { limit, ..Ask::sub(SUFFIX, ALL) }).await;
        assert_eq!((found.entries.len(), found.code), (entries, code), "{limit}");
    }
    let mut phones = office.client("phones").await;
    let found = phones.search(&Ask::sub(&dn("ou=shared"), ALL)).await;
    assert_eq!((found.entries.len(), found.code), (521, LdapResultCode::Success));
}

#[tokio::test]
async fn another_organization_is_as_one_that_does_not_exist() {
    let office = Office::open().await;
    for account in ["101", "104", "phones", "support", "desk", "nobody"] {
        let mut client = match account {
            "nobody" => office.visitor().await,
            account => office.client(account).await,
        };
        let absent = client.search(&Ask::sub("dc=nowhere,dc=org", ALL)).await;
        assert_eq!((absent.code.clone(), &*absent.matched), (LdapResultCode::NoSuchObject, ""));
        for base in [
            "dc=paris,dc=fr",
            "dc=rome,dc=it",
            "ou=people,dc=paris,dc=fr",
            "uid=201,ou=people,dc=paris,dc=fr",
        ] {
            for scope in 0..4 {
                let found = client.search(&Ask { scope, ..Ask::sub(base, ALL) }).await;
                assert_eq!(ending(&found), ending(&absent), "{account} {base}");
            }
        }
        let root = Ask { scope: BASE, attributes: &["+"], ..Ask::sub("", ALL) };
        let root = client.search(&root).await;
        assert_eq!(root.entries[0].values("namingContexts"), [SUFFIX]);
    }
    let mut marie = office.client("201@paris.fr").await;
    assert_eq!(names(&mut marie, "ou=people,dc=paris,dc=fr").await, "Marie Martin, Pierre");
    let all = names(&mut marie, "ou=all,dc=paris,dc=fr").await;
    assert!(all.starts_with("Anna Adams") && !all.contains("Vera") && !all.contains("Mario"));
    let hidden = Ask { attributes: &["mobile"], ..Ask::sub("ou=all,dc=paris,dc=fr", "(cn=bert*)") };
    assert_eq!(marie.search(&hidden).await.entries[0].attributes, [], "hidden here and there");
    let root = Ask { scope: BASE, attributes: &["namingContexts"], ..Ask::sub("", ALL) };
    let root = marie.search(&root).await;
    assert_eq!(root.entries[0].values("namingContexts"), ["dc=paris,dc=fr"]);
    assert_eq!(marie.search(&Ask::sub(SUFFIX, ALL)).await.code, LdapResultCode::NoSuchObject);
    let mut mario = office.client("301@rome.it").await;
    assert_eq!(names(&mut mario, "ou=all,dc=rome,dc=it").await, "Mario");
}
