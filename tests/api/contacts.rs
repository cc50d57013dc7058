//! Single contacts: made, changed and removed, and what a client's card must not lose.

use hyper::{Method, header};
use ringbook::account::Role;
use ringbook::auth::Principal;
use ringbook::contact::{Body, Book, ContactId, Draft, OrganizationId};
use ringbook::directory::{Edit, Request, new_id};
use ringbook::vcard::read::read;
use serde_json::{Value, json};

use crate::members;
use crate::office::{Office, Reply, operator, request};

/// Sends a change with a condition.
async fn patch_if(office: &Office, who: &Principal, path: &str, tag: &str, body: Value) -> Reply {
    let mut request = request(Method::PATCH, path, body.to_string().into_bytes());
    request.headers_mut().insert(header::IF_MATCH, tag.parse().unwrap());
    office.send(who, request).await
}

#[tokio::test]
async fn a_contact_is_made_changed_and_replaced() {
    let office = Office::new().await;
    let anna = office.user("201", Role::User).await;
    let body = json!({
        "given_name": "Zoe", "family_name": "Zimt", "company": "Acme", "note": "a\nb",
        "numbers": [{ "type": "mobile", "value": "0170 1234567" }], "emails": ["z@x.example"],
        "postal": [{ "type": "work", "street": "Weg 1", "locality": "Bonn", "code": "53111" }],
    });
    let made = office.post(&anna, "contacts", &body).await;
    let id = made.expect(201)["id"].as_str().unwrap().to_owned();
    let path = format!("contacts/{id}");
    assert_eq!(made.headers[header::LOCATION], format!("/api/v1/{path}"));
    let shown = office.get(&anna, &path).await;
    assert_eq!(shown.headers[header::ETAG], made.headers[header::ETAG]);
    let shown = shown.expect(200);
    assert_eq!((&shown["name"], &shown["group"]), (&json!("Zoe Zimt"), &json!("personal")));
    assert_eq!(shown["postal"][0]["locality"], "Bonn");
    let changed = office.patch(&anna, &path, &json!({ "family_name": "Anis" })).await.expect(200);
    let names = ["name", "company", "note"];
    let expected = json!({ "name": "Zoe Anis", "company": "Acme", "note": "a\nb" });
    assert_eq!(members(&changed, &names), expected);
    let again = office.put(&anna, &path, &changed).await;
    assert_eq!(again.expect(200), changed, "what was shown can be sent back");
    let replaced = office.put(&anna, &path, &json!({ "company": "Acme" })).await.expect(200);
    let names = ["name", "emails", "numbers", "note", "id"];
    let expected = json!({ "name": "Acme", "emails": [], "numbers": [], "note": null, "id": id });
    assert_eq!(members(&replaced, &names), expected);
    assert_eq!(office.delete(&anna, &path).await.status, 204);
    office.patch(&anna, &path, &json!({ "note": "x" })).await.expect(404);
}

#[tokio::test]
async fn wrong_contacts_are_refused() {
    let office = Office::new().await;
    let anna = office.user("201", Role::User).await;
    for (body, status, field) in [
        (json!({ "note": "only" }), 400, "name"),
        (json!({ "name": "A", "shoe": 1 }), 400, "shoe"),
        (json!({ "name": "A", "group": "favorites" }), 400, "group"),
        (json!({ "name": "A", "group": "attic" }), 404, ""),
        (json!({ "name": "A", "group": "people" }), 403, ""),
        (json!({ "name": "A", "group": "shared" }), 403, ""),
        (json!({ "name": "A", "postal": ["Weg 1"] }), 400, "postal"),
        (json!({ "name": "A", "postal": [{ "type": "barn", "street": "x" }] }), 400, "postal"),
        (json!({ "name": "A", "numbers": [{ "type": "mobile" }] }), 400, "numbers"),
    ] {
        let refused = office.post(&anna, "contacts", &body).await.expect(status);
        assert_eq!(refused["field"].as_str().unwrap_or_default(), field, "{refused}");
    }
    let nowhere = office.post(&operator(), "contacts", &json!({ "name": "A" })).await.expect(400);
    assert_eq!(nowhere["field"], "group");
    let id = office.contact(&anna, "personal", "Zoe").await;
    let moved = json!({ "group": "shared" });
    let refused = office.patch(&anna, &format!("contacts/{id}"), &moved).await.expect(400);
    assert_eq!(refused["field"], "group");
}

