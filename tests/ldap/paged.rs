//! Simple paged results (RFC 2696).

use ldap3_proto::proto::LdapResultCode;
use ringbook::contact::Book;
use ringbook::contact::card::{Field, FieldSet};
use ringbook::directory::Edit;
use ringbook::ldap::Limits;

use crate::client::{Ask, Client, Found, ONE};
use crate::control::{PAGED, control, paged, sorted};
use crate::world::{SUFFIX, World};

const EVERYBODY: [&str; 9] = [
    "Acme Supplies",
    "Jane Doe",
    "John Smith",
    "Jonas Privat",
    "Max Müller",
    "Nora Nobody",
    "Ryan Giggs",
    "Tom Riddle",
    "Анна Иванова",
];
const SHARED: &str = "ou=shared,dc=pbx,dc=com";

async fn john(world: &World) -> Client {
    Client::signed_in(world, "101", "john-secret").await
}

fn names(found: &Found) -> Vec<String> {
    found.names().into_iter().map(str::to_owned).collect()
}

/// All pages of a search, with further controls; after each the world may change.
async fn pages(
    client: &mut Client,
    ask: &Ask<'_>,
    size: u32,
    more: &[Vec<u8>],
    mut between: impl AsyncFnMut(usize),
) -> Vec<Vec<String>> {
    let (mut pages, mut cookie) = (Vec::new(), Vec::new());
    loop {
        let controls = [&[paged(size, &cookie)][..], more].concat();
        let page = client.search_with(ask, &controls).await;
        assert_eq!(page.code, LdapResultCode::Success, "{page:?}");
        cookie = page.cookie();
        pages.push(names(&page));
        if cookie.is_empty() {
            return pages;
        }
        between(pages.len()).await;
    }
}

#[tokio::test]
async fn all_entries_come_once_in_the_order_of_names() {
    let world = World::start().await;
    let mut john = john(&world).await;
    for size in [1, 2, 4, 8, 9, 10, u32::MAX] {
        let ask = Ask::sub(SUFFIX, "(cn=*)");
        let pages = pages(&mut john, &ask, size, &[], async |_| {}).await;
        assert_eq!(pages.concat(), EVERYBODY, "pages of {size}");
        let full = pages.split_last().unwrap().1;
        assert!(full.iter().all(|page| page.len() == size as usize));
    }
    let all = john.search_with(&Ask::sub(SUFFIX, "(cn=*)"), &[paged(0, b"")]).await;
    assert_eq!((all.names().len(), all.cookie()), (9, vec![]), "a page without a size");
}

#[tokio::test]
async fn changes_between_pages_neither_lose_nor_double_what_stays() {
    let world = World::start_with(Limits::default(), FieldSet::EMPTY).await;
    let mut ids = Vec::new();
    for number in 0..90 {
        let name = format!("Member {number:02}");
        ids.push(world.contact(Book::Shared, &[(Field::FormattedName, &name)]).await);
    }
    let mut phone = Client::phone(&world).await;
    for (mark, sort) in ["", "sn", "-sn"].into_iter().enumerate() {
        let sort: Vec<Vec<u8>> =
            [sort].iter().filter(|s| !s.is_empty()).map(|s| sorted(true, s)).collect();
        let ask = Ask::sub(SHARED, "(cn=Member *)");
        let pages = pages(&mut phone, &ask, 5, &sort, async |page| {
            // Those before and behind the place, and the place itself, go or come.
            for place in [page, 4 * page - 1] {
                let gone = ids.remove(place.min(ids.len() - 1));
                world.edit(Edit::RemoveContact(gone)).await;
            }
            let name = format!("Member {:02}{mark}", 4 * page);
            world.contact(Book::Shared, &[(Field::FormattedName, &name)]).await;
        });
        let mut found = pages.await.concat();
        let stayed: Vec<String> = found.clone();
        found.sort();
        found.dedup();
        assert_eq!(found.len(), stayed.len(), "none is doubled");
        for id in &ids {
            let snapshot = world.directory.snapshot();
            let row = snapshot.contact(&world.organization, *id).unwrap();
            let name = row.card.formatted_name();
            assert!(found.iter().any(|found| found == name), "{name} is lost");
        }
    }
}

#[tokio::test]
async fn containers_are_in_pages_too() {
    let world = World::start().await;
    let mut john = john(&world).await;
    let filter = "(|(objectClass=organizationalUnit)(sn=smith))";
    for ask in [
        Ask { scope: ONE, attributes: &["ou"], ..Ask::sub(SUFFIX, "(objectClass=*)") },
        Ask { attributes: &["cn", "ou"], ..Ask::sub(SUFFIX, filter) },
    ] {
        let whole = john.search(&ask).await;
        let mut expected = whole.dns();
        expected.sort_unstable();
        for more in [vec![], vec![sorted(true, "cn")], vec![sorted(true, "-ou")]] {
            for size in [1, 2, 3, 100] {
                let (mut found, mut cookie) = (Vec::new(), Vec::new());
                loop {
                    let controls = [&[paged(size, &cookie)][..], &more].concat();
                    let page = john.search_with(&ask, &controls).await;
                    found.extend(page.dns().into_iter().map(str::to_owned));
                    cookie = page.cookie();
                    if cookie.is_empty() {
                        break;
                    }
                }
                found.sort();
                assert_eq!(found, expected, "pages of {size}");
            }
        }
    }
}

