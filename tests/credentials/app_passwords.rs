//! App passwords: one secret for each device, for the doors it is made for.

use ldap3_proto::proto::LdapResultCode;
use serde_json::json;

use crate::world::{ADMIN, ANNA, World, names, text};

#[tokio::test]
async fn an_app_password_opens_its_doors_only() {
    let world = World::start().await;
    for doors in [&["ldap:read"][..], &["carddav"], &["http"], &["carddav", "http"]] {
        let (_, secret) = world.app_password(ANNA, doors).await;
        let who = format!("201:{secret}");
        let (_, bind) = world.bind("201", &secret).await;
        let ldap = bind == LdapResultCode::Success;
        let carddav = world.http(&who, "OPTIONS /dav/", &json!(null)).await.status == 200;
        let http = world.get(&who, "me").await.status == 200;
        let opened = [("ldap:read", ldap), ("carddav", carddav), ("http", http)];
        let opened: Vec<&str> = opened.iter().filter(|(_, open)| *open).map(|(d, _)| *d).collect();
        assert_eq!(opened, doors);
    }
}

#[tokio::test]
async fn it_works_under_every_login_name_and_however_it_is_typed() {
    let world = World::start().await;
    let (_, secret) = world.app_password(ANNA, &["ldap:read"]).await;
    for name in ["201", "anna", "anna@main.example", "uid=201,ou=people,dc=pbx,dc=com"] {
        world.signed_in(name, &secret).await;
    }
    world.signed_in("201", &secret.to_uppercase()).await;
    world.signed_in("201", &secret.replace('-', "")).await;
    for name in ["200", "202", "300@other.example", "nobody"] {
        let (_, code) = world.bind(name, &secret).await;
        assert_eq!(code, LdapResultCode::InvalidCredentials, "{name}");
    }
    let mut anna = world.signed_in("201", &secret).await;
    assert!(names(&mut anna).await.contains(&"Annas Aunt".to_owned()));
}

#[tokio::test]
async fn the_secret_is_shown_once_and_the_last_use_later() {
    let world = World::start().await;
    let (id, secret) = world.app_password(ANNA, &["carddav", "http"]).await;
    let list = world.get(ANNA, "me/app-passwords").await;
    let item = list.expect(200)["items"][0].clone();
    assert_eq!((&item["id"], &item["last_use"]), (&json!(id), &json!(null)));
    assert_eq!(item["doors"], json!(["carddav", "http"]));
    assert!(!list.body.contains(&secret));
    world.come_from("198.51.100.7");
    world.get(&format!("201:{secret}"), "me").await.expect(200);
    let list = world.get(ANNA, "me/app-passwords").await.expect(200);
    assert_eq!(list["items"][0]["last_use"]["address"], "198.51.100.7");
}

#[tokio::test]
async fn it_never_has_an_administrators_rights() {
    let world = World::start().await;
    let (_, secret) = world.app_password(ADMIN, &["http", "ldap:read"]).await;
    let device = format!("200:{secret}");
    assert_eq!(world.get(&device, "me").await.expect(200)["role"], "office-manager");
    for path in ["users", "phones", "tokens", "audit", "users/201/app-passwords"] {
        world.get(&device, path).await.expect(403);
        world.get(ADMIN, path).await.expect(200);
    }
    let user = json!({ "extension": "299", "name": "X" });
    world.post(&device, "users", user).await.expect(403);
    let password = json!({ "password": "taken over" });
    world.http(&device, "PATCH users/200", &password).await.expect(403);
}

#[tokio::test]
async fn it_changes_no_credentials() {
    let world = World::start().await;
    let (id, secret) = world.app_password(ANNA, &["http"]).await;
    let device = format!("201:{secret}");
    let body = json!({ "old": "anna-secret", "new": "stolen device" });
    world.http(&device, "PUT me/password", &body).await.expect(403);
    let new = json!({ "name": "x", "doors": ["http"] });
    world.post(&device, "me/app-passwords", new.clone()).await.expect(403);
    world.get(&device, "me/app-passwords").await.expect(403);
    world.delete(&device, &format!("me/app-passwords/{id}")).await.expect(403);
    // A token is no user.
    let token = json!({ "name": "t", "role": "admin" });
    let token = text(&world.post(ADMIN, "tokens", token).await.expect(201), "secret");
    let token = format!("Bearer {token}");
    world.post(&token, "me/app-passwords", new).await.expect(403);
    world.http(&token, "PUT me/password", &body).await.expect(403);
}

#[tokio::test]
async fn administrators_make_and_revoke_them_for_their_users() {
    let world = World::start().await;
    let body = json!({ "name": "desk phone", "doors": ["ldap:read"] });
    let made = world.post(ADMIN, "users/201/app-passwords", body.clone()).await.expect(201);
    let (id, secret) = (text(&made, "id"), text(&made, "secret"));
    world.signed_in("201", &secret).await;
    let list = world.get(ADMIN, "users/201/app-passwords").await.expect(200);
    assert_eq!(list["items"][0]["name"], "desk phone");
    // Neither colleagues nor the administrators of another organization.
    let path = format!("users/201/app-passwords/{id}");
    world.delete("202:olga-secret", &path).await.expect(403);
    world.delete("300@other.example:xenia-secret", &path).await.expect(404);
    world.delete(ADMIN, &format!("users/202/app-passwords/{id}")).await.expect(404);
    world.delete(ADMIN, &path).await.expect(204);
    let (_, code) = world.bind("201", &secret).await;
    assert_eq!(code, LdapResultCode::InvalidCredentials);
    world.delete(ADMIN, &path).await.expect(404);
}

#[tokio::test]
async fn a_user_has_fifty_at_most_and_each_is_well_formed() {
    let world = World::start().await;
    for _ in 0..50 {
        world.app_password(ANNA, &["carddav"]).await;
    }
    let more = json!({ "name": "one more", "doors": ["carddav"] });
    world.post(ANNA, "me/app-passwords", more).await.expect(409);
    for (wrong, field) in [
        (json!({ "name": "x", "doors": [] }), "doors"),
        (json!({ "name": "x" }), "doors"),
        (json!({ "name": "x", "doors": ["ldap"] }), "doors"),
        (json!({ "name": "", "doors": ["http"] }), "name"),
        (json!({ "name": "x".repeat(101), "doors": ["http"] }), "name"),
        (json!({ "name": "x", "doors": ["http"], "secret": "mine" }), "secret"),
    ] {
        let refused = world.post("202:olga-secret", "me/app-passwords", wrong).await.expect(400);
        assert_eq!(refused["field"], field);
    }
}
