//! Multistatus bodies (RFC 4918 13), written as bytes.

use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};

use crate::http::Body;

pub(crate) const XML: &str = "application/xml; charset=utf-8";
pub(crate) const DECLARATION: &[u8] = b"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n";

/// Begins the body. `C` is CardDAV, `CS` the calendar server's namespace.
pub(crate) const BEGIN: &[u8] = b"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
    <multistatus xmlns=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:carddav\" \
    xmlns:CS=\"http://calendarserver.org/ns/\">\n";
pub(crate) const END: &[u8] = b"</multistatus>\n";

/// The end of the properties that were found. Thunderbird and Linphone compare the status as text.
pub(crate) const FOUND: &[u8] = b"</prop><status>HTTP/1.1 200 OK</status></propstat>";
pub(crate) const RESPONSE_END: &[u8] = b"</response>\n";

/// 207 with a body.
pub(crate) fn response(body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::MULTI_STATUS;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(XML));
    response
}

/// Appends text as XML character data.
///
/// A carriage return is written as a reference, or readers would drop it (XML 1.0 2.11). Characters
/// that XML cannot hold are left out, since one of them would spoil the whole answer.
pub(crate) fn escape(text: &[u8], out: &mut Vec<u8>) {
    let mut rest = text;
    while let Some(at) = rest.iter().position(|byte| SPECIAL[usize::from(*byte)]) {
        let (plain, special) = rest.split_at(at);
        out.extend_from_slice(plain);
        let (instead, length): (&[u8], usize) = match special {
            [b'&', ..] => (b"&amp;", 1),
            [b'<', ..] => (b"&lt;", 1),
            [b'>', ..] => (b"&gt;", 1),
            [b'\r', ..] => (b"&#13;", 1),
            // U+FFFE and U+FFFF become the replacement character.
            [0xef, 0xbf, 0xbe | 0xbf, ..] => (b"\xef\xbf\xbd", 3),
            [0xef, ..] => (b"\xef", 1),
            _ => (b"", 1),
        };
        out.extend_from_slice(instead);
        rest = special.get(length..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
}

/// The bytes that [`escape`] looks at more closely.
static SPECIAL: [bool; 256] = {
    let mut special = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        special[byte] = byte != 0x09 && byte != 0x0a;
        byte += 1;
    }
    special[b'&' as usize] = true;
    special[b'<' as usize] = true;
    special[b'>' as usize] = true;
    special[0xef] = true;
    special
};

/// Begins a row with an href that needs no escaping, such as our own.
pub(crate) fn begin_row(href: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"<response><href>");
    escape(href.as_bytes(), out);
    out.extend_from_slice(b"</href>");
}

/// A row that says only a status.
pub(crate) fn status_row(href: &str, status: StatusCode, out: &mut Vec<u8>) {
    begin_row(href, out);
    out.extend_from_slice(b"<status>");
    status_line(status, out);
    out.extend_from_slice(b"</status>");
    out.extend_from_slice(RESPONSE_END);
}

/// A row that says that there is more than the client wanted or is told at once (RFC 6578 3.6).
pub(crate) fn cut_row(href: &str, out: &mut Vec<u8>) {
    begin_row(href, out);
    out.extend_from_slice(
        b"<status>HTTP/1.1 507 Insufficient Storage</status>\
        <error><number-of-matches-within-limits/></error></response>\n",
    );
}

fn status_line(status: StatusCode, out: &mut Vec<u8>) {
    out.extend_from_slice(b"HTTP/1.1 ");
    out.extend_from_slice(status.as_str().as_bytes());
    out.push(b' ');
    out.extend_from_slice(status.canonical_reason().unwrap_or_default().as_bytes());
}

/// Ends a propstat with a status other than 200.
pub(crate) fn end_propstat(status: StatusCode, error: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"</prop><status>");
    status_line(status, out);
    out.extend_from_slice(b"</status>");
    out.extend_from_slice(error.as_bytes());
    out.extend_from_slice(b"</propstat>");
}

#[cfg(test)]
mod tests {
    use proptest::{prop_assert_eq, proptest};

    use super::*;
    use crate::carddav::request::xml;

    fn escaped(text: &str) -> String {
        let mut out = Vec::new();
        escape(text.as_bytes(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn text_is_escaped() {
        assert_eq!(escaped("a<b>&\r\nü\u{1}\u{ffff}\tx"), "a&lt;b&gt;&amp;&#13;\nü\u{fffd}\tx");
    }

    #[test]
    fn a_row_of_a_status_alone() {
        let mut out = Vec::new();
        status_row("/a&b", StatusCode::NOT_FOUND, &mut out);
        let expected =
            "<response><href>/a&amp;b</href><status>HTTP/1.1 404 Not Found</status></response>\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    proptest! {
        #[test]
        fn what_is_escaped_reads_back(text in "[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\u{fffe}\u{ffff}]{0,50}") {
            let body = format!("<a>{}</a>", escaped(&text));
            prop_assert_eq!(xml::read(body.as_bytes()).unwrap().unwrap().text, text);
        }
    }
}
