//! Further personal books: MKCOL without and with a body, and DELETE.

use crate::world::{Answer, PERSONAL, World, card, sync_request};
use crate::xml::{Node, parse};

const HOME: &str = "/dav/homes/204.acme/";

fn body(properties: &str) -> String {
    format!(
        "<D:mkcol xmlns:D='DAV:' xmlns:C='urn:ietf:params:xml:ns:carddav' xmlns:X='urn:x'>\
        <D:set><D:prop>{properties}</D:prop></D:set></D:mkcol>"
    )
}

const BOOK: &str = "<D:resourcetype><D:collection/><C:addressbook/></D:resourcetype>";

async fn mkcol(world: &World, path: &str, properties: &str) -> Answer {
    world.send("204", &format!("MKCOL {path}\n\n{}", body(properties))).await
}

fn error(answer: &Answer) -> Node {
    let error = parse(&answer.text());
    assert_eq!(error.name, "D:error");
    error
}

async fn listed(world: &World) -> Vec<String> {
    let rows = world.propfind("204", HOME, 1, "<D:resourcetype/>").await;
    let hrefs = rows.hrefs().into_iter().skip(1);
    hrefs.map(|href| href.strip_prefix(HOME).unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_book_is_made_where_the_client_wants_it() {
    let world = World::new().await;
    for segment in [
        "friends",
        "0C7E1A60-5CBE-4A83-9C1E-2F3C5A9F6D11",
        "My%20%C3%9Cbungen",
        "personal-old",
        "a@b",
    ] {
        let path = format!("{HOME}{segment}/");
        let answer = world.send("204", &format!("MKCOL {path}")).await;
        assert_eq!((answer.status.as_u16(), answer.text().as_str()), (201, ""), "{segment}");
        let props = "<D:resourcetype/><D:displayname/><D:current-user-privilege-set/><D:owner/>";
        let rows = world.propfind("204", &path, 0, props).await;
        assert_eq!(rows.hrefs(), [path.as_str()]);
        assert_eq!(rows.rows[0].found("D:resourcetype"), Some("D:collection C:addressbook"));
        assert!(rows.rows[0].found("D:current-user-privilege-set").unwrap().contains("D:bind"));
        assert_eq!(rows.rows[0].found("D:owner"), Some("D:href(/dav/principals/204.acme/)"));
        let put = format!("PUT {path}a.vcf\n\n{}", card("a", "A"));
        assert_eq!(world.send("204", &put).await.status, 201, "{segment}");
        let members = world.propfind("204", &path, 1, "<D:getetag/>").await;
        assert_eq!(members.hrefs()[1], format!("{path}a.vcf"));
    }
    let found = listed(&world).await;
    assert_eq!(found[0], "personal/", "macOS reads the first book only");
    for segment in ["friends/", "0C7E1A60-5CBE-4A83-9C1E-2F3C5A9F6D11/", "My%20%C3%9Cbungen/"] {
        assert!(found.contains(&segment.to_owned()), "{segment} {found:?}");
    }
    let twice = world.send("204", &format!("MKCOL {HOME}friends")).await;
    assert_eq!(twice.status, 405);
    assert!(twice.header("allow").contains("DELETE"));
    let other = world.send("205", &format!("PROPFIND {HOME}friends/\nDepth: 0")).await;
    assert_eq!(other.status, 404);
    let own = world.send("205", "PROPFIND /dav/homes/205.acme/friends/\nDepth: 0").await;
    assert_eq!(own.status, 404);
}

#[tokio::test]
async fn properties_may_come_with_it_in_any_order() {
    let world = World::new().await;
    let name = "<D:displayname xml:lang='en'>Clients &amp; more</D:displayname>";
    let more = "<C:addressbook-description>All of them</C:addressbook-description><X:c>#f00</X:c>";
    for (path, properties) in
        [("one/", format!("{BOOK}{name}{more}")), ("two/", format!("{more}{name}{BOOK}"))]
    {
        let path = format!("{HOME}{path}");
        let answer = mkcol(&world, &path, &properties).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        let told = parse(&answer.text());
        assert_eq!(told.name, "D:mkcol-response");
        let propstat = told.child("D:propstat").unwrap();
        assert_eq!(propstat.child("D:status").unwrap().text, "HTTP/1.1 200 OK");
        assert!(propstat.child("D:prop").unwrap().child("D:displayname").is_some());
        let asked = "<D:displayname/><C:addressbook-description/><c xmlns='urn:x'/>";
        let rows = world.propfind("204", &path, 0, asked).await;
        assert_eq!(rows.rows[0].found("D:displayname"), Some("Clients & more"));
        assert_eq!(rows.rows[0].found("C:addressbook-description"), Some("All of them"));
        assert_eq!(rows.rows[0].found("{urn:x}c"), Some("#f00"));
    }
    let minimal = format!("MKCOL {HOME}three/\nPrefer: return=minimal\n\n{}", body(BOOK));
    let answer = world.send("204", &minimal).await;
    assert_eq!((answer.status.as_u16(), answer.text().as_str()), (201, ""));
    assert_eq!(answer.header("preference-applied"), "return=minimal");
}

#[tokio::test]
async fn the_other_doors_call_it_by_its_name() {
    let world = World::new().await;
    let path = format!("{HOME}one/");
    mkcol(&world, &path, &format!("{BOOK}<D:displayname>  Two\n words </D:displayname>")).await;
    let owner = world.user("204").id;
    let name = |world: &World| {
        let snapshot = world.directory.snapshot();
        snapshot.personal_books(owner).next().unwrap().name.to_string()
    };
    assert_eq!(name(&world), "Two words");
    let rename = |text: &str| {
        let body = format!(
            "<propertyupdate xmlns='DAV:'><set><prop><displayname>{text}</displayname></prop></set></propertyupdate>"
        );
        let request = format!("PROPPATCH {path}\n\n{body}");
        let world = &world;
        async move { world.send("204", &request).await.rows() }
    };
    rename("Other").await;
    assert_eq!(name(&world), "Other");
    let long = "x".repeat(200);
    rename(&long).await;
    assert_eq!(name(&world), "x".repeat(64));
    let rows = world.propfind("204", &path, 0, "<D:displayname/>").await;
    assert_eq!(rows.rows[0].found("D:displayname"), Some(long.as_str()), "CardDAV keeps it whole");
    let mut book = world.directory.snapshot().personal_books(owner).next().unwrap().clone();
    book.name = "From LDAP".into();
    world.commit(vec![ringbook::directory::Edit::PutPersonalBook(book)]).await;
    let rows = world.propfind("204", &path, 0, "<D:displayname/>").await;
    assert_eq!(rows.rows[0].found("D:displayname"), Some("From LDAP"));
    rename(" ").await;
    assert_eq!(name(&world), "one");
}

#[tokio::test]
async fn only_address_books_are_made() {
    let world = World::new().await;
    for wrong in [
        "<D:resourcetype><D:collection/></D:resourcetype>",
        "<D:resourcetype><D:collection/><C:addressbook/><X:odd/></D:resourcetype>",
        "<D:resourcetype/>",
    ] {
        let properties = format!("<D:displayname>x</D:displayname>{wrong}");
        let answer = mkcol(&world, &format!("{HOME}new/"), &properties).await;
        assert_eq!(answer.status, 403, "{wrong}");
        let told = parse(&answer.text());
        assert_eq!(told.name, "D:mkcol-response");
        let propstats: Vec<&Node> = told.all("D:propstat").collect();
        assert_eq!(propstats[0].child("D:prop").unwrap().value(), "D:resourcetype");
        assert_eq!(propstats[0].child("D:status").unwrap().text, "HTTP/1.1 403 Forbidden");
        assert_eq!(propstats[0].child("D:error").unwrap().value(), "D:valid-resourcetype");
        assert_eq!(propstats[1].child("D:prop").unwrap().value(), "D:displayname");
        assert_eq!(propstats[1].child("D:status").unwrap().text, "HTTP/1.1 424 Failed Dependency");
    }
    let untold = mkcol(&world, &format!("{HOME}new/"), "<D:displayname>x</D:displayname>").await;
    assert_eq!(untold.status, 403);
    assert!(error(&untold).child("D:valid-resourcetype").is_some());
    let answer = mkcol(&world, &format!("{HOME}new/"), &format!("{BOOK}<D:getetag/>")).await;
    let told = parse(&answer.text());
    let refused = told.child("D:propstat").unwrap();
    assert_eq!(refused.child("D:error").unwrap().value(), "D:cannot-modify-protected-property");
    let large = format!("{BOOK}<X:a>{}</X:a>", "x".repeat(20_000));
    assert_eq!(mkcol(&world, &format!("{HOME}new/"), &large).await.status, 507);
    let found = world.send("204", &format!("PROPFIND {HOME}new/\nDepth: 0")).await;
    assert_eq!(found.status, 404, "a failure makes nothing");
}

#[tokio::test]
async fn bodies_of_other_kinds_are_refused() {
    let world = World::new().await;
    for (body, status) in [
        ("<propfind xmlns='DAV:'/>", 415),
        ("<mkcol/>", 415),
        ("<mkcol xmlns='DAV:'", 400),
        ("BEGIN:VCARD", 400),
    ] {
        let answer = world.send("204", &format!("MKCOL {HOME}new/\n\n{body}")).await;
        assert_eq!(answer.status.as_u16(), status, "{body}");
    }
    for (kind, body, status) in [
        ("text/vcard", "BEGIN:VCARD".to_owned(), 415),
        ("xzy-foo/bar-512", body(BOOK), 415),
        ("xzy-foo/bar-512", String::new(), 201),
        ("text/xml; charset=utf-8", body(BOOK), 405),
    ] {
        let request = format!("MKCOL {HOME}new/\nContent-Type: {kind}\n\n{body}");
        assert_eq!(world.send("204", &request).await.status.as_u16(), status, "{kind} {body}");
    }
}

#[tokio::test]
async fn books_are_made_at_home_only() {
    let world = World::new().await;
    for path in [
        "/dav/new/",
        "/new/",
        "/dav/principals/new/",
        "/dav/homes/new/",
        &format!("{PERSONAL}inside/"),
        &format!("{HOME}department-new/"),
        &format!("{HOME}status-busy/"),
        &format!("{HOME}shared-new/"),
    ] {
        let answer = world.send("204", &format!("MKCOL {path}")).await;
        assert_eq!(answer.status, 403, "{path}");
        assert!(error(&answer).child("C:addressbook-collection-location-ok").is_some(), "{path}");
    }
    for path in ["/dav/homes/205.acme/new/", "/none/new/", &format!("{HOME}none/new/")] {
        let answer = world.send("204", &format!("MKCOL {path}")).await;
        assert_eq!(answer.status, 409, "{path}");
    }
    for path in [PERSONAL, HOME, "/dav/", "/dav/homes/204.acme/people/"] {
        let answer = world.send("204", &format!("MKCOL {path}")).await;
        assert_eq!(answer.status, 405, "{path}");
    }
}

#[tokio::test]
async fn a_user_has_a_limited_number_of_books() {
    let world = World::new().await;
    for at in 0..100 {
        let answer = world.send("204", &format!("MKCOL {HOME}b{at}/")).await;
        assert_eq!(answer.status, 201, "{at}");
    }
    let answer = world.send("204", &format!("MKCOL {HOME}one-more/")).await;
    assert_eq!(answer.status, 507);
}

#[tokio::test]
async fn a_book_goes_with_its_cards() {
    let world = World::new().await;
    let path = format!("{HOME}gone/");
    world.send("204", &format!("MKCOL {path}")).await;
    world.send("204", &format!("PUT {path}a.vcf\n\n{}", card("a", "A"))).await;
    let token = world.sync(&path, "", "").await.token;
    let delete = |extra: String| {
        let request = format!("DELETE {path}\n{extra}");
        let world = &world;
        async move { world.send("204", &request).await.status.as_u16() }
    };
    assert_eq!(delete("Depth: 0".into()).await, 400);
    assert_eq!(delete("If-Match: \"x\"".into()).await, 412);
    assert_eq!(delete("If: (<urn:other>)".into()).await, 412);
    assert_eq!(delete(format!("If: <{PERSONAL}> (<{token}>)")).await, 412);
    assert_eq!(delete(format!("If: <{path}> (<{token}>)\nIf-Match: *")).await, 204);
    assert_eq!(delete(String::new()).await, 404);
    assert_eq!(world.send("204", &format!("GET {path}a.vcf")).await.status, 404);
    assert!(!listed(&world).await.contains(&"gone/".to_owned()));
    world.send("204", &format!("MKCOL {path}")).await;
    assert_eq!(world.propfind("204", &path, 1, "<D:getetag/>").await.rows.len(), 1);
    let again = world.send("204", &sync_request(&path, &token, "")).await.rows();
    assert!(again.rows.iter().all(|row| row.status == Some(404)), "{again:?}");
}

#[tokio::test]
async fn no_other_collection_goes() {
    let world = World::new().await;
    for path in ["/", "/dav/", HOME, PERSONAL, "/dav/homes/204.acme/people/", "/dav/principals/"] {
        let answer = world.send("204", &format!("DELETE {path}")).await;
        assert_eq!(answer.status, 403, "{path}");
        let expected = format!("D:resource(D:href({HOME}) D:privilege(D:unbind))");
        assert_eq!(error(&answer).child("D:need-privileges").unwrap().value(), expected);
    }
}
