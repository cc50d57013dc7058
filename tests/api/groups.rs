//! Lists of contacts: orders, parts, and what a cursor is worth while contacts come and go.

use ringbook::account::Role;
use ringbook::auth::Principal;
use serde_json::{Value, json};

use crate::office::{Office, operator, rows};

/// The names of all parts of a list; `between` runs before each further part.
async fn walk(
    office: &Office,
    who: &Principal,
    path: &str,
    mut between: impl AsyncFnMut(),
) -> Vec<String> {
    let (mut names, mut next) = (Vec::new(), String::new());
    loop {
        let page = office.get(who, &format!("{path}{next}")).await.expect(200);
        let items = rows(&page, "items").iter();
        names.extend(items.map(|item| item["name"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next"].as_str() else { return names };
        next = format!("&cursor={cursor}");
        between().await;
    }
}

async fn shared(office: &Office, contacts: &[(&str, &str)]) {
    for (name, company) in contacts {
        let body = json!({ "group": "shared", "name": name, "company": company });
        office.post(&operator(), "contacts", &body).await.expect(201);
    }
}

#[tokio::test]
async fn a_list_is_sorted_as_asked() {
    let office = Office::new().await;
    let contacts =
        [("Zoe", "Acme"), ("Ärmel", "Béta"), ("Bert", ""), ("Anna", "Acme"), ("Otto", "acme")];
    shared(&office, &contacts).await;
    for (order, expected) in [
        ("", ["Anna", "Ärmel", "Bert", "Otto", "Zoe"]),
        ("&sort=name&order=desc", ["Zoe", "Otto", "Bert", "Ärmel", "Anna"]),
        ("&sort=company", ["Otto", "Anna", "Zoe", "Ärmel", "Bert"]),
        ("&sort=company&order=desc", ["Ärmel", "Zoe", "Anna", "Otto", "Bert"]),
    ] {
        for limit in [1, 2, 1000] {
            let path = format!("groups/shared/contacts?limit={limit}{order}");
            assert_eq!(walk(&office, &operator(), &path, async || ()).await, expected, "{path}");
        }
    }
    for wrong in ["sort=note", "order=up", "limit=0", "limit=1001", "cursor=10", "sorted=name"] {
        office.get(&operator(), &format!("groups/shared/contacts?{wrong}")).await.expect(400);
    }
}

#[tokio::test]
async fn extensions_are_sorted_by_value() {
    let office = Office::new().await;
    for extension in ["1000", "99", "200"] {
        office.user(extension, Role::User).await;
    }
    let found = walk(&office, &operator(), "users?limit=1&sort=extension", async || ()).await;
    assert_eq!(found, ["User 99", "User 200", "User 1000"]);
}

#[tokio::test]
async fn what_does_not_change_comes_once_whatever_else_does() {
    let office = Office::new().await;
    let names: Vec<String> = (0..12).map(|n| format!("Name {n:02}")).collect();
    let contacts: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "Acme")).collect();
    for order in ["", "&order=desc", "&sort=company", "&sort=company&order=desc"] {
        let office_now = Office::new().await;
        shared(&office_now, &contacts).await;
        let mut round = 0;
        let change = async || {
            let all = office_now.get(&operator(), "groups/shared/contacts").await.expect(200);
            let items = rows(&all, "items");
            // The last of the part before goes, and others come at both ends.
            let last = items.iter().find(|item| item["note"].is_null() && item["name"] != "x");
            let name = format!("{}{round}", if round % 2 == 0 { "A" } else { "Z" });
            shared(&office_now, &[(&name, if round % 2 == 0 { "Aa" } else { "Zz" })]).await;
            if let Some(gone) = last.filter(|_| round == 1) {
                let path = format!("contacts/{}", gone["id"].as_str().unwrap());
                office_now.delete(&operator(), &path).await.expect(204);
            }
            round += 1;
        };
        let path = format!("groups/shared/contacts?limit=3{order}");
        let found = walk(&office_now, &operator(), &path, change).await;
        let mut old: Vec<&String> = found.iter().filter(|name| name.starts_with("Name")).collect();
        let count = old.len();
        old.sort();
        old.dedup();
        assert!(old.len() == count && count >= 11, "{order}: {found:?}");
    }
    drop(office);
}

#[tokio::test]
async fn a_cursor_outlives_the_contact_that_it_names() {
    let office = Office::new().await;
    shared(&office, &[("Anna", ""), ("Bert", ""), ("Carla", "")]).await;
    for order in ["", "&sort=company"] {
        let path = format!("groups/shared/contacts?limit=2{order}");
        let page = office.get(&operator(), &path).await.expect(200);
        let (bert, cursor) = (&page["items"][1], page["next"].as_str().unwrap());
        assert_eq!(bert["name"], "Bert");
        let card = format!("contacts/{}", bert["id"].as_str().unwrap());
        office.delete(&operator(), &card).await.expect(204);
        let rest = office.get(&operator(), &format!("{path}&cursor={cursor}")).await.expect(200);
        assert_eq!(rows(&rest, "items").len(), 1);
        assert_eq!((&rest["items"][0]["name"], &rest["next"]), (&json!("Carla"), &Value::Null));
        shared(&office, &[("Bert", "")]).await;
        let other = format!("groups/shared/contacts?limit=2&sort=title&cursor={cursor}");
        assert_eq!(office.get(&operator(), &other).await.expect(400)["field"], "cursor");
    }
}

#[tokio::test]
async fn endless_names_are_walked_too() {
    let office = Office::new().await;
    let long = "long name ".repeat(300);
    let names: Vec<String> = ["a", "b", "c"].map(|end| format!("{long}{end}")).to_vec();
    let contacts: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
    shared(&office, &contacts).await;
    for order in ["", "&order=desc", "&sort=company"] {
        let path = format!("groups/shared/contacts?limit=1{order}");
        let mut found = walk(&office, &operator(), &path, async || ()).await;
        found.sort();
        assert_eq!(found, names, "{order}");
    }
}

#[tokio::test]
async fn every_group_lists_and_exports_the_same_contacts() {
    let office = Office::new().await;
    let admin = office.user("200", Role::Admin).await;
    let anna = office.user("201", Role::User).await;
    let sales = json!({ "department": "Sales", "site": "Berlin" });
    office.patch(&admin, "users/201", &sales).await.expect(200);
    office.put(&admin, "presence/201", &json!({ "phone": "idle" })).await.expect(204);
    let zoe = office.contact(&anna, "personal", "Zoe").await;
    office.put(&anna, &format!("favorites/{zoe}"), &json!({})).await.expect(204);
    office.contact(&admin, "shared", "Acme").await;
    office.post(&admin, "books", &json!({ "name": "Suppliers" })).await.expect(201);
    office.contact(&admin, "shared-suppliers", "Mill").await;
    let groups = office.get(&anna, "groups").await.expect(200);
    let mut seen = Vec::new();
    for group in rows(&groups, "items") {
        let id = group["id"].as_str().unwrap();
        let names = office.names(&anna, id).await;
        assert_eq!(group["count"], names.len(), "{id}");
        let export = office.get(&anna, &format!("groups/{id}/export")).await.text();
        assert_eq!(export.lines().count(), names.len() + 1, "{id}: {export}");
        seen.push(format!("{id}: {}", names.join(", ")));
    }
    let expected = [
        "people: User 200, User 201",
        "shared: Acme",
        "shared-suppliers: Mill",
        "personal: Zoe",
        "favorites: Zoe",
        "all: User 200, User 201",
        "contacts: Acme, Mill, User 200, User 201, Zoe",
        "department-sales: User 201",
        "site-berlin: User 201",
        "status-available: User 201",
        "status-busy: ",
        "status-offline: ",
    ];
    assert_eq!(seen, expected);
    let everything = office.get(&anna, "contacts?q=zoe").await.expect(200);
    assert_eq!(everything["items"][0]["id"], zoe.as_str());
}
