//! `ringbook phone-config`: what it prints for each vendor signs in, and finds people.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::HashMap;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;

use bytes::BytesMut;
use ldap3_proto::proto::{
    LdapBindCred, LdapBindRequest, LdapDerefAliases, LdapMsg, LdapOp, LdapResultCode,
    LdapSearchRequest, LdapSearchScope, SaslCredentials,
};
use ldap3_proto::{LdapCodec, parse_ldap_filter_str};
use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::Value;
use tokio_util::codec::{Decoder, Encoder};

use crate::client::{Ldap, START_TLS, Trust, extended};
use crate::common::TestDaemon;

#[allow(dead_code, reason = "the tests of TLS use all of it")]
#[path = "tls/client.rs"]
mod client;
mod common;

/// Under which names a vendor's files have what a phone needs.
struct Vendor {
    name: &'static str,
    /// Port, sign-in name, password, base, filter of names, filter of numbers.
    keys: [&'static str; 6],
    /// What the phone puts in place of the placeholder: for names that begin so, and for a number.
    typed: [(&'static str, &'static str); 2],
}

/// Most phones put a `*` of their own behind a name.
const PERCENT: [(&str, &str); 2] = [("%", "adam*"), ("%", "0049305550001")];
const LITERAL: [(&str, &str); 2] = [("%", "adam"), ("%", "0305550001")];
const VALUE: [(&str, &str); 2] = [("$VALUE", "adam"), ("$VALUE", "5550001")];

const VENDORS: [Vendor; 18] = [
    vendor(
        "akuvox",
        ["Port", "User", "Pwd", "Root", "NameFilter", "NumberFilter"],
        [("#", "adam*"), ("#", "0305550001")],
    ),
    vendor("avaya", ["DIRSRVRPRT", "DIRUSERNAME", "DIRPASSWORD", "DIRTOPDN", "", ""], LITERAL),
    vendor(
        "cisco-mpp",
        [
            "LDAP_Server",
            "LDAP_Client_DN",
            "LDAP_Password",
            "LDAP_Search_Base",
            "LDAP_Last_Name_Filter",
            "LDAP_Item_3_Filter",
        ],
        VALUE,
    ),
    vendor(
        "cisco-spa",
        [
            "Server",
            "Client_DN",
            "Password",
            "Search_Base",
            "Last_Name_Filter",
            "Search_Item_3_Filter",
        ],
        VALUE,
    ),
    vendor(
        "fanvil",
        ["port", "Username", "Password", "Base", "NameFilter", "NumberFilter"],
        PERCENT,
    ),
    vendor(
        "generic",
        ["port", "user name", "password", "base", "name filter", "number filter"],
        LITERAL,
    ),
    vendor(
        "gigaset",
        ["Server.Port", "Username", "Password", "BaseDN", "NameFilter", "NumberFilter"],
        PERCENT,
    ),
    vendor("gigaset-p", SNOM, LITERAL),
    vendor("grandstream", ["P8021", "P8023", "P8024", "P8022", "P8026", "P8025"], PERCENT),
    vendor("htek", ["P5433", "P5435", "P5436", "P5434", "P5430", "P5431"], PERCENT),
    vendor(
        "linphone",
        ["server", "bind_dn", "password", "base_object", "filter", "filter"],
        [("%s", "adam"), ("%s", "5550001")],
    ),
    vendor(
        "mitel",
        ["ldap server", "ldap server", "ldap server", "ldap base dn", "ldap search filter", ""],
        PERCENT,
    ),
    vendor(
        "panasonic",
        [
            "LDAP_SERVER_PORT",
            "LDAP_USERID",
            "LDAP_PASSWORD",
            "LDAP_BASEDN",
            "LDAP_NAME_FILTER",
            "LDAP_NUMB_FILTER",
        ],
        PERCENT,
    ),
    vendor(
        "poly",
        [
            "dir.corp.port",
            "dir.corp.user",
            "dir.corp.password",
            "dir.corp.baseDN",
            "dir.corp.filterPrefix",
            "",
        ],
        PERCENT,
    ),
    vendor("sangoma", ["P5433", "P5435", "P5436", "P5434", "P5430", "P5431"], PERCENT),
    vendor("snom", SNOM, LITERAL),
    vendor(
        "vtech",
        ["port", "user_name", "access_password", "base", "lastname_filter", "number_filter"],
        PERCENT,
    ),
    vendor(
        "yealink",
        ["port", "user", "password", "base", "name_filter", "number_filter"],
        PERCENT,
    ),
];

const SNOM: [&str; 6] = [
    "ldap_port",
    "ldap_username",
    "ldap_password",
    "ldap_base",
    "ldap_search_filter",
    "ldap_number_filter",
];

const fn vendor(
    name: &'static str,
    keys: [&'static str; 6],
    typed: [(&'static str, &'static str); 2],
) -> Vendor {
    Vendor { name, keys, typed }
}

#[test]
fn what_is_printed_for_each_vendor_signs_in_and_finds_people() {
    let daemon = TestDaemon::demo();
    for vendor in &VENDORS {
        let Vendor { name, keys, typed } = vendor;
        let printed = daemon.run(&["phone-config", name, "--extension", "201"]);
        assert_eq!(printed.status.code(), Some(0), "{name}: {printed:?}");
        let text = String::from_utf8(printed.stdout.clone()).unwrap();
        let settings = settings(&text);
        let [port, user, password, base, by_name, by_number] = keys.map(|key| {
            let prefixes = ["", "ldap.", "remoteDir.ldap_", "Config.Ldap.LDAP.", "NetDir.LDAP.0."];
            let found = prefixes.iter().find_map(|prefix| settings.get(&format!("{prefix}{key}")));
            found.cloned().unwrap_or_default()
        });
        let (user, password) = match *name {
            // `NAME:PASSWORD@HOST:PORT`
            "mitel" => {
                let (name, rest) = user.split_once(':').unwrap();
                (name.to_owned(), rest.split_once('@').unwrap().0.to_owned())
            }
            _ => (user, password),
        };
        assert!(secret_line(&printed, &text).contains(&password), "{name}: {printed:?}");
        assert!(password.chars().all(char::is_alphanumeric), "{name}: {password}");
        let port = port.rsplit(':').next().unwrap().parse().unwrap();
        let mut phone = Phone::connect(&daemon, port, *name == "linphone");
        phone.sign_in(&user, &password, *name == "avaya");
        let filter = |filter: &str, (placeholder, typed): (&str, &str)| {
            // Cisco names what it searches in front of the filter.
            let at = filter.find('(').unwrap_or_default();
            filter[at..].replace(placeholder, typed)
        };
        let named = match *name {
            "avaya" => "(|(cn=*adam*)(sn=*adam*)(telephoneNumber=*adam*))".to_owned(),
            "poly" => format!("(&{by_name}(sn>=adam)(sn<=zz)(sn=adam*))"),
            _ => filter(&by_name, typed[0]),
        };
        let found = phone.find(&base, &named);
        assert!(found.iter().any(|name| name == "Anna Adams"), "{name}: {named}: {found:?}");
        if !by_number.is_empty() {
            let numbered = filter(&by_number, typed[1]);
            assert_eq!(phone.find(&base, &numbered), ["Anna Adams"], "{name}: {numbered}");
        }
    }
    let made = daemon.run(&["user", "app-password", "list", "201"]);
    let made = String::from_utf8_lossy(&made.stdout).into_owned();
    assert!(made.contains("Yealink phone") && made.contains("ldap:read"), "{made}");
    assert!(!made.contains("carddav") && !made.contains("http"), "{made}");
}

/// The line that standard error names as the secret one.
fn secret_line<'a>(printed: &Output, text: &'a str) -> &'a str {
    let told = String::from_utf8_lossy(&printed.stderr).into_owned();
    let line = told.split("line ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap();
    text.lines().nth(line.parse::<usize>().unwrap() - 1).unwrap()
}

/// The settings of a file, by name.
fn settings(text: &str) -> HashMap<String, String> {
    if text.starts_with("<?xml") { elements(text) } else { text.lines().filter_map(line).collect() }
}

/// `key = value`, `key: value` or `SET key value`; values may be in quotes.
fn line(line: &str) -> Option<(String, String)> {
    let plain = |value: &str| {
        let value = value.trim();
        let quoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
        quoted.unwrap_or(value).to_owned()
    };
    if line.starts_with(['#', '[']) {
        return None;
    }
    let (key, value) = match line.strip_prefix("SET ") {
        Some(rest) => rest.split_once(' ')?,
        None => line.split_once(['=', ':'])?,
    };
    Some((key.trim().to_owned(), plain(value)))
}

/// Elements with their texts, and attributes with their values; the whole must be well-formed.
fn elements(text: &str) -> HashMap<String, String> {
    let mut found = HashMap::new();
    let mut reader = Reader::from_str(text);
    let mut value = String::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) | Event::Empty(start) => {
                value.clear();
                let attributes = start.attributes().map(|attribute| {
                    let attribute = attribute.unwrap();
                    let name = attribute.key.as_ref().to_owned();
                    let value = attribute.value.into_owned();
                    (name, quick_xml::escape::unescape(&value).unwrap().into_owned())
                });
                let attributes: HashMap<String, String> = attributes.collect();
                // Gigaset: <param name="…" value="…"/>
                if let (Some(name), Some(value)) = (attributes.get("name"), attributes.get("value"))
                {
                    found.insert(name.clone(), value.clone());
                }
                found.extend(attributes);
            }
            Event::Text(text) => value.push_str(&text),
            Event::GeneralRef(name) => {
                let reference = format!("&{};", &*name);
                value.push_str(&quick_xml::escape::unescape(&reference).unwrap());
            }
            Event::End(end) => {
                let name = end.name().as_ref().to_owned();
                found.insert(name, std::mem::take(&mut value));
            }
            Event::Eof => return found,
            _ => {}
        }
    }
}

