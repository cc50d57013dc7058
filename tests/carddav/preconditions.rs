//! Conditional requests: `If-Match`, `If-None-Match` and `If` with every method that writes.

use crate::world::{Answer, PERSONAL, World, card};

const HOME: &str = "/dav/homes/204.acme/";
const A: &str = "/dav/homes/204.acme/personal/a.vcf";

const PATCH: &str =
    "<propertyupdate xmlns='DAV:'><set><prop><x xmlns='urn:x'>1</x></prop></set></propertyupdate>";

async fn send(world: &World, request: &str, condition: &str) -> Answer {
    let (head, body) = request.split_once("\n\n").unwrap_or((request, ""));
    world.send("204", &format!("{head}\n{condition}\n\n{body}")).await
}

async fn status(world: &World, request: &str, condition: &str) -> u16 {
    send(world, request, condition).await.status.as_u16()
}

/// Each writing method, on a card that is there or to be made, and what it answers when it does it.
fn writes() -> Vec<(String, u16)> {
    let to = format!("Destination: {HOME}second/a.vcf");
    vec![
        (format!("PROPPATCH {A}\n\n{PATCH}"), 207),
        (format!("COPY {A}\n{to}"), 201),
        (format!("PUT {A}\n\n{}", card("a", "New")), 204),
        (format!("MOVE {A}\nDestination: {PERSONAL}b.vcf"), 201),
        (format!("DELETE {PERSONAL}b.vcf"), 204),
    ]
}

#[tokio::test]
async fn every_write_to_a_card_heeds_its_tag() {
    let world = World::new().await;
    world.put("a.vcf", &card("a", "A")).await;
    world.send("204", &format!("MKCOL {HOME}second/")).await;
    for (request, done) in writes() {
        let path = request.split_whitespace().nth(1).unwrap();
        let rows = world.propfind("204", path, 0, "<D:getetag/>").await;
        let etag = rows.rows[0].found("D:getetag").unwrap().to_owned();
        let token = world.token("204", "personal").await;
        for wrong in [
            "If-Match: \"other\"".to_owned(),
            format!("If-Match: W/{etag}"),
            "If-None-Match: *".to_owned(),
            format!("If-None-Match: {etag}"),
            "If: ([\"other\"])".to_owned(),
            format!("If: (Not [{etag}])"),
            format!("If: <{path}> ([\"other\"])"),
            format!("If: (<{token}>)"),
            format!("If: <{PERSONAL}> (<{token}x>)"),
            format!("If: <{HOME}people/> (<{token}>)"),
            format!("If: <{HOME}second/> (<{token}>)"),
            "If: <https://other.example/x> ([\"1\"])".to_owned(),
        ] {
            assert_eq!(status(&world, &request, &wrong).await, 412, "{request}\n{wrong}");
        }
        assert_eq!(status(&world, &request, "If: (").await, 400, "{request}");
        let right = format!(
            "If-Match: \"old\", {etag}\nIf-None-Match: \"old\"\n\
            If: <https://any.example{PERSONAL}> (<{token}>) <{path}> ([{etag}])"
        );
        assert_eq!(status(&world, &request, &right).await, done, "{request}");
    }
}

#[tokio::test]
async fn collections_are_there_or_not() {
    let world = World::new().await;
    let make = format!("MKCOL {HOME}new/");
    assert_eq!(status(&world, &make, "If-Match: *").await, 412);
    assert_eq!(status(&world, &make, "If: (<urn:x>)").await, 412);
    assert_eq!(status(&world, &make, "If: (Not <urn:x>)\nIf-None-Match: *").await, 201);
    let token = world.token("204", "new").await;
    let others = format!("If: (<{}>)", world.token("204", "personal").await);
    for (request, done) in [
        (format!("PROPPATCH {HOME}new/\n\n{PATCH}"), 207),
        (format!("PROPPATCH {HOME}\n\n{PATCH}"), 207),
        (format!("DELETE {HOME}new/"), 204),
    ] {
        for wrong in ["If-Match: \"1\"", "If-None-Match: *", "If: (<urn:x>)", "If: ([\"1\"])"] {
            assert_eq!(status(&world, &request, wrong).await, 412, "{request} {wrong}");
        }
        assert_eq!(status(&world, &request, &others).await, 412, "{request}: another book's token");
        let right = format!("If-Match: *\nIf-None-Match: \"1\"\nIf: <{HOME}new/> (<{token}>)");
        assert_eq!(status(&world, &request, &right).await, done, "{request}");
    }
}
