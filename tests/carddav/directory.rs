//! The directory: a book that is searched and never listed.

use ringbook::contact::Book;
use ringbook::contact::card::{CardBuilder, Field};
use ringbook::directory::{Edit, new_id};

use crate::world::{Answer, PERSONAL, World, card, draft};
use crate::xml::parse;

const DIRECTORY: &str = "/dav/directory/";

async fn search(world: &World, who: &str, rest: &str) -> Answer {
    let body = format!(
        "<C:addressbook-query xmlns='DAV:' xmlns:C='urn:ietf:params:xml:ns:carddav'>\
        <prop><getetag/><C:address-data/></prop>{rest}</C:addressbook-query>"
    );
    world.send(who, &format!("REPORT {DIRECTORY}\nDepth: 1\n\n{body}")).await
}

fn filter(name: &str, text: &str) -> String {
    format!(
        "<C:filter><C:prop-filter name='{name}'><C:text-match>{text}</C:text-match></C:prop-filter></C:filter>"
    )
}

#[tokio::test]
async fn the_principal_names_it() {
    let world = World::new().await;
    let rows =
        world.propfind("204", "/dav/principals/204.acme/", 0, "<C:directory-gateway/>").await;
    let href = format!("D:href({DIRECTORY})");
    assert_eq!(rows.rows[0].found("C:directory-gateway"), Some(href.as_str()));
    let others =
        world.propfind("204", "/dav/principals/205.acme/", 0, "<C:directory-gateway/>").await;
    assert!(others.rows[0].has(404, "C:directory-gateway"));
}

#[tokio::test]
async fn it_looks_empty_and_says_what_it_is() {
    let world = World::new().await;
    let props = "<D:resourcetype/><D:displayname/><D:supported-report-set/><CS:getctag/><D:sync-token/>\
        <D:current-user-privilege-set/>";
    for depth in [0, 1] {
        let rows = world.propfind("204", DIRECTORY, depth, props).await;
        assert_eq!(rows.hrefs(), [DIRECTORY], "depth {depth}");
        let row = &rows.rows[0];
        let kind = "D:collection C:addressbook C:directory";
        assert_eq!(row.found("D:resourcetype"), Some(kind));
        assert_eq!(row.found("D:displayname"), Some("Directory"));
        assert!(row.has(404, "CS:getctag") && row.has(404, "D:sync-token"));
        let reports = row.found("D:supported-report-set").unwrap();
        assert!(reports.contains("C:addressbook-query") && !reports.contains("sync-collection"));
        assert!(!row.found("D:current-user-privilege-set").unwrap().contains("D:write"));
    }
    let home = world.propfind("204", "/dav/homes/204.acme/", 1, "<D:resourcetype/>").await;
    assert!(!home.hrefs().contains(&DIRECTORY), "no home lists it");
    assert!(
        world.propfind("204", "/dav", 1, "").await.rows.iter().all(|row| row.href != DIRECTORY)
    );
}

#[tokio::test]
async fn people_and_shared_contacts_are_found_and_read() {
    let world = World::new().await;
    world.put("mine.vcf", &card("mine", "Ben of mine")).await;
    let ben = format!("{DIRECTORY}{}.vcf", world.user("205").id);
    let rows = search(&world, "204", &filter("FN", "ben")).await.rows();
    assert_eq!(rows.hrefs(), [&ben], "one's own contacts are on the device");
    let data = rows.rows[0].found("C:address-data").unwrap();
    assert!(data.contains("FN:Ben Brown") && !data.contains("+49 170"), "{data}");
    let read = world.send("204", &format!("GET {ben}")).await;
    assert_eq!(
        (read.text().as_str(), read.header("etag")),
        (data, rows.rows[0].found("D:getetag").unwrap())
    );
    let shared = search(&world, "204", &filter("TEL", "+49 30 123")).await.rows();
    assert_eq!(shared.hrefs(), ["/dav/directory/00000000-0000-4000-8000-000000000001.vcf"]);
    let hidden = search(&world, "204", &filter("TEL", "+49 170 205")).await.rows();
    assert_eq!(hidden.rows.len(), 0);
    let again = format!(
        "REPORT {DIRECTORY}\n\n<C:addressbook-multiget xmlns='DAV:' xmlns:C='urn:ietf:params:xml:ns:carddav'>\
        <prop><getetag/></prop><href>{ben}</href><href>{PERSONAL}mine.vcf</href></C:addressbook-multiget>"
    );
    let rows = world.send("204", &again).await.rows();
    assert_eq!(rows.rows[0].found("D:getetag"), Some(read.header("etag")));
    assert_eq!(rows.rows[1].status, Some(404), "of another book");
}

