//! What ends a connection that is open: every operation asks whether its credential still counts.

use ringbook::account::{Role, User};
use ringbook::directory::Edit;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::world::{ADMIN, ANNA, World, disconnected, phone_dn, request, text};

#[tokio::test]
async fn a_changed_password_ends_what_the_old_one_opened() {
    let world = World::start().await;
    let mut anna = world.signed_in("201", "anna-secret").await;
    let mut olga = world.signed_in("202", "olga-secret").await;
    let (_, secret) = world.app_password(ANNA, &["ldap:read"]).await;
    let mut device = world.signed_in("201", &secret).await;
    let body = json!({ "old": "anna-secret", "new": "quite another one" });
    world.http(ANNA, "PUT me/password", &body).await.expect(204);
    disconnected(&mut anna).await;
    assert!(device.is_alive().await, "an app password is a credential of its own");
    assert!(olga.is_alive().await);
    world.get(ANNA, "me").await.expect(401);
    world.get("201:quite another one", "me").await.expect(200);
}

#[tokio::test]
async fn a_password_set_by_an_administrator_ends_connections_too() {
    let world = World::start().await;
    let mut anna = world.signed_in("201", "anna-secret").await;
    let body = json!({ "password": "given by the admin" });
    world.http(ADMIN, "PATCH users/201", &body).await.expect(200);
    disconnected(&mut anna).await;
}

#[tokio::test]
async fn a_revoked_app_password_ends_its_connections_only() {
    let world = World::start().await;
    let (first, secret) = world.app_password(ANNA, &["ldap:read"]).await;
    let (_, other) = world.app_password(ANNA, &["ldap:read"]).await;
    let mut revoked = world.signed_in("201", &secret).await;
    let mut kept = world.signed_in("201", &other).await;
    let mut anna = world.signed_in("201", "anna-secret").await;
    assert!(revoked.is_alive().await);
    world.delete(ANNA, &format!("me/app-passwords/{first}")).await.expect(204);
    disconnected(&mut revoked).await;
    assert!(kept.is_alive().await && anna.is_alive().await);
}

#[tokio::test]
async fn a_secret_that_is_rotated_out_ends_its_connections_only() {
    let world = World::start().await;
    world.phone("lobby", json!({})).await;
    let mut old = world.phone_signed_in("lobby").await;
    let made = world.post(ADMIN, "phones/lobby/secrets", json!({})).await.expect(201);
    let mut new = world.signed_in(&phone_dn("lobby"), &text(&made, "secret")).await;
    assert!(old.is_alive().await && new.is_alive().await);
    world.delete(ADMIN, "phones/lobby/secrets/oldest").await.expect(200);
    disconnected(&mut old).await;
    assert!(new.is_alive().await);
}

#[tokio::test]
async fn a_changed_role_ends_connections() {
    let world = World::start().await;
    let mut anna = world.signed_in("201", "anna-secret").await;
    let (_, secret) = world.app_password(ANNA, &["ldap:read"]).await;
    let mut device = world.signed_in("201", &secret).await;
    let more = User { role: Role::OfficeManager, ..world.user("201") };
    world.edit(Edit::PutUser(more)).await;
    disconnected(&mut anna).await;
    disconnected(&mut device).await;
}

#[tokio::test]
async fn a_removed_user_is_disconnected() {
    let world = World::start().await;
    let mut anna = world.signed_in("201", "anna-secret").await;
    let (_, secret) = world.app_password(ANNA, &["ldap:read"]).await;
    let mut device = world.signed_in("201", &secret).await;
    world.delete(ADMIN, "users/201").await.expect(204);
    disconnected(&mut anna).await;
    disconnected(&mut device).await;
}

#[tokio::test]
async fn a_network_that_is_no_longer_allowed_is_disconnected() {
    let world = World::start().await;
    world.phone("lobby", json!({})).await;
    world.come_from("192.0.2.7");
    let mut inside = world.phone_signed_in("lobby").await;
    world.come_from("198.51.100.7");
    let mut outside = world.phone_signed_in("lobby").await;
    let networks = json!({ "networks": ["192.0.2.0/24"] });
    world.http(ADMIN, "PATCH phones/lobby", &networks).await.expect(200);
    disconnected(&mut outside).await;
    assert!(inside.is_alive().await);
}

#[tokio::test]
async fn a_token_ends_on_an_open_connection() {
    let world = World::start().await;
    let token = json!({ "name": "cron", "role": "user" });
    let made = world.post(ADMIN, "tokens", token).await.expect(201);
    let who = format!("Bearer {}", text(&made, "secret"));
    let mut stream = world.http_stream().await;
    let ask = request(&who, "GET me", &Value::Null, "keep-alive");
    stream.write_all(&ask).await.unwrap();
    let mut bytes = [0; 4096];
    let count = stream.read(&mut bytes).await.unwrap();
    assert!(bytes[..count].starts_with(b"HTTP/1.1 200"));
    let id = made["id"].as_str().unwrap();
    let mut token = world.directory.snapshot().token(id).unwrap().clone();
    token.expires = Some(ringbook::contact::Timestamp(1));
    world.edit(Edit::PutToken(token)).await;
    stream.write_all(&ask).await.unwrap();
    let count = stream.read(&mut bytes).await.unwrap();
    assert!(bytes[..count].starts_with(b"HTTP/1.1 401"), "the token has expired");
}
