//! Group cards: favorites, departments and sites, which are computed, and those that users make.

use ringbook::account::Role;
use ringbook::auth::sight::{Sight, nobody_is_present};
use ringbook::contact::book::AddressBook;
use ringbook::contact::card::{CardBuilder, Field};
use ringbook::contact::query::{Query, Truth};
use ringbook::contact::{Book, ContactId};
use ringbook::directory::{Edit, new_id};

use crate::merged::{CONTACTS, told};
use crate::world::{PERSONAL, World, acme, card, draft, sync_request};

/// Support in Berlin: Anna and Ben. Sales: Carla.
async fn company() -> World {
    let world = World::new().await;
    world.write_on_card("204", Field::Department, &["Support"]).await;
    world.write_on_card("205", Field::Department, &["Support"]).await;
    world.write_on_card("205", Field::Site, &["Berlin"]).await;
    world.write_on_card("200", Field::Department, &["Sales"]).await;
    world
}

/// A computed group card of Anna's.
#[derive(Clone, Debug, PartialEq)]
struct Group {
    href: String,
    etag: String,
    uid: String,
    /// UIDs, as they stand in the card.
    members: Vec<String>,
}

/// The group card of this name; None where there is none.
async fn group(world: &World, name: &str) -> Option<Group> {
    let request = sync_request(CONTACTS, "", "").replace(
        "<getetag/>",
        "<getetag/><C:address-data xmlns:C=\"urn:ietf:params:xml:ns:carddav\"/>",
    );
    let rows = world.send("204", &request).await.rows().rows;
    let mut found = rows.into_iter().filter(|row| {
        let lines: Vec<&str> = row.found("C:address-data").unwrap().lines().collect();
        lines.contains(&format!("FN:{name}").as_str())
            && lines.contains(&"X-ADDRESSBOOKSERVER-KIND:group")
    });
    let row = found.next()?;
    assert!(found.next().is_none(), "one card");
    let card = row.found("C:address-data").unwrap();
    let values = |property: &str| -> Vec<String> {
        let lines = card.lines().filter_map(|line| line.strip_prefix(property));
        lines.map(str::to_owned).collect()
    };
    assert_eq!(values("VERSION:"), ["3.0"]);
    assert_eq!(values("N:"), [format!("{name};;;;")]);
    let etag = row.found("D:getetag").unwrap().to_owned();
    let get = world.send("204", &format!("GET {}", row.href)).await;
    assert_eq!(
        (get.text().replace('\r', ""), get.header("etag")),
        (card.replace('\r', ""), &*etag)
    );
    let members = values("X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:");
    Some(Group { href: row.href.clone(), etag, uid: values("UID:").remove(0), members })
}

fn sorted(ids: &[ContactId]) -> Vec<String> {
    let mut ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    ids.sort();
    ids
}

/// What Contacts sends when the members of a group are others.
fn put_group(group: &Group, name: &str, members: &[&str]) -> String {
    let members: String = members
        .iter()
        .map(|uid| format!("X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:{uid}\r\n"))
        .collect();
    format!(
        "PUT {}\nContent-Type: text/vcard; charset=utf-8\nIf-Match: {}\n\nBEGIN:VCARD\r\n\
        VERSION:3.0\r\nPRODID:-//Apple Inc.//macOS 14.4//EN\r\nN:{name};;;;\r\nFN:{name}\r\n\
        X-ADDRESSBOOKSERVER-KIND:group\r\n{members}REV:2026-11-22T10:00:00Z\r\nUID:{}\r\nEND:VCARD\r\n",
        group.href, group.etag, group.uid
    )
}

#[tokio::test]
async fn departments_and_sites_are_groups_with_the_uids_of_their_people() {
    let world = company().await;
    let [anna, ben, carla] = ["204", "205", "200"].map(|who| world.user(who).id);
    let support = group(&world, "Support").await.unwrap();
    assert_eq!(support.members, sorted(&[anna, ben]));
    assert_eq!(support.href, format!("{CONTACTS}{}.vcf", support.uid), "named by its UID");
    assert_eq!(group(&world, "Berlin").await.unwrap().members, sorted(&[ben]));
    assert_eq!(group(&world, "Sales").await.unwrap().members, sorted(&[carla]));
    assert_eq!(group(&world, "Favorites").await.unwrap().members, [""; 0]);
    let rows =
        world.propfind("204", &crate::company::path("204", "people"), 1, "<D:getetag/>").await;
    assert_eq!(rows.rows.len(), 1 + 3, "nowhere else");
}

