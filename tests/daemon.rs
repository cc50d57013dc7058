//! The program as a whole: how it starts, what it leaves in its folder, how it stops.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::process::{Output, Stdio};

use serde_json::json;

use crate::common::{Answer, FREE_PORTS, TestDaemon, ringbook};

mod common;

/// What a command says when it does nothing.
fn refusal(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// `serve` that must not start.
fn refused_start(arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let output = ringbook(folder.path()).arg("serve").args(arguments).output().unwrap();
    refusal(&output)
}

fn contains(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no `{part}` in: {text}");
    }
}

#[test]
fn a_daemon_needs_no_configuration_and_leaves_nothing_open() {
    let mut daemon = TestDaemon::empty();
    let listening = fs::read_to_string(daemon.data().join("listening.json")).unwrap();
    let [ldap, ldaps, http, https] =
        [daemon.ldap(), daemon.ldaps(), daemon.http(), daemon.https()].map(|door| door.to_string());
    let expected = json!({ "ldap": ldap, "ldaps": ldaps, "http": http, "https": https });
    assert_eq!(serde_json::from_str::<serde_json::Value>(&listening).unwrap(), expected);
    assert_eq!(daemon.ask("", "GET /readyz", b"").status, 200);
    assert_eq!(daemon.stop().code(), Some(0));
    assert!(!daemon.data().join("listening.json").exists());
    assert!(!daemon.log().contains(&daemon.token()), "the log shows the token");
}

#[test]
fn what_is_kept_is_for_its_owner_only() {
    let daemon = TestDaemon::empty();
    let mode = |name: &str| {
        let metadata = fs::metadata(daemon.data().join(name)).unwrap();
        metadata.permissions().mode() & 0o777
    };
    assert_eq!((mode(""), mode("operator-token"), mode("ringbook.db")), (0o700, 0o600, 0o600));
}

#[test]
fn a_stop_finishes_the_import_that_was_begun() {
    let mut daemon = TestDaemon::demo();
    let mut stream = daemon.connect(daemon.http());
    let rows = b"firstname,lastname,number\nEva,Ohm,030 5551235\n";
    let head = format!(
        "POST /api/v1/import?into=shared HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
         Content-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        daemon.token(),
        rows.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut go_on = [0; 25];
    stream.read_exact(&mut go_on).unwrap();
    assert_eq!(&go_on[..12], b"HTTP/1.1 100");
    daemon.signal("TERM");
    let listening = daemon.data().join("listening.json");
    while listening.exists() {
        std::thread::yield_now();
    }
    stream.write_all(rows).unwrap();
    let answer = Answer::read(stream);
    assert_eq!((answer.status, &answer.json()["created"]), (201, &json!(1)));
    assert_eq!(daemon.wait().code(), Some(0));
}

#[test]
fn ctrl_c_stops_it_too() {
    let mut daemon = TestDaemon::empty();
    daemon.signal("HUP");
    assert_eq!(daemon.ask("", "GET /healthz", b"").status, 200);
    daemon.signal("INT");
    assert_eq!(daemon.wait().code(), Some(0));
}

#[test]
fn a_lost_operator_token_is_replaced_and_the_old_one_ends() {
    let mut daemon = TestDaemon::empty();
    let old = daemon.token();
    daemon.restart();
    assert_eq!(daemon.token(), old);
    fs::remove_file(daemon.data().join("operator-token")).unwrap();
    daemon.restart();
    assert_ne!(daemon.token(), old);
    let status =
        |secret: &str| daemon.ask(&format!("Bearer {secret}"), "GET /api/v1/groups", b"").status;
    assert_eq!(status(&old), 401);
    assert_eq!(status(&daemon.token()), 200);
}

#[test]
fn two_daemons_never_share_a_folder() {
    let daemon = TestDaemon::empty();
    let second = [&["serve"][..], &FREE_PORTS].concat();
    contains(&refusal(&daemon.run(&second)), &["another ringbook", "--data DIR"]);
    assert_eq!(daemon.ask("", "GET /healthz", b"").status, 200, "the first one goes on");
}

#[test]
fn a_wrong_setting_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ringbook.toml");
    fs::write(&file, "[ldap]\nlisten = '127.0.0.1'\n").unwrap();
    let error = refused_start(&["--config", &file.display().to_string()]);
    contains(&error, &["ringbook.toml:2: ldap.listen: `127.0.0.1` is not allowed", "3890"]);
    contains(&refused_start(&["--set", "ldap.port=389"]), &["ldap.port: unknown key"]);
    contains(&refused_start(&["--what"]), &["--what"]);
}

