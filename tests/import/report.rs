//! What an import reports, in which language and form.

use hyper::header::{ACCEPT, ACCEPT_LANGUAGE, CONTENT_LANGUAGE, CONTENT_TYPE, HeaderName};
use hyper::{Method, header};
use serde_json::{Value, json};

use crate::office::{Office, Reply, operator, request, rows};

/// A good row, two bad ones, and one that comes twice.
const MIXED: &str = "firstname;lastname;mobile;fax\n\
                     Ann;Smith;0171 1;030 1\n\
                     Bob;Jones;4.9E+11;3,1E+10\n\
                     Cid;Brown\n\
                     Ann;Smith;0171 1;\n";

async fn import_in(office: &Office, language: &str, query: &str, file: &str) -> Reply {
    let mut post = request(Method::POST, &format!("import{query}"), file.into());
    post.headers_mut().insert(ACCEPT_LANGUAGE, language.parse().unwrap());
    office.send(&operator(), post).await
}

async fn get_with(office: &Office, path: &str, header: (HeaderName, &str)) -> Reply {
    let mut get = request(Method::GET, path, Vec::new());
    get.headers_mut().insert(header.0, header.1.parse().unwrap());
    office.send(&operator(), get).await
}

fn path(report: &Value) -> String {
    format!("imports/{}", report["id"].as_str().unwrap())
}

/// The first of the reasons, and its rule.
fn first(report: &Value) -> (&str, &str) {
    let row = &rows(report, "failed")[0];
    (row["rule"].as_str().unwrap(), row["reason"].as_str().unwrap())
}

#[tokio::test]
async fn a_report_is_told_in_the_language_of_whoever_reads_it() {
    let office = Office::new().await;
    let made = import_in(&office, "de-AT, en;q=0.5", "?into=shared", MIXED).await;
    let report = made.expect(201);
    let german = "eine Tabellenkalkulation hat diese Nummer gerundet: die Spalte als Text \
                  formatieren und die Nummer neu eingeben";
    assert_eq!(first(&report), ("rounded-number", german));
    assert_eq!(made.headers[CONTENT_LANGUAGE], "de");
    for (language, words) in [
        ("en", "a spreadsheet has rounded"),
        ("fr", "un tableur a arrondi"),
        ("es", "una hoja de cálculo"),
        ("ru", "электронная таблица"),
        ("tlh", "a spreadsheet has rounded"),
    ] {
        let again = get_with(&office, &path(&report), (ACCEPT_LANGUAGE, language)).await;
        let again = again.expect(200);
        let (rule, reason) = first(&again);
        assert_eq!(rule, "rounded-number");
        assert!(reason.starts_with(words), "{language}: {reason}");
        let skipped = rows(&again, "skipped")[0]["reason"].as_str().unwrap();
        let english = "comes twice in the file: line 2 has the same name and number or e-mail";
        assert_eq!(skipped == english, matches!(language, "en" | "tlh"), "{skipped}");
    }
}

#[tokio::test]
async fn refusals_are_told_in_the_language_of_whoever_asks() {
    let office = Office::new().await;
    let refused = async |language: &str, query: &str, file: &str, words: &str| {
        let problem = import_in(&office, language, query, file).await.expect(400);
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(words), "{detail}");
        problem
    };
    let into = refused("fr", "?into=attic", MIXED, "into doit être people").await;
    assert_eq!((&into["field"], &into["rule"]), (&json!("into"), &json!("into")));
    refused("es", "?mode=merge", MIXED, "mode debe ser uno de estos valores: add").await;
    refused("ru", "?charset=klingon", MIXED, "кодировка `klingon` неизвестна").await;
    refused("de", "?profile=klingon", MIXED, "es gibt kein Profil `klingon`").await;
    refused("de", "?columns=7", MIXED, "columns muss ein JSON-Objekt").await;
    refused("de", "?format=xml", MIXED, "format muss eines davon sein: json, text, refused").await;
    let empty = refused("de", "?into=shared", "Schuh;Hut\n1;2\n", "kein Profil kennt").await;
    assert!(empty["detail"].as_str().unwrap().starts_with("nichts aus der Datei ist brauchbar: "));
    assert!(first(&empty["report"]).1.starts_with("kein Profil kennt die Kopfzeile"));
    let unknown = "imports/0190c8a0-0000-7000-8000-000000000000";
    let absent = get_with(&office, unknown, (ACCEPT_LANGUAGE, "de")).await.expect(404);
    assert_eq!(absent["detail"], "diesen Import gibt es nicht");
}

#[tokio::test]
async fn refused_rows_are_corrected_and_imported_again() {
    let office = Office::new().await;
    let report = office.import(&operator(), "?into=shared", MIXED.as_bytes()).await.expect(201);
    assert_eq!((&report["created"], &report["failed_rows"]), (&json!(1), &json!(2)));
    let refused = office.get(&operator(), &format!("{}?format=refused", path(&report))).await;
    assert_eq!(refused.headers[CONTENT_TYPE], "text/csv; charset=utf-8; header=present");
    let text = refused.text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert_eq!(lines[0], "firstname;lastname;mobile;fax;error");
    assert!(lines[1].starts_with("Bob;Jones;4.9E+11;3,1E+10;"), "{text}");
    assert!(lines[1].contains("mobile: a spreadsheet has rounded"), "{text}");
    assert!(lines[1].contains("; fax: a spreadsheet has rounded"), "{text}");
    assert_eq!(lines[2], "Cid;Brown;;;missing fields: 2 where the header has 4");
    let corrected = text.replace("4.9E+11;3,1E+10;", "+49 30 5551234;;");
    let corrected = corrected.replace("Cid;Brown;;;", "Cid;Brown;0172 2;;");
    let again = office.import(&operator(), "?into=shared", corrected.as_bytes()).await.expect(201);
    assert_eq!((&again["created"], &again["failed_rows"]), (&json!(2), &json!(0)), "{again}");
    assert_eq!(again["ignored_columns"], json!([]));
    let names = office.names(&operator(), "shared").await;
    assert_eq!(names, ["Ann Smith", "Bob Jones", "Cid Brown"]);
}

