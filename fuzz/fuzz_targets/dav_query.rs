//! Any filter and any shape of address data is answered or refused. The first byte chooses the book and
//! whether there is a limit; the first line is the filter from its attributes on, the rest address data.
#![no_main]

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use libfuzzer_sys::fuzz_target;
use ringbook::auth::{Principal, Who};
use ringbook::carddav::Handler;
use ringbook::demo;
use ringbook::http::Caller;
use ringbook_fuzz::WORLD;

const BOOKS: [&str; 4] =
    ["homes/201.demo/people", "homes/201.demo/personal", "homes/201.demo/all", "directory"];

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, rest)) = bytes.split_first() else { return };
    let text = String::from_utf8_lossy(rest);
    let (filter, data) = text.split_once('\n').unwrap_or((&text, ""));
    let limit = match choice & 4 {
        0 => "",
        _ => "<C:limit><C:nresults>3</C:nresults></C:limit>",
    };
    let body = format!(
        "<C:addressbook-query xmlns='DAV:' xmlns:C='urn:ietf:params:xml:ns:carddav'><prop><getetag/>\
        <C:address-data {data}</prop><C:filter {filter}</C:filter>{limit}</C:addressbook-query>"
    );
    let request = Request::builder()
        .method("REPORT")
        .uri(format!("/dav/{}/", BOOKS[usize::from(choice & 3)]))
        .header("Depth", "1")
        .body(Full::new(Bytes::from(body)));
    let Ok(request) = request else { return };
    let organization = demo::organization().id;
    let snapshot = WORLD.directory.snapshot();
    let Some(user) = snapshot.user_by_login(&organization, "201") else { return };
    let principal = Principal::new(Who::User(user.id), user.role, Some(organization));
    let peer = "127.0.0.1:1".parse().unwrap();
    let caller = Caller { principal: Some(principal), peer, secure: false };
    WORLD.runtime.block_on(async {
        let handler = Handler::new(WORLD.directory.clone());
        let answer = handler.answer(request, caller).await;
        assert!(answer.status().as_u16() < 500, "{}", answer.status());
        assert!(answer.into_body().collect().await.is_ok());
    });
});
