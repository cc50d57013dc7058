//! `ringbook import --watch`: a folder that is watched, with a daemon that comes and goes.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::common::{TestDaemon, ringbook};

mod common;

const GOOD: &str = "firstname,lastname,number\nJörg,Müller,(030) 555-1234\n";
const PARTLY: &str = "firstname,lastname,number\nEva,Ohm,030 5551235\nUwe\n";
/// Longest wait for what the watch does; only a watch that hangs needs it.
const PATIENCE: Duration = Duration::from_secs(60);

/// A folder beside the daemon's data.
fn folder(daemon: &TestDaemon) -> PathBuf {
    let folder = daemon.data().parent().unwrap().join("drop");
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn watch(daemon: &TestDaemon, more: &[&str]) -> std::process::Command {
    let mut command = ringbook(daemon.data().parent().unwrap());
    command.args(["import", "--watch", "drop", "--into", "shared", "--every", "0.05"]);
    command.args(more).arg("--data").arg(daemon.data());
    command
}

fn once(daemon: &TestDaemon) -> Output {
    watch(daemon, &["--once"]).output().unwrap()
}

fn running(daemon: &TestDaemon) -> Child {
    let log = fs::File::create(daemon.data().join("watch.log")).unwrap();
    watch(daemon, &[]).stdout(Stdio::null()).stderr(log).spawn().unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

fn wait_for(what: &str, mut is_there: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_there() {
        assert!(begun.elapsed() < PATIENCE, "{what} does not come");
        std::thread::yield_now();
    }
}

/// How many shared contacts have this family name.
fn count(daemon: &TestDaemon, name: &str) -> usize {
    let asked = format!("GET /api/v1/groups/shared/contacts?q={name}");
    daemon.ask("200:demo-200", &asked, b"").json()["items"].as_array().unwrap().len()
}

fn end(mut watch: Child) -> Option<i32> {
    let kill = format!("kill -TERM {}", watch.id());
    assert!(std::process::Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    watch.wait().unwrap().code()
}

#[test]
fn files_are_imported_and_moved_with_their_reports() {
    let daemon = TestDaemon::demo();
    let drop = folder(&daemon);
    fs::write(drop.join("good.csv"), GOOD).unwrap();
    fs::write(drop.join("partly.csv"), PARTLY).unwrap();
    fs::write(drop.join("noise.csv"), "no,csv,of\nours,at,all\n").unwrap();
    fs::write(drop.join("coming.csv.part"), GOOD).unwrap();
    fs::create_dir(drop.join("folder.csv")).unwrap();
    symlink("coming.csv.part", drop.join("link.csv")).unwrap();

    let output = once(&daemon);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.contains("good.csv: 1 created\n"), "{told}");
    let alone = ["coming.csv.part", "done", "failed", "folder.csv", "importing", "link.csv"];
    assert_eq!(names(&drop), alone);
    let reports = [".report.json", ".report.txt"].map(|suffix| format!("noise.csv{suffix}"));
    assert_eq!(names(&drop.join("failed")), [&["noise.csv".to_owned()][..], &reports].concat());
    assert_eq!(names(&drop.join("importing")), [".lock"]);
    let report = fs::read_to_string(drop.join("done/good.csv.report.json")).unwrap();
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!((&report["created"], &report["into"]), (&1.into(), &"shared".into()));
    let refused = fs::read_to_string(drop.join("done/partly.csv.refused.csv")).unwrap();
    assert!(
        refused.contains("Uwe") && refused.lines().next().unwrap().ends_with("error"),
        "{refused}"
    );
    let text = fs::read_to_string(drop.join("done/partly.csv.report.txt")).unwrap();
    assert!(text.contains("line 3: failed: "), "{text}");
    let text = fs::read_to_string(drop.join("failed/noise.csv.report.txt")).unwrap();
    assert!(text.starts_with("noise.csv: nothing of the file can be used"), "{text}");
    assert_eq!(fs::read_to_string(drop.join("done/partly.csv")).unwrap(), PARTLY);

    // The next file of this name gets a number; what stays is left alone.
    fs::write(drop.join("good.csv"), GOOD).unwrap();
    assert_eq!(once(&daemon).status.code(), Some(0));
    assert!(drop.join("done/good-2.csv.report.txt").exists());
    assert_eq!((names(&drop).len(), count(&daemon, "müller")), (alone.len(), 1));
    assert_eq!(once(&daemon).status.code(), Some(0), "nothing to do is no failure");
}

#[test]
fn a_watch_waits_for_its_daemon_and_ends_when_it_is_asked() {
    let mut daemon = TestDaemon::demo();
    let drop = folder(&daemon);
    daemon.stop();
    fs::write(drop.join("a.csv"), GOOD).unwrap();
    let output = once(&daemon);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let watch = running(&daemon);
    let log = daemon.data().join("watch.log");
    wait_for("the complaint", || {
        fs::read_to_string(&log).is_ok_and(|text| text.contains("a.csv: waits: no daemon runs"))
    });
    assert!(names(&drop.join("failed")).is_empty());
    daemon.restart_after_kill();
    wait_for("the file", || drop.join("done/a.csv").exists());
    assert_eq!(end(watch), Some(0));
    assert_eq!(count(&daemon, "müller"), 1);
}

#[test]
fn a_file_that_is_half_written_waits_for_its_end() {
    let daemon = TestDaemon::demo();
    let drop = folder(&daemon);
    let (first, rest) = PARTLY.split_at(40);
    let mut file = fs::File::create(drop.join("slow.csv")).unwrap();
    std::io::Write::write_all(&mut file, first.as_bytes()).unwrap();
    assert_eq!(once(&daemon).status.code(), Some(0));
    assert!(drop.join("slow.csv").exists(), "somebody has it open");
    std::io::Write::write_all(&mut file, rest.as_bytes()).unwrap();
    std::mem::drop(file);
    assert_eq!(once(&daemon).status.code(), Some(1));
    assert_eq!(fs::read_to_string(drop.join("done/slow.csv")).unwrap(), PARTLY);
}

#[test]
fn a_folder_is_watched_once() {
    let daemon = TestDaemon::demo();
    let drop = folder(&daemon);
    let watch = running(&daemon);
    wait_for("the lock", || drop.join("importing/.lock").exists());
    fs::write(drop.join("a.csv"), GOOD).unwrap();
    wait_for("the file", || drop.join("done/a.csv").exists());
    let output = once(&daemon);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("another `ringbook import --watch` has this folder"), "{said}");
    assert_eq!((output.status.code(), end(watch)), (Some(2), Some(0)));
}

#[test]
fn what_the_daemon_had_before_a_crash_is_not_imported_again() {
    let daemon = TestDaemon::demo();
    let drop = folder(&daemon);
    assert_eq!(once(&daemon).status.code(), Some(0));
    // The watch died when the daemon had the file, and before the answer came.
    let key = "0193a1b2-0000-7000-8000-000000000001";
    let claimed = drop.join("importing").join(key);
    fs::create_dir(&claimed).unwrap();
    fs::write(claimed.join("a.csv"), GOOD).unwrap();
    let token = format!("Bearer {}", daemon.token());
    let headers = [("Idempotency-Key", key)];
    let line = "POST /api/v1/import?into=shared";
    let first = daemon.ask_with(&token, line, &headers, GOOD.as_bytes()).json();
    assert_eq!(first["created"], 1);
    // Somebody removes the contact meanwhile: it must not come back.
    let listed = "GET /api/v1/groups/shared/contacts?q=müller";
    let listed = daemon.ask("200:demo-200", listed, b"").json();
    let contact = format!("DELETE /api/v1/contacts/{}", listed["items"][0]["id"].as_str().unwrap());
    assert_eq!(daemon.ask("200:demo-200", &contact, b"").status, 204);

    assert_eq!(once(&daemon).status.code(), Some(0));
    assert_eq!(count(&daemon, "müller"), 0);
    let report = fs::read_to_string(drop.join("done/a.csv.report.json")).unwrap();
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["id"], first["id"]);
    assert_eq!(names(&drop.join("importing")), [".lock"]);
}
