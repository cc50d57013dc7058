//! Reading: trees, scopes, attributes, limits and compares.

use std::cell::RefCell;

use ldap3_proto::proto::LdapResultCode;
use ringbook::contact::Book;
use ringbook::contact::card::{Field, FieldSet};
use ringbook::ldap::Limits;

use crate::client::{Ask, BASE, CHILDREN, Client, ONE, SUB, element, message};
use crate::world::{SUFFIX, World};

const ALL: &str = "(objectClass=*)";
const PEOPLE: &str = "ou=people,dc=pbx,dc=com";
const JOHN: &str = "uid=101,ou=people,dc=pbx,dc=com";

#[tokio::test]
async fn containers_answer_base_and_one_level() {
    let world = World::start().await;
    let mut john = Client::signed_in(&world, "101", "john-secret").await;
    let ask = |base, scope| Ask { scope, attributes: &["*", "+"], ..Ask::sub(base, ALL) };
    let suffix = john.search(&ask(SUFFIX, BASE)).await;
    assert_eq!(suffix.dns(), [SUFFIX]);
    assert_eq!(suffix.entries[0].values("dc"), ["pbx"]);
    assert_eq!(suffix.entries[0].values("o"), ["Example"]);
    let containers = john.search(&ask(SUFFIX, ONE)).await;
    let expected =
        ["people", "departments", "status", "shared", "personal", "favorites", "all", "contacts"];
    assert_eq!(containers.dns(), expected.map(|ou| format!("ou={ou},{SUFFIX}")));
    assert_eq!(containers.entries[0].values("hasSubordinates"), ["TRUE"]);
    let people = john.search(&ask(PEOPLE, BASE)).await;
    assert_eq!(people.dns(), [PEOPLE]);
    assert_eq!(people.entries[0].values("objectClass"), ["top", "organizationalUnit"]);
    let named = Ask { scope: BASE, ..Ask::sub(PEOPLE, "(ou=shared)") };
    assert_eq!(john.search(&named).await.entries, []);
}

#[tokio::test]
async fn subtrees_hold_containers_only_where_these_are_asked_for() {
    let world = World::start().await;
    let mut john = Client::signed_in(&world, "101", "john-secret").await;
    let count =
        |found: crate::client::Found| found.dns().iter().filter(|dn| dn.starts_with("ou=")).count();
    for (filter, containers) in [
        (ALL, 0),
        ("(ou=*)", 0),
        ("(!(cn=x))", 0),
        ("(objectClass=organizationalUnit)", 12),
        ("(&(objectclass=OrganizationalUnit)(ou=people))", 1),
        ("(|(objectClass=organizationalUnit)(sn=smith))", 12),
        ("(&(objectClass=organizationalUnit)(ou=s*))", 3),
        ("(!(!(objectClass=organizationalUnit)))", 0),
        ("(!(objectClass=organizationalUnit))", 0),
    ] {
        assert_eq!(count(john.search(&Ask::sub(SUFFIX, filter)).await), containers, "{filter}");
    }
    let both =
        john.search(&Ask::sub(SUFFIX, "(|(objectClass=organizationalUnit)(sn=smith))")).await;
    assert_eq!(both.entries.len(), 13);
}

#[tokio::test]
async fn scopes_reach_as_far_as_they_say() {
    let world = World::start().await;
    let mut john = Client::signed_in(&world, "101", "john-secret").await;
    for (base, scope, entries) in [
        (SUFFIX, SUB, 9),
        (SUFFIX, CHILDREN, 9),
        ("", SUB, 9),
        (PEOPLE, ONE, 6),
        (PEOPLE, SUB, 6),
        (PEOPLE, CHILDREN, 6),
        ("OU=shared, DC=PBX; dc=\"com\"", SUB, 2),
        ("ou=personal,dc=pbx,dc=com", ONE, 1),
        (JOHN, BASE, 1),
        (JOHN, SUB, 1),
        (JOHN, ONE, 0),
        (JOHN, CHILDREN, 0),
    ] {
        let found = john.search(&Ask { scope, ..Ask::sub(base, "(objectClass=person)") }).await;
        assert_eq!(found.entries.len(), entries, "{base} {scope}: {:?}", found.names());
        assert_eq!(found.code, LdapResultCode::Success);
    }
    let other = Ask { scope: BASE, ..Ask::sub(JOHN, "(sn=doe)") };
    assert_eq!(john.search(&other).await.entries, []);
}

