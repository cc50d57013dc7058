//! Imports that are undone.

use serde_json::{Value, json};

use crate::office::{Office, operator, rows};
use crate::{PERSONAL, USERS_1};
use ringbook::account::Role;
use ringbook::auth::Principal;

const TWO: &[u8] = b"firstname,number,company\nAnn,030111,Acme\nBob,030222,Acme\n";

async fn import(office: &Office, who: &Principal, query: &str, file: &[u8]) -> String {
    let reply = office.import(who, query, file).await;
    assert!(reply.status.is_success(), "{}", reply.text());
    format!("imports/{}", reply.json()["id"].as_str().unwrap())
}

async fn undo(office: &Office, who: &Principal, import: &str, status: u16) -> Value {
    office.post(who, &format!("{import}/undo"), &Value::Null).await.expect(status)
}

#[tokio::test]
async fn an_import_is_undone_as_a_whole() {
    let office = Office::new().await;
    let admin = office.user("200", Role::Admin).await;
    import(&office, &admin, "?into=shared", TWO).await;
    let update = b"firstname,number,company\nAnn,030111,Beta\nCid,030333,Beta\n";
    let second = import(&office, &admin, "?into=shared&mode=update", update).await;
    assert_eq!(office.names(&admin, "shared").await, ["Ann", "Bob", "Cid"]);
    let report = undo(&office, &admin, &second, 200).await;
    assert_eq!((&report["created"], &report["updated"]), (&json!(1), &json!(1)));
    assert_eq!(report["undone"]["by_name"], "User 200");
    assert_eq!(office.names(&admin, "shared").await, ["Ann", "Bob"]);
    let ann = office.get(&admin, "groups/shared/contacts?q=ann").await.expect(200);
    assert_eq!(ann["items"][0]["company"], "Acme");
    let again = undo(&office, &admin, &second, 409).await;
    assert_eq!(again["rule"], "undone-already");
    let list = office.get(&operator(), "imports").await.expect(200);
    let newest = &rows(&list, "items")[0];
    let undone = (&newest["undone"]["by_name"], &newest["undoable"]);
    assert_eq!(undone, (&json!("User 200"), &json!(false)));
    assert_eq!(rows(&list, "items")[1]["undone"], Value::Null);
}

#[tokio::test]
async fn what_was_changed_since_is_not_lost() {
    let office = Office::new().await;
    let admin = office.user("200", Role::Admin).await;
    let made = import(&office, &admin, "?into=shared", TWO).await;
    let found = office.get(&admin, "groups/shared/contacts?q=bob").await.expect(200);
    let bob = found["items"][0]["id"].as_str().unwrap();
    let change = json!({ "note": "calls back" });
    office.patch(&admin, &format!("contacts/{bob}"), &change).await.expect(200);
    let refused = undo(&office, &admin, &made, 409).await;
    assert_eq!((&refused["rule"], &refused["count"]), (&json!("changed-since"), &json!(1)));
    let changed = &rows(&refused, "changed")[0];
    assert_eq!((&changed["name"], &changed["what"]), (&json!("Bob"), &json!("changed")));
    assert_eq!(office.names(&admin, "shared").await, ["Ann", "Bob"]);
}

#[tokio::test]
async fn who_may_not_write_a_book_undoes_nothing_there() {
    let office = Office::new().await;
    let user = office.user("201", Role::User).await;
    let manager = office.user("202", Role::OfficeManager).await;
    let admin = office.user("200", Role::Admin).await;
    let shared = import(&office, &manager, "?into=shared", TWO).await;
    let own = import(&office, &user, "", PERSONAL).await;
    let given = import(&office, &admin, "?into=personal:202", PERSONAL).await;
    let people = import(&office, &admin, "?into=people", USERS_1).await;
    for (who, import, status) in [
        (&user, &shared, 404),
        (&admin, &own, 404),
        (&operator(), &own, 404),
        (&manager, &given, 404),
        (&manager, &people, 404),
        (&crate::office::nobody(), &shared, 401),
        // Who fills another's book does not learn what is in it, nor takes anything out.
        (&admin, &given, 403),
        (&user, &own, 200),
        (&admin, &shared, 200),
        (&operator(), &people, 200),
    ] {
        undo(&office, who, import, status).await;
    }
    assert_eq!(office.names(&manager, "personal").await, ["John Doe"]);
    assert!(office.names(&user, "personal").await.is_empty());
    undo(&office, &admin, "imports/0190c8a0-0000-7000-8000-000000000000", 404).await;
    undo(&office, &admin, "imports/yesterday", 404).await;
}

#[tokio::test]
async fn undoing_needs_the_right_to_every_book_that_rows_named() {
    let office = Office::new().await;
    let writer = office.user("201", Role::User).await;
    for name in ["One", "Two"] {
        let book = json!({ "name": name, "writers": ["201"] });
        office.post(&operator(), "books", &book).await.expect(201);
    }
    let file = b"First Name,Business Number,Phonebook\nAnn,030111,One\nBob,030222,Two\n";
    let made = import(&office, &writer, "?into=shared-one", file).await;
    assert_eq!(office.names(&writer, "shared-two").await, ["Bob"]);
    office.patch(&operator(), "books/two", &json!({ "writers": [] })).await.expect(200);
    let refused = undo(&office, &writer, &made, 403).await;
    assert_eq!(refused["rule"], "undo-right");
    assert_eq!(office.names(&writer, "shared-two").await, ["Bob"]);
    undo(&office, &operator(), &made, 200).await;
    assert!(office.names(&writer, "shared-two").await.is_empty());
}
