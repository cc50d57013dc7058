//! The report `expand-property` (RFC 3253 3.8): hrefs and, in their place, what they name.

use crate::world::{Answer, PERSONAL, World, card};
use crate::xml::{Node, parse};

const HOME: &str = "/dav/homes/204.acme/";
const OWN: &str = "/dav/principals/204.acme/";

async fn expand(world: &World, path: &str, body: &str) -> Answer {
    let request = format!(
        "REPORT {path}\nDepth: 0\n\n<expand-property xmlns='DAV:'>{body}</expand-property>"
    );
    world.send("204", &request).await
}

fn property(name: &str, inside: &str) -> String {
    format!("<property name='{name}'>{inside}</property>")
}

fn of_carddav(name: &str, inside: &str) -> String {
    format!(
        "<property name='{name}' namespace='urn:ietf:params:xml:ns:carddav'>{inside}</property>"
    )
}

/// The properties that were found in a response.
fn found(response: &Node) -> &Node {
    let propstat = response.child("D:propstat").unwrap();
    assert_eq!(propstat.child("D:status").unwrap().text, "HTTP/1.1 200 OK");
    propstat.child("D:prop").unwrap()
}

#[tokio::test]
async fn hrefs_become_the_resources_that_they_name() {
    let world = World::new().await;
    let inside = format!("{}{}", property("displayname", ""), property("resourcetype", ""));
    let home = of_carddav("addressbook-home-set", &inside);
    let body =
        property("current-user-principal", &format!("{}{home}", property("displayname", "")));
    let answer = expand(&world, "/dav/", &body).await;
    assert_eq!(answer.status, 207);
    let root = parse(&answer.text());
    let top = root.child("D:response").unwrap();
    assert_eq!(top.child("D:href").unwrap().text, "/dav/");
    let user = found(top).child("D:current-user-principal").unwrap().child("D:response").unwrap();
    assert_eq!(user.child("D:href").unwrap().text, OWN);
    assert_eq!(found(user).child("D:displayname").unwrap().text, "Anna Adams");
    let home = found(user).child("C:addressbook-home-set").unwrap().child("D:response").unwrap();
    assert_eq!(home.child("D:href").unwrap().text, HOME);
    assert_eq!(found(home).child("D:resourcetype").unwrap().value(), "D:collection");
}

#[tokio::test]
async fn without_properties_inside_an_href_stays() {
    let world = World::new().await;
    let body = format!("{}{}", property("owner", ""), property("resource-id", &property("x", "")));
    let root = parse(&expand(&world, PERSONAL, &body).await.text());
    let found = found(root.child("D:response").unwrap());
    assert_eq!(found.child("D:owner").unwrap().value(), format!("D:href({OWN})"));
    let id = found.child("D:resource-id").unwrap().child("D:href").unwrap();
    assert!(id.text.starts_with("urn:ringbook:book:"), "what is no resource stays an href");
}

