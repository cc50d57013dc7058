//! Users, phone accounts and tokens: who may do what, and what comes back.

use hyper::{Method, header};
use ringbook::account::Role;
use ringbook::directory::{Edit, Request};
use serde_json::{Value, json};

use crate::members;
use crate::office::{Office, PHONE, operator, request, rows, settings};

#[tokio::test]
async fn a_user_is_made_changed_and_removed() {
    let office = Office::new().await;
    let anna = json!({
        "extension": "204", "given_name": "Anna", "family_name": "Adams",
        "email": "Anna@main.example", "login": "Anna.A", "password": "pass-word",
        "numbers": [{ "type": "mobile", "value": "0170 1234567" }], "department": "R&D",
    });
    let reply = office.post(&operator(), "users", &anna).await;
    let made = reply.expect(201);
    assert_eq!(reply.headers[header::LOCATION], "/api/v1/users/204");
    let names = ["name", "extension", "login", "email", "role", "listed", "principal", "signs_in"];
    assert_eq!(
        members(&made, &names),
        json!({
            "name": "Anna Adams", "extension": "204", "login": "anna.a",
            "email": "anna@main.example", "role": "user", "listed": true,
            "principal": "204.main", "signs_in": true,
        })
    );
    assert_eq!(made["numbers"][0]["e164"], "+491701234567");
    assert!(!reply.text().contains("pass"));
    for name in ["204", "ANNA.A", "anna@main.example"] {
        assert!(office.authenticator.sign_in(name, b"pass-word", PHONE).await.is_ok(), "{name}");
    }
    let change =
        json!({ "family_name": "Brown", "numbers": [], "password": null, "role": "admin" });
    let changed = office.patch(&operator(), "users/204", &change).await.expect(200);
    let names = ["name", "role", "numbers", "department", "signs_in", "login"];
    assert_eq!(
        members(&changed, &names),
        json!({
            "name": "Anna Brown", "role": "admin", "numbers": [], "department": "R&D",
            "signs_in": false, "login": "anna.a",
        })
    );
    assert!(office.authenticator.sign_in("204", b"pass-word", PHONE).await.is_err());
    assert_eq!(office.delete(&operator(), "users/204").await.status, 204);
    office.get(&operator(), "users/204").await.expect(404);
    assert!(office.names(&operator(), "people").await.is_empty());
}

#[tokio::test]
async fn an_extension_is_never_changed_and_never_given_twice() {
    let office = Office::new().await;
    office.user("204", Role::User).await;
    let conflict = async |method: Method, path: &str, body: Value, field: &str| {
        let request = request(method, path, body.to_string().into_bytes());
        let problem = office.send(&operator(), request).await.expect(409);
        assert_eq!(problem["field"], field, "{problem}");
    };
    conflict(Method::PATCH, "users/204", json!({ "extension": "205" }), "extension").await;
    conflict(Method::POST, "users", json!({ "extension": "204", "name": "B" }), "extension").await;
    let named = json!({ "extension": "206", "name": "C", "login": "204" });
    conflict(Method::POST, "users", named, "login").await;
    let same = json!({ "extension": "204", "title": "Head" });
    office.patch(&operator(), "users/204", &same).await.expect(200);
}

#[tokio::test]
async fn wrong_members_are_named() {
    let office = Office::new().await;
    for (body, field) in [
        (json!({ "extension": "20/4", "name": "A" }), "extension"),
        (json!({ "extension": "204" }), ""),
        (json!({ "name": "A", "shoe": "38" }), "shoe"),
        (json!({ "name": ["A", 1] }), "name"),
        (json!({ "name": "A", "role": "king" }), "role"),
        (json!({ "name": "A", "listed": "yes" }), "listed"),
        (json!({ "name": "A", "login": "an na" }), "login"),
        (json!({ "name": "A", "password": "" }), "password"),
        (json!({ "name": "A", "numbers": [{ "type": "shoe", "value": "1" }] }), "numbers"),
        (json!({ "name": "A", "numbers": { "type": "work" } }), "numbers"),
    ] {
        let reply = office.post(&operator(), "users", &body).await;
        if field.is_empty() {
            assert_eq!(reply.expect(201)["name"], "204", "an extension is a name");
            continue;
        }
        let problem = reply.expect(400);
        assert_eq!(problem["field"], field, "{problem}");
        assert_eq!(reply.headers[header::CONTENT_TYPE], "application/problem+json");
    }
    let text = request(Method::POST, "users", b"[1".to_vec());
    office.send(&operator(), text).await.expect(400);
    let large = request(Method::POST, "users", vec![b' '; 1024 * 1024 + 1]);
    office.send(&operator(), large).await.expect(413);
}

