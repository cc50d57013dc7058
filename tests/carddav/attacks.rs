//! What one signed-in user may cost others: requests that would make the server work or hold much more
//! than they are; and what clients that keep a copy must not lose.

use ringbook::contact::card::Field;
use ringbook::directory::Edit;

use crate::merged::CONTACTS;
use crate::world::{PERSONAL, World, acme, card, propfind};

const HOME: &str = "/dav/homes/204.acme/";
/// What a body may have.
const BODY_BYTES_MAX: usize = 1 << 20;

/// As much of a text as a body holds.
fn repeated(text: &str) -> String {
    text.repeat((BODY_BYTES_MAX - 1000) / text.len())
}

#[tokio::test]
async fn a_property_that_is_named_twice_is_told_once() {
    let world = World::new().await;
    world.put("a.vcf", &card("a", "A")).await;
    let body = propfind(&repeated("<D:supported-privilege-set/>"));
    for path in [HOME, PERSONAL] {
        let answer = world.send("204", &format!("PROPFIND {path}\nDepth: 1\n\n{body}")).await;
        assert_eq!(answer.status, 207);
        assert!(answer.body.len() < 100_000, "{path}: {} bytes", answer.body.len());
    }
}

#[tokio::test]
async fn a_request_names_a_limited_number_of_properties() {
    let world = World::new().await;
    let many = |count: usize| -> String { (0..count).map(|n| format!("<a{n}/>")).collect() };
    let long = |bytes: usize| format!("<{}/>", "a".repeat(bytes));
    for (names, status) in
        [(many(1000), 207), (many(1001), 400), (long(10_000), 207), (long(20_000), 400)]
    {
        let answer =
            world.send("204", &format!("PROPFIND {HOME}\nDepth: 0\n\n{}", propfind(&names))).await;
        assert_eq!(answer.status, status, "{names:.20}");
        let search = format!(
            "REPORT /dav/principals/\n\n<principal-property-search xmlns='DAV:'><property-search>\
            <prop><displayname/></prop><match>a</match></property-search><prop>{names}</prop>\
            </principal-property-search>"
        );
        assert_eq!(world.send("204", &search).await.status, status, "{names:.20}");
    }
}

#[tokio::test]
async fn an_expansion_is_not_much_larger_than_other_answers() {
    let world = World::new().await;
    let hrefs = format!("<D:href xmlns:D='DAV:'>{HOME}</D:href>").repeat(300);
    let keep = format!(
        "PROPPATCH {HOME}\n\n<propertyupdate xmlns='DAV:'><set><prop><many xmlns='urn:x'>{hrefs}\
        </many></prop></set></propertyupdate>"
    );
    assert!(world.send("204", &keep).await.rows().rows[0].has(200, "{urn:x}many"));
    let long = format!("<property name='{}'/>", "a".repeat(900_000));
    let body = format!(
        "<expand-property xmlns='DAV:'><property name='many' namespace='urn:x'>{long}</property>\
        </expand-property>"
    );
    let answer = world.send("204", &format!("REPORT {HOME}\n\n{body}")).await;
    assert!(answer.body.len() < 20 << 20, "{} bytes", answer.body.len());
    assert_eq!(answer.status, 403);
}

#[tokio::test]
async fn a_long_namespace_is_not_kept_with_each_name_in_it() {
    let world = World::new().await;
    let body = |bytes: usize| {
        let namespace = "n".repeat(bytes);
        format!("<propfind xmlns='DAV:'><prop><a xmlns='{namespace}'/></prop></propfind>")
    };
    for (bytes, status) in [(500, 207), (501, 400)] {
        let answer =
            world.send("204", &format!("PROPFIND {HOME}\nDepth: 0\n\n{}", body(bytes))).await;
        assert_eq!(answer.status, status, "{bytes}");
    }
    let elements = format!("<propfind xmlns='DAV:'>{}</propfind>", repeated("<a/>"));
    let answer = world.send("204", &format!("PROPFIND {HOME}\nDepth: 0\n\n{elements}")).await;
    assert_eq!(answer.status, 400);
}

/// A property whose name or namespace would say something else where it is given back.
#[tokio::test]
async fn names_that_xml_does_not_have_are_refused() {
    let world = World::new().await;
    for property in [
        // The namespace of `xml:` under another prefix, and as the default: neither is declared again.
        "<x:a xmlns:x='http://www.w3.org/XML/1998/namesp&#97;ce'/>",
        "<href xmlns='http://www.w3.org/XML/1998/namesp&#97;ce'/>",
        "<a xmlns='http://www.w3.org/2000/xmlns&#47;'/>",
        "<xml:a/>",
        "<xmlns:a/>",
        // One attribute twice.
        "<a xmlns:x='urn:x' xmlns:y='urn:x' x:b='' y:b=''/>",
        // Letters and numbers for Unicode, but no characters of names (XML 1.0 2.3).
        "<\u{aa}/>",
        "<a\u{b2}/>",
        "<\u{24b6}/>",
    ] {
        let body = format!(
            "PROPPATCH {HOME}\n\n<propertyupdate xmlns='DAV:'><set><prop>{property}</prop></set>\
            </propertyupdate>"
        );
        assert_eq!(world.send("204", &body).await.status, 400, "{property}");
    }
    let answer = world.send("204", &format!("PROPFIND {HOME}\nDepth: 0")).await;
    assert!(!answer.text().contains("namesp"), "{}", answer.text());
}

