//! What callers are told, and what snapshots show, when the store fails.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use ringbook::account::audit::{AuditQuery, LastUse, Notes, Numbered};
use ringbook::account::import::{Import, ImportOverview, ImportQuery};
use ringbook::contact::photo::PhotoSize;
use ringbook::contact::{ContactId, Revision};
use ringbook::directory::{CommitError, Directory, Edit, Request, new_id};
use ringbook::store::sqlite::SqliteStore;
use ringbook::store::{Decide, Event, Remembered, Store, StoreError};

use crate::{main, put, settings, shared};

/// Longest wait for a snapshot; only a fault needs it.
const PATIENCE: Duration = Duration::from_secs(60);

/// What goes wrong, and when.
#[derive(Default)]
struct Plan {
    /// The next commit fails before it asks what to write.
    unreachable: Mutex<Option<StoreError>>,
    /// The next commit happens, and nobody learns of it.
    unsure: Mutex<Option<StoreError>>,
    /// So many times, what was committed cannot be read.
    unreadable: AtomicUsize,
}

/// A store that fails as planned.
struct Failing {
    store: Box<dyn Store>,
    plan: Arc<Plan>,
}

impl Store for Failing {
    fn epoch(&mut self) -> Result<String, StoreError> {
        self.store.epoch()
    }

    fn load(&mut self, sink: &mut dyn FnMut(Event)) -> Result<Revision, StoreError> {
        self.store.load(sink)
    }

    fn commit(&mut self, since: Revision, decide: &mut Decide<'_>) -> Result<Revision, StoreError> {
        if let Some(fault) = self.plan.unreachable.lock().unwrap().take() {
            return Err(fault);
        }
        let done = self.store.commit(since, decide)?;
        self.plan.unsure.lock().unwrap().take().map_or(Ok(done), Err)
    }

    fn changes(&mut self, since: Revision) -> Result<(Vec<Event>, Revision), StoreError> {
        let fewer = |left: usize| left.checked_sub(1);
        match self.plan.unreadable.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fewer) {
            Ok(_) => Err(StoreError::Unreachable("as planned".into())),
            Err(_) => self.store.changes(since),
        }
    }

    fn body(&mut self, id: ContactId) -> Result<Option<(Revision, Vec<u8>)>, StoreError> {
        self.store.body(id)
    }

    fn photo(
        &mut self,
        id: ContactId,
        size: PhotoSize,
    ) -> Result<Option<(u64, Vec<u8>)>, StoreError> {
        self.store.photo(id, size)
    }

    fn imports(&mut self, query: &ImportQuery) -> Result<Vec<ImportOverview>, StoreError> {
        self.store.imports(query)
    }

    fn import(&mut self, id: &str) -> Result<Option<(Import, Revision)>, StoreError> {
        self.store.import(id)
    }

    fn remembered(&mut self, import: &str) -> Result<Option<Remembered>, StoreError> {
        self.store.remembered(import)
    }

    fn note(&mut self, notes: &Notes) -> Result<(), StoreError> {
        self.store.note(notes)
    }

    fn audit(&mut self, query: &AuditQuery) -> Result<Vec<Numbered>, StoreError> {
        self.store.audit(query)
    }

    fn last_uses(&mut self, credentials: &[Box<str>]) -> Result<Vec<LastUse>, StoreError> {
        self.store.last_uses(credentials)
    }

    fn reader(&self) -> Result<Box<dyn Store>, StoreError> {
        self.store.reader()
    }
}

fn directory() -> (Directory, Arc<Plan>) {
    let plan = Arc::new(Plan::default());
    let store = Box::new(SqliteStore::in_memory().unwrap());
    let store = Failing { store, plan: Arc::clone(&plan) };
    let directory = Directory::open(Box::new(store)).unwrap();
    let organization = settings("main", "dc=pbx,dc=example", "pbx.example");
    commit(&directory, Edit::PutOrganization(Box::new(organization))).unwrap();
    (directory, plan)
}

fn commit(directory: &Directory, edit: Edit) -> Result<(), CommitError> {
    directory.commit_blocking(Request::one(edit)).map(drop)
}

fn shows(directory: &Directory, id: ContactId) -> bool {
    directory.snapshot().contact(&main(), id).is_some()
}

#[test]
fn a_store_that_cannot_be_reached_is_named_to_every_caller() {
    let (directory, plan) = directory();
    let fault = StoreError::Unreachable("as planned".into());
    *plan.unreachable.lock().unwrap() = Some(fault.clone());
    let id = new_id();
    assert_eq!(commit(&directory, put(id, shared("Anna"))), Err(CommitError::Store(fault)));
    assert!(!shows(&directory, id));
    commit(&directory, put(id, shared("Anna"))).unwrap();
    assert!(shows(&directory, id));
}

#[test]
fn what_is_kept_is_acknowledged_though_it_cannot_be_read_at_once() {
    let (directory, plan) = directory();
    plan.unreadable.store(2, Ordering::Relaxed);
    let id = new_id();
    commit(&directory, put(id, shared("Anna"))).unwrap();
    assert!(shows(&directory, id));
}

#[test]
fn a_commit_of_unknown_end_shows_by_itself_once_it_is_known() {
    let (directory, plan) = directory();
    *plan.unsure.lock().unwrap() = Some(StoreError::Unsure("as planned".into()));
    plan.unreadable.store(1, Ordering::Relaxed);
    let id = new_id();
    let unsure = Err(CommitError::Unsure("as planned".into()));
    assert_eq!(commit(&directory, put(id, shared("Anna"))), unsure);
    let start = Instant::now();
    while !shows(&directory, id) {
        assert!(start.elapsed() < PATIENCE, "the snapshot stays behind");
        thread::yield_now();
    }
    assert_eq!(plan.unreadable.load(Ordering::Relaxed), 0);
}

#[test]
fn what_follows_a_commit_of_unknown_end_is_decided_on_what_became_of_it() {
    let (directory, plan) = directory();
    let (first, second) = (new_id(), new_id());
    *plan.unsure.lock().unwrap() = Some(StoreError::Unsure("as planned".into()));
    // Until the next commit, nobody can read what became of it.
    plan.unreadable.store(usize::MAX, Ordering::Relaxed);
    assert!(commit(&directory, put(first, shared("Anna"))).is_err());
    assert!(!shows(&directory, first));
    plan.unreadable.store(0, Ordering::Relaxed);
    commit(&directory, Edit::RemoveContact(first)).unwrap();
    commit(&directory, put(second, shared("Berta"))).unwrap();
    assert!(shows(&directory, second) && !shows(&directory, first));
}
