//! Tokens: what their scopes open, at every path, and until when.

use serde_json::{Value, json};

use crate::world::{ADMIN, World, text};

async fn token(world: &World, scopes: &[&str]) -> String {
    let body = json!({ "name": "t", "role": "admin", "scopes": scopes });
    let made = world.post(ADMIN, "tokens", body).await.expect(201);
    assert_eq!(made["scopes"], json!(scopes));
    format!("Bearer {}", text(&made, "secret"))
}

#[tokio::test]
async fn a_scope_opens_its_paths_only() {
    let world = World::start().await;
    // One request of each kind; what it would do does not matter, only whether it may.
    let requests = [
        ("read", "GET groups"),
        ("read", "GET users/201"),
        ("write", "DELETE contacts/00000000-0000-7000-8000-000000000000"),
        ("import", "POST import?into=shared"),
        ("import", "GET imports/none"),
        ("accounts", "GET users"),
        ("accounts", "DELETE users/999"),
        ("accounts", "GET phones"),
        ("accounts", "GET tokens"),
        ("accounts", "GET audit"),
        ("accounts", "GET users/201/app-passwords"),
    ];
    for scope in ["read", "write", "import", "presence", "accounts"] {
        let token = token(&world, &[scope]).await;
        world.get(&token, "me").await.expect(200);
        for (needed, line) in requests {
            let answer = world.http(&token, line, &Value::Null).await;
            let refused = answer.status == 403 && answer.body.contains("scope");
            assert_eq!(refused, scope != needed, "{scope} {line}: {answer:?}");
        }
    }
    let all = token(&world, &[]).await;
    for (_, line) in requests {
        assert_ne!(world.http(&all, line, &Value::Null).await.status, 403, "{line}");
    }
}

#[tokio::test]
async fn carddav_takes_the_scopes_too() {
    let world = World::start().await;
    let (presence, reads) = (token(&world, &["presence"]).await, token(&world, &["read"]).await);
    let refused = async |token: &str, method: &str| {
        let answer = world.http(token, &format!("{method} /dav/"), &Value::Null).await;
        answer.body.contains("scope")
    };
    for method in ["OPTIONS", "PROPFIND", "PUT"] {
        assert!(refused(&presence, method).await, "{method}");
    }
    assert!(!refused(&reads, "PROPFIND").await);
    assert!(refused(&reads, "PUT").await);
}

#[tokio::test]
async fn a_token_gives_no_scope_that_it_does_not_have() {
    let world = World::start().await;
    let limited = token(&world, &["read", "accounts"]).await;
    let new = |scopes: &[&str]| json!({ "name": "n", "role": "admin", "scopes": scopes });
    world.post(&limited, "tokens", new(&[])).await.expect(403);
    world.post(&limited, "tokens", new(&["import"])).await.expect(403);
    world.post(&limited, "tokens", new(&["read"])).await.expect(201);
    let wrong = world.post(ADMIN, "tokens", new(&["everything"])).await.expect(400);
    assert_eq!(wrong["field"], "scopes");
    let above = json!({ "name": "n", "role": "operator" });
    world.post(ADMIN, "tokens", above).await.expect(403);
}

#[tokio::test]
async fn a_removed_token_is_worth_nothing_at_once() {
    let world = World::start().await;
    let token = token(&world, &[]).await;
    world.get(&token, "me").await.expect(200);
    let list = world.get(ADMIN, "tokens").await.expect(200);
    assert_eq!(list["items"][0]["last_use"]["address"], "127.0.0.1");
    let id = text(&list["items"][0], "id");
    world.delete(ADMIN, &format!("tokens/{id}")).await.expect(204);
    world.get(&token, "me").await.expect(401);
}
