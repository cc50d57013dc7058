//! Presence: who tells it, and who sees it.

use ringbook::account::Role;
use ringbook::account::device::{Scope, Token};
use ringbook::auth::{Authenticator, Principal, Who};
use ringbook::contact::OrganizationId;
use ringbook::directory::{Edit, Request};
use serde_json::{Value, json};

use crate::members;
use crate::office::{Office, operator, rows};

/// A token of a telephone system.
async fn feeder(office: &Office, role: Role, scopes: Vec<Scope>) -> Principal {
    let main = Some(OrganizationId::from("main"));
    let (token, _secret) = Authenticator::new_token(role, main.clone(), "pbx").unwrap();
    let who = Who::Token(token.id.clone());
    let token = Token { scopes, ..token };
    office.directory.commit(Request::one(Edit::PutToken(token))).await.unwrap();
    Principal { who, role, organization: main, ..Principal::anonymous() }
}

#[tokio::test]
async fn groups_follow_what_is_told() {
    let office = Office::new().await;
    let admin = office.user("200", Role::Admin).await;
    let anna = office.user("201", Role::User).await;
    let revision = office.directory.snapshot().revision();
    for (phone, group) in [("idle", "available"), ("in-call", "busy"), ("unavailable", "offline")] {
        let told = office.put(&admin, "presence/201", &json!({ "phone": phone })).await;
        assert_eq!(told.status, 204);
        for status in ["available", "busy", "offline"] {
            let names = office.names(&anna, &format!("status-{status}")).await;
            assert_eq!(names.len(), usize::from(status == group), "{phone} {status}");
        }
        let export = office.get(&anna, &format!("groups/status-{group}/export")).await.text();
        assert!(export.contains("User 201"));
        let groups = office.get(&anna, "groups").await.expect(200);
        let id = json!(format!("status-{group}"));
        let found = rows(&groups, "items").iter().find(|found| found["id"] == id).unwrap();
        assert_eq!((&found["count"], &found["writable"]), (&json!(1), &json!(false)));
    }
    assert_eq!(office.directory.snapshot().revision(), revision, "presence is no commit");
    let card = office.get(&anna, "users/201").await.expect(200);
    let expected = json!({ "availability": "offline", "phone": "unavailable", "client": null,
        "agent": null, "text": null, "last_seen": "1970-01-01T00:16:40Z" });
    assert_eq!(card["presence"], expected);
}

#[tokio::test]
async fn a_batch_tells_of_many() {
    let office = Office::new().await;
    let pbx = feeder(&office, Role::User, vec![Scope::Presence]).await;
    let anna = office.user("201", Role::User).await;
    let bob = office.user("202", Role::User).await.user().unwrap().to_string();
    let items = json!({ "items": [
        { "extension": "201", "client": "meeting", "text": " until noon " },
        { "id": bob, "phone": "idle", "agent": "logged-in" },
        { "extension": "999", "phone": "idle" },
    ] });
    let told = office.post(&pbx, "presence", &items).await.expect(200);
    assert_eq!(told, json!({ "told": 2, "unknown": ["999"] }));
    let list = office.get(&anna, "presence").await.expect(200);
    let names = ["extension", "availability", "text", "agent"];
    let seen: Vec<Value> = rows(&list, "items").iter().map(|row| members(row, &names)).collect();
    let expected = json!([
        { "extension": "201", "availability": "busy", "text": "until noon", "agent": null },
        { "extension": "202", "availability": "available", "text": null, "agent": "logged-in" },
    ]);
    assert_eq!(json!(seen), expected);
    office.post(&pbx, "presence", &json!({ "items": [] })).await.expect(200);
    let many: Vec<Value> = (0..5001).map(|_| json!({ "extension": "201" })).collect();
    for (items, field) in [
        (json!(many), "items"),
        (json!("x"), "items"),
        (json!([{ "phone": "idle" }]), "extension"),
        (json!([{ "extension": "201", "phone": "asleep" }]), "phone"),
        (json!([{ "extension": "201", "shoe": 1 }]), "shoe"),
        (json!([{ "extension": "201", "text": "a\nb" }]), "text"),
        (json!([{ "extension": "201", "text": "x".repeat(201) }]), "text"),
        (json!([{ "extension": "201", "last_seen": "noon" }]), "last_seen"),
        (
            json!([{ "extension": "201", "phone": "in-call" }, { "extension": "202", "client": 1 }]),
            "client",
        ),
    ] {
        let refused = office.post(&pbx, "presence", &json!({ "items": items })).await.expect(400);
        assert_eq!(refused["field"], field, "{refused}");
    }
    assert_eq!(office.names(&anna, "status-busy").await, ["User 201"], "nothing of a wrong batch");
}

