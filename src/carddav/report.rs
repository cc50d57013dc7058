//! REPORT: many cards by their hrefs, by what is in them, and what changed since a client asked last.

use std::sync::Arc;

use hyper::header::HeaderMap;
use hyper::{Response, StatusCode};

use crate::carddav::address_data::AddressData;
use crate::carddav::depth::Depth;
use crate::carddav::elements::{Report, Wanted, bad_request};
use crate::carddav::error::{Condition, Refusal};
use crate::carddav::multistatus::{self, BEGIN, END, status_row};
use crate::carddav::path::{DIRECTORY, Resource};
use crate::carddav::prefer::Preferences;
use crate::carddav::query::{self, Query, Scope};
use crate::carddav::row::{Data, Plan};
use crate::carddav::stream;
use crate::carddav::sync::{self, Answer};
use crate::carddav::token::SyncToken;
use crate::carddav::view::{Client, Session, View};
use crate::http::Body;
use crate::index::BookChange;

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
            if matches!(resource, Resource::Card(..)) || view.is_directory {
                let text = "a sync-collection is asked of an address book";
                return Err(Refusal::violated(Condition::SupportedReport, text));
            }
            let since = since(&view, &token)?;
            let request = sync::Request { since, limit };
            sync_collection(view, (wanted, data), request, preferences).await
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
        Resource::Card(id, book, name) => {
            let home = if view.is_directory { DIRECTORY } else { &view.session.user.principal };
            (*id == *home && book == view.book).then_some(name)
        }
        _ => None,
    }
}

/// The client's place in the history; None at the beginning.
fn since(view: &View, token: &str) -> Result<Option<SyncToken>, Refusal> {
    if token.is_empty() {
        return Ok(None);
    }
    let text = "the sync token is not one of this address book";
    let refusal = || Refusal::violated(Condition::ValidSyncToken, text);
    SyncToken::parse(view, token).map(Some).ok_or_else(|| match view.session.client {
        // It takes any other status for a broken connection and is stuck with the token for ever.
        Client::Thunderbird => refusal().with_status(StatusCode::BAD_REQUEST),
        Client::Other => refusal(),
    })
}

async fn sync_collection(
    view: View,
    (wanted, data): (Wanted, AddressData),
    request: sync::Request,
    preferences: Preferences,
) -> Body {
    let write = move |mut sink: stream::Sink| async move {
        let plan = Plan::new(&view, &wanted, preferences.missing, Data::Given(data));
        sink.buffer.extend_from_slice(BEGIN);
        if request.is_everything() {
            for row in view.members() {
                plan.row(&view, row.contact(), &mut sink.buffer).await;
                sink.row_done().await;
            }
            end_sync(&SyncToken::current(&view), &mut sink.buffer);
            return sink;
        }
        let Answer { changes, token, is_cut } = sync::answer(&view, &request);
        for change in &changes {
            match change {
                BookChange::Put(_, row) => {
                    plan.row(&view, row.contact(), &mut sink.buffer).await;
                }
                BookChange::Gone(..) => {
                    let href = view.card_href(&view.name_of(change));
                    status_row(&href, StatusCode::NOT_FOUND, &mut sink.buffer);
                }
            }
            sink.row_done().await;
        }
        if is_cut {
            multistatus::cut_row(&view.href, &mut sink.buffer);
        }
        end_sync(&token, &mut sink.buffer);
        sink
    };
    stream::body(write).await
}

fn end_sync(token: &SyncToken, out: &mut Vec<u8>) {
    out.extend_from_slice(b"<sync-token>");
    out.extend_from_slice(token.to_string().as_bytes());
    out.extend_from_slice(b"</sync-token>\n");
    out.extend_from_slice(END);
}
