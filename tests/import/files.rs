//! Files into books and out again.

use hyper::{Method, header};
use proptest::prelude::ProptestConfig;
use proptest::proptest;
use ringbook::account::Role;
use ringbook::account::group::PersonalBook;
use ringbook::contact::book::BookId;
use ringbook::contact::{OrganizationId, Timestamp};
use ringbook::directory::{Edit, Request};
use serde_json::{Value, json};

use crate::office::{self, Office, PHONE, operator, request, rows};
use crate::{BAD_LINES, PERSONAL, USERS_1, USERS_2, USERS_3};

#[tokio::test]
async fn each_file_of_users_fills_an_empty_store() {
    for (file, created) in [(USERS_1, 3), (USERS_2, 1), (USERS_3, 1)] {
        let office = Office::new().await;
        let report = office.import(&operator(), "?into=people", file).await.expect(201);
        assert_eq!(report["created"], created);
        assert_eq!(report["profile"], "xivo-users");
        assert_eq!(report["delimiter"], "|");
        assert!(rows(&report, "failed").is_empty() && rows(&report, "skipped").is_empty());
        let john = office.get(&operator(), "users/1000").await.expect(200);
        assert_eq!((&john["name"], &john["extension"]), (&json!("John Doe"), &json!("1000")));
        assert_eq!(john["principal"], "1000.main");
        let kept = format!("imports/{}", report["id"].as_str().unwrap());
        assert_eq!(office.get(&operator(), &kept).await.expect(200), report);
    }
}

#[tokio::test]
async fn a_repeated_extension_is_already_there() {
    let office = Office::new().await;
    let first = office.import(&operator(), "", USERS_1).await.expect(201);
    assert_eq!(first["created"], 3);
    for file in [USERS_2, USERS_3, USERS_1] {
        let report = office.import(&operator(), "?into=people", file).await.expect(200);
        assert_eq!(report["created"], 0);
        let skipped = rows(&report, "skipped");
        assert_eq!(skipped[0]["line"], 2);
        let reason = skipped[0]["reason"].as_str().unwrap();
        assert_eq!(reason, "already there: John Doe has the same extension");
    }
    assert_eq!(office.names(&operator(), "people").await.len(), 3);
}

#[tokio::test]
async fn voicemail_and_outside_number_are_kept_and_secrets_are_not() {
    let office = Office::new().await;
    office.import(&operator(), "", USERS_2).await.expect(201);
    let john = office.get(&operator(), "users/1000").await;
    assert_eq!(john.expect(200)["voicemail"], "1000");
    assert_eq!(john.expect(200)["language"], "en_US");
    assert!(!john.text().contains("1234"));
    let office = Office::new().await;
    office.import(&operator(), "", USERS_3).await.expect(201);
    let john = office.get(&operator(), "users/1000").await.expect(200);
    assert_eq!(john["numbers"][0]["type"], "did");
    assert_eq!(john["numbers"][0]["value"], "2050");
}

#[tokio::test]
async fn broken_lines_are_named_and_the_others_are_there() {
    let office = Office::new().await;
    let anna = office.user("204", Role::User).await;
    let report = office.import(&anna, "", BAD_LINES).await.expect(201);
    assert_eq!((&report["into"], &report["created"]), (&json!("personal"), &json!(2)));
    let failed = rows(&report, "failed");
    assert_eq!((&failed[0]["line"], &failed[1]["line"]), (&json!(3), &json!(5)));
    assert!(failed[0]["reason"].as_str().unwrap().starts_with("too many fields: 15"));
    assert_eq!(office.names(&anna, "personal").await, ["alice aldertion", "bob bodkartan"]);
    let again = office.import(&anna, "", BAD_LINES).await.expect(200);
    assert_eq!((&again["created"], rows(&again, "skipped").len()), (&json!(0), 2));
}

#[tokio::test]
async fn a_dry_run_says_the_same_and_writes_nothing() {
    let office = Office::new().await;
    let dry = office.import(&operator(), "?into=shared&dry_run=true", PERSONAL).await.expect(201);
    assert_eq!((&dry["created"], &dry["id"]), (&json!(1), &Value::Null));
    assert!(office.names(&operator(), "shared").await.is_empty());
    let real = office.import(&operator(), "?into=shared", PERSONAL).await.expect(201);
    assert_eq!(real["created"], 1);
}