#[tokio::test]
async fn unknown_bases_name_what_exists_of_them() {
    let world = World::start().await;
    let mut john = Client::signed_in(&world, "101", "john-secret").await;
    for (base, matched) in [
        ("uid=999,ou=people,dc=pbx,dc=com", PEOPLE),
        ("cn=x,uid=101,ou=people,dc=pbx,dc=com", PEOPLE),
        ("ou=nowhere,dc=pbx,dc=com", SUFFIX),
        ("uid=x,ou=nowhere,dc=pbx,dc=com", SUFFIX),
        ("dc=other,dc=org", ""),
        ("dc=phonebook", ""),
        ("dc=com", ""),
    ] {
        let found = john.search(&Ask::sub(base, ALL)).await;
        assert_eq!(
            (found.code, &*found.matched),
            (LdapResultCode::NoSuchObject, matched),
            "{base}"
        );
    }
    let found = john.search(&Ask::sub("nonsense", ALL)).await;
    assert_eq!(found.code, LdapResultCode::InvalidDNSyntax);
    assert!(john.is_alive().await);
}

#[tokio::test]
async fn every_name_that_is_handed_out_reads_back() {
    let world = World::start().await;
    let owner = world.person(Some("1, \"+#"), &[(Field::GivenName, "Odd")]).await;
    world.contact(Book::Personal(owner), &[(Field::Mobile, "1")]).await;
    let mut john = Client::signed_in(&world, "101", "john-secret").await;
    let all = john.search(&Ask::sub(SUFFIX, ALL)).await;
    assert_eq!(all.entries.len(), 10);
    for entry in all.entries {
        let read = Ask { scope: BASE, ..Ask::sub(&entry.dn, "(objectclass=*)") };
        assert_eq!(john.search(&read).await.entries, [entry]);
    }
}

#[tokio::test]
async fn a_limit_returns_the_first_names() {
    let world = World::start().await;
    let mut phone = Client::phone(&world).await;
    let ask = |limit| Ask { limit, ..Ask::sub(SUFFIX, "(cn=*)") };
    let all = phone.search(&ask(0)).await;
    assert_eq!(all.entries.len(), 8);
    for limit in 1..10 {
        let some = phone.search(&ask(limit)).await;
        let expected =
            if limit < 8 { LdapResultCode::SizeLimitExceeded } else { LdapResultCode::Success };
        assert_eq!(some.code, expected, "{limit}");
        assert_eq!(some.entries, all.entries[..all.entries.len().min(limit as usize)]);
    }
}

#[tokio::test]
async fn a_search_that_no_index_helps_ends() {
    let limits = Limits { look_through: 5, ..Limits::default() };
    let world = World::start_with(limits, FieldSet::EMPTY).await;
    let mut phone = Client::phone(&world).await;
    let found = phone.search(&Ask::sub(SUFFIX, "(!(sn=smith))")).await;
    assert_eq!(found.code, LdapResultCode::AdminLimitExceeded);
    let found = phone.search(&Ask::sub(SUFFIX, "(sn=smith)")).await;
    assert_eq!((found.code, found.entries.len()), (LdapResultCode::Success, 1));
}

#[tokio::test]
async fn others_are_answered_while_a_search_looks_through_everybody() {
    let limits = Limits { look_through: 9_500, ..Limits::default() };
    let world = World::start_with(limits, FieldSet::EMPTY).await;
    world.crowd(10_000).await;
    let mut long = Client::phone(&world).await;
    let mut short = Client::phone(&world).await;
    let answered = RefCell::new(Vec::new());
    let search = async |client: &mut Client, filter| {
        let found = client.search(&Ask::sub(SUFFIX, filter)).await;
        answered.borrow_mut().push(filter);
        (found.code, found.entries.len())
    };
    let (unindexed, indexed) = ("(!(cn=Member*))", "(sn=smith)");
    // Both run on one thread, and the long one is asked first.
    let found = tokio::join!(search(&mut long, unindexed), search(&mut short, indexed));
    assert_eq!(found.0.0, LdapResultCode::AdminLimitExceeded);
    assert_eq!(found.1, (LdapResultCode::Success, 1));
    assert_eq!(answered.into_inner(), [indexed, unindexed]);
}

