//! PROPPATCH: what users keep of their books, cards, home and principal, and what they may not.

use crate::world::{Answer, PEOPLE, PERSONAL, SHARED, World, card, propfind};
use crate::xml::{Node, parse};

const HOME: &str = "/dav/homes/204.acme/";
const PRINCIPAL: &str = "/dav/principals/204.acme/";
const ICAL: &str = "{http://apple.com/ns/ical/}";

async fn patch(world: &World, who: &str, path: &str, steps: &str) -> Answer {
    let body = format!(
        "<D:propertyupdate xmlns:D='DAV:' xmlns:C='urn:ietf:params:xml:ns:carddav' \
        xmlns:CS='http://calendarserver.org/ns/' xmlns:X='urn:x' \
        xmlns:I='http://apple.com/ns/ical/'>{steps}</D:propertyupdate>"
    );
    world.send(who, &format!("PROPPATCH {path}\n\n{body}")).await
}

fn set(properties: &str) -> String {
    format!("<D:set><D:prop>{properties}</D:prop></D:set>")
}

/// The element of a property, as a PROPFIND gives it.
async fn element(world: &World, path: &str, name: &str) -> Option<Node> {
    let (namespace, local) = name.trim_start_matches('{').split_once('}').unwrap();
    let body = propfind(&format!("<{local} xmlns='{namespace}'/>"));
    let answer = world.send("204", &format!("PROPFIND {path}\nDepth: 0\n\n{body}")).await;
    assert_eq!(answer.status, 207, "{}", answer.text());
    let mut root = parse(&answer.text());
    let mut propstat = root.children.remove(0).children.remove(1);
    assert_eq!(propstat.name, "D:propstat");
    let found = propstat.children[1].text == "HTTP/1.1 200 OK";
    found.then(|| propstat.children.remove(0).children.remove(0))
}

#[tokio::test]
async fn properties_are_kept_and_given_back() {
    let world = World::new().await;
    world.put("a.vcf", &card("a", "A")).await;
    let color = "<I:addressbook-color>#ff0000ff</I:addressbook-color>";
    for path in [HOME, PERSONAL, "/dav/homes/204.acme/personal/a.vcf"] {
        let rows = patch(&world, "204", path, &set(&format!("{color}<X:n>1</X:n>"))).await.rows();
        assert_eq!(rows.hrefs(), [path]);
        assert!(rows.rows[0].has(200, "{urn:x}n"), "{path}");
        assert!(rows.rows[0].has(200, &format!("{ICAL}addressbook-color")), "{path}");
        let asked =
            "<x:n xmlns:x='urn:x'/><i:addressbook-color xmlns:i='http://apple.com/ns/ical/'/>";
        let rows = world.propfind("204", path, 0, asked).await;
        assert_eq!(rows.rows[0].found("{urn:x}n"), Some("1"), "{path}");
        let color = rows.rows[0].found(&format!("{ICAL}addressbook-color"));
        assert_eq!(color, Some("#ff0000ff"), "{path}");
    }
    let rows = world.propfind("204", PERSONAL, 1, "<n xmlns='urn:x'/><D:getetag/>").await;
    let of_card = rows.row("/dav/homes/204.acme/personal/a.vcf");
    assert_eq!(of_card.found("{urn:x}n"), Some("1"));
    assert!(of_card.found("D:getetag").is_some());
    // Nobody else sees them.
    let rows =
        world.propfind("205", "/dav/homes/205.acme/personal/", 0, "<n xmlns='urn:x'/>").await;
    assert!(rows.rows[0].has(404, "{urn:x}n"));
}

#[tokio::test]
async fn values_come_back_as_xml() {
    let world = World::new().await;
    let value = "<X:deep xml:lang='de' a='&lt;1&gt;&#10;&quot;&apos;' Y:b='2' xmlns:Y='urn:y'>one\
        <inner xmlns=''>two<Y:c/> &amp; &lt;</inner> three <D:href>/x</D:href></X:deep>";
    patch(&world, "204", PERSONAL, &set(value)).await.rows();
    let deep = element(&world, PERSONAL, "{urn:x}deep").await.unwrap();
    let attribute = |name: &str| deep.attributes.get(name).map(String::as_str);
    assert_eq!(attribute("xml:lang"), Some("de"));
    assert_eq!(attribute("a"), Some("<1>\n\"'"));
    assert_eq!(attribute("{urn:y}b"), Some("2"));
    assert_eq!(deep.text, "one three ");
    let names: Vec<&str> = deep.children.iter().map(|child| child.name.as_str()).collect();
    assert_eq!(names, ["inner", "D:href"]);
    assert_eq!(deep.children[0].text, "two & <");
    assert_eq!(deep.children[0].children[0].name, "{urn:y}c");
    // The text stands where it stood.
    let body = propfind("<deep xmlns='urn:x'/>");
    let text = world.send("204", &format!("PROPFIND {PERSONAL}\nDepth: 0\n\n{body}")).await.text();
    assert!(text.contains(">one<inner"), "{text}");
    assert!(text.contains("</inner> three <"), "{text}");
}