/// A client that was away while a department was emptied and removed.
#[tokio::test]
async fn the_group_card_of_a_removed_department_is_gone() {
    let world = World::new().await;
    world.write_on_card("200", Field::Department, &["Sales"]).await;
    let record = world.directory.snapshot().groups(&acme()).next().unwrap().clone();
    let all = world.sync(CONTACTS, "", "").await;
    world.write_on_card("200", Field::Department, &[]).await;
    world.commit(vec![Edit::RemoveGroup(acme(), record.group)]).await;
    let now = world.sync(CONTACTS, "", "").await;
    let lost: Vec<&str> = all
        .rows
        .iter()
        .map(|row| &*row.href)
        .filter(|href| !now.rows.iter().any(|row| row.href == *href))
        .collect();
    assert_eq!(lost.len(), 1, "the group card");
    let changes = world.sync(CONTACTS, &all.token, "").await;
    assert_eq!(changes.row(lost[0]).status, Some(404));
}

/// What clients that keep a copy must not lose, though it is odd.
#[tokio::test]
async fn odd_names_are_told_as_they_are_asked_and_no_two_are_one() {
    let world = World::new().await;
    let names =
        ["a%20b.vcf", "%C3%BC.vcf", "u%CC%88.vcf", "a%2Bb%26c.vcf", "%3Ca%3E.vcf", "%2520.vcf"];
    for (at, name) in names.iter().enumerate() {
        let request = format!("PUT {PERSONAL}{name}\n\n{}", card(&at.to_string(), name));
        assert_eq!(world.send("204", &request).await.status, 201, "{name}");
    }
    let listed = world.sync(PERSONAL, "", "").await;
    assert_eq!(listed.rows.len(), names.len());
    for row in &listed.rows {
        let get = world.send("204", &format!("GET {}", row.href)).await;
        assert_eq!(get.header("etag"), row.found("D:getetag").unwrap(), "{}", row.href);
        let again = world.propfind("204", &row.href, 0, "<D:getetag/>").await;
        assert_eq!(again.rows[0].href, row.href, "one spelling");
    }
    for refused in ["a%2Fb.vcf", "%2E%2E", "a%00.vcf", "a%0Ab.vcf", "a%5Cb.vcf"] {
        let request = format!("PUT {PERSONAL}{refused}\n\n{}", card("x", "X"));
        assert_eq!(world.send("204", &request).await.status, 404, "{refused}");
    }
}

/// Nothing changed, so nothing moves: no client begins again.
#[tokio::test]
async fn what_is_only_read_moves_no_tag_and_no_token() {
    let world = World::new().await;
    world.write_on_card("205", Field::Department, &["Support"]).await;
    let four = "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:urn:uuid:00000000-0000-4000-8000-00000000000a\r\nFN:Eve\r\n\
        TEL;VALUE=uri;PREF=1;TYPE=\"work,voice\":tel:+49-30-1;ext=5\r\nBDAY:--0412\r\nRELATED;TYPE=friend;VALUE=text:Bob\r\n\
        END:VCARD\r\n";
    world.put("four.vcf", four).await;
    let data = "<getetag/><C:address-data xmlns:C=\"urn:ietf:params:xml:ns:carddav\"/>";
    let request = crate::world::sync_request(CONTACTS, "", "").replace("<getetag/>", data);
    let first = world.send("204", &request).await;
    let second = world.send("204", &request).await;
    assert_eq!(first.text(), second.text());
    for row in first.rows().rows {
        let card = row.found("C:address-data").unwrap().to_owned();
        assert!(card.contains("VERSION:3.0") && card.contains("\nN"), "{card}");
        assert!(!card.contains("PREF=") && !card.contains(":tel:") && !card.contains("VALUE=text"));
        assert!(card.lines().all(|line| line.len() <= 75), "{card}");
        let get = world.send("204", &format!("GET {}", row.href)).await;
        assert_eq!(get.text().replace('\r', ""), card.replace('\r', ""));
        assert_eq!(get.header("etag"), row.found("D:getetag").unwrap());
    }
    let token = first.rows().token;
    assert!(world.sync(CONTACTS, &token, "").await.rows.is_empty());
    assert_eq!(world.sync(CONTACTS, &token, "").await.token, token);
}