#[tokio::test]
async fn operational_attributes_come_when_asked_for() {
    let world = World::start().await;
    let mut phone = Client::phone(&world).await;
    let operational = phone.search(&Ask { attributes: &["+"], ..Ask::sub(JOHN, ALL) }).await;
    let entry = &operational.entries[0];
    assert_eq!(entry.first("entryDN"), JOHN);
    assert_eq!(entry.first("structuralObjectClass"), "inetOrgPerson");
    assert_eq!(entry.first("hasSubordinates"), "FALSE");
    assert!(entry.first("modifyTimestamp").ends_with('Z'));
    assert_eq!(entry.first("cn"), "");
    let uuid = entry.first("entryUUID").to_owned();
    let hex: String = uuid
        .replace('-', "")
        .as_bytes()
        .chunks(2)
        .map(|pair| format!("\\{}", std::str::from_utf8(pair).unwrap()))
        .collect();
    for filter in [format!("(entryUUID={uuid})"), format!("(|(entryUUID={hex})(entryUUID=\\01))")] {
        assert_eq!(phone.search(&Ask::sub(SUFFIX, &filter)).await.names(), ["John Smith"]);
    }
    let filter = format!("(entryDN={JOHN})");
    assert_eq!(phone.search(&Ask::sub(SUFFIX, &filter)).await.names(), ["John Smith"]);
    let nothing = phone.search(&Ask { attributes: &["1.1"], ..Ask::sub(JOHN, ALL) }).await;
    assert_eq!(nothing.entries[0].attributes, []);
    let types = Ask { types_only: true, attributes: &["cn", "Mobile"], ..Ask::sub(JOHN, ALL) };
    let expected = ["cn", "Mobile"].map(|name| (name.to_owned(), Vec::new()));
    assert_eq!(phone.search(&types).await.entries[0].attributes, expected);
}

#[tokio::test]
async fn references_are_names_of_entries() {
    let world = World::start().await;
    let mut phone = Client::phone(&world).await;
    let ask = Ask { attributes: &["manager"], ..Ask::sub(SUFFIX, "(sn=doe)") };
    assert_eq!(phone.search(&ask).await.entries[0].values("manager"), [JOHN]);
    let filter = format!("(manager={JOHN})");
    assert_eq!(phone.search(&Ask::sub(SUFFIX, &filter)).await.names(), ["Jane Doe"]);
    let filter = "(manager=uid=102,ou=people,dc=pbx,dc=com)";
    assert_eq!(phone.search(&Ask::sub(SUFFIX, filter)).await.entries, []);
}

#[tokio::test]
async fn compares_tell_true_from_false() {
    let world = World::start().await;
    let mut phone = Client::phone(&world).await;
    for (dn, attribute, value, expected) in [
        (JOHN, "sn", "SMITH", LdapResultCode::CompareTrue),
        (JOHN, "telephoneNumber", "030 123 101", LdapResultCode::CompareTrue),
        (JOHN, "sn", "Doe", LdapResultCode::CompareFalse),
        (JOHN, "objectClass", "person", LdapResultCode::CompareTrue),
        (JOHN, "homePhone", "1", LdapResultCode::NoSuchAttribute),
        (JOHN, "nonsense", "1", LdapResultCode::UndefinedAttributeType),
        (PEOPLE, "ou", "people", LdapResultCode::CompareTrue),
        (SUFFIX, "dc", "x", LdapResultCode::CompareFalse),
        ("", "supportedLDAPVersion", "3", LdapResultCode::CompareTrue),
        ("uid=1,ou=people,dc=pbx,dc=com", "sn", "x", LdapResultCode::NoSuchObject),
        ("nonsense", "sn", "x", LdapResultCode::InvalidDNSyntax),
    ] {
        let assertion = [element(4, attribute.as_bytes()), element(4, value.as_bytes())].concat();
        let content = [element(4, dn.as_bytes()), element(0x30, &assertion)].concat();
        phone.request(&element(0x6e, &content)).await;
        assert_eq!(phone.result().await, expected, "{dn} {attribute}={value}");
    }
}

