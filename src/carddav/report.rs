//! REPORT: many cards by their hrefs, and what changed since a client asked last.

use std::sync::Arc;

use hyper::header::HeaderMap;
use hyper::{Response, StatusCode};

use crate::carddav::elements::{Report, Wanted};
use crate::carddav::error::{Condition, Refusal};
use crate::carddav::multistatus::{self, BEGIN, END, status_row};
use crate::carddav::path::Resource;
use crate::carddav::prefer::Preferences;
use crate::carddav::row::{Data, Plan};
use crate::carddav::stream;
use crate::carddav::sync;
use crate::carddav::view::{Session, View};
use crate::http::Body;

pub(crate) async fn report(
    session: Arc<Session>,
    resource: Resource,
    headers: &HeaderMap,
    report: Report,
) -> Result<Response<Body>, Refusal> {
    // Clients send 0, 1 or no Depth for the same report.
    let depth = headers.get("depth").map(|value| value.as_bytes());
    if depth.is_some_and(|depth| depth.eq_ignore_ascii_case(b"infinity")) {
        return Err(Refusal::plain(StatusCode::BAD_REQUEST, "Depth is 0 or 1"));
    }
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
        Report::Multiget { wanted, hrefs } => multiget(view, wanted, hrefs, preferences).await,
        Report::SyncCollection { wanted, token, limit } => {
            if matches!(resource, Resource::Card(..)) {
                let text = "a sync-collection is asked of an address book";
                return Err(Refusal::violated(Condition::SupportedReport, text));
            }
            let since = sync::since(&view, &token)?;
            sync::collection(view, wanted, sync::Request { since, limit }, preferences).await
        }
    };
    let mut response = multistatus::response(body);
    preferences.tell(&mut response);
    Ok(response)
}

/// One row for each href, under the href as the client wrote it (RFC 6352 8.7).
async fn multiget(
    view: View,
    wanted: Wanted,
    hrefs: Vec<Box<str>>,
    preferences: Preferences,
) -> Body {
    let write = move |mut sink: stream::Sink| async move {
        let plan = Plan::new(&view, &wanted, preferences.missing, Data::Given);
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
