//! The rights matrix over HTTP, and what somebody learns who tries to learn more.

use hyper::{Method, StatusCode, header};
use ringbook::account::Role;
use ringbook::auth::Principal;
use serde_json::{Value, json};

use crate::office::{Office, Reply, operator, request, rows};

/// An office with one contact in each book, and everybody who asks.
struct World {
    office: Office,
    /// By what the matrix calls them.
    askers: Vec<(&'static str, Principal)>,
}

const BOOKS: [&str; 6] =
    ["people", "shared", "shared-open", "shared-closed", "personal", "favorites"];

impl World {
    async fn new() -> Self {
        let office = Office::new().await;
        let admin = office.user("200", Role::Admin).await;
        let user = office.user("201", Role::User).await;
        let manager = office.user("202", Role::OfficeManager).await;
        let writer = office.user("203", Role::User).await;
        for (name, readers) in [("Open", Value::Null), ("Closed", json!([]))] {
            let book = json!({ "name": name, "readers": readers, "writers": ["203"] });
            office.post(&admin, "books", &book).await.expect(201);
        }
        let askers = vec![
            ("user", user),
            ("writer", writer),
            ("manager", manager),
            ("admin", admin),
            ("operator", operator()),
        ];
        Self { office, askers }
    }

    /// What somebody may do in a book, by doing it: `w` all, `r` read, `-` nothing of it is there.
    async fn right(&self, who: &Principal, book: &str) -> char {
        let office = &self.office;
        let list = office.get(who, &format!("groups/{book}/contacts")).await;
        let export = office.get(who, &format!("groups/{book}/export")).await;
        assert_eq!(list.status, export.status, "{book}");
        let groups = office.get(who, "groups").await.expect(200);
        let shown = rows(&groups, "items").iter().find(|group| group["id"] == book);
        assert_eq!(list.status == StatusCode::OK, shown.is_some(), "{book}");
        let new = json!({ "group": book, "name": "New" });
        let added = office.post(who, "contacts", &new).await;
        match (list.status.as_u16(), added.status.as_u16()) {
            (404, 404) => '-',
            (200, 201) => {
                let id = added.json()["id"].as_str().unwrap().to_owned();
                self.written(who, &id).await;
                'w'
            }
            (200, 403) => 'r',
            (200, 400) if book == "favorites" => 's',
            other => panic!("{book}: {other:?} {}", added.text()),
        }
    }

