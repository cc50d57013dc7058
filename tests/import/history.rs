//! Which imports there were, and who may see them.

use serde_json::{Value, json};

use crate::office::{Office, operator, rows};
use crate::{BAD_LINES, PERSONAL, USERS_1};
use ringbook::account::Role;
use ringbook::auth::Principal;

async fn ids(office: &Office, who: &Principal) -> Vec<String> {
    let list = office.get(who, "imports").await.expect(200);
    rows(&list, "items").iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

fn id(report: &Value) -> String {
    report["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_list_says_who_imported_what() {
    let office = Office::new().await;
    let admin = office.user("200", Role::Admin).await;
    office.import(&admin, "?into=shared&name=first.csv", PERSONAL).await.expect(201);
    let second = office.import(&admin, "?into=shared&name=bad.csv", BAD_LINES).await.expect(201);
    let dry = office.import(&admin, "?into=shared&dry_run=true", BAD_LINES).await.expect(200);
    assert_eq!(dry["id"], Value::Null);
    let list = office.get(&operator(), "imports").await.expect(200);
    let items = rows(&list, "items");
    assert_eq!(items.len(), 2);
    let newest = &items[0];
    assert_eq!(newest["id"], second["id"]);
    assert_eq!((&newest["name"], &newest["by_name"]), (&json!("bad.csv"), &json!("User 200")));
    assert_eq!((&newest["created"], &newest["failed_rows"]), (&json!(2), &json!(2)));
    assert_eq!((&newest["into"], &newest["mode"]), (&json!("shared"), &json!("add")));
    assert_eq!((&newest["has_refused"], &newest["undone"]), (&json!(true), &Value::Null));
    assert_eq!(newest["sha256"].as_str().unwrap().len(), 64);
    assert!(newest["at"].as_str().unwrap().ends_with('Z'));
    assert!(newest.get("failed").is_none(), "rows are in the report only");
    assert_eq!(items[1]["name"], "first.csv");
    assert_eq!(list["next"], Value::Null);
}

#[tokio::test]
async fn a_long_list_comes_in_parts() {
    let office = Office::new().await;
    let mut made = Vec::new();
    for number in 0..5 {
        let file = format!("firstname,number\nAnn {number},{number}\n");
        let report = office.import(&operator(), "?into=shared", file.as_bytes()).await.expect(201);
        made.insert(0, id(&report));
    }
    let mut found = Vec::new();
    let mut path = "imports?limit=2".to_owned();
    loop {
        let part = office.get(&operator(), &path).await.expect(200);
        found.extend(rows(&part, "items").iter().map(id));
        let Some(next) = part["next"].as_str() else { break };
        path = format!("imports?limit=2&before={next}");
    }
    assert_eq!(found, made);
    office.get(&operator(), "imports?limit=0").await.expect(400);
    office.get(&operator(), "imports?limit=1001").await.expect(400);
    office.get(&operator(), "imports?before=yesterday").await.expect(400);
}

#[tokio::test]
async fn imports_are_seen_by_who_made_them_and_common_ones_by_administrators() {
    let office = Office::new().await;
    let user = office.user("201", Role::User).await;
    let other = office.user("202", Role::User).await;
    let manager = office.user("203", Role::OfficeManager).await;
    let admin = office.user("200", Role::Admin).await;
    let own = id(&office.import(&user, "", PERSONAL).await.expect(201));
    let shared = id(&office.import(&manager, "?into=shared", PERSONAL).await.expect(201));
    let people = id(&office.import(&admin, "?into=people", USERS_1).await.expect(201));
    let given = id(&office.import(&admin, "?into=personal:202", PERSONAL).await.expect(201));
    let seen = async |who: &Principal, expected: &[&String]| {
        assert_eq!(ids(&office, who).await.iter().collect::<Vec<_>>(), expected);
        for import in [&own, &shared, &people, &given] {
            let status = if expected.contains(&import) { 200 } else { 404 };
            for format in ["json", "text", "refused"] {
                let reply = office.get(who, &format!("imports/{import}?format={format}")).await;
                assert_eq!(reply.status, status, "{import} {format}");
            }
        }
    };
    seen(&user, &[&own]).await;
    seen(&other, &[]).await;
    seen(&manager, &[&shared]).await;
    seen(&admin, &[&given, &people, &shared]).await;
    seen(&operator(), &[&people, &shared]).await;
    let demoted = Principal::new(manager.who.clone(), Role::User, manager.organization.clone());
    seen(&demoted, &[]).await;
    office.get(&crate::office::nobody(), "imports").await.expect(401);
}
