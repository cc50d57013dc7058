//! A book with very many cards: it is sent whole, a piece at a time, and changes cost what they are.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use ringbook::contact::card::{CardBuilder, Field};
use ringbook::contact::{Book, ContactId};
use ringbook::directory::{Edit, new_id};
use ringbook::http::Caller;

use crate::world::{PERSONAL, World, cpu_time, draft, sync_request};
use crate::xml::multistatus;

const CARDS: usize = 100_000;
const CHANGES: usize = 10;
/// The largest piece of an answer that is made at once; a row is never cut.
const PIECE_BYTES_MAX: usize = 40 << 10;

fn put(world: &World, id: ContactId, name: &str) -> Edit {
    let mut card = CardBuilder::default();
    card.push(Field::FormattedName, name);
    Edit::PutContact { id, draft: draft(Book::Personal(world.user("204").id), card) }
}

/// The pieces of an answer, as the connection gets them.
async fn pieces(world: &World, request: &str) -> Vec<Bytes> {
    let (head, body) = request.split_once("\n\n").unwrap();
    let path = head.lines().next().unwrap().split_once(' ').unwrap().1;
    let body = Full::new(Bytes::from(body.to_owned()));
    let request = Request::builder().method("REPORT").uri(path).header("Depth", "1");
    let peer = SocketAddr::from((Ipv4Addr::LOCALHOST, 40_000));
    let caller = Caller { principal: Some(world.principal("204")), peer, secure: true };
    let answer = world.answer(request.body(body).unwrap(), caller).await;
    assert_eq!(answer.status(), 207);
    let (mut body, mut pieces) = (answer.into_body(), Vec::new());
    while let Some(frame) = body.frame().await {
        pieces.push(frame.unwrap().into_data().unwrap());
    }
    pieces
}

/// The CPU time of a sync at best of a few, and how many rows it has.
async fn sync(world: &World, token: &str) -> (Duration, usize, String) {
    let mut best = Duration::MAX;
    let mut answer = None;
    for _ in 0..3 {
        let begun = cpu_time();
        answer = Some(world.send("204", &sync_request(PERSONAL, token, "")).await);
        best = best.min(cpu_time() - begun);
    }
    let answer = answer.unwrap().rows();
    (best, answer.rows.len(), answer.token)
}

#[tokio::test]
async fn a_hundred_thousand_cards_come_whole_and_ten_changes_cost_ten() {
    let world = World::new().await;
    let ids: Vec<ContactId> = (0..CARDS).map(|_| new_id()).collect();
    for some in ids.chunks(CARDS / 4) {
        world.commit(some.iter().map(|id| put(&world, *id, "Contact")).collect()).await;
    }
    let pieces = pieces(&world, &sync_request(PERSONAL, "", "")).await;
    let longest = pieces.iter().map(Bytes::len).max().unwrap();
    assert!(longest <= PIECE_BYTES_MAX, "{longest}");
    let whole = multistatus(&String::from_utf8(pieces.concat()).unwrap());
    assert_eq!(whole.rows.len(), CARDS);
    for id in ids.iter().step_by(CARDS / CHANGES) {
        world.commit(vec![put(&world, *id, "Changed")]).await;
    }
    let (all, rows, _) = sync(&world, "").await;
    assert_eq!(rows, CARDS);
    let (ten, rows, token) = sync(&world, &whole.token).await;
    assert_eq!(rows, CHANGES);
    // Ten rows of a hundred thousand, and what a request costs anyway.
    assert!(ten < all / 50, "{ten:?} for {CHANGES} changes, {all:?} for {CARDS} cards");
    let (none, rows, _) = sync(&world, &token).await;
    assert_eq!(rows, 0);
    assert!(none < all / 50, "{none:?} for no change");
}
