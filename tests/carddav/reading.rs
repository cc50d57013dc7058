//! Reading: PROPFIND, GET and multiget, and what other users' resources look like.

use ringbook::account::Role;
use ringbook::auth::{Principal, Who};

use crate::world::{PEOPLE, PERSONAL, SHARED, World, acme, card, propfind};

#[tokio::test]
async fn everything_under_dav_wants_a_sign_in() {
    let world = World::new().await;
    for request in [
        "GET /dav/",
        "OPTIONS /dav/",
        "PROPFIND /dav/nothing",
        "PUT /dav/homes/204.acme/personal/x.vcf",
        "REPORT /dav/homes/204.acme/people/",
        "BREW /dav/",
    ] {
        let answer = world.send("", request).await;
        assert_eq!(answer.status, 401, "{request}");
        assert!(answer.header("www-authenticate").starts_with("Basic realm="), "{request}");
    }
}

#[tokio::test]
async fn the_well_known_path_redirects_every_method() {
    let world = World::new().await;
    for method in ["GET", "HEAD", "PROPFIND", "OPTIONS", "POST", "REPORT"] {
        for path in ["/.well-known/carddav", "/.well-known/carddav/"] {
            let answer = world.send("", &format!("{method} {path}")).await;
            assert_eq!((answer.status.as_u16(), answer.header("location")), (301, "/dav/"));
        }
    }
}

#[tokio::test]
async fn programs_without_a_user_have_no_address_books() {
    let world = World::new().await;
    let organization = Some(acme());
    let token = Principal::new(Who::Token("t".into()), Role::Admin, organization);
    let answer = world.send_body(Some(token), "PROPFIND /dav/", String::new()).await;
    assert_eq!(answer.status, 403);
    let nobody = Some(Principal::anonymous());
    assert_eq!(world.send_body(nobody, "PROPFIND /dav/", String::new()).await.status, 401);
}

#[tokio::test]
async fn what_is_another_users_is_not_there() {
    let world = World::new().await;
    world.put("a.vcf", &card("a", "Secret")).await;
    for who in ["205", "200"] {
        for path in [
            "/dav/homes/204.acme/",
            PERSONAL,
            PEOPLE,
            SHARED,
            "/dav/homes/204.acme/personal/a.vcf",
            "/dav/homes/204.acme/personal/none.vcf",
            "/dav/homes/999.acme/personal/",
            "/dav/homes/204.acme/personal/x/y",
        ] {
            for method in
                ["PROPFIND", "GET", "HEAD", "OPTIONS", "PUT", "DELETE", "REPORT", "PROPPATCH"]
            {
                let body = match method {
                    "PROPFIND" => propfind("<D:getetag/>"),
                    "REPORT" => "<sync-collection xmlns='DAV:'><sync-token/><prop/></sync-collection>".into(),
                    "PROPPATCH" => "<propertyupdate xmlns='DAV:'><set><prop><displayname/></prop></set></propertyupdate>".into(),
                    _ => card("b", "B"),
                };
                let answer = world.send(who, &format!("{method} {path}\nDepth: 0\n\n{body}")).await;
                assert_eq!(answer.status, 404, "{method} {path}");
                assert!(!answer.text().contains("Secret"));
            }
        }
    }
    let body = "<C:addressbook-multiget xmlns:C='urn:ietf:params:xml:ns:carddav' xmlns='DAV:'><prop><C:address-data/></prop>\
        <href>/dav/homes/204.acme/personal/a.vcf</href></C:addressbook-multiget>";
    let own = "/dav/homes/205.acme/personal/";
    let rows = world.send("205", &format!("REPORT {own}\n\n{body}")).await.rows();
    assert_eq!(rows.rows[0].status, Some(404));
}

#[tokio::test]
async fn collections_list_only_the_askers_own() {
    let world = World::new().await;
    let hrefs = |path: &'static str| {
        let world = &world;
        async move {
            let rows = world.propfind("204", path, 1, "<D:resourcetype/>").await;
            rows.hrefs().iter().map(ToString::to_string).collect::<Vec<_>>()
        }
    };
    assert_eq!(hrefs("/").await, ["/", "/dav/"]);
    assert_eq!(hrefs("/dav/").await, ["/dav/", "/dav/principals/", "/dav/homes/"]);
    let principals = ["/dav/principals/", "/dav/principals/204.acme/"];
    assert_eq!(hrefs("/dav/principals/").await, principals);
    assert_eq!(hrefs("/dav/homes/").await, ["/dav/homes/", "/dav/homes/204.acme/"]);
    let books = ["/dav/homes/204.acme/", PERSONAL, SHARED, PEOPLE];
    assert_eq!(hrefs("/dav/homes/204.acme/").await, books);
}

