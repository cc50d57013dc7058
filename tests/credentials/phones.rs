//! Phone accounts: two secrets, networks, books, and the users they act for.

use ldap3_proto::proto::LdapResultCode;
use serde_json::{Value, json};

use crate::world::{ADMIN, World, names, phone_dn, text};

const REFUSED: LdapResultCode = LdapResultCode::InvalidCredentials;

#[tokio::test]
async fn two_secrets_count_while_phones_go_from_one_to_the_other() {
    let world = World::start().await;
    world.phone("lobby", json!({})).await;
    let dn = phone_dn("lobby");
    let add = async |body: Value| world.post(ADMIN, "phones/lobby/secrets", body).await;
    assert_eq!(world.delete(ADMIN, "phones/lobby/secrets/oldest").await.status, 409);
    let second = text(&add(json!({})).await.expect(201), "secret");
    world.signed_in(&dn, "lobby-secret").await;
    world.signed_in(&dn, &second).await;
    // A third one pushes the oldest out only when told.
    add(json!({})).await.expect(409);
    let third = json!({ "secret": "third-secret", "replace_oldest": true });
    assert_eq!(add(third).await.expect(201)["secrets"], 2);
    assert_eq!(world.bind(&dn, "lobby-secret").await.1, REFUSED);
    world.signed_in(&dn, &second).await;
    world.signed_in(&dn, "third-secret").await;
    let left = world.delete(ADMIN, "phones/lobby/secrets/oldest").await.expect(200);
    assert_eq!(left["secrets"], 1);
    assert_eq!(world.bind(&dn, &second).await.1, REFUSED);
    world.signed_in(&dn, "third-secret").await;
}

#[tokio::test]
async fn an_account_signs_in_from_its_networks_only() {
    let world = World::start().await;
    let networks = json!({ "networks": ["192.0.2.0/24", "2001:db8::/32"] });
    world.phone("lobby", networks).await;
    let dn = phone_dn("lobby");
    for (address, expected) in [
        ("192.0.2.9", LdapResultCode::Success),
        ("::ffff:192.0.2.9", LdapResultCode::Success),
        ("2001:db8::9", LdapResultCode::Success),
        ("198.51.100.1", REFUSED),
        ("2001:db9::1", REFUSED),
        ("127.0.0.1", REFUSED),
    ] {
        world.come_from(address);
        assert_eq!(world.bind(&dn, "lobby-secret").await.1, expected, "{address}");
    }
}

#[tokio::test]
async fn an_account_of_several_users_needs_networks_and_tls() {
    let world = World::start().await;
    let several = json!({ "name": "gate", "acts_for": ["201", "202"] });
    let refused = world.post(ADMIN, "phones", several).await.expect(400);
    assert_eq!(refused["field"], "networks");
    let several = json!({ "networks": ["127.0.0.0/8"], "acts_for": ["201", "202"] });
    world.phone("gate", several).await;
    let dn = phone_dn("gate");
    assert_eq!(world.bind(&dn, "gate-secret").await.1, REFUSED, "without TLS");
    world.come_over_tls();
    world.signed_in(&dn, "gate-secret").await;
    world.come_from("192.0.2.9");
    assert_eq!(world.bind(&dn, "gate-secret").await.1, REFUSED, "from elsewhere");
    // Its networks cannot be taken away afterwards.
    let open = json!({ "networks": [] });
    world.http(ADMIN, "PATCH phones/gate", &open).await.expect(400);
    let one = json!({ "networks": [], "acts_for": ["201"] });
    world.http(ADMIN, "PATCH phones/gate", &one).await.expect(200);
    world.signed_in(&dn, "gate-secret").await;
}

#[tokio::test]
async fn an_account_sees_its_books_and_its_user_only() {
    let world = World::start().await;
    world.phone("all", json!({})).await;
    world.phone("people", json!({ "books": ["people"] })).await;
    world.phone("anna", json!({ "acts_for": ["201"], "books": ["shared"] })).await;
    let mut all = world.phone_signed_in("all").await;
    assert_eq!(names(&mut all).await, ["Acme Supplies", "admin", "anna", "olga"]);
    let mut people = world.phone_signed_in("people").await;
    assert_eq!(names(&mut people).await, ["admin", "anna", "olga"]);
    let mut anna = world.phone_signed_in("anna").await;
    assert_eq!(names(&mut anna).await, ["Acme Supplies", "Annas Aunt"]);
}

#[tokio::test]
async fn what_is_changed_is_shown_and_the_rest_stays() {
    let world = World::start().await;
    let more = json!({ "number_format": "national", "books": ["people", "shared", "all"] });
    world.phone("lobby", more).await;
    let change = json!({ "name_order": "family-first", "networks": ["127.0.0.1"] });
    world.http(ADMIN, "PATCH phones/lobby", &change).await.expect(200);
    world.phone_signed_in("lobby").await;
    let mut shown = world.get(ADMIN, "phones/Lobby").await.expect(200);
    assert!(shown["last_use"]["time"].is_string());
    shown["last_use"] = Value::Null;
    let expected = json!({
        "name": "lobby", "organization": "main", "dn": phone_dn("lobby"), "secrets": 1,
        "networks": ["127.0.0.1/32"], "books": ["people", "shared", "all"], "acts_for": [],
        "number_format": "national", "name_order": "family-first", "last_use": null,
    });
    assert_eq!(shown, expected);
    let reset = json!({ "name_order": null });
    let shown = world.http(ADMIN, "PATCH phones/lobby", &reset).await.expect(200);
    assert_eq!(shown["name_order"], Value::Null);
}

#[tokio::test]
async fn what_is_not_there_is_refused_with_its_field() {
    let world = World::start().await;
    for (wrong, field) in [
        (json!({ "books": ["department-nowhere"] }), "books"),
        (json!({ "books": ["shared-nowhere"] }), "books"),
        (json!({ "books": ["favorites"] }), "books"),
        (json!({ "networks": ["10.0.0.0/33"] }), "networks"),
        (json!({ "acts_for": ["999"] }), "acts_for"),
        (json!({ "acts_for": ["300"] }), "acts_for"),
        (json!({ "number_format": "roman" }), "number_format"),
        (json!({ "name_order": "random" }), "name_order"),
        (json!({ "secrets": [] }), "secrets"),
    ] {
        let mut body = wrong;
        body["name"] = json!("x");
        let refused = world.post(ADMIN, "phones", body.clone()).await.expect(400);
        assert_eq!(refused["field"], field, "{body}");
    }
    world.get(ADMIN, "phones/x").await.expect(404);
    world.get("201:anna-secret", "phones").await.expect(403);
}
