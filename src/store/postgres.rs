//! The store in a PostgreSQL database: the same tables, revisions and promises as the embedded one.

use std::ops::AsyncFnMut;
use std::thread;
use std::time::{Duration, Instant};

use tokio_postgres::Row;

use crate::account::audit::{AuditQuery, LastUse, Notes, Numbered};
use crate::account::import::{Import, ImportOverview, ImportQuery};
use crate::contact::photo::PhotoSize;
use crate::contact::{ContactId, Revision};
use crate::store::postgres::commit::Commit;
use crate::store::postgres::fault::Fault;
use crate::store::postgres::read::{events, not_behind, revision};
use crate::store::postgres::session::{Purpose, Session, cell, run};
use crate::store::postgres::url::PostgresUrl;
use crate::store::{Decide, Event, Remembered, Store, StoreError};

mod audit;
mod check;
mod commit;
mod fault;
mod imports;
mod memory;
mod read;
mod schema;
mod session;
mod text;
mod tls;
mod url;
mod wait;
mod write;

pub use check::check;
pub use url::shown;

/// See [`PostgresStore::with_return_time_max`].
const RETURN_TIME_MAX: Duration = Duration::from_secs(30);
/// Between two tries to connect.
const RETURN_PAUSE: Duration = Duration::from_millis(250);

/// A store in a database.
pub struct PostgresStore {
    url: PostgresUrl,
    epoch: String,
    /// None: the last one was lost.
    session: Option<Session>,
    return_time_max: Duration,
}

impl PostgresStore {
    /// Connects, makes the tables where there are none, and brings their format up to date.
    ///
    /// # Errors
    /// [`StoreError`] where the database cannot be used; it never shows the URL's password.
    pub fn open(url: &str) -> Result<Self, StoreError> {
        let url = PostgresUrl::parse(url)?;
        let mut session = Session::connect(&url)?;
        let epoch = run(async {
            schema::migrate(&mut session).await?;
            schema::epoch(&mut session).await
        })?;
        let session = Some(session);
        Ok(Self { url, epoch, session, return_time_max: RETURN_TIME_MAX })
    }

    /// How long a commit whose end is unknown waits for the server to come back; 30 s where nothing
    /// else is said.
    #[must_use]
    pub fn with_return_time_max(self, return_time_max: Duration) -> Self {
        Self { return_time_max, ..self }
    }

    /// The connection, a new one where the last one was lost.
    fn session(&mut self) -> Result<&mut Session, Fault> {
        let usable = self.session.take().filter(|session| !session.is_closed());
        let session = match usable {
            Some(session) => session,
            None => self.connect()?,
        };
        Ok(self.session.insert(session))
    }

    /// Connects anew, to the same history only.
    fn connect(&self) -> Result<Session, Fault> {
        let mut session = Session::connect(&self.url)?;
        let epoch = run(async {
            let mut work = session.begin(Purpose::Read).await?;
            schema::meta(&mut work, "epoch").await
        })?;
        if epoch == self.epoch {
            return Ok(session);
        }
        let what = "another history was put in the database's place; restart the daemon";
        Err(StoreError::Damaged(what.to_owned()).into())
    }

    /// Does work with the connection, which is given up where it is lost.
    fn once<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut Session) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let session = self.session()?;
        let done = run(work(session));
        if matches!(done, Err(Fault::Lost(_))) {
            self.session = None;
        }
        done
    }

    /// Reads; a connection that was lost meanwhile, as by a restart of the server, is no fault.
    fn read<T>(
        &mut self,
        mut work: impl AsyncFnMut(&mut Session) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        let read = match self.once(async |session| work(session).await) {
            Err(Fault::Lost(_)) => self.once(async |session| work(session).await),
            done => done,
        };
        Ok(read?)
    }

    /// The row of an answer that has one at most.
    fn row(&mut self, sql: &str, key: &Key<'_>) -> Result<Option<Row>, StoreError> {
        self.read(async |session| session.begin(Purpose::Read).await?.row(sql, key).await)
    }
}

type Key<'a> = [&'a (dyn tokio_postgres::types::ToSql + Sync)];

impl Store for PostgresStore {
    fn epoch(&mut self) -> Result<String, StoreError> {
        Ok(self.epoch.clone())
    }

