//! Plays the requests of `tests/ldap/phones.txt` and compares what comes back.

use ldap3_proto::proto::LdapResultCode;

use crate::client::{Ask, BASE, Client, Entry, Found, ONE, SUB};
use crate::world::World;

/// One recorded request and what it must find.
#[derive(Debug, Default)]
struct Case {
    name: String,
    base: String,
    scope: String,
    limit: u32,
    filter: String,
    attributes: Vec<String>,
    expected: Vec<String>,
    result: String,
}

fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for line in include_str!("phones.txt").lines().filter(|line| !line.starts_with('#')) {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        if word == "request" {
            let name = rest.to_owned();
            cases.push(Case { name, scope: "sub".into(), ..Default::default() });
            continue;
        }
        let case = cases.last_mut().unwrap();
        match word {
            "base" => case.base = rest.to_owned(),
            "scope" => case.scope = rest.to_owned(),
            "limit" => case.limit = rest.parse().unwrap(),
            "filter" => case.filter = rest.to_owned(),
            "attributes" => case.attributes = rest.split(' ').map(str::to_owned).collect(),
            "finds" => case.expected.push(rest.to_owned()),
            "result" => case.result = rest.to_owned(),
            _ => panic!("{line}"),
        }
    }
    cases
}

/// An entry in the words of the file: `cn: John Smith | telephoneNumber: 101, +49 30 123101`.
fn shown(entry: &Entry) -> String {
    let shown = |name: &str, values: &[String]| match name {
        "uid" if values[0].len() == 36 => "UUID".to_owned(),
        "modifyTimestamp" => "TIME".to_owned(),
        "vendorVersion" => "VERSION".to_owned(),
        _ => values.join(", "),
    };
    let attributes = entry.attributes.iter();
    let attributes = attributes.map(|(name, values)| format!("{name}: {}", shown(name, values)));
    attributes.collect::<Vec<String>>().join(" | ")
}

async fn ask(client: &mut Client, case: &Case) -> Found {
    let attributes: Vec<&str> = case.attributes.iter().map(String::as_str).collect();
    let scope = match case.scope.as_str() {
        "base" => BASE,
        "one" => ONE,
        _ => SUB,
    };
    let Case { base, filter, limit, .. } = case;
    let (limit, types_only) = (*limit, false);
    client.search(&Ask { base, scope, limit, types_only, filter, attributes: &attributes }).await
}

#[tokio::test]
async fn phones_find_what_they_ask_for() {
    let world = World::start().await;
    let mut client = Client::phone(&world).await;
    let mut wrong = Vec::new();
    for case in cases() {
        let found = ask(&mut client, &case).await;
        let result = match found.code {
            LdapResultCode::Success => "",
            LdapResultCode::NoSuchObject => "noSuchObject",
            LdapResultCode::SizeLimitExceeded => "sizeLimitExceeded",
            _ => "something else",
        };
        let entries: Vec<String> = found.entries.iter().map(shown).collect();
        if entries != case.expected || result != case.result {
            wrong.push(format!("{}: {entries:#?} {result}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
