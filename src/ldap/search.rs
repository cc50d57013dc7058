//! Searches: from a base, a scope and a filter to entries, in name order (RFC 4511 section 4.5).

use std::io;

use ldap3_proto::proto::LdapResultCode;
use tokio::io::AsyncWrite;

use crate::auth::dn::Dn;
use crate::contact::query::Truth;
use crate::ldap::control::{self, Controls, paged};
use crate::ldap::fixed::{Fixed, demands_containers};
use crate::ldap::plan::Selection;
use crate::ldap::presence::PresenceOf;
use crate::ldap::request::{Scope, SearchRequest, text};
use crate::ldap::result::{Outcome, Replies};
use crate::ldap::run::{Ended, Run, Start, size_limit_exceeded};
use crate::ldap::schema;
use crate::ldap::session::Session;
use crate::ldap::target::{Target, containers};
use crate::ldap::tree::{Place, Tree};

/// There is no such entry, or none that the asker may see: the same answer.
pub(super) fn no_such_object(matched: &str) -> Outcome {
    let message = "no such entry for who is signed in";
    Outcome { matched: matched.to_owned(), ..Outcome::new(LdapResultCode::NoSuchObject, message) }
}

/// A search as it came.
#[derive(Clone, Copy)]
pub(super) struct Asked<'m> {
    /// Of the message.
    pub(super) id: i32,
    pub(super) request: &'m SearchRequest<'m>,
    /// What `request` was read from.
    pub(super) content: &'m [u8],
    pub(super) controls: &'m Controls<'m>,
}

impl Session {
    /// Answers a search with everything but its last reply.
    pub(super) async fn search<W: AsyncWrite + Unpin>(
        &self,
        asked: Asked<'_>,
        replies: &mut Replies<W>,
    ) -> io::Result<Outcome> {
        let request = asked.request;
        let Ok(base) = Dn::parse(&text(request.base)) else {
            let message = "the base is no distinguished name";
            return Ok(Outcome::new(LdapResultCode::InvalidDNSyntax, message));
        };
        let selection = Selection::new(&request.attributes).in_scope(request.scope);
        if let Some(entry) = self.of_server(&base, request.scope) {
            return Ok(only(&entry, asked, &selection, replies));
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
            (Err(_), Ok(_)) => return Ok(asked.controls.whole(0)),
            (Ok(tree), Ok(place)) => (tree, place),
        };
        let target = Target::new(tree, place, request.scope);
        let run = Run::new(&target, (asked.id, request), &selection, self);
        // Address books would make cards of them.
        let shallow = matches!(request.scope, Scope::Base | Scope::One);
        let mut found = match shallow || demands_containers(&request.filter) {
            true => containers(tree, place, request.scope),
            false => Vec::new(),
        };
        found.retain(|entry| entry.matches(&request.filter) == Truth::True);
        if asked.controls.is_empty() {
            return everything(run, &found, replies).await;
        }
        found.sort_by(|one, other| one.dn().cmp(other.dn()));
        let sort = asked.controls.sort.as_ref().map_or(&[][..], |sort| sort.value);
        let content = asked.content;
        let cookies = paged::Sequence { sealer: &self.door.sealer, principal, content, sort };
        control::answer::give(run, &found, (asked.controls, &cookies), replies).await
    }

    /// What is known of the people of the asker's organization.
    pub(super) fn presence(&self) -> PresenceOf<'_> {
        let own = self.principal.organization.as_ref();
        let organization = own.unwrap_or(&self.door.organization);
        PresenceOf { presence: &self.door.presence, organization }
    }

    /// The entry above all trees of a name: the one that describes the server, or the schema's.
    pub(super) fn of_server(&self, base: &Dn, scope: Scope) -> Option<Fixed> {
        if base.rdns().is_empty() && scope == Scope::Base {
            return Some(self.root_dse());
        }
        schema::is_named(base).then(schema::entry)
    }

    /// The entry that describes the server: with one's own suffix, or the listener's.
    fn root_dse(&self) -> Fixed {
        let snapshot = self.door.directory.snapshot();
        let id = self.principal.organization.as_ref().unwrap_or(&self.door.organization);
        let suffix = snapshot.organization(id).and_then(|found| Dn::parse(&found.suffix).ok());
        Fixed::root_dse(suffix.map(|suffix| suffix.to_string()), self.link)
    }
}

/// Answers with one entry, where the filter is true of it.
fn only<W: AsyncWrite + Unpin>(
    entry: &Fixed,
    asked: Asked<'_>,
    selection: &Selection<'_>,
    replies: &mut Replies<W>,
) -> Outcome {
    // There is nothing below it.
    let covered = matches!(asked.request.scope, Scope::Base | Scope::Subtree);
    let found = covered && entry.matches(&asked.request.filter) == Truth::True;
    if found {
        entry.write(&mut replies.out, asked.id, selection, asked.request.types_only);
        replies.entries += 1;
    }
    asked.controls.whole(found.into())
}

/// Answers with all there is, in the order in which it is.
async fn everything<W: AsyncWrite + Unpin>(
    mut run: Run<'_>,
    found: &[Fixed],
    replies: &mut Replies<W>,
) -> io::Result<Outcome> {
    for entry in found {
        if run.budget.take().is_err() {
            return Ok(size_limit_exceeded());
        }
        run.write_fixed(entry, replies);
    }
    let Some(query) = run.query() else { return Ok(Outcome::success()) };
    Ok(match run.contacts(&query, Start::First, replies).await? {
        Ended::All | Ended::Page(_) => Outcome::success(),
        Ended::Stopped(outcome) => outcome,
    })
}
