//! The report addressbook-query: which cards a filter finds, how many, and what it may ask.

use std::sync::Arc;

use ringbook::contact::Book;
use ringbook::contact::card::{CardBuilder, Field};
use ringbook::directory::{Edit, new_id};
use ringbook::photo::portrait::portrait;

use crate::merged::CONTACTS;
use crate::world::{Answer, PEOPLE, PERSONAL, SHARED, World, card, draft};
use crate::xml::{Multistatus, parse};

const NAMESPACES: &str = "xmlns='DAV:' xmlns:C='urn:ietf:params:xml:ns:carddav'";

/// The body of a query for names and addresses; `rest` stands behind the properties.
fn query(rest: &str) -> String {
    format!(
        "<C:addressbook-query {NAMESPACES}><prop><getetag/><C:address-data><C:prop name='FN'/>\
        </C:address-data></prop>{rest}</C:addressbook-query>"
    )
}

fn filter(name: &str, attributes: &str, text: &str) -> String {
    format!(
        "<C:filter><C:prop-filter name='{name}'><C:text-match {attributes}>{text}</C:text-match>\
        </C:prop-filter></C:filter>"
    )
}

impl World {
    async fn query(&self, who: &str, path: &str, rest: &str) -> Answer {
        self.send(who, &format!("REPORT {path}\nDepth: 1\n\n{}", query(rest))).await
    }

    /// The full names that a query finds, in the order of the answer.
    async fn found(&self, who: &str, path: &str, rest: &str) -> Vec<String> {
        names(&self.query(who, path, rest).await.rows())
    }
}

fn names(rows: &Multistatus) -> Vec<String> {
    let cards = rows.rows.iter().filter_map(|row| row.found("C:address-data"));
    let names = cards.filter_map(|card| card.lines().find_map(|line| line.strip_prefix("FN:")));
    names.map(str::to_owned).collect()
}

#[tokio::test]
async fn an_empty_filter_and_none_find_everything() {
    let world = World::new().await;
    let everybody = ["Anna Adams", "Ben Brown", "Carla Clark"];
    for rest in ["<C:filter/>", "<C:filter test='allof'></C:filter>", ""] {
        assert_eq!(world.found("204", PEOPLE, rest).await, everybody, "{rest}");
    }
    let rows = world.query("204", PEOPLE, "").await.rows();
    let book = world.propfind("204", PEOPLE, 1, "<D:getetag/>").await;
    for row in &rows.rows {
        assert_eq!(row.found("D:getetag"), book.row(&row.href).found("D:getetag"));
    }
}

#[tokio::test]
async fn names_companies_and_addresses_are_found() {
    let world = World::new().await;
    for (name, attributes, text, found) in [
        ("FN", "", "ann", &["Anna Adams"][..]),
        ("FN", "match-type='starts-with'", "b", &["Ben Brown"]),
        ("N", "match-type='equals'", "clark", &["Carla Clark"]),
        ("N", "", "Adams;Anna", &["Anna Adams"]),
        (
            "EMAIL",
            "match-type='ends-with'",
            "@acme.example",
            &["Anna Adams", "Ben Brown", "Carla Clark"],
        ),
        (
            "EMAIL",
            "match-type='equals' collation='i;ascii-casemap'",
            "BEN@acme.example",
            &["Ben Brown"],
        ),
        ("EMAIL", "negate-condition='yes'", "ben", &["Anna Adams", "Carla Clark"]),
        ("NICKNAME", "", "ann", &[]),
        ("X-OTHER", "", "ann", &[]),
    ] {
        let rest = filter(name, attributes, text);
        assert_eq!(world.found("204", PEOPLE, &rest).await, found, "{rest}");
    }
    let company = filter("ORG", "match-type='starts-with'", "supplier &amp;");
    assert_eq!(world.found("204", SHARED, &company).await, ["Supplier & Sons"]);
}

#[tokio::test]
async fn numbers_are_found_however_they_are_written() {
    let world = World::new().await;
    for number in [
        "+49 30 12345",
        "004930",
        "030 123",
        "12345",
        "(030) 12345",
        "-49-30".trim_start_matches('-'),
    ] {
        let rest = filter("TEL", "", number);
        assert_eq!(world.found("204", SHARED, &rest).await, ["Supplier & Sons"], "{number}");
    }
    let equals = |number: &str| filter("TEL", "match-type='equals'", number);
    assert_eq!(world.found("204", SHARED, &equals("03012345")).await.len(), 1);
    assert_eq!(world.found("204", SHARED, &equals("3012345")).await.len(), 0);
}

