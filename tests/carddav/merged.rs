//! The book of all contacts: who is in it, where writes go, and what hides what.

use ringbook::account::Role;
use ringbook::contact::card::{CardBuilder, Field};
use ringbook::contact::{Book, ContactId, Draft};
use ringbook::directory::{Edit, new_id};

use crate::company::{path, suppliers};
use crate::world::{PERSONAL, World, card, draft, sync_request};
use crate::xml::{Multistatus, parse};

/// Anna's book of all contacts.
pub(crate) const CONTACTS: &str = "/dav/homes/204.acme.merged/contacts/";

/// What a client knows after a synchronization: the last segments of paths, those of cards that are
/// gone behind a minus.
pub(crate) fn told(answer: &Multistatus, book: &str) -> Vec<String> {
    let mut told: Vec<String> = answer
        .rows
        .iter()
        .map(|row| {
            let sign = if row.status == Some(404) { "-" } else { "" };
            format!("{sign}{}", row.href.strip_prefix(book).unwrap())
        })
        .collect();
    told.sort();
    told
}

/// The contacts of Anna's book: full names of the cards.
async fn names(world: &World) -> Vec<String> {
    let request = sync_request(CONTACTS, "", "").replace(
        "<getetag/>",
        "<getetag/><C:address-data xmlns:C=\"urn:ietf:params:xml:ns:carddav\"/>",
    );
    let rows = world.send("204", &request).await.rows().rows;
    let name =
        |card: &str| card.lines().find_map(|line| line.strip_prefix("FN:").map(str::to_owned));
    let mut names: Vec<String> =
        rows.iter().map(|row| name(row.found("C:address-data").unwrap()).unwrap()).collect();
    names.sort();
    names
}

async fn shared(world: &World, name: &str, uid: &str) -> ContactId {
    let id = new_id();
    let mut card = CardBuilder::default();
    card.push(Field::FormattedName, name);
    let draft = Draft { uid: Some(uid.into()), ..draft(Book::Shared, card) };
    world.commit(vec![Edit::PutContact { id, draft }]).await;
    id
}

/// A client that follows Anna's book.
struct Follower<'w> {
    world: &'w World,
    token: String,
}

impl<'w> Follower<'w> {
    async fn of(world: &'w World) -> Self {
        Self { world, token: world.sync(CONTACTS, "", "").await.token }
    }

    async fn hears(&mut self) -> Vec<String> {
        let answer = self.world.sync(CONTACTS, &self.token, "").await;
        assert_eq!(answer.token != self.token, !answer.rows.is_empty(), "moves with what is told");
        let now = self.world.token("204", "contacts").await;
        assert_eq!(answer.token, now, "the token is that of PROPFIND");
        self.token.clone_from(&answer.token);
        told(&answer, CONTACTS)
    }
}

#[tokio::test]
async fn own_shared_and_company_contacts_are_in_one_book() {
    let world = World::new().await;
    world.put("mine.vcf", &card("mine", "Mine")).await;
    world.suppliers(None, Vec::new()).await;
    world.contact(suppliers(), "Steel").await;
    assert_eq!(
        names(&world).await,
        ["Anna Adams", "Ben Brown", "Carla Clark", "Favorites", "Mine", "Steel", "Supplier & Sons"]
    );
    let home = "/dav/homes/204.acme.merged/";
    let rows = world.propfind("204", home, 1, "<D:resourcetype/><D:displayname/>").await;
    assert_eq!(rows.hrefs(), [home, CONTACTS], "one book");
    assert_eq!(rows.rows[1].found("D:resourcetype"), Some("D:collection C:addressbook"));
    assert_eq!(rows.rows[1].found("D:displayname"), Some("All contacts"));
    let here = format!("{CONTACTS}mine.vcf");
    assert_eq!(world.send("204", &format!("GET {here}")).await.text(), card("mine", "Mine"));
    let (ben, dora) = (world.user("205").id, world.user("206").id);
    let status = |name: String| {
        let world = &world;
        async move { world.send("204", &format!("GET {CONTACTS}{name}")).await.status.as_u16() }
    };
    assert_eq!(status(format!("{ben}.vcf")).await, 200);
    assert_eq!(status(format!("{dora}.vcf")).await, 404, "who is not listed");
    assert_eq!(status(format!("{}.vcf", ben.to_string().to_uppercase())).await, 404);
}

