//! The commands against a running daemon.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::process::Output;

use serde_json::Value;

use crate::common::{TestDaemon, ringbook};

mod common;

const CONTACTS: &str =
    "firstname,lastname,number\nJörg,Müller,(030) 555-1234\n,,\nEva,Ohm,030 5551235\n";

fn check(output: &Output, status: i32, parts: &[&str]) {
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(output.status.code(), Some(status), "{text}");
    for part in parts {
        assert!(text.contains(part), "no `{part}` in: {text}");
    }
}

fn first_line(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or_default().to_owned()
}

#[test]
fn a_file_goes_in_and_the_status_says_what_was_refused() {
    let daemon = TestDaemon::demo();
    let file = daemon.data().join("contacts.csv");
    fs::write(&file, CONTACTS).unwrap();
    let file = file.display().to_string();
    let import = |file: &str| daemon.run(&["import", file, "--into", "shared"]);
    check(&import(&file), 1, &["2 created, 1 failed", "line 3: failed: "]);
    check(&import(&file), 1, &["0 created, 2 skipped, 1 failed", "line 2: skipped: "]);
    fs::write(&file, "no,csv,of\nours,at,all\n").unwrap();
    check(&import(&file), 2, &["400 Bad Request"]);
    check(&import("nowhere.csv"), 2, &["nowhere.csv: cannot be read"]);
    let json = daemon.run(&["import", &file, "--into", "nowhere", "--json"]);
    check(&json, 2, &["into must be people, shared"]);
}

#[test]
fn what_an_update_would_change_is_a_table() {
    let daemon = TestDaemon::demo();
    let file = daemon.data().join("contacts.csv");
    fs::write(&file, CONTACTS).unwrap();
    let file = file.display().to_string();
    let import = |more: &[&str]| {
        daemon.run(&[&["import", &file, "--into", "shared", "--mode", "update"], more].concat())
    };
    let planned = import(&["--dry-run"]);
    check(&planned, 1, &["WHAT     LINE  NAME         FIELD", "created  2     Jörg Müller"]);
    check(&import(&[]), 1, &["2 created, 1 failed"]);
    fs::write(&file, "firstname,lastname,number,company\nJörg,Müller,030 5551234,Müller & Co\n")
        .unwrap();
    check(&import(&["--dry-run"]), 0, &["1 updated", "Jörg Müller  company  Müller & Co"]);
    check(&import(&["--dry-run", "--json"]), 0, &["\"changes\":[{", "\"before\":[]"]);
    check(&import(&[]), 0, &["0 created, 1 updated"]);
    check(&import(&[]), 0, &["0 created, 1 unchanged"]);
    check(&daemon.run(&["export", "--book", "shared"]), 0, &["Müller & Co"]);
    check(&import(&["--mode", "guess"]), 2, &[]);
}

#[test]
fn refused_rows_are_corrected_and_an_import_is_taken_back() {
    let daemon = TestDaemon::demo();
    let file = daemon.data().join("contacts.csv");
    fs::write(&file, "firstname,lastname,number\nEva,Ohm,030 5551235\nUwe\n").unwrap();
    let refused = daemon.data().join("refused.csv");
    let (file, path) = (file.display().to_string(), refused.display().to_string());
    let import = ["import", &file, "--into", "shared", "--refused", &path];
    check(&daemon.run(&import), 1, &["1 created, 1 failed"]);
    let rows = fs::read_to_string(&refused).unwrap();
    assert!(rows.contains("Uwe") && rows.contains("missing fields"), "{rows}");
    let listed = daemon.run(&["imports", "list", "--json"]);
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    let id = listed["items"][0]["id"].as_str().unwrap();
    check(&daemon.run(&["imports", "list"]), 0, &["BY_NAME", "contacts.csv", "shared", id]);
    let german = ["imports", "show", id, "--language", "de"];
    check(&daemon.run(&german), 0, &["contacts.csv: 1 created", "line 3: failed: "]);
    check(&daemon.run(&["export", "--book", "shared"]), 0, &["Ohm"]);
    check(&daemon.run(&["imports", "undo", id]), 0, &[]);
    let left = daemon.run(&["export", "--book", "shared"]);
    assert!(!String::from_utf8_lossy(&left.stdout).contains("Ohm"));
    check(&daemon.run(&["imports", "undo", id]), 2, &["409"]);
}

