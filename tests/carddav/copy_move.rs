//! COPY and MOVE of cards: where to, who may, and what those who synchronize learn of it.

use ringbook::account::Role;
use ringbook::contact::book::AddressBook;
use ringbook::contact::{Book, ContactId};

use crate::world::{Answer, PEOPLE, PERSONAL, SHARED, World, card};
use crate::xml::parse;

const SUPPLIER: &str = "00000000-0000-4000-8000-000000000001.vcf";
const SECOND: &str = "/dav/homes/204.acme/second/";

/// Anna with two cards of her own and a second book; Carla (200) writes the shared book.
async fn world() -> World {
    let world = World::new().await;
    world.put("a.vcf", &card("a", "A")).await;
    world.put("b.vcf", &card("b", "B")).await;
    world.send("204", &format!("MKCOL {SECOND}")).await;
    world
}

async fn send(world: &World, method: &str, from: &str, to: &str, headers: &str) -> Answer {
    world.send("204", &format!("{method} {from}\nDestination: {to}\n{headers}")).await
}

async fn status(world: &World, method: &str, from: &str, to: &str, headers: &str) -> u16 {
    send(world, method, from, to, headers).await.status.as_u16()
}

async fn text(world: &World, path: &str) -> Option<String> {
    let answer = world.send("204", &format!("GET {path}")).await;
    (answer.status == 200).then(|| answer.text())
}

fn a() -> String {
    format!("{PERSONAL}a.vcf")
}

fn in_second(name: &str) -> String {
    format!("{SECOND}{name}")
}

fn condition(answer: &Answer) -> (String, String) {
    let error = parse(&answer.text());
    assert_eq!(error.name, "D:error");
    (error.children[0].name.clone(), error.children[0].value())
}

#[tokio::test]
async fn a_card_is_copied_into_another_book() {
    let world = world().await;
    assert_eq!(status(&world, "COPY", &a(), &in_second("x.vcf"), "").await, 201);
    assert_eq!(text(&world, &in_second("x.vcf")).await, Some(card("a", "A")));
    assert_eq!(text(&world, &a()).await, Some(card("a", "A")));
    world.put("a.vcf", &card("a", "New")).await;
    assert_eq!(status(&world, "COPY", &a(), &in_second("x.vcf"), "").await, 204);
    assert_eq!(text(&world, &in_second("x.vcf")).await, Some(card("a", "New")));
}

#[tokio::test]
async fn a_card_is_moved_into_another_book_and_stays_the_same_contact() {
    let world = world().await;
    let id = id_of(&world, &a()).await;
    world.star("204", id, true).await;
    let tokens = [world.token("204", "personal").await, world.token("204", "second").await];
    assert_eq!(status(&world, "MOVE", &a(), &in_second("x.vcf"), "").await, 201);
    assert_eq!(text(&world, &a()).await, None);
    assert_eq!(text(&world, &in_second("x.vcf")).await, Some(card("a", "A")));
    assert_eq!(id_of(&world, &in_second("x.vcf")).await, id);
    let favorites =
        world.propfind("204", "/dav/homes/204.acme/favorites/", 1, "<D:getetag/>").await;
    assert_eq!(favorites.rows.len(), 2, "and a favorite");
    let left = world.sync(PERSONAL, &tokens[0], "").await;
    assert_eq!((left.hrefs(), left.rows[0].status), (vec![a().as_str()], Some(404)));
    let came = world.sync(SECOND, &tokens[1], "").await;
    assert_eq!(came.hrefs(), [in_second("x.vcf")]);
    assert!(came.rows[0].found("D:getetag").is_some());
}

async fn id_of(world: &World, path: &str) -> ContactId {
    let rows = world.propfind("204", path, 0, "<D:resource-id/>").await;
    let id = rows.rows[0].found("D:resource-id").unwrap();
    let id = id.strip_prefix("D:href(urn:uuid:").unwrap().trim_end_matches(')');
    ContactId::parse(id).unwrap()
}

#[tokio::test]
async fn a_card_gets_another_name_and_the_old_one_is_gone() {
    let world = world().await;
    let token = world.token("204", "personal").await;
    let to = format!("{PERSONAL}new%20name.vcf");
    assert_eq!(status(&world, "MOVE", &a(), &to, "").await, 201);
    assert_eq!((text(&world, &a()).await, text(&world, &to).await), (None, Some(card("a", "A"))));
    let changes = world.sync(PERSONAL, &token, "").await;
    assert_eq!(changes.rows.len(), 2, "{changes:?}");
    assert_eq!(changes.row(&a()).status, Some(404));
    assert!(changes.row(&to).found("D:getetag").is_some());
    assert_eq!(status(&world, "MOVE", &to, &a(), "").await, 201);
    let back = world.sync(PERSONAL, &changes.token, "").await;
    assert_eq!(back.row(&to).status, Some(404));
    assert!(back.row(&a()).found("D:getetag").is_some());
    let both = world.sync(PERSONAL, &token, "").await;
    assert!(both.row(&a()).found("D:getetag").is_some(), "{both:?}");
    assert_eq!(both.rows.iter().filter(|row| row.href == a()).count(), 1, "{both:?}");
}

