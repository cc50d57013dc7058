//! Two users of different role synchronize the same book, and a number is hidden from one of them.

use std::collections::BTreeMap;

use ringbook::contact::card::{Field, FieldSet};

use crate::company::path;
use crate::world::{World, sync_request};

/// Each card of a user's `people` with its entity tag.
async fn cards(world: &World, who: &str) -> BTreeMap<String, (String, String)> {
    let book = path(who, "people");
    let rows = world.propfind(who, &book, 1, "<D:getetag/>").await;
    let mut cards = BTreeMap::new();
    for row in rows.rows.iter().skip(1) {
        let card = world.send(who, &format!("GET {}", row.href)).await;
        assert_eq!(Some(card.header("etag")), row.found("D:getetag"));
        let name = row.href.strip_prefix(&book).unwrap().to_owned();
        cards.insert(name, (card.header("etag").to_owned(), card.text()));
    }
    cards
}

#[tokio::test]
async fn hiding_mobiles_moves_only_the_copy_of_who_saw_them() {
    let world = World::new().await;
    world.set(|acme| acme.hidden_numbers = FieldSet::EMPTY).await;
    world.write_on_card("205", Field::Mobile, &[]).await;
    let (anna, ben, carla) = (world.user("204").id, world.user("205").id, world.user("200").id);
    let (user, admin) = (world.token("204", "people").await, world.token("200", "people").await);
    let (users, admins) = (cards(&world, "204").await, cards(&world, "200").await);
    let text =
        |cards: &BTreeMap<String, (String, String)>, id| cards[&format!("{id}.vcf")].1.clone();
    assert_eq!(text(&users, carla), text(&admins, carla));
    assert!(text(&users, carla).contains("+49 170 200"));

    world.set(|acme| acme.hidden_numbers = FieldSet::of(&[Field::Mobile])).await;

    assert_eq!(world.token("200", "people").await, admin, "the administrator sees what they saw");
    assert_eq!(cards(&world, "200").await, admins);
    let now = world.token("204", "people").await;
    assert_ne!(now, user);
    let answer = world.send("204", &sync_request(&path("204", "people"), &user, "")).await;
    let told = answer.rows();
    assert_eq!(told.hrefs(), [format!("{}{carla}.vcf", path("204", "people"))]);
    assert_eq!(told.token, now);
    let after = cards(&world, "204").await;
    for id in [anna, ben] {
        assert_eq!(
            after[&format!("{id}.vcf")],
            users[&format!("{id}.vcf")],
            "no mobile, or one's own"
        );
    }
    let (tag, card) = &after[&format!("{carla}.vcf")];
    assert_eq!(told.rows[0].found("D:getetag"), Some(tag.as_str()));
    assert!(!card.contains("+49 170 200"));
    assert_eq!(*card, text(&users, carla).replace("TEL;TYPE=CELL,VOICE:+49 170 200\r\n", ""));
    let answer = world.send("200", &sync_request(&path("200", "people"), &admin, "")).await;
    assert_eq!((answer.rows().rows.len(), answer.rows().token), (0, admin));
}
