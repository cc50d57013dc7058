//! Server-side sorting (RFC 2891).

use ldap3_proto::proto::LdapResultCode;
use ringbook::account::OrganizationSettings;
use ringbook::contact::card::{Field, FieldSet};
use ringbook::contact::derived::NameOrder;
use ringbook::directory::Edit;
use ringbook::ldap::Limits;

use crate::client::{Ask, Client};
use crate::control::sorted;
use crate::world::{BY_NAME, BY_SURNAME, PEOPLE, SUFFIX, World, settings};

#[tokio::test]
async fn entries_come_in_the_order_that_is_asked_for() {
    let world = World::start().await;
    let mut john = Client::signed_in(&world, "101", "john-secret").await;
    let backwards: Vec<&str> = BY_SURNAME.into_iter().rev().collect();
    let by_mail =
        ["Jane Doe", "John Smith", "Max Müller", "Nora Nobody", "Ryan Giggs", "Tom Riddle"];
    let by_mail_backwards =
        ["Max Müller", "Nora Nobody", "Ryan Giggs", "Tom Riddle", "John Smith", "Jane Doe"];
    let department_first =
        ["John Smith", "Jane Doe", "Ryan Giggs", "Max Müller", "Nora Nobody", "Tom Riddle"];
    // The least of several numbers decides.
    let by_number =
        ["Nora Nobody", "Jane Doe", "John Smith", "Max Müller", "Tom Riddle", "Ryan Giggs"];
    for (keys, expected) in [
        ("cn", &BY_NAME[..]),
        ("displayName:caseIgnoreOrderingMatch", &BY_NAME),
        ("sn", &BY_SURNAME),
        ("sn:2.5.13.3", &BY_SURNAME),
        ("LastName:caseExactOrderingMatch", &BY_SURNAME),
        ("-surname", &backwards),
        // Those without come last, or first where the order is reversed; among them, by name.
        ("mail", &by_mail),
        ("-email", &by_mail_backwards),
        ("department sn", &department_first),
        (
            "Department -givenName",
            &["John Smith", "Tom Riddle", "Ryan Giggs", "Nora Nobody", "Max Müller", "Jane Doe"],
        ),
        ("telephoneNumber", &by_number),
        (
            "-extension",
            &["Nora Nobody", "Ryan Giggs", "Tom Riddle", "Max Müller", "Jane Doe", "John Smith"],
        ),
        (
            "objectClass -cn",
            &["Tom Riddle", "Ryan Giggs", "Nora Nobody", "Max Müller", "John Smith", "Jane Doe"],
        ),
        (
            "manager",
            &["Jane Doe", "John Smith", "Max Müller", "Nora Nobody", "Ryan Giggs", "Tom Riddle"],
        ),
    ] {
        let found = john.search_with(&Ask::sub(PEOPLE, "(cn=*)"), &[sorted(true, keys)]).await;
        assert_eq!(found.names(), expected, "{keys}");
        assert_eq!((found.code.clone(), found.sort_result()), (LdapResultCode::Success, Some(0)));
    }
}

#[tokio::test]
async fn the_last_change_is_an_order() {
    let world = World::start().await;
    let mut john = Client::signed_in(&world, "101", "john-secret").await;
    let ask = Ask { attributes: &["modifyTimestamp"], ..Ask::sub(SUFFIX, "(cn=*)") };
    for (keys, rule) in [("modifyTimestamp", 0), ("createTimestamp:2.5.13.28", 0)] {
        let found = john.search_with(&ask, &[sorted(true, keys)]).await;
        assert_eq!(found.sort_result(), Some(rule));
        let times: Vec<&str> = found.entries.iter().map(|e| e.first("modifyTimestamp")).collect();
        assert!(times.is_sorted(), "{times:?}");
        assert_eq!(times.len(), 9);
    }
}