#[tokio::test]
async fn the_tag_of_a_group_covers_its_name_and_members_and_nothing_else() {
    let world = company().await;
    let first = group(&world, "Support").await.unwrap();
    world.write_on_card("205", Field::Title, &["Boss"]).await;
    world.write_on_card("205", Field::FormattedName, &["Aaron Brown"]).await;
    assert_eq!(group(&world, "Support").await.unwrap(), first);
    world.write_on_card("205", Field::Department, &["Sales"]).await;
    let second = group(&world, "Support").await.unwrap();
    assert_ne!(second.etag, first.etag);
    assert_eq!((&second.uid, &second.href), (&first.uid, &first.href), "its name is permanent");
    let record =
        world.directory.snapshot().groups(&acme()).find(|g| &*g.name == "Support").cloned();
    let renamed = Edit::PutGroup(ringbook::account::group::GroupRecord {
        name: "Helpdesk".into(),
        ..record.unwrap()
    });
    let token = world.token("204", "contacts").await;
    world.commit(vec![renamed]).await;
    let helpdesk = group(&world, "Helpdesk").await.unwrap();
    assert_eq!((&helpdesk.uid, &helpdesk.href), (&first.uid, &first.href));
    assert_ne!(helpdesk.etag, second.etag);
    let changes = world.sync(CONTACTS, &token, "").await;
    assert_eq!(changes.row(&helpdesk.href).found("D:getetag"), Some(helpdesk.etag.as_str()));
}

#[tokio::test]
async fn groups_come_change_and_go_with_their_members() {
    let world = company().await;
    let [anna, ben] = ["204", "205"].map(|who| world.user(who).id);
    let berlin = group(&world, "Berlin").await.unwrap();
    let token = world.token("204", "contacts").await;
    world.write_on_card("205", Field::Site, &[]).await;
    let changes = world.sync(CONTACTS, &token, "").await;
    assert_eq!(changes.row(&berlin.href).status, Some(404), "nobody is there");
    assert!(changes.row(&format!("{CONTACTS}{ben}.vcf")).found("D:getetag").is_some());
    world.write_on_card("204", Field::Site, &["Berlin"]).await;
    let changes = world.sync(CONTACTS, &changes.token, "").await;
    let again = group(&world, "Berlin").await.unwrap();
    assert_eq!(changes.row(&berlin.href).found("D:getetag"), Some(again.etag.as_str()));
    assert_eq!((again.members, again.uid), (sorted(&[anna]), berlin.uid));
    // Who is not listed is in no group.
    let support = group(&world, "Support").await.unwrap();
    world.edit_person(ben, |draft| draft.listed = false).await;
    let changes = world.sync(CONTACTS, &changes.token, "").await;
    let now = group(&world, "Support").await.unwrap();
    assert_eq!(now.members, sorted(&[anna]));
    assert_eq!(changes.row(&support.href).found("D:getetag"), Some(now.etag.as_str()));
}

#[tokio::test]
async fn a_group_is_neither_deleted_nor_renamed_nor_given_other_people() {
    let world = company().await;
    let [anna, ben, carla] = ["204", "205", "200"].map(|who| world.user(who).id.to_string());
    world.star("204", world.user("205").id, true).await;
    for name in ["Support", "Berlin", "Favorites"] {
        let before = group(&world, name).await.unwrap();
        let delete = format!("DELETE {}\nIf-Match: {}", before.href, before.etag);
        let answer = world.send("204", &delete).await;
        assert_eq!(answer.status, 403);
        assert!(answer.text().contains("<need-privileges>"), "{}", answer.text());
        let members: Vec<&str> = before.members.iter().map(String::as_str).collect();
        let answer = world.send("204", &put_group(&before, "My people", &members)).await;
        assert_eq!(answer.status, 403, "{name}");
        assert!(answer.text().contains("<need-privileges>"), "{}", answer.text());
        assert_eq!(group(&world, name).await.unwrap(), before);
    }
    let support = group(&world, "Support").await.unwrap();
    let put = put_group(&support, "Support", &[&anna, &ben, &carla]);
    assert_eq!(world.send("204", &put).await.status, 403, "people say where they belong");
    let moved = format!("MOVE {}\nDestination: {CONTACTS}mine.vcf", support.href);
    assert_eq!(world.send("204", &moved).await.status, 403);
    let new = put_group(&support, "Mine", &[&anna])
        .replace(&format!("{}\n", support.href), &format!("{CONTACTS}new.vcf\n"));
    let new = new.replace(&format!("If-Match: {}", support.etag), "If-None-Match: *");
    let answer = world.send("204", &new).await;
    assert_eq!(answer.status, 403, "its UID is taken");
    assert!(answer.text().contains(&support.href), "{}", answer.text());
}

