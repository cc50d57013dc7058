//! Departments, sites, further shared books, favorites, and what is listed on devices.

use ringbook::account::Role;
use ringbook::directory::{Edit, Request, new_id};
use serde_json::{Value, json};

use crate::members;
use crate::office::{Office, operator, rows};

#[tokio::test]
async fn a_department_is_made_renamed_and_removed() {
    let office = Office::new().await;
    let admin = office.user("200", Role::Admin).await;
    let user = office.user("201", Role::User).await;
    for kind in ["department", "site"] {
        let path = format!("{kind}s");
        let made = office.post(&admin, &path, &json!({ "name": "R&D, Berlin" })).await;
        assert_eq!(made.headers["location"], format!("/api/v1/{path}/r-d-berlin"));
        let expected = json!({ "id": "r-d-berlin", "name": "R&D, Berlin",
            "group": format!("{kind}-r-d-berlin"), "count": 0 });
        assert_eq!(made.expect(201), expected);
        office.patch(&admin, "users/201", &json!({ kind: "r&d,  BERLIN" })).await.expect(200);
        let one = format!("{path}/r-d-berlin");
        assert_eq!(office.get(&user, &one).await.expect(200)["count"], 1);
        let refused = office.delete(&admin, &one).await.expect(409);
        assert_eq!(refused["members"], 1, "{refused}");
        let renamed = office.patch(&admin, &one, &json!({ "name": "Labor" })).await.expect(200);
        assert_eq!((&renamed["id"], &renamed["name"]), (&json!("r-d-berlin"), &json!("Labor")));
        let card = office.get(&user, "users/201").await.expect(200);
        assert_eq!(card[kind], "Labor");
        office.patch(&admin, "users/201", &json!({ kind: null })).await.expect(200);
        assert_eq!(office.delete(&admin, &one).await.status, 204);
        office.get(&user, &one).await.expect(404);
    }
}

#[tokio::test]
async fn a_department_has_a_name_and_an_id_of_its_own() {
    let office = Office::new().await;
    let admin = office.user("200", Role::Admin).await;
    let sales = json!({ "id": "sales", "name": "Vertrieb" });
    office.post(&admin, "departments", &sales).await.expect(201);
    let long = "x".repeat(65);
    for (body, status, field) in [
        (json!({ "name": "VERTRIEB" }), 409, "name"),
        (json!({ "id": "sales", "name": "Other" }), 409, "id"),
        (json!({ "id": "Sales", "name": "Other" }), 400, "id"),
        (json!({ "name": long }), 400, "name"),
        (json!({ "name": " " }), 400, "name"),
        (json!({ "name": "Other", "shoe": 1 }), 400, "shoe"),
    ] {
        let refused = office.post(&admin, "departments", &body).await.expect(status);
        assert_eq!(refused["field"], field, "{refused}");
    }
    let other = office.post(&admin, "departments", &json!({ "name": "Sales!" })).await.expect(201);
    assert_eq!(other["id"], "sales-2");
    let taken = json!({ "name": "vertrieb" });
    office.patch(&admin, "departments/sales-2", &taken).await.expect(409);
    let user = office.user("201", Role::User).await;
    office.post(&user, "departments", &json!({ "name": "Mine" })).await.expect(403);
    office.patch(&user, "departments/sales", &json!({ "name": "Mine" })).await.expect(403);
    office.delete(&user, "departments/sales").await.expect(403);
    assert_eq!(rows(&office.get(&user, "departments").await.expect(200), "items").len(), 2);
    assert!(rows(&office.get(&user, "sites").await.expect(200), "items").is_empty());
}

