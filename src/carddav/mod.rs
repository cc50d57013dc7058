//! The CardDAV door (RFC 6352): a request in, a response out, no sockets.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION,
};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, StatusCode};

use crate::auth::Who;
use crate::carddav::answer::error::Refusal;
use crate::carddav::book::allow;
use crate::carddav::book::path;
use crate::carddav::book::path::{ROOT, Resource};
use crate::carddav::book::view::{Client, Session};
use crate::carddav::card::Place;
use crate::carddav::report::expand;
use crate::carddav::report::principal_report::PrincipalReport;
use crate::carddav::report::principal_search;
use crate::carddav::request::body::{xml_body, xml_body_only};
use crate::carddav::request::elements;
use crate::carddav::request::xml::Element;
use crate::carddav::write::copy_move;
use crate::carddav::write::copy_move::Verb;
use crate::carddav::write::personal_book;
use crate::carddav::write::proppatch;
use crate::carddav::write::put;
use crate::carddav::write::upload;
use crate::directory::Directory;
use crate::http::answer::{empty, full};
use crate::http::{Answer, Body, Caller, Mount};

mod answer;
mod book;
mod card;
mod propfind;
mod report;
mod request;
mod write;

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
        if parts.method.as_str() == "MKCOL" {
            let answer = mkcol(&session, &parts, body).await;
            return answer.unwrap_or_else(Refusal::into_response);
        }
        let resource = Resource::at(parts.uri.path(), &*session);
        let Some(resource) = resource else { return Refusal::not_found().into_response() };
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
        "OPTIONS" => allow::options(&session, &resource),
        "GET" | "HEAD" => get(&session, &resource, parts).await,
        "PUT" => upload::put(&session, &resource, headers, body).await,
        "POST" => upload::add_member(&session, &resource, headers, body).await,
        "COPY" => copy_move::transfer(&session, &resource, parts, Verb::Copy).await,
        "MOVE" => copy_move::transfer(&session, &resource, parts, Verb::Move).await,
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
            proppatch::proppatch(&session, &resource, headers, body.as_ref()).await
        }
        "REPORT" => {
            let body = xml_body(headers, body).await?;
            answer_report(session, resource, headers, body.as_ref()).await
        }
        "ACL" => Err(allow::acl(&session, &resource)),
        _ => Err(allow::not_answered(&session, &resource, &parts.method)),
    }
}

/// Reports about any resource, and those about address books.
async fn answer_report(
    session: Arc<Session>,
    resource: Resource,
    headers: &HeaderMap,
    body: Option<&Element>,
) -> Result<Response<Body>, Refusal> {
    if let Some(wanted) = body.map(expand::of).transpose()?.flatten() {
        return expand::answer(&session, &resource, headers, &wanted).await;
    }
    if let Some(report) = body.map(PrincipalReport::of).transpose()?.flatten() {
        return principal_search::answer(&session, &resource, headers, &report).await;
    }
    report::report(session, resource, headers, elements::report(body)?).await
}

/// MKCOL is of a path where nothing is yet.
async fn mkcol<B>(session: &Arc<Session>, parts: &Parts, body: B) -> Result<Response<Body>, Refusal>
where
    B: hyper::body::Body<Data = Bytes> + Send,
    B::Error: fmt::Display,
{
    let body = xml_body_only(&parts.headers, body).await?;
    personal_book::make(session, parts.uri.path(), &parts.headers, body.as_ref()).await
}

async fn get(
    session: &Arc<Session>,
    resource: &Resource,
    parts: &Parts,
) -> Result<Response<Body>, Refusal> {
    if let Some(place) = Place::of(resource) {
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

async fn delete(
    session: &Arc<Session>,
    resource: Resource,
    headers: &HeaderMap,
) -> Result<Response<Body>, Refusal> {
    match Place::of(&resource) {
        Some(place) => {
            let answer = put::delete(session, &place, headers).await;
            put::or_revert(session, &[&place], answer).await
        }
        None => personal_book::remove(session, &resource, headers).await,
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
