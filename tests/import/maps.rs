//! Column maps that are kept by name.

use hyper::Method;
use serde_json::{Value, json};

use crate::office::{Office, operator, request, rows};
use ringbook::account::Role;

const FILE: &str = "Vorname;Nachname;Durchwahl\nÄnne;Groß;12\n";
const MAP: &str =
    "{\"Vorname\": \"given_name\", \"Nachname\": \"family_name\", \"Durchwahl\": \"extension\"}";

#[tokio::test]
async fn a_map_is_saved_by_name_and_used_by_it() {
    let office = Office::new().await;
    let put = request(Method::PUT, "import/maps/Personal%20list", MAP.into());
    assert_eq!(office.send(&operator(), put).await.status, 201);
    let put = request(Method::PUT, "import/maps/personal%20LIST", MAP.into());
    assert_eq!(office.send(&operator(), put).await.status, 204, "the same name");
    let list = office.get(&operator(), "import/maps").await.expect(200);
    assert_eq!(rows(&list, "items").len(), 1);
    let map = office.get(&operator(), "import/maps/personal%20list").await.expect(200);
    assert_eq!(map["columns"], serde_json::from_str::<Value>(MAP).unwrap());
    assert!(map["updated"].as_str().unwrap().ends_with('Z'));
    let query = "?into=people&profile=custom:Personal%20list";
    let report = office.import(&operator(), query, FILE.as_bytes()).await.expect(201);
    assert_eq!((&report["profile"], &report["created"]), (&json!("custom"), &json!(1)));
    assert_eq!(office.get(&operator(), "users/12").await.expect(200)["name"], "Änne Groß");
    assert_eq!(office.delete(&operator(), "import/maps/Personal%20list").await.status, 204);
    office.delete(&operator(), "import/maps/Personal%20list").await.expect(404);
    office.get(&operator(), "import/maps/Personal%20list").await.expect(404);
    let gone = office.import(&operator(), query, FILE.as_bytes()).await.expect(404);
    assert_eq!(
        (&gone["rule"], &gone["detail"]),
        (&json!("no-map"), &json!("there is no column map `Personal list`"))
    );
}

#[tokio::test]
async fn a_list_of_fields_reads_files_without_a_header() {
    let office = Office::new().await;
    let put = request(Method::PUT, "import/maps/snom", b"[\"given_name\",\"\",\"work\"]".into());
    assert_eq!(office.send(&operator(), put).await.status, 201);
    let file = b"John,x,100\nAnna,x,200\n";
    let query = "?into=shared&profile=custom:snom";
    let report = office.import(&operator(), query, file).await.expect(201);
    assert_eq!(report["created"], 2, "{report}");
    assert_eq!(office.names(&operator(), "shared").await, ["Anna", "John"]);
}

#[tokio::test]
async fn maps_are_read_by_all_and_changed_by_who_fills_the_shared_book() {
    let office = Office::new().await;
    let user = office.user("201", Role::User).await;
    let manager = office.user("202", Role::OfficeManager).await;
    let put = || request(Method::PUT, "import/maps/mine", MAP.into());
    office.send(&user, put()).await.expect(403);
    assert_eq!(office.send(&manager, put()).await.status, 201);
    office.delete(&user, "import/maps/mine").await.expect(403);
    office.get(&user, "import/maps/mine").await.expect(200);
    let query = "?profile=custom:mine";
    office.import(&user, query, FILE.as_bytes()).await.expect(201);
    office.get(&crate::office::nobody(), "import/maps").await.expect(401);
}

#[tokio::test]
async fn what_is_no_map_is_not_saved() {
    let office = Office::new().await;
    let refused = async |name: &str, map: &str, rule: Option<&str>| {
        let put = request(Method::PUT, &format!("import/maps/{name}"), map.into());
        let problem = office.send(&operator(), put).await.expect(400);
        assert_eq!(problem["rule"].as_str(), rule, "{problem}");
    };
    refused("a", "7", Some("columns-shape")).await;
    refused("a", "{\"a\": 1}", Some("columns-shape")).await;
    refused("a", "{\"a\": \"shoe\"}", Some("unknown-field")).await;
    refused("a", "{", Some("columns-shape")).await;
    refused(&"x".repeat(300), MAP, None).await;
    let both = "?profile=custom:a&columns=%7B%7D";
    let both = office.import(&operator(), both, FILE.as_bytes()).await.expect(400);
    assert_eq!(both["rule"], "columns-not-taken");
}