#[tokio::test]
async fn overwriting_must_be_wanted() {
    let world = world().await;
    assert_eq!(status(&world, "COPY", &a(), &in_second("x.vcf"), "Overwrite: F").await, 201);
    for method in ["COPY", "MOVE"] {
        assert_eq!(status(&world, method, &a(), &in_second("x.vcf"), "Overwrite: F").await, 412);
    }
    assert_eq!(status(&world, "COPY", &a(), &in_second("x.vcf"), "Overwrite: maybe").await, 400);
    let token = world.token("204", "second").await;
    assert_eq!(status(&world, "MOVE", &a(), &in_second("x.vcf"), "Overwrite: T").await, 204);
    assert_eq!(text(&world, &a()).await, None);
    let changes = world.sync(SECOND, &token, "").await;
    let rows: Vec<_> = changes.rows.iter().map(|row| (&*row.href, row.status)).collect();
    assert!(rows.iter().all(|row| *row == (&*in_second("x.vcf"), None)), "{rows:?}");
}

#[tokio::test]
async fn a_uid_stays_one_cards() {
    let world = world().await;
    let same_book = send(&world, "COPY", &a(), &format!("{PERSONAL}c.vcf"), "").await;
    assert_eq!(same_book.status, 403);
    let holder = format!("D:href({PERSONAL}a.vcf)");
    assert_eq!(condition(&same_book), ("C:no-uid-conflict".to_owned(), holder));
    // A card never turns into another one.
    for method in ["COPY", "MOVE"] {
        let other = send(&world, method, &a(), &format!("{PERSONAL}b.vcf"), "").await;
        assert_eq!(other.status, 403, "{method}");
        let holder = format!("D:href({PERSONAL}b.vcf)");
        assert_eq!(condition(&other), ("C:no-uid-conflict".to_owned(), holder));
    }
    send(&world, "COPY", &a(), &in_second("x.vcf"), "").await;
    let moved = send(&world, "MOVE", &a(), &in_second("y.vcf"), "").await;
    assert_eq!(condition(&moved).1, format!("D:href({SECOND}x.vcf)"));
    assert_eq!(text(&world, &a()).await, Some(card("a", "A")));
}

#[tokio::test]
async fn a_contact_made_elsewhere_is_copied_as_it_is_seen_and_moved_with_its_uid() {
    let world = world().await;
    let home = |book: &str| format!("/dav/homes/200.acme/{book}/");
    let source = format!("{}{SUPPLIER}", home("shared"));
    let ask = |method: &'static str, to: String| {
        let request = format!("{method} {source}\nDestination: {to}");
        let world = &world;
        async move { world.send("200", &request).await }
    };
    assert_eq!(ask("COPY", format!("{}s.vcf", home("personal"))).await.status, 201);
    let get = |path: String| {
        let world = &world;
        async move { world.send("200", &format!("GET {path}")).await.text() }
    };
    assert_eq!(get(format!("{}s.vcf", home("personal"))).await, get(source.clone()).await);
    let conflict = ask("MOVE", format!("{}t.vcf", home("personal"))).await;
    assert_eq!(conflict.status, 403);
    assert_eq!(condition(&conflict).0, "C:no-uid-conflict", "the copy has its UID");
    world.send("200", "MKCOL /dav/homes/200.acme/second/").await;
    assert_eq!(ask("MOVE", format!("{}t.vcf", home("second"))).await.status, 201);
    assert_eq!(ask("COPY", format!("{}u.vcf", home("second"))).await.status, 404);
    let moved = get(format!("{}t.vcf", home("second"))).await;
    assert!(moved.contains("UID:00000000-0000-4000-8000-000000000001"), "{moved}");
}

#[tokio::test]
async fn hidden_numbers_are_not_copied() {
    let world = world().await;
    let ben = format!("{PEOPLE}{}.vcf", world.user("205").id);
    assert_eq!(status(&world, "COPY", &ben, &format!("{PERSONAL}ben.vcf"), "").await, 201);
    let copy = text(&world, &format!("{PERSONAL}ben.vcf")).await.unwrap();
    assert!(copy.contains("FN:Ben Brown") && !copy.contains("+49 170"), "{copy}");
}