/// As much of a phone as it takes.
struct Phone(Box<dyn Stream>);

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

impl Phone {
    fn connect(daemon: &TestDaemon, port: u16, start_tls: bool) -> Self {
        let trust = Trust::of(daemon);
        if port == daemon.ldaps().port() {
            return Self(Box::new(trust.connect(daemon, daemon.ldaps())));
        }
        assert_eq!(port, daemon.ldap().port());
        let mut plain = Ldap::new(daemon.connect(daemon.ldap()));
        if !start_tls {
            return Self(Box::new(plain.stream));
        }
        assert_eq!(plain.ask(&extended(START_TLS)), LdapResultCode::Success);
        Self(Box::new(trust.secure(plain.stream, "localhost").unwrap()))
    }

    fn sign_in(&mut self, name: &str, password: &str, sasl: bool) {
        let plain = SaslCredentials {
            mechanism: "PLAIN".to_owned(),
            credentials: format!("\0{name}\0{password}").into_bytes(),
        };
        let simple = LdapBindCred::Simple(password.to_owned());
        let (dn, cred) = if sasl { ("", LdapBindCred::SASL(plain)) } else { (name, simple) };
        let bind = LdapBindRequest { version: 3, dn: dn.to_owned(), cred };
        match self.exchange(LdapOp::BindRequest(bind)).pop().unwrap() {
            LdapOp::BindResponse(answer) => {
                assert_eq!(answer.res.code, LdapResultCode::Success, "{name}");
            }
            other => panic!("{other:?}"),
        }
    }

