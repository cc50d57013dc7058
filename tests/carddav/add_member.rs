//! POST to a book (RFC 5995), and the card in the answer to a write (RFC 8144 3).

use crate::world::{PEOPLE, PERSONAL, World, card};
use crate::xml::parse;

#[tokio::test]
async fn a_book_says_where_cards_are_posted() {
    let world = World::new().await;
    let rows = world.propfind("204", PERSONAL, 0, "<D:add-member/>").await;
    let href = format!("{PERSONAL}?add-member");
    assert_eq!(rows.rows[0].found("D:add-member"), Some(format!("D:href({href})").as_str()));
    for path in [PEOPLE, "/dav/homes/204.acme/", "/dav/"] {
        let rows = world.propfind("204", path, 0, "<D:add-member/>").await;
        assert!(rows.rows[0].has(404, "D:add-member"), "{path}");
    }
    let post = format!("POST {href}\nContent-Type: text/vcard\n\n{}", card("a", "A"));
    let answer = world.send("204", &post).await;
    assert_eq!(answer.status, 201);
    let location = answer.header("location");
    assert!(location.starts_with(PERSONAL) && location.ends_with(".vcf"), "{location}");
    let get = world.send("204", &format!("GET {location}")).await;
    assert_eq!((get.text(), get.header("etag")), (card("a", "A"), answer.header("etag")));
    let twice = world.send("204", &post).await;
    assert_eq!(twice.status, 403);
    let conflict = parse(&twice.text());
    let expected = format!("D:href({location})");
    assert_eq!(conflict.child("C:no-uid-conflict").unwrap().value(), expected);
}

#[tokio::test]
async fn what_is_posted_is_checked_as_what_is_put() {
    let world = World::new().await;
    let post = |path: &str, headers: &str, body: &str| {
        let request = format!("POST {path}\n{headers}\n\n{body}");
        let world = &world;
        async move { world.send("204", &request).await }
    };
    let broken = post(PERSONAL, "", "BEGIN:VCARD").await;
    assert!(parse(&broken.text()).child("C:valid-address-data").is_some());
    let odd = post(PERSONAL, "Content-Type: text/calendar", &card("a", "A")).await;
    assert!(parse(&odd.text()).child("C:supported-address-data").is_some());
    let read_only = post(PEOPLE, "", &card("a", "A")).await;
    let needed = parse(&read_only.text()).child("D:need-privileges").unwrap().value();
    assert_eq!(needed, format!("D:resource(D:href({PEOPLE}) D:privilege(D:bind))"));
    let token = world.token("204", "personal").await;
    assert_eq!(post(PERSONAL, "If-Match: \"x\"", &card("a", "A")).await.status, 412);
    assert_eq!(post(PERSONAL, "If-None-Match: *", &card("a", "A")).await.status, 412);
    let old = format!("If: <{PERSONAL}> (Not <{token}>)");
    assert_eq!(post(PERSONAL, &old, &card("a", "A")).await.status, 412);
    let now = format!("If: (<{token}>)\nIf-Match: *");
    assert_eq!(post(PERSONAL, &now, &card("a", "A")).await.status, 201);
    assert_eq!(post("/dav/homes/204.acme/", "", &card("a", "A")).await.status, 405);
    assert_eq!(post("/dav/homes/204.acme/none/", "", &card("a", "A")).await.status, 404);
}

#[tokio::test]
async fn a_write_answers_with_the_card_where_that_is_preferred() {
    let world = World::new().await;
    let put = |name: &'static str, condition: String| {
        let body = card("a", name);
        let request =
            format!("PUT {PERSONAL}a.vcf\nPrefer: return=representation\n{condition}\n\n{body}");
        let world = &world;
        async move { world.send("204", &request).await }
    };
    let created = put("A", "If-None-Match: *".into()).await;
    assert_eq!(created.status, 201);
    let replaced = put("B", format!("If-Match: {}", created.header("etag"))).await;
    assert_eq!(replaced.status, 200);
    let refused = put("C", format!("If-Match: {}", created.header("etag"))).await;
    assert_eq!(refused.status, 412);
    for (answer, name) in [(&created, "A"), (&replaced, "B"), (&refused, "B")] {
        assert_eq!(answer.text(), card("a", name));
        assert_eq!(answer.header("preference-applied"), "return=representation");
        assert_eq!(answer.header("content-location"), format!("{PERSONAL}a.vcf"));
        assert!(answer.header("content-type").starts_with("text/vcard"));
    }
    assert_eq!(refused.header("etag"), replaced.header("etag"));
    let missing = format!(
        "PUT {PERSONAL}b.vcf\nPrefer: return=representation\nIf-Match: *\n\n{}",
        card("b", "B")
    );
    let missing = world.send("204", &missing).await;
    assert_eq!((missing.status.as_u16(), missing.header("preference-applied")), (412, ""));
    let posted = format!("POST {PERSONAL}\nPrefer: return=representation\n\n{}", card("p", "P"));
    let posted = world.send("204", &posted).await;
    assert_eq!((posted.status.as_u16(), posted.text()), (201, card("p", "P")));
    assert_eq!(posted.header("content-location"), posted.header("location"));
}
