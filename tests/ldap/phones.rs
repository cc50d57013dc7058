//! Plays the requests of `tests/ldap/phones.txt` and compares what comes back.

use std::collections::BTreeSet;

use ldap3_proto::proto::LdapResultCode;
use ringbook::account::{BaseAlias, OrganizationSettings};
use ringbook::contact::book::AddressBook;
use ringbook::directory::Edit;

use crate::client::{Ask, BASE, Client, Entry, Found, ONE, SUB, bind, bytes, element};
use crate::control::{PAGED, at_offset, control as encoded, cookie, sorted};
use crate::world::{SUFFIX, World};

/// One recorded request and what it must find.
#[derive(Debug, Default)]
struct Case {
    name: String,
    base: String,
    scope: String,
    limit: u32,
    filter: String,
    attributes: Vec<String>,
    controls: Vec<Vec<u8>>,
    /// The lines `result`, `answers` and `finds` of the file.
    expected: Vec<String>,
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
            let name = rest.split_once(' ').unwrap().0.to_owned();
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
            "control" => case.controls.push(control(rest)),
            "answers" | "finds" | "result" => case.expected.push(line.to_owned()),
            _ => panic!("{line}"),
        }
    }
    cases
}

/// A control in the words of the file: `paged 500`, `sorted sn givenName`, `view 9` for the first ten.
/// Clients that cannot do without it mark it critical, which `!` says.
fn control(words: &str) -> Vec<u8> {
    let (kind, value) = words.split_once(' ').unwrap();
    match kind {
        "paged" | "paged!" => {
            let size = element(2, &value.parse::<i64>().unwrap().to_be_bytes());
            let first = element(0x30, &[size, element(4, b"")].concat());
            encoded(PAGED, kind.ends_with('!'), &first)
        }
        "sorted" => sorted(false, value),
        "sorted!" => sorted(true, value),
        "view!" => at_offset((0, value.parse().unwrap()), 1, 0),
        _ => panic!("{words}"),
    }
}

/// An entry in the words of the file: `finds cn: John Smith | telephoneNumber: 101, +49 30 123101`.
fn shown(entry: &Entry) -> String {
    let attributes = entry.attributes.iter().map(|(name, values)| {
        let shown = values.iter().map(|value| match name.as_str() {
            "uid" | "entryuuid" if value.len() == 36 => "UUID",
            "createTimestamp" | "modifyTimestamp" => "TIME",
            "vendorVersion" => "VERSION",
            // Of a definition in the schema the first name.
            _ if value.starts_with("( ") => value.split('\'').nth(1).unwrap_or("unnamed"),
            _ => value,
        });
        format!("{name}: {}", shown.collect::<Vec<&str>>().join(", "))
    });
    format!("finds {}", attributes.collect::<Vec<String>>().join(" | ")).trim_end().to_owned()
}

/// What was found in the words of the file.
fn told(found: &Found) -> Vec<String> {
    let result = match found.code {
        LdapResultCode::Success => None,
        LdapResultCode::NoSuchObject => Some("result noSuchObject"),
        LdapResultCode::SizeLimitExceeded => Some("result sizeLimitExceeded"),
        _ => Some("result something else"),
    };
    let page = cookie(&found.controls).map(|cookie| match cookie.is_empty() {
        true => "answers the last page".to_owned(),
        false => "answers a page".to_owned(),
    });
    let order = found.sort_result().map(|result| format!("answers sorted: {result}"));
    let view = found.view().map(|(at, of, result)| format!("answers view {at} of {of}: {result}"));
    let answers = [page, order, view].into_iter().flatten();
    result
        .map(str::to_owned)
        .into_iter()
        .chain(answers)
        .chain(found.entries.iter().map(shown))
        .collect()
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
    let ask = Ask { base, scope, limit, types_only, filter, attributes: &attributes };
    client.search_with(&ask, &case.controls).await
}

/// The company, after it took over from the servers that phones of the file were set to.
pub(crate) async fn successor() -> World {
    let world = World::start().await;
    let organization = world.directory.snapshot().organization(&world.organization).cloned();
    let bases = [
        "dc=asterisk",
        "dc=baraddur,dc=mordor",
        "dc=eventphone,dc=de",
        "dc=example,dc=com",
        "dc=phonebook",
        "dc=sark,dc=aelintra,dc=com",
        "dc=x",
        "o=dbs",
        "ou=Verzeichnis 1,dc=starface,dc=pbx",
        "ou=users,dc=mydomain,dc=com",
    ];
    let alias = |base: &str| BaseAlias { base: base.to_owned(), book: AddressBook::Contacts };
    let base_aliases = bases.map(alias).to_vec();
    let settings = OrganizationSettings { base_aliases, ..(*organization.unwrap()).clone() };
    world.edit(Edit::PutOrganization(Box::new(settings))).await;
    world
}

/// Fails with the cases as the file would have to tell them.
fn check(wrong: &[(String, Vec<String>)]) {
    let wrong =
        wrong.iter().map(|(name, told)| format!("request {name}\n  {}\n", told.join("\n  ")));
    let wrong = wrong.collect::<Vec<String>>().join("\n");
    assert!(wrong.is_empty(), "answered otherwise:\n{wrong}");
}

