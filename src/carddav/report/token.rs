//! Sync tokens (RFC 6578): opaque to clients, and enough to go on where an answer ended.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::carddav::book::view::{View, class_letter};
use crate::contact::Revision;
use crate::contact::book::AddressBook;

const PREFIX: &str = "urn:ringbook:sync:";
const PART: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');

/// Where in a book's history a client is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SyncToken {
    /// Which history: store, user, book and rendition.
    history: String,
    /// See [`View::mark`].
    mark: u64,
    /// The client knows all changes up to this one.
    pub(crate) revision: Revision,
    /// Where an answer was cut short: the client knows only a part of `revision`.
    pub(crate) part: Option<Part>,
}

/// How far into a revision an answer came: one import may change a hundred thousand cards at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// The name of the last card told; within a revision they are told in the order of names.
    pub(crate) name: String,
    /// When the client began with an empty book: it need not hear of older deletions.
    pub(crate) begun: Revision,
}

impl SyncToken {
    /// The token of the book as it is.
    pub(crate) fn current(view: &View) -> Self {
        Self { revision: view.revision(), part: None, ..Self::beginning(view) }
    }

    /// The token of an answer that ended early.
    pub(crate) fn within(view: &View, revision: Revision, part: Part) -> Self {
        Self { revision, part: Some(part), ..Self::beginning(view) }
    }

    /// Who knows this point knows nothing, but may have cards that are gone.
    fn beginning(view: &View) -> Self {
        Self { history: history(view), mark: view.mark(), revision: Revision(0), part: None }
    }

    /// Reads a token that was given out for this view; None for any other text. A revision that the
    /// store has not reached is none of ours either.
    ///
    /// Where other cards are seen since then than revisions tell, the client begins anew: favorites
    /// tell everything that ever was one. Nothing can tell who was in the book of all.
    pub(crate) fn parse(view: &View, text: &str) -> Option<Self> {
        let beginning = Self::beginning(view);
        let text = text.strip_prefix(PREFIX)?.strip_prefix(&beginning.history)?;
        let mut parts = text.strip_prefix(':')?.split(':');
        let mark = hexadecimal(parts.next()?)?;
        let revision = number(parts.next()?)?;
        let part = match (parts.next(), parts.next(), parts.next()) {
            (None, ..) => None,
            (Some(name), Some(begun), None) => {
                let name = percent_decode_str(name).decode_utf8().ok()?.into_owned();
                Some(Part { name, begun: number(begun)? })
            }
            _ => return None,
        };
        let reached = revision <= view.session.snapshot.revision();
        match (reached, mark == beginning.mark, view.book) {
            (false, ..) => None,
            (true, true, _) => Some(Self { revision, part, ..beginning }),
            (true, false, AddressBook::Favorites) => Some(beginning),
            (true, false, _) => None,
        }
    }
}

fn hexadecimal(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    plain.then(|| u64::from_str_radix(text, 16).ok()).flatten()
}

fn number(text: &str) -> Option<Revision> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok().map(Revision)).flatten()
}

fn history(view: &View) -> String {
    let epoch = utf8_percent_encode(view.session.snapshot.epoch(), PART);
    let principal = utf8_percent_encode(&view.session.user.principal, PART);
    format!("{epoch}:{principal}:{}:{}", view.book, class_letter(view.class()))
}

impl fmt::Display for SyncToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}:{:x}:{}", self.history, self.mark, self.revision.0)?;
        match &self.part {
            Some(part) => {
                write!(f, ":{}:{}", utf8_percent_encode(&part.name, PART), part.begun.0)
            }
            None => Ok(()),
        }
    }
}