#[tokio::test]
async fn presence_is_told_by_whom_it_is_left_to() {
    let office = Office::new().await;
    let anna = office.user("201", Role::User).await;
    let manager = office.user("202", Role::OfficeManager).await;
    let idle = json!({ "phone": "idle" });
    let none = json!({ "items": [] });
    let reader = feeder(&office, Role::Admin, vec![Scope::Read]).await;
    let user = feeder(&office, Role::User, Vec::new()).await;
    for who in [&anna, &manager, &reader, &user] {
        office.put(who, "presence/201", &idle).await.expect(403);
        office.post(who, "presence", &none).await.expect(403);
    }
    let admin = feeder(&office, Role::Admin, Vec::new()).await;
    let presence = feeder(&office, Role::User, vec![Scope::Presence]).await;
    for who in [&admin, &presence, &operator()] {
        assert_eq!(office.put(who, "presence/201", &idle).await.status, 204);
        office.put(who, "presence/999", &idle).await.expect(404);
    }
}

#[tokio::test]
async fn who_is_not_listed_has_no_presence() {
    let office = Office::new().await;
    let admin = office.user("200", Role::Admin).await;
    let anna = office.user("201", Role::User).await;
    office.user("202", Role::User).await;
    office.put(&admin, "presence/202", &json!({ "phone": "idle" })).await.expect(204);
    assert_eq!(office.names(&anna, "status-available").await, ["User 202"]);
    office.patch(&admin, "users/202", &json!({ "listed": false })).await.expect(200);
    for who in [&anna, &admin] {
        assert!(office.names(who, "status-available").await.is_empty());
        let list = office.get(who, "presence").await.expect(200);
        assert!(rows(&list, "items").is_empty());
    }
    let pbx = feeder(&office, Role::User, vec![Scope::Presence]).await;
    let hidden = office.put(&pbx, "presence/202", &json!({ "phone": "idle" })).await;
    assert_eq!(hidden.text(), office.put(&pbx, "presence/999", &json!({})).await.text());
    let batch = json!({ "items": [{ "extension": "202" }] });
    let told = office.post(&pbx, "presence", &batch).await.expect(200);
    assert_eq!(told, json!({ "told": 0, "unknown": ["202"] }));
    assert_eq!(office.delete(&admin, "users/202").await.status, 204);
    let main = OrganizationId::from("main");
    assert!(office.presence.told_of(&main).is_empty());
}

#[tokio::test]
async fn a_hidden_presence_is_seen_by_the_user_and_administrators_alone() {
    let office = Office::new().await;
    let admin = office.user("200", Role::Admin).await;
    let anna = office.user("201", Role::User).await;
    let bert = office.user("202", Role::User).await;
    let hidden = office.patch(&admin, "users/201", &json!({ "presence_shown": false })).await;
    assert_eq!(hidden.expect(200)["presence_shown"], false);
    office.put(&admin, "presence/201", &json!({ "phone": "in-call" })).await.expect(204);
    office.put(&admin, "presence/202", &json!({ "phone": "in-call" })).await.expect(204);
    for (who, names) in [(&anna, 2), (&admin, 2), (&bert, 1), (&operator(), 2)] {
        assert_eq!(office.names(who, "status-busy").await.len(), names, "{who}");
        let groups = office.get(who, "groups").await.expect(200);
        let busy = rows(&groups, "items").iter().find(|found| found["id"] == "status-busy");
        assert_eq!(busy.unwrap()["count"], names);
        let list = office.get(who, "presence").await.expect(200);
        assert_eq!(rows(&list, "items").len(), names);
        let user = office.get(who, "users/201").await.expect(200);
        assert_eq!(user.get("presence").is_some(), names == 2, "{user}");
    }
    let user = office.get(&bert, "users/201").await.expect(200);
    assert_eq!(user.get("presence_shown"), None, "part of the account");
    let own = office.patch(&anna, "users/201", &json!({ "presence_shown": true })).await;
    own.expect(403);
    office.patch(&admin, "users/201", &json!({ "presence_shown": true })).await.expect(200);
    assert_eq!(office.names(&bert, "status-busy").await.len(), 2);
    office.patch(&admin, "users/201", &json!({ "presence_shown": "no" })).await.expect(400);
}

#[tokio::test]
async fn an_imported_file_hides_presence() {
    let office = Office::new().await;
    let admin = office.user("200", Role::Admin).await;
    let columns = "%7B%22ext%22:%22extension%22,%22name%22:%22name%22,%22hint%22:%22presence%22%7D";
    let shown = async |import: &str, query: &str, expected: [bool; 3]| {
        let query = format!("?into=people&columns={columns}{query}");
        office.import(&admin, &query, import.as_bytes()).await;
        let mut shown = Vec::new();
        for extension in ["301", "302", "303"] {
            let user = office.get(&admin, &format!("users/{extension}")).await.expect(200);
            shown.push(user["presence_shown"].as_bool().unwrap());
        }
        assert_eq!(shown, expected, "{import}");
    };
    let rows = "ext,name,hint\n301,Carla,0\n302,Dora,1\n303,Emil,\n";
    shown(rows, "", [false, true, true]).await;
    let rows = "ext,name,hint\n301,Carla,\n302,Dora,0\n303,Emil,\n";
    shown(rows, "&mode=update", [false, false, true]).await;
}