#[tokio::test]
async fn missing_properties_and_resources_are_told() {
    let world = World::new().await;
    world.put("a.vcf", &card("a", "A")).await;
    let me = format!(
        "<me-card xmlns='http://calendarserver.org/ns/'><href xmlns='DAV:'>{PERSONAL}a.vcf</href></me-card>"
    );
    let me = format!(
        "PROPPATCH {OWN}\n\n<propertyupdate xmlns='DAV:'><set><prop>{me}</prop></set></propertyupdate>"
    );
    world.send("204", &me).await.rows();
    let body = format!(
        "<property name='me-card' namespace='http://calendarserver.org/ns/'>{}{}</property>{}",
        property("getcontenttype", ""),
        property("sync-token", ""),
        property("none", &property("displayname", ""))
    );
    let root = parse(&expand(&world, OWN, &body).await.text());
    let response = root.child("D:response").unwrap();
    let missing = response.all("D:propstat").nth(1).unwrap();
    assert_eq!(missing.child("D:prop").unwrap().value(), "D:none");
    assert_eq!(missing.child("D:status").unwrap().text, "HTTP/1.1 404 Not Found");
    let card = found(response).child("CS:me-card").unwrap().child("D:response").unwrap();
    assert_eq!(found(card).child("D:getcontenttype").unwrap().text, "text/vcard; charset=utf-8");
    assert_eq!(card.all("D:propstat").count(), 2);
    let minimal = format!(
        "REPORT {OWN}\nPrefer: return=minimal\n\n<expand-property xmlns='DAV:'>{body}</expand-property>"
    );
    let minimal = world.send("204", &minimal).await;
    assert_eq!(minimal.header("preference-applied"), "return=minimal");
    assert!(!minimal.text().contains("404"));
    world.send("204", &format!("DELETE {PERSONAL}a.vcf")).await;
    let root = parse(&expand(&world, OWN, &body).await.text());
    let gone = found(root.child("D:response").unwrap()).child("CS:me-card").unwrap();
    let gone = gone.child("D:response").unwrap();
    assert_eq!(gone.child("D:status").unwrap().text, "HTTP/1.1 404 Not Found");
}

#[tokio::test]
async fn it_has_limits() {
    let world = World::new().await;
    let many: String = (0..501).map(|_| property("owner", "")).collect();
    assert_eq!(expand(&world, PERSONAL, &many).await.status, 400);
    for bad in ["<property/>", "<property name='a b'/>", "<property name='&lt;x/&gt;'/>"] {
        assert_eq!(expand(&world, PERSONAL, bad).await.status, 400, "{bad}");
    }
    let mut nested = property("displayname", "");
    for _ in 0..40 {
        nested = property("current-user-principal", &nested);
    }
    let answer = expand(&world, "/dav/", &nested).await;
    assert_eq!(answer.status, 207);
    assert_eq!(answer.text().matches("Anna Adams").count(), 1);
    let many = format!(
        "<many xmlns='urn:x'>{}</many>",
        format!("<href xmlns='DAV:'>{HOME}</href>").repeat(40)
    );
    let many = format!(
        "PROPPATCH {HOME}\n\n<propertyupdate xmlns='DAV:'><set><prop>{many}</prop></set></propertyupdate>"
    );
    world.send("204", &many).await.rows();
    let many =
        |inside: &str| format!("<property name='many' namespace='urn:x'>{inside}</property>");
    let once = expand(&world, HOME, &many(&property("displayname", ""))).await;
    assert_eq!(once.text().matches("<displayname>").count(), 40);
    let squared = expand(&world, HOME, &many(&many(&property("displayname", "")))).await;
    assert_eq!(squared.status, 403, "1600 resources");
    assert!(parse(&squared.text()).child("D:number-of-matches-within-limits").is_some());
}

#[tokio::test]
async fn an_answer_is_not_a_thousand_times_the_question() {
    let world = World::new().await;
    let many = format!("<href xmlns='DAV:'>{HOME}</href>").repeat(300);
    let kept = format!(
        "<many xmlns='urn:x'>{many}</many><large xmlns='urn:x'>{}</large>",
        "x".repeat(15_000)
    );
    let kept = format!(
        "PROPPATCH {HOME}\n\n<propertyupdate xmlns='DAV:'><set><prop>{kept}</prop></set></propertyupdate>"
    );
    let kept = world.send("204", &kept).await.rows();
    assert!(kept.rows[0].has(200, "{urn:x}large"));
    let body = "<property name='many' namespace='urn:x'><property name='large' namespace='urn:x'/></property>";
    let answer = expand(&world, HOME, body).await;
    assert_eq!(answer.status, 403);
    assert!(parse(&answer.text()).child("D:number-of-matches-within-limits").is_some());
    let asked = "<large xmlns='urn:x'/>".repeat(2000);
    let rows = world.propfind("204", HOME, 0, &asked).await;
    assert_eq!(rows.rows[0].found("{urn:x}large").unwrap().len(), 15_000, "told once");
}
