//! Imports: what the rows of a file change in some books, given what is there.
//!
//! A file is read in passes, so that memory does not grow with it: the first notes the names that come,
//! the second decides about each row ([`plan`]), the third makes the edits ([`edits`]).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::account::{Role, SecretHash};
use crate::contact::photo::Picture;
use crate::contact::query::{Query, Truth};
use crate::contact::{Book, ContactId, OrganizationId, Timestamp, UserId};
use crate::file::{Fault, Reason};
use crate::index::{Extent, Row, Search, Snapshot, Viewer};

mod differs;
pub mod edits;
mod known;
mod merge;
pub mod person;
mod place;
pub mod plan;
mod references;
pub mod report;
mod seen;
pub mod source;

/// What happens to rows whose contacts are there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// They are left alone, and reported.
    #[default]
    Add,
    /// What the row says replaces what is there; empty cells keep it.
    Update,
    /// As the file says: empty cells clear what is there, and contacts that the file lacks go.
    Mirror,
}

impl Mode {
    pub const ALL: [Self; 3] = [Self::Add, Self::Update, Self::Mirror];

    /// The name in API, reports and documents.
    pub fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Update => "update",
            Self::Mirror => "mirror",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name() == name)
    }
}

/// Where a file goes where its rows say nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub organization: OrganizationId,
    pub book: Book,
    pub sight: Sight,
}

/// Whether the importer may know what is in the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    Open,
    /// An administrator fills somebody's own book: what was there already is left alone, and
    /// reported as if it had been put in.
    Blind,
}

/// Whether the importer may fill a book; asked for the books that single rows name.
pub type MayFill = dyn Fn(&Snapshot, &OrganizationId, Book) -> bool + Send + Sync;

/// An import as it was asked for.
#[derive(Clone)]
pub struct Job {
    pub target: Target,
    pub mode: Mode,
    /// How many contacts a mirror may remove where that is more than a tenth.
    pub confirm: Option<usize>,
    /// The organization that an `entityid` of a users file means; rows of others go to the target.
    pub entities: BTreeMap<Box<str>, OrganizationId>,
    /// Who imports, if that is a user: their favorites change, and they never remove themselves.
    pub importer: Option<UserId>,
    /// That of whoever imports: users above it are left alone.
    pub role: Role,
    pub may_fill: Arc<MayFill>,
    /// Whether shared books that a row names are made where there are none.
    pub makes_books: bool,
    pub now: Timestamp,
}

/// Hashes of passwords by the line of their row; or why a password is none.
pub type Hashes = HashMap<u64, Result<SecretHash, Reason>>;

/// What a plan needs of the world. Both block.
pub struct Means<'a> {
    /// The vCard of a contact that is too large to stay in memory.
    pub body: &'a dyn Fn(ContactId) -> Option<Arc<[u8]>>,
    /// Makes a photo of an image, or says why there is none.
    pub develop: &'a dyn Fn(&[u8]) -> Result<Picture, Reason>,
}

static EVERYTHING: Query = Query::Constant(Truth::True);

/// All contacts of some books, listed or not; group cards are none.
fn everybody<'a>(
    snapshot: &'a Snapshot,
    organization: &'a OrganizationId,
    extent: &'a Extent,
) -> impl Iterator<Item = Row<'a>> {
    snapshot.search(&Search {
        organization,
        extent,
        query: &EVERYTHING,
        viewer: Viewer { full: true, person: None },
        unlisted: true,
        look_through: usize::MAX,
    })
}

/// A fault of a row as a whole or of one of its columns.
fn fault(line: u64, field: Option<&str>, value: Option<&str>, reason: Reason) -> Fault {
    let value = value.map(crate::file::shortened);
    Fault { line, field: field.map(str::to_owned), value, reason }
}
