//! One card in several representations: vCard 3.0 and 4.0, whole and in part.

use crate::world::{PERSONAL, World, card};
use crate::xml::{Multistatus, parse};

/// As Thunderbird and Linphone write it.
const FOUR: &str = "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:urn:uuid:f\r\nFN:Four\r\nN:Four;;;;\r\n\
    TEL;VALUE=uri;TYPE=work:tel:+49-30-1\r\nitem1.NOTE:n\r\nEND:VCARD\r\n";

async fn multiget(world: &World, data: &str, names: &[&str]) -> Multistatus {
    let hrefs: String = names.iter().map(|name| format!("<href>{PERSONAL}{name}</href>")).collect();
    let body = format!(
        "<C:addressbook-multiget xmlns='DAV:' xmlns:C='urn:ietf:params:xml:ns:carddav'>\
        <prop><getetag/><getcontentlength/><getcontenttype/>{data}</prop>{hrefs}</C:addressbook-multiget>"
    );
    world.send("204", &format!("REPORT {PERSONAL}\n\n{body}")).await.rows()
}

async fn get(world: &World, name: &str, accept: &str) -> crate::world::Answer {
    let accept = if accept.is_empty() { String::new() } else { format!("\nAccept: {accept}") };
    world.send("204", &format!("GET {PERSONAL}{name}{accept}")).await
}

#[tokio::test]
async fn a_card_in_4_0_is_read_as_3_0_unless_4_0_is_asked_for() {
    let world = World::new().await;
    world.put("four.vcf", FOUR).await;
    for accept in [
        "",
        "*/*",
        "text/vcard",
        "text/vcard;version=3.0",
        "text/vcard;version=4.0;q=0.1, text/vcard",
    ] {
        let answer = get(&world, "four.vcf", accept).await;
        assert!(answer.text().contains("\r\nVERSION:3.0\r\n"), "{accept}: {}", answer.text());
        assert_eq!(answer.header("content-length"), answer.body.len().to_string());
        assert!(answer.header("content-type").starts_with("text/vcard; charset=utf-8"));
        assert_eq!(answer.header("vary"), "Accept");
    }
    let answer = get(&world, "four.vcf", "text/vcard;version=4.0").await;
    assert_eq!(answer.text(), FOUR, "as it was written");
    assert_eq!(answer.header("content-type"), "text/vcard; charset=utf-8; version=4.0");
    let head = world.send("204", &format!("HEAD {PERSONAL}four.vcf")).await;
    let length = get(&world, "four.vcf", "").await.body.len().to_string();
    assert_eq!(head.header("content-length"), length);
}

#[tokio::test]
async fn a_card_in_3_0_is_given_in_4_0() {
    let world = World::new().await;
    world.put("three.vcf", &card("three", "Three")).await;
    assert_eq!(get(&world, "three.vcf", "").await.text(), card("three", "Three"));
    let four = get(&world, "three.vcf", "text/vcard; version=\"4.0\"").await;
    assert!(four.text().contains("\r\nVERSION:4.0\r\n"), "{}", four.text());
    assert!(four.text().contains("\r\nFN:Three\r\n"));
}

#[tokio::test]
async fn what_no_card_can_be_is_not_acceptable() {
    let world = World::new().await;
    world.put("three.vcf", &card("three", "Three")).await;
    for accept in ["text/html", "text/vcard;version=2.1", "text/vcard;q=0"] {
        let answer = get(&world, "three.vcf", accept).await;
        assert_eq!(answer.status, 406, "{accept}");
        let error = parse(&answer.text());
        assert!(error.child("C:supported-address-data-conversion").is_some());
    }
}

