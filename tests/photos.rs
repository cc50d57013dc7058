//! A photo that comes in through one door is at every other, and what is no photo does no harm.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::{Cursor, Read, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::BytesMut;
use image::{ImageFormat, Rgb, RgbImage};
use ldap3_proto::LdapCodec;
use ldap3_proto::proto::{
    LdapBindCred, LdapBindRequest, LdapDerefAliases, LdapFilter, LdapMsg, LdapOp, LdapResultCode,
    LdapSearchRequest, LdapSearchResultEntry, LdapSearchScope,
};
use tokio_util::codec::{Decoder, Encoder};

use crate::common::TestDaemon;

mod common;

const ANNA: (&str, &str) = ("201", "demo-201");
const OFFICE: (&str, &str) = ("202", "demo-202");
const CARD: &str = "/dav/homes/201.demo/personal/zoe.vcf";

/// A PNG that no phone would take as it is.
fn png() -> Vec<u8> {
    let image = RgbImage::from_fn(1500, 1000, |x, y| Rgb([(x / 6) as u8, (y / 4) as u8, 128]));
    let mut file = Cursor::new(Vec::new());
    image.write_to(&mut file, ImageFormat::Png).unwrap();
    file.into_inner()
}

fn card(photo: &str) -> String {
    format!(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:zoe\r\nFN:Zoe Quentin\r\nN:Quentin;Zoe;;;\r\n{photo}END:VCARD\r\n"
    )
}

/// As Apple's programs write it.
fn photo(image: &[u8]) -> String {
    let start = "PHOTO;X-ABCROP-RECTANGLE=ABClipRect_1&0&0&900&900&AAAA==;ENCODING=b;TYPE=JPEG:";
    let text = STANDARD.encode(image);
    let lines: Vec<&str> =
        text.as_bytes().chunks(74).map(|l| std::str::from_utf8(l).unwrap()).collect();
    format!("{start}\r\n {}\r\n", lines.join("\r\n "))
}

fn put(daemon: &TestDaemon, card: &str) -> u16 {
    let headers = [("Content-Type", "text/vcard")];
    daemon.ask_with("201:demo-201", &format!("PUT {CARD}"), &headers, card.as_bytes()).status
}

#[test]
fn a_photo_of_a_client_is_at_every_door() {
    let mut daemon = TestDaemon::demo();
    let sent = card(&photo(&png()));
    assert_eq!(put(&daemon, &sent), 201);
    daemon.restart_after_kill();
    assert_eq!(daemon.ask("201:demo-201", &format!("GET {CARD}"), b"").text(), sent);

    // The phone of the owner has it in both sizes, nobody else's does …
    let [full, thumbnail] = photos(&daemon, ANNA).expect("an entry");
    assert_eq!((sides(&full), sides(&thumbnail)), ((640, 427), (96, 64)));
    assert!(photos(&daemon, OFFICE).is_none());
    // … and so has the HTTP API.
    let found =
        daemon.ask("201:demo-201", "GET /api/v1/groups/personal/contacts?q=Zoe", b"").json();
    let path = found["items"][0]["photo"].as_str().expect("the photo's path").to_owned();
    let shown = daemon.ask("201:demo-201", &format!("GET {path}"), b"");
    assert_eq!((shown.status, shown.header("content-type")), (200, Some("image/jpeg")));
    assert_eq!(shown.body, full);
    assert_eq!(daemon.ask("202:demo-202", &format!("GET {path}"), b"").status, 404);

    // What HTTP takes away is gone from the client's card, which else stays as it is.
    assert_eq!(daemon.ask("201:demo-201", &format!("DELETE {path}"), b"").status, 204);
    assert_eq!(daemon.ask("201:demo-201", &format!("GET {CARD}"), b"").text(), card(""));
    assert_eq!(photos(&daemon, ANNA), Some([vec![], vec![]]));
    assert_eq!(daemon.ask("201:demo-201", &format!("PUT {path}"), &png()).status, 201);
    assert_eq!(photos(&daemon, ANNA), Some([full, thumbnail]));
    assert_eq!(daemon.ask("201:demo-201", &format!("DELETE {CARD}"), b"").status, 204);
    assert_eq!(daemon.ask("201:demo-201", &format!("GET {path}"), b"").status, 404);
}

#[test]
fn a_newcomer_sees_photos() {
    let daemon = TestDaemon::demo();
    let colleagues =
        daemon.ask("201:demo-201", "GET /api/v1/groups/people/contacts?sort=extension", b"");
    let path = colleagues.json()["items"][0]["photo"].as_str().expect("a photo").to_owned();
    let photo = daemon.ask("202:demo-202", &format!("GET {path}?size=thumbnail"), b"");
    assert_eq!(sides(&photo.body), (96, 96));
}