/// As Linphone searches while somebody types: the same text in several properties.
#[tokio::test]
async fn a_text_is_looked_for_in_several_properties() {
    let world = World::new().await;
    let anywhere = |text: &str| {
        let one = |name| {
            format!(
                "<C:prop-filter name='{name}'><C:text-match negate-condition='no' match-type='contains'>{text}\
                </C:text-match></C:prop-filter>"
            )
        };
        format!("<C:filter>{}</C:filter>", ["FN", "IMPP", "TEL", "EMAIL", "ORG"].map(one).concat())
    };
    assert_eq!(world.found("204", PEOPLE, &anywhere("ben@")).await, ["Ben Brown"]);
    assert_eq!(world.found("204", PEOPLE, &anywhere("205")).await, ["Ben Brown"]);
    assert_eq!(world.found("204", PEOPLE, &anywhere("zz")).await, [""; 0]);
    let all = anywhere("ben").replace("<C:filter>", "<C:filter test='allof'>");
    assert_eq!(world.found("204", PEOPLE, &all).await, [""; 0]);
}

#[tokio::test]
async fn hidden_numbers_find_nobody() {
    let world = World::new().await;
    let mobile = filter("TEL", "", "+49 170 205");
    assert_eq!(world.found("204", PEOPLE, &mobile).await, [""; 0]);
    assert_eq!(world.found("205", "/dav/homes/205.acme/people/", &mobile).await, ["Ben Brown"]);
    assert_eq!(world.found("200", "/dav/homes/200.acme/people/", &mobile).await, ["Ben Brown"]);
    let cell = "<C:filter><C:prop-filter name='TEL'><C:param-filter name='TYPE'>\
        <C:text-match match-type='equals'>cell</C:text-match></C:param-filter></C:prop-filter></C:filter>";
    assert_eq!(world.found("204", PEOPLE, cell).await, ["Anna Adams"], "one's own is not hidden");
    let unlisted = filter("FN", "", "dora");
    assert_eq!(world.found("200", "/dav/homes/200.acme/people/", &unlisted).await, [""; 0]);
    let other = world.query("205", PEOPLE, &mobile).await;
    assert_eq!(other.status, 404);
}

#[tokio::test]
async fn cards_are_searched_as_clients_wrote_them() {
    let world = World::new().await;
    let odd = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:odd\r\nFN:Odd\r\nitem1.X-HOBBY;LANGUAGE=en:Chess\r\n\
        TEL;TYPE=WORK:0800 FLOWERS\r\nNOTE:long\r\n er\r\nPHOTO;VALUE=uri:http://x.example/p.jpg\r\nEND:VCARD\r\n";
    world.put("odd.vcf", odd).await;
    world.put("plain.vcf", &card("plain", "Plain")).await;
    for (rest, found) in [
        (filter("X-HOBBY", "", "chess"), &["Odd"][..]),
        (filter("item1.X-HOBBY", "", "chess"), &["Odd"]),
        (filter("item2.X-HOBBY", "", "chess"), &[]),
        (filter("TEL", "", "flowers"), &["Odd"]),
        (filter("NOTE", "match-type='equals'", "longer"), &["Odd"]),
        ("<C:filter><C:prop-filter name='PHOTO'/></C:filter>".into(), &["Odd"]),
        ("<C:filter><C:prop-filter name='PHOTO'><C:is-not-defined/></C:prop-filter></C:filter>".into(), &["Plain"]),
        (
            "<C:filter><C:prop-filter name='X-HOBBY'><C:param-filter name='language'/></C:prop-filter></C:filter>".into(),
            &["Odd"],
        ),
    ] {
        assert_eq!(world.found("204", PERSONAL, &rest).await, found, "{rest}");
    }
}

#[tokio::test]
async fn large_cards_are_searched_too() {
    let world = World::new().await;
    let large = |name: &str, behind: &str| {
        let note = "x".repeat(9000);
        format!(
            "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{name}\r\nFN:{name}\r\nNOTE:{note}{behind}\r\nEND:VCARD\r\n"
        )
    };
    world.put("a.vcf", &large("Aaa", "needle")).await;
    world.put("b.vcf", &large("Bbb", "hay")).await;
    assert_eq!(world.found("204", PERSONAL, &filter("NOTE", "", "needle")).await, ["Aaa"]);
    assert_eq!(world.found("204", PERSONAL, &filter("FN", "", "bb")).await, ["Bbb"]);
}

