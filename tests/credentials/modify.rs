//! Password modify (RFC 3062): as on the web page, with the old password and over TLS.

use ldap3_proto::proto::{LdapOp, LdapResultCode};
use serde_json::{Value, json};

use crate::client::{Ask, BASE, Client, element};
use crate::world::{ADMIN, ANNA, World, disconnected, names};

const MODIFY: &str = "1.3.6.1.4.1.4203.1.11.1";

/// What is sent; "" leaves a part out.
async fn modify(client: &mut Client, user: &str, old: &str, new: &str) -> (LdapResultCode, String) {
    let parts = [(0x80, user), (0x81, old), (0x82, new)].into_iter();
    let parts = parts.filter(|(_, text)| !text.is_empty());
    let value: Vec<u8> = parts.flat_map(|(tag, text)| element(tag, text.as_bytes())).collect();
    send(client, &element(0x30, &value)).await
}

async fn send(client: &mut Client, value: &[u8]) -> (LdapResultCode, String) {
    let request = [element(0x80, MODIFY.as_bytes()), element(0x81, value)].concat();
    client.request(&element(0x77, &request)).await;
    let LdapOp::ExtendedResponse(response) = client.receive().await.unwrap().op else {
        panic!("an extended response");
    };
    (response.res.code, response.res.message)
}

#[tokio::test]
async fn a_user_changes_the_own_password() {
    let world = World::start().await;
    world.come_over_tls();
    let mut anna = world.signed_in("201", "anna-secret").await;
    let mut other = world.signed_in("anna", "anna-secret").await;
    let mut olga = world.signed_in("202", "olga-secret").await;
    let mut old = "anna-secret".to_owned();
    for (turn, user) in [
        "",
        "201",
        "anna",
        "anna@main.example",
        "uid=201,ou=people,dc=pbx,dc=com",
        "dn:uid=201,ou=people,dc=pbx,dc=com",
        "u:anna",
    ]
    .into_iter()
    .enumerate()
    {
        let new = format!("a new password {turn}");
        let (code, message) = modify(&mut anna, user, &old, &new).await;
        assert_eq!(code, LdapResultCode::Success, "{user}: {message}");
        old = new;
    }
    // Whoever changed it stays; what the old password opened ends.
    assert!(names(&mut anna).await.contains(&"Annas Aunt".to_owned()));
    disconnected(&mut other).await;
    assert!(olga.is_alive().await);
    assert_eq!(world.bind("201", "anna-secret").await.1, LdapResultCode::InvalidCredentials);
    world.signed_in("201", &old).await;
    world.get(&format!("201:{old}"), "me").await.expect(200);
}

#[tokio::test]
async fn the_same_is_asked_of_a_password_as_on_the_web_page() {
    let world = World::start().await;
    world.come_over_tls();
    let mut anna = world.signed_in("201", "anna-secret").await;
    let long = "x".repeat(1025);
    for (user, old, new, expected, why) in [
        ("", "", "a new password", LdapResultCode::UnwillingToPerform, "old password"),
        ("", "anna-secret", "", LdapResultCode::UnwillingToPerform, "made up"),
        ("", "guess", "a new password", LdapResultCode::InvalidCredentials, "wrong"),
        ("", "anna-secret", "seven77", LdapResultCode::ConstraintViolation, "8 characters"),
        ("", "anna-secret", &long, LdapResultCode::ConstraintViolation, "1024 bytes"),
        ("", "anna-secret", "anna-secret", LdapResultCode::ConstraintViolation, "the old one"),
        ("", "anna-secret", "Anna@Main.example", LdapResultCode::ConstraintViolation, "login name"),
        ("202", "olga-secret", "a new password", LdapResultCode::InsufficentAccessRights, "own"),
        ("nobody", "anna-secret", "a new password", LdapResultCode::InsufficentAccessRights, "own"),
        (
            "300@other.example",
            "x",
            "a new password",
            LdapResultCode::InsufficentAccessRights,
            "own",
        ),
    ] {
        let (code, message) = modify(&mut anna, user, old, new).await;
        assert_eq!(code, expected, "{user} {old} {new}: {message}");
        assert!(message.contains(why), "{message}");
    }
    for value in [&b"x"[..], b"\x30\x7f", b"\x30\x03\x83\x01x"] {
        assert_eq!(send(&mut anna, value).await.0, LdapResultCode::ProtocolError);
    }
    assert!(anna.is_alive().await, "the connection stays");
    world.signed_in("201", "anna-secret").await;
    world.signed_in("202", "olga-secret").await;
}

#[tokio::test]
async fn it_needs_tls_and_the_users_own_password() {
    let world = World::start().await;
    world.phone("lobby", json!({})).await;
    let (_, secret) = world.app_password(ANNA, &["ldap:read"]).await;
    let mut clear = world.signed_in("201", "anna-secret").await;
    let (code, message) = modify(&mut clear, "", "anna-secret", "a new password").await;
    assert_eq!(code, LdapResultCode::ConfidentialityRequired);
    assert!(message.contains("StartTLS") && message.contains("web page"), "{message}");
    world.come_over_tls();
    let askers = [
        Client::connect(&world).await,
        world.signed_in("201", &secret).await,
        world.phone_signed_in("lobby").await,
    ];
    for mut asker in askers {
        for user in ["", "201"] {
            let (code, message) = modify(&mut asker, user, "anna-secret", "a new password").await;
            assert_eq!(code, LdapResultCode::InsufficentAccessRights, "{message}");
        }
    }
    world.signed_in("201", "anna-secret").await;
}

#[tokio::test]
async fn it_is_named_where_it_works() {
    let world = World::start().await;
    let root = Ask { scope: BASE, attributes: &["+"], ..Ask::sub("", "(objectClass=*)") };
    let mut clear = Client::connect(&world).await;
    let found = clear.search(&root).await;
    assert!(!found.entries[0].values("supportedExtension").contains(&MODIFY.to_owned()));
    world.come_over_tls();
    let mut client = Client::connect(&world).await;
    let found = client.search(&root).await;
    assert!(found.entries[0].values("supportedExtension").contains(&MODIFY.to_owned()));
}

#[tokio::test]
async fn guesses_of_the_old_password_are_slowed_down() {
    let world = World::start().await;
    world.come_over_tls();
    let mut anna = world.signed_in("201", "anna-secret").await;
    // Who has signed in from a place is known there for thirty days.
    world.pass(31 * 24 * 3600);
    for guess in 0..5 {
        let (code, _) = modify(&mut anna, "", &format!("guess {guess}"), "a new password").await;
        assert_eq!(code, LdapResultCode::InvalidCredentials);
    }
    let (code, message) = modify(&mut anna, "", "anna-secret", "a new password").await;
    assert_eq!(code, LdapResultCode::Busy, "{message}");
}

#[tokio::test]
async fn changes_and_guesses_are_in_the_audit_log() {
    let world = World::start().await;
    world.come_over_tls();
    let mut anna = world.signed_in("201", "anna-secret").await;
    modify(&mut anna, "", "guess", "a new password").await;
    modify(&mut anna, "", "anna-secret", "a new password").await;
    let list = world.get(ADMIN, "audit?limit=1000").await.expect(200);
    let of_it = |item: &&Value| item["action"] == "password modify";
    let items: Vec<&Value> = list["items"].as_array().unwrap().iter().rev().filter(of_it).collect();
    let outcomes: Vec<&str> = items.iter().map(|item| item["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["refused", "ok"]);
    for item in items {
        assert_eq!(
            (item["actor"].as_str(), item["door"].as_str()),
            (Some("user:201.main"), Some("ldap"))
        );
    }
}