#[tokio::test]
async fn depth_must_be_told_and_finite() {
    let world = World::new().await;
    for depth in ["", "Depth: infinity"] {
        let answer = world.send("204", &format!("PROPFIND {PEOPLE}\n{depth}\n\n")).await;
        assert_eq!(answer.status, 403);
        assert!(answer.text().contains("<propfind-finite-depth/>"));
    }
    let answer = world.send("204", &format!("PROPFIND {PEOPLE}\nDepth: 2\n\n")).await;
    assert_eq!(answer.status, 400);
}

#[tokio::test]
async fn an_empty_body_asks_for_everything_usual() {
    let world = World::new().await;
    world.put("a.vcf", &card("a", "A")).await;
    let answer = world.send("204", &format!("PROPFIND {PERSONAL}\nDepth: 1\n\n")).await;
    let rows = answer.rows();
    let row = rows.row("/dav/homes/204.acme/personal/a.vcf");
    let length = card("a", "A").len().to_string();
    assert_eq!(row.found("D:getcontentlength"), Some(length.as_str()));
    assert!(row.found("D:getlastmodified").unwrap().ends_with(" GMT"));
    assert!(row.found("D:creationdate").unwrap().ends_with('Z'));
    assert!(row.found("D:getetag").unwrap().starts_with('"'));
    assert!(!row.has(404, "D:displayname") && row.found("C:address-data").is_none());
    assert_eq!(rows.row(PERSONAL).found("D:sync-token"), None, "RFC 6578 4");
}

#[tokio::test]
async fn names_of_properties_can_be_asked() {
    let world = World::new().await;
    let body = "<propfind xmlns='DAV:'><propname/></propfind>";
    let rows = world.send("204", &format!("PROPFIND {SHARED}\nDepth: 1\n\n{body}")).await.rows();
    assert_eq!(rows.rows[0].found("D:sync-token"), Some(""));
    assert_eq!(rows.rows[1].found("D:getetag"), Some(""));
    assert_eq!(rows.rows[1].found("D:sync-token"), None);
}

#[tokio::test]
async fn missing_properties_are_left_out_where_a_client_wants_it() {
    let world = World::new().await;
    let body = propfind("<D:nonsense/>");
    let full = world.send("204", &format!("PROPFIND {PEOPLE}\nDepth: 1\n\n{body}")).await.rows();
    assert!(full.rows.iter().all(|row| row.has(404, "D:nonsense")));
    let request = format!("PROPFIND {PEOPLE}\nDepth: 1\nPrefer: return=minimal\n\n{body}");
    let minimal = world.send("204", &request).await;
    assert!(!minimal.text().contains("404"));
    assert!(minimal.rows().rows.iter().all(|row| row.properties.is_empty()));
}

#[tokio::test]
async fn each_viewer_gets_their_rendition() {
    let world = World::new().await;
    let name = format!("{}.vcf", world.user("205").id);
    let read = |who: &'static str| {
        let path = format!("/dav/homes/{who}.acme/people/{name}");
        let world = &world;
        async move { world.send(who, &format!("GET {path}")).await }
    };
    let (colleague, own, admin) = (read("204").await, read("205").await, read("200").await);
    assert!(!colleague.text().contains("+49 170"), "{}", colleague.text());
    assert!(own.text().contains("TEL;TYPE=CELL,VOICE:+49 170 205\r\n"));
    assert_eq!(own.text(), admin.text());
    assert_ne!(colleague.header("etag"), own.header("etag"), "other bytes, another tag");
    let path = format!("/dav/homes/204.acme/people/{name}");
    let rows = world.propfind("204", &path, 0, "<D:getetag/><D:getcontentlength/>").await;
    assert_eq!(rows.rows[0].found("D:getetag"), Some(colleague.header("etag")));
    let length = colleague.text().len().to_string();
    assert_eq!(rows.rows[0].found("D:getcontentlength"), Some(length.as_str()));
}

#[tokio::test]
async fn who_is_not_listed_is_nowhere() {
    let world = World::new().await;
    let dora = world.user("206");
    for who in ["204", "200", "206"] {
        let book = format!("/dav/homes/{who}.acme/people/");
        let rows = world.propfind(who, &book, 1, "<D:getetag/>").await;
        assert_eq!(rows.rows.len(), 4, "{rows:?}");
        let answer = world.send(who, &format!("GET {book}{}.vcf", dora.id)).await;
        assert_eq!(answer.status, 404);
    }
}

