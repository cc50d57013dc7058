//! Writes without a right: refused, or said to be done and brought back by the next synchronization.

use ringbook::account::RefusedWrites;
use ringbook::contact::ContactId;

use crate::company::path;
use crate::merged::{CONTACTS, told};
use crate::world::{PEOPLE, PERSONAL, SHARED, World, card};

async fn reverting() -> (World, ContactId) {
    let world = World::new().await;
    world.set(|acme| acme.refused_writes = RefusedWrites::Revert).await;
    let ben = world.user("205").id;
    (world, ben)
}

async fn etag(world: &World, href: &str) -> Option<String> {
    let answer = world.send("204", &format!("PROPFIND {href}\nDepth: 0")).await;
    (answer.status == 207).then(|| answer.rows().rows[0].found("D:getetag").unwrap().to_owned())
}

#[tokio::test]
async fn a_refused_change_is_undone_by_the_next_synchronization() {
    let (world, ben) = reverting().await;
    for book in [PEOPLE, CONTACTS] {
        let href = format!("{book}{ben}.vcf");
        let before = etag(&world, &href).await.unwrap();
        let body = world.send("204", &format!("GET {href}")).await.text();
        let token = world.sync(book, "", "").await.token;
        let put = format!(
            "PUT {href}\nIf-Match: {before}\n\n{}",
            card(&ben.to_string(), "Changed on a telephone")
        );
        let answer = world.send("204", &put).await;
        assert_eq!((answer.status.as_u16(), answer.header("etag")), (204, ""), "{}", answer.text());
        let after = etag(&world, &href).await.unwrap();
        assert_ne!(after, before);
        let changes = world.sync(book, &token, "").await;
        assert_eq!(changes.row(&href).found("D:getetag"), Some(after.as_str()));
        assert_eq!(changes.rows.len(), 1);
        let get = world.send("204", &format!("GET {href}")).await;
        assert_eq!((get.text(), get.header("etag")), (body, after.as_str()));
        assert!(world.sync(book, &changes.token, "").await.rows.is_empty(), "told once");
        let (status, other) = (world.send("204", &put).await.status, etag(&world, &href).await);
        assert_eq!(status, 204, "whatever it was based on");
        assert_ne!(other.as_deref(), Some(after.as_str()), "each time");
    }
    let others = world.propfind("205", &path("205", "people"), 1, "<D:getetag/>").await;
    let unchanged = others.row(&format!("{}{ben}.vcf", path("205", "people")));
    assert!(!unchanged.found("D:getetag").unwrap().contains('r'), "nobody else's");
}

#[tokio::test]
async fn a_refused_deletion_comes_back() {
    let (world, ben) = reverting().await;
    for book in [PEOPLE, CONTACTS] {
        let href = format!("{book}{ben}.vcf");
        let before = etag(&world, &href).await;
        let token = world.sync(book, "", "").await.token;
        let answer = world.send("204", &format!("DELETE {href}")).await;
        assert_eq!(answer.status, 204);
        assert_ne!(etag(&world, &href).await, before);
        let changes = world.sync(book, &token, "").await;
        assert_eq!(told(&changes, book), [format!("{ben}.vcf")]);
        assert_eq!(world.send("204", &format!("DELETE {book}nothing.vcf")).await.status, 404);
    }
    assert!(world.directory.snapshot().user(ben).is_some());
}

#[tokio::test]
async fn a_refused_new_card_is_gone() {
    let (world, _) = reverting().await;
    let token = world.sync(SHARED, "", "").await.token;
    let href = format!("{SHARED}mine.vcf");
    let answer =
        world.send("204", &format!("PUT {href}\nIf-None-Match: *\n\n{}", card("x", "X"))).await;
    assert_eq!((answer.status.as_u16(), answer.header("etag")), (201, ""));
    assert_eq!(etag(&world, &href).await, None);
    assert_eq!(told(&world.sync(SHARED, &token, "").await, SHARED), ["-mine.vcf"]);
    let beginning = world.sync(SHARED, "", "").await;
    assert_eq!(beginning.rows.len(), 1, "who begins hears nothing of it");
}

#[tokio::test]
async fn a_refused_move_brings_back_both_ends() {
    let (world, ben) = reverting().await;
    let [people, personal] = [world.sync(PEOPLE, "", "").await, world.sync(PERSONAL, "", "").await];
    let moved = format!("MOVE {PEOPLE}{ben}.vcf\nDestination: {PERSONAL}ben.vcf");
    let answer = world.send("204", &moved).await;
    assert_eq!((answer.status.as_u16(), answer.header("etag")), (201, ""));
    assert_eq!(told(&world.sync(PEOPLE, &people.token, "").await, PEOPLE), [format!("{ben}.vcf")]);
    assert_eq!(told(&world.sync(PERSONAL, &personal.token, "").await, PERSONAL), ["-ben.vcf"]);
    // A card that then comes under the name of the refused one is a card like any other.
    let token = world.sync(PERSONAL, "", "").await.token;
    world.put("ben.vcf", &card("own", "Own")).await;
    assert_eq!(told(&world.sync(PERSONAL, &token, "").await, PERSONAL), ["ben.vcf"]);
}

#[tokio::test]
async fn other_refusals_stay_what_they_are() {
    let (world, ben) = reverting().await;
    world.put("a.vcf", &card("a", "A")).await;
    for (request, expected) in [
        (format!("PUT {PERSONAL}b.vcf\n\n{}", card("a", "B")), 403),
        (format!("PUT {PERSONAL}b.vcf\n\nno card"), 403),
        (format!("PUT {PERSONAL}a.vcf\nIf-None-Match: *\n\n{}", card("a", "B")), 412),
        (format!("PUT {CONTACTS}b.vcf\n\n{}", card(&ben.to_string(), "B")), 403),
        (format!("DELETE {PERSONAL}b.vcf"), 404),
        (format!("PUT /dav/homes/205.acme/personal/a.vcf\n\n{}", card("a", "B")), 404),
        (format!("COPY {PERSONAL}a.vcf\nDestination: {CONTACTS}a.vcf"), 403),
    ] {
        assert_eq!(world.send("204", &request).await.status, expected, "{request}");
    }
    assert!(world.directory.snapshot().all_reverted(world.user("204").id).is_empty());
}

#[tokio::test]
async fn where_writes_are_denied_the_missing_privilege_is_named() {
    let world = World::new().await;
    let ben = world.user("205").id;
    let answer = world.send("204", &format!("DELETE {PEOPLE}{ben}.vcf")).await;
    assert_eq!(answer.status, 403);
    assert!(answer.text().contains("<need-privileges>"), "{}", answer.text());
    assert!(world.directory.snapshot().all_reverted(world.user("204").id).is_empty());
}
