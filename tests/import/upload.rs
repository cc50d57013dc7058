//! How a file comes: its name, its digest, and what stands against it.

use hyper::{Method, header};
use serde_json::{Value, json};

use crate::office::{Office, operator, request};

/// `printf 'firstname\nAnn\n' | sha256sum`
const FILE: &str = "firstname\nAnn\n";
const DIGEST: &str = "845f0b5efe0a9b3e1b2164a1116178802ae5d095455f4ff12a11c5da422476d1";

fn form(parts: &str) -> hyper::Request<Vec<u8>> {
    let mut post = request(Method::POST, "import?into=shared", parts.replace('\n', "\r\n").into());
    let kind = "multipart/form-data; boundary=x".parse().unwrap();
    post.headers_mut().insert(header::CONTENT_TYPE, kind);
    post
}

#[tokio::test]
async fn a_file_is_known_by_its_name_and_digest() {
    let office = Office::new().await;
    let plain = office.import(&operator(), "?into=shared", FILE.as_bytes()).await.expect(201);
    assert_eq!((&plain["name"], &plain["sha256"]), (&Value::Null, &json!(DIGEST)));
    let named = "?into=shared&name=C:%5Clists%5CJ%C3%B6rg.csv";
    let named = office.import(&operator(), named, FILE.as_bytes()).await.expect(200);
    assert_eq!((&named["name"], &named["sha256"]), (&json!("Jörg.csv"), &json!(DIGEST)));
    let mut post = request(Method::POST, "import?into=shared", FILE.into());
    let disposition = "attachment; filename*=UTF-8''J%C3%B6rg.csv".parse().unwrap();
    post.headers_mut().insert(header::CONTENT_DISPOSITION, disposition);
    assert_eq!(office.send(&operator(), post).await.expect(200)["name"], "Jörg.csv");
    let post = form(
        "--x\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\n\n\
         firstname\nBob\n\n--x--\n",
    );
    let sent = office.send(&operator(), post).await.expect(201);
    assert_eq!((&sent["name"], &sent["created"]), (&json!("a.csv"), &json!(1)));
}

#[tokio::test]
async fn a_part_of_a_form_says_its_own_character_set() {
    let office = Office::new().await;
    let mut post = form(
        "--x\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\n\
         Content-Type: text/csv; charset=windows-1252\n\nfirstname\nJ#rgen\n\n--x--\n",
    );
    for byte in post.body_mut().iter_mut().filter(|byte| **byte == b'#') {
        *byte = 0xfc;
    }
    let report = office.send(&operator(), post).await.expect(201);
    assert_eq!(report["encoding"], "windows-1252");
    assert_eq!(office.names(&operator(), "shared").await, ["Jürgen"]);
}

#[tokio::test]
async fn a_form_without_its_file_is_refused() {
    let office = Office::new().await;
    let refused = async |parts: &str, rule: &str| {
        let problem = office.send(&operator(), form(parts)).await.expect(400);
        assert_eq!(problem["rule"], rule, "{problem}");
    };
    refused("--x\nContent-Disposition: form-data; name=\"a\"\n\n1\n--x--\n", "form-without-file")
        .await;
    let long = "z".repeat(70_000);
    let long = format!("--x\nContent-Disposition: form-data; name=\"a\"\n\n{long}\n--x--\n");
    refused(&long, "form-too-long").await;
    refused("--x\nContent-Disposition: form-data; name=\"file\"\n\nfirst", "form").await;
}

#[tokio::test]
async fn a_request_with_a_key_is_done_once() {
    let office = Office::new().await;
    let send = async |key: &str, file: &str| {
        let mut post = request(Method::POST, "import?into=shared", file.into());
        post.headers_mut().insert("idempotency-key", key.parse().unwrap());
        office.send(&operator(), post).await
    };
    let first = send("a-1", FILE).await.expect(201);
    let again = send("a-1", FILE).await;
    assert_eq!(again.expect(200), first);
    assert!(again.headers.contains_key(header::LOCATION));
    let other = send("a-2", FILE).await.expect(200);
    assert_eq!((&other["created"], &other["skipped_rows"]), (&json!(0), &json!(1)));
    let reused = send("a-1", "firstname\nBob\n").await.expect(422);
    assert_eq!(reused["rule"], "key-reused");
    send(&"k".repeat(201), FILE).await.expect(400);
    let list = office.get(&operator(), "imports").await.expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
    assert!(list["items"][0].get("key").is_none());
}

#[tokio::test]
async fn numbers_lie_in_the_ranges_of_their_contexts() {
    let office = Office::new().await;
    let file =
        b"firstname|phonenumber|context|protocol\nAnn|1000|default|sip\nBob|2000|default|sip\n";
    let ranges = "?into=people&ranges=%7B%22default%22%3A%221000-1999%22%7D";
    let report = office.import(&operator(), ranges, file).await.expect(201);
    assert_eq!((&report["created"], &report["failed_rows"]), (&json!(1), &json!(1)));
    assert_eq!(report["failed"][0]["rule"], "out-of-range");
    let wrong = office.import(&operator(), "?ranges=7", file).await.expect(400);
    assert_eq!((&wrong["field"], &wrong["rule"]), (&json!("ranges"), &json!("ranges-shape")));
}
