//! What to tell a client that knows a book up to some point, and where that leaves it.

use crate::carddav::token::{Part, SyncToken};
use crate::carddav::view::View;
use crate::contact::Revision;
use crate::index::BookChange;

/// What a client asks for.
pub(crate) struct Request {
    /// None: it knows nothing yet.
    pub(crate) since: Option<SyncToken>,
    /// Rows at most.
    pub(crate) limit: Option<usize>,
}

impl Request {
    /// Whether the answer is simply the whole book, in whatever order.
    pub(crate) fn is_everything(&self) -> bool {
        self.since.is_none() && self.limit.is_none()
    }
}

/// The rows and the token behind them, of one snapshot.
pub(crate) struct Answer<'a> {
    pub(crate) changes: Vec<BookChange<'a>>,
    pub(crate) token: SyncToken,
    /// There is more; the token goes on from the last row.
    pub(crate) is_cut: bool,
}

pub(crate) fn answer<'a>(view: &'a View, request: &Request) -> Answer<'a> {
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
fn rest<'a>(view: &'a View, revision: Revision, part: &Part) -> Vec<BookChange<'a>> {
    let mut changes = view.changes(Revision(revision.0.saturating_sub(1)));
    changes.retain(|change| match change {
        BookChange::Gone(gone, ..) if *gone <= part.begun => false,
        change if change.revision() > revision => true,
        change => view.name_of(change) > part.name,
    });
    changes
}

fn cut<'a>(
    view: &'a View,
    mut changes: Vec<BookChange<'a>>,
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
