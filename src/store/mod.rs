//! Where records are kept: the trait that a store fulfils, and what passes through it.

use std::sync::Arc;

use crate::account::audit::{AuditQuery, LastUse, Notes, Numbered};
use crate::account::device::{AppPassword, PhoneAccount, Token};
use crate::account::group::{GroupRecord, PendingStar, PersonalBook, SharedBook, Star};
use crate::account::import::{ColumnMapRecord, Import, ImportOverview, ImportQuery, Undone};
use crate::account::property::{DavProperty, KeptAt, Reverted};
use crate::account::{OrganizationSettings, User};
use crate::contact::book::{AddressBook, BookId, Group};
use crate::contact::photo::{PhotoSize, Picture};
use crate::contact::{Contact, ContactId, OrganizationId, Revision, UserId};

mod check;
mod codec;
pub mod postgres;
pub mod sqlite;

pub use check::CheckReport;

/// A durable record.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    Organization(Box<OrganizationSettings>),
    User(User),
    Phone(PhoneAccount),
    Token(Token),
    AppPassword(AppPassword),
    Group(GroupRecord),
    SharedBook(SharedBook),
    Star(Star),
    PersonalBook(PersonalBook),
    PendingStar(PendingStar),
    Property(DavProperty),
    Reverted(Reverted),
    ColumnMap(ColumnMapRecord),
    /// The CardDAV path segment of a removed user, so that nobody else ever gets it.
    Retired(RetiredPrincipal),
    Contact(StoredContact),
}

/// See [`Record::Retired`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetiredPrincipal {
    pub segment: Box<str>,
    pub user: UserId,
}

/// A contact on its way to or from the store.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredContact {
    pub contact: Arc<Contact>,
    /// The vCard of a contact with [`crate::contact::Body::Stored`]: left out when it is loaded, and
    /// by a write that leaves the kept one as it is.
    pub body: Option<Arc<[u8]>>,
}

/// The identity of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    User(UserId),
    Phone(OrganizationId, Box<str>),
    Token(Box<str>),
    /// Of a user, by its public id.
    AppPassword(UserId, Box<str>),
    Group(OrganizationId, Group),
    SharedBook(OrganizationId, BookId),
    Star(UserId, ContactId),
    /// Of an owner.
    PersonalBook(UserId, BookId),
    /// Of a user, by the UID.
    PendingStar(UserId, Box<str>),
    Property {
        user: UserId,
        place: KeptAt,
        namespace: Box<str>,
        local: Box<str>,
    },
    /// By its name.
    ColumnMap(OrganizationId, Box<str>),
    /// Of a user, by book and name.
    Reverted(UserId, AddressBook, Box<str>),
    Contact(ContactId),
}

/// What a commit writes.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    Put(Record),
    Remove(Key),
    /// A contact leaves a book: it is removed, or goes to another book.
    Leave(Tombstone),
    /// The photo that the contact says it has; None: it has none any more. One goes with its contact.
    Picture(ContactId, Option<Arc<Picture>>),
    /// An import is made; the oldest of its organization beyond [`IMPORTS_MAX`] goes. Never told among
    /// the events: see [`Store::imports`]. The store remembers how everything was that the commit
    /// changes, for as long as [`UNDO_DAYS`] says; all of its changes are the import's.
    ///
    /// [`IMPORTS_MAX`]: crate::account::import::IMPORTS_MAX
    /// [`UNDO_DAYS`]: crate::account::import::UNDO_DAYS
    Import(Box<Import>),
    /// Gives a contact that this commit puts the large body or the photo that it had before an import.
    Recall(Recall),
    /// An import is undone, and what it found is forgotten. The commit's last change.
    Undone {
        import: Box<str>,
        undone: Undone,
    },
}

/// See [`Change::Recall`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recall {
    /// An import's id.
    pub import: Box<str>,
    pub contact: ContactId,
    pub body: bool,
    pub photo: bool,
}

/// What a book keeps of a contact that left it, for clients that synchronize later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tombstone {
    pub organization: OrganizationId,
    /// A home, department or site.
    pub book: AddressBook,
    pub contact: ContactId,
    /// The last CardDAV path segment that the contact had in the book.
    pub name: Box<str>,
    /// The vCard UID that it had, where a client chose one: another book's card with the same UID is
    /// seen again where both are in one.
    pub uid: Option<Box<str>>,
    pub revision: Revision,
}

impl Tombstone {
    /// Whose personal book it is of, if it is one.
    pub fn owner(&self) -> Option<UserId> {
        match self.book {
            AddressBook::Home(book) => book.owner(),
            _ => None,
        }
    }
}

