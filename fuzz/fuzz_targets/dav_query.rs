//! Any filter and any shape of address data is answered or refused. The first byte chooses the book and
//! whether there is a limit; the first line is the filter from its attributes on, the rest address data.
#![no_main]

use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use libfuzzer_sys::fuzz_target;
use ringbook_fuzz::ask_carddav;

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
    let Some(status) = ask_carddav(request) else { return };
    assert!(status.as_u16() < 500, "{status}");
});
