//! The embedded store: one SQLite file in WAL mode, each commit durable before it is acknowledged.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, Transaction};
use uuid::Uuid;

use crate::account::audit::{AuditQuery, LastUse, Notes, Numbered};
use crate::account::import::{Import, ImportOverview, ImportQuery};
use crate::contact::photo::PhotoSize;
use crate::contact::{ContactId, Revision};
use crate::store::codec::CONTACT_COLUMNS;
use crate::store::{Decide, Event, Remembered, Store, StoreError};

mod audit;
mod check;
mod imports;
mod memory;
mod rows;
mod schema;
mod write;

pub use check::check;

/// How long a call waits for another program that writes the file, such as a backup.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// A store in one file.
pub struct SqliteStore {
    connection: Connection,
    place: Place,
}

/// Where a second connection finds the same data.
enum Place {
    File(PathBuf),
    /// A shared in-memory database, for tests: it lives as long as a connection does.
    Memory(String),
}

impl SqliteStore {
    /// Opens the file, makes it where there is none, and brings its format up to date.
    ///
    /// # Errors
    /// [`StoreError`] where the file cannot be used.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = Connection::open(path)?;
        Self::prepare(connection, Place::File(path.to_owned()))
    }

    /// A store that is gone when it is dropped.
    ///
    /// # Errors
    /// [`StoreError`] where SQLite does not work at all.
    pub fn in_memory() -> Result<Self, StoreError> {
        let name = format!("file:{}?mode=memory&cache=shared", Uuid::new_v4());
        Self::prepare(Connection::open_with_flags(&name, memory_flags())?, Place::Memory(name))
    }

    fn prepare(mut connection: Connection, place: Place) -> Result<Self, StoreError> {
        configure(&connection)?;
        schema::migrate(&mut connection)?;
        Ok(Self { connection, place })
    }
}

fn memory_flags() -> OpenFlags {
    OpenFlags::default() | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_SHARED_CACHE
}

fn configure(connection: &Connection) -> Result<(), StoreError> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}

impl Store for SqliteStore {
    fn epoch(&mut self) -> Result<String, StoreError> {
        let sql = "SELECT value FROM meta WHERE key = 'epoch'";
        Ok(self.connection.query_row(sql, [], |row| row.get(0))?)
    }

    fn load(&mut self, sink: &mut dyn FnMut(Event)) -> Result<Revision, StoreError> {
        let transaction = self.connection.transaction()?;
        let at = revision(&transaction)?;
        events(&transaction, Revision(0), sink)?;
        Ok(at)
    }

    fn commit(&mut self, since: Revision, decide: &mut Decide<'_>) -> Result<Revision, StoreError> {
        let transaction =
            self.connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let before = revision(&transaction)?;
        let mut unseen = Vec::new();
        if before > since {
            events(&transaction, since, &mut |event| unseen.push(event))?;
        }
        let next = Revision(before.0 + 1);
        let changes = decide(unseen, next);
        if changes.is_empty() {
            return Ok(before);
        }
        write::changes(&transaction, changes, next)?;
        transaction
            .prepare_cached("UPDATE meta SET value = ?1 WHERE key = 'revision'")?
            .execute([next.0.to_string()])?;
        transaction.commit()?;
        Ok(next)
    }

    fn changes(&mut self, since: Revision) -> Result<(Vec<Event>, Revision), StoreError> {
        let transaction = self.connection.transaction()?;
        let at = revision(&transaction)?;
        let mut found = Vec::new();
        if at > since {
            events(&transaction, since, &mut |event| found.push(event))?;
        }
        Ok((found, at))
    }

    fn body(&mut self, id: ContactId) -> Result<Option<(Revision, Vec<u8>)>, StoreError> {
        let sql = "SELECT revision, body FROM contact WHERE id = ?1 AND body IS NOT NULL";
        let mut statement = self.connection.prepare_cached(sql)?;
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        Ok(statement.query_row([id.0], read).optional()?)
    }

