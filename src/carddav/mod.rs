//! The CardDAV door (RFC 6352): a request in, a response out, no sockets.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION,
};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, StatusCode};

use crate::auth::Who;
use crate::carddav::card::Place;
use crate::carddav::error::{Condition, Refusal};
use crate::carddav::path::{ROOT, Resource};
use crate::carddav::value::CARD_BYTES_MAX;
use crate::carddav::view::{Client, Session};
use crate::carddav::xml::Element;
use crate::directory::Directory;
use crate::http::answer::{empty, full};
use crate::http::{Answer, Body, Caller, Mount};

mod card;
mod content;
mod elements;
mod error;
mod favorites;
mod group_card;
mod history;
mod if_header;
mod layout;
mod merged;
mod multistatus;
mod path;
mod photo;
mod precondition;
mod property;
mod propfind;
mod report;
mod row;
mod stream;
mod sync;
mod token;
mod value;
mod view;
mod write;
mod xml;

/// Larger XML bodies are refused.
const XML_BYTES_MAX: usize = 1 << 20;
/// What is announced is what works: no locks (class 2), no MKCOL.
const CLASSES: &str = "1, 3, access-control, addressbook";

/// Answers for `/.well-known/carddav` and everything under `/dav`.
pub struct Handler {
    directory: Arc<Directory>,
}

impl Mount for Handler {
    fn handle(&self, request: Request<Incoming>, caller: Caller) -> Answer<'_> {
        Box::pin(self.answer(request, caller))
    }
}

impl Handler {
    pub fn new(directory: Arc<Directory>) -> Self {
        Self { directory }
    }

    /// Answers one request. The body is read up to what its method allows.
    pub async fn answer<B>(&self, request: Request<B>, caller: Caller) -> Response<Body>
    where
        B: hyper::body::Body<Data = Bytes> + Send,
        B::Error: fmt::Display,
    {
        let (parts, body) = request.into_parts();
        if path::is_well_known(parts.uri.path()) {
            return redirect();
        }
        let session = match self.session(&caller, &parts.headers) {
            Ok(session) => Arc::new(session),
            Err(refusal) => return refusal.into_response(),
        };
        let resource = Resource::at(parts.uri.path(), session.user.id);
        let Some(resource) = resource else { return nowhere(&parts.method).into_response() };
        let answer = dispatch(session, resource, &parts, body).await;
        answer.unwrap_or_else(Refusal::into_response)
    }

    /// The signed-in user, whose account is looked up anew for every request.
    fn session(&self, caller: &Caller, headers: &HeaderMap) -> Result<Session, Refusal> {
        let nobody = || Refusal::plain(StatusCode::UNAUTHORIZED, "sign in with name and password");
        let principal = caller.principal.clone().ok_or_else(nobody)?;
        match principal.who {
            Who::User(_) => {}
            Who::Anonymous => return Err(nobody()),
            Who::Phone(_) | Who::Token(_) => {
                let text = "only users have address books here";
                return Err(Refusal::plain(StatusCode::FORBIDDEN, text));
            }
        }
        Session::new(&self.directory, principal, Client::of(headers)).ok_or_else(nobody)
    }
}

async fn dispatch<B>(
    session: Arc<Session>,
    resource: Resource,
    parts: &Parts,
    body: B,
) -> Result<Response<Body>, Refusal>
where
    B: hyper::body::Body<Data = Bytes> + Send,
    B::Error: fmt::Display,
{
    let headers = &parts.headers;
    match parts.method.as_str() {
        "OPTIONS" => options(&session, &resource),
        "GET" | "HEAD" => get(&session, &resource, parts).await,
        "PUT" => put(&session, resource, headers, body).await,
        "DELETE" => delete(&session, resource, headers).await,
        "PROPFIND" => {
            let body = xml_body(headers, body).await?;
            let wanted = elements::propfind(body.as_ref())?;
            if matches!(resource, Resource::Principal(_)) {
                session.remember_layout().await;
            }
            propfind::propfind(session, resource, headers, wanted).await
        }
        "PROPPATCH" => {
            let body = xml_body(headers, body).await?;
            propfind::proppatch(&session, &resource, &elements::proppatch(body.as_ref())?)
        }
        "REPORT" => {
            let body = xml_body(headers, body).await?;
            report::report(session, resource, headers, elements::report(body.as_ref())?).await
        }
        "MKCOL" if session.sees(&resource) => Err(not_allowed(&session, &resource)),
        "MKCOL" | "COPY" | "MOVE" | "ACL" => Err(not_offered()),
        _ => Err(not_allowed(&session, &resource)),
    }
}

fn not_offered() -> Refusal {
    let text = "collections and cards are neither made nor moved by this method here";
    Refusal::plain(StatusCode::FORBIDDEN, text)
}

/// The refusal at a path where nothing can ever be.
fn nowhere(method: &Method) -> Refusal {
    match method.as_str() {
        "MKCOL" => not_offered(),
        _ => Refusal::not_found(),
    }
}

async fn get(
    session: &Arc<Session>,
    resource: &Resource,
    parts: &Parts,
) -> Result<Response<Body>, Refusal> {
    if let Some(place) = place(resource) {
        return card::get(session, &place, &parts.method, &parts.headers).await;
    }
    if !session.sees(resource) {
        return Err(Refusal::not_found());
    }
    let text = "This is a CardDAV server. Give the address of this host to a contacts program.\n";
    let body = if parts.method == Method::HEAD { empty() } else { full(text) };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(text.len()));
    Ok(response)
}

