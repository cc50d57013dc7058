//! Phones that are still set to the tree of an older server.

use ldap3_proto::proto::LdapResultCode;
use ringbook::account::BaseAlias;
use ringbook::contact::book::{AddressBook, BookId, Group};

use crate::client::{Ask, BASE, ONE};
use crate::office::Office;
use crate::world::SUFFIX;

const ALL: &str = "(objectClass=*)";

async fn office() -> Office {
    let office = Office::open().await;
    let support = AddressBook::Group(Group::Department(BookId::parse("support").unwrap()));
    let alias = |(base, book): (&str, AddressBook)| BaseAlias { base: base.into(), book };
    let aliases = [
        ("dc=phonebook,dc=nh", AddressBook::PEOPLE),
        ("o=dbs", AddressBook::Contacts),
        ("ou=support,dc=old", support),
    ];
    office.set(|main| main.base_aliases = aliases.map(alias).to_vec()).await;
    office
}

#[tokio::test]
async fn an_old_base_is_another_name_of_a_book() {
    let office = office().await;
    let mut anna = office.client("101").await;
    for (old, new) in [
        ("DC=Phonebook, dc=nh", "ou=people"),
        ("o=dbs", "ou=contacts"),
        ("ou=support,dc=old", "ou=Support,ou=departments"),
    ] {
        let new = format!("{new},{SUFFIX}");
        for scope in [BASE, ONE, 2, 3] {
            let there = anna.search(&Ask { scope, ..Ask::sub(&new, ALL) }).await;
            let found = anna.search(&Ask { scope, ..Ask::sub(old, ALL) }).await;
            assert_eq!(found.code, LdapResultCode::Success);
            assert_eq!(found.dns(), there.dns(), "{old} {scope}");
            assert!(found.dns().iter().all(|dn| dn.ends_with(SUFFIX)), "{:?}", found.dns());
        }
    }
    let read = Ask { scope: BASE, ..Ask::sub("uid=102,dc=phonebook,dc=nh", ALL) };
    assert_eq!(anna.search(&read).await.names(), ["Bert Berg"]);
    let elsewhere = anna.search(&Ask::sub("dc=nh", ALL)).await;
    assert_eq!(elsewhere.code, LdapResultCode::NoSuchObject);
}

#[tokio::test]
async fn an_old_base_shows_no_more_than_the_book_does() {
    let office = office().await;
    let mut support = office.client("support").await;
    let found = support.search(&Ask::sub("dc=phonebook,dc=nh", ALL)).await;
    assert_eq!(found.names(), ["Anna Adams", "Emil Ernst"]);
    // What it has no part in answers as what nobody has.
    office
        .set(|main| {
            let research = BookId::parse("r-d-berlin").unwrap();
            let research = AddressBook::Group(Group::Department(research));
            for (base, book) in [("dc=private", AddressBook::SHARED), ("dc=other", research)] {
                main.base_aliases.push(BaseAlias { base: base.into(), book });
            }
        })
        .await;
    let nowhere = support.search(&Ask::sub("dc=nowhere", ALL)).await;
    for base in ["dc=private", "dc=other"] {
        let found = support.search(&Ask::sub(base, ALL)).await;
        assert_eq!((&found.code, &found.message), (&nowhere.code, &nowhere.message), "{base}");
    }
    let mut visitor = office.visitor().await;
    let visited = visitor.search(&Ask::sub("dc=phonebook,dc=nh", ALL)).await;
    let nowhere = visitor.search(&Ask::sub("dc=nowhere,dc=nh", ALL)).await;
    assert_eq!((visited.dns(), nowhere.dns()), (vec![], vec![]));
    assert_eq!((visited.code, visited.message), (nowhere.code, nowhere.message));
}

#[tokio::test]
async fn old_names_sign_in() {
    let office = office().await;
    let mut client = office.visitor().await;
    for (name, result) in [
        ("cn=phones,dc=phonebook,dc=nh", LdapResultCode::Success),
        ("uid=101,ou=users,o=dbs", LdapResultCode::Success),
        ("cn=phones,dc=nowhere,dc=nh", LdapResultCode::InvalidCredentials),
        ("o=dbs", LdapResultCode::InvalidCredentials),
    ] {
        assert_eq!(client.bind(name, "office-secret").await, result, "{name}");
    }
}