#[tokio::test]
async fn rights_are_needed_on_both_sides() {
    let world = world().await;
    let supplier = format!("{SHARED}{SUPPLIER}");
    let ben = format!("{PEOPLE}{}.vcf", world.user("205").id);
    let favorite = format!("/dav/homes/204.acme/favorites/{}.vcf", id_of(&world, &a()).await);
    world.star("204", id_of(&world, &a()).await, true).await;
    let new = format!("{SHARED}new.vcf");
    for (method, from, to, privilege, on) in [
        ("MOVE", &supplier, &in_second("x.vcf"), "unbind", SHARED),
        ("MOVE", &ben, &in_second("x.vcf"), "unbind", PEOPLE),
        ("MOVE", &favorite, &in_second("x.vcf"), "unbind", "/dav/homes/204.acme/favorites/"),
        ("COPY", &a(), &new, "bind", SHARED),
        ("MOVE", &a(), &new, "bind", SHARED),
        ("COPY", &a(), &format!("{PEOPLE}x.vcf"), "bind", PEOPLE),
        ("COPY", &a(), &supplier, "write-content", supplier.as_str()),
    ] {
        let answer = send(&world, method, from, to, "").await;
        assert_eq!(answer.status, 403, "{method} {from} {to}");
        let expected = format!("D:resource(D:href({on}) D:privilege(D:{privilege}))");
        assert_eq!(condition(&answer), ("D:need-privileges".to_owned(), expected));
    }
    world.person("202", "Olga", "Office", Role::OfficeManager).await;
    let request = format!(
        "MOVE /dav/homes/202.acme/shared/{SUPPLIER}\nDestination: /dav/homes/202.acme/personal/x.vcf"
    );
    assert_eq!(world.send("202", &request).await.status, 201);
    let left = world.propfind("204", SHARED, 1, "<D:getetag/>").await;
    assert_eq!(left.rows.len(), 1);
}

#[tokio::test]
async fn a_card_is_not_put_onto_itself_through_another_view() {
    let world = world().await;
    let id = id_of(&world, &a()).await;
    world.star("204", id, true).await;
    let favorite = format!("/dav/homes/204.acme/favorites/{id}.vcf");
    for (method, from, to) in [
        ("COPY", a(), a()),
        ("MOVE", a(), format!("{PERSONAL}%61.vcf")),
        ("COPY", favorite.clone(), a()),
        ("MOVE", favorite.clone(), a()),
        ("MOVE", a(), favorite.clone()),
    ] {
        assert_eq!(status(&world, method, &from, &to, "").await, 403, "{method} {from} {to}");
        assert_eq!(text(&world, &a()).await, Some(card("a", "A")));
    }
}

#[tokio::test]
async fn in_the_book_of_all_contacts_others_keep_their_names() {
    let world = world().await;
    world.person("202", "Olga", "Office", Role::OfficeManager).await;
    let contacts = "/dav/homes/202.acme.merged/contacts/";
    let supplier = format!("MOVE {contacts}{SUPPLIER}\nDestination: {contacts}mine.vcf");
    assert_eq!(world.send("202", &supplier).await.status, 403);
    let shared = world.propfind("204", SHARED, 1, "<D:getetag/>").await;
    assert_eq!(shared.rows.len(), 2, "it is still everybody's");
    let out = format!("MOVE {contacts}{SUPPLIER}\nDestination: /dav/homes/202.acme/personal/x.vcf");
    assert_eq!(world.send("202", &out).await.status, 201, "who may, and says so");
}

#[tokio::test]
async fn destinations_are_paths_or_urls_of_this_host() {
    let world = world().await;
    let copy = |to: String, host: &'static str| {
        let headers = if host.is_empty() { String::new() } else { format!("{host}\nOverwrite: T") };
        let world = &world;
        async move { status(world, "COPY", &a(), &to, &headers).await }
    };
    assert_eq!(copy(in_second("1.vcf"), "").await, 201);
    for (url, host, expected) in [
        ("https://pbx.example", "Host: pbx.example", 204),
        ("https://PBX.example:443", "Host: pbx.example", 204),
        ("http://pbx.example:80", "Host: pbx.example", 204),
        ("https://pbx.example:8443", "Host: pbx.example:8443", 204),
        ("https://pbx.example", "Host: backend:8080\nX-Forwarded-Host: pbx.example", 204),
        ("https://other.example", "Host: pbx.example", 502),
        ("https://pbx.example:8443", "Host: pbx.example", 502),
        ("ftp://pbx.example", "Host: pbx.example", 502),
    ] {
        assert_eq!(
            copy(format!("{url}{}", in_second("1.vcf")), host).await,
            expected,
            "{url} {host}"
        );
    }
    assert_eq!(copy("/dav/homes/204.acme/s%65cond/%31.vcf".into(), "").await, 204);
    for (to, expected) in [
        ("1.vcf", 400),
        ("/dav/homes/204.acme/none/1.vcf", 409),
        ("/dav/homes/205.acme/personal/1.vcf", 409),
        ("/elsewhere/1.vcf", 409),
        (SECOND, 403),
        ("/dav/homes/204.acme/", 403),
    ] {
        assert_eq!(copy(to.into(), "").await, expected, "{to}");
    }
    let untold = world.send("204", &format!("COPY {}", a())).await;
    assert_eq!(untold.status, 400);
}