#[tokio::test]
async fn a_shared_book_is_for_those_who_are_named() {
    let office = Office::new().await;
    let admin = office.user("200", Role::Admin).await;
    let (anna, bob) = (office.user("201", Role::User).await, office.user("202", Role::User).await);
    let eve = office.user("203", Role::User).await;
    office.patch(&admin, "users/202", &json!({ "department": "Buyers" })).await.expect(200);
    let body = json!({ "name": "Suppliers", "readers": ["department-buyers"], "writers": ["201"] });
    let made = office.post(&admin, "books", &body).await.expect(201);
    let names = ["id", "group", "readers", "writers", "count"];
    let expected = json!({ "id": "suppliers", "group": "shared-suppliers", "count": 0,
        "readers": ["department-buyers"], "writers": ["201"] });
    assert_eq!(members(&made, &names), expected);
    let id = office.contact(&anna, "shared-suppliers", "Acme").await;
    assert_eq!(office.names(&bob, "shared-suppliers").await, ["Acme"]);
    let card = format!("contacts/{id}");
    office.patch(&bob, &card, &json!({ "note": "x" })).await.expect(403);
    office.get(&eve, &card).await.expect(404);
    office.get(&eve, "groups/shared-suppliers/contacts").await.expect(404);
    office.get(&eve, "books/suppliers").await.expect(404);
    assert!(rows(&office.get(&eve, "books").await.expect(200), "items").is_empty());
    let mine = json!({ "group": "shared-suppliers", "name": "Mine" });
    let refused = office.post(&eve, "contacts", &mine).await;
    let never = json!({ "group": "shared-never", "name": "Mine" });
    assert_eq!(refused.text(), office.post(&eve, "contacts", &never).await.text());
    let seen = office.get(&anna, "books/suppliers").await.expect(200);
    assert!(seen.get("readers").is_none() && seen["writable"] == true, "{seen}");
    office.patch(&anna, "books/suppliers", &json!({ "writers": ["203"] })).await.expect(403);
    let open = json!({ "readers": null });
    office.patch(&admin, "books/suppliers", &open).await.expect(200);
    assert_eq!(office.names(&eve, "shared-suppliers").await, ["Acme"]);
    for wrong in ["404", "department-none", "site-buyers"] {
        let body = json!({ "readers": [wrong] });
        let refused = office.patch(&admin, "books/suppliers", &body).await.expect(400);
        assert_eq!(refused["field"], "readers");
    }
    assert_eq!(office.delete(&admin, "books/suppliers").await.expect(409)["contacts"], 1);
    office.delete(&admin, "books/suppliers?confirm=2").await.expect(409);
    assert_eq!(office.delete(&admin, "books/suppliers?confirm=1").await.status, 204);
    office.get(&admin, &card).await.expect(404);
}

#[tokio::test]
async fn a_removed_department_leaves_its_rights_to_nobody() {
    let office = Office::new().await;
    let admin = office.user("200", Role::Admin).await;
    let gone = office.user("209", Role::User).await;
    office.post(&admin, "departments", &json!({ "name": "Buyers" })).await.expect(201);
    let readers = json!(["department-buyers", "209"]);
    let body = json!({ "name": "Suppliers", "readers": readers, "writers": [] });
    office.post(&admin, "books", &body).await.expect(201);
    assert_eq!(office.delete(&admin, "users/209").await.status, 204);
    assert_eq!(office.delete(&admin, "departments/buyers").await.status, 204);
    let book = office.get(&admin, "books/suppliers").await.expect(200);
    assert_eq!(book["readers"], json!([]), "and not everybody");
    let later = office.user("210", Role::User).await;
    office.patch(&admin, "users/210", &json!({ "department": "Buyers" })).await.expect(200);
    office.get(&later, "books/suppliers").await.expect(404);
    drop(gone);
}

#[tokio::test]
async fn a_star_is_the_users_own() {
    let office = Office::new().await;
    let (anna, bob) = (office.user("201", Role::User).await, office.user("202", Role::User).await);
    let private = office.contact(&bob, "personal", "Secret").await;
    let acme = {
        let manager = office.user("203", Role::OfficeManager).await;
        office.contact(&manager, "shared", "Acme").await
    };
    let star = async |id: &str| office.put(&anna, &format!("favorites/{id}"), &json!({})).await;
    star(&acme).await.expect(204);
    star(&acme).await.expect(204);
    let missing = star(&private).await;
    assert_eq!(missing.text(), star("00000000-0000-0000-0000-000000000000").await.text());
    missing.expect(404);
    assert_eq!(office.names(&anna, "favorites").await, ["Acme"]);
    assert!(office.names(&bob, "favorites").await.is_empty());
    let favorite = async |who| {
        let list = office.get(who, "groups/shared/contacts").await.expect(200);
        list["items"][0]["favorite"].clone()
    };
    assert_eq!((favorite(&anna).await, favorite(&bob).await), (json!(true), json!(false)));
    assert_eq!(favorite(&operator()).await, Value::Null);
    office.put(&operator(), &format!("favorites/{acme}"), &json!({})).await.expect(403);
    let path = format!("favorites/{acme}");
    assert_eq!(office.delete(&anna, &path).await.status, 204);
    assert_eq!(office.delete(&anna, &path).await.status, 204);
    office.delete(&anna, &format!("favorites/{private}")).await.expect(404);
    assert!(office.names(&anna, "favorites").await.is_empty());
}

