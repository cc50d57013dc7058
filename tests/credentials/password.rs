//! Users change their own password: with the old one, and to one that is worth something.

use ldap3_proto::proto::LdapResultCode;
use serde_json::json;

use crate::world::{ANNA, World};

#[tokio::test]
async fn the_old_password_is_needed() {
    let world = World::start().await;
    let change = |old: &str, new: &str| json!({ "old": old, "new": new });
    let wrong = change("guess", "another password");
    let refused = world.http(ANNA, "PUT me/password", &wrong).await.expect(403);
    assert_eq!(refused["field"], "old");
    let without = json!({ "new": "another password" });
    assert_eq!(world.http(ANNA, "PUT me/password", &without).await.expect(400)["field"], "old");
    world.http("", "PUT me/password", &wrong).await.expect(401);
    let right = change("anna-secret", "another password");
    world.http(ANNA, "PUT me/password", &right).await.expect(204);
    let (_, code) = world.bind("201", "another password").await;
    assert_eq!(code, LdapResultCode::Success);
    assert_eq!(world.bind("201", "anna-secret").await.1, LdapResultCode::InvalidCredentials);
}

#[tokio::test]
async fn what_everybody_would_guess_is_refused() {
    let world = World::start().await;
    for (new, why) in [
        ("seven77".to_owned(), "8 characters"),
        ("x".repeat(1025), "1024 bytes"),
        ("anna-secret".to_owned(), "the old one"),
        ("Anna@Main.example".to_owned(), "login name"),
    ] {
        let body = json!({ "old": "anna-secret", "new": new });
        let refused = world.http(ANNA, "PUT me/password", &body).await.expect(400);
        assert_eq!(refused["field"], "new");
        assert!(refused["detail"].as_str().unwrap().contains(why), "{refused}");
    }
    let body = json!({ "old": "anna-secret", "new": "eight888" });
    world.http(ANNA, "PUT me/password", &body).await.expect(204);
}
