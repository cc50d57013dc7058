//! Writing: PUT and DELETE, their conditions, and every refusal with its body.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame};
use ringbook::account::Role;
use ringbook::directory::{Edit, Request};

use crate::world::{PEOPLE, PERSONAL, SHARED, World, card};
use crate::xml::parse;

/// The condition in an error body: its name, and what is in it.
fn condition(text: &str) -> (String, String) {
    let error = parse(text);
    assert_eq!(error.name, "D:error");
    (error.children[0].name.clone(), error.children[0].value())
}

#[tokio::test]
async fn a_card_is_kept_to_the_byte() {
    let world = World::new().await;
    let body = "BEGIN:VCARD\nVERSION:3.0\nuid:a\nfn:A\nITEM1.X-ABLABEL:x\nEND:VCARD";
    let etag = world.put("a.vcf", body).await;
    let answer = world.send("204", &format!("GET {PERSONAL}a.vcf")).await;
    assert_eq!((answer.text().as_str(), answer.header("etag")), (body, etag.as_str()));
}

#[tokio::test]
async fn creating_and_replacing_are_told_apart() {
    let world = World::new().await;
    let put = |name: &'static str| {
        let body = card("a", name);
        let world = &world;
        async move { world.send("204", &format!("PUT {PERSONAL}a.vcf\n\n{body}")).await }
    };
    let (first, second) = (put("One").await, put("Two").await);
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (201, 204));
    assert_ne!(first.header("etag"), second.header("etag"));
    let same = put("Two").await;
    assert_eq!(same.header("etag"), second.header("etag"), "nothing changed, nothing moves");
}

#[tokio::test]
async fn conditions_are_kept() {
    let world = World::new().await;
    let etag = world.put("a.vcf", &card("a", "A")).await;
    let put = |name: &'static str, condition: String| {
        let body = card(name, "B");
        let world = &world;
        async move {
            let request = format!("PUT {PERSONAL}{name}.vcf\n{condition}\n\n{body}");
            world.send("204", &request).await.status.as_u16()
        }
    };
    assert_eq!(put("a", "If-None-Match: *".into()).await, 412);
    assert_eq!(put("a", "If-Match: \"other\"".into()).await, 412);
    assert_eq!(put("a", format!("If-Match: W/{etag}")).await, 412);
    assert_eq!(put("b", format!("If-Match: {etag}")).await, 412);
    assert_eq!(put("b", "If-Match: *".into()).await, 412);
    assert_eq!(put("a", "If: ([\"other\"])".into()).await, 412);
    assert_eq!(put("a", "If: nonsense".into()).await, 400);
    assert_eq!(put("a", format!("If: (<urn:lost>) ([{etag}])")).await, 204);
    assert_eq!(put("a", format!("If-Match: \"other\", {etag}")).await, 412, "it moved on");
    assert_eq!(put("a", "If-Match: *".into()).await, 204);
    assert_eq!(put("b", "If-None-Match: *".into()).await, 201);
    let delete = |condition: String| {
        let world = &world;
        async move {
            let request = format!("DELETE {PERSONAL}a.vcf\n{condition}");
            world.send("204", &request).await.status.as_u16()
        }
    };
    assert_eq!(delete(format!("If-Match: {etag}")).await, 412);
    let token = world.sync(PERSONAL, "", "").await.token;
    assert_eq!(delete(format!("If: <{PERSONAL}> (Not <{token}>)")).await, 412);
    assert_eq!(delete(format!("If: <{PERSONAL}> (<{token}>)")).await, 204);
    assert_eq!(delete(String::new()).await, 404);
}

#[tokio::test]
async fn of_many_writers_with_one_tag_exactly_one_wins() {
    let world = Arc::new(World::new().await);
    let etag = world.put("a.vcf", &card("a", "A")).await;
    let writers: Vec<_> = (0..8)
        .map(|n| {
            let (world, etag) = (Arc::clone(&world), etag.clone());
            tokio::spawn(async move {
                let body = card("a", &format!("Writer {n}"));
                let request = format!("PUT {PERSONAL}a.vcf\nIf-Match: {etag}\n\n{body}");
                world.send("204", &request).await.status.as_u16()
            })
        })
        .collect();
    let mut outcomes = Vec::new();
    for writer in writers {
        outcomes.push(writer.await.unwrap());
    }
    outcomes.sort_unstable();
    assert_eq!(outcomes, [204, 412, 412, 412, 412, 412, 412, 412]);
}