#[tokio::test]
async fn a_tag_is_good_until_what_it_shows_changes() {
    let office = Office::new().await;
    let manager = office.user("202", Role::OfficeManager).await;
    let id = office.contact(&manager, "shared", "Acme").await;
    let path = format!("contacts/{id}");
    let tag = async || {
        let shown = office.get(&manager, &path).await;
        shown.headers[header::ETAG].to_str().unwrap().to_owned()
    };
    let first = tag().await;
    office.put(&manager, &format!("favorites/{id}"), &json!({})).await.expect(204);
    assert_eq!(tag().await, first, "a star is no part of the card");
    let list = format!("\"0\", {first}");
    patch_if(&office, &manager, &path, &list, json!({ "note": "1" })).await.expect(200);
    let note = || json!({ "note": "2" });
    patch_if(&office, &manager, &path, &first, note()).await.expect(412);
    patch_if(&office, &manager, &path, "*", note()).await.expect(200);
    let weak = format!("W/{}", tag().await);
    patch_if(&office, &manager, &path, &weak, json!({ "note": "3" })).await.expect(412);
}

#[tokio::test]
async fn renditions_have_tags_of_their_own() {
    let office = Office::new().await;
    let hide = json!({ "hidden_numbers": ["mobile"] });
    office.patch(&operator(), "organizations/main", &hide).await.expect(200);
    let (anna, bob) = (office.user("201", Role::User).await, office.user("202", Role::User).await);
    let id = office.get(&anna, "users/201").await.expect(200)["id"].as_str().unwrap().to_owned();
    let tag = async |who| {
        let shown = office.get(who, &format!("contacts/{id}")).await;
        shown.headers[header::ETAG].to_str().unwrap().to_owned()
    };
    let before = (tag(&anna).await, tag(&bob).await);
    assert_ne!(before.0, before.1);
    let mobile = json!({ "numbers": [{ "type": "mobile", "value": "0170 1234567" }] });
    office.patch(&operator(), "users/201", &mobile).await.expect(200);
    assert_ne!(tag(&anna).await, before.0);
    assert_eq!(tag(&bob).await, before.1, "nothing that Bob sees changed");
}

#[tokio::test]
async fn several_go_together_or_not_at_all() {
    let office = Office::new().await;
    let (anna, bob) = (office.user("201", Role::User).await, office.user("202", Role::User).await);
    let manager = office.user("203", Role::OfficeManager).await;
    let (one, two) = (
        office.contact(&anna, "personal", "One").await,
        office.contact(&anna, "personal", "Two").await,
    );
    let private = office.contact(&bob, "personal", "Private").await;
    let shared = office.contact(&manager, "shared", "Shared").await;
    for (ids, status) in [
        (vec![&one, &private], 404),
        (vec![&one, &shared], 403),
        (vec![&one, &"x".to_owned()], 404),
    ] {
        let refused = office.post(&anna, "contacts/delete", &json!({ "ids": ids })).await;
        assert_eq!(refused.expect(status)["id"], **ids.last().unwrap());
    }
    assert_eq!(office.names(&anna, "personal").await, ["One", "Two"]);
    let both = json!({ "ids": [one, two, one] });
    let done = office.post(&anna, "contacts/delete", &both).await.expect(200);
    assert_eq!(done["removed"], 2);
    let many: Vec<String> = (0..1001).map(|_| new_id().to_string()).collect();
    office.post(&anna, "contacts/delete", &json!({ "ids": many })).await.expect(400);
}

