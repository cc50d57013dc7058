//! PROPFIND (RFC 4918 9.1) at depth 0 and 1.

use std::sync::Arc;

use hyper::Response;
use hyper::header::HeaderMap;

use crate::carddav::answer::error::{Condition, Refusal};
use crate::carddav::answer::multistatus::{self, BEGIN, END};
use crate::carddav::answer::place::Place;
use crate::carddav::answer::row::{Data, Missing, Plan};
use crate::carddav::answer::stream;
use crate::carddav::book::path::Resource;
use crate::carddav::book::view::{Session, View};
use crate::carddav::request::depth::Depth;
use crate::carddav::request::elements::Wanted;
use crate::carddav::request::prefer::Preferences;
use crate::http::Body;
use crate::http::answer::full;

/// A missing Depth means infinity (RFC 4918 9.1).
fn finite(headers: &HeaderMap) -> Result<Depth, Refusal> {
    match Depth::of(headers)? {
        None | Some(Depth::Infinity) => {
            let text = "Depth is 0 or 1, and must be told";
            Err(Refusal::violated(Condition::PropfindFiniteDepth, text))
        }
        Some(depth) => Ok(depth),
    }
}

pub(crate) async fn propfind(
    session: Arc<Session>,
    resource: Resource,
    headers: &HeaderMap,
    wanted: Wanted,
) -> Result<Response<Body>, Refusal> {
    let depth = finite(headers)?;
    let preferences = Preferences::of(headers);
    let body = match resource {
        Resource::Card(id, book, name) => {
            let view = session.book(&id, book).ok_or_else(Refusal::not_found)?;
            card(view, &name, &wanted, preferences.missing).await?
        }
        Resource::Book(id, book) => {
            let view = session.book(&id, book).ok_or_else(Refusal::not_found)?;
            self::book(view, depth, wanted, preferences).await
        }
        resource if session.sees(&resource) => {
            full(others(&session, &resource, depth, &wanted, preferences))
        }
        _ => return Err(Refusal::not_found()),
    };
    let mut response = multistatus::response(body);
    preferences.tell(&mut response);
    Ok(response)
}

async fn card(view: View, name: &str, wanted: &Wanted, missing: Missing) -> Result<Body, Refusal> {
    let row = view.find(name).ok_or_else(Refusal::not_found)?;
    let plan = Plan::new(&view, wanted, missing, Data::Unknown);
    let mut out = BEGIN.to_vec();
    plan.row(&view, row.contact(), &mut out).await;
    out.extend_from_slice(END);
    Ok(full(out))
}

async fn book(view: View, depth: Depth, wanted: Wanted, preferences: Preferences) -> Body {
    let write = move |mut sink: stream::Sink| async move {
        let missing = preferences.missing;
        sink.buffer.extend_from_slice(BEGIN);
        if depth != Depth::One || !preferences.without_root {
            Place::Book(&view).row(&wanted, missing, &mut sink.buffer);
        }
        // The directory looks empty: iOS wants no error, and no device is to keep a copy.
        if depth == Depth::One && !view.is_directory() {
            let plan = Plan::new(&view, &wanted, missing, Data::Unknown);
            for row in view.members() {
                plan.row(&view, row.contact(), &mut sink.buffer).await;
                sink.row_done().await;
            }
        }
        sink.buffer.extend_from_slice(END);
        sink
    };
    stream::body(write).await
}

/// The resources above the books: they are few.
fn others(
    session: &Arc<Session>,
    resource: &Resource,
    depth: Depth,
    wanted: &Wanted,
    preferences: Preferences,
) -> Vec<u8> {
    let mut out = BEGIN.to_vec();
    if depth != Depth::One || !preferences.without_root {
        Place::Other(session, resource).row(wanted, preferences.missing, &mut out);
    }
    if depth == Depth::One {
        match resource {
            Resource::Home(id) => {
                let books = session.listed_books(id).into_iter();
                for view in books.filter_map(|book| session.book(id, book)) {
                    Place::Book(&view).row(wanted, preferences.missing, &mut out);
                }
            }
            resource => {
                for child in children(session, resource) {
                    Place::Other(session, &child).row(wanted, preferences.missing, &mut out);
                }
            }
        }
    }
    out.extend_from_slice(END);
    out
}

/// What a collection above the homes lists: of users and homes only the asker's own.
fn children(session: &Session, resource: &Resource) -> Vec<Resource> {
    match resource {
        Resource::Top => vec![Resource::Root],
        Resource::Root => vec![Resource::Principals, Resource::Homes],
        Resource::Principals => vec![Resource::Principal(session.user.principal.clone())],
        Resource::Homes => vec![Resource::Home(session.home())],
        _ => Vec::new(),
    }
}
