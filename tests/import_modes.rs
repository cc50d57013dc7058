//! What an import does with contacts that are there already: add, update and mirror.
#![allow(clippy::unwrap_used)]

mod office;

use office::{Office, operator, rows};
use proptest::prelude::{ProptestConfig, Strategy, prop};
use proptest::proptest;
use ringbook::account::Role;
use serde_json::{Value, json};

const ANNA_AND_BERND: &str = "firstname,lastname,number,email,company\n\
    Anna,Adams,030111,anna@example.com,Acme\nBernd,Braun,030222,bernd@example.com,Acme\n";

/// The counts of a report.
fn counts(report: &Value) -> [u64; 5] {
    let count = |name: &str| report[name].as_u64().unwrap();
    let skipped = rows(report, "skipped").len() as u64;
    [count("created"), count("updated"), count("unchanged"), count("removed"), skipped]
}

async fn import(office: &Office, query: &str, file: &str) -> Value {
    let reply = office.import(&operator(), query, file.as_bytes()).await;
    assert!(reply.status.is_success(), "{}", reply.text());
    reply.json()
}

/// The contacts of a group, by name.
async fn contacts(office: &Office, group: &str) -> Vec<Value> {
    let found = office.get(&operator(), &format!("groups/{group}/contacts")).await.expect(200);
    found["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn the_same_file_again_changes_nothing_and_says_so() {
    let office = Office::new().await;
    for (mode, again) in
        [("add", [0, 0, 0, 0, 2]), ("update", [0, 0, 2, 0, 0]), ("mirror", [0, 0, 2, 0, 0])]
    {
        import(&office, "?into=shared", ANNA_AND_BERND).await;
        let before = contacts(&office, "shared").await;
        let report = import(&office, &format!("?into=shared&mode={mode}"), ANNA_AND_BERND).await;
        assert_eq!((counts(&report), &report["mode"]), (again, &json!(mode)));
        assert_eq!(contacts(&office, "shared").await, before, "{mode}");
    }
}

#[tokio::test]
async fn an_update_takes_what_a_row_says_and_keeps_what_it_leaves_empty() {
    let office = Office::new().await;
    import(&office, "?into=shared", ANNA_AND_BERND).await;
    let file = "firstname,lastname,number,email,company\n\
        Anna,Adams,030111,anna@acme.example,\nBernd,Braun,030222,bernd@example.com,Acme\nCleo,Cohn,030333,,\n";
    let report = import(&office, "?into=shared&mode=update", file).await;
    assert_eq!(counts(&report), [1, 1, 1, 0, 0]);
    let change = &rows(&report, "changes")[0];
    assert_eq!(
        (&change["action"], &change["line"], &change["name"]),
        (&json!("updated"), &json!(2), &json!("Anna Adams"))
    );
    let email = json!([{ "field": "email", "before": ["anna@example.com"], "after": ["anna@acme.example"] }]);
    assert_eq!(change["fields"], email);
    let anna = &contacts(&office, "shared").await[0];
    assert_eq!(
        (&anna["emails"][0], &anna["company"]),
        (&json!("anna@acme.example"), &json!("Acme"))
    );
}

#[tokio::test]
async fn a_mirror_clears_what_a_row_leaves_empty_and_removes_who_is_missing() {
    let office = Office::new().await;
    import(&office, "?into=shared", ANNA_AND_BERND).await;
    let file = "firstname,lastname,number,email,company\nAnna,Adams,030111,,\n";
    let refused = office.import(&operator(), "?into=shared&mode=mirror", file.as_bytes()).await;
    let refused = refused.expect(409);
    assert_eq!((&refused["field"], &refused["removes"]), (&json!("confirm"), &json!(1)));
    assert_eq!(contacts(&office, "shared").await.len(), 2, "nothing happened");
    let wrong =
        office.import(&operator(), "?into=shared&mode=mirror&confirm=2", file.as_bytes()).await;
    wrong.expect(409);
    let report = import(&office, "?into=shared&mode=mirror&confirm=1", file).await;
    assert_eq!(counts(&report), [0, 1, 0, 1, 0]);
    let removed = rows(&report, "changes").iter().find(|c| c["action"] == "removed").unwrap();
    assert_eq!((&removed["name"], &removed["line"]), (&json!("Bernd Braun"), &Value::Null));
    let left = contacts(&office, "shared").await;
    assert_eq!((left.len(), &left[0]["company"]), (1, &Value::Null));
    assert_eq!(left[0]["emails"].as_array().map_or(0, Vec::len), 0);
}

#[tokio::test]
async fn a_mirror_removes_nobody_while_rows_are_refused() {
    let office = Office::new().await;
    import(&office, "?into=shared", ANNA_AND_BERND).await;
    // Bernd is in the file; his row is only spoilt.
    let file =
        "firstname,lastname,number,email,company\nAnna,Adams,030111,,\nBernd,Braun,4.93E+11,,\n";
    let report = import(&office, "?into=shared&mode=mirror&confirm=1", file).await;
    assert_eq!((counts(&report), &report["not_removed"]["count"]), ([0, 1, 0, 0, 0], &json!(1)));
    assert_eq!(report["not_removed"]["rule"], "kept-for-faults");
    assert_eq!(contacts(&office, "shared").await.len(), 2);
}

#[tokio::test]
async fn a_mirror_of_people_leaves_administrators() {
    let office = Office::new().await;
    office.user("900", Role::Admin).await;
    office.user("901", Role::User).await;
    let file = "firstname|phonenumber|context|protocol\nAnna|1000|default|sip\n";
    let report = import(&office, "?into=people&mode=mirror&confirm=1", file).await;
    assert_eq!((&report["created"], &report["removed"]), (&json!(1), &json!(1)));
    assert_eq!(report["not_removed"]["rule"], "administrators-stay");
    assert_eq!(office.names(&operator(), "people").await, ["Anna", "User 900"]);
    office.get(&operator(), "users/901").await.expect(404);
}

#[tokio::test]
async fn an_update_of_users_keeps_extension_and_password() {
    let office = Office::new().await;
    let file = |name: &str, login: &str| {
        format!(
            "firstname|lastname|phonenumber|context|protocol|enableclient|username|password\n\
             {name}|Adams|1000|default|sip|1|{login}|secret-1\n"
        )
    };
    import(&office, "", &file("Anna", "anna")).await;
    let report = import(&office, "?mode=update", &file("Anne", "anne")).await;
    assert_eq!(counts(&report), [0, 1, 0, 0, 0]);
    let user = office.get(&operator(), "users/1000").await.expect(200);
    assert_eq!((&user["name"], &user["login"]), (&json!("Anne Adams"), &json!("anne")));
    let report = import(&office, "?mode=update", &file("Anne", "anne")).await;
    assert_eq!(counts(&report), [0, 0, 1, 0, 0]);
    let map = "columns={\"id\":\"id\",\"ext\":\"extension\",\"first\":\"given_name\"}";
    let map = map.replace('{', "%7B").replace('}', "%7D").replace('"', "%22");
    let moved = format!("id,ext,first\n{},1001,Anne\n", user["id"].as_str().unwrap());
    let path = format!("?into=people&mode=update&{map}");
    let refused = office.import(&operator(), &path, moved.as_bytes()).await.expect(400);
    assert_eq!(refused["report"]["failed"][0]["rule"], "extension-fixed");
}

#[tokio::test]
async fn contacts_go_into_the_books_that_rows_name() {
    let office = Office::new().await;
    office.post(&operator(), "books", &json!({ "name": "Suppliers" })).await.expect(201);
    let file = "First Name,Last Name,Company Name,Email,Business Number,Mobile,Phonebook\n\
        Anna,Adams,Acme,,030111,,suppliers\nBernd,Braun,,,030222,,New one\nCleo,Cohn,,,030333,,\n";
    let report = import(&office, "?into=shared", file).await;
    assert_eq!((counts(&report), &report["new_books"]), ([3, 0, 0, 0, 0], &json!(["New one"])));
    for (book, name) in [
        ("shared-suppliers", "Anna Adams"),
        ("shared-new-one", "Bernd Braun"),
        ("shared", "Cleo Cohn"),
    ] {
        assert_eq!(office.names(&operator(), book).await, [name], "{book}");
    }
    let again = import(&office, "?into=shared&mode=update", file).await;
    assert_eq!((counts(&again), &again["new_books"]), ([0, 0, 3, 0, 0], &json!([])));
}

#[tokio::test]
async fn rows_of_another_entity_go_to_its_organization() {
    let office = Office::new().await;
    let admin = office.user("900", Role::Admin).await;
    office
        .post(
            &operator(),
            "organizations",
            &json!({ "id": "beta", "name": "Beta", "suffix": "dc=beta", "domain": "beta.example", "region": "DE" }),
        )
        .await
        .expect(201);
    let file = "entityid|firstname|phonenumber|context|protocol\n1|Anna|1000|default|sip\n2|Bernd|1000|default|sip\n";
    let path = "?organization=main&entities=%7B%222%22:%22beta%22%7D";
    let report = import(&office, path, file).await;
    assert_eq!(report["created"], 2);
    let name = async |of: &str| {
        let path = format!("users/1000?organization={of}");
        office.get(&operator(), &path).await.expect(200)["name"].clone()
    };
    assert_eq!((name("main").await, name("beta").await), (json!("Anna"), json!("Bernd")));
    let refused =
        office.import(&admin, "?entities=%7B%222%22:%22beta%22%7D", file.as_bytes()).await;
    refused.expect(403);
}

#[tokio::test]
async fn managers_are_the_people_whom_a_row_means() {
    let office = Office::new().await;
    let map = "columns=%7B%22n%22:%22name%22,%22e%22:%22extension%22,%22m%22:%22manager%22%7D";
    let file = "n,e,m\nAnna,100,200\nBernd,200,\nCleo,300,Bernd\n";
    import(&office, &format!("?into=people&{map}"), file).await;
    let id = office.get(&operator(), "users/200").await.expect(200)["id"].clone();
    let anna = office.get(&operator(), "users/100").await.expect(200);
    assert_eq!(anna["managers"], json!([id]), "{anna}");
    // Bernd was not there yet when his name was looked up: the next import finds him.
    let again = import(&office, &format!("?into=people&mode=update&{map}"), file).await;
    assert_eq!(counts(&again)[1..3], [1, 2]);
    let cleo = office.get(&operator(), "users/300").await.expect(200);
    assert_eq!(cleo["managers"], json!([id]));
}

#[tokio::test]
async fn a_clients_card_keeps_its_other_lines() {
    let office = Office::new().await;
    let card = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:a\r\nFN:Anna Adams\r\nN:Adams;Anna;;;\r\nTEL;TYPE=WORK:030111\r\n\
        X-SKILL:welding\r\nEND:VCARD\r\n";
    let made = office.import(&operator(), "?into=shared", card.as_bytes()).await;
    assert_eq!(made.expect(201)["created"], 1);
    let file = "firstname,lastname,number,email\nAnna,Adams,030111,anna@example.com\n";
    let report = import(&office, "?into=shared&mode=update", file).await;
    assert_eq!(counts(&report), [0, 1, 0, 0, 0]);
    let export = office.get(&operator(), "groups/shared/export?profile=vcard").await;
    assert!(
        export.text().contains("X-SKILL:welding") && export.text().contains("anna@example.com")
    );
}

/// A file of contacts, each with a name of its own: name, number, e-mail and company.
fn file(people: &[(u8, u8, u8, u8)]) -> String {
    let mut text = "firstname,lastname,number,email,company,fax,mobile\n".to_owned();
    for (name, number, email, company) in people {
        let one = |what: &str, value: &u8| match value {
            0 => String::new(),
            value => format!("{what}{value}"),
        };
        let (email, company) = (one("x@y", email), one("Firm ", company));
        text.push_str(&format!("N{name},,{},{email},{company},,\n", one("0301", number)));
    }
    text
}

/// What a book says of its contacts.
async fn said(office: &Office) -> Vec<Value> {
    let mut all = contacts(office, "shared").await;
    for contact in &mut all {
        for told in ["id", "etag", "created", "modified", "vcard_uid"] {
            contact.as_object_mut().unwrap().remove(told);
        }
    }
    all
}

fn people() -> impl Strategy<Value = Vec<(u8, u8, u8, u8)>> {
    let one = (0..12_u8, 0..4_u8, 0..4_u8, 0..3_u8);
    prop::collection::vec(one, 1..10).prop_map(|mut all| {
        all.sort_unstable();
        all.dedup_by_key(|person| person.0);
        all
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_mirror_makes_a_book_what_the_file_says(before in people(), after in people()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (office, empty) = (Office::new().await, Office::new().await);
            import(&office, "?into=shared", &file(&before)).await;
            let path = "?into=shared&mode=mirror";
            let asked = office.import(&operator(), path, file(&after).as_bytes()).await;
            if asked.status == 409 {
                let confirmed = format!("{path}&confirm={}", asked.json()["removes"]);
                import(&office, &confirmed, &file(&after)).await;
            }
            import(&empty, "?into=shared", &file(&after)).await;
            assert_eq!(said(&office).await, said(&empty).await);
            let again = import(&office, path, &file(&after)).await;
            assert_eq!(counts(&again), [0, 0, after.len() as u64, 0, 0]);
        });
    }
}

#[tokio::test]
async fn a_mail_programs_contacts_become_users_where_an_administrator_says_so() {
    let office = Office::new().await;
    let file = "First Name,Last Name,E-mail Address,Business Phone,Mobile Phone,Company,Job Title\n\
        Anna,Adams,anna@example.com,030111,0151111111,Acme,Head\n";
    assert_eq!(import(&office, "?into=people", file).await["created"], 1);
    let anna = &contacts(&office, "people").await[0];
    assert_eq!((&anna["name"], &anna["title"]), (&json!("Anna Adams"), &json!("Head")));
    let user = office.user("201", Role::User).await;
    office.import(&user, "?into=people", file.as_bytes()).await.expect(403);
}

#[tokio::test]
async fn a_contact_takes_what_the_first_of_its_rows_says() {
    let office = Office::new().await;
    import(&office, "?into=shared", ANNA_AND_BERND).await;
    let file = "firstname,lastname,number,email,company\n\
        Anna,Adams,030111,,First\nAnna,Adams,,anna@example.com,Second\n";
    let report = import(&office, "?into=shared&mode=update", file).await;
    assert_eq!(counts(&report), [0, 1, 0, 0, 1]);
    let skipped = &rows(&report, "skipped")[0];
    assert_eq!((&skipped["line"], &skipped["rule"]), (&json!(3), &json!("twice-name")));
    assert_eq!(contacts(&office, "shared").await[0]["company"], "First");
}

#[tokio::test]
async fn rows_fill_only_books_that_their_sender_may_fill() {
    let office = Office::new().await;
    let writer = office.user("201", Role::User).await;
    for (name, writers) in [("One", json!(["201"])), ("Two", json!([]))] {
        let book = json!({ "name": name, "writers": writers });
        office.post(&operator(), "books", &book).await.expect(201);
    }
    let file =
        "First Name,Business Number,Phonebook\nAnn,030111,One\nBob,030222,Two\nCid,030333,Three\n";
    let report = office.import(&writer, "?into=shared-one", file.as_bytes()).await.expect(201);
    assert_eq!(report["created"], 1);
    let failed = rows(&report, "failed").iter().map(|row| (&row["line"], &row["rule"]));
    let (two, three) = ((json!(3), json!("no-book")), (json!(4), json!("no-book")));
    assert_eq!(failed.collect::<Vec<_>>(), [(&two.0, &two.1), (&three.0, &three.1)]);
    assert!(office.names(&operator(), "shared-two").await.is_empty());
    let books = office.get(&operator(), "books").await.expect(200);
    assert_eq!(rows(&books, "items").len(), 2, "none was made");
}
