//! Which methods a resource answers: OPTIONS, 405 and 501.

use std::sync::Arc;

use hyper::header::{ALLOW, HeaderValue};
use hyper::{Method, Response, StatusCode};

use crate::carddav::answer::error::{Condition, Refusal};
use crate::carddav::book::path::Resource;
use crate::carddav::book::view::Session;
use crate::http::Body;
use crate::http::answer::empty;

/// What is announced is what works: no locks (class 2).
const CLASSES: &str = "1, 3, access-control, addressbook, extended-mkcol";

/// Methods that other servers have. All others are not even known (501).
const KNOWN: &[&str] = &[
    "ACL",
    "BIND",
    "CONNECT",
    "LOCK",
    "MKADDRESSBOOK",
    "MKCALENDAR",
    "MKCOL",
    "ORDERPATCH",
    "PATCH",
    "POST",
    "PUT",
    "REBIND",
    "SEARCH",
    "TRACE",
    "UNBIND",
    "UNLOCK",
];

pub(crate) fn options(
    session: &Arc<Session>,
    resource: &Resource,
) -> Result<Response<Body>, Refusal> {
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

/// The methods of a resource.
fn allowed(session: &Arc<Session>, resource: &Resource) -> &'static str {
    let writable = |id: &str, book| session.book(id, book).is_some_and(|v| v.writable().is_some());
    let changeable =
        |id: &str, book, name: &str| session.book(id, book).is_some_and(|v| v.may_change(name));
    match resource {
        // Evolution takes a book without PUT and DELETE for read-only.
        Resource::Book(id, book) if writable(id, *book) => {
            "OPTIONS, GET, HEAD, POST, PUT, DELETE, PROPFIND, PROPPATCH, REPORT"
        }
        Resource::Card(id, book, name) if changeable(id, *book, name) => {
            "OPTIONS, GET, HEAD, PUT, DELETE, COPY, MOVE, PROPFIND, PROPPATCH, REPORT"
        }
        Resource::Card(..) => "OPTIONS, GET, HEAD, COPY, PROPFIND, PROPPATCH, REPORT",
        _ => "OPTIONS, GET, HEAD, PROPFIND, PROPPATCH, REPORT",
    }
}

/// The refusal of a method that this resource does not answer.
pub(crate) fn not_allowed(session: &Arc<Session>, resource: &Resource) -> Refusal {
    let allowed = allowed(session, resource);
    Refusal::plain(StatusCode::METHOD_NOT_ALLOWED, format!("the methods here are {allowed}"))
        .with_allow(allowed)
}

/// The refusal of a method that no resource answers.
pub(crate) fn not_answered(
    session: &Arc<Session>,
    resource: &Resource,
    method: &Method,
) -> Refusal {
    let refusal = not_allowed(session, resource);
    match KNOWN.contains(&method.as_str()) {
        true => refusal,
        false => refusal.with_status(StatusCode::NOT_IMPLEMENTED),
    }
}

/// ACL (RFC 3744 8.1): who reads and writes follows from the organization's settings.
pub(crate) fn acl(session: &Arc<Session>, resource: &Resource) -> Refusal {
    if !session.sees(resource) {
        return Refusal::not_found();
    }
    let condition =
        Condition::NeedPrivileges { href: resource.href(&**session), privilege: "write-acl" };
    Refusal::violated(condition, "rights are not changed over CardDAV")
}