    /// The names that a search finds.
    fn find(&mut self, base: &str, filter: &str) -> Vec<String> {
        let replies = self.exchange(LdapOp::SearchRequest(LdapSearchRequest {
            base: base.to_owned(),
            scope: LdapSearchScope::Subtree,
            aliases: LdapDerefAliases::Never,
            sizelimit: 50,
            timelimit: 0,
            typesonly: false,
            filter: parse_ldap_filter_str(filter).unwrap(),
            attrs: vec!["cn".to_owned()],
        }));
        let name = |reply| match reply {
            LdapOp::SearchResultEntry(entry) => {
                Some(String::from_utf8(entry.attributes[0].vals[0].clone()).unwrap())
            }
            LdapOp::SearchResultDone(result) => {
                assert_eq!(result.code, LdapResultCode::Success, "{filter}");
                None
            }
            other => panic!("{other:?}"),
        };
        replies.into_iter().filter_map(name).collect()
    }

    /// Sends a request and reads its replies up to the last.
    fn exchange(&mut self, operation: LdapOp) -> Vec<LdapOp> {
        let mut codec = LdapCodec::default();
        let mut bytes = BytesMut::new();
        codec.encode(LdapMsg::new(1, operation), &mut bytes).unwrap();
        self.0.write_all(&bytes).unwrap();
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
            let length = self.0.read(&mut chunk).unwrap();
            assert!(length > 0, "the connection ended");
            bytes.extend_from_slice(&chunk[..length]);
        }
    }
}

