//! Runs imports: reads and plans off the async workers, hashes passwords, commits once.

use std::cell::Cell;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::{JoinSet, spawn_blocking};
use zeroize::Zeroizing;

use crate::account::SecretHash;
use crate::account::import::Import;
use crate::api::contact_json::time;
use crate::api::report::{Importer, Kept, hex};
use crate::auth::{Authenticator, HashError, PASSWORD_BYTES_MAX};
use crate::contact::Timestamp;
use crate::directory::{Clock, CommitError, Directory, Edit, Request, new_id};
use crate::file::{About, FileError, Reason, Rule};
use crate::import::edits::edits;
use crate::import::plan::{Plan, plan};
use crate::import::report::Report;
use crate::import::source::Source;
use crate::import::{Hashes, Job, Means};
use crate::photo;

/// How often an import is planned anew because something changed meanwhile.
const ATTEMPTS_MAX: usize = 5;
/// What all photos of a file may have, in pixels: some ten thousand as contact programs make them.
const PHOTO_PIXELS_MAX: u64 = 10_000_000_000;
/// Imports that are read and planned at the same time; the others wait.
const AT_ONCE_MAX: usize = 2;
/// Passwords that are sent to be hashed at the same time, so that sign-ins get their turns.
const HASHES_AT_ONCE_MAX: usize = 2;

/// A file that was sent, and how it is to be read; or why it cannot be.
pub(super) struct Sent {
    pub(super) source: Result<Source, FileError>,
}

/// A file whose beginning was read, and what it is; or why it cannot be read.
pub(super) type Opened = Result<(Arc<Source>, About), FileError>;

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
    #[error("{0}")]
    Unreadable(FileError),
    #[error("the import was cancelled")]
    Cancelled,
}

/// From whom a file is.
pub(super) struct Origin {
    pub(super) importer: Importer,
    /// What the request calls itself.
    pub(super) key: Option<String>,
    /// What the file is called.
    pub(super) name: Option<String>,
    /// SHA-256.
    pub(super) digest: [u8; 32],
}

/// What an import did, also in the form that is kept.
pub(super) struct Done {
    pub(super) report: Report,
    pub(super) kept: Kept,
}

impl Done {
    /// Of an import that changes nothing and is not kept.
    pub(super) fn without_record(report: Report, origin: &Origin) -> Self {
        let kept = origin.sign(Kept::of(&report), None);
        Self { report, kept }
    }
}

impl Origin {
    /// Adds to a report whose it is, and for one that is kept its id and when it was made.
    fn sign(&self, mut kept: Kept, made: Option<(&str, Timestamp)>) -> Kept {
        kept.report.extend([
            ("id".to_owned(), json!(made.map(|(id, _)| id))),
            ("at".to_owned(), json!(made.and_then(|(_, at)| time(at)))),
            ("undone".to_owned(), Value::Null),
            ("by".to_owned(), json!(made.map(|_| self.importer.as_str()))),
            ("name".to_owned(), json!(self.name)),
            ("sha256".to_owned(), json!(hex(&self.digest))),
        ]);
        kept
    }
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

    /// Finds out what a file is, off the async workers and when its turn has come.
    ///
    /// # Errors
    /// [`ImportError::Cancelled`] where the program stops. What is wrong with the file is its own.
    pub(super) async fn open(&self, sent: Sent) -> Result<Opened, ImportError> {
        self.off_the_workers(move || {
            let source = sent.source?;
            let about = source.rows()?.about().clone();
            Ok((Arc::new(source), about))
        })
        .await
    }

