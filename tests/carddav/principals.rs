//! Principals: whom one sees, how they are searched, and reports that begin at them.

use ringbook::account::Role;
use ringbook::contact::Book;
use ringbook::contact::card::{CardBuilder, Field};
use ringbook::directory::{Edit, new_id};

use crate::world::{Answer, PERSONAL, World, account, acme, draft};
use crate::xml::parse;

const PRINCIPALS: &str = "/dav/principals/";
const OWN: &str = "/dav/principals/204.acme/";
const BEN: &str = "/dav/principals/205.acme/";

async fn report(world: &World, path: &str, headers: &str, name: &str, body: &str) -> Answer {
    let (open, close) = (name, name.split(' ').next().unwrap());
    let request = format!(
        "REPORT {path}\n{headers}\n\n<{open} xmlns='DAV:' xmlns:C='urn:ietf:params:xml:ns:carddav' \
        xmlns:CS='http://calendarserver.org/ns/'>{body}</{close}>"
    );
    world.send("204", &request).await
}

fn find(property: &str, text: &str) -> String {
    format!("<property-search><prop><{property}/></prop><match>{text}</match></property-search>")
}

const NAME: &str = "<prop><displayname/></prop>";

async fn search(world: &World, test: &str, terms: &str) -> Vec<String> {
    let name = format!("principal-property-search{test}");
    let answer = report(world, PRINCIPALS, "Depth: 0", &name, &format!("{terms}{NAME}")).await;
    let rows = answer.rows();
    rows.rows.iter().map(|row| row.found("D:displayname").unwrap().to_owned()).collect()
}

#[tokio::test]
async fn ones_own_principal_says_all_that_clients_look_for() {
    let world = World::new().await;
    let props = "<D:resourcetype/><D:displayname/><D:principal-URL/><D:alternate-URI-set/>\
        <D:group-member-set/><D:group-membership/><C:addressbook-home-set/><C:principal-address/>\
        <CS:email-address-set/><CS:first-name/><CS:last-name/><D:resource-id/><D:owner/>\
        <D:current-user-principal/><D:principal-collection-set/>";
    let rows = world.propfind("204", OWN, 0, props).await;
    let found = |property| rows.rows[0].found(property).unwrap();
    let id = world.user("204").id;
    assert_eq!(found("D:resourcetype"), "D:principal");
    assert_eq!(found("D:displayname"), "Anna Adams");
    assert_eq!(found("D:principal-URL"), format!("D:href({OWN})"));
    assert_eq!(found("D:current-user-principal"), format!("D:href({OWN})"));
    assert_eq!(found("D:principal-collection-set"), format!("D:href({PRINCIPALS})"));
    assert_eq!(found("C:addressbook-home-set"), "D:href(/dav/homes/204.acme/)");
    let card = format!("D:href(/dav/homes/204.acme/people/{id}.vcf)");
    assert_eq!(found("C:principal-address"), card);
    assert_eq!(found("CS:email-address-set"), "CS:email-address(anna@acme.example)");
    assert_eq!((found("CS:first-name"), found("CS:last-name")), ("Anna", "Adams"));
    assert_eq!(found("D:resource-id"), format!("D:href(urn:uuid:{id})"));
    for empty in ["D:alternate-URI-set", "D:group-member-set", "D:group-membership"] {
        assert_eq!(found(empty), "");
    }
}

#[tokio::test]
async fn a_colleague_is_seen_and_nothing_of_the_home() {
    let world = World::new().await;
    let props = "<D:displayname/><D:resourcetype/><C:addressbook-home-set/><CS:email-address-set/>\
        <D:principal-URL/><D:current-user-privilege-set/><C:principal-address/><D:creationdate/>";
    let rows = world.propfind("204", BEN, 0, props).await;
    let row = &rows.rows[0];
    assert_eq!(row.found("D:displayname"), Some("Ben Brown"));
    assert_eq!(row.found("D:resourcetype"), Some("D:principal"));
    assert_eq!(row.found("D:principal-URL"), Some(format!("D:href({BEN})").as_str()));
    assert_eq!(row.found("CS:email-address-set"), Some("CS:email-address(ben@acme.example)"));
    assert!(!row.found("D:current-user-privilege-set").unwrap().contains("write"));
    let ben = world.user("205").id;
    let card = format!("D:href(/dav/homes/204.acme/people/{ben}.vcf)");
    assert_eq!(row.found("C:principal-address"), Some(card.as_str()), "in the asker's home");
    assert!(row.has(404, "C:addressbook-home-set") && row.has(404, "D:creationdate"));
    for path in ["/dav/homes/205.acme/", "/dav/homes/205.acme/people/"] {
        let answer = world.send("204", &format!("PROPFIND {path}\nDepth: 0")).await;
        assert_eq!(answer.status, 404, "{path}");
    }
    let listed = world.propfind("204", PRINCIPALS, 1, "<D:displayname/>").await;
    assert_eq!(listed.hrefs(), [PRINCIPALS, OWN], "people are searched, not listed");
}

