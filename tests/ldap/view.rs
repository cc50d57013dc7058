//! Virtual list views (draft-ietf-ldapext-ldapv3-vlv-09).

use ldap3_proto::proto::LdapResultCode;
use ringbook::contact::Book;
use ringbook::contact::card::{Field, FieldSet};
use ringbook::ldap::Limits;

use crate::client::{Ask, Client, Found, ONE};
use crate::control::{VIEW, at_offset, at_value, control, paged, sorted};
use crate::world::{BY_NAME, BY_SURNAME, PEOPLE, SUFFIX, World};

/// Code, names and view of an answer.
type Told<'f> = (LdapResultCode, Vec<&'f str>, Option<(u32, u32, u32)>);

fn told(found: &Found) -> Told<'_> {
    (found.code.clone(), found.names(), found.view())
}

#[tokio::test]
async fn a_list_is_scrolled_by_offset() {
    let world = World::start().await;
    let mut john = Client::signed_in(&world, "101", "john-secret").await;
    for (keys, order) in [("cn", BY_NAME), ("sn", BY_SURNAME)] {
        for (around, offset, taken_to_be, expected, position) in [
            ((0, 2), 1, 0, 0..3, 1),
            ((1, 1), 3, 0, 1..4, 3),
            ((2, 0), 6, 0, 3..6, 6),
            ((9, 9), 4, 6, 0..6, 4),
            ((0, 0), 100, 100, 5..6, 6),
            ((1, 0), 50, 100, 1..3, 3),
            ((0, 5), 1, 100, 0..6, 1),
        ] {
            let controls = [sorted(true, keys), at_offset(around, offset, taken_to_be)];
            let found = john.search_with(&Ask::sub(PEOPLE, "(cn=*)"), &controls).await;
            let expected = order[expected].to_vec();
            let view = Some((position, 6, 0));
            assert_eq!(told(&found), (LdapResultCode::Success, expected, view), "{offset}");
            assert_eq!(found.sort_result(), Some(0));
        }
        for (offset, taken_to_be) in [(7, 0), (7, 6), (0, 6)] {
            let controls = [sorted(true, keys), at_offset((0, 2), offset, taken_to_be)];
            let found = john.search_with(&Ask::sub(PEOPLE, "(cn=*)"), &controls).await;
            let view = Some((0, 6, 61));
            assert_eq!(told(&found), (LdapResultCode::VirtualListViewError, vec![], view));
        }
    }
}

#[tokio::test]
async fn a_list_is_scrolled_by_value() {
    let world = World::start().await;
    let mut john = Client::signed_in(&world, "101", "john-secret").await;
    for (keys, value, expected, position) in [
        ("cn", "", ["Jane Doe", "John Smith"], 1),
        ("cn", "john smith", ["John Smith", "Max Müller"], 2),
        ("cn", "JOHN T", ["Max Müller", "Nora Nobody"], 3),
        ("sn", "m", ["Max Müller", "Nora Nobody"], 3),
        ("sn", "müller", ["Max Müller", "Nora Nobody"], 3),
        ("sn", "Mullerz", ["Nora Nobody", "Tom Riddle"], 4),
        ("-sn", "r", ["Nora Nobody", "Max Müller"], 3),
        ("telephoneNumber", "103", ["Max Müller", "Tom Riddle"], 4),
        ("mail", "j", ["Jane Doe", "John Smith"], 1),
        // Those without the attribute are behind every value.
        ("mail", "zzz", ["Max Müller", "Nora Nobody"], 3),
    ] {
        let controls = [sorted(true, keys), at_value((0, 1), value)];
        let found = john.search_with(&Ask::sub(PEOPLE, "(cn=*)"), &controls).await;
        let expected = (LdapResultCode::Success, expected.to_vec(), Some((position, 6, 0)));
        assert_eq!(told(&found), expected, "{keys} {value}");
    }
    for (keys, last) in [("cn", "Tom Riddle"), ("sn", "John Smith")] {
        let controls = [sorted(true, keys), at_value((1, 1), "zz")];
        let found = john.search_with(&Ask::sub(PEOPLE, "(cn=*)"), &controls).await;
        assert_eq!(told(&found), (LdapResultCode::Success, vec![last], Some((7, 6, 0))));
    }
}

#[tokio::test]
async fn an_empty_list_has_no_position() {
    let world = World::start().await;
    let mut john = Client::signed_in(&world, "101", "john-secret").await;
    for keys in ["cn", "sn"] {
        let controls = [sorted(true, keys), at_offset((0, 2), 1, 0)];
        let found = john.search_with(&Ask::sub(PEOPLE, "(cn=zzz)"), &controls).await;
        assert_eq!(told(&found), (LdapResultCode::Success, vec![], Some((0, 0, 0))));
    }
}

#[tokio::test]
async fn only_what_is_seen_is_counted() {
    let world = World::start_with(Limits::default(), FieldSet::of(&[Field::Mobile])).await;
    let mut jane = Client::signed_in(&world, "102", "jane-secret").await;
    for keys in ["cn", "sn"] {
        let controls = [sorted(true, keys), at_offset((0, 0), 1, 0)];
        let found = jane.search_with(&Ask::sub(SUFFIX, "(cn=j*)"), &controls).await;
        // Josephine is her own; Jonas is John's, and Jack is not listed.
        assert_eq!(found.view(), Some((1, 3, 0)), "{keys}");
    }
    let controls = [sorted(true, "mobile"), at_value((0, 0), "0170")];
    let found = jane.search_with(&Ask::sub(PEOPLE, "(cn=*)"), &controls).await;
    assert_eq!(told(&found).1, ["Jane Doe"], "as if nobody had a number: the first by name");
    let found = jane.search_with(&Ask::sub(PEOPLE, "(mobile=*)"), &controls).await;
    assert_eq!(found.view(), Some((1, 0, 0)));
}

