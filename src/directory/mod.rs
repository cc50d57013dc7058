//! The one way in: snapshots to read, commits to write.

use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;

use arc_swap::ArcSwap;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::account::audit::{AuditEntry, AuditQuery, LastUse, Numbered};
use crate::account::device::{AppPassword, PhoneAccount, Token};
use crate::account::group::{GroupRecord, PersonalBook, SharedBook};
use crate::account::import::{ColumnMapRecord, Import, ImportOverview, ImportQuery};
use crate::account::property::{DavProperty, KeptAt};
use crate::account::{Layout, OrganizationSettings, User};
use crate::contact::book::{AddressBook, BookId, Group};
use crate::contact::photo::{PhotoSize, Picture};
use crate::contact::{Book, ContactId, Draft, OrganizationId, Revision, Timestamp, UserId};
use crate::directory::journal::Journal;
use crate::directory::writer::{Message, Undo, Writer};
use crate::index::{Alike, Snapshot};
use crate::store::{Store, StoreError};

mod check;
mod journal;
mod overlay;
mod undo;
mod writer;

pub use undo::{Reach, SINCE_NAMED_MAX, Since, UndoError, What};

/// The directory of all organizations. It owns the thread that writes; dropping it stops that
/// thread once the commits before are done.
pub struct Directory {
    snapshot: Arc<ArcSwap<Snapshot>>,
    inbox: mpsc::Sender<Message>,
    writer: Option<JoinHandle<()>>,
    journal: Arc<Journal>,
    /// A connection of its own for what a snapshot does not hold.
    reader: Mutex<Box<dyn Store>>,
}

/// A new contact or user id.
pub fn new_id() -> ContactId {
    ContactId(Uuid::now_v7())
}

/// Changes that happen together or not at all.
#[derive(Clone, Debug, Default)]
pub struct Request {
    pub edits: Vec<Edit>,
    /// What must still hold when the changes happen.
    pub preconditions: Vec<Precondition>,
}

impl Request {
    /// A request of one edit without preconditions.
    pub fn one(edit: Edit) -> Self {
        Self { edits: vec![edit], preconditions: Vec::new() }
    }
}

/// One change.
#[derive(Clone, Debug)]
pub enum Edit {
    /// Creates the contact, or replaces it. The owner of a personal one comes first.
    PutContact {
        id: ContactId,
        draft: Draft,
    },
    /// Gives the contact this photo instead of any other, or takes it away. All other edits leave it
    /// as it is.
    PutPhoto {
        id: ContactId,
        picture: Option<Arc<Picture>>,
    },
    /// Removes the contact; with a person's card the user goes too.
    RemoveContact(ContactId),
    PutUser(User),
    /// Removes the user, the person card and the personal contacts.
    RemoveUser(UserId),
    PutPhone(PhoneAccount),
    RemovePhone(OrganizationId, Box<str>),
    PutToken(Token),
    RemoveToken(Box<str>),
    PutAppPassword(AppPassword),
    RemoveAppPassword(UserId, Box<str>),
    /// Keeps in which layout CardDAV showed the books to an app password, by its id. Only once, and
    /// only while there is one.
    RememberLayout {
        user: UserId,
        app: Box<str>,
        layout: Layout,
    },
    /// Makes the organization or changes it. Where other numbers are hidden, the cards that have any
    /// change for those who see the reduced rendition.
    PutOrganization(Box<OrganizationSettings>),
    /// Makes the department or site, or gives it another name, on its members' cards too.
    PutGroup(GroupRecord),
    /// Removes a department or site without members.
    RemoveGroup(OrganizationId, Group),
    PutSharedBook(SharedBook),
    /// Removes the book with its contacts.
    RemoveSharedBook(OrganizationId, BookId),
    /// Gives a star, or takes it back.
    Star {
        user: UserId,
        contact: ContactId,
        starred: bool,
    },
    /// Makes a further personal book, or gives it another name.
    PutPersonalBook(PersonalBook),
    /// Removes the book with its contacts.
    RemovePersonalBook(UserId, BookId),
    PutProperty(DavProperty),
    RemoveProperty {
        user: UserId,
        place: KeptAt,
        namespace: Box<str>,
        local: Box<str>,
    },
    /// Remembers that a user's client takes a refused write to a card for done.
    Revert {
        user: UserId,
        book: AddressBook,
        name: Box<str>,
    },
    /// Stars the contact with a UID, now or as soon as there is one; or waits for it no longer.
    StarPending {
        user: UserId,
        uid: Box<str>,
        starred: bool,
    },
    /// Keeps a column map, instead of another one of the same name.
    PutColumnMap(ColumnMapRecord),
    /// One that is not there is as good as removed.
    RemoveColumnMap(OrganizationId, Box<str>),
    /// Keeps an import, and what its request changes is remembered so that it can be undone. It comes
    /// before the other edits of its request.
    PutImport(Box<Import>),
}