#[tokio::test]
async fn get_is_conditional() {
    let world = World::new().await;
    let etag = world.put("a.vcf", &card("a", "A")).await;
    let path = format!("{PERSONAL}a.vcf");
    let answer = world.send("204", &format!("GET {path}\nIf-None-Match: {etag}")).await;
    assert_eq!((answer.status.as_u16(), answer.header("etag")), (304, etag.as_str()));
    assert!(answer.body.is_empty());
    let answer = world.send("204", &format!("GET {path}\nIf-None-Match: \"other\"")).await;
    assert_eq!(answer.text(), card("a", "A"));
    let head = world.send("204", &format!("HEAD {path}")).await;
    assert_eq!(head.header("content-length"), card("a", "A").len().to_string());
    assert!(head.body.is_empty() && !head.header("last-modified").is_empty());
}

#[tokio::test]
async fn any_encoding_of_a_path_finds_the_card() {
    let world = World::new().await;
    world.put("%C3%BCber%20uns@x.vcf", &card("a", "A")).await;
    let rows = world.propfind("204", PERSONAL, 1, "<D:getetag/>").await;
    assert_eq!(rows.hrefs()[1], "/dav/homes/204.acme/personal/%C3%BCber%20uns@x.vcf");
    for name in ["%c3%bcber%20uns%40x.vcf", "%C3%BCber%20uns@x%2Evcf"] {
        let answer = world.send("204", &format!("GET {PERSONAL}{name}")).await;
        assert_eq!(answer.status, 200, "{name}");
    }
    let body = format!(
        "<C:addressbook-multiget xmlns:C='urn:ietf:params:xml:ns:carddav' xmlns='DAV:'><prop><getetag/></prop>\
        <href>http://other.name:80{PERSONAL}%c3%bcber%20uns%40x.vcf</href>\
        <href>{PERSONAL}über uns@x.vcf</href><href>{PERSONAL}</href><href>nonsense &amp; more</href>\
        </C:addressbook-multiget>"
    );
    let rows = world.send("204", &format!("REPORT {PERSONAL}\n\n{body}")).await.rows();
    assert!(
        rows.rows[0].href.starts_with("http://other.name:80/") && rows.rows[0].status.is_none()
    );
    assert_eq!(rows.rows[1].href, format!("{PERSONAL}über uns@x.vcf"));
    assert!(rows.rows[1].found("D:getetag").is_some());
    assert_eq!((rows.rows[2].status, rows.rows[3].status), (Some(404), Some(404)));
}

#[tokio::test]
async fn address_data_is_the_card_to_the_byte() {
    let world = World::new().await;
    let odd = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:<&>\r\nNOTE:a\r\n b\tc\nX-ODD;X=\"]]>\":1\r\nEND:VCARD\r\n\r\n";
    world.put("odd.vcf", odd).await;
    let large =
        format!("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:L\r\nNOTE:{}\r\nEND:VCARD", "x".repeat(9000));
    world.put("large.vcf", &large).await;
    let body = format!(
        "<C:addressbook-multiget xmlns:C='urn:ietf:params:xml:ns:carddav' xmlns='DAV:'><prop><getetag/><C:address-data/></prop>\
        <href>{PERSONAL}odd.vcf</href><href>{PERSONAL}large.vcf</href></C:addressbook-multiget>"
    );
    let rows = world.send("204", &format!("REPORT {PERSONAL}\n\n{body}")).await.rows();
    assert_eq!(rows.rows[0].found("C:address-data"), Some(odd));
    assert_eq!(rows.rows[1].found("C:address-data"), Some(large.as_str()));
    let answer = world.send("204", &format!("GET {PERSONAL}large.vcf")).await;
    assert_eq!(
        (answer.text(), answer.header("etag")),
        (large, rows.rows[1].found("D:getetag").unwrap())
    );
}

#[tokio::test]
async fn a_large_book_streams_whole() {
    let world = World::new().await;
    for at in 0..700 {
        world.put(&format!("{at:03}.vcf"), &card(&at.to_string(), &format!("Card {at:03}"))).await;
    }
    let rows = world.propfind("204", PERSONAL, 1, "<D:getetag/><D:getlastmodified/>").await;
    assert_eq!(rows.rows.len(), 701);
    let hrefs: String = (0..1000).map(|at| format!("<href>{PERSONAL}{at:03}.vcf</href>")).collect();
    let body = format!(
        "<C:addressbook-multiget xmlns:C='urn:ietf:params:xml:ns:carddav' xmlns='DAV:'><prop><C:address-data/></prop>{hrefs}</C:addressbook-multiget>"
    );
    let rows = world.send("204", &format!("REPORT {PERSONAL}\n\n{body}")).await.rows();
    assert_eq!(rows.rows.iter().filter(|row| row.status == Some(404)).count(), 300);
    assert!(rows.rows[699].found("C:address-data").unwrap().contains("FN:Card 699"));
}

#[tokio::test]
async fn a_collection_has_a_short_text_for_people() {
    let world = World::new().await;
    let answer = world.send("204", "GET /dav/").await;
    assert_eq!(answer.status, 200);
    assert!(answer.text().starts_with("This is a CardDAV server."));
}
