//! The thread that writes: it groups requests into transactions and swaps the snapshot.

use std::collections::VecDeque;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use tokio::sync::oneshot;

use crate::account::import::Undone;
use crate::directory::check::{self, check};
use crate::directory::journal::{self, Journal};
use crate::directory::overlay::Overlay;
use crate::directory::undo::{self, Reach, UndoError};
use crate::directory::{Clock, CommitError, Committed, Edit, Request};
use crate::index::{MergedShelf, Snapshot};
use crate::store::{Change, Store, StoreError};

/// One transaction and one fsync serve up to this many requests.
const GROUP_REQUESTS_MAX: usize = 256;
/// How long the callers of a commit that is done wait until it can be read back.
const SHOW_TIME_MAX: Duration = Duration::from_secs(30);
/// How often it is tried to undo an import while another daemon writes to the same store.
const UNDO_ATTEMPTS_MAX: usize = 5;
/// Between two tries to read what a store that failed has by now.
const RETRY_PAUSE: Duration = Duration::from_millis(250);

/// What the writer is told.
pub(super) enum Message {
    Commit(Request, Reply),
    Undo(Undo, oneshot::Sender<Result<Committed, UndoError>>),
    Merged(MergedShelf),
    /// Something waits in the journal.
    Noted,
    /// Write the journal now.
    Flush(oneshot::Sender<()>),
    Stop,
}

/// An import to be undone.
pub(super) struct Undo {
    pub(super) import: Box<str>,
    pub(super) by: Box<str>,
    pub(super) reach: Reach,
}

pub(super) type Reply = oneshot::Sender<Result<Committed, CommitError>>;

pub(super) struct Writer {
    store: Box<dyn Store>,
    snapshot: Arc<ArcSwap<Snapshot>>,
    clock: Clock,
    /// For background merges to report back.
    inbox: mpsc::Sender<Message>,
    merging: bool,
    /// The store may have more than the snapshot shows: a commit of ours whose end nobody saw.
    behind: bool,
    journal: Arc<Journal>,
    /// When the journal is to be written.
    journal_due: Option<Instant>,
    waiting: VecDeque<(Request, Reply)>,
}

/// What became of a request in its group.
enum Verdict {
    Accepted,
    Refused(CommitError),
    /// It touches a contact that this group has changed: two states of a contact must not share a
    /// revision, as their ETags would be the same.
    Deferred(Request),
}

impl Writer {
    pub(super) fn new(
        store: Box<dyn Store>,
        snapshot: Arc<ArcSwap<Snapshot>>,
        journal: Arc<Journal>,
        clock: Clock,
        inbox: mpsc::Sender<Message>,
    ) -> Self {
        let (merging, behind, journal_due) = (false, false, None);
        let waiting = VecDeque::new();
        Self { store, snapshot, clock, inbox, merging, behind, journal, journal_due, waiting }
    }

    /// Serves messages until it is told to stop.
    pub(super) fn run(mut self, messages: &mpsc::Receiver<Message>) {
        let mut stopping = false;
        while !stopping || !self.waiting.is_empty() {
            if self.waiting.is_empty() {
                match self.next(messages) {
                    Some(message) => stopping = self.take(message),
                    None => break,
                }
            }
            while self.waiting.len() < GROUP_REQUESTS_MAX && !stopping {
                match messages.try_recv() {
                    Ok(message) => stopping = self.take(message),
                    Err(_) => break,
                }
            }
            let group: Vec<_> =
                self.waiting.drain(..self.waiting.len().min(GROUP_REQUESTS_MAX)).collect();
            if !group.is_empty() {
                self.commit(group);
                self.merge_if_due();
                self.write_journal_if_due();
            }
        }
        self.write_journal();
    }