#[tokio::test]
async fn the_language_that_was_told_around_a_value_is_kept() {
    let world = World::new().await;
    let steps =
        "<D:set xml:lang='fr'><D:prop><X:a>un</X:a><X:b xml:lang='en'>one</X:b></D:prop></D:set>";
    patch(&world, "204", PERSONAL, steps).await.rows();
    for (name, language) in [("{urn:x}a", "fr"), ("{urn:x}b", "en")] {
        let found = element(&world, PERSONAL, name).await.unwrap();
        assert_eq!(found.attributes["xml:lang"], language);
    }
}

#[tokio::test]
async fn names_and_descriptions_are_the_users() {
    let world = World::new().await;
    let described = set("<D:displayname>Mine &lt;- &amp; ]]&gt;</D:displayname>\
        <C:addressbook-description xml:lang='en'>All I know</C:addressbook-description>");
    patch(&world, "204", PERSONAL, &described).await.rows();
    let asked = "<D:displayname/><C:addressbook-description/>";
    let rows = world.propfind("204", PERSONAL, 0, asked).await;
    assert_eq!(rows.rows[0].found("D:displayname"), Some("Mine <- & ]]>"));
    assert_eq!(rows.rows[0].found("C:addressbook-description"), Some("All I know"));
    let removed = "<D:remove><D:prop><D:displayname/></D:prop></D:remove>";
    patch(&world, "204", PERSONAL, removed).await.rows();
    let rows = world.propfind("204", PERSONAL, 0, asked).await;
    assert_eq!(rows.rows[0].found("D:displayname"), Some("Personal contacts"));
}

#[tokio::test]
async fn steps_are_done_in_their_order() {
    let world = World::new().await;
    let steps = format!(
        "{}<D:remove><D:prop><X:a/><X:never/></D:prop></D:remove>{}",
        set("<X:a>1</X:a><X:b>1</X:b>"),
        set("<X:b>2</X:b>")
    );
    let rows = patch(&world, "204", PERSONAL, &steps).await.rows();
    for name in ["{urn:x}a", "{urn:x}b", "{urn:x}never"] {
        assert!(rows.rows[0].has(200, name), "{name}: what is not there can be removed");
    }
    assert!(element(&world, PERSONAL, "{urn:x}a").await.is_none());
    assert_eq!(element(&world, PERSONAL, "{urn:x}b").await.unwrap().text, "2");
}

#[tokio::test]
async fn all_is_done_or_nothing() {
    let world = World::new().await;
    let steps = set("<X:a>1</X:a><D:resourcetype><D:collection/></D:resourcetype>\
        <D:getetag>\"1\"</D:getetag><D:displayname>x</D:displayname>");
    let answer = patch(&world, "204", PERSONAL, &steps).await;
    let rows = answer.rows();
    for (status, property) in
        [(424, "{urn:x}a"), (403, "D:resourcetype"), (403, "D:getetag"), (424, "D:displayname")]
    {
        assert!(rows.rows[0].has(status, property), "{property} {}", answer.text());
    }
    let response = parse(&answer.text()).children.remove(0);
    let refused = response.all("D:propstat").next().unwrap();
    assert_eq!(refused.child("D:error").unwrap().value(), "D:cannot-modify-protected-property");
    assert!(element(&world, PERSONAL, "{urn:x}a").await.is_none());
    let rows = world.propfind("204", PERSONAL, 0, "<D:displayname/><D:resourcetype/>").await;
    assert_eq!(rows.rows[0].found("D:displayname"), Some("Personal contacts"));
    assert_eq!(rows.rows[0].found("D:resourcetype"), Some("D:collection C:addressbook"));
}