    /// Whoever makes a contact also changes and removes it.
    async fn written(&self, who: &Principal, id: &str) {
        let path = format!("contacts/{id}");
        self.office.patch(who, &path, &json!({ "note": "x" })).await.expect(200);
        self.office.put(who, &path, &json!({ "name": "Newer" })).await.expect(200);
        assert_eq!(self.office.delete(who, &path).await.status, 204);
    }
}

#[tokio::test]
async fn the_matrix_of_roles_and_books() {
    let world = World::new().await;
    let mut matrix = Vec::new();
    for (name, who) in &world.askers {
        let mut rights = String::new();
        for book in BOOKS {
            rights.push(world.right(who, book).await);
        }
        matrix.push(format!("{name}: {rights}"));
    }
    let expected =
        ["user: rrr-ws", "writer: rrwwws", "manager: rwwwws", "admin: rwwwws", "operator: rwww--"];
    assert_eq!(matrix, expected, "of {BOOKS:?}; people are written under /users");
}

#[tokio::test]
async fn people_are_written_under_users_only() {
    let world = World::new().await;
    let office = &world.office;
    let (_, user) = &world.askers[0];
    let card = office.get(user, "users/203").await.expect(200);
    let path = format!("contacts/{}", card["id"].as_str().unwrap());
    for (name, who) in &world.askers {
        let title = json!({ "title": "x" });
        office.patch(who, &path, &title).await.expect(403);
        office.put(who, &path, &title).await.expect(403);
        office.delete(who, &path).await.expect(403);
        let may = matches!(*name, "admin" | "operator");
        // 203 is the writer, who has no fields to change.
        let status = office.patch(who, "users/203", &title).await.status.as_u16();
        assert_eq!(status, if may { 200 } else { 403 }, "{name}");
        let status = office.delete(who, "users/999").await.status.as_u16();
        assert_eq!(status, if may { 404 } else { 403 }, "{name}");
        let status = office.post(who, "users", &json!({ "shoe": 1 })).await.status.as_u16();
        assert_eq!(status, if may { 400 } else { 403 }, "{name}");
        for path in ["departments", "sites", "books"] {
            let status = office.post(who, path, &json!({ "shoe": 1 })).await.status.as_u16();
            assert_eq!(status, if may { 400 } else { 403 }, "{name} {path}");
        }
    }
}

/// Whatever can be asked of one contact.
async fn answers(office: &Office, who: &Principal, id: &str) -> Vec<(StatusCode, String)> {
    let mut answers = Vec::new();
    let mut ask = async |method: Method, path: String, body: Value| {
        let mut asked = request(method, &path, body.to_string().into_bytes());
        asked.headers_mut().insert(header::IF_MATCH, "\"1\"".parse().unwrap());
        let Reply { status, body, .. } = office.send(who, asked).await;
        answers.push((status, String::from_utf8(body).unwrap().replace(id, "ID")));
    };
    let one = format!("contacts/{id}");
    ask(Method::GET, one.clone(), json!({})).await;
    ask(Method::PATCH, one.clone(), json!({ "note": "x" })).await;
    ask(Method::PUT, format!("{one}?rewrite=true"), json!({ "name": "x" })).await;
    ask(Method::DELETE, one.clone(), json!({})).await;
    ask(Method::POST, "contacts/delete".to_owned(), json!({ "ids": [id] })).await;
    ask(Method::PUT, format!("favorites/{id}"), json!({})).await;
    ask(Method::DELETE, format!("favorites/{id}"), json!({})).await;
    ask(Method::GET, format!("users/{id}"), json!({})).await;
    ask(Method::PATCH, format!("users/{id}"), json!({ "title": "x" })).await;
    ask(Method::GET, format!("users/{id}/organization"), json!({})).await;
    answers
}

#[tokio::test]
async fn what_is_invisible_answers_as_what_is_absent() {
    let world = World::new().await;
    let office = &world.office;
    let (_, user) = &world.askers[0];
    let (_, writer) = &world.askers[1];
    let private = office.contact(writer, "personal", "Private").await;
    let closed = office.contact(writer, "shared-closed", "Closed").await;
    let admin = &world.askers[3].1;
    let hidden = json!({ "extension": "250", "name": "Hidden", "listed": false });
    let hidden = office.post(admin, "users", &hidden).await.expect(201);
    let hidden = hidden["id"].as_str().unwrap().to_owned();
    let absent = answers(office, user, "00000000-0000-7000-8000-000000000000").await;
    assert!(absent.iter().all(|(status, _)| *status == StatusCode::NOT_FOUND), "{absent:?}");
    for id in [&private, &closed, &hidden] {
        assert_eq!(answers(office, user, id).await, absent, "{id}");
    }
    for extension in ["250", "251"] {
        for path in [format!("users/{extension}"), format!("users/{extension}/organization")] {
            office.get(user, &path).await.expect(404);
        }
        let answer = office.patch(user, &format!("users/{extension}"), &json!({})).await;
        answer.expect(404);
    }
    assert!(office.get(admin, &format!("contacts/{hidden}")).await.status == StatusCode::OK);
}

#[tokio::test]
async fn hidden_numbers_are_learnt_in_no_way() {
    let world = World::new().await;
    let office = &world.office;
    let hide = json!({ "hidden_numbers": ["mobile", "extension"], "self_edit": ["title"] });
    office.patch(&operator(), "organizations/main", &hide).await.expect(200);
    let (user, writer) = (&world.askers[0].1, &world.askers[1].1);
    let mobile = json!({ "numbers": [{ "type": "mobile", "value": "0170 7654321" }] });
    office.patch(&operator(), "users/203", &mobile).await.expect(200);
    for number in ["01707654321", "%2B491707654321", "7654321"] {
        let path = format!("lookup?number={number}");
        let other = office.get(user, "lookup?number=01701111111").await;
        assert_eq!(office.get(user, &path).await.text(), other.text(), "{number}");
        let text = office.get(user, &format!("{path}&format=text")).await;
        assert_eq!((text.status.as_u16(), text.text().as_str()), (404, ""));
        for list in ["contacts", "groups/people/contacts", "groups/all/contacts", "presence"] {
            let found = office.get(user, &format!("{list}?q={number}")).await.expect(200);
            assert!(rows(&found, "items").is_empty(), "{list} {number}");
        }
    }
    let own = async |path: &str| office.get(writer, path).await.status.as_u16();
    assert_eq!(own("lookup?number=01707654321").await, 200, "one's own are no secret");
    // By extension is by name, for whom there are no extensions.
    let order = async |who| {
        let list = "groups/people/contacts?sort=extension&order=desc";
        let found = office.get(who, list).await.expect(200);
        let names = rows(&found, "items").iter().map(|item| item["name"].clone());
        names.collect::<Vec<Value>>()
    };
    let renamed = json!({ "name": "Aaron" });
    office.patch(&operator(), "users/203", &renamed).await.expect(200);
    let all = order(&world.askers[4].1).await;
    assert_eq!(all, ["Aaron", "User 202", "User 201", "User 200"]);
    let seen = order(user).await;
    assert_eq!(seen, ["User 201", "User 202", "User 200", "Aaron"], "their own is all they know");
    for path in ["groups/people/export", "groups/all/export", "groups/contacts/export"] {
        assert!(!office.get(user, path).await.text().contains("7654321"), "{path}");
    }
}

#[tokio::test]
async fn who_is_unlisted_is_learnt_in_no_way() {
    let world = World::new().await;
    let office = &world.office;
    let (user, admin) = (&world.askers[0].1, &world.askers[3].1);
    let boss = json!({ "extension": "250", "name": "Hidden Boss", "listed": false,
        "department": "Secret", "numbers": [{ "type": "work", "value": "030 5559999" }] });
    let boss = office.post(admin, "users", &boss).await.expect(201);
    let boss = boss["id"].as_str().unwrap();
    let managed = json!({ "managers": [boss, "An Outsider"], "department": "Open" });
    office.patch(admin, "users/203", &managed).await.expect(200);
    office.patch(admin, "users/250", &json!({ "managers": [boss] })).await.expect(200);
    for path in [
        "contacts",
        "groups/people/contacts",
        "groups/all/contacts",
        "groups/contacts/contacts",
        "groups/department-secret/contacts",
        "groups/people/export",
        "users/203",
        "users/203/organization",
        "presence",
    ] {
        let text = office.get(user, path).await.text();
        assert!(!text.contains("Hidden") && !text.contains(boss), "{path}: {text}");
    }
    let groups = office.get(user, "groups").await.expect(200);
    let count = |id: &str| {
        let found = rows(&groups, "items").iter().find(|group| group["id"] == id);
        found.map(|group| group["count"].clone())
    };
    assert_eq!(count("people"), Some(json!(4)));
    assert_eq!(count("department-secret"), Some(json!(0)));
    office.get(user, "lookup?number=0305559999").await.expect(404);
    office.get(user, "lookup?number=250").await.expect(404);
    let tree = office.get(user, "users/203/organization").await.expect(200);
    assert_eq!(tree["managers"], json!([{ "name": "An Outsider" }]));
    let tree = office.get(admin, "users/250/organization").await.expect(200);
    assert_eq!(tree["subordinates"][0]["extension"], "203");
    for sort in ["name", "department", "extension"] {
        let path = format!("groups/people/contacts?sort={sort}&limit=1");
        let (mut next, mut count) = (String::new(), 0);
        loop {
            let page = office.get(user, &format!("{path}{next}")).await.expect(200);
            count += rows(&page, "items").len();
            let Some(cursor) = page["next"].as_str() else { break };
            next = format!("&cursor={cursor}");
        }
        assert_eq!(count, 4, "{sort}");
    }
}

#[tokio::test]
async fn a_made_up_cursor_shows_nothing_more() {
    let world = World::new().await;
    let office = &world.office;
    let (user, writer) = (&world.askers[0].1, &world.askers[1].1);
    let private = office.contact(writer, "personal", "Private").await;
    let page = office.get(user, "groups/contacts/contacts?limit=1").await.expect(200);
    let cursor = page["next"].as_str().unwrap();
    let parts: Vec<&str> = cursor.split('.').collect();
    let forged = [
        format!("name.asc.{}.{}.", parts[2], private),
        format!("name.asc.{}.{}.{}", parts[2], private, "00".repeat(1024)),
        format!("name.asc.{}.{}.{}", parts[2], private, "ff".repeat(1024)),
    ];
    let all = office.names(user, "contacts").await;
    for cursor in forged {
        let path = format!("groups/contacts/contacts?cursor={cursor}");
        let found = office.get(user, &path).await.expect(200);
        let names = rows(&found, "items").iter().map(|item| item["name"].as_str().unwrap());
        assert!(names.into_iter().all(|name| all.iter().any(|seen| seen == name)));
    }
    let huge = format!("name.asc.{}.{private}.{}", parts[2], "00".repeat(1025));
    office.get(user, &format!("groups/contacts/contacts?cursor={huge}")).await.expect(400);
}

#[tokio::test]
async fn own_cards_change_as_far_as_the_organization_opens_them() {
    let office = Office::new().await;
    let (anna, bob) = (office.user("201", Role::User).await, office.user("202", Role::User).await);
    let title = json!({ "title": "Boss" });
    office.patch(&anna, "users/201", &title).await.expect(403);
    let open = json!({ "self_edit": ["title", "mobile", "given_name"] });
    office.patch(&operator(), "organizations/main", &open).await.expect(200);
    assert_eq!(office.patch(&anna, "users/201", &title).await.expect(200)["title"], "Boss");
    office.patch(&bob, "users/201", &title).await.expect(403);
    let mobile = json!({ "numbers": [{ "type": "mobile", "value": "0170 1" }] });
    office.patch(&anna, "users/201", &mobile).await.expect(200);
    let home = json!({ "numbers": [{ "type": "mobile", "value": "0170 1" },
        { "type": "home", "value": "030 1" }] });
    for refused in [
        home,
        json!({ "company": "Mine" }),
        json!({ "role": "user" }),
        json!({ "listed": false }),
        json!({ "login": "anna" }),
        json!({ "password": "new-password" }),
        json!({ "extension": "209" }),
        json!({ "title": "Chief", "department": "Board" }),
    ] {
        let refused_text = refused.to_string();
        let problem = office.patch(&anna, "users/201", &refused).await;
        assert_eq!(problem.status, 403, "{refused_text}");
    }
    let same = json!({ "extension": "201", "company": null, "title": "Chief" });
    assert_eq!(office.patch(&anna, "users/201", &same).await.expect(200)["title"], "Chief");
    office.patch(&operator(), "users/201", &json!({ "listed": false })).await.expect(200);
    assert_eq!(office.patch(&anna, "users/201", &title).await.expect(200)["title"], "Boss");
    office.patch(&bob, "users/201", &title).await.expect(404);
}

#[tokio::test]
async fn who_stands_above_and_below_is_shown() {
    let office = Office::new().await;
    let anna = office.user("201", Role::User).await;
    let boss = office.user("202", Role::User).await.user().unwrap().to_string();
    let card = json!({ "managers": [boss, "An Outsider"], "department": "Sales", "site": "Bonn" });
    office.patch(&operator(), "users/201", &card).await.expect(200);
    let tree = office.get(&anna, "users/201/organization").await.expect(200);
    let manager = json!({ "id": boss, "name": "User 202", "extension": "202", "title": null,
        "department": null });
    assert_eq!(tree["managers"], json!([manager, { "name": "An Outsider" }]));
    let groups = json!([{ "group": "department-sales", "name": "Sales" },
        { "group": "site-bonn", "name": "Bonn" }]);
    assert_eq!(tree["groups"], groups);
    let below = office.get(&anna, &format!("users/{boss}/organization")).await.expect(200);
    assert_eq!(below["subordinates"][0]["extension"], "201");
    assert_eq!(below["managers"], json!([]));
}