#[tokio::test]
async fn stars_have_a_limit() {
    let office = Office::new().await;
    let anna = office.user("201", Role::User).await;
    let (user, starred) = (anna.user().unwrap(), true);
    let star = |contact| Edit::Star { user, contact, starred };
    let edits = (0..9_999).map(|_| star(new_id())).collect();
    office.directory.commit(Request { edits, preconditions: Vec::new() }).await.unwrap();
    let (one, two) = (
        office.contact(&anna, "personal", "One").await,
        office.contact(&anna, "personal", "Two").await,
    );
    let star = async |id: &str| office.put(&anna, &format!("favorites/{id}"), &json!({})).await;
    star(&one).await.expect(204);
    star(&one).await.expect(204);
    star(&two).await.expect(409);
    assert_eq!(office.delete(&anna, &format!("favorites/{one}")).await.status, 204);
    star(&two).await.expect(204);
}

#[tokio::test]
async fn a_user_chooses_what_devices_list() {
    let office = Office::new().await;
    let anna = office.user("201", Role::User).await;
    let admin = office.user("200", Role::Admin).await;
    office.patch(&admin, "users/201", &json!({ "department": "Sales" })).await.expect(200);
    let theirs = json!({ "listed_books": ["favorites"] });
    office.patch(&admin, "organizations/main", &theirs).await.expect(200);
    let books = office.get(&anna, "me/books").await.expect(200);
    let available = json!(["favorites", "all", "department-sales"]);
    let expected = json!({
        "listed": ["favorites"], "chosen": false, "available": available,
        "layout": "auto", "layout_chosen": false,
    });
    assert_eq!(books, expected);
    let choice = json!({ "listed": ["department-sales", "all", "all"] });
    let books = office.put(&anna, "me/books", &choice).await.expect(200);
    assert_eq!(books["listed"], json!(["department-sales", "all"]));
    let groups = office.get(&anna, "groups").await.expect(200);
    let listed = rows(&groups, "items").iter().filter(|group| group["listed"] == true);
    let listed: Vec<&Value> = listed.map(|group| &group["id"]).collect();
    assert_eq!(listed, ["people", "shared", "personal", "all", "department-sales"]);
    for wrong in ["people", "status-busy", "contacts", "site-none", "x"] {
        let refused = office.put(&anna, "me/books", &json!({ "listed": [wrong] })).await;
        assert_eq!(refused.expect(400)["field"], "listed");
    }
    office.put(&anna, "me/books", &json!({ "listed": null })).await.expect(200);
    assert_eq!(office.get(&anna, "me/books").await.expect(200), expected);
    office.get(&operator(), "me/books").await.expect(403);
}

#[tokio::test]
async fn a_user_chooses_how_devices_show_the_books() {
    let office = Office::new().await;
    let anna = office.user("201", Role::User).await;
    let merged = json!({ "carddav_layout": "merged" });
    office.patch(&operator(), "organizations/main", &merged).await.expect(200);
    let books = office.get(&anna, "me/books").await.expect(200);
    assert_eq!((&books["layout"], &books["layout_chosen"]), (&json!("merged"), &json!(false)));
    office.put(&anna, "me/books", &json!({ "listed": ["favorites"] })).await.expect(200);
    for layout in ["separate", "merged", "auto"] {
        let books = office.put(&anna, "me/books", &json!({ "layout": layout })).await.expect(200);
        assert_eq!((&books["layout"], &books["layout_chosen"]), (&json!(layout), &json!(true)));
        assert_eq!(books["listed"], json!(["favorites"]), "which stay as they are");
    }
    for wrong in [json!("both"), json!(1), json!("")] {
        let refused = office.put(&anna, "me/books", &json!({ "layout": wrong })).await;
        assert_eq!(refused.expect(400)["field"], "layout");
    }
    office.put(&anna, "me/books", &json!({})).await.expect(400);
    let books = office.put(&anna, "me/books", &json!({ "layout": null })).await.expect(200);
    assert_eq!((&books["layout"], &books["layout_chosen"]), (&json!("merged"), &json!(false)));
}