#[tokio::test]
async fn each_layout_has_its_own_paths_and_nobody_elses() {
    let world = World::new().await;
    for nothing in [
        "/dav/homes/204.acme/contacts/",
        "/dav/homes/204.acme.merged/personal/",
        "/dav/homes/204.acme.merged/people/",
        "/dav/homes/204.acme.merged.merged/contacts/",
        "/dav/homes/205.acme.merged/",
        "/dav/homes/205.acme.merged/contacts/",
    ] {
        let answer = world.send("204", &format!("PROPFIND {nothing}\nDepth: 0")).await;
        assert_eq!(answer.status, 404, "{nothing}");
    }
    for there in ["/dav/homes/204.acme/", "/dav/homes/204.acme.merged/", CONTACTS] {
        let answer = world.send("204", &format!("PROPFIND {there}\nDepth: 0")).await;
        assert_eq!(answer.status, 207, "{there}");
    }
}

#[tokio::test]
async fn a_new_card_is_ones_own_and_keeps_its_name() {
    let world = World::new().await;
    let mut client = Follower::of(&world).await;
    let name = "3B5E0F8D-ABSPlugin.vcf";
    let put = format!("PUT {CONTACTS}{name}\nIf-None-Match: *\n\n{}", card("x", "New"));
    let answer = world.send("204", &put).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let own = world.propfind("204", &format!("{PERSONAL}{name}"), 0, "<D:getetag/>").await;
    assert_eq!(own.rows[0].found("D:getetag"), Some(answer.header("etag")));
    assert_eq!(client.hears().await, [name]);
    assert_eq!(world.send("204", &put).await.status, 412);
    let delete = format!("DELETE {CONTACTS}{name}\nIf-Match: {}", answer.header("etag"));
    assert_eq!(world.send("204", &delete).await.status, 204);
    assert_eq!(client.hears().await, [format!("-{name}")]);
    assert_eq!(world.send("204", &format!("GET {PERSONAL}{name}")).await.status, 404);
}

#[tokio::test]
async fn a_member_is_written_under_the_rights_of_its_home() {
    let world = World::new().await;
    world.person("202", "Olga", "Office", Role::OfficeManager).await;
    let id = shared(&world, "Steel", "steel").await;
    let ben = world.user("205").id;
    for (who, contact, expected) in
        [("204", id, 403), ("202", id, 204), ("204", ben, 403), ("200", ben, 403)]
    {
        let href = format!("{}{contact}.vcf", path(who, "contacts"));
        let uid = if contact == ben { ben.to_string() } else { "steel".to_owned() };
        let put = format!("PUT {href}\n\n{}", card(&uid, "Changed"));
        let answer = world.send(who, &put).await;
        assert_eq!(answer.status, expected, "{who} {href}");
        if expected == 403 {
            let error = parse(&answer.text());
            let needed = error.child("D:need-privileges").unwrap().child("D:resource").unwrap();
            assert_eq!(needed.child("D:href").unwrap().value(), href);
            assert_eq!(needed.child("D:privilege").unwrap().value(), "D:write-content");
            let delete = world.send(who, &format!("DELETE {href}")).await;
            assert_eq!(delete.status, 403);
            assert!(delete.text().contains("<unbind/>"));
        }
    }
    let row = world.directory.snapshot().contact(&crate::world::acme(), id).unwrap().shared();
    assert_eq!((row.book, row.card.formatted_name()), (Book::Shared, "Changed"), "it stays there");
    assert_eq!(row.name, None, "and what it is called there");
    let href = format!("{}{id}.vcf", path("202", "contacts"));
    assert_eq!(world.send("202", &format!("DELETE {href}")).await.status, 204);
    assert!(world.directory.snapshot().contact(&crate::world::acme(), id).is_none());
}

#[tokio::test]
async fn each_card_tells_the_rights_that_the_user_has_on_it() {
    let world = World::new().await;
    world.put("mine.vcf", &card("mine", "Mine")).await;
    world.person("202", "Olga", "Office", Role::OfficeManager).await;
    let steel = shared(&world, "Steel", "steel").await;
    let ben = world.user("205").id;
    let props = "<D:current-user-privilege-set/><D:owner/>";
    for (who, name, writes, owned) in [
        ("204", String::new(), true, false),
        ("204", "mine.vcf".to_owned(), true, true),
        ("204", format!("{steel}.vcf"), false, false),
        ("202", format!("{steel}.vcf"), true, false),
        ("204", format!("{ben}.vcf"), false, false),
        ("200", format!("{ben}.vcf"), false, false),
        ("204", favorites_name(&world).await, true, false),
    ] {
        let href = format!("{}{name}", path(who, "contacts"));
        let row = world.propfind(who, &href, 0, props).await.rows.remove(0);
        let privileges = row.found("D:current-user-privilege-set").unwrap();
        assert!(privileges.contains("D:read)"), "{href}");
        assert_eq!(privileges.contains("D:write)"), writes, "{who} {href}");
        let owner = row.found("D:owner").unwrap_or_default();
        assert_eq!(owner.contains("/dav/principals/204.acme/"), owned, "{href}");
        let options = world.send(who, &format!("OPTIONS {href}")).await;
        assert_eq!(options.header("allow").contains("PUT"), writes, "{who} {href}");
    }
}

