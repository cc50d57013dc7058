//! The audit log: who signed in, or failed to, and who changed what.

use serde_json::{Value, json};

use crate::world::{ADMIN, ANNA, World, text};

/// Actor, door, action, outcome and count of the entries, oldest first.
fn lines(list: &Value) -> Vec<String> {
    let items = list["items"].as_array().unwrap();
    let line = |item: &Value| {
        let field = |name: &str| item[name].as_str().unwrap_or_default().to_owned();
        let [actor, door, action, outcome] = ["actor", "door", "action", "outcome"].map(field);
        format!("{actor} {door} {action} {outcome} x{}", item["count"])
    };
    items.iter().rev().map(line).collect()
}

async fn audit(world: &World) -> Vec<String> {
    let list = world.get(ADMIN, "audit?limit=1000").await.expect(200);
    // The administrator signed in to read it.
    let own = |line: &String| line.starts_with("user:200.main http sign-in");
    lines(&list).into_iter().filter(|line| !own(line)).collect()
}

#[tokio::test]
async fn sign_ins_are_counted_and_refusals_named() {
    let world = World::start().await;
    world.phone("phones", json!({})).await;
    for _ in 0..3 {
        world.phone_signed_in("phones").await;
    }
    world.bind("uid=201", "wrong").await;
    world.get("nobody:wrong", "me").await.expect(401);
    let (id, secret) = world.app_password(ANNA, &["ldap:read"]).await;
    world.signed_in("201", &secret).await;
    let found = audit(&world).await;
    for line in [
        "phone:phones ldap sign-in ok x3",
        "uid=201 ldap sign-in refused x1",
        "nobody http sign-in refused x1",
        "user:201.main http sign-in ok x1",
        &format!("user:201.main app:{id} ldap sign-in ok x1"),
    ] {
        assert!(found.contains(&line.to_owned()), "no `{line}` in {found:#?}");
    }
}

#[tokio::test]
async fn changes_are_entered_with_who_what_and_outcome() {
    let world = World::start().await;
    world.phone("lobby", json!({})).await;
    let user = json!({ "extension": "299", "name": "Nina", "password": "not in the log" });
    world.post(ADMIN, "users", user.clone()).await.expect(201);
    world.post(ADMIN, "users", user).await.expect(409);
    world.delete(ADMIN, "users/299").await.expect(204);
    let (id, secret) = world.app_password(ANNA, &["http"]).await;
    world.delete(ANNA, &format!("me/app-passwords/{id}")).await.expect(204);
    let body = json!({ "old": "wrong", "new": "a new password" });
    world.http(ANNA, "PUT me/password", &body).await.expect(403);
    // Reading, and what users do to their contacts, is nobody's business.
    world.get(ADMIN, "users").await.expect(200);
    let found = audit(&world).await;
    let acts: Vec<&str> =
        found.iter().map(String::as_str).filter(|line| !line.contains("sign-in")).collect();
    let expected = [
        "user:200.main http POST /phones -> lobby 201 x1",
        "user:200.main http POST /users -> /users/299 201 x1",
        "user:200.main http POST /users 409 x1",
        "user:200.main http DELETE /users/299 204 x1",
        &format!("user:201.main http POST /me/app-passwords -> {id} 201 x1"),
        &format!("user:201.main http DELETE /me/app-passwords/{id} 204 x1"),
        "user:201.main http PUT /me/password 403 x1",
    ];
    assert_eq!(acts, expected);
    let all = world.get(ADMIN, "audit?limit=1000").await.body;
    for secret in ["not in the log", "a new password", "anna-secret", "lobby-secret", &secret] {
        assert!(!all.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn administrators_read_their_own_organization_page_by_page() {
    let world = World::start().await;
    for name in ["a", "b", "c", "d"] {
        world.phone(name, json!({})).await;
    }
    world
        .post("300@other.example:xenia-secret", "phones", json!({ "name": "x" }))
        .await
        .expect(201);
    let (mut numbers, mut before) = (Vec::new(), String::new());
    loop {
        let page = world.get(ADMIN, &format!("audit?limit=2{before}")).await.expect(200);
        numbers.extend(page["items"].as_array().unwrap().iter().map(|item| {
            assert_eq!(item["organization"], "main");
            item["number"].as_i64().unwrap()
        }));
        let Some(next) = page["next"].as_i64() else { break };
        before = format!("&before={next}");
    }
    assert!(numbers.len() >= 5 && numbers.is_sorted_by(|one, other| one > other), "{numbers:?}");
    let other = world.get("300@other.example:xenia-secret", "audit").await.expect(200);
    assert!(lines(&other).iter().any(|line| line.contains("POST /phones -> x")));
    assert!(!lines(&other).iter().any(|line| line.contains("200.main")));
    for (who, path, status) in [
        (ANNA, "audit", 403),
        (ADMIN, "audit?limit=0", 400),
        (ADMIN, "audit?limit=1001", 400),
        (ADMIN, "audit?organization=other", 404),
    ] {
        world.get(who, path).await.expect(status);
    }
}

#[tokio::test]
async fn an_operator_reads_everything_and_is_read() {
    let world = World::start().await;
    let (token, secret) =
        ringbook::auth::Authenticator::new_token(ringbook::account::Role::Operator, None, "op")
            .unwrap();
    let id = token.id.clone();
    world.edit(ringbook::directory::Edit::PutToken(token)).await;
    let operator = format!("Bearer {}", *secret);
    let body = json!({ "name": "made", "secret": "made-secret" });
    world.post(&operator, "phones?organization=other", body).await.expect(201);
    world.get(ADMIN, "me").await.expect(200);
    let all = world.get(&operator, "audit").await.expect(200);
    let act = format!("token:{id} http POST /phones -> made 201 x1");
    assert!(lines(&all).contains(&act), "{:#?}", lines(&all));
    assert!(lines(&all).iter().any(|line| line.starts_with("user:200.main")));
    let theirs = world.get("300@other.example:xenia-secret", "audit").await.expect(200);
    assert!(lines(&theirs).contains(&act), "what is done to them is theirs to read");
    assert_eq!(text(&theirs["items"].as_array().unwrap().last().unwrap().clone(), "door"), "http");
}