#[tokio::test]
async fn what_the_server_computes_is_protected() {
    let world = World::new().await;
    for property in [
        "D:sync-token",
        "CS:getctag",
        "D:owner",
        "D:acl",
        "D:current-user-privilege-set",
        "D:getlastmodified",
        "D:creationdate",
        "D:supported-report-set",
        "D:resource-id",
        "D:lockdiscovery",
        "D:quota-used-bytes",
        "C:max-resource-size",
        "C:supported-address-data",
        "C:address-data",
    ] {
        let rows =
            patch(&world, "204", PERSONAL, &set(&format!("<{property}>x</{property}>"))).await;
        assert!(rows.rows().rows[0].has(403, property), "{property}");
    }
}

#[tokio::test]
async fn the_users_card_is_remembered_at_home_and_principal() {
    let world = World::new().await;
    let me =
        |card: &str| set(&format!("<CS:me-card><D:href>{PERSONAL}{card}</D:href></CS:me-card>"));
    patch(&world, "204", PRINCIPAL, &me("a.vcf")).await.rows();
    for path in [PRINCIPAL, HOME] {
        let rows = world.propfind("204", path, 0, "<CS:me-card/>").await;
        let expected = format!("D:href({PERSONAL}a.vcf)");
        assert_eq!(rows.rows[0].found("CS:me-card"), Some(expected.as_str()), "{path}");
    }
    patch(&world, "204", HOME, &me("b.vcf")).await.rows();
    let rows = world.propfind("204", PRINCIPAL, 0, "<CS:me-card/>").await;
    assert!(rows.rows[0].found("CS:me-card").unwrap().contains("b.vcf"));
    let rows =
        patch(&world, "204", PRINCIPAL, &set("<X:a/><D:displayname>x</D:displayname>")).await;
    let rows = rows.rows();
    assert!(rows.rows[0].has(403, "{urn:x}a") && rows.rows[0].has(403, "D:displayname"));
    patch(&world, "204", HOME, &set("<X:a>1</X:a>")).await.rows();
    let rows = world.propfind("204", PRINCIPAL, 0, "<a xmlns='urn:x'/>").await;
    assert!(rows.rows[0].has(404, "{urn:x}a"), "the home's own");
}

#[tokio::test]
async fn kept_properties_are_named_and_told_with_all() {
    let world = World::new().await;
    world.put("a.vcf", &card("a", "A")).await;
    let path = "/dav/homes/204.acme/personal/a.vcf";
    for path in [PERSONAL, path] {
        patch(&world, "204", path, &set("<X:a>1</X:a><D:displayname>N</D:displayname>"))
            .await
            .rows();
        let names = "<propfind xmlns='DAV:'><propname/></propfind>";
        let rows = world.send("204", &format!("PROPFIND {path}\nDepth: 0\n\n{names}")).await.rows();
        assert_eq!(rows.rows[0].found("{urn:x}a"), Some(""), "{path}");
        assert_eq!(rows.rows[0].found("D:displayname"), Some(""), "{path}");
        let rows = world.send("204", &format!("PROPFIND {path}\nDepth: 0")).await.rows();
        assert_eq!(rows.rows[0].found("{urn:x}a"), Some("1"), "{path}");
        assert_eq!(rows.rows[0].found("D:displayname"), Some("N"), "{path}");
        let include = "<propfind xmlns='DAV:'><allprop/><include><a xmlns='urn:x'/><owner/></include></propfind>";
        let rows =
            world.send("204", &format!("PROPFIND {path}\nDepth: 0\n\n{include}")).await.rows();
        assert_eq!(rows.rows[0].found("{urn:x}a"), Some("1"), "{path}");
        assert!(rows.rows[0].found("D:owner").is_some(), "{path}");
    }
}

#[tokio::test]
async fn who_may_only_read_keeps_nothing() {
    let world = World::new().await;
    let ben = format!("{PEOPLE}{}.vcf", world.user("205").id);
    let other = "/dav/principals/205.acme/";
    for path in [PEOPLE, SHARED, &ben, "/dav/homes/204.acme/favorites/", "/dav/", other] {
        let answer = patch(&world, "204", path, &set("<X:a/>")).await;
        assert_eq!(answer.status, 403, "{path}");
        let error = parse(&answer.text());
        let expected = format!("D:resource(D:href({path}) D:privilege(D:write-properties))");
        assert_eq!(error.child("D:need-privileges").unwrap().value(), expected);
    }
    let shared = "/dav/homes/200.acme/shared/";
    patch(&world, "200", shared, &set("<X:a>1</X:a>")).await.rows();
    let rows = world.propfind("204", SHARED, 0, "<a xmlns='urn:x'/>").await;
    assert!(rows.rows[0].has(404, "{urn:x}a"), "properties are their user's");
    let rows = world.propfind("200", shared, 0, "<a xmlns='urn:x'/>").await;
    assert_eq!(rows.rows[0].found("{urn:x}a"), Some("1"));
}