#[tokio::test]
async fn a_uid_of_a_company_card_is_taken() {
    let world = World::new().await;
    let ben = world.user("205").id;
    let steel = shared(&world, "Steel", "urn:uuid:0A0B0C0D-1111-4222-8333-444455556666").await;
    for (uid, holder) in [
        (ben.to_string(), ben),
        (format!("urn:uuid:{ben}"), ben),
        (format!("URN:UUID:{}", ben.to_string().to_uppercase()), ben),
        ("0a0b0c0d-1111-4222-8333-444455556666".to_owned(), steel),
    ] {
        let put = format!("PUT {CONTACTS}new.vcf\n\n{}", card(&uid, "New"));
        let answer = world.send("204", &put).await;
        assert_eq!(answer.status, 403, "{uid}");
        let error = parse(&answer.text());
        let conflict = error.child("C:no-uid-conflict").unwrap().child("D:href").unwrap();
        assert_eq!(conflict.value(), format!("{CONTACTS}{holder}.vcf"));
    }
    // In a book of one's own there is no conflict: a UID is unique in a collection.
    let put = format!("PUT {PERSONAL}new.vcf\n\n{}", card(&ben.to_string(), "My Ben"));
    assert_eq!(world.send("204", &put).await.status, 201);
}

#[tokio::test]
async fn ones_own_card_hides_the_companys_until_it_goes() {
    let world = World::new().await;
    let (ben, steel) = (world.user("205").id, shared(&world, "Steel", "Steel-1").await);
    let mut client = Follower::of(&world).await;
    let upper = ben.to_string().to_uppercase();
    world.put("ben.vcf", &card(&upper, "My Ben")).await;
    assert_eq!(client.hears().await, [format!("-{ben}.vcf"), "ben.vcf".to_owned()]);
    world.put("steel.vcf", &card("urn:uuid:Steel-1", "My Steel")).await;
    assert_eq!(client.hears().await, [format!("-{steel}.vcf"), "steel.vcf".to_owned()]);
    let all = names(&world).await;
    assert!(
        all.contains(&"My Ben".to_owned()) && !all.contains(&"Ben Brown".to_owned()),
        "{all:?}"
    );
    let hidden = format!("{CONTACTS}{ben}.vcf");
    assert_eq!(world.send("204", &format!("GET {hidden}")).await.status, 404);
    // What happens to a hidden card is no business of this book.
    world.write_on_card("205", Field::Title, &["Boss"]).await;
    assert!(client.hears().await.is_empty());
    assert_eq!(world.send("204", &format!("DELETE {PERSONAL}ben.vcf")).await.status, 204);
    assert_eq!(client.hears().await, ["-ben.vcf".to_owned(), format!("{ben}.vcf")]);
    // A hidden card that goes is not told before its hider goes, and not found then.
    world.commit(vec![Edit::RemoveContact(steel)]).await;
    assert!(client.hears().await.is_empty());
    assert_eq!(world.send("204", &format!("DELETE {PERSONAL}steel.vcf")).await.status, 204);
    let heard = client.hears().await;
    assert!(heard.contains(&"-steel.vcf".to_owned()), "{heard:?}");
    assert!(heard.iter().all(|name| name.starts_with('-')), "{heard:?}");
}

#[tokio::test]
async fn a_company_card_that_comes_later_is_hidden_at_once() {
    let world = World::new().await;
    world.put("mine.vcf", &card("uid-1", "Mine")).await;
    let mut client = Follower::of(&world).await;
    let id = shared(&world, "Theirs", "uid-1").await;
    assert!(client.hears().await.is_empty());
    world.send("204", &format!("DELETE {PERSONAL}mine.vcf")).await;
    assert_eq!(client.hears().await, ["-mine.vcf".to_owned(), format!("{id}.vcf")]);
}

