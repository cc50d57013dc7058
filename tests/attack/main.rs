//! Attackers ask the same of stores that hold different secrets, or none, and must be told the same
//! to the byte: nothing of the secrets shows in an answer, a count, an order or an error.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]
#![allow(dead_code, reason = "the client serves other tests too")]

use crate::world::{PASSWORD, Secret, World};

#[path = "../ldap/client.rs"]
mod client;
#[path = "../ldap/control.rs"]
mod control;
#[path = "../ldap/filter.rs"]
mod filter;
mod http;
mod ldap;
mod lists;
mod world;

const ONE: Secret = Secret {
    mobile: Some("+49 170 1234567"),
    unlisted: Some("Ursula Unseen"),
    personal: Some("Petra Private"),
    stranger: Some("Stefano Stranger"),
    restricted: Some("Rita Restricted"),
    device: Some("one"),
};
const OTHER: Secret = Secret {
    mobile: Some("+49 171 7654321"),
    unlisted: Some("Viktor Veiled"),
    personal: Some("Quentin Quiet"),
    stranger: Some("Tiberio Elsewhere"),
    restricted: Some("Xaver Excluded"),
    device: Some("other"),
};
const NONE: Secret = Secret {
    mobile: None,
    unlisted: None,
    personal: None,
    stranger: None,
    restricted: None,
    device: None,
};

/// What the attackers try: the truth of one world is a wrong guess in the others.
fn guesses() -> Vec<&'static str> {
    let of = |s: Secret| [s.mobile, s.unlisted, s.personal, s.stranger, s.restricted];
    of(ONE).into_iter().chain(of(OTHER)).flatten().collect()
}

/// Who asks: a colleague, an administrator of another organization, a phone that sees one department,
/// and nobody.
const ATTACKERS: [(&str, &str); 4] = [
    ("202", PASSWORD),
    ("900@oslo.example", PASSWORD),
    ("cn=sales,ou=services,dc=acme,dc=example", PASSWORD),
    ("", ""),
];

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_depends_on_what_the_asker_may_not_see() {
    let mut told: Vec<Vec<(String, String)>> = Vec::new();
    for secret in [ONE, OTHER, NONE] {
        let world = World::new(&secret).await;
        let mut answers = Vec::new();
        for (name, password) in ATTACKERS {
            ldap::ask(&world, name, password, &mut answers).await;
            lists::ask(&world, name, password, &mut answers).await;
            if !name.starts_with("cn=") {
                http::ask(&world, name, password, &mut answers).await;
            }
        }
        world.stop().await;
        told.push(answers);
    }
    let (first, others) = told.split_first().unwrap();
    assert!(first.len() > 500, "{} questions", first.len());
    for other in others {
        assert_eq!(first.len(), other.len());
        for ((question, answer), (_, theirs)) in first.iter().zip(other) {
            assert_eq!(answer, theirs, "{question}");
        }
    }
    known(first);
}

/// The questions find what is no secret: else a refusal of everything would pass.
fn known(answers: &[(String, String)]) {
    for (question, expected) in [
        ("202 search ou=people,dc=acme,dc=example (cn=*) 2", "Anna Adams"),
        ("202 page 0 of ou=people,dc=acme,dc=example by -sn", "Bert"),
        ("202 list ou=people,dc=acme,dc=example by cn from bert", "Bert"),
        ("202 GET /api/v1/groups/people/contacts", "Anna Adams"),
        ("202 PROPFIND /dav/homes/202.acme/people/", "<response>"),
    ] {
        let (_, answer) = answers.iter().find(|(asked, _)| asked.starts_with(question)).unwrap();
        assert!(answer.contains(expected), "{question}: {answer}");
    }
}