#[tokio::test]
async fn what_is_kept_has_limits() {
    let world = World::new().await;
    let value = |bytes: usize| set(&format!("<X:a>{}</X:a><X:b/>", "x".repeat(bytes)));
    patch(&world, "204", PERSONAL, &value(16_000)).await.rows();
    let deep = set(&format!("<X:b/><X:a>{}{}</X:a>", "<b>".repeat(40), "</b>".repeat(40)));
    let named = set(&format!("<X:b/><{0}/>", "n".repeat(501)));
    for steps in [value(20_000), deep] {
        let rows = patch(&world, "204", PERSONAL, &steps).await.rows();
        assert!(rows.rows[0].has(507, "{urn:x}a") && rows.rows[0].has(424, "{urn:x}b"));
    }
    let rows = patch(&world, "204", PERSONAL, &named).await.rows();
    assert!(rows.rows[0].has(507, &"n".repeat(501)));
    assert_eq!(element(&world, PERSONAL, "{urn:x}a").await.unwrap().text.len(), 16_000);
    let many = |from: usize, to: usize| {
        let all: String = (from..to).map(|n| format!("<X:p{n}/>")).collect();
        set(&all)
    };
    let rows = patch(&world, "204", PERSONAL, &many(0, 990)).await.rows();
    assert!(rows.rows[0].has(200, "{urn:x}p989"));
    let rows = patch(&world, "204", HOME, &many(0, 20)).await.rows();
    assert!(rows.rows[0].has(424, "{urn:x}p0") && rows.rows[0].has(507, "{urn:x}p19"));
    let rows = world.propfind("204", HOME, 0, "<p0 xmlns='urn:x'/>").await;
    assert!(rows.rows[0].has(404, "{urn:x}p0"));
    let answer = patch(&world, "204", PERSONAL, &many(0, 1001)).await;
    assert_eq!(answer.status, 400);
}

#[tokio::test]
async fn what_is_no_propertyupdate_is_bad() {
    let world = World::new().await;
    for body in ["", "<propfind xmlns='DAV:'/>", "<propertyupdate xmlns='DAV:'/>", "<x"] {
        let answer = world.send("204", &format!("PROPPATCH {PERSONAL}\n\n{body}")).await;
        assert_eq!(answer.status, 400, "{body}");
    }
    let none = patch(&world, "204", "/dav/homes/204.acme/none/", &set("<X:a/>")).await;
    assert_eq!(none.status, 404);
}

#[tokio::test]
async fn success_need_not_be_told() {
    let world = World::new().await;
    let body = |name: &str| {
        format!("<propertyupdate xmlns='DAV:'><set><prop><{name}/></prop></set></propertyupdate>")
    };
    let request =
        |name: &str| format!("PROPPATCH {PERSONAL}\nPrefer: return=minimal\n\n{}", body(name));
    let answer = world.send("204", &request("x")).await;
    assert_eq!((answer.status.as_u16(), answer.text().as_str()), (200, ""));
    assert_eq!(answer.header("preference-applied"), "return=minimal");
    let rows = world.send("204", &request("getetag")).await.rows();
    assert!(rows.rows[0].has(403, "D:getetag"));
}

#[tokio::test]
async fn what_was_kept_of_a_card_goes_with_it() {
    let world = World::new().await;
    world.put("a.vcf", &card("a", "A")).await;
    let path = "/dav/homes/204.acme/personal/a.vcf";
    patch(&world, "204", path, &set("<X:a>1</X:a>")).await.rows();
    world.put("a.vcf", &card("a", "B")).await;
    assert!(element(&world, path, "{urn:x}a").await.is_some(), "an edit keeps it");
    world.send("204", &format!("DELETE {path}")).await;
    world.put("a.vcf", &card("a", "A")).await;
    assert!(element(&world, path, "{urn:x}a").await.is_none());
}