#[tokio::test]
async fn who_is_not_seen_as_a_person_is_no_principal() {
    let world = World::new().await;
    world.found_beta().await;
    for path in ["/dav/principals/206.acme/", "/dav/principals/300.beta/", "/dav/principals/x/"] {
        let answer = world.send("204", &format!("PROPFIND {path}\nDepth: 0")).await;
        assert_eq!(answer.status, 404, "{path}");
    }
    // An unlisted user sees herself, and has no card among the people.
    let own = "/dav/principals/206.acme/";
    let rows = world.propfind("206", own, 0, "<D:displayname/><C:principal-address/>").await;
    assert_eq!(rows.rows[0].found("D:displayname"), Some("Dora Dunn"));
    assert!(rows.rows[0].has(404, "C:principal-address"));
}

#[tokio::test]
async fn people_are_found_by_name_and_address() {
    let world = World::new().await;
    world.found_beta().await;
    assert_eq!(search(&world, "", &find("displayname", "BEN")).await, ["Ben Brown"]);
    assert_eq!(search(&world, "", &find("CS:first-name", "ar")).await, ["Carla Clark"]);
    assert_eq!(search(&world, "", &find("CS:last-name", "dams")).await, ["Anna Adams"]);
    let by_mail = find("CS:email-address-set", "carla@");
    assert_eq!(search(&world, "", &by_mail).await, ["Carla Clark"]);
    assert!(search(&world, "", &find("displayname", "Dora")).await.is_empty(), "not listed");
    assert!(search(&world, "", &find("displayname", "Zoe")).await.is_empty(), "of another company");
    assert!(search(&world, "", &find("C:addressbook-home-set", "204")).await.is_empty());
    let all = search(&world, "", &find("displayname", "")).await;
    assert_eq!(all, ["Anna Adams", "Ben Brown", "Carla Clark"]);
}

#[tokio::test]
async fn terms_hold_together_or_one_of_them_does() {
    let world = World::new().await;
    let both = format!("{}{}", find("CS:first-name", "Ben"), find("CS:last-name", "Clark"));
    assert!(search(&world, "", &both).await.is_empty());
    assert_eq!(search(&world, " test='anyof'", &both).await, ["Ben Brown", "Carla Clark"]);
    let one = "<property-search><prop><CS:first-name/><CS:last-name/></prop><match>b</match></property-search>";
    assert_eq!(search(&world, "", one).await, ["Ben Brown"]);
    for (kind, text, found) in [
        ("starts-with", "An", vec!["Anna"]),
        ("ends-with", "la", vec!["Carla"]),
        ("equals", "Be", vec![]),
        ("contains", "e", vec!["Ben"]),
    ] {
        let term =
            find("CS:first-name", text).replace("<match>", &format!("<match match-type='{kind}'>"));
        let names = search(&world, "", &term).await;
        let first: Vec<&str> = names.iter().map(|name| name.split(' ').next().unwrap()).collect();
        assert_eq!(first, found, "{kind}");
    }
}

#[tokio::test]
async fn a_search_is_of_the_principals_below_a_resource_or_of_all() {
    let world = World::new().await;
    let body = format!("{}{NAME}", find("displayname", "Ben"));
    let name = "principal-property-search";
    for (path, count) in
        [("/", 1), ("/dav/", 1), (PRINCIPALS, 1), (PERSONAL, 0), ("/dav/homes/", 0), (OWN, 0)]
    {
        let rows = report(&world, path, "", name, &body).await.rows();
        assert_eq!(rows.rows.len(), count, "{path}");
        let everywhere = format!("{body}<apply-to-principal-collection-set/>");
        let rows = report(&world, path, "", name, &everywhere).await.rows();
        assert_eq!(rows.hrefs(), [BEN], "{path}");
    }
    let untold = report(&world, PRINCIPALS, "", name, &find("displayname", "Ben")).await.rows();
    assert_eq!((untold.hrefs(), untold.rows[0].properties.len()), (vec![BEN], 0));
    for bad in [
        String::new(),
        "<property-search/>".into(),
        find("displayname", "x").repeat(21),
        format!("{body}{NAME}"),
    ] {
        let answer = report(&world, PRINCIPALS, "", name, &bad).await;
        assert_eq!(answer.status, 400, "{bad:.60}");
    }
}

