//! Photos over HTTP: set, shown, refused, and who may.

use std::io::Cursor;
use std::sync::Arc;

use hyper::{Method, StatusCode};
use image::{ImageFormat, RgbImage};
use ringbook::account::Role;
use ringbook::auth::Principal;
use ringbook::contact::{Body, Book, ContactId, Draft, OrganizationId};
use ringbook::directory::{Edit, Request, new_id};
use ringbook::vcard::photo::image as image_of;
use ringbook::vcard::read::read;
use serde_json::{Value, json};

use crate::office::{Office, Reply, operator, request};

/// A PNG of one colour.
fn png(width: u32, height: u32, colour: u8) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    let image = RgbImage::from_pixel(width, height, image::Rgb([colour, 0, 90]));
    image.write_to(&mut file, ImageFormat::Png).unwrap();
    file.into_inner()
}

async fn ask(
    office: &Office,
    who: &Principal,
    line: (Method, &str),
    headers: &[(&str, &str)],
    body: Vec<u8>,
) -> Reply {
    let mut request = request(line.0, line.1, body);
    for (name, value) in headers {
        let name = hyper::header::HeaderName::from_bytes(name.as_bytes()).unwrap();
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    office.send(who, request).await
}

async fn put(office: &Office, who: &Principal, path: &str, body: Vec<u8>) -> Reply {
    ask(office, who, (Method::PUT, path), &[], body).await
}

fn sides(jpeg: &[u8]) -> (u32, u32) {
    assert_eq!(image::guess_format(jpeg).unwrap(), ImageFormat::Jpeg);
    let image = image::load_from_memory(jpeg).unwrap();
    (image.width(), image.height())
}

#[tokio::test]
async fn a_photo_is_set_shown_and_removed() {
    let office = Office::new().await;
    let anna = office.user("201", Role::User).await;
    let id = office.contact(&anna, "personal", "Zoe").await;
    let (contact, path) = (format!("contacts/{id}"), format!("contacts/{id}/photo"));
    let before = office.get(&anna, &contact).await;
    assert_eq!(before.expect(200)["photo"], Value::Null);
    office.get(&anna, &path).await.expect(404);
    office.delete(&anna, &path).await.expect(404);

    put(&office, &anna, &path, png(1280, 640, 7)).await.expect(201);
    let shown = office.get(&anna, &contact).await;
    assert_eq!(shown.expect(200)["photo"], format!("/api/v1/{path}"));
    assert_ne!(shown.headers["etag"], before.headers["etag"], "it is part of the card");
    let full = office.get(&anna, &path).await;
    assert_eq!((full.status.as_u16(), sides(&full.body)), (200, (640, 320)));
    let headers = ["content-type", "cache-control", "x-content-type-options"];
    let headers = headers.map(|name| full.headers[name].to_str().unwrap());
    assert_eq!(headers, ["image/jpeg", "private, no-cache", "nosniff"]);
    let thumbnail = office.get(&anna, &format!("{path}?size=thumbnail")).await;
    assert_eq!(sides(&thumbnail.body), (96, 48));
    assert_ne!(thumbnail.headers["etag"], full.headers["etag"]);
    office.get(&anna, &format!("{path}?size=huge")).await.expect(400);
    let tag = full.headers["etag"].to_str().unwrap();
    let again = ask(&office, &anna, (Method::GET, &path), &[("if-none-match", tag)], vec![]).await;
    assert_eq!((again.status.as_u16(), again.body.len()), (304, 0));
    assert_eq!(again.headers["etag"], full.headers["etag"]);

    // What a client got it may send back, and other changes leave the photo as it is.
    let mut all = shown.json();
    all["note"] = json!("hi");
    assert_eq!(office.put(&anna, &contact, &all).await.expect(200)["photo"], all["photo"]);
    put(&office, &anna, &path, png(30, 20, 9)).await.expect(204);
    assert_eq!(sides(&office.get(&anna, &path).await.body), (30, 20));
    office.delete(&anna, &path).await.expect(204);
    office.get(&anna, &path).await.expect(404);
    assert_eq!(office.get(&anna, &contact).await.expect(200)["photo"], Value::Null);
}

#[tokio::test]
async fn what_is_no_photo_is_refused_with_what_would_be_one() {
    let office = Office::new().await;
    let anna = office.user("201", Role::User).await;
    let id = office.contact(&anna, "personal", "Zoe").await;
    let path = format!("contacts/{id}/photo");
    let cut = png(30, 30, 1)[..60].to_vec();
    for (body, status, reason) in [
        (b"<svg/>".to_vec(), 415, "JPEG, PNG, WebP and GIF"),
        (Vec::new(), 415, "JPEG, PNG, WebP and GIF"),
        (png(8001, 1, 1), 400, "25 megapixels, or 8000 pixels a side"),
        (cut, 400, "damaged"),
        (vec![0; (10 << 20) + 1], 413, "10 MiB"),
    ] {
        let refused = put(&office, &anna, &path, body).await.expect(status);
        assert!(refused["detail"].as_str().unwrap().contains(reason), "{refused}");
    }
    office.get(&anna, &path).await.expect(404);
}

#[tokio::test]
async fn changes_may_depend_on_the_photo_that_is_there() {
    let office = Office::new().await;
    let anna = office.user("201", Role::User).await;
    let id = office.contact(&anna, "personal", "Zoe").await;
    let path = format!("contacts/{id}/photo");
    let put = async |header: (&str, &str), colour: u8| {
        ask(&office, &anna, (Method::PUT, &path), &[header], png(9, 9, colour))
            .await
            .status
            .as_u16()
    };
    assert_eq!(put(("if-match", "*"), 1).await, 412);
    assert_eq!(put(("if-none-match", "*"), 1).await, 201);
    assert_eq!(put(("if-none-match", "*"), 2).await, 412);
    let tag = office.get(&anna, &path).await.headers["etag"].to_str().unwrap().to_owned();
    assert_eq!(put(("if-match", "\"0000000000000000\""), 2).await, 412);
    assert_eq!(put(("if-match", &tag), 2).await, 204);
    let stale = ask(&office, &anna, (Method::DELETE, &path), &[("if-match", &tag)], vec![]).await;
    assert_eq!(stale.status.as_u16(), 412);
}

#[tokio::test]
async fn a_photo_is_changed_by_whoever_changes_the_contact() {
    let office = Office::new().await;
    let admin = office.user("200", Role::Admin).await;
    let manager = office.user("202", Role::OfficeManager).await;
    let (anna, ben) = (office.user("201", Role::User).await, office.user("203", Role::User).await);
    let shared = office.contact(&admin, "shared", "Acme").await;
    let own = office.contact(&anna, "personal", "Zoe").await;
    let person = anna.user().unwrap().to_string();
    let boss = admin.user().unwrap().to_string();
    for (who, id, status) in [
        (&anna, &own, 201),
        (&ben, &own, 404),
        (&admin, &own, 404),
        (&anna, &shared, 403),
        (&manager, &shared, 201),
        (&anna, &person, 403),
        (&ben, &person, 403),
        (&manager, &person, 403),
        (&admin, &person, 201),
        (&operator(), &boss, 201),
    ] {
        let path = format!("contacts/{id}/photo");
        let done = put(&office, who, &path, png(9, 9, 1)).await;
        assert_eq!(done.status.as_u16(), status, "{} {}", id, done.text());
    }
    for (who, id, status) in
        [(&ben, &own, 404), (&ben, &shared, 200), (&ben, &person, 200), (&anna, &own, 200)]
    {
        let path = format!("contacts/{id}/photo");
        assert_eq!(office.get(who, &path).await.status.as_u16(), status);
        if status == 404 || id == &shared {
            assert!(!office.delete(who, &path).await.status.is_success());
        }
    }

    // The organization may leave the own photo to each user.
    let settings = json!({ "self_edit": ["mobile", "photo"] });
    let changed = office.patch(&admin, "organizations/main", &settings).await.expect(200);
    assert_eq!(changed["self_edit"], json!(["mobile", "photo"]));
    for (who, status) in [(&anna, 204), (&ben, 403)] {
        let path = format!("contacts/{person}/photo");
        assert_eq!(put(&office, who, &path, png(9, 9, 2)).await.status.as_u16(), status);
    }
    let shown = office.get(&ben, "users/201").await.expect(200);
    assert_eq!(shown["photo"], format!("/api/v1/contacts/{person}/photo"));
}

#[tokio::test]
async fn people_of_other_organizations_are_seen_and_not_changed() {
    let office = Office::new().await;
    let admin = office.user("200", Role::Admin).await;
    let (main, other) = (OrganizationId::from("main"), OrganizationId::from("other"));
    let other_settings = crate::office::settings("other");
    office
        .directory
        .commit(Request::one(Edit::PutOrganization(Box::new(other_settings))))
        .await
        .unwrap();
    for (here, there) in [(&main, &other), (&other, &main)] {
        let consent = json!({ "shares_with": [there.to_string()] });
        office.patch(&operator(), &format!("organizations/{here}"), &consent).await.expect(200);
    }
    let user = json!({ "extension": "300", "name": "Olga" });
    let olga = office.post(&operator(), "users?organization=other", &user).await.expect(201);
    let id = olga["id"].as_str().unwrap();
    let path = format!("contacts/{id}/photo");
    put(&office, &operator(), &format!("{path}?organization=other"), png(9, 9, 1))
        .await
        .expect(201);
    assert_eq!(office.get(&admin, &path).await.status, StatusCode::OK);
    put(&office, &admin, &path, png(9, 9, 2)).await.expect(403);
    office.delete(&admin, &path).await.expect(403);
}

#[tokio::test]
async fn a_clients_card_changes_in_its_photo_only() {
    let office = Office::new().await;
    let anna = office.user("201", Role::User).await;
    let card = "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:u\r\nitem1.X-SHOE;A=b:38\r\nFN:Zoe\r\n\
                PHOTO:https://photos.example/zoe.jpg\r\nREV:20200101T000000Z\r\nEND:VCARD\r\n";
    let id = new_id();
    let main = OrganizationId::from("main");
    let draft = Draft {
        organization: main.clone(),
        book: Book::Personal(anna.user().unwrap()),
        name: Some("a.vcf".into()),
        uid: Some("u".into()),
        card: read(card.as_bytes()).unwrap().card,
        body: Some(card.as_bytes().into()),
        listed: true,
    };
    office.directory.commit(Request::one(Edit::PutContact { id, draft })).await.unwrap();
    let body = |id: ContactId| -> Arc<[u8]> {
        let contact = office.directory.snapshot().contact(&main, id).unwrap().shared();
        match &contact.body {
            Body::Inline(bytes) => Arc::clone(bytes),
            Body::Stored(_) => office.directory.body(id).unwrap().unwrap().1.into(),
            Body::Written | Body::Broken => panic!("the client's card is gone"),
        }
    };
    let path = format!("contacts/{id}/photo");
    put(&office, &anna, &path, png(600, 600, 3)).await.expect(201);
    let jpeg = office.get(&anna, &path).await.body;
    assert_eq!(image_of(&body(id)).as_deref(), Some(&*jpeg));
    let text = String::from_utf8(body(id).to_vec()).unwrap();
    let start = "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:u\r\nitem1.X-SHOE;A=b:38\r\nFN:Zoe\r\n\
                 PHOTO:data:image/jpeg;base64,/9j/";
    assert!(text.starts_with(start), "{text}");
    let (_, rev) = text.split_once("\r\nREV:").unwrap();
    assert!(rev > "20260101T000000Z" && rev.ends_with("Z\r\nEND:VCARD\r\n"), "{rev}");
    assert!(text.lines().all(|line| line.len() <= 75));

    office.delete(&anna, &path).await.expect(204);
    let without = String::from_utf8(body(id).to_vec()).unwrap();
    let (start, _) = card.split_once("PHOTO:").unwrap();
    let (before, _) = without.split_once("REV:").unwrap();
    assert_eq!(before, start);
}