    /// Does what a file says in one commit, and keeps the report.
    ///
    /// # Errors
    /// [`ImportError`]; then nothing of the file was kept.
    pub(super) async fn run(
        &self,
        source: Arc<Source>,
        job: Job,
        origin: Origin,
        run: Run,
    ) -> Result<Done, ImportError> {
        let job = Arc::new(job);
        let mut hashes = Arc::new(Hashes::new());
        for _ in 0..ATTEMPTS_MAX {
            let mut plan = self.plan(&source, &job, &hashes).await?;
            if run == Run::Real && !plan.unhashed.is_empty() {
                let more = self.hash(std::mem::take(&mut plan.unhashed)).await;
                hashes =
                    Arc::new(hashes.iter().map(|(l, h)| (*l, h.clone())).chain(more).collect());
                plan = self.plan(&source, &job, &hashes).await?;
            }
            if run == Run::Dry || !plan.report.is_usable() || plan.report.to_confirm.is_some() {
                return Ok(Done::without_record(plan.report, &origin));
            }
            if !plan.unhashed.is_empty() {
                continue;
            }
            let (report, mut request) = self.edits(plan, &source, &job, &hashes).await?;
            let (id, at) = (new_id().to_string(), (self.clock)());
            let kept = origin.sign(Kept::of(&report), Some((&id, at)));
            let import = Import {
                id: id.into(),
                organization: job.target.organization.clone(),
                created: at,
                by: origin.importer.as_str().into(),
                summary: kept.summary(&job, origin.key.as_deref()).to_string().into(),
                report: Value::Object(kept.report.clone()).to_string().into(),
                refused: kept.refused.as_ref().map(|refused| refused.to_string().into()),
                undone: None,
            };
            request.edits.insert(0, Edit::PutImport(Box::new(import)));
            match self.directory.commit(request).await {
                Ok(_) => return Ok(Done { report, kept }),
                Err(fault) if is_race(&fault) => {}
                Err(fault) => return Err(ImportError::Commit(fault)),
            }
        }
        Err(ImportError::Contended)
    }

    async fn plan(
        &self,
        source: &Arc<Source>,
        job: &Arc<Job>,
        hashes: &Arc<Hashes>,
    ) -> Result<Plan, ImportError> {
        let (source, job, hashes) = (Arc::clone(source), Arc::clone(job), Arc::clone(hashes));
        let directory = Arc::clone(&self.directory);
        let planned = self.off_the_workers(move || {
            let snapshot = directory.snapshot();
            with_means(&directory, |means| plan(&source, &job, snapshot, (&hashes, means)))
        });
        planned.await
    }

    async fn edits(
        &self,
        mut plan: Plan,
        source: &Arc<Source>,
        job: &Arc<Job>,
        hashes: &Arc<Hashes>,
    ) -> Result<(Report, Request), ImportError> {
        let (source, job, hashes) = (Arc::clone(source), Arc::clone(job), Arc::clone(hashes));
        let directory = Arc::clone(&self.directory);
        let made = self.off_the_workers(move || {
            let made =
                with_means(&directory, |means| edits(&mut plan, &source, &job, (&hashes, means)));
            made.map(|request| (plan.report, request))
        });
        made.await?.map_err(ImportError::Unreadable)
    }

    /// Does something on a thread that may block, when its turn has come.
    async fn off_the_workers<T: Send + 'static>(
        &self,
        act: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ImportError> {
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let turn = turn.map_err(|_closed| ImportError::Cancelled)?;
        let done = spawn_blocking(move || {
            let done = act();
            drop(turn);
            done
        });
        done.await.map_err(|_cancelled| ImportError::Cancelled)
    }

    /// The hashes of these passwords.
    async fn hash(&self, passwords: Vec<(u64, Zeroizing<String>)>) -> Hashes {
        let mut running = JoinSet::new();
        let mut hashes = Hashes::new();
        for (line, password) in passwords {
            if running.len() >= HASHES_AT_ONCE_MAX {
                hashes.extend(running.join_next().await.and_then(Result::ok));
            }
            let password = Zeroizing::new(password.as_bytes().to_vec());
            let authenticator = Arc::clone(&self.authenticator);
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

/// Lends what a plan needs of the world, on a thread that may block.
fn with_means<T>(directory: &Directory, act: impl FnOnce(&Means<'_>) -> T) -> T {
    let runtime = Handle::current();
    let body = |id| directory.body(id).ok().flatten().map(|(_, bytes)| bytes.into());
    let left = Cell::new(PHOTO_PIXELS_MAX);
    let develop = |image: &[u8]| {
        // Small files may hold large images: a file of them must not keep others waiting for hours.
        let rest = left.get().checked_sub(photo::work(image).unwrap_or_default());
        left.set(rest.ok_or(Rule::TooManyPhotos)?);
        let developed = runtime.block_on(photo::develop(image.to_vec()));
        developed.map_err(|fault| Reason::new(Rule::PhotoUnusable, [&fault]))
    };
    act(&Means { body: &body, develop: &develop })
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