#[tokio::test]
async fn the_searchable_properties_are_told() {
    let world = World::new().await;
    let name = "principal-search-property-set";
    let answer = report(&world, PRINCIPALS, "Depth: 0", name, "").await;
    assert_eq!(answer.status, 200);
    let set = parse(&answer.text());
    assert_eq!(set.name, "D:principal-search-property-set");
    let found: Vec<String> = set
        .all("D:principal-search-property")
        .map(|one| one.child("D:prop").unwrap().value())
        .collect();
    let expected = ["D:displayname", "CS:email-address-set", "CS:first-name", "CS:last-name"];
    assert_eq!(found, expected);
    let described = set.children[0].child("D:description").unwrap();
    assert_eq!((described.text.as_str(), &*described.attributes["xml:lang"]), ("Full name", "en"));
    let elsewhere = report(&world, "/dav/homes/204.acme/", "", name, "").await;
    assert_eq!(elsewhere.status, 403);
    assert!(parse(&elsewhere.text()).child("D:supported-report").is_some());
}

#[tokio::test]
async fn a_match_finds_oneself_or_what_is_ones_own() {
    let world = World::new().await;
    let own = format!("<self/>{NAME}");
    for path in ["/", "/dav/", PRINCIPALS, OWN] {
        let rows = report(&world, path, "", "principal-match", &own).await.rows();
        assert_eq!(rows.hrefs(), [OWN], "{path}");
        assert_eq!(rows.rows[0].found("D:displayname"), Some("Anna Adams"));
    }
    let rows = report(&world, BEN, "", "principal-match", &own).await.rows();
    assert!(rows.rows.is_empty());
    let owned = "<principal-property><owner/></principal-property>";
    let rows = report(&world, "/dav/homes/204.acme/", "", "principal-match", owned).await.rows();
    assert_eq!(rows.hrefs(), [PERSONAL]);
    let unknown = "<principal-property><x xmlns='urn:x'/></principal-property>";
    let rows = report(&world, "/dav/", "", "principal-match", unknown).await.rows();
    assert!(rows.rows.is_empty());
    for bad in ["", "<self/><prop/><prop/>", "<principal-property/>", &format!("<self/>{owned}")] {
        let answer = report(&world, PRINCIPALS, "", "principal-match", bad).await;
        assert_eq!(answer.status, 400, "{bad}");
    }
}

#[tokio::test]
async fn the_principals_of_an_acl_are_told() {
    let world = World::new().await;
    for path in [PERSONAL, "/dav/homes/204.acme/people/", "/dav/"] {
        let rows = report(&world, path, "", "acl-principal-prop-set", NAME).await.rows();
        assert_eq!(rows.hrefs(), [OWN], "{path}");
        assert_eq!(rows.rows[0].found("D:displayname"), Some("Anna Adams"));
    }
    for bad in ["", "<all/>", &format!("{NAME}{NAME}")] {
        let answer = report(&world, PERSONAL, "", "acl-principal-prop-set", bad).await;
        assert_eq!(answer.status, 400, "{bad}");
    }
}

#[tokio::test]
async fn these_reports_are_about_one_resource() {
    let world = World::new().await;
    for (name, body) in [
        ("principal-match", "<self/>"),
        ("principal-property-search", &*find("displayname", "x")),
        ("acl-principal-prop-set", NAME),
        ("principal-search-property-set", ""),
        ("expand-property", "<property name='displayname'/>"),
    ] {
        for depth in ["Depth: 1", "Depth: infinity"] {
            let answer = report(&world, PRINCIPALS, depth, name, body).await;
            assert_eq!(answer.status, 400, "{name} {depth}");
        }
        let answer = report(&world, "/dav/homes/205.acme/", "", name, body).await;
        assert_eq!(answer.status, 404, "{name}");
    }
}

#[tokio::test]
async fn many_are_not_told_at_once() {
    let world = World::new().await;
    let person = |at: u32| {
        let (id, mut card) = (new_id(), CardBuilder::default());
        card.push(Field::FormattedName, &format!("Eve E{at}"));
        card.push(Field::Extension, &at.to_string());
        let user = account(id, &acme(), &at.to_string(), Role::User);
        [Edit::PutContact { id, draft: draft(Book::People, card) }, Edit::PutUser(user)]
    };
    world.commit((1000..2000).flat_map(person).collect()).await;
    let body = format!("{}{NAME}", find("displayname", "Eve"));
    let rows = report(&world, PRINCIPALS, "", "principal-property-search", &body).await.rows();
    assert_eq!(rows.rows.len(), 1000);
    let all = format!("{}{NAME}", find("displayname", ""));
    let rows = report(&world, PRINCIPALS, "", "principal-property-search", &all).await.rows();
    assert_eq!(rows.rows.len(), 1001);
    let cut = rows.row(PRINCIPALS);
    assert_eq!((cut.status, &*cut.error), (Some(507), "D:number-of-matches-within-limits"));
    let long = format!("{}<prop><{}/></prop>", find("displayname", "Eve"), "n".repeat(16_000));
    let answer = report(&world, PRINCIPALS, "", "principal-property-search", &long).await;
    assert!(answer.body.len() < 9 << 20, "{} bytes", answer.body.len());
    assert_eq!(answer.rows().row(PRINCIPALS).status, Some(507));
}