#[tokio::test]
async fn each_version_has_its_entity_tag_and_either_is_good_for_writing() {
    let world = World::new().await;
    world.put("four.vcf", FOUR).await;
    let three = get(&world, "four.vcf", "").await.header("etag").to_owned();
    let four = get(&world, "four.vcf", "text/vcard;version=4.0").await.header("etag").to_owned();
    assert_ne!(three, four, "other bytes, another tag");
    let listed = world.propfind("204", PERSONAL, 1, "<D:getetag/>").await;
    assert_eq!(listed.rows[1].found("D:getetag"), Some(three.as_str()));
    let known = |accept: &'static str, tag: String| {
        let world = &world;
        async move {
            let request = format!("GET {PERSONAL}four.vcf\nAccept: {accept}\nIf-None-Match: {tag}");
            let answer = world.send("204", &request).await;
            (
                answer.status.as_u16(),
                answer.header("etag").to_owned(),
                answer.header("vary").to_owned(),
            )
        }
    };
    assert_eq!(known("*/*", three.clone()).await, (304, three.clone(), "Accept".into()));
    assert_eq!(known("text/vcard;version=4.0", four.clone()).await.0, 304);
    assert_eq!(known("*/*", four.clone()).await.0, 200);
    assert_eq!(known("text/vcard;version=4.0", three.clone()).await.0, 200);
    for tag in [&four, &three] {
        let request = format!("PUT {PERSONAL}four.vcf\nIf-None-Match: {tag}\n\n{FOUR}");
        assert_eq!(world.send("204", &request).await.status, 412, "{tag}");
    }
    let changed = FOUR.replace("NOTE:n", "NOTE:m");
    let request = format!("PUT {PERSONAL}four.vcf\nIf: ([{four}])\nIf-Match: {four}\n\n{changed}");
    let answer = world.send("204", &request).await;
    assert_eq!((answer.status.as_u16(), answer.header("etag")), (204, ""));
    for tag in [&four, &three] {
        let request = format!("PUT {PERSONAL}four.vcf\nIf-Match: {tag}\n\n{FOUR}");
        assert_eq!(world.send("204", &request).await.status, 412, "{tag} is an old one now");
    }
    let now = get(&world, "four.vcf", "text/vcard;version=4.0").await.header("etag").to_owned();
    let request = format!("DELETE {PERSONAL}four.vcf\nIf-Match: {now}");
    assert_eq!(world.send("204", &request).await.status, 204);
}

#[tokio::test]
async fn a_write_tells_a_tag_only_where_a_get_gives_the_same_bytes() {
    let world = World::new().await;
    assert_eq!(world.put("four.vcf", FOUR).await, "");
    let two = "BEGIN:VCARD\r\nVERSION:2.1\r\nN:Two\r\nFN:Two\r\nTEL;HOME:1\r\nEND:VCARD\r\n";
    assert_eq!(world.put("two.vcf", two).await, "");
    assert!(get(&world, "two.vcf", "").await.text().contains("\r\nVERSION:3.0\r\n"));
    let etag = world.put("three.vcf", &card("three", "Three")).await;
    let answer = get(&world, "three.vcf", "").await;
    assert_eq!((answer.header("etag"), answer.text()), (etag.as_str(), card("three", "Three")));
}

#[tokio::test]
async fn reports_give_cards_in_the_version_that_is_asked_for() {
    let world = World::new().await;
    world.put("three.vcf", &card("three", "Three")).await;
    world.put("four.vcf", FOUR).await;
    let note = "x".repeat(100_000);
    let large = FOUR.replace(":f\r", ":large\r").replace("NOTE:n", &format!("NOTE:{note}"));
    world.put("large.vcf", &large).await;
    let names = ["three.vcf", "four.vcf", "large.vcf"];
    for (version, attribute) in [("3.0", ""), ("3.0", " version='3.0'"), ("4.0", " version='4.0'")]
    {
        let data = format!("<C:address-data content-type='text/vcard'{attribute}/>");
        let rows = multiget(&world, &data, &names).await;
        for (row, name) in rows.rows.iter().zip(names) {
            let accept = format!("text/vcard;version={version}");
            let got = get(&world, name, &accept).await;
            let sent = row.found("C:address-data").unwrap();
            assert_eq!(sent, got.text());
            assert!(
                sent.starts_with(&format!("BEGIN:VCARD\r\nVERSION:{version}\r\n")),
                "{sent:.80}"
            );
            let usual = get(&world, name, "").await;
            assert_eq!(row.found("D:getetag"), Some(usual.header("etag")));
            assert_eq!(row.found("D:getcontentlength"), Some(usual.header("content-length")));
            assert_eq!(row.found("D:getcontenttype"), Some("text/vcard; charset=utf-8"));
        }
    }
    let listed = world.propfind("204", PERSONAL, 1, "<D:getcontentlength/>").await;
    for name in names {
        let length = get(&world, name, "").await.body.len().to_string();
        let row = listed.row(&format!("{PERSONAL}{name}"));
        assert_eq!(row.found("D:getcontentlength"), Some(length.as_str()), "{name}");
    }
}

