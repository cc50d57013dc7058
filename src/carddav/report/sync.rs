//! What to tell a client that knows a book up to some point, and where that leaves it.

use hyper::StatusCode;

use crate::carddav::answer::error::{Condition, Refusal};
use crate::carddav::answer::multistatus::{self, BEGIN, END, status_row};
use crate::carddav::answer::row::{Data, Plan};
use crate::carddav::answer::stream;
use crate::carddav::book::member::Change;
use crate::carddav::book::view::{Client, View};
use crate::carddav::report::token::{Part, SyncToken};
use crate::carddav::request::address_data::AddressData;
use crate::carddav::request::elements::Wanted;
use crate::carddav::request::prefer::Preferences;
use crate::contact::Revision;
use crate::http::Body;

/// What a client asks for.
pub(crate) struct Request {
    /// None: it knows nothing yet.
    pub(crate) since: Option<SyncToken>,
    /// Rows at most.
    pub(crate) limit: Option<usize>,
}

impl Request {
    /// Whether the answer is simply the whole book, in whatever order.
    fn is_everything(&self) -> bool {
        self.since.is_none() && self.limit.is_none()
    }
}

/// The rows and the token behind them, of one snapshot.
struct Answer<'a> {
    changes: Vec<Change<'a>>,
    token: SyncToken,
    /// There is more; the token goes on from the last row.
    is_cut: bool,
}

/// The client's place in the history; None at the beginning.
pub(crate) fn since(view: &View, token: &str) -> Result<Option<SyncToken>, Refusal> {
    if token.is_empty() {
        return Ok(None);
    }
    let text = "the sync token is not one of this address book";
    let refusal = || Refusal::violated(Condition::ValidSyncToken, text);
    SyncToken::parse(view, token).map(Some).ok_or_else(|| match view.session.client {
        // It takes any other status for a broken connection and is stuck with the token for ever.
        Client::Thunderbird => refusal().with_status(StatusCode::BAD_REQUEST),
        Client::Apple | Client::Other => refusal(),
    })
}

/// The report itself.
pub(crate) async fn collection(
    view: View,
    (wanted, data): (Wanted, AddressData),
    request: Request,
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
        let Answer { changes, token, is_cut } = answer(&view, &request);
        for change in &changes {
            match change {
                Change::Put(_, member) => {
                    plan.row(&view, member.contact(), &mut sink.buffer).await;
                }
                Change::Gone(_, name) => {
                    let href = view.card_href(name);
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

fn answer<'a>(view: &'a View, request: &Request) -> Answer<'a> {
    let now = view.session.snapshot.revision();
    let (since, part) = match &request.since {
        Some(SyncToken { revision, part, .. }) => (*revision, part.clone()),
        None => (Revision(0), Some(Part { name: String::new(), begun: now })),
    };
    let changes = match &part {
        Some(part) => rest(view, since, part),
        None => view.changes(since),
    };
    match request.limit {
        Some(limit) if changes.len() > limit => {
            cut(view, changes, limit, part.map(|part| part.begun))
        }
        _ => Answer { changes, token: SyncToken::current(view), is_cut: false },
    }
}

/// The changes after a part of a revision, without deletions of what the client never saw.
fn rest<'a>(view: &'a View, revision: Revision, part: &Part) -> Vec<Change<'a>> {
    let mut changes = view.changes(Revision(revision.0.saturating_sub(1)));
    changes.retain(|change| match change {
        Change::Gone(gone, ..) if *gone <= part.begun => false,
        change if change.revision() > revision => true,
        change => view.name_of(change) > part.name,
    });
    changes
}

fn cut<'a>(
    view: &'a View,
    mut changes: Vec<Change<'a>>,
    limit: usize,
    begun: Option<Revision>,
) -> Answer<'a> {
    changes.sort_by_cached_key(|change| (change.revision(), view.name_of(change)));
    changes.truncate(limit);
    let token = match changes.last() {
        Some(last) => {
            // A client that knew the book before must hear of every deletion.
            let begun = begun.unwrap_or_default();
            SyncToken::within(view, last.revision(), Part { name: view.name_of(last), begun })
        }
        None => SyncToken::current(view),
    };
    Answer { changes, token, is_cut: true }
}
