//! One commit, and what becomes of it when the connection is lost on the way.
//!
//! The row of the last revision is locked first and until the end: a later revision never becomes
//! visible before an earlier one, and where the revision is what it was, nothing has changed.

use crate::contact::Revision;
use crate::store::postgres::fault::Fault;
use crate::store::postgres::read::{events, not_behind, number};
use crate::store::postgres::session::{Purpose, Session, Work, cell};
use crate::store::postgres::write;
use crate::store::{Change, Decide, StoreError};

/// A commit between its tries.
pub(super) struct Commit<'a, 'd> {
    since: Revision,
    decide: &'a mut Decide<'d>,
    decided: Option<Decided>,
}

/// What is to be written. It is decided once: the callers' requests are used up by that.
struct Decided {
    /// The revision that it was decided for.
    before: Revision,
    changes: Vec<Change>,
    /// The transaction whose COMMIT was sent without an answer.
    sent: Option<String>,
}

impl<'a, 'd> Commit<'a, 'd> {
    pub(super) fn new(since: Revision, decide: &'a mut Decide<'d>) -> Self {
        Self { since, decide, decided: None }
    }

    /// Whether it may have happened.
    pub(super) fn is_unsure(&self) -> bool {
        self.decided.as_ref().is_some_and(|decided| decided.sent.is_some())
    }

    /// Tries, or tries again with another connection, or finds that the last try did happen.
    pub(super) async fn attempt(&mut self, session: &mut Session) -> Result<Revision, Fault> {
        let mut work = session.begin(Purpose::Write).await?;
        // Waits for the transaction of a lost connection, too.
        let now = lock(&mut work).await?;
        not_behind(now, self.since)?;
        match &mut self.decided {
            None => self.decide(&mut work, now).await?,
            Some(decided) if decided.before != now => return decided.outcome(&mut work, now).await,
            Some(_) => {}
        }
        let Some(decided) = self.decided.as_mut().filter(|found| !found.changes.is_empty()) else {
            return Ok(now);
        };
        // Nothing has happened since it was decided, an earlier try of it included.
        decided.sent = None;
        let next = Revision(now.0 + 1);
        write::changes(&mut work, &decided.changes, next).await?;
        let sql = "UPDATE meta SET value = $1 WHERE key = 'revision' \
                   RETURNING pg_current_xact_id()::text";
        let row = work.row(sql, &[&next.0.to_string()]).await?;
        decided.sent = row.map(|row| cell(&row, 0)).transpose()?;
        work.commit().await.map(|()| next).inspect_err(|fault| {
            if matches!(fault, Fault::Refused(_)) {
                decided.sent = None;
            }
        })
    }

    async fn decide(&mut self, work: &mut Work<'_>, now: Revision) -> Result<(), Fault> {
        let mut unseen = Vec::new();
        if now > self.since {
            events(work, self.since, &mut |event| unseen.push(event)).await?;
        }
        let changes = (self.decide)(unseen, Revision(now.0 + 1));
        self.decided = Some(Decided { before: now, changes, sent: None });
        Ok(())
    }
}

impl Decided {
    /// What became of it, now that the revision has moved: by this commit or by another.
    async fn outcome(&mut self, work: &mut Work<'_>, now: Revision) -> Result<Revision, Fault> {
        let gone = || {
            let what = "the connection was lost, and meanwhile others wrote: nothing was kept";
            StoreError::Unreachable(what.to_owned())
        };
        let Some(transaction) = &self.sent else { return Err(gone().into()) };
        let sql = "SELECT pg_xact_status($1::text::xid8)";
        let row = work.row(sql, &[transaction]).await?;
        let status: Option<String> = row.map(|row| cell(&row, 0)).transpose()?.flatten();
        match status.as_deref() {
            Some("committed") => Ok(Revision(self.before.0 + 1)),
            Some("aborted") => {
                self.sent = None;
                Err(gone().into())
            }
            _ => {
                let what = format!("the server does not know transaction {transaction}");
                Err(StoreError::Unsure(format!("{what}; it is at revision {}", now.0)).into())
            }
        }
    }
}

async fn lock(work: &mut Work<'_>) -> Result<Revision, Fault> {
    let sql = "SELECT value FROM meta WHERE key = 'revision' FOR UPDATE";
    match work.row(sql, &[]).await? {
        Some(row) => number(cell(&row, 0)?),
        None => Err(StoreError::Damaged("the table `meta` has no `revision`".to_owned()).into()),
    }
}
