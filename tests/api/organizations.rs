//! Organizations: who sets what, and what sharing needs.

use ringbook::account::Role;
use ringbook::auth::{Principal, Who};
use ringbook::contact::{ContactId, OrganizationId};
use ringbook::directory::{Edit, Request};
use serde_json::json;

use crate::members;
use crate::office::{Office, operator, rows, settings};

#[tokio::test]
async fn operators_make_organizations_and_name_them() {
    let office = Office::new().await;
    let admin = office.user("200", Role::Admin).await;
    let acme = json!({
        "id": "acme", "name": "Acme", "domain": "acme.example", "suffix": "dc=acme,dc=example",
        "region": "US", "area_code": "212",
    });
    let made = office.post(&operator(), "organizations", &acme).await.expect(201);
    assert_eq!(made["area_code"], "212");
    office.post(&operator(), "organizations", &acme).await.expect(409);
    let nested = json!({
        "id": "sub", "name": "Sub", "domain": "sub.example", "region": "DE",
        "suffix": "ou=sub,dc=acme,dc=example",
    });
    let refused = office.post(&operator(), "organizations", &nested).await.expect(409);
    assert_eq!(refused["field"], "suffix");
    for (member, value) in [
        ("region", "XX"),
        ("suffix", "acme"),
        ("domain", "a b"),
        ("area_code", "(212)"),
        ("language", "de_DE!"),
        ("name_order", "random"),
    ] {
        let refused =
            office.patch(&operator(), "organizations/acme", &json!({ member: value })).await;
        assert_eq!(refused.expect(400)["field"], member);
    }
    assert_eq!(office.get(&operator(), "groups").await.expect(400)["field"], "organization");
    office.get(&operator(), "groups?organization=acme").await.expect(200);
    office.get(&operator(), "groups?organization=none").await.expect(404);
    office.get(&admin, "groups").await.expect(200);
    let other = office.get(&admin, "groups?organization=acme").await;
    assert_eq!(other.text(), office.get(&admin, "groups?organization=none").await.text());
    office.get(&admin, "organizations/acme").await.expect(404);
    office.patch(&admin, "organizations/acme", &json!({ "name": "Mine" })).await.expect(404);
    assert_eq!(rows(&office.get(&admin, "organizations").await.expect(200), "items").len(), 1);
}

#[tokio::test]
async fn administrators_set_what_is_theirs() {
    let office = Office::new().await;
    let admin = office.user("200", Role::Admin).await;
    let user = office.user("201", Role::User).await;
    let theirs = json!({
        "name": "Main GmbH", "region": "FR", "area_code": "1", "outside_line": "0",
        "inter_organization_prefix": "88", "language": "fr", "name_order": "family-first",
        "hidden_numbers": ["mobile"], "self_edit": ["title", "mobile"],
        "listed_books": ["favorites", "all"],
        "base_aliases": { "dc=phonebook,dc=nh": "people", "o=dbs": "contacts" },
        "keypad_search": true,
        "carddav_layout": "merged", "people_on_devices_max": 100, "refused_writes": "revert",
    });
    let changed = office.patch(&admin, "organizations/main", &theirs).await.expect(200);
    let names: Vec<&str> = theirs.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members(&changed, &names), theirs);
    for (member, value) in [
        ("domain", json!("new.example")),
        ("suffix", json!("dc=new")),
        ("shares_with", json!(["other"])),
        ("anonymous", json!({ "networks": ["10.0.0.0/8"], "books": ["people"] })),
    ] {
        let other = Edit::PutOrganization(Box::new(settings("other")));
        office.directory.commit(Request::one(other)).await.unwrap();
        let refused = office.patch(&admin, "organizations/main", &json!({ member: value })).await;
        assert_eq!(refused.expect(403)["field"], member);
        office.patch(&user, "organizations/main", &json!({ member: value })).await.expect(403);
    }
    office.patch(&user, "organizations/main", &json!({ "name": "Mine" })).await.expect(403);
    let again = office.get(&admin, "organizations/main").await.expect(200);
    office.patch(&admin, "organizations/main", &again).await.expect(200);
    let seen = office.get(&user, "organizations/main").await.expect(200);
    assert!(seen.get("anonymous").is_none() && seen.get("shares_with").is_none(), "{seen}");
    assert_eq!(seen["self_edit"], json!(["title", "mobile"]));
}

