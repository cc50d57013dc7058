//! REPORT: many cards by their hrefs, by what is in them, and what changed since a client asked last.

use std::sync::Arc;

use hyper::header::HeaderMap;
use hyper::{Response, StatusCode};

use crate::carddav::answer::error::{Condition, Refusal};
use crate::carddav::answer::multistatus::{self, BEGIN, END, status_row};
use crate::carddav::answer::row::{Data, Plan};
use crate::carddav::answer::stream;
use crate::carddav::book::path::Resource;
use crate::carddav::book::view::{Session, View};
use crate::carddav::report::query::{Query, Scope};
use crate::carddav::request::address_data::AddressData;
use crate::carddav::request::depth::Depth;
use crate::carddav::request::elements::{Report, Wanted, bad_request};
use crate::carddav::request::prefer::Preferences;
use crate::http::Body;

pub(crate) mod expand;
pub(crate) mod filter;
pub(crate) mod implied;
pub(crate) mod matching;
pub(crate) mod principal_report;
pub(crate) mod principal_search;
pub(crate) mod query;
pub(crate) mod sync;
pub(crate) mod text_match;
pub(crate) mod token;

pub(crate) async fn report(
    session: Arc<Session>,
    resource: Resource,
    headers: &HeaderMap,
    report: Report,
) -> Result<Response<Body>, Refusal> {
    let depth = Depth::of(headers)?;
    let view = match &resource {
        Resource::Book(id, book) | Resource::Card(id, book, _) => session.book(id, *book),
        resource if session.sees(resource) => {
            let text = "address books alone answer reports";
            return Err(Refusal::violated(Condition::SupportedReport, text));
        }
        _ => None,
    };
    let view = view.filter(|_| session.sees(&resource)).ok_or_else(Refusal::not_found)?;
    let preferences = Preferences::of(headers);
    let body = match report {
        // Clients send any Depth or none; the hrefs say what is meant.
        Report::Multiget { wanted, data, hrefs } => {
            multiget(view, (wanted, data), hrefs, preferences).await
        }
        Report::Query { wanted, data, filter, limit } => {
            let scope = Scope::of(&resource, depth);
            let query = Query::new(&view, filter.as_ref(), limit)?;
            query::answer(view, (wanted, data), (query, scope), preferences).await
        }
        Report::SyncCollection { wanted, data, token, limit } => {
            // Clients send 0, 1 or no Depth for the same report.
            if depth == Some(Depth::Infinity) {
                return Err(bad_request("the Depth of a sync-collection is 0 or 1"));
            }
            if matches!(resource, Resource::Card(..)) || view.is_directory() {
                let text = "a sync-collection is asked of an address book";
                return Err(Refusal::violated(Condition::SupportedReport, text));
            }
            let since = sync::since(&view, &token)?;
            let request = sync::Request { since, limit };
            sync::collection(view, (wanted, data), request, preferences).await
        }
    };
    let mut response = multistatus::response(body);
    preferences.tell(&mut response);
    Ok(response)
}

/// One row for each href, under the href as the client wrote it (RFC 6352 8.7).
async fn multiget(
    view: View,
    (wanted, data): (Wanted, AddressData),
    hrefs: Vec<Box<str>>,
    preferences: Preferences,
) -> Body {
    let write = move |mut sink: stream::Sink| async move {
        let plan = Plan::new(&view, &wanted, preferences.missing, Data::Given(data));
        let sight = view.session.sight();
        let find = |name: &str| view.find_by(sight.as_ref()?, name);
        sink.buffer.extend_from_slice(BEGIN);
        for href in &hrefs {
            match target(&view, href).and_then(|name| find(&name)) {
                Some(row) => plan.row_as(&view, row.contact(), href, &mut sink.buffer).await,
                None => status_row(href, StatusCode::NOT_FOUND, &mut sink.buffer),
            }
            sink.row_done().await;
        }
        sink.buffer.extend_from_slice(END);
        sink
    };
    stream::body(write).await
}

/// The name of the card that an href means, if it is in this book.
fn target(view: &View, href: &str) -> Option<Box<str>> {
    match Resource::of_href(href, &*view.session)? {
        Resource::Card(id, book, name) => (id == view.home && book == view.book).then_some(name),
        _ => None,
    }
}