#[tokio::test]
async fn a_sync_gives_cards_in_the_version_that_is_asked_for() {
    let world = World::new().await;
    world.put("four.vcf", FOUR).await;
    let sync = |data: &'static str| {
        let world = &world;
        async move {
            let body = format!(
                "<sync-collection xmlns='DAV:' xmlns:C='urn:ietf:params:xml:ns:carddav'><sync-token/>\
                <sync-level>1</sync-level><prop>{data}</prop></sync-collection>"
            );
            let rows = world.send("204", &format!("REPORT {PERSONAL}\n\n{body}")).await.rows();
            rows.rows[0].found("C:address-data").unwrap().to_owned()
        }
    };
    assert!(sync("<C:address-data/>").await.contains("VERSION:3.0"));
    assert_eq!(sync("<C:address-data version='4.0'/>").await, FOUR);
    let part = sync("<C:address-data version='4.0'><C:prop name='VERSION'/><C:prop name='FN'/></C:address-data>").await;
    assert!(part.contains("FN:Four\r\n") && !part.contains("TEL"), "{part}");
}

#[tokio::test]
async fn an_answer_names_the_version_that_was_asked_for() {
    let world = World::new().await;
    world.put("four.vcf", FOUR).await;
    let body = |version: &str| {
        format!(
            "REPORT {PERSONAL}\n\n<C:addressbook-multiget xmlns='DAV:' xmlns:C='urn:ietf:params:xml:ns:carddav'>\
            <prop><C:address-data{version}/></prop><href>{PERSONAL}four.vcf</href></C:addressbook-multiget>"
        )
    };
    let plain = world.send("204", &body("")).await.text();
    assert!(plain.contains("<C:address-data>BEGIN"), "Thunderbird wants no attributes: {plain}");
    let four = world.send("204", &body(" version='4.0'")).await.text();
    assert!(four.contains("<C:address-data content-type=\"text/vcard\" version=\"4.0\">BEGIN"));
}

#[tokio::test]
async fn other_kinds_of_cards_are_refused() {
    let world = World::new().await;
    for attribute in ["version='2.1'", "version='5.0'", "content-type='application/vcard+xml'"] {
        for report in ["addressbook-multiget", "addressbook-query"] {
            let body = format!(
                "<C:{report} xmlns='DAV:' xmlns:C='urn:ietf:params:xml:ns:carddav'>\
                <prop><C:address-data {attribute}/></prop><href>{PERSONAL}x.vcf</href></C:{report}>"
            );
            let answer = world.send("204", &format!("REPORT {PERSONAL}\nDepth: 1\n\n{body}")).await;
            assert_eq!(answer.status, 403, "{report} {attribute}");
            assert!(parse(&answer.text()).child("C:supported-address-data").is_some());
        }
    }
}

#[tokio::test]
async fn cards_are_given_in_part() {
    let world = World::new().await;
    let whole = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:1\r\nFN:Anna\r\nN:Adams;Anna;;;\r\nitem1.TEL:1\r\nTEL:2\r\n\
        NOTE:long\r\n er\r\nEND:VCARD\r\n";
    world.put("a.vcf", whole).await;
    let part = |properties: &'static str| {
        let world = &world;
        async move {
            let data = format!("<C:address-data>{properties}</C:address-data>");
            let rows = multiget(world, &data, &["a.vcf"]).await;
            rows.rows[0].found("C:address-data").unwrap().to_owned()
        }
    };
    assert_eq!(part("<C:allprop/>").await, whole);
    let some = part("<C:prop name='fn'/><C:prop name='Note'/>").await;
    assert!(some.starts_with("BEGIN:VCARD\r\nVERSION:3.0\r\n") && some.ends_with("END:VCARD\r\n"));
    assert!(some.contains("FN:Anna\r\n") && some.contains("NOTE:long"), "{some}");
    assert!(!some.contains("TEL"), "{some}");
    let numbers = part("<C:prop name='TEL'/>").await;
    assert!(numbers.contains("item1.TEL:1\r\n") && numbers.contains("\r\nTEL:2\r\n"), "{numbers}");
    let grouped = part("<C:prop name='item1.TEL'/>").await;
    assert!(grouped.contains("TEL:1") && !grouped.contains("TEL:2"), "{grouped}");
    let bare = part("<C:prop name='NOTE' novalue='yes'/>").await;
    assert!(bare.contains("NOTE:\r\n") && !bare.contains("long"), "{bare}");
}