#[tokio::test]
async fn an_old_reason_makes_way_for_the_new_one() {
    let office = Office::new().await;
    let file = "firstname,error,mobile\nAnn,,0171 1\nBob,must be digits,4.9E+11\n";
    let report = office.import(&operator(), "?into=shared", file.as_bytes()).await.expect(201);
    let refused = office.get(&operator(), &format!("{}?format=refused", path(&report))).await;
    let text = refused.text();
    assert!(text.starts_with("firstname,mobile,error\r\nBob,4.9E+11,mobile: a spread"), "{text}");
}

#[tokio::test]
async fn secrets_of_refused_rows_are_nowhere() {
    let office = Office::new().await;
    let file = "firstname|phonenumber|context|protocol|linesecret|enableclient|username|password\n\
                Ann|1|default|sip|hush-line|1|ann|hush-ann\n\
                Bob|2|default|smoke|hush-line|1|bob|hush-bob\n\
                Cid|3|default|sip|hush-line|1|cid\n";
    let report = office.import(&operator(), "?into=people", file.as_bytes()).await.expect(201);
    assert_eq!((&report["created"], &report["failed_rows"]), (&json!(1), &json!(2)));
    for format in ["json", "text", "refused"] {
        let path = format!("{}?format={format}", path(&report));
        let text = office.get(&operator(), &path).await.text();
        assert!(!text.contains("hush"), "{text}");
        if format == "refused" {
            assert!(text.contains("Bob|2|default|smoke||1|bob||"), "{text}");
            // Which of its cells is the secret is unknown, so none is shown.
            assert!(text.contains("||||||||line 4: missing fields"), "{text}");
        }
    }
    let id = report["id"].as_str().unwrap();
    let (kept, _) = office.directory.import(id).unwrap().unwrap();
    assert!(!format!("{kept:?}").contains("hush"));
}

#[tokio::test]
async fn a_report_comes_in_the_form_that_is_accepted() {
    let office = Office::new().await;
    let made = import_in(&office, "de", "?into=shared&format=text&name=liste.csv", MIXED).await;
    assert_eq!(made.status, 201);
    let text = made.text();
    let expected = "liste.csv\n\
                    Profil: xivo, Kodierung: UTF-8, Gruppe: shared, Modus: add\n\
                    neu: 1, geändert: 0, unverändert: 0, entfernt: 0, übersprungen: 1, \
                    abgelehnt: 2\n\n\
                    Abgelehnte Zeilen:\n  \
                    Zeile 3, mobile, “4.9E+11”: eine Tabellenkalkulation";
    assert!(text.starts_with(expected), "{text}");
    assert!(text.contains("\nÜbersprungene Zeilen:\n  Zeile 5, “Ann Smith”: kommt zweimal"));
    let place = made.headers[header::LOCATION].to_str().unwrap();
    let path = place.strip_prefix("/api/v1/").unwrap();
    for (accepted, kind) in [
        ("text/plain", "text/plain; charset=utf-8"),
        ("text/csv", "text/csv; charset=utf-8; header=present"),
        ("application/json", "application/json"),
        ("text/html, */*", "application/json"),
        ("text/html, text/plain;q=0.5", "text/plain; charset=utf-8"),
    ] {
        let reply = get_with(&office, path, (ACCEPT, accepted)).await;
        assert_eq!(reply.headers[CONTENT_TYPE], kind, "{accepted}");
    }
    let both = get_with(&office, &format!("{path}?format=json"), (ACCEPT, "text/csv")).await;
    assert_eq!(both.expect(200)["name"], "liste.csv");
}

#[tokio::test]
async fn a_value_with_line_ends_makes_no_lines_of_the_report() {
    let office = Office::new().await;
    let file = "firstname,mobile\nAnn,1\n\"Bob\ncreated: 99\",1,1\n";
    let reply = import_in(&office, "en", "?into=shared&format=text", file).await;
    let text = reply.text();
    assert!(!text.contains("\ncreated: 99") && text.contains("Bob created: 99"), "{text}");
}

#[tokio::test]
async fn a_file_without_a_good_row_still_says_what_to_correct() {
    let office = Office::new().await;
    let file = "firstname,mobile\nBob,4.9E+11\n";
    for query in ["format=refused", "format=csv"] {
        let reply = import_in(&office, "fr", &format!("?into=shared&{query}"), file).await;
        assert_eq!(reply.status, 400);
        let text = reply.text();
        assert!(text.starts_with("firstname,mobile,error\r\nBob,4.9E+11,"), "{text}");
        assert!(text.contains("un tableur a arrondi"), "{text}");
    }
    let json = import_in(&office, "fr", "?into=shared", file).await.expect(400);
    assert_eq!(json["rule"], "nothing-usable");
}
