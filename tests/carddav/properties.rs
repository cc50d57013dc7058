//! Every property of every kind of resource, and who has none of it.

use crate::company::path;
use crate::world::{PEOPLE, PERSONAL, World, card, propfind};
use crate::xml::parse;

const HOME: &str = "/dav/homes/204.acme/";
const CARD: &str = "/dav/homes/204.acme/personal/a.vcf";
const OWN: &str = "/dav/principals/204.acme/";

async fn world() -> World {
    let world = World::new().await;
    world.put("a.vcf", &card("a", "A")).await;
    world
}

/// The names that a PROPFIND of propname tells.
async fn names(world: &World, path: &str) -> Vec<String> {
    let body = "<propfind xmlns='DAV:'><propname/></propfind>";
    let rows = world.send("204", &format!("PROPFIND {path}\nDepth: 0\n\n{body}")).await.rows();
    assert!(
        rows.rows[0]
            .properties
            .iter()
            .all(|((status, _), value)| *status == 200 && value.is_empty())
    );
    rows.rows[0].properties.keys().map(|(_, name)| name.clone()).collect()
}

#[tokio::test]
async fn what_propname_tells_propfind_gives() {
    let world = world().await;
    for path in [
        "/",
        "/dav/",
        "/dav/principals/",
        OWN,
        "/dav/principals/205.acme/",
        "/dav/homes/",
        HOME,
        PERSONAL,
        PEOPLE,
        CARD,
    ] {
        let names = names(&world, path).await;
        for common in [
            "D:resourcetype",
            "D:current-user-principal",
            "D:principal-collection-set",
            "D:current-user-privilege-set",
            "D:supported-privilege-set",
            "D:acl",
            "D:acl-restrictions",
            "D:inherited-acl-set",
            "D:group",
            "D:supported-report-set",
        ] {
            assert!(names.contains(&common.to_owned()), "{path} {common}");
        }
        let props: String = names.iter().map(|name| format!("<{name}/>")).collect();
        let rows = world.propfind("204", path, 0, &props).await;
        for name in &names {
            assert!(rows.rows[0].found(name).is_some(), "{path} {name}");
        }
    }
}

#[tokio::test]
async fn a_book_tells_its_limits_and_ways() {
    let world = world().await;
    let props = "<C:supported-address-data/><C:supported-collation-set/><C:max-resource-size/>\
        <C:max-image-size/><D:resource-id/><D:creationdate/><D:sync-token/><CS:getctag/>\
        <D:quota-available-bytes/><D:quota-used-bytes/><D:getlastmodified/><D:getetag/>";
    let rows = world.propfind("204", PERSONAL, 0, props).await;
    let found = |property| rows.rows[0].found(property).unwrap();
    let collations =
        "C:supported-collation(i;ascii-casemap) C:supported-collation(i;unicode-casemap)";
    assert_eq!(found("C:supported-collation-set"), collations);
    assert_eq!(found("C:max-resource-size"), "10485760");
    assert_eq!(found("C:max-image-size"), "7340032");
    let id = world.user("204").id;
    assert_eq!(found("D:resource-id"), format!("D:href(urn:ringbook:book:{id}:personal)"));
    // Nothing is limited but single cards, and a book is no card.
    assert_eq!(found("D:quota-used-bytes"), card("a", "A").len().to_string());
    for none in ["D:quota-available-bytes", "D:getetag", "D:getlastmodified"] {
        assert!(rows.rows[0].has(404, none), "{none}");
    }
}

#[tokio::test]
async fn supported_address_data_names_both_versions() {
    let world = world().await;
    let body = propfind("<C:supported-address-data/>");
    let text = world.send("204", &format!("PROPFIND {PERSONAL}\nDepth: 0\n\n{body}")).await.text();
    let root = parse(&text);
    let propstat = root.children[0].child("D:propstat").unwrap();
    let supported = &propstat.child("D:prop").unwrap().children[0];
    let kinds: Vec<(&str, &str)> = supported
        .all("C:address-data-type")
        .map(|kind| (&*kind.attributes["content-type"], &*kind.attributes["version"]))
        .collect();
    assert_eq!(kinds, [("text/vcard", "3.0"), ("text/vcard", "4.0")]);
}

#[tokio::test]
async fn ids_are_each_resources_own() {
    let world = world().await;
    world.send("204", "MKCOL /dav/homes/204.acme/second/").await;
    let mut ids = Vec::new();
    for path in [PERSONAL, PEOPLE, "/dav/homes/204.acme/second/", CARD, OWN] {
        let rows = world.propfind("204", path, 0, "<D:resource-id/>").await;
        ids.push(rows.rows[0].found("D:resource-id").unwrap().to_owned());
    }
    let rows = world.propfind("205", &path("205", "people"), 0, "<D:resource-id/>").await;
    ids.push(rows.rows[0].found("D:resource-id").unwrap().to_owned());
    let mut unique = ids.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), ids.len(), "{ids:?}");
}

#[tokio::test]
async fn when_ones_own_things_were_made_is_told() {
    let world = world().await;
    let mut user = world.user("204");
    user.created = ringbook::contact::Timestamp(1_600_000_000);
    world.commit(vec![ringbook::directory::Edit::PutUser(user)]).await;
    for path in [OWN, HOME, PERSONAL, "/dav/homes/204.acme/favorites/"] {
        let rows = world.propfind("204", path, 0, "<D:creationdate/>").await;
        assert_eq!(rows.rows[0].found("D:creationdate"), Some("2020-09-13T12:26:40Z"), "{path}");
    }
    let rows = world.propfind("204", PEOPLE, 0, "<D:creationdate/>").await;
    assert!(rows.rows[0].has(404, "D:creationdate"), "nobody noted that");
}

