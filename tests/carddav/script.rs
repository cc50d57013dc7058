//! Scripts of what a client sends, in its order, and what it must find in each answer.
//!
//! A script is a list of steps. A step is a request as text, a line `---- STATUS`, then one
//! expectation a line; `====` ends it. `Authorization: 204` stands for the sign-in of that user.
//!
//! - `Name: value`: a header of the answer, `*` for any value
//! - `rows N`: how many responses a multistatus has
//! - `/href D:prop = value`: a property and its value; without `=` that it was found
//! - `/href !D:prop`: a property that is told as missing
//! - `/href -> 404`: a response that is only a status
//! - `says text`: the body contains it; `never text`: it does not
//!
//! `{etag}` and `{token}` stand for the last ones of an answer before: of its header, or of its only
//! row that has one.

use std::fmt::Write;

use crate::world::{Answer, World};
use crate::xml::Row;

/// Runs a script against a fresh world with two cards in Anna's own book.
pub(crate) async fn run(script: &str) {
    let world = World::new().await;
    world.put("one.vcf", &crate::world::card("one", "One")).await;
    world.put("two.vcf", &crate::world::card("two", "Two")).await;
    let (mut etag, mut token) = (String::new(), String::new());
    for step in script.split("\n====\n").filter(|step| !step.trim().is_empty()) {
        let step = step.replace("{etag}", &etag).replace("{token}", &token);
        let (request, expected) = step.split_once("\n---- ").unwrap();
        let answer = send(&world, request).await;
        let faults = faults(&answer, expected);
        assert!(faults.is_empty(), "{request}\n\n{faults}\n{}\n{}", answer.status, answer.text());
        if answer.headers.contains_key("etag") {
            etag = answer.header("etag").to_owned();
        }
        if answer.status == 207 {
            let rows = answer.rows();
            let mut tags = rows.rows.iter().filter_map(|row| row.found("D:getetag"));
            if let (Some(only), None) = (tags.next(), tags.next()) {
                etag = only.to_owned();
            }
            let told = rows.rows.iter().filter_map(|row| row.found("D:sync-token")).next_back();
            let told = if rows.token.is_empty() { told } else { Some(rows.token.as_str()) };
            token = told.map_or(token, str::to_owned);
        }
    }
}

async fn send(world: &World, request: &str) -> Answer {
    let comments = |line: &&str| !line.starts_with('#');
    let request: Vec<&str> = request.lines().filter(comments).collect();
    let request = request.join("\n");
    let (head, body) = request.split_once("\n\n").unwrap_or((&request, ""));
    let user = head.lines().find_map(|line| line.strip_prefix("Authorization: "));
    let head: Vec<&str> = head
        .lines()
        .filter(|line| !line.starts_with("Authorization") && !line.is_empty())
        .collect();
    world.send_bytes(user.unwrap_or_default(), &head.join("\n"), body.as_bytes().to_vec()).await
}

/// What of the expectations the answer does not meet.
fn faults(answer: &Answer, expected: &str) -> String {
    let mut lines = expected.lines();
    let mut faults = String::new();
    let mut fault = |line: &str| writeln!(faults, "not met: {line}").unwrap();
    let status = lines.next().unwrap().trim();
    if answer.status.as_str() != status {
        fault(&format!("status {status}"));
    }
    for line in lines.map(str::trim).filter(|line| !line.is_empty()) {
        if !meets(answer, line) {
            fault(line);
        }
    }
    faults
}

fn meets(answer: &Answer, line: &str) -> bool {
    if let Some(text) = line.strip_prefix("says ") {
        return answer.text().contains(text);
    }
    if let Some(text) = line.strip_prefix("never ") {
        return !answer.text().contains(text);
    }
    if let Some(count) = line.strip_prefix("rows ") {
        return answer.rows().rows.len().to_string() == count;
    }
    if line.starts_with('/') {
        let (href, what) = line.split_once(' ').unwrap();
        return answer.status == 207
            && answer.rows().rows.iter().any(|row| row.href == href && row_meets(row, what));
    }
    let (name, value) = line.split_once(':').unwrap();
    match value.trim() {
        "*" => answer.headers.contains_key(name),
        value => answer.header(name) == value,
    }
}

fn row_meets(row: &Row, what: &str) -> bool {
    if let Some(status) = what.strip_prefix("-> ") {
        return row.status.is_some_and(|found| found.to_string() == status);
    }
    if let Some(missing) = what.strip_prefix('!') {
        return row.has(404, missing);
    }
    match what.split_once(" = ") {
        Some((property, value)) => row.found(property) == Some(value),
        None => row.found(what).is_some(),
    }
}
