//! Runs imports: reads and plans off the async workers, hashes passwords, commits once.

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::task::{JoinSet, spawn_blocking};
use zeroize::Zeroizing;

use crate::account::{ImportReport, SecretHash};
use crate::api::report_json::{self, Importer, Kept};
use crate::auth::{Authenticator, HashError, PASSWORD_BYTES_MAX};
use crate::directory::{Clock, CommitError, Directory, Edit, Request, new_id};
use crate::file::encoding::Text;
use crate::file::table::profile::Choice;
use crate::file::{FileError, Opener, Reason, Rule};
use crate::import::file::{Parsed, parse};
use crate::import::plan::{Plan, plan};
use crate::import::report::Report;
use crate::import::{Hashes, Target};

/// How often an import is planned anew because something changed meanwhile.
const ATTEMPTS_MAX: usize = 5;
/// Imports that are read and planned at the same time; the others wait.
const AT_ONCE_MAX: usize = 2;
/// Passwords that are sent to be hashed at the same time, so that sign-ins get their turns.
const HASHES_AT_ONCE_MAX: usize = 2;

/// A file that was sent, and how it is to be read.
pub(super) struct Sent {
    pub(super) text: Result<Text, FileError>,
    pub(super) opener: Box<Opener>,
    pub(super) choice: Choice,
}

impl Sent {
    /// Reads the file; this takes a while for a large one.
    fn parse(self) -> Parsed {
        let begun = (self.opener)();
        let begun =
            begun.map_err(|fault| FileError::whole(Reason::new(Rule::Unreadable, [&fault])));
        match (begun, self.text) {
            (Ok(source), text) => parse(source, text, &self.choice),
            (Err(fault), _) => parse(std::io::empty(), Err(fault), &self.choice),
        }
    }
}

/// Whether anything is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Run {
    Real,
    Dry,
}

/// Why an import came to nothing although its file was read.
#[derive(Debug, thiserror::Error)]
pub(super) enum ImportError {
    #[error("too much is changing at the same time, try again later")]
    Contended,
    #[error(transparent)]
    Commit(CommitError),
    #[error("the import was cancelled")]
    Cancelled,
}

/// What an import did, also as JSON.
pub(super) struct Done {
    pub(super) report: Report,
    pub(super) json: Value,
}

/// Runs imports. One per daemon.
pub(super) struct Imports {
    directory: Arc<Directory>,
    authenticator: Arc<Authenticator>,
    turns: Arc<Semaphore>,
    clock: Clock,
}

impl Imports {
    pub(super) fn new(
        directory: Arc<Directory>,
        authenticator: Arc<Authenticator>,
        clock: Clock,
    ) -> Self {
        let turns = Arc::new(Semaphore::new(AT_ONCE_MAX));
        Self { directory, authenticator, turns, clock }
    }

    /// Reads a file, off the async workers and when its turn has come.
    ///
    /// # Errors
    /// [`ImportError::Cancelled`] where the program stops.
    pub(super) async fn read(&self, sent: Sent) -> Result<Parsed, ImportError> {
        let turns = Arc::clone(&self.turns);
        let turn = turns.acquire_owned().await.map_err(|_closed| ImportError::Cancelled)?;
        let parsed = spawn_blocking(move || {
            let parsed = sent.parse();
            drop(turn);
            parsed
        });
        parsed.await.map_err(|_cancelled| ImportError::Cancelled)
    }

    /// Adds the rows of a file to a book in one commit, and keeps the report.
    ///
    /// # Errors
    /// [`ImportError`]; then nothing of the file was kept.
    pub(super) async fn add(
        &self,
        parsed: Parsed,
        target: &Target,
        importer: Importer,
        run: Run,
    ) -> Result<Done, ImportError> {
        let parsed = Arc::new(parsed);
        let mut hashes = Hashes::new();
        for _ in 0..ATTEMPTS_MAX {
            let mut plan = self.plan(&parsed, target, &hashes).await?;
            if run == Run::Real && !plan.unhashed.is_empty() {
                hashes.extend(self.hash(&parsed, &plan.unhashed).await);
                plan = self.plan(&parsed, target, &hashes).await?;
            }
            let report = Report::new(&parsed, target, &mut plan);
            if run == Run::Dry || !report.is_usable() {
                let json = report_json::report(&report, None);
                return Ok(Done { report, json });
            }
            if !plan.unhashed.is_empty() {
                continue;
            }
            let kept = Kept { id: new_id().to_string(), by: importer.clone(), at: (self.clock)() };
            let json = report_json::report(&report, Some(&kept));
            let mut edits = plan.edits;
            edits.push(Edit::PutImport(ImportReport {
                id: kept.id.into(),
                organization: target.organization.clone(),
                created: kept.at,
                json: json.to_string().into(),
            }));
            match self.directory.commit(Request { edits, preconditions: Vec::new() }).await {
                Ok(_) => return Ok(Done { report, json }),
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
        let planned = spawn_blocking(move || {
            let plan = plan(&parsed, &target, &snapshot, &hashes, now);
            drop(turn);
            plan
        });
        planned.await.map_err(|_cancelled| ImportError::Cancelled)
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
            running.spawn(async move {
                let hashed = hash_in_turn(&authenticator, password).await;
                (line, hashed.map_err(refused_password))
            });
        }
        while let Some(hashed) = running.join_next().await {
            hashes.extend(hashed.ok());
        }
        hashes
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

fn refused_password(fault: HashError) -> Reason {
    match fault {
        HashError::Length => Reason::new(Rule::PasswordLength, [&PASSWORD_BYTES_MAX]),
        HashError::Busy | HashError::Failed => Rule::PasswordFailed.into(),
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