#[tokio::test]
async fn rows_of_one_file_that_are_the_same_are_taken_once() {
    let office = Office::new().await;
    let file = "firstname,lastname,number,email\n\
                Ann,Smith,030 5551234,\n\
                Ann,Smith,+49 30 5551234,\n\
                ann,SMITH,,ann@example.com\n\
                Ann,Smith,040 5551234,Ann@Example.com\n\
                Ann,Smith,040 5559999,\n\
                Bob,,,\n\
                Bob,,,\n";
    let report = office.import(&operator(), "?into=shared", file.as_bytes()).await.expect(201);
    assert_eq!(report["created"], 4, "{report}");
    let lines: Vec<&Value> = rows(&report, "skipped").iter().map(|row| &row["line"]).collect();
    assert_eq!(lines, [3, 5, 8]);
    let reason = rows(&report, "skipped")[0]["reason"].as_str().unwrap();
    assert_eq!(reason, "comes twice in the file: line 2 has the same name and number or e-mail");
}

#[tokio::test]
async fn users_of_a_file_sign_in_with_their_password() {
    let office = Office::new().await;
    let file = "firstname|phonenumber|context|protocol|enableclient|username|password\n\
                Ann|1|default|sip|1|ann|first-secret\n\
                Bob|2|default|sip|1|ann|second-secret\n\
                Cid|3|default|sip|0|cid|third-secret\n\
                Dan|ann|default|sip|0||\n";
    let reply = office.import(&operator(), "", file.as_bytes()).await;
    let report = reply.expect(201);
    assert!(!reply.text().contains("secret"));
    assert_eq!(report["created"], 2, "{report}");
    let failed = rows(&report, "failed");
    assert_eq!((&failed[0]["line"], &failed[0]["field"]), (&json!(3), &json!("username")));
    assert_eq!((&failed[1]["line"], &failed[1]["field"]), (&json!(5), &json!("phonenumber")));
    let signed_in = office.authenticator.sign_in("ann", b"first-secret", PHONE).await.unwrap();
    assert_eq!(signed_in.role, Role::User);
    assert!(office.authenticator.sign_in("cid", b"third-secret", PHONE).await.is_err());
}