#[tokio::test]
async fn a_limit_cuts_the_answer_and_says_so() {
    let world = World::new().await;
    let limited =
        |limit: usize| format!("<C:filter/><C:limit><C:nresults>{limit}</C:nresults></C:limit>");
    let answer = world.query("204", PEOPLE, &limited(2)).await;
    let rows = answer.rows();
    assert_eq!(names(&rows), ["Anna Adams", "Ben Brown"]);
    let last = rows.rows.last().unwrap();
    assert_eq!((last.href.as_str(), last.status), (PEOPLE, Some(507)));
    assert_eq!(last.error, "D:number-of-matches-within-limits");
    let enough = world.query("204", PEOPLE, &limited(3)).await.rows();
    assert_eq!((enough.rows.len(), names(&enough).len()), (3, 3), "as many as there are");
    for wrong in ["0", "-1", "many", ""] {
        let rest = format!("<C:filter/><C:limit><C:nresults>{wrong}</C:nresults></C:limit>");
        assert_eq!(world.query("204", PEOPLE, &rest).await.status, 400, "{wrong}");
    }
    assert_eq!(world.query("204", PEOPLE, "<C:filter/><C:limit/>").await.status, 400);
}

#[tokio::test]
async fn depth_says_what_is_searched() {
    let world = World::new().await;
    let rows = |path: String, depth: &'static str| {
        let world = &world;
        async move {
            let request = format!("REPORT {path}\n{depth}\n\n{}", query("<C:filter/>"));
            world.send("204", &request).await.rows().rows.len()
        }
    };
    assert_eq!(rows(PEOPLE.into(), "Depth: 1").await, 3);
    assert_eq!(rows(PEOPLE.into(), "Depth: infinity").await, 3);
    assert_eq!(rows(PEOPLE.into(), "").await, 3, "what all clients mean");
    assert_eq!(rows(PEOPLE.into(), "Depth: 0").await, 0, "a book is no card");
    let ben = format!("{PEOPLE}{}.vcf", world.user("205").id);
    assert_eq!(rows(ben.clone(), "Depth: 0").await, 1);
    let request = |name| format!("REPORT {ben}\nDepth: 0\n\n{}", query(&filter("FN", "", name)));
    assert_eq!(world.send("204", &request("ben")).await.rows().hrefs(), [&ben]);
    assert_eq!(world.send("204", &request("anna")).await.rows().rows.len(), 0);
    let home = format!("REPORT /dav/homes/204.acme/\nDepth: 1\n\n{}", query("<C:filter/>"));
    let answer = world.send("204", &home).await;
    assert_eq!(answer.status, 403);
    assert!(parse(&answer.text()).child("D:supported-report").is_some());
}

#[tokio::test]
async fn what_is_not_supported_is_named() {
    let world = World::new().await;
    let refused = |rest: String| {
        let world = &world;
        async move {
            let answer = world.query("204", PEOPLE, &rest).await;
            assert_eq!(answer.status, 403, "{rest}");
            answer.text()
        }
    };
    let text = refused(filter("FN", "collation='i;unknown'", "x")).await;
    assert!(parse(&text).child("C:supported-collation").is_some(), "{text}");
    let text = refused(filter("PHOTO", "", "x")).await;
    let error = parse(&text);
    let supported = error.child("C:supported-filter").unwrap();
    assert!(supported.child("C:prop-filter").is_some());
    assert!(text.contains("name='PHOTO'"), "{text}");
    let strange = "<C:filter><C:prop-filter name='TEL'><C:param-filter name='TYPE'><near/></C:param-filter></C:prop-filter></C:filter>";
    let text = refused(strange.into()).await;
    let error = parse(&text);
    assert!(error.child("C:supported-filter").unwrap().child("C:param-filter").is_some());
    assert_eq!(world.query("204", PEOPLE, "<C:filter/><C:filter/>").await.status, 400);
}

#[tokio::test]
async fn what_a_query_offers_is_told() {
    let world = World::new().await;
    let props = "<D:supported-report-set/><C:supported-collation-set/>";
    let rows = world.propfind("204", PEOPLE, 1, props).await;
    for row in &rows.rows {
        assert!(row.found("D:supported-report-set").unwrap().contains("C:addressbook-query"));
    }
    let collations = rows.rows[0].found("C:supported-collation-set").unwrap();
    let expected =
        "C:supported-collation(i;ascii-casemap) C:supported-collation(i;unicode-casemap)";
    assert_eq!(collations, expected);
}