    /// Waits for a message. None: nobody will send any.
    fn next(&mut self, messages: &mpsc::Receiver<Message>) -> Option<Message> {
        while self.behind {
            match messages.recv_timeout(RETRY_PAUSE) {
                Ok(message) => return Some(message),
                Err(mpsc::RecvTimeoutError::Disconnected) => return None,
                // A store that is still away is not worth a line every time.
                Err(mpsc::RecvTimeoutError::Timeout) => drop(self.catch_up()),
            }
        }
        while let Some(due) = self.journal_due {
            match messages.recv_timeout(due.saturating_duration_since(Instant::now())) {
                Ok(message) => return Some(message),
                Err(mpsc::RecvTimeoutError::Disconnected) => return None,
                Err(mpsc::RecvTimeoutError::Timeout) => self.write_journal(),
            }
        }
        messages.recv().ok()
    }

    fn write_journal_if_due(&mut self) {
        if self.journal_due.is_some_and(|due| due <= Instant::now()) {
            self.write_journal();
        }
    }

    fn write_journal(&mut self) {
        self.journal_due = None;
        let Some(notes) = self.journal.take((self.clock)()) else { return };
        if let Err(fault) = self.store.note(&notes) {
            tracing::error!(%fault, "the audit log was not written; it is tried again");
            self.journal.put_back(notes);
            self.journal_due = Some(Instant::now() + journal::WAIT);
        }
    }

    /// Takes a message; true where it says stop.
    fn take(&mut self, message: Message) -> bool {
        match message {
            Message::Commit(request, reply) => self.waiting.push_back((request, reply)),
            Message::Undo(undo, reply) => {
                // A caller that no longer waits does not need the answer.
                let _ = reply.send(self.undo(&undo));
            }
            Message::Merged(merged) => {
                self.merging = false;
                let next = self.snapshot.load().adopt(merged);
                self.snapshot.store(Arc::new(next));
            }
            Message::Noted => {
                self.journal_due.get_or_insert_with(|| Instant::now() + journal::WAIT);
            }
            Message::Flush(done) => {
                self.write_journal();
                // Fails where nobody waits any more.
                let _ = done.send(());
            }
            Message::Stop => return true,
        }
        false
    }

    fn commit(&mut self, group: Vec<(Request, Reply)>) {
        let base = self.snapshot.load_full();
        let (requests, replies): (Vec<Request>, Vec<Reply>) = group.into_iter().unzip();
        let mut requests = requests.into_iter();
        let mut verdicts = Vec::with_capacity(replies.len());
        let now = (self.clock)();
        let written = self.store.commit(base.revision(), &mut |unseen, revision| {
            let ahead = (!unseen.is_empty()).then(|| base.after(unseen, revision).0);
            let state = ahead.as_ref().unwrap_or(&base);
            let mut accepted = Overlay::new(revision, now);
            let mut changes: Vec<Change> = Vec::new();
            // What a commit with an import changes is remembered as the import's.
            let mut alone = false;
            for request in requests.by_ref() {
                let import = is_import(&request);
                if alone || (import && !changes.is_empty()) || accepted.touches(&request) {
                    verdicts.push(Verdict::Deferred(request));
                    continue;
                }
                let mut staged = Overlay::new(revision, now);
                match check(state, &accepted, &mut staged, request) {
                    Ok(more) => {
                        alone = import;
                        match changes.is_empty() {
                            true => changes = more,
                            false => changes.extend(more),
                        }
                        accepted.absorb(staged);
                        verdicts.push(Verdict::Accepted);
                    }
                    Err(fault) => verdicts.push(Verdict::Refused(fault)),
                }
            }
            changes
        });
        let outcome = written.and_then(|revision| self.show().map(|()| revision));
        if let Err(fault) = &outcome {
            tracing::error!(%fault, "a commit failed");
            self.behind |= matches!(fault, StoreError::Unsure(_));
        }
        // A store that failed before it asked has decided against all of them.
        verdicts.resize_with(replies.len(), || Verdict::Accepted);
        for (verdict, reply) in verdicts.into_iter().zip(replies).rev() {
            let answer = match verdict {
                Verdict::Deferred(request) => {
                    self.waiting.push_front((request, reply));
                    continue;
                }
                Verdict::Refused(fault) => Err(fault),
                Verdict::Accepted => match &outcome {
                    Ok(revision) => Ok(Committed { revision: *revision }),
                    Err(fault) => Err(fault.clone().into()),
                },
            };
            // A caller that no longer waits does not need the answer.
            let _ = reply.send(answer);
        }
    }

