//! A search that is being answered: what may still be given, and how entries are found and written.

use std::io;
use std::time::{Duration, Instant};

use ldap3_proto::proto::LdapResultCode;
use tokio::io::AsyncWrite;

use crate::auth::{Principal, Who};
use crate::contact::ContactId;
use crate::contact::card::FieldSet;
use crate::contact::query::{Query, Truth};
use crate::index::{Matches, Row, Step};
use crate::ldap::control::paged::Tie;
use crate::ldap::entry::{Entries, Prepared};
use crate::ldap::filter;
use crate::ldap::fixed::Fixed;
use crate::ldap::photo::Photos;
use crate::ldap::plan::{EntryOf, MessageId, Plan, Selection};
use crate::ldap::request::SearchRequest;
use crate::ldap::result::{Outcome, Replies};
use crate::ldap::session::Session;
use crate::ldap::target::{AroundRow, Target};

/// Rows that are examined before others have their turn.
const STEP_ROWS: usize = 1000;
/// Entries in the answer to somebody who has not signed in, over all its pages.
const ANONYMOUS_ENTRIES_MAX: u32 = 500;

/// How many entries may still be given.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    /// What the client wants, and no more for those who have not signed in than what an office needs.
    left: u32,
    /// What the page, or the part of a list, holds.
    page: u32,
    /// Entries so far, over all pages.
    pub(super) given: u32,
}

/// Why no further entry is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    Size,
    Page,
}

impl Budget {
    fn new(principal: &Principal, wanted: u32) -> Self {
        let wanted = if wanted == 0 { u32::MAX } else { wanted };
        Self { left: wanted.min(server_max(principal)), page: u32::MAX, given: 0 }
    }

    /// Goes on where so many were given on earlier pages.
    pub(super) fn resume(&mut self, given: u32) {
        self.left = self.left.saturating_sub(given);
        self.given = given;
    }

    pub(super) fn set_page(&mut self, entries: u32) {
        self.page = entries;
    }

    /// How many entries may still be given now.
    pub(super) fn wanted(&self) -> u32 {
        self.left.min(self.page)
    }

    /// Takes one entry.
    pub(super) fn take(&mut self) -> Result<(), Full> {
        let (left, page) = (self.left.checked_sub(1), self.page.checked_sub(1));
        self.left = left.ok_or(Full::Size)?;
        self.page = page.ok_or(Full::Page)?;
        self.given = self.given.saturating_add(1);
        Ok(())
    }
}

/// How many entries somebody gets of one search.
fn server_max(principal: &Principal) -> u32 {
    match principal.who {
        Who::Anonymous => ANONYMOUS_ENTRIES_MAX,
        Who::User(_) | Who::Phone(_) | Who::Token(_) => u32::MAX,
    }
}

/// Where contacts are begun with, in name order.
#[derive(Clone, Copy, Debug)]
pub(super) enum Start<'s> {
    First,
    /// Behind this rank.
    After(&'s [u8], ContactId),
    /// So many are left out.
    Skip(u32),
}

/// How a part of an answer ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// There is nothing more.
    All,
    /// There is more than the page holds; the last entry of it, if this part gave any.
    Page(Option<Tie>),
    /// With the whole search.
    Stopped(Outcome),
}

/// A search that is being answered.
pub(super) struct Run<'r> {
    pub(super) target: &'r Target<'r, 'r>,
    pub(super) request: &'r SearchRequest<'r>,
    pub(super) budget: Budget,
    /// How many entries of a list the asker sees.
    pub(super) list_max: u32,
    selection: &'r Selection<'r>,
    plan: Plan<'r>,
    photos: Photos<'r>,
    id: i32,
    message_id: MessageId,
    deadline: Option<Instant>,
    /// How many rows are examined without an index, and how many are gathered.
    pub(super) look_through: usize,
}

impl<'r> Run<'r> {
    pub(super) fn new(
        target: &'r Target<'r, 'r>,
        (id, request): (i32, &'r SearchRequest<'r>),
        selection: &'r Selection<'r>,
        session: &'r Session,
    ) -> Self {
        let plan = Plan::new(selection, request.types_only, target.style());
        Self {
            target,
            request,
            budget: Budget::new(&session.principal, request.size_limit),
            list_max: server_max(&session.principal),
            selection,
            photos: Photos::new(&session.door.directory, plan.photos(), request.types_only),
            plan,
            id,
            message_id: MessageId::new(id),
            deadline: deadline(request.time_limit),
            look_through: session.limits().look_through,
        }
    }

    /// The contacts that the filter means; None where there are none.
    pub(super) fn query(&self) -> Option<Query> {
        self.target.extent.as_ref()?;
        let query = filter::compile(&self.request.filter, &self.target.context());
        (query != Query::Constant(Truth::False)).then(|| self.target.query(query))
    }