#[tokio::test]
async fn a_book_of_many_is_searched_by_the_index() {
    let world = World::new().await;
    let card = |at: usize| {
        let mut card = CardBuilder::default();
        card.push(Field::FormattedName, &format!("Contact {at:04}"));
        card.push(Field::Work, &format!("+49 30 77{at:05}"));
        Edit::PutContact { id: new_id(), draft: draft(Book::Shared, card) }
    };
    world.commit((0..3000).map(card).collect()).await;
    let found = world.found("204", SHARED, &filter("TEL", "", "+49307702345")).await;
    assert_eq!(found, ["Contact 2345"]);
    // Nothing is known of notes: every card is looked at, and others have their turn meanwhile.
    assert_eq!(world.found("204", SHARED, &filter("NOTE", "", "x")).await, [""; 0]);
    let rest =
        format!("{}<C:limit><C:nresults>5</C:nresults></C:limit>", filter("FN", "", "contact"));
    let rows = world.query("204", SHARED, &rest).await.rows();
    assert_eq!((rows.rows.len(), rows.rows[5].status), (6, Some(507)));
    assert_eq!(names(&rows)[0], "Contact 0000");
}

#[tokio::test]
async fn photos_are_there_or_not_and_come_whole() {
    let world = World::new().await;
    let (id, picture) = (world.user("205").id, Arc::new(portrait(1).unwrap()));
    world.commit(vec![Edit::PutPhoto { id, picture: Some(picture) }]).await;
    let (there, absent) = ("<C:prop-filter name='PHOTO'/>", "<C:is-not-defined/>");
    let there = format!("<C:filter>{there}</C:filter>");
    assert_eq!(world.found("204", PEOPLE, &there).await, ["Ben Brown"]);
    let absent =
        format!("<C:filter><C:prop-filter name='PHOTO'>{absent}</C:prop-filter></C:filter>");
    assert_eq!(world.found("204", PEOPLE, &absent).await, ["Anna Adams", "Carla Clark"]);
    let whole = format!(
        "REPORT {PEOPLE}\nDepth: 1\n\n<C:addressbook-query {NAMESPACES}><prop><C:address-data/></prop>{}\
        </C:addressbook-query>",
        filter("FN", "", "ben")
    );
    let rows = world.send("204", &whole).await.rows();
    let read = world.send("204", &format!("GET {PEOPLE}{id}.vcf")).await;
    assert_eq!(rows.rows[0].found("C:address-data"), Some(read.text().as_str()));
    assert!(read.text().contains("PHOTO;ENCODING=b;TYPE=JPEG:/9j/"));
}

/// The book of all contacts: what is hidden there is not found, and group cards are.
#[tokio::test]
async fn all_contacts_are_searched_as_the_book_shows_them() {
    let world = World::new().await;
    let ben = world.user("205").id;
    assert_eq!(world.found("204", CONTACTS, &filter("FN", "", "ben")).await, ["Ben Brown"]);
    world.put("ben.vcf", &card(&ben.to_string(), "Ben of mine")).await;
    assert_eq!(world.found("204", CONTACTS, &filter("FN", "", "ben")).await, ["Ben of mine"]);
    assert_eq!(world.found("204", CONTACTS, &filter("ORG", "", "supplier")).await.len(), 1);
    let book = world.propfind("204", CONTACTS, 1, "<D:getetag/>").await;
    let all = world.query("204", CONTACTS, "<C:filter/>").await.rows();
    assert_eq!(all.hrefs(), book.hrefs()[1..]);
    let groups = filter("X-ADDRESSBOOKSERVER-KIND", "match-type='equals'", "group");
    assert_eq!(world.found("204", CONTACTS, &groups).await, ["Favorites"]);
}

#[tokio::test]
async fn properties_that_are_missing_are_told() {
    let world = World::new().await;
    let body = format!(
        "<C:addressbook-query {NAMESPACES}><prop><getetag/><nonsense/></prop>{}</C:addressbook-query>",
        filter("FN", "", "ben")
    );
    let request = format!("REPORT {PEOPLE}\nDepth: 1\n\n{body}");
    let rows = world.send("204", &request).await.rows();
    assert!(rows.rows[0].has(404, "D:nonsense") && rows.rows[0].found("D:getetag").is_some());
    let brief = request.replace("Depth: 1\n", "Depth: 1\nBrief: t\n");
    assert!(!world.send("204", &brief).await.rows().rows[0].has(404, "D:nonsense"));
}