#[tokio::test]
async fn each_resource_names_the_reports_that_it_answers() {
    let world = world().await;
    let everywhere = [
        "D:expand-property",
        "D:acl-principal-prop-set",
        "D:principal-match",
        "D:principal-property-search",
    ];
    let of_cards = ["C:addressbook-multiget"];
    let of_books = ["D:sync-collection", "C:addressbook-multiget"];
    for (path, more) in [
        ("/", &[][..]),
        ("/dav/", &[]),
        ("/dav/principals/", &["D:principal-search-property-set"]),
        (OWN, &[]),
        (HOME, &[]),
        (PERSONAL, &of_books),
        (PEOPLE, &of_books),
        (CARD, &of_cards),
    ] {
        let rows = world.propfind("204", path, 0, "<D:supported-report-set/>").await;
        let told = rows.rows[0].found("D:supported-report-set").unwrap();
        for name in everywhere.iter().chain(more) {
            let report = format!("D:supported-report(D:report({name}))");
            assert!(told.contains(&report), "{path} {name} {told}");
        }
        if path != "/dav/principals/" {
            assert!(!told.contains("principal-search-property-set"), "{path}");
        }
        assert_eq!(told.contains("sync-collection"), more == of_books, "{path}");
    }
    let odd = "<odd xmlns='urn:x'/>";
    for path in ["/dav/", PERSONAL, HOME] {
        let answer = world.send("204", &format!("REPORT {path}\n\n{odd}")).await;
        assert_eq!(answer.status, 403, "{path}");
        assert!(parse(&answer.text()).child("D:supported-report").is_some(), "{path}");
    }
}

#[tokio::test]
async fn what_was_found_comes_first() {
    let world = world().await;
    let body = propfind("<x xmlns='urn:x'/><D:getetag/><D:displayname/>");
    let text = world.send("204", &format!("PROPFIND {CARD}\nDepth: 0\n\n{body}")).await.text();
    let root = parse(&text);
    let statuses: Vec<&str> = root.children[0]
        .all("D:propstat")
        .map(|propstat| propstat.child("D:status").unwrap().text.as_str())
        .collect();
    assert_eq!(statuses, ["HTTP/1.1 200 OK", "HTTP/1.1 404 Not Found"]);
}

#[tokio::test]
async fn depth_is_told_and_finite() {
    let world = world().await;
    for path in ["/", "/dav/", OWN, HOME, PERSONAL, CARD] {
        for depth in ["", "Depth: infinity", "Depth: Infinity"] {
            let answer = world.send("204", &format!("PROPFIND {path}\n{depth}")).await;
            assert_eq!(answer.status, 403, "{path} {depth}");
            let error = parse(&answer.text());
            assert!(error.child("D:propfind-finite-depth").is_some());
        }
        assert_eq!(world.send("204", &format!("PROPFIND {path}\nDepth: 2")).await.status, 400);
    }
}

#[tokio::test]
async fn who_prefers_less_gets_less() {
    let world = world().await;
    let body = propfind("<D:getetag/><D:none/><x xmlns='urn:x'/>");
    for (headers, applied, rows) in [
        ("Prefer: return=minimal", "return=minimal", 2),
        ("Brief: t", "return=minimal", 2),
        ("Prefer: depth-noroot", "depth-noroot", 1),
        ("Prefer: return=minimal, depth-noroot", "return=minimal, depth-noroot", 1),
        ("Prefer: depth-noroot\nPrefer: return=minimal", "return=minimal, depth-noroot", 1),
    ] {
        let request = format!("PROPFIND {PERSONAL}\nDepth: 1\n{headers}\n\n{body}");
        let answer = world.send("204", &request).await;
        assert_eq!(answer.header("preference-applied"), applied);
        let told = answer.rows();
        assert_eq!(told.rows.len(), rows, "{headers}");
        let card = told.row(CARD);
        assert!(card.found("D:getetag").is_some());
        assert_eq!(card.has(404, "D:none"), !applied.contains("minimal"), "{headers}");
    }
    let home = format!("PROPFIND {HOME}\nDepth: 1\nPrefer: depth-noroot\n\n{body}");
    assert!(!world.send("204", &home).await.rows().hrefs().contains(&HOME));
    let zero = format!("PROPFIND {HOME}\nDepth: 0\nPrefer: depth-noroot\n\n{body}");
    assert_eq!(world.send("204", &zero).await.rows().hrefs(), [HOME]);
}

#[tokio::test]
async fn a_home_tells_what_ones_own_contacts_take() {
    let world = world().await;
    world.send("204", "MKCOL /dav/homes/204.acme/clients/").await;
    let other = "/dav/homes/204.acme/clients/b.vcf";
    world.send("204", &format!("PUT {other}\n\n{}", card("b", "Berta"))).await;
    let used = async |path: &str| {
        let rows = world.propfind("204", path, 0, "<D:quota-used-bytes/>").await;
        rows.rows[0].found("D:quota-used-bytes").map(|text| text.parse::<usize>().unwrap())
    };
    let (a, b) = (card("a", "A").len(), card("b", "Berta").len());
    assert_eq!(used("/dav/homes/204.acme/clients/").await, Some(b));
    assert_eq!(used(HOME).await, Some(a + b));
    assert_eq!(used(PEOPLE).await, None, "it is not the user's");
    assert_eq!(used(OWN).await, None);
}