/// A condition on the state that an edit is made for.
#[derive(Clone, Debug)]
pub enum Precondition {
    /// The contact exists and was last changed at this revision.
    AtRevision { id: ContactId, revision: Revision },
    /// The account is still exactly this one.
    UserIs(Box<User>),
    /// No contact of the book has this resource name.
    NameFree { organization: OrganizationId, book: Book, name: Box<str> },
    /// There is no department, site, further shared or further personal book with this id.
    BookFree { organization: OrganizationId, book: AddressBook },
}

/// A request that is done and durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The revision of the changes. Where nothing differed, one at which it was so.
    pub revision: Revision,
}

/// Why a request was refused. Nothing of it happened, unless it is [`CommitError::Unsure`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    #[error("the contact was changed meanwhile")]
    Changed,
    #[error("there is no contact {0}")]
    NoContact(ContactId),
    #[error("there is no user {0}")]
    NoUser(UserId),
    #[error("there is no organization {0}")]
    NoOrganization(OrganizationId),
    #[error("the name {name} is taken in this address book")]
    NameTaken { name: Box<str> },
    #[error("the card {name} of this address book has the same UID")]
    UidTaken {
        /// Resource name of that card.
        name: String,
    },
    #[error("the extension {extension} belongs to another user")]
    ExtensionTaken { extension: Box<str> },
    #[error("the extension {extension} was given for good; it cannot be changed")]
    ExtensionFixed { extension: Box<str> },
    #[error("the login name {login} belongs to another user")]
    LoginTaken { login: Box<str> },
    #[error("{0}")]
    WrongName(String),
    #[error("there is a {kind} of this name already: {name}")]
    GroupTaken { kind: &'static str, name: Box<str> },
    #[error("{members} people belong to it; only an empty one can be removed")]
    GroupInUse { members: usize },
    #[error("there are {max} {what} already; more are not kept")]
    TooMany { what: &'static str, max: usize },
    #[error("{what} has {count} {unit}; at most {max} are kept")]
    TooLong { what: &'static str, unit: &'static str, count: usize, max: usize },
    #[error("there is no address book {0}")]
    NoBook(AddressBook),
    #[error("the suffix or domain belongs to another organization, or one suffix holds the other")]
    SuffixTaken,
    #[error("{0}")]
    Region(#[from] crate::contact::number::UnknownRegion),
    #[error(transparent)]
    Store(StoreError),
    /// A later snapshot tells.
    #[error("the store was lost, and may have kept the change or not: {0}")]
    Unsure(String),
    #[error("the directory is closed")]
    Closed,
}

impl From<StoreError> for CommitError {
    fn from(fault: StoreError) -> Self {
        match fault {
            StoreError::Unsure(why) => Self::Unsure(why),
            other => Self::Store(other),
        }
    }
}

/// Tells the time in whole seconds.
pub type Clock = fn() -> Timestamp;

impl Directory {
    /// Loads the store and starts the writer, with the system's clock.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read.
    pub fn open(store: Box<dyn Store>) -> Result<Self, StoreError> {
        Self::open_with_clock(store, system_clock)
    }

    /// As [`Directory::open`], with another clock.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read.
    pub fn open_with_clock(mut store: Box<dyn Store>, clock: Clock) -> Result<Self, StoreError> {
        let epoch = store.epoch()?;
        let (mut events, mut alike) = (Vec::new(), Alike::default());
        let revision = store.load(&mut |mut event| {
            alike.share(&mut event);
            events.push(event);
        })?;
        let (snapshot, broken) = Snapshot::empty(&epoch).after(events, revision);
        writer::report_broken(&broken);
        let snapshot = Arc::new(ArcSwap::from_pointee(snapshot));
        let reader = Mutex::new(store.reader()?);
        let (inbox, messages) = mpsc::channel();
        let journal = Arc::new(Journal::default());
        let writer =
            Writer::new(store, Arc::clone(&snapshot), Arc::clone(&journal), clock, inbox.clone());
        let spawned = std::thread::Builder::new().name("writer".into()).spawn(move || {
            writer.run(&messages);
        });
        let writer = spawned.map_err(|fault| StoreError::Failed(fault.to_string()))?;
        Ok(Self { snapshot, inbox, writer: Some(writer), journal, reader })
    }

    /// The present state, as it will stay for the one who holds it.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// Makes changes. They are durable, and every later snapshot shows them, when this returns.
    ///
    /// # Errors
    /// [`CommitError`] says what stands against them; then nothing of the request happened.
    pub async fn commit(&self, request: Request) -> Result<Committed, CommitError> {
        self.send(request)?.await.unwrap_or(Err(CommitError::Closed))
    }

    /// As [`Directory::commit`], for threads that may block.
    ///
    /// # Errors
    /// As [`Directory::commit`].
    pub fn commit_blocking(&self, request: Request) -> Result<Committed, CommitError> {
        self.send(request)?.blocking_recv().unwrap_or(Err(CommitError::Closed))
    }

    /// Undoes an import in one commit, while all that it touched is as it left it. What clients have
    /// synchronized stays true: it is a change like any other.
    ///
    /// # Errors
    /// [`UndoError`] says what stands against it; then nothing happened.
    pub async fn undo(&self, import: &str, by: &str, reach: Reach) -> Result<Committed, UndoError> {
        let answer = self.send_undo(import, by, reach)?;
        answer.await.unwrap_or(Err(UndoError::Commit(CommitError::Closed)))
    }

    /// As [`Directory::undo`], for threads that may block.
    ///
    /// # Errors
    /// As [`Directory::undo`].
    pub fn undo_blocking(
        &self,
        import: &str,
        by: &str,
        reach: Reach,
    ) -> Result<Committed, UndoError> {
        let answer = self.send_undo(import, by, reach)?;
        answer.blocking_recv().unwrap_or(Err(UndoError::Commit(CommitError::Closed)))
    }

    fn send_undo(
        &self,
        import: &str,
        by: &str,
        reach: Reach,
    ) -> Result<oneshot::Receiver<Result<Committed, UndoError>>, UndoError> {
        let (reply, answer) = oneshot::channel();
        let undo = Undo { import: import.into(), by: by.into(), reach };
        let sent = self.inbox.send(Message::Undo(undo, reply));
        sent.map(|()| answer).map_err(|_| UndoError::Commit(CommitError::Closed))
    }

    fn send(
        &self,
        request: Request,
    ) -> Result<oneshot::Receiver<Result<Committed, CommitError>>, CommitError> {
        let (reply, answer) = oneshot::channel();
        let sent = self.inbox.send(Message::Commit(request, reply));
        sent.map(|()| answer).map_err(|_| CommitError::Closed)
    }

    /// The vCard bytes of a contact with [`crate::contact::Body::Stored`] and the revision they are
    /// of. Blocks on the store.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read.
    pub fn body(&self, id: ContactId) -> Result<Option<(Revision, Vec<u8>)>, StoreError> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner).body(id)
    }

    /// A contact's photo as a JPEG, and its digest. Blocks on the store.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read.
    pub fn photo(
        &self,
        id: ContactId,
        size: PhotoSize,
    ) -> Result<Option<(u64, Vec<u8>)>, StoreError> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner).photo(id, size)
    }

    /// Imports of an organization, newest first, without their reports. Blocks on the store.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read.
    pub fn imports(&self, query: &ImportQuery) -> Result<Vec<ImportOverview>, StoreError> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner).imports(query)
    }

    /// An import, and the revision of its commit. Blocks on the store.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read.
    pub fn import(&self, id: &str) -> Result<Option<(Import, Revision)>, StoreError> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner).import(id)
    }
}