#[tokio::test]
async fn only_ones_own_book_is_emptied() {
    let office = Office::new().await;
    let (anna, bob) = (office.user("201", Role::User).await, office.user("202", Role::User).await);
    let admin = office.user("200", Role::Admin).await;
    for (who, name) in [(&anna, "One"), (&anna, "Two"), (&bob, "Other")] {
        office.contact(who, "personal", name).await;
    }
    office.contact(&admin, "shared", "Acme").await;
    office.delete(&anna, "contacts").await.expect(400);
    for book in ["shared", "people", "attic"] {
        office.delete(&admin, &format!("contacts?book={book}")).await.expect(400);
    }
    let done = office.delete(&anna, "contacts?book=personal").await.expect(200);
    assert_eq!(done["removed"], 2);
    assert!(office.names(&anna, "personal").await.is_empty());
    assert_eq!(office.names(&bob, "personal").await, ["Other"]);
    assert_eq!(office.names(&bob, "shared").await, ["Acme"]);
    office.delete(&operator(), "contacts?book=personal").await.expect(404);
}

#[tokio::test]
async fn a_clients_card_changes_in_the_lines_meant_only() {
    let office = Office::new().await;
    let anna = office.user("201", Role::User).await;
    let put = async |extra: &str| {
        let text = format!(
            "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u{}\r\nFN:Zoe\r\nN:;Zoe;;;\r\n{extra}END:VCARD\r\n",
            extra.len()
        );
        let id = new_id();
        let draft = Draft {
            organization: OrganizationId::from("main"),
            book: Book::Personal(anna.user().unwrap()),
            name: Some(format!("{id}.vcf").into()),
            uid: read(text.as_bytes()).unwrap().uid.map(Into::into),
            card: read(text.as_bytes()).unwrap().card,
            body: Some(text.into_bytes().into()),
            listed: true,
        };
        let edit = Edit::PutContact { id, draft };
        office.directory.commit(Request::one(edit)).await.unwrap();
        id
    };
    let body = |id: ContactId| {
        let main = OrganizationId::from("main");
        office.directory.snapshot().contact(&main, id).unwrap().body.clone()
    };
    let text = |id: ContactId| {
        let bytes = match body(id) {
            Body::Inline(bytes) => bytes.to_vec(),
            Body::Stored(_) => office.directory.body(id).unwrap().unwrap().1,
            Body::Written | Body::Broken => panic!("the client's card is gone"),
        };
        String::from_utf8(bytes).unwrap()
    };
    let note = json!({ "note": "hi", "numbers": [{ "type": "mobile", "value": "2" }] });
    let long = format!("PHOTO;ENCODING=b:{}\r\n", "A".repeat(8000));
    for photo in ["", "PHOTO;ENCODING=b:AA\r\n AA\r\n", &long] {
        let own = "item1.X-SHOE;size=\"a:b\":3\r\n 8\r\n";
        let id = put(&format!("{photo}REV:20200101T000000Z\r\n{own}b.tel;TYPE=CELL:1\r\n")).await;
        let (path, before) = (format!("contacts/{id}"), text(id));
        office.patch(&anna, &path, &json!({ "given_name": "Zoe" })).await.expect(200);
        assert_eq!(text(id), before, "nothing changed");
        let changed = office.patch(&anna, &path, &note).await.expect(200);
        assert_eq!((&changed["note"], &changed["name"]), (&json!("hi"), &json!("Zoe")));
        let after = text(id);
        let (_, rev) = after.split_once("REV:").unwrap();
        let now = rev.lines().next().unwrap();
        assert!(now > "20260101T000000Z" && now.len() == 16, "{now}");
        let expected = before
            .replace("20200101T000000Z", now)
            .replace("b.tel;TYPE=CELL:1\r\n", "b.tel;TYPE=CELL:2\r\nNOTE:hi\r\n");
        assert_eq!(after, expected);

        let zed = json!({ "name": "Zed", "family_name": "Zed" });
        let replaced = office.put(&anna, &path, &zed).await.expect(200);
        assert_eq!(replaced["name"], "Zed");
        let after = text(id);
        assert!(after.contains(photo) && after.contains(own), "{after}");
        assert!(after.contains("FN:Zed\r\nN:Zed;;;;\r\n") && !after.contains("b.tel"), "{after}");
    }
    let team = put("X-ADDRESSBOOKSERVER-KIND:group\r\nX-ADDRESSBOOKSERVER-MEMBER:urn:uuid:x\r\n");
    let team = format!("contacts/{}", team.await);
    office.get(&anna, &team).await.expect(404);
    office.patch(&anna, &team, &note).await.expect(404);
}