#[test]
fn a_taken_port_is_named_and_nothing_is_made() {
    let daemon = TestDaemon::empty();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let taken = format!("ldap.listen={}", daemon.ldap());
    let output = ringbook(folder.path())
        .args(["serve", "--set", &taken, "--data"])
        .arg(&data)
        .output()
        .unwrap();
    contains(&refusal(&output), &[&format!("cannot listen on {} for ldap", daemon.ldap())]);
    assert!(!data.join("ringbook.db").exists());
}

#[test]
fn the_demo_stays_on_this_machine_and_in_its_own_store() {
    let outside = ["--demo", "--set", "http.listen=0.0.0.0:0"];
    contains(&refused_start(&outside), &["loopback", "0.0.0.0:0"]);
    let named = ["--demo", "--set", "organization.name=Mine"];
    contains(&refused_start(&named), &["organization"]);
    let mut daemon = TestDaemon::empty();
    daemon.stop();
    let demo = [&["serve", "--demo"][..], &FREE_PORTS].concat();
    contains(&refusal(&daemon.run(&demo)), &["demo", "empty data folder"]);
}

#[test]
fn the_demo_is_filled_in_once() {
    let mut daemon = TestDaemon::demo();
    daemon.restart();
    daemon.restart_after_kill();
    let output = daemon.run(&["check", "--json"]);
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&found["users"], &found["problems"]), (&json!(80), &json!([])));
}

#[test]
fn connections_are_limited() {
    let daemon = TestDaemon::start(&["--set", "limits.connections_per_address=1"]);
    let mut first = daemon.connect(daemon.http());
    let mut second = daemon.connect(daemon.http());
    assert_eq!(second.read(&mut [0]).unwrap_or(0), 0, "the second is let in");
    first.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    assert_eq!(Answer::read(first).status, 200);
}

#[test]
fn silent_connections_are_closed() {
    let daemon = TestDaemon::start(&["--set", "limits.first_request_s=1"]);
    for door in [daemon.http(), daemon.ldap()] {
        let mut farewell = Vec::new();
        daemon.connect(door).read_to_end(&mut farewell).unwrap();
        // LDAP says why (RFC 4511, 4.4.1); HTTP has no words without a request.
        assert_eq!(farewell.is_empty(), door == daemon.http());
    }
}

#[test]
fn the_service_manager_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let manager = UnixDatagram::bind(&path).unwrap();
    manager.set_read_timeout(Some(std::time::Duration::from_secs(60))).unwrap();
    let mut heard = [0; 32];
    let mut hear = || {
        let length = manager.recv(&mut heard).unwrap();
        String::from_utf8_lossy(&heard[..length]).into_owned()
    };
    let mut process = ringbook(folder.path())
        .arg("serve")
        .args(FREE_PORTS)
        .env("NOTIFY_SOCKET", &path)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    assert_eq!(hear(), "READY=1");
    let kill = format!("kill -TERM {}", process.id());
    std::process::Command::new("sh").args(["-c", &kill]).status().unwrap();
    assert_eq!(hear(), "STOPPING=1");
    assert!(process.wait().unwrap().success());
}

#[test]
fn a_check_finds_what_is_broken() {
    let mut daemon = TestDaemon::demo();
    assert_eq!(daemon.run(&["check"]).status.code(), Some(0), "beside the daemon");
    daemon.stop();
    let store = daemon.data().join("ringbook.db");
    let connection = rusqlite::Connection::open(&store).unwrap();
    connection.execute("UPDATE contact SET book = 'nowhere' WHERE rowid = 7", []).unwrap();
    drop(connection);
    let output = daemon.run(&["check"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    contains(&String::from_utf8_lossy(&output.stdout), &["98 contacts", "80 users"]);
    fs::write(&store, "no store").unwrap();
    refusal(&daemon.run(&["check"]));
    contains(&refusal(&daemon.run(&["check", "--set", "x=1"])), &["x: unknown key"]);
}

#[test]
fn commands_say_when_there_is_no_daemon() {
    let mut daemon = TestDaemon::empty();
    daemon.stop();
    contains(&refusal(&daemon.run(&["user", "list"])), &["no daemon", "--url"]);
    let elsewhere = ["user", "list", "--url", "http://127.0.0.1:1"];
    contains(&refusal(&daemon.run(&elsewhere)), &["no token", "RINGBOOK_TOKEN"]);
}