#[tokio::test]
async fn who_is_not_seen_is_not_in_the_directory() {
    let world = World::new().await;
    assert_eq!(search(&world, "200", &filter("FN", "dora")).await.rows().rows.len(), 0);
    let dora = world.user("206").id;
    world.put("mine.vcf", &card("mine", "Mine")).await;
    let mine = world.directory.snapshot();
    let own = Book::Personal(world.user("204").id);
    let mine = mine.by_name(&crate::world::acme(), own, "mine.vcf").unwrap().id;
    for (who, id) in [("204", dora), ("205", mine), ("204", mine)] {
        let answer = world.send(who, &format!("GET {DIRECTORY}{id}.vcf")).await;
        assert_eq!(answer.status, 404, "{who}");
    }
    for path in ["/dav/homes/@directory/", "/dav/homes/%40directory/all/", "/dav/directory/x/y"] {
        assert_eq!(world.send("204", &format!("GET {path}")).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn it_is_not_listed_by_any_report() {
    let world = World::new().await;
    for rest in ["", "<C:filter/>"] {
        let answer = search(&world, "204", rest).await;
        assert_eq!(answer.status, 403, "{rest}");
        assert!(parse(&answer.text()).child("C:supported-filter").is_some());
    }
    let sync = crate::world::sync_request(DIRECTORY, "", "");
    let answer = world.send("204", &sync).await;
    assert_eq!(answer.status, 403);
    assert!(parse(&answer.text()).child("D:supported-report").is_some());
}

#[tokio::test]
async fn it_is_read_only() {
    let world = World::new().await;
    let ben = format!("{DIRECTORY}{}.vcf", world.user("205").id);
    for (request, privilege) in [
        (format!("PUT {ben}"), "D:write-content"),
        (format!("PUT {DIRECTORY}new.vcf"), "D:bind"),
        (format!("DELETE {ben}"), "D:unbind"),
    ] {
        let answer = world.send("204", &format!("{request}\n\n{}", card("x", "X"))).await;
        assert_eq!(answer.status, 403, "{request}");
        let error = parse(&answer.text()).child("D:need-privileges").unwrap().value();
        assert!(error.contains(privilege), "{error}");
    }
}

#[tokio::test]
async fn an_answer_has_at_most_500_contacts() {
    let world = World::new().await;
    let contact = |at: usize| {
        let mut card = CardBuilder::default();
        card.push(Field::FormattedName, &format!("Contact {at:04}"));
        Edit::PutContact { id: new_id(), draft: draft(Book::Shared, card) }
    };
    world.commit((0..501).map(contact).collect()).await;
    let rows = search(&world, "204", &filter("FN", "contact")).await.rows();
    assert_eq!(rows.rows.len(), 501);
    assert_eq!((rows.rows[500].href.as_str(), rows.rows[500].status), (DIRECTORY, Some(507)));
    let limited = |limit: usize| {
        let limit = format!("<C:limit><C:nresults>{limit}</C:nresults></C:limit>");
        format!("{}{limit}", filter("FN", "contact"))
    };
    assert_eq!(search(&world, "204", &limited(3)).await.rows().rows.len(), 4);
    assert_eq!(search(&world, "204", &limited(9000)).await.rows().rows.len(), 501);
}
