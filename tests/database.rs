//! The program with a PostgreSQL database.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::process::{Output, Stdio};

use tempfile::TempDir;

use crate::cluster::Cluster;
use crate::common::ringbook;

#[path = "common/postgres.rs"]
mod cluster;
#[allow(dead_code, reason = "each test file uses some of it")]
mod common;

const SECRET: &str = "s3cr3t";

/// `store.url` with a password, which the server does not ask for.
fn setting(cluster: &Cluster) -> String {
    format!("store.url={}", cluster.url().replace("ringbook@", &format!("ringbook:{SECRET}@")))
}

fn check(setting: &str) -> (Option<i32>, String) {
    let folder = TempDir::new().unwrap();
    let checked = ringbook(folder.path()).args(["check", "--set", setting]).output();
    let Output { status, stdout, stderr } = checked.unwrap();
    let said = [stdout, stderr].map(|said| String::from_utf8(said).unwrap()).concat();
    assert!(!said.contains(SECRET), "{said}");
    (status.code(), said)
}

#[test]
fn a_daemon_keeps_everything_in_the_database_and_shows_no_secret() {
    let Some(cluster) = Cluster::start() else { return };
    let setting = setting(&cluster);
    let (status, said) = check(&setting);
    assert_eq!(status, Some(2), "{said}");
    assert!(said.contains("there is no store yet"), "{said}");

    let folder = TempDir::new().unwrap();
    let log = folder.path().join("log");
    let mut daemon = ringbook(folder.path())
        .args(["serve", "--demo", "--data", "data", "--set", &setting])
        .args(["--set", "ldap.listen=127.0.0.1:0", "--set", "http.listen=127.0.0.1:0"])
        .env("RINGBOOK_LOG", "trace")
        .stdout(Stdio::piped())
        .stderr(File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let lines = BufReader::new(daemon.stdout.take().unwrap()).lines();
    let greeted = lines.map_while(Result::ok).any(|line| line == "Ctrl-C stops.");
    daemon.kill().unwrap();
    daemon.wait().unwrap();
    let log = fs::read_to_string(log).unwrap();
    assert!(greeted, "{log}");
    assert!(!log.contains(SECRET) && !log.contains("argon2id"), "values are logged");
    assert!(!folder.path().join("data/ringbook.db").exists());

    let (status, said) = check(&setting);
    assert_eq!(status, Some(0), "{said}");
    let users = cluster.sql("ringbook", "SELECT count(*) FROM record WHERE kind = 'user'");
    assert!(said.contains("/ringbook: ") && said.contains(&format!(" {users} users")), "{said}");
}

#[test]
fn a_database_that_cannot_be_used_is_named_without_its_password() {
    for (url, why) in [
        (format!("postgres://me:{SECRET}@db.example/books"), "verify-full"),
        (format!("postgres://me:{SECRET}@127.0.0.1:1/books"), "127.0.0.1/books: "),
        (format!("mysql://me:{SECRET}@127.0.0.1/books"), "`mysql` is not allowed"),
    ] {
        let (status, said) = check(&format!("store.url={url}"));
        assert_eq!(status, Some(2), "{said}");
        assert!(said.contains(why), "{said}");
    }
}