    /// Undoes an import. It is read and undone at one revision: nothing may happen between.
    fn undo(&mut self, undo: &Undo) -> Result<Committed, UndoError> {
        for _ in 0..UNDO_ATTEMPTS_MAX {
            self.catch_up()?;
            let base = self.snapshot.load_full();
            let remembered = self.store.remembered(&undo.import)?.ok_or(UndoError::NoImport)?;
            let now = (self.clock)();
            undo::check(&base, &remembered, (undo.reach, now))?;
            let mut remembered = (remembered.at == base.revision()).then_some(remembered);
            let mut decided = None;
            let written = self.store.commit(base.revision(), &mut |unseen, revision| {
                let remembered = remembered.take().filter(|_| unseen.is_empty());
                let Some(remembered) = remembered else { return Vec::new() };
                let (accepted, mut staged) =
                    (Overlay::new(revision, now), Overlay::new(revision, now));
                let undone = Undone { at: now, by: undo.by.clone() };
                let changes = check::undo(&base, (&accepted, &mut staged), remembered, undone);
                let (verdict, changes) = match changes {
                    Ok(changes) => (Ok(()), changes),
                    Err(fault) => (Err(fault), Vec::new()),
                };
                decided = Some(verdict);
                changes
            });
            drop(base);
            let Some(verdict) = decided else {
                // Another daemon wrote meanwhile, or the store failed before it asked.
                written?;
                continue;
            };
            verdict?;
            let written = written.and_then(|revision| self.show().map(|()| revision));
            let revision = written.inspect_err(|fault| {
                tracing::error!(%fault, "an import was not undone");
                self.behind |= matches!(fault, StoreError::Unsure(_));
            })?;
            return Ok(Committed { revision });
        }
        Err(UndoError::Commit(CommitError::Changed))
    }

    /// Makes the snapshot show a commit that is done. A store that goes away just now may come back:
    /// what is durable must not be called refused.
    fn show(&mut self) -> Result<(), StoreError> {
        let start = Instant::now();
        while let Err(fault) = self.catch_up() {
            if start.elapsed() >= SHOW_TIME_MAX {
                return Err(StoreError::Unsure(format!("they were, but cannot be read: {fault}")));
            }
            thread::sleep(RETRY_PAUSE);
        }
        Ok(())
    }

    /// Moves the snapshot by what the store says: own and foreign commits take the same path.
    fn catch_up(&mut self) -> Result<(), StoreError> {
        let base = self.snapshot.load_full();
        let (events, revision) = self.store.changes(base.revision())?;
        if revision > base.revision() {
            let (next, broken) = base.after(events, revision);
            report_broken(&broken);
            self.snapshot.store(Arc::new(next));
        }
        self.behind = false;
        Ok(())
    }

    fn merge_if_due(&mut self) {
        if self.merging {
            return;
        }
        let Some(merge) = self.snapshot.load().overdue_merges().into_iter().next() else { return };
        let inbox = self.inbox.clone();
        let spawned = thread::Builder::new().name("merge".into()).spawn(move || {
            // Fails only where the writer has stopped.
            let _ = inbox.send(Message::Merged(merge.run()));
        });
        self.merging = spawned.is_ok();
    }
}

fn is_import(request: &Request) -> bool {
    matches!(request.edits.first(), Some(Edit::PutImport(_)))
}

/// Logs rows that could not be used; the others are served.
pub(super) fn report_broken(broken: &[String]) {
    for row in broken {
        tracing::error!(row, "a row of the store cannot be read and is left out");
    }
}