#[tokio::test]
async fn files_that_are_no_tables_are_refused_with_the_reason() {
    let office = Office::new().await;
    let refused = async |query: &str, file: &[u8], line: Option<u64>, words: &str| {
        let problem = office.import(&operator(), query, file).await.expect(400);
        let report = &problem["report"];
        let fault = &rows(report, "failed")[0];
        assert!(fault["reason"].as_str().unwrap().contains(words), "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains(words), "{problem}");
        assert_eq!(fault["line"].as_u64(), line.or(Some(1)), "{problem}");
        assert_eq!(report["created"], 0);
    };
    refused("", b"", None, "no contact found").await;
    refused("", b"firstname,lastname\n", None, "no contact found").await;
    refused("", b"firstname,number\n\"Ann,1\nBob,2\n", Some(2), "never closed").await;
    refused("", b"firstname,firstname,number\nA,B,1\n", Some(1), "twice").await;
    refused("", b",lastname\nalice,x\n", Some(1), "has no name").await;
    refused("", b"PK\x03\x04\x00\x00", None, "Excel workbook").await;
    refused("", b"Shoe,Hat\n1,2\n", None, "no profile knows the header").await;
    refused("", b"firstname,number\nJ\xfcrgen,1\n", Some(2), "byte 18, line 2").await;
    refused("?charset=utf-8", b"firstname,number\nJ\xfcrgen,1\n", Some(2), "not UTF-8").await;
    refused("", b"firstname,number\nA\0B,1\n", Some(2), "U+0000").await;
    refused("?profile=xivo", b"\0\x01\x02\xff\xfe\0\0", None, "").await;
    let long = [b"firstname,number\n\"".to_vec(), vec![b'x'; 10_000_000], b"\",1\n".to_vec()];
    refused("", &long.concat(), Some(2), "more than").await;
    assert!(office.names(&operator(), "shared").await.is_empty());
}

#[tokio::test]
async fn good_rows_before_a_missing_quote_are_kept() {
    let office = Office::new().await;
    let file = b"firstname,number\nAnn,1\nBob,2\n\"Cid,3\nDan,4\n";
    let report = office.import(&operator(), "", file).await.expect(201);
    assert_eq!(report["created"], 2);
    assert_eq!(rows(&report, "failed")[0]["line"], 4);
}

#[tokio::test]
async fn encodings_and_orders_make_no_difference() {
    let plain = "firstname,lastname,number\nJürgen,Groß,1\n";
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let latin1 = b"firstname,lastname,number\nJ\xfcrgen,Gro\xdf,1\n".to_vec();
    let marked = format!("\u{feff}{plain}");
    for (query, file) in [
        ("", plain.as_bytes().to_vec()),
        ("", marked.as_bytes().to_vec()),
        ("?charset=latin-1", latin1),
        ("?charset=utf-16", utf16(&marked)),
        ("?charset=utf-16le", utf16(plain)),
        ("", "sep=;\r\nNumber;LASTNAME; First Name \r\n1;Groß;x\r\n".as_bytes().to_vec()),
        ("", "number\tlastname\tfirstname\r1\tGroß\tJürgen\r".as_bytes().to_vec()),
    ] {
        let office = Office::new().await;
        let report = office.import(&operator(), query, &file).await.expect(201);
        assert_eq!(report["created"], 1, "{report}");
        let name = office.names(&operator(), "shared").await.remove(0);
        assert!(name == "Jürgen Groß" || name == "x Groß", "{name}");
    }
}

#[tokio::test]
async fn a_media_type_or_a_form_says_what_the_file_is() {
    let office = Office::new().await;
    let mut post = request(Method::POST, "import?into=shared", b"firstname\nJ\xfcrgen\n".to_vec());
    let latin = "text/csv; charset=iso8859-15".parse().unwrap();
    post.headers_mut().insert(header::CONTENT_TYPE, latin);
    let report = office.send(&operator(), post).await.expect(201);
    assert_eq!(report["encoding"], "ISO-8859-15");
    let form = "--x\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhello\r\n\
                --x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\
                Content-Type: text/csv\r\n\r\nfirstname\nAnn\n\r\n--x--\r\n";
    let mut post = request(Method::POST, "import?into=shared", form.into());
    let kind = "multipart/form-data; boundary=x".parse().unwrap();
    post.headers_mut().insert(header::CONTENT_TYPE, kind);
    assert_eq!(office.send(&operator(), post).await.expect(201)["created"], 1);
    assert_eq!(office.names(&operator(), "shared").await, ["Ann", "Jürgen"]);
}

#[tokio::test]
async fn a_file_beyond_the_limit_is_refused() {
    let office = Office::new().await;
    let file = vec![b'x'; 64 * 1024 * 1024 + 1];
    let problem = office.import(&operator(), "", &file).await.expect(413);
    assert!(problem["detail"].as_str().unwrap().contains("64 MiB"));
}

#[tokio::test]
async fn columns_are_told_and_misspelt_parameters_refused() {
    let office = Office::new().await;
    let columns = "%7B%22Vorname%22%3A%22given_name%22%2C%22Durchwahl%22%3A%22extension%22%7D";
    let file = "Vorname;Durchwahl;Raum\nÄnne;12;B\n".as_bytes();
    let query = format!("?into=people&columns={columns}");
    let report = office.import(&operator(), &query, file).await.expect(201);
    assert_eq!((&report["profile"], &report["created"]), (&json!("custom"), &json!(1)));
    assert_eq!(report["ignored_columns"], json!(["Raum"]));
    assert_eq!(office.get(&operator(), "users/12").await.expect(200)["name"], "Änne");
    let refused = async |query: &str, field: &str| {
        let problem = office.import(&operator(), query, file).await.expect(400);
        assert_eq!(problem.get("field").and_then(Value::as_str).unwrap_or(""), field);
    };
    refused("?dryrun=true", "").await;
    refused("?mode=replace", "mode").await;
    refused("?profile=klingon", "profile").await;
    refused("?profile=custom", "columns").await;
    refused("?columns=%7B%22a%22%3A%22shoe%22%7D", "columns").await;
    refused("?charset=klingon", "charset").await;
    refused("?into=attic", "into").await;
    let users_elsewhere = office.import(&operator(), "?into=shared", USERS_1).await.expect(400);
    assert_eq!(users_elsewhere["field"], "into");
    let contacts_there = office.import(&operator(), "?into=people", PERSONAL).await.expect(400);
    assert_eq!(contacts_there["field"], "into");
}

#[tokio::test]
async fn everybody_imports_where_they_may() {
    let office = Office::new().await;
    let user = office.user("201", Role::User).await;
    let manager = office.user("202", Role::OfficeManager).await;
    let admin = office.user("200", Role::Admin).await;
    office.import(&user, "?into=people", USERS_1).await.expect(403);
    office.import(&user, "", USERS_1).await.expect(403);
    office.import(&user, "?into=shared", PERSONAL).await.expect(403);
    office.import(&user, "?into=personal:202", PERSONAL).await.expect(403);
    office.import(&user, "?into=personal:nobody", PERSONAL).await.expect(403);
    office.import(&user, "?into=personal:201", PERSONAL).await.expect(201);
    office.import(&manager, "?into=shared", PERSONAL).await.expect(201);
    office.import(&manager, "", USERS_1).await.expect(403);
    office.import(&admin, "?into=people", USERS_1).await.expect(201);
    office.import(&admin, "?into=personal:nobody", PERSONAL).await.expect(404);
    office.import(&office::nobody(), "?into=people", USERS_1).await.expect(401);
    office.import(&operator(), "?into=personal", PERSONAL).await.expect(400);
    assert_eq!(office.names(&user, "personal").await, ["John Doe"]);
}

#[tokio::test]
async fn users_fill_their_own_further_books() {
    let office = Office::new().await;
    let user = office.user("201", Role::User).await;
    let admin = office.user("200", Role::Admin).await;
    let into = "?into=personal-clients";
    office.import(&user, into, PERSONAL).await.expect(404);
    let book = PersonalBook {
        organization: OrganizationId::from("main"),
        owner: user.user().unwrap(),
        id: BookId::parse("clients").unwrap(),
        name: "Clients".into(),
        segment: "clients".into(),
        created: Timestamp(0),
    };
    office.directory.commit(Request::one(Edit::PutPersonalBook(book))).await.unwrap();
    office.import(&user, into, PERSONAL).await.expect(201);
    office.import(&admin, into, PERSONAL).await.expect(404);
    assert_eq!(office.names(&user, "personal-clients").await, ["John Doe"]);
    assert_eq!(office.names(&user, "personal").await, [""; 0]);
}

#[tokio::test]
async fn who_fills_anothers_book_does_not_learn_what_is_in_it() {
    let office = Office::new().await;
    let user = office.user("201", Role::User).await;
    let admin = office.user("200", Role::Admin).await;
    let own = office.import(&user, "", PERSONAL).await.expect(201);
    let there = office.import(&admin, "?into=personal:201", PERSONAL).await.expect(201);
    assert_eq!((&there["created"], rows(&there, "skipped").len()), (&json!(1), 0));
    assert_eq!(office.names(&user, "personal").await, ["John Doe"]);
    let own = format!("imports/{}", own["id"].as_str().unwrap());
    office.get(&user, &own).await.expect(200);
    office.get(&admin, &own).await.expect(404);
    office.get(&operator(), &own).await.expect(404);
}

#[tokio::test]
async fn ids_come_back_and_never_take_anothers_contact() {
    let office = Office::new().await;
    let user = office.user("201", Role::User).await;
    office.import(&user, "", PERSONAL).await.expect(201);
    let exported = office.get(&user, "groups/personal/export").await;
    assert_eq!(exported.status, 200);
    let header = "company,email,fax,firstname,id,lastname,mobile,number\r\n";
    assert!(exported.text().starts_with(header), "{}", exported.text());
    let again = office.import(&user, "", &exported.body).await.expect(200);
    let reason = rows(&again, "skipped")[0]["reason"].as_str().unwrap();
    assert_eq!(reason, "already there: John Doe has the same id");
    let elsewhere = office.import(&operator(), "?into=shared", &exported.body).await.expect(201);
    assert_eq!(elsewhere["created"], 1);
    assert_eq!(office.names(&user, "personal").await, ["John Doe"], "it was not moved");
    assert_eq!(office.names(&user, "shared").await, ["John Doe"]);
    let bad = office.import(&user, "", b"firstname,id\nAnn,17\n").await.expect(400);
    assert_eq!(rows(&bad["report"], "failed")[0]["field"], "id");
}

#[tokio::test]
async fn an_export_of_people_shows_the_extension() {
    let office = Office::new().await;
    office.import(&operator(), "", USERS_1).await.expect(201);
    let exported = office.get(&operator(), "groups/people/export?profile=xivo").await;
    let kind = exported.headers.get(header::CONTENT_TYPE).unwrap().to_str().unwrap();
    assert!(kind.starts_with("text/csv; charset=utf-8"));
    let text = exported.text();
    let lines: Vec<&str> = text.split_terminator("\r\n").collect();
    assert_eq!(lines[0], "company,email,extension,fax,firstname,id,lastname,mobile,number");
    assert_eq!(lines.len(), 4);
    assert!(lines[1].starts_with(",,1002,,Bill,") && lines[1].ends_with(",Bush,00123456789,1002"));
    let report = office.import(&operator(), "?into=shared", &exported.body).await.expect(201);
    assert_eq!(report["created"], 3);
}

/// The contacts of a group without what belongs to this store.
async fn contacts(office: &Office, group: &str) -> Vec<Value> {
    let path = format!("groups/{group}/contacts?limit=1000");
    let mut found = office.get(&operator(), &path).await.expect(200);
    let mut items = found["items"].take().as_array().unwrap().clone();
    for item in &mut items {
        for member in ["created", "modified"] {
            item.as_object_mut().unwrap().remove(member);
        }
    }
    items.sort_by_key(ToString::to_string);
    items
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() })]

    #[test]
    fn an_export_into_an_empty_book_gives_the_same_contacts(
        rows in proptest::collection::vec(
            proptest::array::uniform7("\\PC{0,10}|[=+@,;\"|\n -]{1,6}|[0-9+() /-]{3,14}"),
            1..12,
        )
    ) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let office = Office::new().await;
            let quoted = |cell: &String| format!("\"{}\"", cell.replace('"', "\"\""));
            let lines = rows.iter().map(|row| {
                row.iter().map(quoted).collect::<Vec<_>>().join(",")
            });
            let file = format!(
                "firstname,lastname,number,email,company,fax,mobile\r\n{}\r\n",
                lines.collect::<Vec<_>>().join("\r\n")
            );
            let reply = office.import(&operator(), "?into=shared", file.as_bytes()).await;
            if reply.status == 400 {
                return;
            }
            let first = contacts(&office, "shared").await;
            let exported = office.get(&operator(), "groups/shared/export").await;
            let empty = Office::new().await;
            let report = empty.import(&operator(), "?into=shared", &exported.body).await;
            assert!(report.expect(201)["failed"].as_array().unwrap().is_empty());
            assert_eq!(contacts(&empty, "shared").await, first);
            let same = office.import(&operator(), "?into=shared", &exported.body).await;
            assert_eq!(same.expect(200)["created"], 0);
        });
    }

    #[test]
    fn every_row_is_kept_or_reported(
        rows in proptest::collection::vec("[ab,;0-9E+.]{1,9}", 1..40)
    ) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let office = Office::new().await;
            let file = format!("firstname,number,id\n{}\n", rows.join("\n"));
            let reply = office.import(&operator(), "?into=shared", file.as_bytes()).await;
            let mut json = reply.json();
            let report = if reply.status == 400 { json["report"].take() } else { json };
            let mut lines: Vec<u64> = ["skipped", "failed"]
                .iter()
                .flat_map(|list| report[list].as_array().unwrap())
                .map(|row| row["line"].as_u64().unwrap())
                .collect();
            lines.sort_unstable();
            lines.dedup();
            let created = usize::try_from(report["created"].as_u64().unwrap()).unwrap();
            assert_eq!(created + lines.len(), rows.len(), "{report}");
        });
    }
}
