//! The promise of the product in one test: a contact that comes in through one door is at once at
//! every other, for whoever may see it, and for nobody else.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::{Read, Write};
use std::net::TcpStream;

use bytes::BytesMut;
use ldap3_proto::LdapCodec;
use ldap3_proto::proto::{
    LdapBindCred, LdapBindRequest, LdapDerefAliases, LdapFilter, LdapMsg, LdapOp, LdapResultCode,
    LdapSearchRequest, LdapSearchScope, LdapSubstringFilter,
};
use tokio_util::codec::{Decoder, Encoder};

use crate::common::TestDaemon;

mod common;

const SUFFIX: &str = "dc=pbx,dc=example";
const ANNA: (&str, &str) = ("201", "demo-201");
const OFFICE: (&str, &str) = ("202", "demo-202");
const PHONE: (&str, &str) = ("cn=phones,ou=services,dc=pbx,dc=example", "phones");
const BOOK: &str = "/dav/homes/201.demo/personal/";
const CSV: &str = "firstname,lastname,number,email,company\n\
                   Zoë,Quentin-Müller,030 / 7654321,zoe@quentin.example,Quentin KG\n";

#[test]
fn a_contact_from_a_file_is_at_every_door() {
    let daemon = TestDaemon::demo();
    let imported = daemon.ask("201:demo-201", "POST /api/v1/import?into=personal", CSV.as_bytes());
    assert_eq!(imported.status, 201, "{}", imported.text());
    assert_eq!(imported.json()["created"], 1);
    let start = sync(&daemon, "");

    // The phone of the owner finds it by name and by number, however that is written …
    for filter in [starts_with("sn", "QUENTIN-MULLER"), ends_with("telephoneNumber", "7654321")] {
        assert_eq!(find(&daemon, ANNA, &filter), ["Zoë Quentin-Müller"]);
    }
    // … nobody else's does …
    for other in [OFFICE, PHONE] {
        assert_eq!(find(&daemon, other, &ends_with("telephoneNumber", "7654321")), [""; 0]);
    }
    // … the address book has it …
    let href = members(&start).into_iter().find(|href| {
        daemon.ask("201:demo-201", &format!("GET {href}"), b"").text().contains("Quentin KG")
    });
    let href = href.expect("a card for the contact");
    assert_eq!(daemon.ask("202:demo-202", &format!("GET {href}"), b"").status, 404);
    // … and so has the export.
    let exported =
        daemon.ask("201:demo-201", "GET /api/v1/groups/personal/export?profile=xivo", b"");
    assert!(exported.text().contains("zoe@quentin.example"), "{}", exported.text());

    // An edit in the address book is on the phone at once.
    let card = daemon.ask("201:demo-201", &format!("GET {href}"), b"");
    let edited = card.text().replace("Zoë Quentin-Müller", "Zoé Quentin");
    let etag = card.header("ETag").unwrap().to_owned();
    let put = |etag: &str| {
        let headers = [("Content-Type", "text/vcard"), ("If-Match", etag)];
        daemon.ask_with("201:demo-201", &format!("PUT {href}"), &headers, edited.as_bytes()).status
    };
    assert_eq!(put(&etag), 204);
    assert_eq!(put(&etag), 412, "the ETag is that of an older card");
    assert_eq!(find(&daemon, ANNA, &starts_with("cn", "zoe quentin")), ["Zoé Quentin"]);
    let after_edit = sync(&daemon, &token(&start));
    assert_eq!(members(&after_edit), [href.as_str()]);

    // What is deleted is gone everywhere, and those who synchronize are told.
    assert_eq!(daemon.ask("201:demo-201", &format!("DELETE {href}"), b"").status, 204);
    assert_eq!(find(&daemon, ANNA, &starts_with("cn", "zoe")), [""; 0]);
    let gone = sync(&daemon, &token(&after_edit));
    assert_eq!(members(&gone), [href.as_str()]);
    assert!(gone.contains("HTTP/1.1 404 Not Found"), "{gone}");
    let exported =
        daemon.ask("201:demo-201", "GET /api/v1/groups/personal/export?profile=xivo", b"");
    assert!(!exported.text().contains("quentin"), "{}", exported.text());
}