fn check(output: &Output, status: i32, told: &[&str]) {
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(output.status.code(), Some(status), "{text}");
    for part in told {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
}

#[test]
fn every_vendor_has_a_page_that_names_the_command() {
    let daemon = TestDaemon::empty();
    let help = daemon.run(&["phone-config", "nobody", "--extension", "201"]);
    let help = String::from_utf8_lossy(&help.stderr).into_owned();
    let known = help.split("[possible values: ").nth(1).and_then(|rest| rest.split(']').next());
    assert_eq!(known.unwrap().split(", ").collect::<Vec<_>>(), VENDORS.map(|vendor| vendor.name));
    let pages = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/phones")).unwrap();
    let pages = pages.map(|page| fs::read_to_string(page.unwrap().path()).unwrap());
    let pages: Vec<String> = pages.map(|page| page.replace("\\|", "|")).collect();
    for Vendor { name, .. } in VENDORS {
        let command = format!("ringbook phone-config {name} ");
        let named: Vec<&String> = pages.iter().filter(|page| page.contains(&command)).collect();
        assert!(!named.is_empty(), "no page has `{command}`");
        // Gigaset's desk phones are set as Snom's, and their page says so.
        if name == "gigaset-p" {
            continue;
        }
        let template = format!("{}/conf/phones/{name}.tmpl", env!("CARGO_MANIFEST_DIR"));
        let settings = settings(&fs::read_to_string(template).unwrap());
        for filter in settings.values().filter(|value| value.contains("=%")) {
            let told = named.iter().any(|page| page.contains(filter.as_str()));
            assert!(told, "{name}: no page tells {filter}");
        }
    }
}

#[test]
fn all_phones_get_a_file_that_only_its_owner_reads() {
    let daemon = TestDaemon::demo();
    let folder = daemon.data().join("phones");
    let out = folder.display().to_string();
    let all = ["phone-config", "snom", "--all", "--out", &out, "--host", "pbx.example"];
    check(&daemon.run(&all), 0, &["80 files, 0 failed", "certs/ca.crt"]);
    let file = folder.join("201.xml");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let first = settings(&fs::read_to_string(&file).unwrap());
    assert_eq!(first["ldap_server"], "pbx.example");
    assert_eq!(first["ldap_over_tls"], "on");
    assert_eq!(first["ldap_username"], "uid=201,ou=people,dc=pbx,dc=example");
    let signs_in = |password: &str| {
        let stream = Trust::of(&daemon).connect(&daemon, daemon.ldaps());
        Ldap::new(stream).bind("uid=201,ou=people,dc=pbx,dc=example", password)
    };
    assert_eq!(signs_in(&first["ldap_password"]), LdapResultCode::Success);

    // Again: the older passwords end where that is wanted, and only then.
    let json = daemon.run(&[&all[..], &["--json", "--replace"]].concat());
    let json: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["files"].as_array().unwrap().len(), 80);
    assert_eq!(signs_in(&first["ldap_password"]), LdapResultCode::InvalidCredentials);
    let second = settings(&fs::read_to_string(&file).unwrap());
    assert_eq!(signs_in(&second["ldap_password"]), LdapResultCode::Success);
    let one = daemon.run(&["phone-config", "snom", "--extension", "201", "--name", "Lobby"]);
    check(&one, 0, &["<ldap_password"]);
    assert_eq!(signs_in(&second["ldap_password"]), LdapResultCode::Success);
}