#[tokio::test]
async fn members_dragged_into_favorites_are_starred() {
    let world = company().await;
    world.put("own.vcf", &card("Own-Uid", "Own")).await;
    let [ben, carla] = ["205", "200"].map(|who| world.user(who).id);
    let own = world.directory.snapshot();
    let own = own.by_uid(&acme(), Book::Personal(world.user("204").id), "Own-Uid").unwrap().id;
    world.star("204", carla, true).await;
    let empty = group(&world, "Favorites").await.unwrap();
    assert_eq!(empty.members, sorted(&[carla]));
    let token = world.token("204", "contacts").await;
    let revision = world.directory.snapshot().revision().0;
    let upper = ben.to_string().to_uppercase();
    let answer = world.send("204", &put_group(&empty, "Favorites", &[&upper, "Own-Uid"])).await;
    assert_eq!((answer.status.as_u16(), answer.header("etag")), (204, ""), "{}", answer.text());
    assert_eq!(world.directory.snapshot().revision().0, revision + 1, "all in one commit");
    let anna = world.user("204").id;
    let starred = |id| world.directory.snapshot().star(anna, id).is_some_and(|star| star.starred);
    assert_eq!([starred(ben), starred(own), starred(carla)], [true, true, false]);
    let now = group(&world, "Favorites").await.unwrap();
    assert_eq!(now.members, sorted_texts(["Own-Uid", &ben.to_string()]));
    let changes = world.sync(CONTACTS, &token, "").await;
    assert_eq!(changes.rows.len(), 1, "the people are the same");
    assert_eq!(changes.row(&now.href).found("D:getetag"), Some(now.etag.as_str()));
    let stale = world.send("204", &put_group(&empty, "Favorites", &[])).await;
    assert_eq!(stale.status, 412);
    assert_eq!(world.send("204", &put_group(&now, "Favorites", &[])).await.status, 204);
    assert_eq!(group(&world, "Favorites").await.unwrap().members, [""; 0]);
    let favorites = crate::company::path("204", "favorites");
    assert_eq!(world.propfind("204", &favorites, 1, "<D:getetag/>").await.rows.len(), 1);
}

#[tokio::test]
async fn a_member_that_is_still_to_come_is_starred_when_it_does() {
    let world = company().await;
    let ben = world.user("205").id.to_string();
    let empty = group(&world, "Favorites").await.unwrap();
    let put = put_group(&empty, "Favorites", &["New-Card", "Another", &ben]);
    assert_eq!(world.send("204", &put).await.status, 204);
    let known = group(&world, "Favorites").await.unwrap();
    assert_eq!(known.members, [ben.as_str()], "only who is there");
    let token = world.token("204", "contacts").await;
    let new = format!("PUT {CONTACTS}new.vcf\n\n{}", card("New-Card", "New"));
    assert_eq!(world.send("204", &new).await.status, 201);
    let changes = world.sync(CONTACTS, &token, "").await;
    let now = group(&world, "Favorites").await.unwrap();
    assert_eq!(now.members, sorted_texts(["New-Card", &ben]));
    assert_eq!(changes.row(&now.href).found("D:getetag"), Some(now.etag.as_str()));
    // Who is taken off the card is waited for no longer.
    assert_eq!(world.send("204", &put_group(&now, "Favorites", &[&ben])).await.status, 204);
    let new = format!("PUT {CONTACTS}another.vcf\n\n{}", card("Another", "Another"));
    assert_eq!(world.send("204", &new).await.status, 201);
    assert_eq!(group(&world, "Favorites").await.unwrap().members, [ben]);
}

fn sorted_texts<const N: usize>(texts: [&str; N]) -> Vec<String> {
    let mut texts = texts.map(str::to_owned).to_vec();
    texts.sort();
    texts
}