#[test]
fn a_store_that_does_not_give_photos_harms_only_who_asks_for_them() {
    let daemon = TestDaemon::demo();
    let people = daemon.ask("201:demo-201", "GET /api/v1/users/201", b"").json();
    let (id, path) = (people["id"].as_str().unwrap(), people["photo"].as_str().unwrap());
    let store = rusqlite::Connection::open(daemon.data().join("ringbook.db")).unwrap();
    store.execute_batch("DROP TABLE photo").unwrap();

    let named = |names: &[&str], typesonly| search(&daemon, ANNA, "Anna Adams", names, typesonly);
    let (entry, code) = named(&["cn", "jpegPhoto"], false);
    assert_eq!((entry, code), (None, LdapResultCode::Unavailable));
    for (names, typesonly, attributes) in
        [(&["*"][..], true, true), (&["1.1"], false, false), (&["jpegPhoto"], true, true)]
    {
        let (entry, code) = named(names, typesonly);
        assert_eq!(code, LdapResultCode::Success, "{names:?}");
        assert_eq!(!entry.unwrap().attributes.is_empty(), attributes, "{names:?}");
    }
    assert_eq!(daemon.ask("201:demo-201", &format!("GET {path}"), b"").status, 503);
    let card = format!("GET /dav/homes/201.demo/people/{id}.vcf");
    assert_eq!(daemon.ask("201:demo-201", &card, b"").status, 500, "it must not look deleted");
}

fn sides(jpeg: &[u8]) -> (u32, u32) {
    assert_eq!(image::guess_format(jpeg).unwrap(), ImageFormat::Jpeg);
    let image = image::load_from_memory(jpeg).unwrap();
    (image.width(), image.height())
}

/// What Zoe's entry has as `jpegPhoto` and `thumbnailPhoto`, where somebody sees one.
fn photos(daemon: &TestDaemon, who: (&str, &str)) -> Option<[Vec<u8>; 2]> {
    let names = ["jpegPhoto", "thumbnailPhoto;binary"];
    let (found, code) = search(daemon, who, "Zoe Quentin", &names, false);
    assert_eq!(code, LdapResultCode::Success);
    let of = |entry: &LdapSearchResultEntry, name: &str| {
        let mut attributes = entry.attributes.iter();
        attributes.find(|a| a.atype == name).map_or(vec![], |a| a.vals[0].clone())
    };
    found.map(|entry| names.map(|name| of(&entry, name)))
}

/// The entry of this name, and how the search ended.
fn search(
    daemon: &TestDaemon,
    (name, password): (&str, &str),
    full_name: &str,
    attributes: &[&str],
    typesonly: bool,
) -> (Option<LdapSearchResultEntry>, LdapResultCode) {
    let bind = LdapOp::BindRequest(LdapBindRequest {
        version: 3,
        dn: name.to_owned(),
        cred: LdapBindCred::Simple(password.to_owned()),
    });
    let search = LdapOp::SearchRequest(LdapSearchRequest {
        base: "dc=pbx,dc=example".to_owned(),
        scope: LdapSearchScope::Subtree,
        aliases: LdapDerefAliases::Never,
        sizelimit: 0,
        timelimit: 0,
        typesonly,
        filter: LdapFilter::Equality("cn".to_owned(), full_name.to_owned()),
        attrs: attributes.iter().map(|name| (*name).to_owned()).collect(),
    });
    let mut stream = daemon.connect(daemon.ldap());
    let mut codec = LdapCodec::default();
    let mut bytes = BytesMut::new();
    codec.encode(LdapMsg::new(1, bind), &mut bytes).unwrap();
    codec.encode(LdapMsg::new(2, search), &mut bytes).unwrap();
    stream.write_all(&bytes.split()).unwrap();
    let mut found = None;
    loop {
        match codec.decode(&mut bytes).unwrap().map(|message| message.op) {
            None => {
                let mut chunk = [0; 4096];
                let length = stream.read(&mut chunk).unwrap();
                assert!(length > 0, "the connection ended");
                bytes.extend_from_slice(&chunk[..length]);
            }
            Some(LdapOp::BindResponse(answer)) => {
                assert_eq!(answer.res.code, LdapResultCode::Success);
            }
            Some(LdapOp::SearchResultEntry(entry)) => found = Some(entry),
            Some(LdapOp::SearchResultDone(result)) => return (found, result.code),
            Some(other) => panic!("{other:?}"),
        }
    }
}