/// The audit log, and when credentials were last used.
impl Directory {
    /// Enters something into the audit log, within a few seconds.
    pub fn note(&self, entry: AuditEntry) {
        let news = self.journal.note(entry);
        self.tell(news);
    }

    /// Keeps that a credential was used, within a few seconds.
    pub fn note_use(&self, last: LastUse) {
        let news = self.journal.note_use(last);
        self.tell(news);
    }

    fn tell(&self, news: bool) {
        if news {
            // Fails only where the writer is gone, and nothing is written any more.
            let _ = self.inbox.send(Message::Noted);
        }
    }

    /// A part of the audit log, with all that was entered before. Blocks on the store.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read.
    pub fn audit(&self, query: &AuditQuery) -> Result<Vec<Numbered>, StoreError> {
        self.flush();
        self.reader.lock().unwrap_or_else(PoisonError::into_inner).audit(query)
    }

    /// When these credentials were last used, those that were. Blocks on the store.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read.
    pub fn last_uses(&self, credentials: &[Box<str>]) -> Result<Vec<LastUse>, StoreError> {
        self.flush();
        self.reader.lock().unwrap_or_else(PoisonError::into_inner).last_uses(credentials)
    }

    fn flush(&self) {
        let (done, wait) = oneshot::channel();
        if self.inbox.send(Message::Flush(done)).is_ok() {
            // Fails only where the writer has stopped; it has written everything then.
            let _ = wait.blocking_recv();
        }
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // Fails only where the writer is gone already.
        let _ = self.inbox.send(Message::Stop);
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

/// The system's clock; before 1970 it stands still.
pub fn system_clock() -> Timestamp {
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    Timestamp(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