#[test]
fn a_card_from_a_client_survives_a_restart_to_the_letter() {
    let mut daemon = TestDaemon::demo();
    let card = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:one\r\nitem1.X-ABLabel:_$!<Home>!$_\r\n\
                X-ODD;A=\"b;c\":d\\,e\r\nFN:Only Mine\r\nN:Mine;Only;;;\r\n\
                TEL;TYPE=CELL:0171 / 99 88 77 6\r\nEND:VCARD\r\n";
    let href = format!("{BOOK}one.vcf");
    let headers = [("Content-Type", "text/vcard"), ("If-None-Match", "*")];
    let put = daemon.ask_with("201:demo-201", &format!("PUT {href}"), &headers, card.as_bytes());
    assert_eq!(put.status, 201, "{}", put.text());
    daemon.restart_after_kill();
    let read = daemon.ask("201:demo-201", &format!("GET {href}"), b"");
    assert_eq!(read.text(), card);
    assert_eq!(read.header("ETag"), put.header("ETag"));
    assert_eq!(find(&daemon, ANNA, &ends_with("mobile", "+49 171 9988776")), ["Only Mine"]);
    assert_eq!(find(&daemon, OFFICE, &ends_with("mobile", "9988776")), [""; 0]);
}

fn sync(daemon: &TestDaemon, token: &str) -> String {
    let body = format!(
        "<sync-collection xmlns=\"DAV:\"><sync-token>{token}</sync-token>\
         <sync-level>1</sync-level><prop><getetag/></prop></sync-collection>"
    );
    let answer = daemon.ask("201:demo-201", &format!("REPORT {BOOK}"), body.as_bytes());
    assert_eq!(answer.status, 207, "{}", answer.text());
    answer.text()
}

fn token(multistatus: &str) -> String {
    between(multistatus, "<sync-token>", "</sync-token>").pop().expect("a sync token")
}

fn members(multistatus: &str) -> Vec<String> {
    between(multistatus, "<href>", "</href>")
}

fn between(text: &str, open: &str, close: &str) -> Vec<String> {
    let parts = text.split(open).skip(1);
    parts.filter_map(|part| Some(part.split_once(close)?.0.to_owned())).collect()
}

fn starts_with(attribute: &str, text: &str) -> LdapFilter {
    substring(attribute, Some(text), None)
}

fn ends_with(attribute: &str, text: &str) -> LdapFilter {
    substring(attribute, None, Some(text))
}

fn substring(attribute: &str, initial: Option<&str>, last: Option<&str>) -> LdapFilter {
    let parts = LdapSubstringFilter {
        initial: initial.map(str::to_owned),
        any: Vec::new(),
        final_: last.map(str::to_owned),
    };
    LdapFilter::Substring(attribute.to_owned(), parts)
}

/// The names that a search below the suffix finds.
fn find(daemon: &TestDaemon, (name, password): (&str, &str), filter: &LdapFilter) -> Vec<String> {
    let mut stream = daemon.connect(daemon.ldap());
    let bind = LdapOp::BindRequest(LdapBindRequest {
        version: 3,
        dn: name.to_owned(),
        cred: LdapBindCred::Simple(password.to_owned()),
    });
    let search = LdapOp::SearchRequest(LdapSearchRequest {
        base: SUFFIX.to_owned(),
        scope: LdapSearchScope::Subtree,
        aliases: LdapDerefAliases::Never,
        sizelimit: 0,
        timelimit: 0,
        typesonly: false,
        filter: filter.clone(),
        attrs: vec!["cn".to_owned()],
    });
    let mut names = Vec::new();
    for operation in [bind, search] {
        for reply in exchange(&mut stream, operation) {
            match reply {
                LdapOp::SearchResultEntry(entry) => {
                    let value = &entry.attributes[0].vals[0];
                    names.push(String::from_utf8(value.clone()).unwrap());
                }
                LdapOp::SearchResultDone(result) => {
                    assert_eq!(result.code, LdapResultCode::Success)
                }
                LdapOp::BindResponse(answer) => {
                    assert_eq!(answer.res.code, LdapResultCode::Success, "{name}");
                }
                other => panic!("{other:?}"),
            }
        }
    }
    names
}

/// Sends a request and reads its replies up to the last.
fn exchange(stream: &mut TcpStream, operation: LdapOp) -> Vec<LdapOp> {
    let mut codec = LdapCodec::default();
    let mut bytes = BytesMut::new();
    codec.encode(LdapMsg::new(1, operation), &mut bytes).unwrap();
    stream.write_all(&bytes).unwrap();
    bytes.clear();
    let mut replies = Vec::new();
    loop {
        while let Some(message) = codec.decode(&mut bytes).unwrap() {
            let last = !matches!(message.op, LdapOp::SearchResultEntry(_));
            replies.push(message.op);
            if last {
                return replies;
            }
        }
        let mut chunk = [0; 4096];
        let length = stream.read(&mut chunk).unwrap();
        assert!(length > 0, "the connection ended");
        bytes.extend_from_slice(&chunk[..length]);
    }
}