#[tokio::test]
async fn phones_find_what_they_ask_for() {
    let world = successor().await;
    let mut client = Client::phone(&world).await;
    let mut wrong = Vec::new();
    for case in cases() {
        let told = told(&ask(&mut client, &case).await);
        if told != case.expected {
            wrong.push((case.name, told));
        }
    }
    check(&wrong);
}

/// The requests of `phones-ber.txt`, which are those of `phones.txt` as a client's own encoder made
/// them: lengths in the short form, integers in as few bytes as they need.
#[tokio::test]
async fn the_same_requests_as_bytes_find_the_same() {
    let world = successor().await;
    let mut client = Client::phone(&world).await;
    let cases = cases();
    let mut wrong = Vec::new();
    for line in include_str!("phones-ber.txt").lines().filter(|line| !line.starts_with('#')) {
        let (name, hex) = line.split_once('|').unwrap();
        let case = cases.iter().find(|case| case.name == name).unwrap_or_else(|| panic!("{name}"));
        client.send(&bytes(hex)).await;
        let told = told(&client.found().await);
        // These messages have no controls, so that nothing answers them or orders the entries.
        let plain = |line: &&String| !line.starts_with("answers ");
        let sorted = |lines: Vec<String>| match case.controls.is_empty() {
            true => lines,
            false => lines.into_iter().collect::<BTreeSet<String>>().into_iter().collect(),
        };
        if sorted(told.clone()) != sorted(case.expected.iter().filter(plain).cloned().collect()) {
            wrong.push((case.name.clone(), told));
        }
    }
    check(&wrong);
}

/// Gigaset bases and Jitsi open an entry by its name.
#[tokio::test]
async fn each_name_of_an_answer_reads_back() {
    let world = successor().await;
    let mut client = Client::phone(&world).await;
    let mut names = BTreeSet::new();
    for case in cases() {
        let found = ask(&mut client, &case).await;
        names.extend(found.entries.into_iter().map(|entry| entry.dn).filter(|dn| !dn.is_empty()));
    }
    assert!(names.len() > 16, "{names:?}");
    for name in names {
        let read = Ask { scope: BASE, ..Ask::sub(&name, "(objectClass=*)") };
        assert_eq!(client.search(&read).await.dns(), [name.as_str()]);
    }
}

/// Wazo keeps favorites by `entryUUID`, and asks for them by their bytes.
#[tokio::test]
async fn favorites_of_wazo_are_found_by_the_bytes_of_their_identifiers() {
    let world = World::start().await;
    let mut client = Client::phone(&world).await;
    let wanted = Ask { attributes: &["entryUUID"], ..Ask::sub(SUFFIX, "(|(sn=doe)(sn=riddle))") };
    let found = client.search(&wanted).await;
    let term = |entry: &Entry| {
        let hex = entry.first("entryUUID").replace('-', "");
        let escaped =
            hex.as_bytes().chunks(2).map(|two| format!("\\{}", str::from_utf8(two).unwrap()));
        format!("(entryUUID={})", escaped.collect::<String>())
    };
    let filter = format!("(|{})", found.entries.iter().map(term).collect::<String>());
    assert_eq!(client.search(&Ask::sub(SUFFIX, &filter)).await.names(), ["Jane Doe", "Tom Riddle"]);
}

#[tokio::test]
async fn phones_sign_in_as_they_do() {
    let world = World::start().await;
    let phone = "cn=phones,ou=services,dc=pbx,dc=com";
    let digest = |credentials: &[u8]| {
        let sasl = [element(4, b"DIGEST-MD5"), credentials.to_vec()].concat();
        element(0x60, &[&[2, 1, 3, 4, 0][..], &element(0xa3, &sasl)].concat())
    };
    let requests = [
        ("Grandstream after a factory reset: LDAPv2", bind(2, phone, "phones-secret"), "Success"),
        (
            "Evolution, falling back to LDAPv2",
            bind(2, "uid=101,ou=people,dc=pbx,dc=com", "john-secret"),
            "Success",
        ),
        ("a phone that signs in by name alone", bind(3, "phones", "phones-secret"), "Success"),
        ("Cisco MPP without credentials", bind(3, "", ""), "Success"),
        ("Cisco SPA and MPP with DIGEST-MD5", digest(&[]), "AuthMethodNotSupported"),
        (
            "Avaya J100, DavMail for Apple: empty credentials",
            digest(&[4, 0]),
            "AuthMethodNotSupported",
        ),
    ];
    for (who, request, expected) in requests {
        let mut client = Client::connect(&world).await;
        client.request(&request).await;
        assert_eq!(format!("{:?}", client.result().await), expected, "{who}");
        // Whoever was refused may try another way on the same connection.
        assert_eq!(client.bind(phone, "phones-secret").await, LdapResultCode::Success, "{who}");
        assert_eq!(
            client.search(&Ask::sub(SUFFIX, "(cn=jan*)")).await.names(),
            ["Jane Doe"],
            "{who}"
        );
    }
}
