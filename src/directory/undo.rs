//! Undoing an import: who may not be touched any more, and why.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::account::User;
use crate::account::import::{Undone, undo_since};
use crate::contact::book::BookId;
use crate::contact::{Book, ContactId, OrganizationId, Timestamp, UserId};
use crate::directory::CommitError;
use crate::index::{Extent, Row, Snapshot};
use crate::store::{Key, Record, Remembered, StoreError};

/// Of what changed since an import, so many are named.
pub const SINCE_NAMED_MAX: usize = 1000;

/// Why an import was not undone. Nothing happened, unless the commit's fault says otherwise.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UndoError {
    #[error("there is no such import")]
    NoImport,
    #[error("it was undone already")]
    Undone(Undone),
    #[error("it was made too long ago: what it changed is no longer remembered")]
    Forgotten,
    #[error("it changed contacts of another organization, too")]
    OtherOrganization,
    #[error("{count} contacts or users are no longer as the import left them")]
    Changed {
        /// The first of them, by their ids; at most [`SINCE_NAMED_MAX`].
        since: Vec<Since>,
        count: usize,
    },
    #[error(transparent)]
    Commit(#[from] CommitError),
}

impl From<StoreError> for UndoError {
    fn from(fault: StoreError) -> Self {
        Self::Commit(fault.into())
    }
}

/// A contact or user that is no longer as the import left it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Since {
    /// A user has the id of the person card.
    pub id: ContactId,
    /// The name on the card, as it is or was.
    pub name: Box<str>,
    pub what: What,
}

/// What may be undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// What an import did in its organization; not at all where it did more.
    Organization,
    /// Also what an operator's import did in others.
    All,
}

/// What happened to a contact or user since an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Changed,
    Removed,
    /// The user that the import made has contacts, books or app passwords of their own by now.
    InUse,
}

impl What {
    /// The name in API and documents.
    pub fn name(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Removed => "removed",
            Self::InUse => "in-use",
        }
    }
}

/// Whether the import can be undone in this state.
pub(super) fn check(
    snapshot: &Snapshot,
    remembered: &Remembered,
    (reach, now): (Reach, Timestamp),
) -> Result<(), UndoError> {
    let import = &remembered.import;
    if let Some(undone) = &import.undone {
        return Err(UndoError::Undone(undone.clone()));
    }
    if !import.undoable || import.created < undo_since(now) {
        return Err(UndoError::Forgotten);
    }
    let mut look = Look {
        snapshot,
        remembered,
        reach,
        created: remembered.created.iter().copied().collect(),
        books: books_made(remembered).collect(),
        since: FxHashMap::default(),
    };
    look.at_contacts()?;
    look.at_users()?;
    let count = look.since.len();
    if count == 0 {
        return Ok(());
    }
    let mut since: Vec<Since> = look.since.into_values().collect();
    since.sort_unstable_by_key(|since| since.id);
    since.truncate(SINCE_NAMED_MAX);
    Err(UndoError::Changed { since, count })
}

fn books_made(remembered: &Remembered) -> impl Iterator<Item = (UserId, BookId)> {
    remembered.records.iter().filter_map(|record| match record.key {
        Key::PersonalBook(owner, id) if record.before.is_none() => Some((owner, id)),
        _ => None,
    })
}

struct Look<'a> {
    snapshot: &'a Snapshot,
    remembered: &'a Remembered,
    reach: Reach,
    created: FxHashSet<ContactId>,
    /// Personal books that the import made.
    books: FxHashSet<(UserId, BookId)>,
    since: FxHashMap<ContactId, Since>,
}

impl<'a> Look<'a> {
    /// The contact as it is, in whichever organization.
    fn contact(&self, id: ContactId) -> Option<Row<'a>> {
        let own = self.snapshot.contact(&self.remembered.import.organization, id);
        let mut all = self.snapshot.organizations();
        own.or_else(|| all.find_map(|of| self.snapshot.contact(&of.id, id)))
    }

    fn is_within(&self, organization: &OrganizationId) -> Result<(), UndoError> {
        let same = *organization == self.remembered.import.organization;
        if same || self.reach == Reach::All {
            return Ok(());
        }
        Err(UndoError::OtherOrganization)
    }

    fn at_contacts(&mut self) -> Result<(), UndoError> {
        let remembered = self.remembered;
        let at = remembered.import.revision;
        for id in &remembered.created {
            let Some(row) = self.contact(*id) else {
                self.note(*id, "", What::Removed);
                continue;
            };
            self.is_within(&row.organization)?;
            if row.revision != at {
                self.note(*id, row.card.formatted_name(), What::Changed);
            }
        }
        for known in &remembered.contacts {
            let before = &known.before;
            self.is_within(&before.organization)?;
            let name = before.card.formatted_name();
            match self.contact(before.id) {
                None if !known.removed => self.note(before.id, name, What::Removed),
                Some(row) if known.removed || row.revision != at => {
                    self.note(before.id, row.card.formatted_name(), What::Changed);
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn at_users(&mut self) -> Result<(), UndoError> {
        for record in &self.remembered.records {
            let Key::User(id) = record.key else { continue };
            let now = self.snapshot.user(id);
            let before = match &record.before {
                Some(Record::User(user)) => Some(user),
                _ => None,
            };
            for user in now.into_iter().chain(before) {
                self.is_within(&user.organization)?;
            }
            let what = match now {
                None if record.changed => What::Removed,
                Some(_) if record.changed => What::Changed,
                Some(user) if before.is_none() && self.is_in_use(user) => What::InUse,
                _ => continue,
            };
            let name = self.contact(id).map(|row| row.card.formatted_name().to_owned());
            self.note(id, &name.unwrap_or_default(), what);
        }
        Ok(())
    }

    /// Whether a user has what the import did not make.
    fn is_in_use(&self, user: &User) -> bool {
        let (user, organization) = (user.id, &user.organization);
        let books = || self.snapshot.personal_books(user).map(|book| book.id);
        let homes = books().map(|book| Book::PersonalBook(user, book));
        let homes: Vec<Book> = homes.chain([Book::Personal(user)]).collect();
        let extent = Extent::of(&homes);
        let mut own = self.snapshot.members(organization, &extent);
        !self.snapshot.app_passwords(user).is_empty()
            || own.any(|row| !self.created.contains(&row.id))
            || books().any(|book| !self.books.contains(&(user, book)))
    }

    fn note(&mut self, id: ContactId, name: &str, what: What) {
        self.since.entry(id).or_insert_with(|| Since { id, name: name.into(), what });
    }
}
