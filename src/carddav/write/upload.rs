//! Cards that come: PUT, POST to a book (RFC 5995), and the card as it is afterwards (RFC 8144 3).

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use hyper::header::{
    ACCEPT, CONTENT_LENGTH, CONTENT_LOCATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue,
    LOCATION,
};
use hyper::{Method, Response, StatusCode};

use crate::carddav::answer::error::{Condition, Refusal};
use crate::carddav::answer::value::CARD_BYTES_MAX;
use crate::carddav::book::allow::not_allowed;
use crate::carddav::book::path::Resource;
use crate::carddav::book::view::Session;
use crate::carddav::card::{self, Place};
use crate::carddav::request::body::collect;
use crate::carddav::request::precondition::{Conditions, Seen};
use crate::carddav::request::prefer::{Preferences, applied_in};
use crate::carddav::write::put;
use crate::directory::new_id;
use crate::http::Body;

/// PUT of a card.
pub(crate) async fn put<B>(
    session: &Arc<Session>,
    resource: &Resource,
    headers: &HeaderMap,
    body: B,
) -> Result<Response<Body>, Refusal>
where
    B: hyper::body::Body<Data = Bytes> + Send,
    B::Error: fmt::Display,
{
    let Some(place) = Place::of(resource) else {
        return Err(if session.sees(resource) {
            not_allowed(session, resource)
        } else {
            Refusal::not_found()
        });
    };
    let answer = store(session, &place, headers, body).await;
    represented(session, &place, headers, answer).await
}

/// POST to a book: a card under a name of ours.
pub(crate) async fn add_member<B>(
    session: &Arc<Session>,
    resource: &Resource,
    headers: &HeaderMap,
    body: B,
) -> Result<Response<Body>, Refusal>
where
    B: hyper::body::Body<Data = Bytes> + Send,
    B::Error: fmt::Display,
{
    if !session.sees(resource) {
        return Err(Refusal::not_found());
    }
    let Resource::Book(home, book) = resource else { return Err(not_allowed(session, resource)) };
    // Conditions are about the book: of the card there is nothing yet.
    Conditions::of(headers)?.check_collection(true, &Seen { session, resource })?;
    let headers = only(headers, &[CONTENT_TYPE, CONTENT_LENGTH, ACCEPT, PREFER]);
    let name = format!("{}.vcf", new_id()).into_boxed_str();
    let place = Place { home: home.clone(), book: *book, name };
    let answer = store(session, &place, &headers, body).await;
    let mut response = represented(session, &place, &headers, answer).await?;
    if let Ok(href) = HeaderValue::try_from(place.href(session)) {
        response.headers_mut().insert(LOCATION, href);
    }
    Ok(response)
}

const PREFER: HeaderName = HeaderName::from_static("prefer");

fn only(headers: &HeaderMap, names: &[HeaderName]) -> HeaderMap {
    let kept = headers.iter().filter(|(name, _)| names.contains(name));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

async fn store<B>(
    session: &Arc<Session>,
    place: &Place,
    headers: &HeaderMap,
    body: B,
) -> Result<Response<Body>, Refusal>
where
    B: hyper::body::Body<Data = Bytes> + Send,
    B::Error: fmt::Display,
{
    // Who is told that a refused write is done must be able to send it.
    let refused = match put::may_put(session, place, headers) {
        Err(refusal) if session.takes_for_done(&refusal) => Some(refusal),
        other => other.map(|()| None)?,
    };
    let text = format!("a card has at most {CARD_BYTES_MAX} bytes");
    let too_large = || Refusal::violated(Condition::MaxResourceSize, text);
    let bytes = collect(headers, body, CARD_BYTES_MAX).await?.ok_or_else(too_large)?;
    let answer = match refused {
        Some(refusal) => Err(refusal),
        None => put::put(session, place, headers, bytes).await,
    };
    put::or_revert(session, &[place], answer).await
}

/// The answer to a write with the card in it, where the client prefers that: after success, and also
/// where its condition did not hold, so that it sees what it did not know.
async fn represented(
    session: &Arc<Session>,
    place: &Place,
    headers: &HeaderMap,
    answer: Result<Response<Body>, Refusal>,
) -> Result<Response<Body>, Refusal> {
    if !Preferences::of(headers).representation {
        return answer;
    }
    let status = match &answer {
        Ok(response) if response.status() == StatusCode::CREATED => StatusCode::CREATED,
        Ok(_) => StatusCode::OK,
        Err(refusal) if refusal.status == StatusCode::PRECONDITION_FAILED => refusal.status,
        Err(_) => return answer,
    };
    let Some(now) = session.renewed().map(Arc::new) else { return answer };
    let asked = only(headers, &[ACCEPT]);
    let Ok(mut card) = card::get(&now, place, &Method::GET, &asked).await else { return answer };
    *card.status_mut() = status;
    if let Ok(href) = HeaderValue::try_from(place.href(session)) {
        card.headers_mut().insert(CONTENT_LOCATION, href);
    }
    applied_in(&mut card, "return=representation");
    Ok(card)
}
