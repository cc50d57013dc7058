//! Searches: from a base, a scope and a filter to entries, in name order (RFC 4511 section 4.5).

use std::io;
use std::time::{Duration, Instant};

use ldap3_proto::proto::LdapResultCode;
use tokio::io::AsyncWrite;

use crate::auth::dn::Dn;
use crate::auth::{Principal, Who};
use crate::contact::card::FieldSet;
use crate::contact::query::{Query, Truth};
use crate::index::{Row, Step};
use crate::ldap::entry::{Entries, Prepared};
use crate::ldap::filter;
use crate::ldap::fixed::{Fixed, demands_containers};
use crate::ldap::plan::{EntryOf, MessageId, Plan, Selection};
use crate::ldap::presence::PresenceOf;
use crate::ldap::request::{Filter, Scope, SearchRequest};
use crate::ldap::result::{Outcome, Replies};
use crate::ldap::session::Session;
use crate::ldap::target::{AroundRow, Target, containers};
use crate::ldap::tree::{Place, Tree};

/// Rows that are examined before others have their turn.
const STEP_ROWS: usize = 1000;
/// Entries in the answer to somebody who has not signed in.
const ANONYMOUS_ENTRIES_MAX: u32 = 500;

/// There is no such entry, or none that the asker may see: the same answer.
pub(super) fn no_such_object(matched: &str) -> Outcome {
    let message = "no such entry for who is signed in";
    Outcome { matched: matched.to_owned(), ..Outcome::new(LdapResultCode::NoSuchObject, message) }
}

impl Session {
    /// Answers a search with everything but its last reply.
    pub(super) async fn search<W: AsyncWrite + Unpin>(
        &self,
        id: i32,
        request: &SearchRequest<'_>,
        replies: &mut Replies<W>,
    ) -> io::Result<Outcome> {
        let Ok(base) = Dn::parse(&text(request.base)) else {
            let message = "the base is no distinguished name";
            return Ok(Outcome::new(LdapResultCode::InvalidDNSyntax, message));
        };
        let selection = Selection::new(&request.attributes);
        if base.rdns().is_empty() && request.scope == Scope::Base {
            let root = self.root_dse();
            if root.matches(&request.filter) == Truth::True {
                root.write(&mut replies.out, id, &selection, request.types_only);
                replies.entries += 1;
            }
            return Ok(Outcome::success());
        }
        let snapshot = self.door.directory.snapshot();
        let (principal, presence) = (&self.principal, self.presence());
        let present = |availability| presence.users(availability);
        let tree = Tree::of(&snapshot, principal, &self.door.organization, presence, &present);
        let place = match &tree {
            // Clients that know no base mean all there is.
            Ok(_) if base.rdns().is_empty() => Ok(Place::Suffix),
            Ok(tree) => tree.find(&base),
            Err(closed) => closed.find(&base),
        };
        let (tree, place) = match (&tree, place) {
            (_, Err(missing)) => return Ok(no_such_object(&missing.matched)),
            (Err(_), Ok(_)) => return Ok(Outcome::success()),
            (Ok(tree), Ok(place)) => (tree, place),
        };
        let target = Target::new(tree, place, request.scope);
        let mut run = Run {
            target: &target,
            plan: Plan::new(&selection, request.types_only, target.style()),
            id: MessageId::new(id),
            left: entries_max(principal, request.size_limit),
            deadline: deadline(request.time_limit),
            look_through: self.limits().look_through,
        };
        // Address books would make cards of them.
        let shallow = matches!(request.scope, Scope::Base | Scope::One);
        if shallow || demands_containers(&request.filter) {
            let found = containers(tree, place, request.scope);
            if let Some(outcome) = run.fixed(id, &found, (request, &selection), replies) {
                return Ok(outcome);
            }
        }
        run.contacts(&request.filter, replies).await
    }

    /// What is known of the people of the asker's organization.
    pub(super) fn presence(&self) -> PresenceOf<'_> {
        let own = self.principal.organization.as_ref();
        let organization = own.unwrap_or(&self.door.organization);
        PresenceOf { presence: &self.door.presence, organization }
    }

    /// The entry that describes the server: with one's own suffix, or the listener's.
    pub(super) fn root_dse(&self) -> Fixed {
        let snapshot = self.door.directory.snapshot();
        let id = self.principal.organization.as_ref().unwrap_or(&self.door.organization);
        let suffix = snapshot.organization(id).and_then(|found| Dn::parse(&found.suffix).ok());
        Fixed::root_dse(suffix.map(|suffix| suffix.to_string()), self.link)
    }
}