#[tokio::test]
async fn the_size_limit_counts_all_pages() {
    let world = World::start().await;
    let mut john = john(&world).await;
    let ask = Ask { limit: 5, ..Ask::sub(SUFFIX, "(cn=*)") };
    for more in [vec![], vec![sorted(true, "sn")]] {
        let controls = |cookie: &[u8]| [&[paged(3, cookie)][..], &more].concat();
        let first = john.search_with(&ask, &controls(b"")).await;
        assert_eq!((first.entries.len(), first.code.clone()), (3, LdapResultCode::Success));
        let second = john.search_with(&ask, &controls(&first.cookie())).await;
        assert_eq!(
            (second.entries.len(), second.code.clone()),
            (2, LdapResultCode::SizeLimitExceeded)
        );
        assert_eq!(second.cookie(), b"");
        let ask = Ask { limit: 3, ..Ask::sub(SUFFIX, "(cn=*)") };
        let only = john.search_with(&ask, &controls(b"")).await;
        assert_eq!((only.entries.len(), only.code.clone()), (3, LdapResultCode::SizeLimitExceeded));
    }
}

#[tokio::test]
async fn nobody_reads_more_in_pages_than_at_once() {
    let world = World::start().await;
    world.open_shared().await;
    world.crowd(600).await;
    let mut nobody = Client::connect(&world).await;
    let ask = Ask::sub(SUFFIX, "(cn=*)");
    for more in [vec![], vec![sorted(true, "sn")]] {
        let (mut count, mut cookie) = (0, Vec::new());
        let code = loop {
            let controls = [&[paged(90, &cookie)][..], &more].concat();
            let page = nobody.search_with(&ask, &controls).await;
            count += page.entries.len();
            cookie = page.cookie();
            if cookie.is_empty() {
                break page.code;
            }
        };
        assert_eq!((count, code), (500, LdapResultCode::SizeLimitExceeded));
    }
}

#[tokio::test]
async fn a_sequence_is_ended_by_a_page_without_entries() {
    let world = World::start().await;
    let mut john = john(&world).await;
    let ask = Ask::sub(SUFFIX, "(cn=*)");
    let first = john.search_with(&ask, &[paged(2, b"")]).await;
    let end = john.search_with(&ask, &[paged(0, &first.cookie())]).await;
    assert_eq!(
        (end.entries.len(), end.code.clone(), end.cookie()),
        (0, LdapResultCode::Success, vec![])
    );
}

#[tokio::test]
async fn a_cookie_is_good_for_nothing_but_its_own_sequence() {
    let world = World::start().await;
    let mut own = john(&world).await;
    let ask = Ask::sub(SUFFIX, "(cn=*)");
    let cookie = own.search_with(&ask, &[paged(2, b"")]).await.cookie();
    let mut damaged = cookie.clone();
    *damaged.last_mut().unwrap() ^= 1;
    let mut jane = Client::signed_in(&world, "102", "jane-secret").await;
    let others = [
        (Ask::sub(SHARED, "(cn=*)"), paged(2, &cookie)),
        (Ask::sub(SUFFIX, "(sn=*)"), paged(2, &cookie)),
        (Ask { attributes: &["sn"], ..Ask::sub(SUFFIX, "(cn=*)") }, paged(2, &cookie)),
        (Ask { scope: ONE, ..Ask::sub(SUFFIX, "(cn=*)") }, paged(2, &cookie)),
        (Ask::sub(SUFFIX, "(cn=*)"), paged(2, &damaged)),
        (Ask::sub(SUFFIX, "(cn=*)"), paged(2, b"x")),
    ];
    for (other, control) in &others {
        let found = own.search_with(other, std::slice::from_ref(control)).await;
        assert_eq!(found.code, LdapResultCode::UnwillingToPerform, "{found:?}");
        assert_eq!(found.entries, [], "{}", found.message);
    }
    let sort = [paged(2, &cookie), sorted(true, "sn")];
    assert_eq!(own.search_with(&ask, &sort).await.code, LdapResultCode::UnwillingToPerform);
    let foreign = jane.search_with(&ask, &[paged(2, &cookie)]).await;
    assert_eq!(foreign.code, LdapResultCode::UnwillingToPerform);
    // Another connection of the same user, another page size and other limits are no other sequence.
    let mut again = john(&world).await;
    let ask = Ask { limit: 4, ..Ask::sub(SUFFIX, "(cn=*)") };
    let next = again.search_with(&ask, &[paged(1, &cookie)]).await;
    assert_eq!(next.names(), ["John Smith"]);
}

#[tokio::test]
async fn a_malformed_page_control_leaves_the_connection() {
    let world = World::start().await;
    let mut john = john(&world).await;
    let ask = Ask::sub(SUFFIX, "(cn=*)");
    for value in [&b""[..], b"\x30\x00", b"\x30\x05\x02\x01\xff\x04\x00", b"\x30\x7f"] {
        let found = john.search_with(&ask, &[control(PAGED, false, value)]).await;
        assert_eq!(found.code, LdapResultCode::ProtocolError);
    }
    let twice = john.search_with(&ask, &[paged(2, b""), paged(2, b"")]).await;
    assert_eq!(twice.code, LdapResultCode::ProtocolError);
    assert_eq!(john.search(&ask).await.names(), EVERYBODY);
}