    fn load(&mut self, sink: &mut dyn FnMut(Event)) -> Result<Revision, StoreError> {
        let load = async |session: &mut Session| {
            let mut work = session.begin(Purpose::Read).await?;
            let at = revision(&mut work).await?;
            events(&mut work, Revision(0), sink).await?;
            Ok(at)
        };
        // Not again where it is lost: the sink has some of it.
        Ok(self.once(load)?)
    }

    fn commit(&mut self, since: Revision, decide: &mut Decide<'_>) -> Result<Revision, StoreError> {
        let mut commit = Commit::new(since, decide);
        let mut lost: Option<Instant> = None;
        loop {
            let fault = match self.once(async |session| commit.attempt(session).await) {
                Ok(at) => return Ok(at),
                Err(Fault::Refused(error)) if !commit.is_unsure() => return Err(error),
                Err(Fault::Refused(error)) => error.to_string(),
                Err(Fault::Lost(why)) => why,
            };
            let first = lost.is_none();
            let since = *lost.get_or_insert_with(Instant::now);
            match (commit.is_unsure(), first) {
                (true, _) if since.elapsed() < self.return_time_max => thread::sleep(RETURN_PAUSE),
                (true, _) => return Err(StoreError::Unsure(fault)),
                // The connection may have been lost long ago, and nobody has noticed yet.
                (false, true) => {}
                (false, false) => return Err(StoreError::Unreachable(fault)),
            }
        }
    }

    fn changes(&mut self, since: Revision) -> Result<(Vec<Event>, Revision), StoreError> {
        self.read(async |session| {
            let mut work = session.begin(Purpose::Read).await?;
            let at = revision(&mut work).await?;
            not_behind(at, since)?;
            let mut found = Vec::new();
            if at > since {
                events(&mut work, since, &mut |event| found.push(event)).await?;
            }
            Ok((found, at))
        })
    }

    fn body(&mut self, id: ContactId) -> Result<Option<(Revision, Vec<u8>)>, StoreError> {
        let sql = "SELECT revision, body FROM contact WHERE id = $1 AND body IS NOT NULL";
        let Some(row) = self.row(sql, &[&id.0])? else { return Ok(None) };
        let revision: i64 = cell(&row, 0)?;
        Ok(Some((Revision(revision.cast_unsigned()), cell(&row, 1)?)))
    }

    fn photo(
        &mut self,
        id: ContactId,
        size: PhotoSize,
    ) -> Result<Option<(u64, Vec<u8>)>, StoreError> {
        let sql = match size {
            PhotoSize::Full => "SELECT digest, jpeg FROM photo WHERE contact = $1",
            PhotoSize::Thumbnail => "SELECT digest, thumbnail FROM photo WHERE contact = $1",
        };
        let Some(row) = self.row(sql, &[&id.0])? else { return Ok(None) };
        Ok(Some((cell::<i64>(&row, 0)?.cast_unsigned(), cell(&row, 1)?)))
    }

    fn imports(&mut self, query: &ImportQuery) -> Result<Vec<ImportOverview>, StoreError> {
        self.read(async |session| imports::list(session, query).await)
    }

    fn import(&mut self, id: &str) -> Result<Option<(Import, Revision)>, StoreError> {
        self.read(async |session| imports::read(session, id).await)
    }

    fn remembered(&mut self, import: &str) -> Result<Option<Remembered>, StoreError> {
        self.read(async |session| memory::remembered(session, import).await)
    }

    /// Where the connection is lost while it commits, sign-ins of a few seconds may count twice.
    fn note(&mut self, notes: &Notes) -> Result<(), StoreError> {
        Ok(self.once(async |session| audit::note(session, notes).await)?)
    }

    fn audit(&mut self, query: &AuditQuery) -> Result<Vec<Numbered>, StoreError> {
        self.read(async |session| audit::read(session, query).await)
    }

    fn last_uses(&mut self, credentials: &[Box<str>]) -> Result<Vec<LastUse>, StoreError> {
        self.read(async |session| audit::last_uses(session, credentials).await)
    }

    fn reader(&self) -> Result<Box<dyn Store>, StoreError> {
        let session = Some(self.connect()?);
        let (url, epoch) = (self.url.clone(), self.epoch.clone());
        Ok(Box::new(Self { url, epoch, session, return_time_max: self.return_time_max }))
    }
}