    /// The contacts of a query, in name order.
    pub(super) fn matches<'m>(&self, query: &'m Query) -> Option<Matches<'m>>
    where
        'r: 'm,
    {
        let target: &'m Target<'m, 'm> = self.target;
        let extent = target.extent.as_ref()?;
        Some(target.sight().search(extent, query, self.look_through))
    }

    /// Writes an entry that is no contact.
    pub(super) fn write_fixed<W: AsyncWrite + Unpin>(
        &self,
        entry: &Fixed,
        replies: &mut Replies<W>,
    ) {
        entry.write(&mut replies.out, self.id, self.selection, self.request.types_only);
        replies.entries += 1;
    }

    /// Writes the contacts from a start on, one batch after the other.
    pub(super) async fn contacts<W: AsyncWrite + Unpin>(
        &mut self,
        query: &Query,
        start: Start<'_>,
        replies: &mut Replies<W>,
    ) -> io::Result<Ended> {
        let Some(matches) = self.matches(query) else { return Ok(Ended::All) };
        let (mut matches, mut skip) = match start {
            Start::First => (matches, 0),
            Start::After(key, id) => (matches.after(key, id), 0),
            Start::Skip(skip) => (matches, skip),
        };
        let (mut scratch, mut last, mut skipped) = (Vec::new(), None, 0);
        loop {
            match matches.step(STEP_ROWS) {
                Step::Found(_) if skip > 0 => {
                    skip -= 1;
                    skipped += 1;
                    if skipped % STEP_ROWS != 0 {
                        continue;
                    }
                }
                Step::Found(row) => {
                    match self.budget.take() {
                        Ok(()) => {}
                        Err(Full::Size) => return Ok(Ended::Stopped(size_limit_exceeded())),
                        Err(Full::Page) => return Ok(Ended::Page(last.map(tie))),
                    }
                    if let Err(outcome) = self.write(row, &mut scratch, replies).await {
                        return Ok(Ended::Stopped(outcome));
                    }
                    last = Some(row);
                    if !replies.is_batch() {
                        continue;
                    }
                    replies.flush().await?;
                }
                Step::Paused => {}
                Step::End => break,
            }
            if let Err(outcome) = self.rest().await {
                return Ok(Ended::Stopped(outcome));
            }
        }
        Ok(if matches.exceeded() { Ended::Stopped(look_through_exceeded()) } else { Ended::All })
    }

    /// Hands out the contacts of a query, in name order.
    ///
    /// # Errors
    /// What the client is told where there are more than so many, or it takes too long.
    pub(super) async fn each<'m>(
        &self,
        mut matches: Matches<'m>,
        max: usize,
        mut visit: impl FnMut(Row<'m>),
    ) -> Result<(), Outcome> {
        let mut visited = 0;
        loop {
            match matches.step(STEP_ROWS) {
                Step::Found(_) if visited == max => {
                    let message = "there are too many entries to be sorted";
                    return Err(Outcome::new(LdapResultCode::AdminLimitExceeded, message));
                }
                Step::Found(row) => {
                    visit(row);
                    visited += 1;
                    if visited % STEP_ROWS != 0 {
                        continue;
                    }
                }
                Step::Paused => {}
                Step::End => break,
            }
            self.rest().await?;
        }
        if matches.exceeded() { Err(look_through_exceeded()) } else { Ok(()) }
    }

    /// Others have their turn, and the client may abandon the search.
    async fn rest(&self) -> Result<(), Outcome> {
        tokio::task::yield_now().await;
        if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            let message = "the time limit of the request is over";
            return Err(Outcome::new(LdapResultCode::TimeLimitExceeded, message));
        }
        Ok(())
    }

    /// Writes a contact's entry. The scratch buffer is kept between calls.
    ///
    /// # Errors
    /// What the client is told where the store does not give a photo.
    pub(super) async fn write<W: AsyncWrite + Unpin>(
        &self,
        row: Row<'_>,
        scratch: &mut Vec<u8>,
        replies: &mut Replies<W>,
    ) -> Result<(), Outcome> {
        let photos = self.photos.of(row).await.ok_or_else(|| {
            Outcome::new(LdapResultCode::Unavailable, "a photo cannot be read now")
        })?;
        self.with_entry(row, |entry| {
            let entry = &EntryOf { photos: &photos, ..*entry };
            self.plan.write(&mut replies.out, scratch, &self.message_id, entry);
        });
        replies.entries += 1;
        Ok(())
    }

    /// Does something with the entry of a contact, which is without photos here.
    pub(super) fn with_entry<T>(&self, row: Row<'_>, work: impl FnOnce(&EntryOf<'_>) -> T) -> T {
        let made;
        let kept = row.attachment(Entries::new);
        let prepared = match kept.and_then(|entries| entries.get(row.index(), row.contact())) {
            Some(prepared) => prepared,
            None => {
                made = Prepared::new(row.contact());
                &made
            }
        };
        work(&EntryOf {
            contact: row.contact(),
            prepared,
            hidden: self.hidden(row),
            parent: self.target.naming.parent(row.contact(), prepared),
            around: &AroundRow::new(self.target, row),
            photos: &[],
        })
    }

    /// What the asker may not see of a contact. The contact itself is left in memory wherever the
    /// prepared entry is enough.
    pub(super) fn hidden(&self, row: Row<'_>) -> FieldSet {
        let sight = self.target.sight();
        match sight.organization.hidden_numbers {
            FieldSet::EMPTY => FieldSet::EMPTY,
            _ => sight.hidden(row.contact()),
        }
    }
}

fn tie(row: Row<'_>) -> Tie {
    Tie::Contact(row.derived.sort_key.clone(), row.id)
}

fn deadline(seconds: u32) -> Option<Instant> {
    if seconds == 0 {
        return None;
    }
    Instant::now().checked_add(Duration::from_secs(seconds.into()))
}

pub(super) fn size_limit_exceeded() -> Outcome {
    Outcome::new(LdapResultCode::SizeLimitExceeded, "there are more entries")
}

fn look_through_exceeded() -> Outcome {
    let message = "no index helps this search, and it would take too long";
    Outcome::new(LdapResultCode::AdminLimitExceeded, message)
}