#[tokio::test]
async fn roles_end_where_they_should() {
    let office = Office::new().await;
    let admin = office.user("200", Role::Admin).await;
    let user = office.user("201", Role::User).await;
    let body = json!({ "name": "B", "role": "operator" });
    office.post(&admin, "users", &body).await.expect(403);
    let chief = json!({ "extension": "1", "name": "Chief", "role": "operator" });
    office.post(&operator(), "users", &chief).await.expect(201);
    office.patch(&admin, "users/1", &json!({ "password": "taken-over" })).await.expect(403);
    office.delete(&admin, "users/1").await.expect(403);
    let chief = office.get(&operator(), "users/1").await.expect(200);
    let card = format!("contacts/{}", chief["id"].as_str().unwrap());
    office.delete(&admin, &card).await.expect(403);
    for path in ["users", "tokens", "phones"] {
        office.get(&user, path).await.expect(403);
        office.post(&user, path, &json!({ "name": "x", "role": "user" })).await.expect(403);
    }
    office.patch(&user, "users/201", &json!({ "role": "admin" })).await.expect(403);
    office.delete(&user, "users/200").await.expect(403);
    office.post(&admin, "organizations", &json!({ "id": "x" })).await.expect(403);
    let token = json!({ "name": "x", "role": "operator" });
    office.post(&admin, "tokens", &token).await.expect(403);
}

#[tokio::test]
async fn who_is_not_listed_is_seen_by_administrators_only() {
    let office = Office::new().await;
    let user = office.user("201", Role::User).await;
    let hidden = office.user("202", Role::User).await;
    let admin = office.user("200", Role::Admin).await;
    office.patch(&admin, "users/202", &json!({ "listed": false })).await.expect(200);
    let id = office.get(&admin, "users/202").await.expect(200)["id"].clone();
    let card = format!("contacts/{}", id.as_str().unwrap());
    for path in ["users/202", &card] {
        let absent = office.get(&user, path).await;
        assert_eq!(absent.status, 404);
        let never = path.replace("202", "999").replace(id.as_str().unwrap(), "999");
        assert_eq!(office.get(&user, &never).await.text(), absent.text());
        office.get(&admin, path).await.expect(200);
        office.get(&hidden, path).await.expect(200);
    }
    assert_eq!(office.names(&user, "people").await, ["User 200", "User 201"]);
    assert_eq!(office.names(&admin, "people").await, ["User 200", "User 201"]);
    let all = office.get(&admin, "users").await.expect(200);
    assert_eq!(rows(&all, "items").len(), 3);
}

#[tokio::test]
async fn hidden_numbers_are_for_administrators_and_the_person() {
    let office = Office::new().await;
    let hide = json!({ "hidden_numbers": ["mobile", "home"] });
    office.patch(&operator(), "organizations/main", &hide).await.expect(200);
    let (anna, bob) = (office.user("204", Role::User).await, office.user("205", Role::User).await);
    let numbers = json!({ "numbers": [
        { "type": "home", "value": "030 5551234" }, { "type": "work", "value": "030 5550000" },
    ] });
    office.patch(&operator(), "users/204", &numbers).await.expect(200);
    let seen = async |who| {
        let user = office.get(who, "users/204").await.expect(200);
        let list = office.get(who, "groups/people/contacts?q=204").await.expect(200);
        assert_eq!(rows(&user, "numbers"), rows(&list["items"][0], "numbers"));
        rows(&user, "numbers").len()
    };
    assert_eq!((seen(&operator()).await, seen(&anna).await, seen(&bob).await), (2, 2, 1));
    let export = office.get(&bob, "groups/people/export").await.text();
    assert!(!export.contains("5551234") && !export.contains("home"), "{export}");
    let by_number = office.get(&bob, "groups/people/contacts?q=5551234").await.expect(200);
    assert!(rows(&by_number, "items").is_empty());
    assert_eq!(office.get(&bob, "users/204").await.expect(200).get("login"), None);
}