/// What a store tells when it is loaded or asked for changes.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    Put(Record),
    Remove(Key),
    Leave(Tombstone),
    /// A row that cannot be read; everything else can.
    Broken {
        key: String,
        reason: String,
        /// A contact of which enough is readable to say where it stands, with
        /// [`crate::contact::Body::Broken`].
        rest: Option<Arc<Contact>>,
    },
}

/// What an import found before it changed it. Nothing where it is forgotten, or the import undone.
#[derive(Clone, Debug, PartialEq)]
pub struct Remembered {
    pub import: ImportOverview,
    /// The revision at which this was read.
    pub at: Revision,
    /// Contacts that the import made.
    pub created: Vec<ContactId>,
    /// Those that it changed or removed, in the order in which it did.
    pub contacts: Vec<RememberedContact>,
    pub records: Vec<RememberedRecord>,
}

/// A contact that an import changed or removed.
#[derive(Clone, Debug, PartialEq)]
pub struct RememberedContact {
    /// Without its derived keys, and a large body only measured; see [`Change::Recall`].
    pub before: Contact,
    /// Whether the import removed it.
    pub removed: bool,
}

/// A record other than a contact that an import made, changed or removed.
#[derive(Clone, Debug, PartialEq)]
pub struct RememberedRecord {
    pub key: Key,
    /// None: there was none.
    pub before: Option<Record>,
    /// Whether it is no longer as the import left it.
    pub changed: bool,
}

/// Decides inside the write transaction what is written: it is told the events since the revision
/// that the caller knows, and the revision that its changes will have.
pub type Decide<'a> = dyn FnMut(Vec<Event>, Revision) -> Vec<Change> + 'a;

/// A store of records with a change log. Calls block; one thread owns the store.
pub trait Store: Send {
    /// Names this history of revisions: a restored backup begins a new one.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read.
    fn epoch(&mut self) -> Result<String, StoreError>;

    /// Tells every record and tombstone, organizations first.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read; single broken rows are events.
    fn load(&mut self, sink: &mut dyn FnMut(Event)) -> Result<Revision, StoreError>;

    /// Writes what `decide` says in one transaction, durable when this returns. Where it says
    /// nothing, nothing is written and the revision stays.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written, unless it is [`StoreError::Unsure`].
    fn commit(&mut self, since: Revision, decide: &mut Decide<'_>) -> Result<Revision, StoreError>;

    /// The events after a revision, and the revision they lead to.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read.
    fn changes(&mut self, since: Revision) -> Result<(Vec<Event>, Revision), StoreError>;

    /// The vCard bytes of a contact that has any, and the contact's revision.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read.
    fn body(&mut self, id: ContactId) -> Result<Option<(Revision, Vec<u8>)>, StoreError>;

    /// A contact's photo as a JPEG, and its digest.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read.
    fn photo(
        &mut self,
        id: ContactId,
        size: PhotoSize,
    ) -> Result<Option<(u64, Vec<u8>)>, StoreError>;

    /// Imports of an organization, newest first, without their reports.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read.
    fn imports(&mut self, query: &ImportQuery) -> Result<Vec<ImportOverview>, StoreError>;

    /// An import, and the revision of its commit.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read.
    fn import(&mut self, id: &str) -> Result<Option<(Import, Revision)>, StoreError>;

    /// What an import found before it changed it.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read.
    fn remembered(&mut self, import: &str) -> Result<Option<Remembered>, StoreError>;

    /// Writes what happened since the last time, and removes what is too old. It belongs to no
    /// commit and moves no revision.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written.
    fn note(&mut self, notes: &Notes) -> Result<(), StoreError>;

    /// Entries of the audit log, newest first.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read.
    fn audit(&mut self, query: &AuditQuery) -> Result<Vec<Numbered>, StoreError>;

    /// When these credentials were last used, those that were.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read.
    fn last_uses(&mut self, credentials: &[Box<str>]) -> Result<Vec<LastUse>, StoreError>;

    /// A second connection for reads beside the writer.
    ///
    /// # Errors
    /// [`StoreError`] where none can be opened.
    fn reader(&self) -> Result<Box<dyn Store>, StoreError>;
}

/// What is wrong with a store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    #[error("the disk is full: {0}")]
    Full(String),
    #[error("another program holds the store: {0}")]
    Busy(String),
    #[error("the store is damaged: {0}")]
    Damaged(String),
    #[error("the store was written by a newer Ringbook (format {found}, this one knows {known})")]
    Newer { found: i64, known: i64 },
    #[error("the store cannot be reached: {0}")]
    Unreachable(String),
    /// A commit may have happened or not. The next commit, and [`Store::changes`], tell.
    #[error("whether the changes were kept is not known yet: {0}")]
    Unsure(String),
    #[error("the store refuses access: {0}")]
    Refused(String),
    #[error("{0}")]
    Settings(String),
    #[error("the store does not work: {0}")]
    Failed(String),
}