#[tokio::test]
async fn what_is_hidden_and_shown_between_two_synchronizations_is_told_as_it_is() {
    let world = World::new().await;
    let ben = world.user("205").id;
    let mut client = Follower::of(&world).await;
    world.put("ben.vcf", &card(&ben.to_string(), "My Ben")).await;
    world.send("204", &format!("DELETE {PERSONAL}ben.vcf")).await;
    assert_eq!(client.hears().await, ["-ben.vcf".to_owned(), format!("{ben}.vcf")]);
}

#[tokio::test]
async fn a_name_is_one_cards_even_if_another_could_have_it() {
    let world = World::new().await;
    let ben = world.user("205").id;
    let mut client = Follower::of(&world).await;
    let name = format!("{ben}.vcf");
    world.put(&name, &card("copy", "Copy of Ben")).await;
    assert_eq!(client.hears().await, [name.as_str()], "told once, as the card that it is now");
    let get = world.send("204", &format!("GET {CONTACTS}{name}")).await;
    assert!(get.text().contains("FN:Copy of Ben"));
    world.send("204", &format!("DELETE {PERSONAL}{name}")).await;
    assert_eq!(client.hears().await, [name.as_str()]);
    let get = world.send("204", &format!("GET {CONTACTS}{name}")).await;
    assert!(get.text().contains("FN:Ben Brown"));
}

#[tokio::test]
async fn the_same_card_under_another_path_is_no_destination() {
    let world = World::new().await;
    world.put("a.vcf", &card("a", "A")).await;
    let ben = world.user("205").id;
    for verb in ["MOVE", "COPY"] {
        for (from, to) in [
            (format!("{PERSONAL}a.vcf"), format!("{CONTACTS}a.vcf")),
            (format!("{CONTACTS}a.vcf"), format!("{PERSONAL}a.vcf")),
            (format!("{CONTACTS}a.vcf"), format!("{CONTACTS}a.vcf")),
        ] {
            let answer = world.send("204", &format!("{verb} {from}\nDestination: {to}")).await;
            assert_eq!(answer.status, 403, "{verb} {from} {to}");
            assert_eq!(world.send("204", &format!("GET {PERSONAL}a.vcf")).await.status, 200);
        }
    }
    let copy = format!("COPY {CONTACTS}{ben}.vcf\nDestination: {CONTACTS}mine.vcf");
    let answer = world.send("204", &copy).await;
    assert_eq!(answer.status, 403);
    assert!(
        answer.text().contains(&format!("<C:no-uid-conflict><href>{CONTACTS}{ben}.vcf</href>"))
    );
    let moved = format!("MOVE {CONTACTS}{ben}.vcf\nDestination: {CONTACTS}mine.vcf");
    let answer = world.send("204", &moved).await;
    assert!(answer.status == 403 && answer.text().contains("<unbind/>"), "{}", answer.text());
    let renamed = format!("MOVE {CONTACTS}a.vcf\nDestination: {CONTACTS}b.vcf");
    assert_eq!(world.send("204", &renamed).await.status, 201, "one's own card gets another name");
    assert_eq!(world.send("204", &format!("GET {PERSONAL}b.vcf")).await.status, 200);
}

#[tokio::test]
async fn of_too_many_people_the_own_department_and_favorites_remain() {
    let world = World::new().await;
    world.write_on_card("204", Field::Department, &["Support"]).await;
    world.write_on_card("205", Field::Department, &["Support"]).await;
    world.person("207", "Eve", "East", Role::User).await;
    world.set(|acme| acme.people_on_devices_max = 4).await;
    assert!(names(&world).await.contains(&"Eve East".to_owned()), "four are not too many");
    let before = world.sync(CONTACTS, "", "").await.token;
    world.set(|acme| acme.people_on_devices_max = 3).await;
    let answer = world.send("204", &sync_request(CONTACTS, &before, "")).await;
    assert_eq!(answer.status, 403, "the client begins anew");
    assert!(answer.text().contains("<valid-sync-token/>"));
    let few = ["Anna Adams", "Ben Brown", "Favorites", "Supplier & Sons", "Support"];
    assert_eq!(names(&world).await, few);
    let carla = world.user("200").id;
    let mut client = Follower::of(&world).await;
    world.write_on_card("200", Field::Title, &["Boss"]).await;
    assert!(client.hears().await.is_empty(), "who is not here");
    world.star("204", carla, true).await;
    let favorites = favorites_name(&world).await;
    let mut expected = vec![format!("{carla}.vcf"), favorites.clone()];
    expected.sort();
    assert_eq!(client.hears().await, expected);
    world.star("204", carla, false).await;
    let mut expected = vec![format!("-{carla}.vcf"), favorites];
    expected.sort();
    assert_eq!(client.hears().await, expected);
    let home = world.propfind("204", "/dav/homes/204.acme/", 1, "<D:displayname/>").await;
    let books: Vec<&str> = home.rows.iter().skip(1).map(|row| row.href.as_str()).collect();
    let listed = ["personal", "shared", "department-support", "favorites"];
    assert_eq!(books, listed.map(|book| path("204", book)));
    let people = world.propfind("204", &path("204", "people"), 1, "<D:getetag/>").await;
    assert_eq!(people.rows.len(), 1 + 4, "its path still answers");
    // Who leaves the department is gone.
    world.write_on_card("205", Field::Department, &[]).await;
    let ben = world.user("205").id;
    assert!(client.hears().await.contains(&format!("-{ben}.vcf")));
}

