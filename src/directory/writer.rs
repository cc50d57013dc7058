//! The thread that writes: it groups requests into transactions and swaps the snapshot.

use std::collections::VecDeque;
use std::sync::{Arc, mpsc};

use arc_swap::ArcSwap;
use tokio::sync::oneshot;

use crate::directory::check::check;
use crate::directory::overlay::Overlay;
use crate::directory::{Clock, CommitError, Committed, Request};
use crate::index::{MergedShelf, Snapshot};
use crate::store::{Change, Store, StoreError};

/// One transaction and one fsync serve up to this many requests.
const GROUP_REQUESTS_MAX: usize = 256;

/// What the writer is told.
pub(super) enum Message {
    Commit(Request, Reply),
    Merged(MergedShelf),
    Stop,
}

pub(super) type Reply = oneshot::Sender<Result<Committed, CommitError>>;

pub(super) struct Writer {
    store: Box<dyn Store>,
    snapshot: Arc<ArcSwap<Snapshot>>,
    clock: Clock,
    /// For background merges to report back.
    inbox: mpsc::Sender<Message>,
    merging: bool,
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
        clock: Clock,
        inbox: mpsc::Sender<Message>,
    ) -> Self {
        Self { store, snapshot, clock, inbox, merging: false, waiting: VecDeque::new() }
    }

    /// Serves messages until it is told to stop.
    pub(super) fn run(mut self, messages: &mpsc::Receiver<Message>) {
        let mut stopping = false;
        while !stopping || !self.waiting.is_empty() {
            if self.waiting.is_empty() {
                match messages.recv() {
                    Ok(message) => stopping = self.take(message),
                    Err(mpsc::RecvError) => return,
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
            }
        }
    }

    /// Takes a message; true where it says stop.
    fn take(&mut self, message: Message) -> bool {
        match message {
            Message::Commit(request, reply) => self.waiting.push_back((request, reply)),
            Message::Merged(merged) => {
                self.merging = false;
                let next = self.snapshot.load().adopt(merged);
                self.snapshot.store(Arc::new(next));
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
            for request in requests.by_ref() {
                if accepted.touches(&request) {
                    verdicts.push(Verdict::Deferred(request));
                    continue;
                }
                let mut staged = Overlay::new(revision, now);
                match check(state, &accepted, &mut staged, request) {
                    Ok(more) => {
                        changes.extend(more);
                        accepted.absorb(staged);
                        verdicts.push(Verdict::Accepted);
                    }
                    Err(fault) => verdicts.push(Verdict::Refused(fault)),
                }
            }
            changes
        });
        let outcome = written.and_then(|revision| self.catch_up(&base).map(|()| revision));
        if let Err(fault) = &outcome {
            tracing::error!(%fault, "a commit failed");
        }
        for (verdict, reply) in verdicts.into_iter().zip(replies).rev() {
            let answer = match verdict {
                Verdict::Deferred(request) => {
                    self.waiting.push_front((request, reply));
                    continue;
                }
                Verdict::Refused(fault) => Err(fault),
                Verdict::Accepted => match &outcome {
                    Ok(revision) => Ok(Committed { revision: *revision }),
                    Err(fault) => Err(CommitError::Store(fault.clone())),
                },
            };
            // A caller that no longer waits does not need the answer.
            let _ = reply.send(answer);
        }
    }

    /// Moves the snapshot by what the store says: own and foreign commits take the same path.
    fn catch_up(&mut self, base: &Snapshot) -> Result<(), StoreError> {
        let (events, revision) = self.store.changes(base.revision())?;
        if revision > base.revision() {
            let (next, broken) = base.after(events, revision);
            report_broken(&broken);
            self.snapshot.store(Arc::new(next));
        }
        Ok(())
    }

    fn merge_if_due(&mut self) {
        if self.merging {
            return;
        }
        let Some(merge) = self.snapshot.load().overdue_merges().into_iter().next() else { return };
        let inbox = self.inbox.clone();
        let spawned = std::thread::Builder::new().name("merge".into()).spawn(move || {
            // Fails only where the writer has stopped.
            let _ = inbox.send(Message::Merged(merge.run()));
        });
        self.merging = spawned.is_ok();
    }
}

/// Logs rows that could not be used; the others are served.
pub(super) fn report_broken(broken: &[String]) {
    for row in broken {
        tracing::error!(row, "a row of the store cannot be read and is left out");
    }
}
