//! The HTTP API through its handlers: who may do what, and what comes back.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

use std::collections::BTreeSet;

use hyper::{Method, header};
use serde_json::Value;

use crate::office::{Office, nobody, operator, request};

mod accounts;
mod books;
mod contacts;
mod groups;
mod lookup;
#[path = "../office/mod.rs"]
mod office;
mod organizations;
mod photos;
mod presence;
mod rights;
mod setup;

/// The members of an answer that are the same in every run.
fn members(answer: &Value, names: &[&str]) -> Value {
    names.iter().map(|name| ((*name).to_owned(), answer[*name].clone())).collect()
}

#[tokio::test]
async fn every_path_of_the_description_answers() {
    let office = Office::new().await;
    let api = office.get(&nobody(), "openapi.json").await.expect(200);
    for (path, methods) in api["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let path = path.trim_start_matches('/');
            let path = path.replace("{book}", "people").replace(['{', '}'], "");
            let reply = office.send(&operator(), request(method.clone(), &path, Vec::new())).await;
            let nothing = reply.text().contains("there is nothing here");
            assert!(reply.status != 405 && !nothing, "{method} {path}: {}", reply.text());
            let reply = office.send(&nobody(), request(method.clone(), &path, Vec::new())).await;
            let public = path == "openapi.json";
            assert_eq!(reply.status == 401, !public, "{method} {path}: {}", reply.status);
        }
    }
    office.get(&operator(), "shoes").await.expect(404);
    let wrong = office.delete(&operator(), "me").await;
    assert_eq!(wrong.headers[header::ALLOW], "GET,HEAD");
    wrong.expect(405);
}

/// A route is `.route("/path", get(…).post(…))`.
#[test]
fn every_route_is_described() {
    let sources =
        [include_str!("../../src/api/mod.rs"), include_str!("../../src/api/divisions.rs")];
    let mut routes = BTreeSet::new();
    for route in sources.iter().flat_map(|source| source.split(".route(").skip(1)) {
        let path = route.split('"').nth(1).unwrap();
        let mut depth = 1;
        let closes = |c: char| {
            depth += i32::from(c == '(') - i32::from(c == ')');
            depth == 0
        };
        let end = route.find(closes).unwrap();
        for method in ["get", "post", "put", "patch", "delete"] {
            let called = format!("{method}(");
            let before = |at: usize| route[..at].chars().next_back();
            let mut calls = route[..end].match_indices(&called);
            // Not the end of another word, such as `target(`.
            if calls.any(|(at, _)| before(at).is_some_and(|c| !c.is_alphanumeric() && c != '_')) {
                routes.insert((path.to_owned(), method.to_owned()));
            }
        }
    }
    let api: Value = serde_json::from_str(include_str!("../../src/api/openapi.json")).unwrap();
    let paths = api["paths"].as_object().unwrap().iter();
    let described: BTreeSet<(String, String)> = paths
        .flat_map(|(path, methods)| {
            methods.as_object().unwrap().keys().map(|method| (path.clone(), method.clone()))
        })
        .collect();
    assert!(routes.len() > 20, "{routes:?}");
    assert_eq!(
        routes.difference(&described).collect::<Vec<_>>(),
        Vec::<&_>::new(),
        "not described"
    );
    assert_eq!(described.difference(&routes).collect::<Vec<_>>(), Vec::<&_>::new(), "no route");
}