#[tokio::test]
async fn wrong_settings_are_named() {
    let office = Office::new().await;
    for (member, value) in [
        ("self_edit", json!(["extension"])),
        ("self_edit", json!(["email"])),
        ("self_edit", json!(["department"])),
        ("self_edit", json!(["shoe"])),
        ("hidden_numbers", json!(["title"])),
        ("hidden_numbers", json!("mobile")),
        ("shares_with", json!(["main"])),
        ("shares_with", json!(["nobody"])),
        ("listed_books", json!(["people"])),
        ("listed_books", json!(["status-busy"])),
        ("listed_books", json!(["department-none"])),
        ("anonymous", json!({ "networks": [], "books": ["people"] })),
        ("anonymous", json!({ "networks": ["10.0.0.0/33"], "books": ["people"] })),
        ("anonymous", json!({ "networks": ["10.0.0.0/8"], "books": ["favorites"] })),
        ("anonymous", json!("everybody")),
        ("base_aliases", json!({ "phonebook": "people" })),
        ("base_aliases", json!({ "": "people" })),
        ("base_aliases", json!({ "ou=old,dc=main,dc=example": "people" })),
        ("base_aliases", json!({ "dc=phonebook": "department-none" })),
        ("base_aliases", json!({ "dc=phonebook": "personal" })),
        ("base_aliases", json!({ "dc=phonebook": 1 })),
        ("base_aliases", json!(["dc=phonebook"])),
        ("keypad_search", json!("yes")),
        ("carddav_layout", json!("both")),
        ("people_on_devices_max", json!(-1)),
        ("people_on_devices_max", json!("all")),
        ("refused_writes", json!("ignore")),
        ("inter_organization_prefix", json!("8a")),
        ("suffix", json!("dc=main,,")),
        ("shoe", json!(1)),
    ] {
        let body = json!({ member: value });
        let refused = office.patch(&operator(), "organizations/main", &body).await;
        assert_eq!(refused.expect(400)["field"], member, "{body}");
    }
}

#[tokio::test]
async fn a_suffix_is_kept_in_one_form() {
    let office = Office::new().await;
    let spaced = json!({ "suffix": "DC = pbx ; dc=Example" });
    let changed = office.patch(&operator(), "organizations/main", &spaced).await.expect(200);
    assert_eq!(changed["suffix"], "dc=pbx,dc=Example");
    let nested = json!({
        "id": "sub", "name": "Sub", "domain": "sub.example", "region": "DE",
        "suffix": "ou=sub , 0.9.2342.19200300.100.1.25=pbx, DC=example",
    });
    let refused = office.post(&operator(), "organizations", &nested).await.expect(409);
    assert_eq!(refused["field"], "suffix");
}

#[tokio::test]
async fn people_are_shared_only_where_both_consent() {
    let office = Office::new().await;
    let other = Edit::PutOrganization(Box::new(settings("other")));
    office.directory.commit(Request::one(other)).await.unwrap();
    let bob = json!({ "extension": "300", "name": "Bob Other",
        "numbers": [{ "type": "mobile", "value": "0170 1111111" }] });
    let bob = office.post(&operator(), "users?organization=other", &bob).await.expect(201);
    let bob = ContactId::parse(bob["id"].as_str().unwrap()).unwrap();
    let anna = json!({ "extension": "204", "name": "Anna Main" });
    let anna = office.post(&operator(), "users?organization=main", &anna).await.expect(201);
    let anna = ContactId::parse(anna["id"].as_str().unwrap()).unwrap();
    let user = |id, organization| Principal {
        who: Who::User(id),
        role: Role::User,
        organization: Some(OrganizationId::from(organization)),
        ..Principal::anonymous()
    };
    let anna = user(anna, "main");
    let card = format!("contacts/{bob}");
    let consent = async |id: &str, with: &[&str]| {
        let path = format!("organizations/{id}");
        office.patch(&operator(), &path, &json!({ "shares_with": with })).await.expect(200)
    };
    let one_sided = consent("main", &["other"]).await;
    assert_eq!(one_sided["shares_now_with"], json!([]));
    assert_eq!(office.names(&anna, "all").await, ["Anna Main"]);
    office.get(&anna, &card).await.expect(404);
    let mutual = consent("other", &["main"]).await;
    assert_eq!(mutual["shares_now_with"], json!(["main"]));
    assert_eq!(office.names(&anna, "all").await, ["Anna Main", "Bob Other"]);
    assert_eq!(office.names(&anna, "people").await, ["Anna Main"]);
    let seen = office.get(&anna, &card).await.expect(200);
    assert_eq!((&seen["group"], &seen["organization"]), (&json!("all"), &json!("other")));
    let found = office.get(&anna, "lookup?number=01701111111").await.expect(200);
    assert_eq!((&found["name"], &found["book"]), (&json!("Bob Other"), &json!("all")));
    office.patch(&anna, &card, &json!({ "title": "x" })).await.expect(403);
    office.get(&anna, "users/300").await.expect(404);
    office.put(&anna, &format!("favorites/{bob}"), &json!({})).await.expect(204);
    assert_eq!(office.names(&anna, "favorites").await, ["Bob Other"]);
    consent("other", &[]).await;
    office.get(&anna, &card).await.expect(404);
    office.get(&anna, "lookup?number=01701111111").await.expect(404);
    assert!(office.names(&anna, "favorites").await.is_empty());
    office.get(&user(bob, "other"), "contacts/x").await.expect(404);
}