#[tokio::test]
async fn personal_contacts_are_nobody_elses() {
    let office = Office::new().await;
    let (anna, bob) = (office.user("204", Role::User).await, office.user("205", Role::User).await);
    let admin = office.user("200", Role::Admin).await;
    office.import(&anna, "", b"firstname,number\nZoe,1\n").await.expect(201);
    let found = office.get(&anna, "groups/personal/contacts").await.expect(200);
    let card = format!("contacts/{}", found["items"][0]["id"].as_str().unwrap());
    let reply = office.get(&anna, &card).await;
    reply.expect(200);
    for other in [&bob, &admin, &operator()] {
        office.get(other, &card).await.expect(404);
        office.delete(other, &card).await.expect(404);
    }
    assert!(office.names(&bob, "personal").await.is_empty());
    office.get(&operator(), "groups/personal/contacts").await.expect(404);
    let mut remove = request(Method::DELETE, &card, Vec::new());
    remove.headers_mut().insert(header::IF_MATCH, "\"0\"".parse().unwrap());
    office.send(&anna, remove).await.expect(412);
    let mut remove = request(Method::DELETE, &card, Vec::new());
    remove.headers_mut().insert(header::IF_MATCH, reply.headers[header::ETAG].clone());
    assert_eq!(office.send(&anna, remove).await.status, 204);
    office.get(&anna, &card).await.expect(404);
}

#[tokio::test]
async fn shared_contacts_are_removed_by_who_may() {
    let office = Office::new().await;
    let (user, manager) =
        (office.user("201", Role::User).await, office.user("202", Role::OfficeManager).await);
    office.import(&manager, "?into=shared", b"company,number\nAcme,1\n").await.expect(201);
    let found = office.get(&user, "groups/shared/contacts").await.expect(200);
    let card = format!("contacts/{}", found["items"][0]["id"].as_str().unwrap());
    office.delete(&user, &card).await.expect(403);
    assert_eq!(office.delete(&manager, &card).await.status, 204);
    let groups = office.get(&user, "groups").await.expect(200);
    let writable = rows(&groups, "items").iter().filter(|group| group["writable"] == true);
    let writable: Vec<&Value> = writable.map(|group| &group["id"]).collect();
    assert_eq!(writable, ["personal", "favorites"]);
}