#[tokio::test]
async fn writers_without_conditions_all_succeed() {
    let world = Arc::new(World::new().await);
    let writers: Vec<_> = (0..8)
        .map(|n| {
            let world = Arc::clone(&world);
            tokio::spawn(async move { world.put("a.vcf", &card("a", &format!("W {n}"))).await })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(world.propfind("204", PERSONAL, 1, "<D:getetag/>").await.rows.len(), 2);
}

#[tokio::test]
async fn what_is_no_card_is_refused_with_its_line() {
    let world = World::new().await;
    for (body, line) in [
        ("hello", "line 1"),
        ("BEGIN:VCARD\nVERSION:3.0\nFN:x\n", "line 3"),
        ("BEGIN:VCARD\nFN:x\nEND:VCARD", "line 3"),
        ("BEGIN:VCARD\nVERSION:3.0\nFN:x\nEND:VCARD\nBEGIN:VCARD\n", "line 5"),
        ("", "line 1"),
    ] {
        let answer = world.send("204", &format!("PUT {PERSONAL}a.vcf\n\n{body}")).await;
        assert_eq!(answer.status, 403, "{body}");
        assert_eq!(condition(&answer.text()).0, "C:valid-address-data");
        assert!(answer.text().contains(line), "{}", answer.text());
    }
    assert_eq!(world.send("204", &format!("GET {PERSONAL}a.vcf")).await.status, 404);
}

#[tokio::test]
async fn content_types_of_cards_are_many() {
    let world = World::new().await;
    for kind in [
        "text/vcard",
        "text/vcard; charset=utf-8",
        "text/vcard;version=4.0",
        "TEXT/VCARD; x=\"y;z\"",
        "text/x-vcard",
        "text/directory; profile=vcard",
        "application/x-www-form-urlencoded",
        "",
    ] {
        let request = format!("PUT {PERSONAL}a.vcf\nContent-Type: {kind}\n\n{}", card("a", "A"));
        assert!(world.send("204", &request).await.status.is_success(), "{kind}");
    }
    let request = format!("PUT {PERSONAL}a.vcf\nContent-Type: text/calendar\n\n{}", card("a", "A"));
    let answer = world.send("204", &request).await;
    assert_eq!(answer.status, 403);
    assert_eq!(condition(&answer.text()).0, "C:supported-address-data");
}

#[tokio::test]
async fn a_uid_belongs_to_one_card() {
    let world = World::new().await;
    world.put("a b.vcf".replace(' ', "%20").as_str(), &card("same", "A")).await;
    let expected = "D:href(/dav/homes/204.acme/personal/a%20b.vcf)";
    let conflict = |name: &'static str, uid: &'static str| {
        let body = card(uid, "B");
        let world = &world;
        async move { world.send("204", &format!("PUT {PERSONAL}{name}\n\n{body}")).await }
    };
    for (name, uid) in [("b.vcf", "same"), ("b.vcf", "urn:uuid:same"), ("a%20b.vcf", "other")] {
        let answer = conflict(name, uid).await;
        assert_eq!(answer.status, 403, "{name} {uid}");
        let found = condition(&answer.text());
        assert_eq!(found, ("C:no-uid-conflict".to_owned(), expected.to_owned()));
    }
    assert_eq!(conflict("a%20b.vcf", "urn:uuid:same").await.status, 204);
}

#[tokio::test]
async fn a_card_without_a_uid_is_taken() {
    let world = World::new().await;
    let bare = "BEGIN:VCARD\nVERSION:3.0\nFN:A\nEND:VCARD\n";
    world.put("a.vcf", bare).await;
    world.put("b.vcf", bare).await;
    world.put("a.vcf", &card("now-it-has-one", "A")).await;
    world.put("a.vcf", bare).await;
    assert_eq!(world.send("204", &format!("GET {PERSONAL}a.vcf")).await.text(), bare);
}

#[tokio::test]
async fn who_may_not_write_is_told_which_privilege_is_missing() {
    let world = World::new().await;
    let ben = format!("{}.vcf", world.user("205").id);
    let supplier = "00000000-0000-4000-8000-000000000001.vcf";
    let check = |request: String, href: String, privilege: &'static str| {
        let world = &world;
        async move {
            // People are read-only for administrators too.
            let everybody = ["204", "200"];
            let users = if request.contains("/shared/") { &everybody[..1] } else { &everybody };
            for who in users {
                let request = request.replace("204.acme", &format!("{who}.acme"));
                let href = href.replace("204.acme", &format!("{who}.acme"));
                let answer = world.send(who, &request).await;
                assert_eq!(answer.status, 403, "{request}");
                let expected = format!("D:resource(D:href({href}) D:privilege(D:{privilege}))");
                let found = condition(&answer.text());
                assert_eq!(found, ("D:need-privileges".to_owned(), expected));
            }
        }
    };
    let body = card("x", "X");
    check(format!("DELETE {PEOPLE}{ben}"), PEOPLE.into(), "unbind").await;
    check(format!("PUT {PEOPLE}{ben}\n\n{body}"), format!("{PEOPLE}{ben}"), "write-content").await;
    check(format!("PUT {PEOPLE}new.vcf\n\n{body}"), PEOPLE.into(), "bind").await;
    check(
        format!("PUT {SHARED}{supplier}\n\n{body}"),
        format!("{SHARED}{supplier}"),
        "write-content",
    )
    .await;
    check(format!("DELETE {PERSONAL}"), "/dav/homes/204.acme/".into(), "unbind").await;
    check("DELETE /dav/principals/204.acme/".into(), "/dav/homes/204.acme/".into(), "unbind").await;
}

#[tokio::test]
async fn a_card_made_elsewhere_keeps_its_uid() {
    let world = World::new().await;
    let path = "/dav/homes/200.acme/shared/00000000-0000-4000-8000-000000000001.vcf";
    let read = world.send("200", &format!("GET {path}")).await;
    let other = world.send("200", &format!("PUT {path}\n\n{}", card("x", "X"))).await;
    let href = format!("D:href({path})");
    assert_eq!(condition(&other.text()), ("C:no-uid-conflict".to_owned(), href));
    let edited = read.text().replace("Supplier", "Best supplier");
    let request = format!("PUT {path}\nIf-Match: {}\n\n{edited}", read.header("etag"));
    let put = world.send("200", &request).await;
    assert_eq!(put.status, 204);
    let again = world.send("204", &format!("GET {}", path.replace("200.", "204."))).await;
    assert_eq!((again.text(), again.header("etag")), (edited, put.header("etag")));
}

/// A body whose sender loses the right to write while it arrives.
struct Slow(Arc<World>);

impl Body for Slow {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        let mut olga = self.0.user("200");
        if olga.role == Role::User {
            return Poll::Ready(None);
        }
        olga.role = Role::User;
        let (world, request) = (Arc::clone(&self.0), Request::one(Edit::PutUser(olga)));
        let taken = std::thread::spawn(move || world.directory.commit_blocking(request));
        taken.join().unwrap().unwrap();
        Poll::Ready(Some(Ok(Frame::data(card("x", "X").into()))))
    }
}

