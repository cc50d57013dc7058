//! Imports: a file of contacts against what is there, planned off the writer, done in one commit.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::{JoinSet, spawn_blocking};
use zeroize::Zeroizing;

use crate::account::{ImportReport, OrganizationId, SecretHash};
use crate::auth::{Authenticator, HashError};
use crate::contact::Book;
use crate::directory::{Clock, CommitError, Directory, Edit, Request, new_id};
use crate::import::file::Parsed;
use crate::import::plan::Plan;
use crate::import::report::{Importer, Report};
use crate::table::Fault;

pub mod file;
mod known;
pub mod person;
mod plan;
pub mod report;

/// How often an import is planned anew because something changed meanwhile.
const ATTEMPTS_MAX: usize = 5;
/// Imports that are read and planned at the same time; the others wait.
const AT_ONCE_MAX: usize = 2;
/// Passwords that are sent to be hashed at the same time, so that sign-ins get their turns.
const HASHES_AT_ONCE_MAX: usize = 2;

/// Where a file goes.
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

/// Whether anything is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    Real,
    Dry,
}

/// Why an import came to nothing although its file was read.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("too much is changing at the same time, try again later")]
    Contended,
    #[error(transparent)]
    Commit(CommitError),
    #[error("the import was cancelled")]
    Cancelled,
}

/// Runs imports. One per daemon.
pub struct Imports {
    directory: Arc<Directory>,
    authenticator: Arc<Authenticator>,
    turns: Arc<Semaphore>,
    clock: Clock,
}

/// Hashes of passwords by the line of their row.
type Hashes = HashMap<u64, Result<SecretHash, HashError>>;

impl Imports {
    pub fn new(directory: Arc<Directory>, authenticator: Arc<Authenticator>, clock: Clock) -> Self {
        let turns = Arc::new(Semaphore::new(AT_ONCE_MAX));
        Self { directory, authenticator, turns, clock }
    }

    /// Reads a file, off the async workers and when its turn has come.
    ///
    /// # Errors
    /// [`ImportError::Cancelled`] where the program stops.
    pub async fn read(&self, upload: file::Upload) -> Result<Parsed, ImportError> {
        let turns = Arc::clone(&self.turns);
        let turn = turns.acquire_owned().await.map_err(|_closed| ImportError::Cancelled)?;
        let parsed = spawn_blocking(move || {
            let parsed = file::parse(upload);
            drop(turn);
            parsed
        });
        parsed.await.map_err(|_cancelled| ImportError::Cancelled)
    }

    /// Adds the rows of a file to a book in one commit, and keeps the report.
    ///
    /// # Errors
    /// [`ImportError`]; then nothing of the file was kept.
    pub async fn add(
        &self,
        parsed: Parsed,
        target: &Target,
        importer: Importer,
        run: Run,
    ) -> Result<Report, ImportError> {
        let parsed = Arc::new(parsed);
        let mut hashes = Hashes::new();
        for _ in 0..ATTEMPTS_MAX {
            let mut plan = self.plan(&parsed, target, &hashes).await?;
            if run == Run::Real && !plan.unhashed.is_empty() {
                hashes.extend(self.hash(&parsed, &plan.unhashed).await);
                plan = self.plan(&parsed, target, &hashes).await?;
            }
            let mut report = Report::new(&parsed, target, &plan);
            if run == Run::Dry || !report.is_usable() {
                return Ok(report);
            }
            if !plan.unhashed.is_empty() {
                continue;
            }
            let kept = self.kept(&mut report, target, &importer);
            let mut edits = plan.edits;
            edits.push(Edit::PutImport(kept));
            match self.directory.commit(Request { edits, preconditions: Vec::new() }).await {
                Ok(_) => return Ok(report),
                Err(fault) if is_race(&fault) => {}
                Err(fault) => return Err(ImportError::Commit(fault)),
            }
        }
        Err(ImportError::Contended)
    }

    async fn plan(
        &self,
        parsed: &Arc<Parsed>,
        target: &Target,
        hashes: &Hashes,
    ) -> Result<Plan, ImportError> {
        let (parsed, target, hashes) = (Arc::clone(parsed), target.clone(), hashes.clone());
        let (snapshot, now) = (self.directory.snapshot(), (self.clock)());
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let turn = turn.map_err(|_closed| ImportError::Cancelled)?;
        let plan = spawn_blocking(move || {
            let plan = plan::plan(&parsed, &target, &snapshot, &hashes, now);
            drop(turn);
            plan
        });
        plan.await.map_err(|_cancelled| ImportError::Cancelled)
    }

    /// The hashes of the passwords in these entries.
    async fn hash(&self, parsed: &Arc<Parsed>, entries: &[usize]) -> Hashes {
        let mut running = JoinSet::new();
        let mut hashes = Hashes::new();
        for entry in entries.iter().filter_map(|at| parsed.entries.get(*at)) {
            if running.len() >= HASHES_AT_ONCE_MAX {
                hashes.extend(running.join_next().await.and_then(Result::ok));
            }
            let Some(password) = &entry.password else { continue };
            let password = Zeroizing::new(password.as_bytes().to_vec());
            let (line, authenticator) = (entry.line, Arc::clone(&self.authenticator));
            running.spawn(async move { (line, hash_in_turn(&authenticator, password).await) });
        }
        while let Some(hashed) = running.join_next().await {
            hashes.extend(hashed.ok());
        }
        hashes
    }

    /// Gives the report its id, and makes what is kept of it.
    fn kept(&self, report: &mut Report, target: &Target, importer: &Importer) -> ImportReport {
        let id = new_id().to_string();
        let created = (self.clock)();
        report.keep(&id, importer, created);
        let organization = target.organization.clone();
        ImportReport { id: id.into(), organization, created, json: report.json().into() }
    }
}

/// An import waits as long as it takes: it was sent once, for many users.
async fn hash_in_turn(
    authenticator: &Authenticator,
    password: Zeroizing<Vec<u8>>,
) -> Result<SecretHash, HashError> {
    loop {
        match authenticator.hash(password.clone()).await {
            Err(HashError::Busy) => {}
            done => return done,
        }
    }
}

/// Whether somebody else's change stood in the way, so that a new plan gets around it.
fn is_race(fault: &CommitError) -> bool {
    matches!(
        fault,
        CommitError::Changed
            | CommitError::NoContact(_)
            | CommitError::NoUser(_)
            | CommitError::NameTaken { .. }
            | CommitError::UidTaken { .. }
            | CommitError::ExtensionTaken { .. }
            | CommitError::ExtensionFixed { .. }
            | CommitError::LoginTaken { .. }
    )
}

/// A fault of a row as a whole or of one of its columns.
fn fault(line: u64, field: Option<&str>, value: Option<&str>, reason: String) -> Fault {
    let value = value.map(crate::table::shortened);
    Fault { line, field: field.map(str::to_owned), value, reason }
}