#[tokio::test]
async fn an_order_that_there_is_not_is_refused_where_it_is_critical() {
    let world = World::start().await;
    let mut phone = Client::phone(&world).await;
    let ask = Ask::sub(PEOPLE, "(sn=d*)");
    for (keys, result, attribute) in [
        ("moblie", 16, "moblie"),
        ("sn moblie", 16, "moblie"),
        ("sn:1.2.3.4", 18, "sn"),
        ("cn:generalizedTimeOrderingMatch", 18, "cn"),
        ("modifyTimestamp:caseIgnoreOrderingMatch", 18, "modifyTimestamp"),
        ("cn sn o ou mail title uid mobile pager", 11, "pager"),
    ] {
        let found = phone.search_with(&ask, &[sorted(true, keys)]).await;
        assert_eq!(found.code, LdapResultCode::UnavailableCriticalExtension, "{keys}");
        assert_eq!((found.entries.len(), found.sort_result()), (0, Some(result)), "{keys}");
        assert_eq!(found.blamed(), attribute);
        let found = phone.search_with(&ask, &[sorted(false, keys)]).await;
        assert_eq!(
            (found.code.clone(), found.sort_result()),
            (LdapResultCode::Success, Some(result))
        );
        assert_eq!(found.names(), ["Jane Doe"], "they come in the order of names");
    }
    let nothing = phone.search_with(&Ask::sub(PEOPLE, "(sn=zzz)"), &[sorted(true, "sn")]).await;
    assert_eq!((nothing.code.clone(), nothing.sort_result()), (LdapResultCode::Success, None));
}

#[tokio::test]
async fn a_size_limit_returns_the_first_of_the_order() {
    let world = World::start().await;
    let mut phone = Client::phone(&world).await;
    let ask = Ask { limit: 2, ..Ask::sub(PEOPLE, "(cn=*)") };
    let found = phone.search_with(&ask, &[sorted(true, "-sn")]).await;
    assert_eq!(found.names(), ["John Smith", "Tom Riddle"]);
    assert_eq!(
        (found.code.clone(), found.sort_result()),
        (LdapResultCode::SizeLimitExceeded, Some(0))
    );
}

#[tokio::test]
async fn what_is_hidden_sorts_as_what_is_not_there() {
    let world =
        World::start_with(Limits::default(), FieldSet::of(&[Field::Mobile, Field::Home])).await;
    // John sees his own mobile number, and nobody else's home number.
    let mut john = Client::signed_in(&world, "101", "john-secret").await;
    let ask = Ask { limit: 1, ..Ask::sub(PEOPLE, "(cn=*)") };
    for (keys, expected) in [("mobile", "John Smith"), ("-homePhone", "Jane Doe")] {
        let found = john.search_with(&ask, &[sorted(true, keys)]).await;
        assert_eq!(found.names(), [expected], "{keys}");
    }
    let mut jane = Client::signed_in(&world, "102", "jane-secret").await;
    for (keys, expected) in [
        ("mobile", "Jane Doe"),
        ("homePhone", "Jane Doe"),
        ("-mobile", "Jane Doe"),
        ("-homePhone", "John Smith"),
    ] {
        let found = jane.search_with(&ask, &[sorted(true, keys)]).await;
        assert_eq!(found.names(), [expected], "{keys}");
    }
}

#[tokio::test]
async fn cn_is_an_order_of_its_own_where_names_are_sorted_otherwise() {
    let world = World::start().await;
    let settings = OrganizationSettings {
        name_order: NameOrder::FamilyFirst,
        ..settings("main", SUFFIX, "pbx.com", FieldSet::EMPTY)
    };
    world.edit(Edit::PutOrganization(Box::new(settings))).await;
    let mut phone = Client::phone(&world).await;
    let ask = Ask { limit: 3, ..Ask::sub(PEOPLE, "(cn=*)") };
    assert_eq!(phone.search(&ask).await.names(), ["Jane Doe", "Ryan Giggs", "Max Müller"]);
    let found = phone.search_with(&ask, &[sorted(true, "cn")]).await;
    assert_eq!(found.names(), ["Jane Doe", "John Smith", "Max Müller"]);
}

#[tokio::test]
async fn too_many_entries_are_not_sorted() {
    let limits = Limits { look_through: 50, ..Limits::default() };
    let world = World::start_with(limits, FieldSet::EMPTY).await;
    world.crowd(60).await;
    let mut phone = Client::phone(&world).await;
    let ask = Ask::sub("ou=shared,dc=pbx,dc=com", "(cn=Member*)");
    for critical in [true, false] {
        let found = phone.search_with(&ask, &[sorted(critical, "sn")]).await;
        assert_eq!(found.code, LdapResultCode::AdminLimitExceeded);
        assert_eq!((found.entries.len(), found.sort_result()), (0, Some(11)));
    }
    let found = phone.search_with(&ask, &[sorted(true, "cn")]).await;
    assert_eq!((found.entries.len(), found.code), (60, LdapResultCode::Success), "not gathered");
}
