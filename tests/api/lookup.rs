//! Who has a number: for people, and for the telephone system.

use hyper::{Method, header};
use ringbook::account::Role;
use serde_json::json;

use crate::office::{Office, operator, request};

#[tokio::test]
async fn a_number_is_found_by_its_meaning() {
    let office = Office::new().await;
    let anna = office.user("201", Role::User).await;
    let manager = office.user("202", Role::OfficeManager).await;
    let acme = json!({ "group": "shared", "company": "Acme\nGmbH",
        "numbers": [{ "type": "work", "value": "(030) 555-1234" }] });
    let id = office.post(&manager, "contacts", &acme).await.expect(201)["id"].clone();
    for number in ["%2B49305551234", "004930%205551234", "0305551234", "5551234"] {
        let found = office.get(&anna, &format!("lookup?number={number}")).await.expect(200);
        let expected = json!({ "name": "Acme\nGmbH", "company": "Acme\nGmbH", "book": "shared",
            "id": id, "type": "work" });
        assert_eq!(found, expected, "{number}");
    }
    let extension = office.get(&manager, "lookup?number=201").await.expect(200);
    assert_eq!((&extension["book"], &extension["type"]), (&json!("people"), &json!("extension")));
    let mine = json!({ "name": "My Acme", "numbers": [{ "type": "home", "value": "0305551234" }] });
    office.post(&anna, "contacts", &mine).await.expect(201);
    let found = async |who| office.get(who, "lookup?number=0305551234").await.expect(200);
    assert_eq!(found(&anna).await["name"], "My Acme", "one's own name for it comes first");
    assert_eq!(found(&manager).await["book"], "shared");
    assert_eq!(found(&operator()).await["book"], "shared");
    for wrong in ["", "?number=", "?number=abc", "?number=1&format=xml", "?nummer=1"] {
        office.get(&anna, &format!("lookup{wrong}")).await.expect(400);
    }
    office.get(&anna, "lookup?number=0305550000").await.expect(404);
}

#[tokio::test]
async fn a_telephone_system_gets_the_name_alone() {
    let office = Office::new().await;
    office.user("201", Role::User).await;
    let by_format = office.get(&operator(), "lookup?number=201&format=text").await;
    assert_eq!((by_format.status.as_u16(), by_format.text().as_str()), (200, "User 201"));
    assert_eq!(by_format.headers[header::CONTENT_TYPE], "text/plain; charset=utf-8");
    let mut asked = request(Method::GET, "lookup?number=201", Vec::new());
    asked.headers_mut().insert(header::ACCEPT, "text/plain".parse().unwrap());
    assert_eq!(office.send(&operator(), asked).await.text(), "User 201");
    let nobody = office.get(&operator(), "lookup?number=299&format=text").await;
    assert_eq!((nobody.status.as_u16(), nobody.text().as_str()), (404, ""));
}