    fn photo(
        &mut self,
        id: ContactId,
        size: PhotoSize,
    ) -> Result<Option<(u64, Vec<u8>)>, StoreError> {
        let mut statement = self.connection.prepare_cached(match size {
            PhotoSize::Full => "SELECT digest, jpeg FROM photo WHERE contact = ?1",
            PhotoSize::Thumbnail => "SELECT digest, thumbnail FROM photo WHERE contact = ?1",
        })?;
        let read =
            |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?.cast_unsigned(), row.get(1)?));
        Ok(statement.query_row([id.0], read).optional()?)
    }

    fn imports(&mut self, query: &ImportQuery) -> Result<Vec<ImportOverview>, StoreError> {
        imports::list(&self.connection, query)
    }

    fn import(&mut self, id: &str) -> Result<Option<(Import, Revision)>, StoreError> {
        imports::read(&self.connection, id)
    }

    fn remembered(&mut self, import: &str) -> Result<Option<Remembered>, StoreError> {
        memory::read(&mut self.connection, import)
    }

    fn note(&mut self, notes: &Notes) -> Result<(), StoreError> {
        audit::note(&mut self.connection, notes)
    }

    fn audit(&mut self, query: &AuditQuery) -> Result<Vec<Numbered>, StoreError> {
        audit::read(&self.connection, query)
    }

    fn last_uses(&mut self, credentials: &[Box<str>]) -> Result<Vec<LastUse>, StoreError> {
        audit::last_uses(&self.connection, credentials)
    }

    fn reader(&self) -> Result<Box<dyn Store>, StoreError> {
        let connection = match &self.place {
            Place::File(path) => Connection::open(path)?,
            Place::Memory(name) => Connection::open_with_flags(name, memory_flags())?,
        };
        configure(&connection)?;
        let place = match &self.place {
            Place::File(path) => Place::File(path.clone()),
            Place::Memory(name) => Place::Memory(name.clone()),
        };
        Ok(Box::new(Self { connection, place }))
    }
}

fn revision(transaction: &Transaction<'_>) -> Result<Revision, StoreError> {
    let sql = "SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'revision'";
    Ok(transaction.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
}

/// Tells what happened after a revision; after revision 0, everything there is.
fn events(
    transaction: &Transaction<'_>,
    since: Revision,
    sink: &mut dyn FnMut(Event),
) -> Result<(), StoreError> {
    let sql = "SELECT kind, key, body FROM record WHERE revision > ?1 ORDER BY rank, key";
    let mut statement = transaction.prepare_cached(sql)?;
    let mut found = statement.query([since])?;
    while let Some(row) = found.next()? {
        sink(rows::record(row)?);
    }
    let sql = "SELECT organization, book, contact, name, uid, revision FROM tombstone \
               WHERE revision > ?1 ORDER BY revision";
    let mut statement = transaction.prepare_cached(sql)?;
    let mut found = statement.query([since])?;
    while let Some(row) = found.next()? {
        sink(rows::tombstone(row)?);
    }
    // All of them are read in the order of the file. A check also reads files of older formats,
    // which have no `written`.
    let which = if since == Revision(0) { "?1 = 0" } else { "written > ?1" };
    let sql = format!("SELECT {CONTACT_COLUMNS} FROM contact WHERE {which}");
    let mut statement = transaction.prepare_cached(&sql)?;
    let mut found = statement.query([since])?;
    while let Some(row) = found.next()? {
        sink(rows::contact(row)?);
    }
    Ok(())
}

impl From<rusqlite::Error> for StoreError {
    fn from(fault: rusqlite::Error) -> Self {
        let text = fault.to_string();
        match fault.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full(text),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy(text),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged(text),
            _ => Self::Failed(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A killed process loses nothing that the system has in memory, so only this tells what a
    /// power cut would do.
    #[test]
    fn each_commit_reaches_the_disk_before_it_is_acknowledged() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("ringbook.db")).unwrap();
        let pragma = |name: &str| -> String {
            let read = |row: &rusqlite::Row<'_>| Ok(format!("{:?}", row.get_ref(0)?));
            store.connection.pragma_query_value(None, name, read).unwrap()
        };
        assert_eq!(pragma("synchronous"), "Integer(2)", "FULL");
        assert_eq!(pragma("journal_mode"), "Text([119, 97, 108])", "wal");
    }
}
