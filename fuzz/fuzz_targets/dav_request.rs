//! Any body at any path of the CardDAV door is answered. The first byte chooses the method, the
//! first line is the path.
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

const METHODS: [&str; 8] =
    ["PROPFIND", "REPORT", "PUT", "GET", "DELETE", "PROPPATCH", "OPTIONS", "MKCOL"];

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, rest)) = bytes.split_first() else { return };
    let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let path = String::from_utf8_lossy(&rest[..end]);
    let request = Request::builder()
        .method(METHODS[usize::from(*choice) % METHODS.len()])
        .uri(format!("/dav/homes/201.demo/{}", path.trim_start_matches('/')))
        .header("Depth", if choice & 0x80 == 0 { "0" } else { "1" })
        .body(Full::new(Bytes::copy_from_slice(&rest[end..])));
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
