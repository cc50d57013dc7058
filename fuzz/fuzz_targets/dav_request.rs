//! Any path, headers (If among them) and body at the CardDAV door are answered. The first byte chooses
//! the method; then come the path, header lines, an empty line and the body.
#![no_main]

use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use libfuzzer_sys::fuzz_target;
use ringbook_fuzz::ask_carddav;

const METHODS: [&str; 13] = [
    "PROPFIND",
    "REPORT",
    "PUT",
    "GET",
    "DELETE",
    "PROPPATCH",
    "OPTIONS",
    "MKCOL",
    "COPY",
    "MOVE",
    "POST",
    "ACL",
    "HEAD",
];

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, rest)) = bytes.split_first() else { return };
    let (path, rest) = line(rest);
    let path = String::from_utf8_lossy(path);
    let uri = match choice & 0x40 {
        0 => format!("/dav/homes/201.demo/{}", path.trim_start_matches('/')),
        _ => path.into_owned(),
    };
    let mut request = Request::builder()
        .method(METHODS[usize::from(choice & 0x3f) % METHODS.len()])
        .uri(uri)
        .header("Depth", if choice & 0x80 == 0 { "0" } else { "1" });
    let mut body = rest;
    loop {
        let (header, rest) = line(body);
        body = rest;
        let Some(colon) = header.iter().position(|byte| *byte == b':') else { break };
        let (name, value) = header.split_at(colon);
        request = request.header(name, &value[1..]);
    }
    let Ok(request) = request.body(Full::new(Bytes::copy_from_slice(body))) else { return };
    let Some(status) = ask_carddav(request) else { return };
    assert_ne!(status.as_u16(), 500);
});

/// The bytes up to a line end, and those behind it.
fn line(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    (&bytes[..end], bytes.get(end + 1..).unwrap_or_default())
}