#[tokio::test]
async fn a_right_that_is_taken_away_while_the_card_comes_is_gone() {
    let world = Arc::new(World::new().await);
    let principal = Some(world.principal("200"));
    let slow = Slow(Arc::clone(&world));
    let answer = world.send_body(principal, "PUT /dav/homes/200.acme/shared/x.vcf", slow).await;
    assert_eq!(answer.status, 403, "{}", answer.text());
    assert_eq!(condition(&answer.text()).0, "D:need-privileges");
    assert_eq!(world.propfind("204", SHARED, 1, "<D:getetag/>").await.rows.len(), 2);
}

#[tokio::test]
async fn what_is_not_offered_is_refused() {
    let world = World::new().await;
    world.put("a.vcf", &card("a", "A")).await;
    for (request, status) in [
        (format!("MKCOL {PERSONAL}"), 405),
        (format!("LOCK {PERSONAL}a.vcf"), 405),
        (format!("TRACE {PERSONAL}a.vcf"), 405),
        (format!("POST {PERSONAL}a.vcf"), 405),
        (format!("POST {PEOPLE}"), 403),
        (format!("PUT {PERSONAL}"), 405),
        (format!("FROB {PERSONAL}"), 501),
        ("PUT /dav/homes/204.acme/personal/x/y.vcf".to_owned(), 404),
    ] {
        let answer = world.send("204", &request).await;
        assert_eq!(answer.status.as_u16(), status, "{request}");
        let told = matches!(status, 405 | 501);
        assert_eq!(told, !answer.header("allow").is_empty(), "{request}");
    }
}