#[tokio::test]
async fn a_list_comes_in_pages_and_is_searched() {
    let office = Office::new().await;
    let names: Vec<String> = (0..25).map(|n| format!("Name{n:02},0305550{n:03}")).collect();
    let file = format!("firstname,number\n{}\nJürgen Groß,1\n", names.join("\n"));
    office.import(&operator(), "?into=shared", file.as_bytes()).await.expect(201);
    let (mut all, mut path) = (Vec::new(), "groups/shared/contacts?limit=10".to_owned());
    loop {
        let page = office.get(&operator(), &path).await.expect(200);
        all.extend(rows(&page, "items").iter().map(|item| item["name"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("groups/shared/contacts?limit=10&cursor={next}");
    }
    assert_eq!(all.len(), 26);
    assert!(all.is_sorted_by_key(ToString::to_string));
    let found = async |words: &str| {
        let path = format!("groups/shared/contacts?q={words}");
        rows(&office.get(&operator(), &path).await.expect(200), "items").len()
    };
    assert_eq!(found("gross").await, 1);
    assert_eq!(found("%2B49305550007").await, 1);
    assert_eq!(found("name%200305550007").await, 1);
    assert_eq!(found("name%20gross").await, 0);
    office.get(&operator(), "groups/shared/contacts?limit=0").await.expect(400);
    office.get(&operator(), "groups/shared/contacts?cursor=x").await.expect(400);
    office.get(&operator(), "groups/attic/contacts").await.expect(404);
}

#[tokio::test]
async fn a_token_is_shown_once_and_revoked() {
    let office = Office::new().await;
    let admin = office.user("200", Role::Admin).await;
    let body = json!({ "name": "cron", "role": "admin", "expires": "2999-01-01T00:00:00Z" });
    let made = office.post(&admin, "tokens", &body).await.expect(201);
    let secret = made["secret"].as_str().unwrap();
    let principal = office.authenticator.token(secret, PHONE).unwrap();
    assert_eq!((principal.role, &made["organization"]), (Role::Admin, &json!("main")));
    let me = office.get(&principal, "me").await.expect(200);
    assert_eq!(members(&me, &["kind", "name"]), json!({ "kind": "token", "name": "cron" }));
    let list = office.get(&admin, "tokens").await;
    assert_eq!(rows(&list.expect(200), "items").len(), 1);
    assert!(!list.text().contains(secret));
    let past = json!({ "name": "late", "role": "user", "expires": "2001-01-01T00:00:00Z" });
    assert_eq!(office.post(&admin, "tokens", &past).await.expect(400)["field"], "expires");
    let path = format!("tokens/{}", made["id"].as_str().unwrap());
    assert_eq!(office.delete(&admin, &path).await.status, 204);
    assert!(office.authenticator.token(secret, PHONE).is_err());
    office.delete(&admin, &path).await.expect(404);
}

#[tokio::test]
async fn a_phone_account_signs_in() {
    let office = Office::new().await;
    let admin = office.user("200", Role::Admin).await;
    let made = office.post(&admin, "phones", &json!({ "name": "Phones" })).await.expect(201);
    assert_eq!(made["dn"], "cn=phones,ou=services,dc=main,dc=example");
    let secret = made["secret"].as_str().unwrap();
    assert_eq!(secret.len(), 26);
    let dn = made["dn"].as_str().unwrap();
    assert!(office.authenticator.sign_in(dn, secret.as_bytes(), PHONE).await.is_ok());
    office.post(&admin, "phones", &json!({ "name": "phones" })).await.expect(409);
    let limited = json!({ "name": "lobby", "secret": "lobby", "books": ["shared"] });
    let limited = office.post(&admin, "phones", &limited).await.expect(201);
    assert_eq!((&limited["books"], &limited["secret"]), (&json!(["shared"]), &json!("lobby")));
    let list = office.get(&admin, "phones").await;
    assert_eq!(rows(&list.expect(200), "items").len(), 2);
    assert!(!list.text().contains(secret));
    assert_eq!(office.delete(&admin, "phones/Phones").await.status, 204);
    assert!(office.authenticator.sign_in(dn, secret.as_bytes(), PHONE).await.is_err());
    office.delete(&admin, "phones/phones").await.expect(404);
    let books = json!({ "name": "x", "books": ["personal"] });
    assert_eq!(office.post(&admin, "phones", &books).await.expect(400)["field"], "books");
}

#[tokio::test]
async fn nothing_crosses_organizations() {
    let office = Office::new().await;
    let other = Edit::PutOrganization(Box::new(settings("other")));
    office.directory.commit(Request::one(other)).await.unwrap();
    let here = "?organization=main";
    let user = json!({ "extension": "204", "name": "Anna" });
    let anna = office.post(&operator(), &format!("users{here}"), &user).await.expect(201);
    let id = anna["id"].as_str().unwrap();
    let path = format!("contacts/{id}?organization=other");
    office.get(&operator(), &path).await.expect(404);
    office.get(&operator(), &format!("users/{id}?organization=other")).await.expect(404);
    office.get(&operator(), "users/204?organization=other").await.expect(404);
    let file = format!("firstname,id\nAnna,{id}\n");
    let query = "?into=shared&organization=other";
    office.import(&operator(), query, file.as_bytes()).await.expect(201);
    let still = office.get(&operator(), &format!("contacts/{id}{here}")).await.expect(200);
    assert_eq!(still["group"], "people");
}
