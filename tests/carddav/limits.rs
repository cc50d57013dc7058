//! Limits: XML bombs, large bodies, large cards.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame};

use crate::world::{PERSONAL, World, card};

#[tokio::test]
async fn xml_bombs_are_refused() {
    let world = World::new().await;
    let laughs = "<!DOCTYPE x [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;\">]>\
        <propfind xmlns=\"DAV:\"><prop>&b;</prop></propfind>";
    let file =
        "<!DOCTYPE x SYSTEM \"file:///etc/passwd\"><propfind xmlns=\"DAV:\"><prop/></propfind>";
    let deep = format!("{}{}", "<a xmlns=\"DAV:\">".repeat(60), "</a>".repeat(60));
    let unbound = "<x:propfind><x:prop/></x:propfind>".to_owned();
    for body in [laughs.to_owned(), file.to_owned(), deep, unbound, "<propfind".to_owned()] {
        for method in ["PROPFIND", "REPORT", "PROPPATCH"] {
            let answer =
                world.send("204", &format!("{method} {PERSONAL}\nDepth: 0\n\n{body}")).await;
            assert_eq!(answer.status, 400, "{method} {body:.60}");
            assert!(!answer.text().contains("root:"));
        }
    }
    let binary = world.send_bytes("204", "PROPFIND /dav/\nDepth: 0", vec![0xff; 20]).await;
    assert_eq!(binary.status, 400);
}

#[tokio::test]
async fn a_report_has_a_megabyte_at_most() {
    let world = World::new().await;
    let large = format!("<sync-collection xmlns=\"DAV:\">{}", " ".repeat(1 << 20));
    let answer = world.send("204", &format!("REPORT {PERSONAL}\n\n{large}")).await;
    assert_eq!(answer.status, 413);
}

#[tokio::test]
async fn a_card_has_ten_megabytes_at_most() {
    let world = World::new().await;
    let photo = |bytes: usize| {
        card("a", "A").replace("END:", &format!("PHOTO;ENCODING=b:{}\r\nEND:", "A".repeat(bytes)))
    };
    let answer = world.send("204", &format!("PUT {PERSONAL}a.vcf\n\n{}", photo(9 << 20))).await;
    assert_eq!(answer.status, 201);
    let too_large = photo(10 << 20);
    for length in ["", &format!("Content-Length: {}", too_large.len())] {
        let request = format!("PUT {PERSONAL}a.vcf\n{length}\n\n{too_large}");
        let answer = world.send("204", &request).await;
        assert_eq!(answer.status, 403);
        assert!(answer.text().contains("<C:max-resource-size/>"));
    }
    let answer = world.send("204", &format!("GET {PERSONAL}a.vcf")).await;
    assert_eq!(answer.body.len(), photo(9 << 20).len());
}

/// A body that goes on for ever, or breaks.
enum Odd {
    Endless,
    Broken,
}

impl Body for Odd {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        Poll::Ready(Some(match *self {
            Self::Endless => Ok(Frame::data(vec![b'x'; 1 << 20].into())),
            Self::Broken => Err(std::io::Error::other("cut")),
        }))
    }
}

#[tokio::test]
async fn a_body_that_never_ends_is_cut_off() {
    let world = World::new().await;
    for (method, body, status) in [
        ("PUT", Odd::Endless, 403),
        ("PUT", Odd::Broken, 400),
        ("PROPFIND", Odd::Endless, 413),
        ("REPORT", Odd::Broken, 400),
    ] {
        let principal = Some(world.principal("204"));
        let answer = world.send_body(principal, &format!("{method} {PERSONAL}a.vcf"), body).await;
        assert_eq!(answer.status.as_u16(), status, "{method}");
    }
}
