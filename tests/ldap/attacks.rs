//! Attempts to learn of what is not seen: two offices that differ in nothing else answer the same.

use std::collections::HashMap;

use ldap3_proto::proto::LdapOp;
use ringbook::account::AnonymousAccess;
use ringbook::account::networks::Networks;
use ringbook::contact::book::AddressBook;

use crate::client::{Ask, Client, Found, element};
use crate::office::{Besides, Office};
use crate::world::SUFFIX;

/// Filters that ask for hidden mobiles, for people who are not listed, for others' contacts.
const FILTERS: [&str; 51] = [
    "(objectClass=*)",
    "(objectClass=organizationalUnit)",
    "(mobile=*)",
    "(!(mobile=*))",
    "(mobile=+49 170 5551111)",
    "(!(mobile=+49 170 5551111))",
    "(mobile=+49170*)",
    "(mobile=*5551*)",
    "(mobile=*2222)",
    "(!(mobile=*2222))",
    "(mobile~=01705551111)",
    "(mobile>=0)",
    "(!(mobile>=0))",
    "(mobile<=9)",
    "(cell=*5551111)",
    "(0.9.2342.19200300.100.1.41=*)",
    "(mobile;lang-de=*)",
    "(mobile:=01705551111)",
    "(!(mobile:=01705551111))",
    "(mobile:telephoneNumberMatch:=01705551111)",
    "(:telephoneNumberMatch:=01705552222)",
    "(|(mobile=*5551111)(telephoneNumber=*5551111))",
    "(!(|(mobile=*5551111)(cn=nobody)))",
    "(&(cn=anna*)(|(mobile=*5551111)(!(mobile=*5551111))))",
    "(|(mobile=*)(pager=*))",
    "(!(&(mobile=*)(pager=*)))",
    "(cn=vera*)",
    "(sn=veil)",
    "(uid=199)",
    "(uid:dn:=199)",
    "(ipPhone=199)",
    "(cn>=vera)",
    "(!(cn=vera veil))",
    "(entryDN=uid=199,ou=people,dc=pbx,dc=com)",
    "(manager=uid=199,ou=people,dc=pbx,dc=com)",
    "(manager=*)",
    "(!(manager=*))",
    "(|(cn=brother)(cn=mario)(cn=bolts))",
    "(mobile=*7654321)",
    "(ou=support)",
    "(ou:dn:=ghosts)",
    "(ou=ghosts)",
    "(hasSubordinates=TRUE)",
    "(ringbookPresence=busy)",
    "(ringbookPresence=*)",
    "(!(ringbookPresence=*))",
    "(directReports=*)",
    "(!(directReports=*))",
    "(directReports=uid=199,ou=people,dc=pbx,dc=com)",
    "(directReports=uid=150,ou=people,dc=pbx,dc=com)",
    "(|(cn=gus)(o=ghost*)(mobile=*5553333))",
];

const BASES: [&str; 22] = [
    "",
    "ou=people,",
    "ou=departments,",
    "ou=Support,ou=departments,",
    "ou=Ghosts,ou=departments,",
    "ou=sites,",
    "ou=Ghost town,ou=sites,",
    "ou=status,",
    "ou=busy,ou=status,",
    "ou=shared,",
    "ou=A/B \"Lieferanten\" = #2,ou=shared,",
    "ou=personal,",
    "ou=favorites,",
    "ou=all,",
    "ou=contacts,",
    "uid=199,ou=people,",
    "uid=150,ou=people,",
    "uid=199,ou=busy,ou=status,",
    "ou=personal,uid=102,ou=people,",
    "uid=301,ou=all,",
    "ou=personal,uid=199,ou=people,",
    "cn=phones,ou=services,",
];

const COMPARED: [(&str, &str, &str); 8] = [
    ("uid=101,ou=people,", "mobile", "+49 170 5551111"),
    ("uid=101,ou=people,", "mobile", "nothing"),
    ("uid=101,ou=people,", "manager", "uid=199,ou=people,dc=pbx,dc=com"),
    ("uid=101,ou=people,", "manager", "nothing"),
    ("uid=199,ou=people,", "cn", "Vera Veil"),
    ("uid=150,ou=people,", "cn", "Gus"),
    ("ou=Ghosts,ou=departments,", "ou", "Ghosts"),
    ("ou=people,", "hasSubordinates", "TRUE"),
];

/// What an asker was told, with ids and times as they come in every office.
#[derive(Default)]
struct Transcript {
    ids: HashMap<String, usize>,
    lines: Vec<String>,
}