async fn favorites_name(world: &World) -> String {
    let rows = world.propfind("204", CONTACTS, 1, "<D:getetag/>").await.rows;
    let last = rows.into_iter().map(|row| row.href);
    for href in last.skip(1) {
        if world.send("204", &format!("GET {href}")).await.text().contains("FN:Favorites") {
            return href.strip_prefix(CONTACTS).unwrap().to_owned();
        }
    }
    panic!("no favorites")
}

#[tokio::test]
async fn who_reads_other_books_begins_anew() {
    let world = World::new().await;
    world.suppliers(None, Vec::new()).await;
    world.contact(suppliers(), "Steel").await;
    let token = world.sync(CONTACTS, "", "").await.token;
    world.suppliers(Some(Vec::new()), Vec::new()).await;
    assert_eq!(world.send("204", &sync_request(CONTACTS, &token, "")).await.status, 403);
    assert!(!names(&world).await.contains(&"Steel".to_owned()));
}

#[tokio::test]
async fn hrefs_of_the_book_are_those_of_its_home() {
    let world = World::new().await;
    world.put("a.vcf", &card("a", "A")).await;
    let ben = world.user("205").id;
    let hrefs = [
        format!("{CONTACTS}a.vcf"),
        format!("{CONTACTS}{ben}.vcf"),
        format!("{PERSONAL}a.vcf"),
        "/dav/homes/204%2Eacme.merged/contacts/a%2evcf".to_owned(),
    ];
    let listed: String = hrefs.iter().map(|href| format!("<D:href>{href}</D:href>")).collect();
    let request = format!(
        "REPORT {CONTACTS}\n\n<C:addressbook-multiget xmlns:D=\"DAV:\" \
        xmlns:C=\"urn:ietf:params:xml:ns:carddav\"><D:prop><D:getetag/></D:prop>{listed}\
        </C:addressbook-multiget>"
    );
    let answer = world.send("204", &request).await.rows();
    let found: Vec<bool> = answer.rows.iter().map(|row| row.status.is_none()).collect();
    assert_eq!(found, [true, true, false, true], "a card of another home is not here");
}

#[tokio::test]
async fn a_query_finds_members_and_group_cards_and_nothing_that_is_hidden() {
    let world = World::new().await;
    world.write_on_card("205", Field::Department, &["Support"]).await;
    let ben = world.user("205").id;
    world.put("ben.vcf", &card(&ben.to_string(), "Ben of mine")).await;
    let find = |text: &'static str| {
        let request = format!(
            "REPORT {CONTACTS}\nDepth: 1\n\n<C:addressbook-query xmlns:D=\"DAV:\" \
            xmlns:C=\"urn:ietf:params:xml:ns:carddav\"><D:prop><D:getetag/></D:prop><C:filter>\
            <C:prop-filter name=\"FN\"><C:text-match>{text}</C:text-match></C:prop-filter>\
            </C:filter></C:addressbook-query>"
        );
        let world = &world;
        async move { told(&world.send("204", &request).await.rows(), CONTACTS) }
    };
    assert_eq!(find("ben").await, ["ben.vcf"]);
    assert_eq!(find("favorit").await, [favorites_name(&world).await]);
    assert_eq!(find("support").await.len(), 1, "the department");
    assert_eq!(find("adams").await, [format!("{}.vcf", world.user("204").id)]);
}