#[tokio::test]
async fn collections_are_neither_copied_nor_moved() {
    let world = world().await;
    for path in ["/", "/dav/", PERSONAL, SECOND, "/dav/homes/204.acme/"] {
        for method in ["COPY", "MOVE"] {
            assert_eq!(status(&world, method, path, "/dav/homes/204.acme/x/", "").await, 403);
        }
    }
    assert_eq!(
        status(&world, "COPY", &format!("{PERSONAL}none.vcf"), &in_second("x"), "").await,
        404
    );
    assert_eq!(status(&world, "COPY", &a(), &in_second("x"), "Depth: 1").await, 400);
    assert_eq!(status(&world, "COPY", &a(), &in_second("x"), "Depth: infinity").await, 201);
    assert_eq!(status(&world, "COPY", &a(), &in_second("x"), "Depth: 0").await, 204);
}

#[tokio::test]
async fn conditions_are_about_the_source() {
    let world = world().await;
    let etag = world.put("a.vcf", &card("a", "A")).await;
    let to = in_second("x.vcf");
    for method in ["COPY", "MOVE"] {
        assert_eq!(status(&world, method, &a(), &to, "If-Match: \"other\"").await, 412);
        assert_eq!(status(&world, method, &a(), &to, "If-None-Match: *").await, 412);
        assert_eq!(status(&world, method, &a(), &to, "If: ([\"other\"])").await, 412);
        let token = world.token("204", "personal").await;
        let if_old = format!("If: <{PERSONAL}> (Not <{token}>)");
        assert_eq!(status(&world, method, &a(), &to, &if_old).await, 412);
    }
    assert_eq!(status(&world, "MOVE", &a(), &to, &format!("If-Match: {etag}")).await, 201);
}

#[tokio::test]
async fn what_the_user_keeps_of_a_card_goes_along() {
    let world = world().await;
    let keep = |path: String, value: &'static str| {
        let body = format!(
            "<propertyupdate xmlns='DAV:'><set><prop><n xmlns='urn:x'>{value}</n></prop></set></propertyupdate>"
        );
        let world = &world;
        async move { world.send("204", &format!("PROPPATCH {path}\n\n{body}")).await.rows() }
    };
    let kept = |path: String| {
        let world = &world;
        async move {
            let rows = world.propfind("204", &path, 0, "<n xmlns='urn:x'/>").await;
            rows.rows[0].found("{urn:x}n").map(str::to_owned)
        }
    };
    keep(a(), "1").await;
    send(&world, "COPY", &a(), &in_second("x.vcf"), "").await;
    assert_eq!(kept(in_second("x.vcf")).await.as_deref(), Some("1"));
    keep(in_second("x.vcf"), "2").await;
    assert_eq!(kept(a()).await.as_deref(), Some("1"));
    send(&world, "MOVE", &a(), &in_second("x.vcf"), "").await;
    assert_eq!(kept(in_second("x.vcf")).await.as_deref(), Some("1"));
    send(&world, "MOVE", &in_second("x.vcf"), &in_second("y.vcf"), "").await;
    assert_eq!(kept(in_second("y.vcf")).await.as_deref(), Some("1"));
}

#[tokio::test]
async fn large_cards_and_their_photos_move_whole() {
    let world = world().await;
    let large = card("l", "L").replace("END:", &format!("NOTE:{}\r\nEND:", "x".repeat(9000)));
    world.put("l.vcf", &large).await;
    let from = format!("{PERSONAL}l.vcf");
    assert_eq!(status(&world, "MOVE", &from, &in_second("l.vcf"), "").await, 201);
    assert_eq!(text(&world, &in_second("l.vcf")).await.as_deref(), Some(large.as_str()));
    assert_eq!(status(&world, "COPY", &in_second("l.vcf"), &from, "").await, 201);
    assert_eq!(text(&world, &from).await.as_deref(), Some(large.as_str()));
    let user = world.user("204").id;
    let book = AddressBook::from(Book::Personal(user));
    let snapshot = world.directory.snapshot();
    assert_eq!(snapshot.count(&crate::world::acme(), book), 3);
}