async fn put<B>(
    session: &Arc<Session>,
    resource: Resource,
    headers: &HeaderMap,
    body: B,
) -> Result<Response<Body>, Refusal>
where
    B: hyper::body::Body<Data = Bytes> + Send,
    B::Error: fmt::Display,
{
    let Some(place) = place(&resource) else {
        return Err(if session.sees(&resource) {
            not_allowed(session, &resource)
        } else {
            Refusal::not_found()
        });
    };
    // Who is told that a refused write is done must be able to send it.
    let refused = match write::may_put(session, &place, headers) {
        Err(refusal) if session.takes_for_done(&refusal) => Some(refusal),
        other => other.map(|()| None)?,
    };
    let text = format!("a card has at most {CARD_BYTES_MAX} bytes");
    let too_large = || Refusal::violated(Condition::MaxResourceSize, text);
    let bytes = collect(headers, body, CARD_BYTES_MAX).await?.ok_or_else(too_large)?;
    let answer = match refused {
        Some(refusal) => Err(refusal),
        None => write::put(session, &place, headers, bytes).await,
    };
    write::or_revert(session, &place, answer).await
}

async fn delete(
    session: &Arc<Session>,
    resource: Resource,
    headers: &HeaderMap,
) -> Result<Response<Body>, Refusal> {
    match place(&resource) {
        Some(place) => {
            let answer = write::delete(session, &place, headers).await;
            write::or_revert(session, &place, answer).await
        }
        None if session.sees(&resource) => {
            Err(Refusal::missing_privilege(session.home_href(), "unbind"))
        }
        None => Err(Refusal::not_found()),
    }
}

fn place(resource: &Resource) -> Option<Place> {
    match resource {
        Resource::Card(home, book, name) => {
            Some(Place { home: home.clone(), book: *book, name: name.clone() })
        }
        _ => None,
    }
}

/// RFC 6764 5: for any method, before anybody signs in.
fn redirect() -> Response<Body> {
    let mut response = Response::new(empty());
    *response.status_mut() = StatusCode::MOVED_PERMANENTLY;
    response.headers_mut().insert(LOCATION, HeaderValue::from_static(ROOT));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

fn options(session: &Arc<Session>, resource: &Resource) -> Result<Response<Body>, Refusal> {
    // Also where a card could be put.
    let possible = match resource {
        Resource::Card(id, book, _) => session.book(id, *book).is_some(),
        _ => false,
    };
    if !possible && !session.sees(resource) {
        return Err(Refusal::not_found());
    }
    let mut response = Response::new(empty());
    let headers = response.headers_mut();
    headers.insert("dav", HeaderValue::from_static(CLASSES));
    headers.insert(ALLOW, HeaderValue::from_static(allowed(session, resource)));
    Ok(response)
}

/// The methods of a resource. Evolution takes a book without PUT and DELETE for read-only.
fn allowed(session: &Arc<Session>, resource: &Resource) -> &'static str {
    let view = match resource {
        Resource::Book(id, book) | Resource::Card(id, book, _) => session.book(id, *book),
        _ => None,
    };
    match view.is_some_and(|view| view.writable().is_some()) {
        true => "OPTIONS, GET, HEAD, PUT, DELETE, PROPFIND, PROPPATCH, REPORT",
        false => "OPTIONS, GET, HEAD, PROPFIND, PROPPATCH, REPORT",
    }
}

fn not_allowed(session: &Arc<Session>, resource: &Resource) -> Refusal {
    let allowed = allowed(session, resource);
    Refusal::plain(StatusCode::METHOD_NOT_ALLOWED, format!("the methods here are {allowed}"))
        .with_allow(allowed)
}

/// An XML body; a larger one than allowed is 413.
async fn xml_body<B>(headers: &HeaderMap, body: B) -> Result<Option<Element>, Refusal>
where
    B: hyper::body::Body<Data = Bytes> + Send,
    B::Error: fmt::Display,
{
    let text = "the body is larger than a request of this kind may be";
    let too_large = || Refusal::plain(StatusCode::PAYLOAD_TOO_LARGE, text);
    let bytes = collect(headers, body, XML_BYTES_MAX).await?.ok_or_else(too_large)?;
    Ok(xml::read(&bytes)?)
}

/// The whole body; None where it is larger than allowed, which is found out as early as possible.
async fn collect<B>(headers: &HeaderMap, body: B, limit: usize) -> Result<Option<Vec<u8>>, Refusal>
where
    B: hyper::body::Body<Data = Bytes> + Send,
    B::Error: fmt::Display,
{
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > limit) {
        return Ok(None);
    }
    let mut body = std::pin::pin!(body);
    let mut bytes = Vec::with_capacity(announced.unwrap_or(1024));
    while let Some(frame) = body.frame().await {
        let broken = |error: B::Error| {
            let text = format!("the body did not arrive whole: {error}");
            Refusal::plain(StatusCode::BAD_REQUEST, text)
        };
        // Trailers say nothing here.
        let Ok(data) = frame.map_err(broken)?.into_data() else { continue };
        if bytes.len() + data.len() > limit {
            return Ok(None);
        }
        bytes.extend_from_slice(&data);
    }
    Ok(Some(bytes))
}