#[tokio::test]
async fn containers_are_behind_those_with_a_name() {
    let world = World::start().await;
    let mut john = Client::signed_in(&world, "101", "john-secret").await;
    let ask = Ask { scope: ONE, attributes: &["ou"], ..Ask::sub(SUFFIX, "(objectClass=*)") };
    let count = u32::try_from(john.search(&ask).await.entries.len()).unwrap();
    for keys in ["cn", "-ou"] {
        let controls = [sorted(true, keys), at_offset((1, 0), count, count)];
        let found = john.search_with(&ask, &controls).await;
        assert_eq!((found.entries.len(), found.view()), (2, Some((count, count, 0))));
    }
    let sales = "ou=Sales,ou=departments,dc=pbx,dc=com";
    let filter = "(|(objectClass=organizationalUnit)(cn=tom riddle))";
    let ask = Ask::sub(SUFFIX, filter);
    let controls = [sorted(true, "cn"), at_offset((0, 1), 1, 0)];
    let found = john.search_with(&ask, &controls).await;
    assert_eq!(found.dns(), ["uid=104,ou=people,dc=pbx,dc=com", sales]);
    let controls = [sorted(true, "cn"), at_offset((0, 1), 2, 0)];
    let found = john.search_with(&ask, &controls).await;
    assert_eq!(found.dns(), [sales, "ou=all,dc=pbx,dc=com"]);
}

#[tokio::test]
async fn a_view_needs_an_order_and_excludes_pages() {
    let world = World::start().await;
    let mut john = Client::signed_in(&world, "101", "john-secret").await;
    let ask = Ask::sub(PEOPLE, "(cn=*)");
    let view = at_offset((0, 2), 1, 0);
    let found = john.search_with(&ask, std::slice::from_ref(&view)).await;
    assert_eq!(told(&found), (LdapResultCode::VirtualListViewError, vec![], Some((0, 0, 60))));
    for critical in [true, false] {
        let found = john.search_with(&ask, &[sorted(critical, "moblie"), view.clone()]).await;
        assert_eq!(told(&found), (LdapResultCode::VirtualListViewError, vec![], Some((0, 0, 53))));
        assert_eq!((found.sort_result(), found.blamed().as_str()), (Some(16), "moblie"));
    }
    let found = john.search_with(&ask, &[sorted(true, "cn"), view, paged(2, b"")]).await;
    assert_eq!(found.code, LdapResultCode::ProtocolError);
    for value in [&b""[..], b"\x30\x00", b"\x30\x06\x02\x01\x00\x02\x01\x00"] {
        let controls = [sorted(true, "cn"), control(VIEW, false, value)];
        assert_eq!(john.search_with(&ask, &controls).await.code, LdapResultCode::ProtocolError);
    }
    assert_eq!(john.search(&ask).await.entries.len(), 6, "the connection stays");
}

#[tokio::test]
async fn a_long_list_is_scrolled_to_its_middle() {
    let world = World::start().await;
    world.crowd(3000).await;
    world.contact(Book::Shared, &[(Field::FormattedName, "Zoe")]).await;
    let mut phone = Client::phone(&world).await;
    let ask = Ask::sub("ou=shared,dc=pbx,dc=com", "(|(cn=member*)(cn=zoe))");
    for keys in ["cn", "sn"] {
        let controls = [sorted(true, keys), at_offset((0, 1), 1500, 3001)];
        let found = phone.search_with(&ask, &controls).await;
        assert_eq!(found.names(), ["Member 01499", "Member 01500"], "{keys}");
        assert_eq!(found.view(), Some((1500, 3001, 0)));
        let controls = [sorted(true, keys), at_value((1, 0), "z")];
        let found = phone.search_with(&ask, &controls).await;
        assert_eq!(found.names(), ["Member 02999", "Zoe"], "{keys}");
    }
}

#[tokio::test]
async fn nobody_scrolls_further_than_others_may_read() {
    let world = World::start().await;
    world.open_shared().await;
    world.crowd(600).await;
    let mut nobody = Client::connect(&world).await;
    for keys in ["cn", "sn"] {
        let ask = Ask::sub(SUFFIX, "(cn=member*)");
        let controls = [sorted(true, keys), at_offset((1, 1), 7, 7)];
        let found = nobody.search_with(&ask, &controls).await;
        let expected = vec!["Member 00498", "Member 00499"];
        assert_eq!(told(&found), (LdapResultCode::Success, expected, Some((500, 500, 0))));
        let controls = [sorted(true, keys), at_offset((0, 0), 501, 0)];
        let found = nobody.search_with(&ask, &controls).await;
        let view = Some((0, 500, 61));
        assert_eq!(told(&found), (LdapResultCode::VirtualListViewError, vec![], view));
        let controls = [sorted(true, keys), at_value((0, 9), "member 00550")];
        let found = nobody.search_with(&ask, &controls).await;
        assert_eq!(told(&found), (LdapResultCode::Success, vec![], Some((501, 500, 0))));
    }
}