#[tokio::test]
async fn names_and_values_of_compares_need_not_be_utf_8() {
    let world = World::start().await;
    let mut phone = Client::phone(&world).await;
    let id = world.directory.snapshot().user_by_login(&world.organization, "101").unwrap().id;
    for (dn, attribute, value, expected) in [
        (JOHN.as_bytes(), "entryUUID", &id.0.as_bytes()[..], LdapResultCode::CompareTrue),
        (JOHN.as_bytes(), "entryUUID", &[0xff; 16], LdapResultCode::CompareFalse),
        (JOHN.as_bytes(), "entryUUID", id.to_string().as_bytes(), LdapResultCode::CompareTrue),
        (b"uid=M\xfcller,ou=people,dc=pbx,dc=com", "sn", b"x", LdapResultCode::NoSuchObject),
        (PEOPLE.as_bytes(), "ou", b"pe\xf6ple", LdapResultCode::CompareFalse),
        (b"cn=Subschema", "cn", b"subschema", LdapResultCode::CompareTrue),
    ] {
        let assertion = [element(4, attribute.as_bytes()), element(4, value)].concat();
        phone.request(&element(0x6e, &[element(4, dn), element(0x30, &assertion)].concat())).await;
        assert_eq!(phone.result().await, expected, "{attribute}");
    }
    // What would change the directory is refused under any name.
    phone.request(&element(0x4a, b"uid=M\xfcller,ou=people,dc=pbx,dc=com")).await;
    assert_eq!(phone.result().await, LdapResultCode::UnwillingToPerform);
}

#[tokio::test]
async fn the_server_names_what_it_can() {
    let world = World::start().await;
    let mut nobody = Client::connect(&world).await;
    let root = Ask { scope: BASE, attributes: &["+"], ..Ask::sub("", "(objectClass=*)") };
    let found = nobody.search(&root).await;
    for (attribute, expected) in [
        (
            "supportedControl",
            &[
                "2.16.840.1.113730.3.4.2",
                "1.3.6.1.1.22",
                "1.2.840.113556.1.4.1339",
                "1.2.840.113556.1.4.319",
                "1.2.840.113556.1.4.473",
                "2.16.840.1.113730.3.4.9",
            ][..],
        ),
        ("supportedFeatures", &["1.3.6.1.4.1.4203.1.5.1", "1.3.6.1.4.1.4203.1.5.3"]),
        ("subschemaSubentry", &["cn=subschema"]),
        ("defaultNamingContext", &[SUFFIX]),
        ("vendorName", &["Ringbook"]),
    ] {
        assert_eq!(found.entries[0].values(attribute), expected, "{attribute}");
    }
    // Each control that is named is taken, also where there is nothing to sort or to cut.
    let controls = [crate::control::paged(5, b""), crate::control::sorted(true, "cn")];
    let found = nobody.search_with(&root, &controls).await;
    assert_eq!((found.entries.len(), found.cookie(), found.sort_result()), (1, vec![], Some(0)));
}

#[tokio::test]
async fn critical_controls_must_be_known() {
    let world = World::start().await;
    let mut phone = Client::phone(&world).await;
    let control = |oid: &str, critical: u8| {
        element(0xa0, &element(0x30, &[element(4, oid.as_bytes()), vec![1, 1, critical]].concat()))
    };
    let request = Ask::sub(SUFFIX, "(sn=smith)").encoded();
    for (oid, critical, expected) in [
        ("1.2.3.4", 0xff, LdapResultCode::UnavailableCriticalExtension),
        // It needs a value; the connection stays.
        ("1.2.840.113556.1.4.319", 1, LdapResultCode::ProtocolError),
        ("1.2.840.113556.1.4.319", 0, LdapResultCode::ProtocolError),
        ("1.2.3.4", 0, LdapResultCode::Success),
        ("2.16.840.1.113730.3.4.2", 0xff, LdapResultCode::Success),
        ("1.3.6.1.1.22", 0xff, LdapResultCode::Success),
        ("1.2.840.113556.1.4.1339", 0xff, LdapResultCode::Success),
    ] {
        phone.send(&message(100, &request, &control(oid, critical))).await;
        let found = phone.found().await;
        assert_eq!(found.code, expected, "{oid}");
        assert_eq!(found.entries.len(), usize::from(expected == LdapResultCode::Success));
    }
}

#[tokio::test]
async fn umlauts_are_found_in_both_spellings() {
    let world = World::start().await;
    world.contact(Book::Shared, &[(Field::FormattedName, "Mueller")]).await;
    for company in ["Müller AG", "Müller AG"] {
        world.contact(Book::Shared, &[(Field::Company, company)]).await;
    }
    let mut phone = Client::phone(&world).await;
    for (filter, expected) in [
        ("(cn=Müller)", &["Mueller"][..]),
        ("(cn=mueller)", &["Mueller"]),
        ("(sn=müller*)", &["Mueller", "Müller AG", "Müller AG"]),
    ] {
        let found = phone.search(&Ask::sub("ou=shared,dc=pbx,dc=com", filter)).await;
        assert_eq!(found.names(), expected, "{filter}");
    }
}