#[test]
fn a_phone_account_signs_in_for_phones_of_nobody() {
    let daemon = TestDaemon::demo();
    let secret = daemon.data().join("secret");
    fs::write(&secret, "phones\n").unwrap();
    let secret = secret.display().to_string();
    let phone = ["phone-config", "yealink", "--phone", "phones", "--secret-file", &secret];
    let json = daemon.run(&[&phone[..], &["--security", "none", "--json"]].concat());
    let json: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["user"], "cn=phones,ou=services,dc=pbx,dc=example");
    assert_eq!((&json["security"], &json["file"]), (&"none".into(), &Value::Null));
    let settings = settings(json["config"].as_str().unwrap());
    assert_eq!(
        (settings["ldap.tls_mode"].as_str(), settings["ldap.password"].as_str()),
        ("0", "phones")
    );
    let mut phone =
        Phone::connect(&daemon, json["port"].as_u64().unwrap().try_into().unwrap(), false);
    phone.sign_in(&settings["ldap.user"], &settings["ldap.password"], false);
    assert_eq!(phone.find(&settings["ldap.base"], "(&(cn=anna*)(sn=adams))"), ["Anna Adams"]);
}

#[test]
fn what_cannot_be_is_refused_and_leaves_no_password_behind() {
    let daemon = TestDaemon::demo();
    let config = |more: &[&str]| daemon.run(&[&["phone-config"], more].concat());
    check(&config(&["yealink"]), 2, &["--extension"]);
    check(&config(&["nokia", "--extension", "201"]), 2, &["yealink", "grandstream"]);
    check(&config(&["yealink", "--all"]), 2, &["--out"]);
    check(&config(&["yealink", "--phone", "phones"]), 2, &["--secret-file"]);
    check(&config(&["yealink", "--extension", "999"]), 2, &["404"]);
    let tls = ["sangoma", "--extension", "201", "--security", "ldaps"];
    check(&config(&tls), 2, &["Sangoma phones know none, not ldaps"]);
    let quote = ["panasonic", "--extension", "201", "--base", "ou=\"x\",dc=pbx"];
    check(&config(&quote), 2, &["cannot hold the '\"' in the base"]);
    fs::write(daemon.data().join("file"), "").unwrap();
    let file = daemon.data().join("file").display().to_string();
    check(&config(&["snom", "--extension", "201", "--out", &file]), 2, &["file/201.xml: "]);
    let made = daemon.ask(
        &format!("Bearer {}", daemon.token()),
        "GET /api/v1/users/201/app-passwords",
        b"",
    );
    assert_eq!(made.json()["items"].as_array().unwrap().len(), 0);
    let second = br#"{"id": "second", "name": "Second", "domain": "second.example",
        "suffix": "ou=R&D,dc=second", "region": "DE"}"#;
    let token = format!("Bearer {}", daemon.token());
    assert_eq!(daemon.ask(&token, "POST /api/v1/organizations", second).status, 201);
    check(&config(&["snom", "--extension", "201"]), 2, &["--organization ID"]);
    let there = ["snom", "--extension", "201", "--organization"];
    check(&config(&[&there[..], &["demo"]].concat()), 0, &["<ldap_base"]);
    check(&config(&[&there[..], &["nowhere"]].concat()), 2, &["no such organization"]);
    check(&config(&[&there[..], &["second"]].concat()), 2, &["404"]);
    let made =
        daemon.ask(&token, "POST /api/v1/users?organization=second", br#"{"extension": "301"}"#);
    assert_eq!(made.status, 201, "{made:?}");
    let there = ["snom", "--extension", "301", "--organization", "second"];
    check(&config(&there), 0, &[">uid=301,ou=people,ou=R&amp;D,dc=second<"]);
    // A user's own token does not make passwords for others.
    let add = daemon.ask(
        "201:demo-201",
        "POST /api/v1/users/202/app-passwords",
        br#"{"name": "x", "doors": ["ldap:read"]}"#,
    );
    assert_eq!(add.status, 403);
}