#[tokio::test]
async fn a_member_that_an_own_card_hides_stays_in_the_group_by_the_uid_that_is_shown() {
    let world = company().await;
    let [anna, ben] = ["204", "205"].map(|who| world.user(who).id.to_string());
    let upper = ben.to_uppercase();
    world.put("ben.vcf", &card(&upper, "My Ben")).await;
    let support = group(&world, "Support").await.unwrap();
    assert_eq!(support.members, sorted_texts([&anna, &upper]));
    let token = world.token("204", "contacts").await;
    world.send("204", &format!("DELETE {PERSONAL}ben.vcf")).await;
    let changes = world.sync(CONTACTS, &token, "").await;
    let now = group(&world, "Support").await.unwrap();
    assert_eq!(now.members, sorted_texts([&anna, &ben]));
    assert_eq!(changes.row(&now.href).found("D:getetag"), Some(now.etag.as_str()));
}

#[tokio::test]
async fn there_is_no_card_of_more_than_a_thousand() {
    let world = company().await;
    let edits = |from: usize, to: usize| {
        let people = (from..to).map(|at| {
            let mut card = CardBuilder::default();
            card.push(Field::FormattedName, &format!("P {at}")).push(Field::Department, "Many");
            Edit::PutContact { id: new_id(), draft: draft(Book::People, card) }
        });
        people.collect::<Vec<Edit>>()
    };
    world.commit(edits(0, 1000)).await;
    let many = group(&world, "Many").await.unwrap();
    assert_eq!(many.members.len(), 1000);
    let token = world.token("204", "contacts").await;
    world.commit(edits(1000, 1001)).await;
    assert_eq!(group(&world, "Many").await, None);
    let changes = world.sync(CONTACTS, &token, "").await;
    assert_eq!(changes.row(&many.href).status, Some(404));
    let put = put_group(&many, "Many", &[]).replace("If-Match", "X-Nothing");
    assert_eq!(world.send("204", &put).await.status, 403, "its place stays its own");
    let favorites = group(&world, "Favorites").await.unwrap();
    let uids: Vec<String> = (0..1001).map(|at| format!("uid-{at}")).collect();
    let uids: Vec<&str> = uids.iter().map(String::as_str).collect();
    let answer = world.send("204", &put_group(&favorites, "Favorites", &uids)).await;
    assert_eq!(answer.status, 403);
    assert!(answer.text().contains("1000 members"), "{}", answer.text());
}

#[tokio::test]
async fn groups_that_users_make_are_their_own_cards_and_no_contacts() {
    let world = company().await;
    let ben = world.user("205").id;
    world.put("own.vcf", &card("own", "Own")).await;
    let body = format!(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Friends;;;;\r\nFN:Friends\r\nUID:G-1\r\n\
        X-ADDRESSBOOKSERVER-KIND:group\r\nX-ADDRESSBOOKSERVER-MEMBER:urn:uuid:{ben}\r\nEND:VCARD\r\n"
    );
    let token = world.token("204", "contacts").await;
    let answer = world.send("204", &format!("PUT {CONTACTS}G-1.vcf\n\n{body}")).await;
    assert_eq!(answer.status, 201);
    assert_eq!(told(&world.sync(CONTACTS, &token, "").await, CONTACTS), ["G-1.vcf"]);
    let get = world.send("204", &format!("GET {PERSONAL}G-1.vcf")).await;
    assert_eq!((get.text(), get.header("etag")), (body, answer.header("etag")));
    let snapshot = world.directory.snapshot();
    let principal = world.principal("204");
    let sight = Sight::of(&snapshot, &principal, &acme()).unwrap();
    let everything = Query::Constant(Truth::True);
    for book in [AddressBook::Home(Book::Personal(world.user("204").id)), AddressBook::Contacts] {
        let extent = sight.extent(book, &nobody_is_present).unwrap();
        let found = sight.search(&extent, &everything, usize::MAX).map(|row| row.name.clone());
        let found: Vec<_> = found.collect();
        assert!(!found.contains(&Some("G-1.vcf".into())), "{book}");
        assert_eq!(sight.count(book), Some(found.len()), "{book}");
    }
    let friends = group(&world, "Friends").await.unwrap();
    assert_eq!(friends.members, [ben.to_string()]);
    assert_eq!(world.send("204", &format!("DELETE {CONTACTS}G-1.vcf")).await.status, 204);
}

#[tokio::test]
async fn each_user_has_favorites_of_their_own() {
    let world = company().await;
    world.person("207", "Eve", "East", Role::User).await;
    let mine = group(&world, "Favorites").await.unwrap();
    let theirs = mine.href.replace("204.acme", "207.acme");
    assert_eq!(world.send("207", &format!("GET {theirs}")).await.status, 404);
}