fn deadline(seconds: u32) -> Option<Instant> {
    if seconds == 0 {
        return None;
    }
    Instant::now().checked_add(Duration::from_secs(seconds.into()))
}

/// A base that is no UTF-8 is Latin-1.
fn text(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect::<String>().into(),
    }
}

/// How many entries an answer has at most: what the client wants, and no more for those who have not
/// signed in than what an office needs.
fn entries_max(principal: &Principal, wanted: u32) -> u32 {
    let wanted = if wanted == 0 { u32::MAX } else { wanted };
    match principal.who {
        Who::Anonymous => wanted.min(ANONYMOUS_ENTRIES_MAX),
        Who::User(_) | Who::Phone(_) | Who::Token(_) => wanted,
    }
}

/// A search that is being answered.
struct Run<'r> {
    target: &'r Target<'r, 'r>,
    plan: Plan<'r>,
    id: MessageId,
    /// How many more entries the client may have.
    left: u32,
    deadline: Option<Instant>,
    look_through: usize,
}

impl Run<'_> {
    /// Writes the entries that are no contacts; gives the outcome where the client wants no more.
    fn fixed<W: AsyncWrite + Unpin>(
        &mut self,
        id: i32,
        entries: &[Fixed],
        (request, selection): (&SearchRequest<'_>, &Selection<'_>),
        replies: &mut Replies<W>,
    ) -> Option<Outcome> {
        for entry in entries {
            if entry.matches(&request.filter) == Truth::True {
                self.left = match self.left.checked_sub(1) {
                    Some(left) => left,
                    None => return Some(size_limit_exceeded()),
                };
                entry.write(&mut replies.out, id, selection, request.types_only);
                replies.entries += 1;
            }
        }
        None
    }

    /// Writes the contacts in name order, one batch after the other.
    async fn contacts<W: AsyncWrite + Unpin>(
        &mut self,
        filter: &Filter<'_>,
        replies: &mut Replies<W>,
    ) -> io::Result<Outcome> {
        let target = self.target;
        let Some(extent) = &target.extent else { return Ok(Outcome::success()) };
        let query = filter::compile(filter, &target.context());
        if query == Query::Constant(Truth::False) {
            return Ok(Outcome::success());
        }
        let query = target.query(query);
        let mut matches = target.sight().search(extent, &query, self.look_through);
        let mut scratch = Vec::new();
        loop {
            match matches.step(STEP_ROWS) {
                Step::Found(row) => {
                    self.left = match self.left.checked_sub(1) {
                        Some(left) => left,
                        None => return Ok(size_limit_exceeded()),
                    };
                    self.write(row, &mut scratch, replies);
                    if !replies.is_batch() {
                        continue;
                    }
                    replies.flush().await?;
                }
                Step::Paused => {}
                Step::End => break,
            }
            // Others have their turn, and the client may abandon the search.
            tokio::task::yield_now().await;
            if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                let message = "the time limit of the request is over";
                return Ok(Outcome::new(LdapResultCode::TimeLimitExceeded, message));
            }
        }
        if matches.exceeded() {
            let message = "no index helps this search, and it would take too long";
            return Ok(Outcome::new(LdapResultCode::AdminLimitExceeded, message));
        }
        Ok(Outcome::success())
    }

    fn write<W: AsyncWrite + Unpin>(
        &self,
        row: Row<'_>,
        scratch: &mut Vec<u8>,
        replies: &mut Replies<W>,
    ) {
        let made;
        let kept = row.attachment(Entries::new);
        let prepared = match kept.and_then(|entries| entries.get(row.index(), row.contact())) {
            Some(prepared) => prepared,
            None => {
                made = Prepared::new(row.contact());
                &made
            }
        };
        let sight = self.target.sight();
        // The contact itself is left in memory wherever the prepared entry is enough.
        let hidden = match sight.organization.hidden_numbers {
            FieldSet::EMPTY => FieldSet::EMPTY,
            _ => sight.hidden(row.contact()),
        };
        let entry = EntryOf {
            contact: row.contact(),
            prepared,
            hidden,
            parent: self.target.naming.parent(row.contact(), prepared),
            around: &AroundRow::new(self.target, row),
        };
        self.plan.write(&mut replies.out, scratch, &self.id, &entry);
        replies.entries += 1;
    }
}

fn size_limit_exceeded() -> Outcome {
    Outcome::new(LdapResultCode::SizeLimitExceeded, "there are more entries")
}