#[test]
fn a_mirror_asks_before_it_removes_much() {
    let daemon = TestDaemon::demo();
    let file = daemon.data().join("one.csv");
    fs::write(&file, "firstname,lastname,number\nJörg,Müller,(030) 555-1234\n").unwrap();
    let file = file.display().to_string();
    let count = |text: &str| text.split(|c: char| !c.is_ascii_digit()).find_map(|n| n.parse().ok());
    let shared = ["import", &file, "--into", "shared", "--mode", "mirror"];
    let asked = daemon.run(&shared);
    check(&asked, 2, &["409 Conflict", "more than a tenth"]);
    let said = String::from_utf8_lossy(&asked.stderr).into_owned();
    let removes: u64 = count(said.split("remove").nth(1).unwrap()).unwrap();
    let number = removes.to_string();
    let confirmed = [&shared[..], &["--confirm", &number]].concat();
    check(&daemon.run(&confirmed), 0, &["1 created", &format!("{removes} removed")]);
    assert_eq!(
        daemon.ask("200:demo-200", "GET /api/v1/groups/shared/contacts", b"").json()["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn a_file_comes_from_the_standard_input_and_larger_ones_are_refused() {
    let daemon = TestDaemon::demo();
    let run = |arguments: &[&str], input: fs::File| {
        let mut command = ringbook(&daemon.data());
        command.args(arguments).arg("--data").arg(daemon.data()).stdin(input).output().unwrap()
    };
    let file = daemon.data().join("contacts.csv");
    fs::write(&file, CONTACTS).unwrap();
    let import = ["import", "-", "--into", "shared", "--name", "from the crm.csv"];
    check(&run(&import, fs::File::open(&file).unwrap()), 1, &["-: 2 created, 1 failed"]);
    let large = fs::File::create(daemon.data().join("large.csv")).unwrap();
    large.set_len(64 * 1024 * 1024 + 1).unwrap();
    let large = daemon.data().join("large.csv");
    check(
        &run(&["import", &large.display().to_string()], fs::File::open(&file).unwrap()),
        2,
        &["more than 64 MiB"],
    );
    check(&run(&["import", "-"], fs::File::open(&large).unwrap()), 2, &["more than 64 MiB"]);
    check(&run(&["import", "."], fs::File::open(&file).unwrap()), 2, &["is a directory"]);
}

#[test]
fn a_book_comes_out() {
    let daemon = TestDaemon::demo();
    check(&daemon.run(&["export", "--book", "people"]), 0, &["firstname", "Łukasz", "佐藤"]);
    let file = daemon.data().join("shared.csv");
    let path = file.display().to_string();
    let out = ["export", "--book", "shared", "--out", &path];
    check(&daemon.run(&out), 0, &[]);
    assert!(fs::read_to_string(&file).unwrap().contains("Kabelwerk Nord AG"));
    check(
        &daemon.run(&[&out[..], &["--json"]].concat()),
        0,
        &["\"book\":\"shared\"", "\"bytes\":"],
    );
    check(&daemon.run(&["export", "--book", "nowhere"]), 2, &["404 Not Found"]);
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    check(&daemon.run(&out), 2, &["shared.csv"]);
    assert!(!daemon.data().join("shared.csv.part").exists());
}

#[test]
fn users_are_made_changed_and_removed() {
    let daemon = TestDaemon::demo();
    let password = daemon.data().join("password");
    fs::write(&password, "new secret\n").unwrap();
    let password = password.display().to_string();
    let add = ["user", "add", "400", "--given-name", "Ines", "--family-name", "Neu"];
    let more = ["--email", "ines@pbx.example", "--number", "mobile:0151 5550400"];
    let more = [&more[..], &["--password-file", &password]].concat();
    check(&daemon.run(&[&add[..], &more].concat()), 0, &[]);
    check(&daemon.run(&["user", "show", "400"]), 0, &["Ines Neu", "ines@pbx.example", "5550400"]);
    check(&daemon.run(&["user", "list"]), 0, &["EXTENSION", "400", "Ines Neu", "Anna Adams"]);
    let listed = daemon.run(&["user", "list", "--json"]);
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(listed["items"].as_array().unwrap().len(), 81);
    assert_eq!(daemon.ask("400:new secret", "GET /api/v1/me", b"").status, 200);
    check(&daemon.run(&["user", "set", "400", "--title", "Chefin", "--role", "admin"]), 0, &[]);
    check(&daemon.run(&["user", "show", "400"]), 0, &["Ines Neu", "Chefin", "role: admin"]);
    check(&daemon.run(&["user", "remove", "400"]), 0, &[]);
    check(&daemon.run(&["user", "show", "400"]), 2, &["404"]);
    assert_eq!(daemon.ask("400:new secret", "GET /api/v1/me", b"").status, 401);
}

#[test]
fn a_token_works_until_it_is_removed() {
    let daemon = TestDaemon::demo();
    let made = daemon.run(&["token", "add", "backup", "--role", "admin"]);
    check(&made, 0, &["never shown again"]);
    let secret = first_line(&made);
    let status = || daemon.ask(&format!("Bearer {secret}"), "GET /api/v1/users", b"").status;
    assert_eq!(status(), 200);
    let id = secret.split('_').nth(1).unwrap();
    check(&daemon.run(&["token", "list"]), 0, &["operator-token", "backup", id]);
    check(&daemon.run(&["token", "remove", id]), 0, &[]);
    assert_eq!(status(), 401);
}

#[test]
fn a_phone_account_is_made_with_a_secret() {
    let daemon = TestDaemon::demo();
    let made = daemon.run(&["phone", "add", "lobby"]);
    check(&made, 0, &["never shown again"]);
    assert!(first_line(&made).len() >= 20, "{made:?}");
    check(&daemon.run(&["phone", "list"]), 0, &["cn=lobby,ou=services,dc=pbx,dc=example"]);
    check(&daemon.run(&["phone", "remove", "lobby"]), 0, &[]);
    check(&daemon.run(&["phone", "remove", "lobby"]), 2, &["404"]);
}

#[test]
fn the_environment_names_daemon_and_token() {
    let daemon = TestDaemon::demo();
    let run = |token: &str| {
        let mut command = ringbook(&daemon.data());
        command.env("RINGBOOK_URL", format!("http://{}", daemon.http()));
        command.env("RINGBOOK_TOKEN", token).args(["user", "show", "201"]).output().unwrap()
    };
    check(&run(&daemon.token()), 0, &["Anna Adams"]);
    check(&run("rb_1_2"), 2, &["401 Unauthorized"]);
}

#[test]
fn one_organization_of_several_is_named() {
    let daemon = TestDaemon::demo();
    let second = br#"{"id": "second", "name": "Second", "domain": "second.example",
        "suffix": "dc=second", "region": "DE"}"#;
    let token = format!("Bearer {}", daemon.token());
    let made = daemon.ask(&token, "POST /api/v1/organizations", second);
    assert_eq!(made.status, 201, "{made:?}");
    check(&daemon.run(&["user", "list"]), 2, &["organization=ID"]);
    check(&daemon.run(&["user", "list", "--organization", "demo"]), 0, &["Anna Adams"]);
}

#[test]
fn devices_get_secrets_of_their_own_and_the_log_says_who_made_them() {
    let daemon = TestDaemon::demo();
    let add = ["user", "app-password", "add", "201", "iPhone", "--door", "carddav"];
    let made = daemon.run(&[&add[..], &["--door", "http"]].concat());
    let secret = first_line(&made);
    assert_eq!(secret.split('-').count(), 7, "{secret}");
    assert_eq!(daemon.ask(&format!("201:{secret}"), "GET /api/v1/me", b"").status, 200);
    let list = daemon.run(&["user", "app-password", "list", "201"]);
    check(&list, 0, &["iPhone", "carddav, http", "127.0.0.1"]);
    let id = String::from_utf8_lossy(&list.stdout).lines().nth(1).unwrap()[..16].to_owned();
    check(&daemon.run(&["user", "app-password", "remove", "201", &id]), 0, &[]);
    assert_eq!(daemon.ask(&format!("201:{secret}"), "GET /api/v1/me", b"").status, 401);
    check(&daemon.run(&["user", "app-password", "add", "201", "x"]), 2, &["--door"]);

    let phone = ["phone", "add", "lobby", "--network", "192.0.2.0/24", "--book", "people"];
    assert_eq!(first_line(&daemon.run(&phone)).len(), 26);
    let set = ["phone", "set", "lobby", "--network", "", "--number-format", "national"];
    check(&daemon.run(&set), 0, &[]);
    check(&daemon.run(&["phone", "rotate", "lobby"]), 0, &["never shown again"]);
    check(&daemon.run(&["phone", "rotate", "lobby"]), 2, &["409 Conflict", "replace_oldest"]);
    let shown = ["books: people", "number_format: national", "secrets: 2"];
    check(&daemon.run(&["phone", "show", "lobby"]), 0, &shown);
    check(&daemon.run(&["phone", "rotate", "lobby", "--finish"]), 0, &[]);
    check(&daemon.run(&["phone", "show", "lobby"]), 0, &["secrets: 1"]);
    let token = ["token", "add", "pbx", "--scope", "presence", "--scope", "read"];
    assert!(first_line(&daemon.run(&token)).starts_with("rb_"));
    check(&daemon.run(&["token", "list"]), 0, &["read, presence"]);
    let log = daemon.run(&["audit", "--limit", "50"]);
    check(&log, 0, &["POST /users/201/app-passwords", "DELETE /phones/lobby/secrets/oldest"]);
    check(&log, 0, &["user:201.demo app:", "PATCH /phones/lobby"]);
}

#[test]
fn the_audit_log_outlives_the_daemon() {
    let mut daemon = TestDaemon::demo();
    assert_eq!(daemon.ask("201:wrong", "GET /api/v1/me", b"").status, 401);
    daemon.restart();
    check(&daemon.run(&["audit"]), 0, &["201", "refused"]);
}

#[test]
fn an_organization_is_made_and_set_up() {
    let daemon = TestDaemon::demo();
    let names = ["--name", "Acme", "--domain", "acme.example", "--suffix", "DC=acme; dc=example"];
    let add = [&["organization", "add", "acme", "--region", "US"], &names[..]].concat();
    check(&daemon.run(&add), 0, &[]);
    check(&daemon.run(&add), 2, &["409"]);
    check(&daemon.run(&["organization", "list"]), 0, &["acme", "dc=acme,dc=example", "demo"]);
    let hide = ["organization", "set", "acme", "--hidden-numbers", "mobile,home"];
    let more = ["--language", "en", "--shares-with", "demo", "--anonymous-books", "people"];
    let open = ["--anonymous-networks", "10.0.0.0/8"];
    check(&daemon.run(&[&hide[..], &more, &open].concat()), 0, &[]);
    let shown = daemon.run(&["organization", "show", "acme"]);
    let expected = ["hidden_numbers: mobile, home", "shares_with: demo", "10.0.0.0/8"];
    check(&shown, 0, &expected);
    check(&daemon.run(&["organization", "set", "acme", "--hidden-numbers", ""]), 0, &[]);
    let shown = daemon.run(&["organization", "show", "acme", "--json"]);
    let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert!(shown["hidden_numbers"].as_array().unwrap().is_empty());
    let close = ["organization", "set", "acme", "--anonymous-networks", ""];
    check(&daemon.run(&close), 0, &[]);
    check(&daemon.run(&["organization", "set", "acme", "--region", "XX"]), 2, &["`XX`"]);
    check(&daemon.run(&["organization", "show", "nobody"]), 2, &["404"]);
}

#[test]
fn departments_sites_and_books_are_managed() {
    let daemon = TestDaemon::demo();
    for kind in ["department", "site"] {
        let made = daemon.run(&[kind, "add", "R&D, Bonn"]);
        check(&made, 0, &[]);
        assert_eq!(first_line(&made), "r-d-bonn");
        check(&daemon.run(&[kind, "set", "r-d-bonn", "--name", "Labor"]), 0, &[]);
        check(&daemon.run(&[kind, "show", "r-d-bonn"]), 0, &["name: Labor", "count: 0"]);
        check(&daemon.run(&[kind, "list"]), 0, &["ID", "Labor"]);
        check(&daemon.run(&[kind, "remove", "r-d-bonn"]), 0, &[]);
        check(&daemon.run(&[kind, "remove", "r-d-bonn"]), 2, &["404"]);
    }
    check(&daemon.run(&["department", "remove", "support"]), 2, &["19 people", "409"]);
    let add = ["book", "add", "Partner", "--readers", "201,department-support"];
    check(&daemon.run(&add), 0, &["partner"]);
    check(&daemon.run(&["book", "set", "partner", "--writers", "201"]), 0, &[]);
    let shown = daemon.run(&["book", "show", "partner"]);
    check(&shown, 0, &["readers: 201, department-support", "writers: 201"]);
    let card = br#"{"group": "shared-partner", "company": "Acme"}"#;
    let made = daemon.ask("201:demo-201", "POST /api/v1/contacts", card);
    assert_eq!(made.status, 201, "{made:?}");
    check(&daemon.run(&["export", "--book", "shared-partner"]), 0, &["Acme"]);
    check(&daemon.run(&["book", "remove", "partner"]), 2, &["confirm=1"]);
    check(&daemon.run(&["book", "remove", "partner", "--confirm", "1"]), 0, &[]);
    check(&daemon.run(&["book", "list"]), 0, &["ID"]);
}