impl Transcript {
    fn add(&mut self, question: &str, answer: &str) {
        let mut line = format!("{question} -> ");
        let mut rest = answer;
        while let Some(c) = rest.chars().next() {
            let word_end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-');
            let word = &rest[..word_end.unwrap_or(rest.len())];
            let taken = match word.len() {
                36 if uuid::Uuid::try_parse(word).is_ok() => {
                    let count = self.ids.len();
                    let id = self.ids.entry(word.to_owned()).or_insert(count);
                    line.push_str(&format!("id {id}"));
                    36
                }
                15 if word.ends_with('Z') && word[..14].bytes().all(|c| c.is_ascii_digit()) => {
                    line.push_str("time");
                    15
                }
                0 => {
                    line.push(c);
                    c.len_utf8()
                }
                length => {
                    line.push_str(word);
                    length
                }
            };
            rest = &rest[taken..];
        }
        self.lines.push(line);
    }
}

fn told(found: &Found) -> String {
    format!(
        "{:?} {} {:?}",
        (&found.code, &found.matched, &found.message),
        found.entries.len(),
        found.entries
    )
}

async fn compared(client: &mut Client, (dn, attribute, value): (&str, &str, &str)) -> String {
    let assertion = [element(4, attribute.as_bytes()), element(4, value.as_bytes())].concat();
    let content = [element(4, dn.as_bytes()), element(0x30, &assertion)].concat();
    client.request(&element(0x6e, &content)).await;
    let LdapOp::CompareResult(result) = client.receive().await.unwrap().op else {
        panic!("the result of a compare");
    };
    format!("{result:?}")
}

/// All that a curious client gets to hear.
async fn interrogated(mut client: Client) -> Vec<String> {
    let mut transcript = Transcript::default();
    for base in BASES {
        let dn = format!("{base}{SUFFIX}");
        for filter in FILTERS {
            let ask = Ask { attributes: &["*", "+"], ..Ask::sub(&dn, filter) };
            let found = client.search(&ask).await;
            transcript.add(&format!("{dn} {filter}"), &told(&found));
        }
        for (scope, limit) in [(0, 0), (1, 0), (1, 1), (2, 1), (2, 2), (2, 5), (3, 6)] {
            for filter in ["(objectClass=*)", "(!(mobile=*2222))"] {
                let ask = Ask { scope, limit, ..Ask::sub(&dn, filter) };
                let found = client.search(&ask).await;
                transcript.add(&format!("{dn} {scope} {limit} {filter}"), &told(&found));
            }
        }
    }
    for base in ["dc=rome,dc=it", "ou=people,dc=rome,dc=it", "uid=301,ou=people,dc=rome,dc=it"] {
        let found = client.search(&Ask::sub(base, "(objectClass=*)")).await;
        transcript.add(base, &told(&found));
    }
    for (base, attribute, value) in COMPARED {
        let answer = compared(&mut client, (&format!("{base}{SUFFIX}"), attribute, value)).await;
        transcript.add(&format!("{base} {attribute}={value}"), &answer);
    }
    transcript.lines
}

/// Asks in an office with what is hidden, and in one without it.
async fn same_answers(account: &str, hidden: Besides) {
    let mut answers = Vec::new();
    for besides in [hidden, Besides::Nothing] {
        let office = Office::with(besides).await;
        answers.push(match account {
            "visitor" => interrogated(office.visitor().await).await,
            "guest" => {
                let networks = Networks::loopback();
                let books = vec![AddressBook::PEOPLE, AddressBook::SHARED];
                office.set(|main| main.anonymous = Some(AnonymousAccess { networks, books })).await;
                interrogated(office.visitor().await).await
            }
            account => interrogated(office.client(account).await).await,
        });
    }
    let [with, without] = <[Vec<String>; 2]>::try_from(answers).unwrap();
    assert_eq!(with.len(), without.len());
    for (with, without) in with.iter().zip(&without) {
        assert_eq!(with, without, "{account} learns something");
    }
}

#[tokio::test]
async fn a_colleague_learns_nothing_of_hidden_mobiles_and_unlisted_people() {
    same_answers("105", Besides::Secrets).await;
}

#[tokio::test]
async fn a_phone_learns_nothing_of_hidden_mobiles_and_unlisted_people() {
    same_answers("phones", Besides::Secrets).await;
}

#[tokio::test]
async fn a_visitor_learns_nothing_at_all() {
    same_answers("visitor", Besides::Others).await;
    same_answers("visitor", Besides::Secrets).await;
}

#[tokio::test]
async fn a_visitor_who_is_let_in_learns_nothing_of_hidden_mobiles_and_unlisted_people() {
    same_answers("guest", Besides::Secrets).await;
}

#[tokio::test]
async fn a_limited_phone_learns_nothing_of_other_departments() {
    same_answers("support", Besides::Others).await;
    same_answers("support", Besides::Secrets).await;
}

#[tokio::test]
async fn an_administrator_sees_what_a_colleague_does_not() {
    let office = Office::open().await;
    let mut dora = office.client("104").await;
    let found = dora.search(&Ask::sub(SUFFIX, "(mobile=*5551111)")).await;
    assert_eq!(found.names(), ["Anna Adams"]);
    assert_eq!(dora.search(&Ask::sub(SUFFIX, "(cn=vera*)")).await.entries, [], "not even here");
}
