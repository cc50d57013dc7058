//! Searches: from a base, a scope and a filter to entries, in name order (RFC 4511 section 4.5).

use std::io;
use std::time::{Duration, Instant};

use ldap3_proto::proto::LdapResultCode;
use tokio::io::AsyncWrite;

use crate::auth::Principal;
use crate::auth::dn::Dn;
use crate::contact::card::{Field, FieldSet};
use crate::contact::query::{Query, Truth};
use crate::contact::{Book, Contact, ContactId};
use crate::index::{Extent, Row, Search, Step};
use crate::ldap::entry::{Entries, Prepared};
use crate::ldap::filter::{self, Context};
use crate::ldap::fixed::{Fixed, demands_containers};
use crate::ldap::plan::{EntryOf, MessageId, Plan, Selection};
use crate::ldap::request::{Filter, Scope, SearchRequest};
use crate::ldap::result::{Outcome, Replies};
use crate::ldap::session::Session;
use crate::ldap::tree::{Place, Tree, container};

/// Rows that are examined before others have their turn.
const STEP_ROWS: usize = 1000;

/// What a search covers below its base.
#[derive(Default)]
struct Target {
    /// Candidates that are no contacts.
    fixed: Vec<Fixed>,
    /// Whether those must be asked for by their class.
    only_demanded: bool,
    books: Vec<Book>,
    /// The only contact, where the base is one.
    only: Option<ContactId>,
}

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
        let Some(tree) = Tree::of(&snapshot, &self.principal, &self.door.organization) else {
            return Ok(no_such_object(""));
        };
        let place = match base.rdns() {
            // Clients that know no base mean all there is.
            [] => Place::Suffix,
            _ => match tree.find(&base) {
                Ok(place) => place,
                Err(missing) => return Ok(no_such_object(&missing.matched)),
            },
        };
        if tree.is_empty() {
            return Ok(Outcome::success());
        }
        let mut run = Run {
            tree: &tree,
            principal: &self.principal,
            plan: Plan::new(&selection, request.types_only),
            id: MessageId::new(id),
            left: if request.size_limit == 0 { u32::MAX } else { request.size_limit },
            deadline: deadline(request.time_limit),
            look_through: self.limits().look_through,
        };
        let target = target(&tree, place, request.scope);
        if let Some(outcome) = run.fixed(id, &target, (request, &selection), replies) {
            return Ok(outcome);
        }
        run.contacts(&target, &request.filter, replies).await
    }

    /// The entry that describes the server: with one's own suffix, or the listener's.
    pub(super) fn root_dse(&self) -> Fixed {
        let snapshot = self.door.directory.snapshot();
        let id = self.principal.organization.as_ref().unwrap_or(&self.door.organization);
        let suffix = snapshot.organization(id).and_then(|found| Dn::parse(&found.suffix).ok());
        Fixed::root_dse(suffix.map(|suffix| suffix.to_string()), self.link.start_tls)
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

fn target(tree: &Tree<'_>, place: Place<'_>, scope: Scope) -> Target {
    let suffix = || Fixed::suffix(tree.organization, &tree.suffix);
    let containers = || tree.books.iter().map(|book| tree.container_entry(*book));
    match (place, scope) {
        (Place::Suffix, Scope::Base) => Target { fixed: vec![suffix()], ..Target::default() },
        (Place::Suffix, Scope::One) => {
            Target { fixed: containers().collect(), ..Target::default() }
        }
        (Place::Suffix, Scope::Subtree | Scope::Children) => Target {
            fixed: containers().collect(),
            only_demanded: true,
            books: tree.books.clone(),
            only: None,
        },
        (Place::Container(book), Scope::Base) => {
            Target { fixed: vec![tree.container_entry(book)], ..Target::default() }
        }
        (Place::Container(book), Scope::Subtree) => Target {
            fixed: vec![tree.container_entry(book)],
            only_demanded: true,
            books: vec![book],
            only: None,
        },
        (Place::Container(book), Scope::One | Scope::Children) => {
            Target { books: vec![book], ..Target::default() }
        }
        (Place::Contact(row), Scope::Base | Scope::Subtree) => {
            Target { books: vec![row.book], only: Some(row.id), ..Target::default() }
        }
        (Place::Contact(_), Scope::One | Scope::Children) => Target::default(),
    }
}

impl Tree<'_> {
    pub(super) fn container_entry(&self, book: Book) -> Fixed {
        let entries = self.snapshot.count(&self.organization.id, book.into());
        Fixed::container(book, self.container_dn(book), entries > 0)
    }
}

impl<'c> Context<'c> {
    pub(super) fn of(
        tree: &'c Tree<'_>,
        principal: &Principal,
        contact: &'c (dyn Fn(&Dn) -> Option<ContactId> + Sync),
    ) -> Self {
        Self {
            derivation: &tree.organization.derivation,
            suffix: &tree.suffix,
            own: principal.user(),
            contact,
        }
    }
}

/// A search that is being answered.
struct Run<'r> {
    tree: &'r Tree<'r>,
    principal: &'r Principal,
    plan: Plan,
    id: MessageId,
    /// How many more entries the client wants.
    left: u32,
    deadline: Option<Instant>,
    look_through: usize,
}

impl Run<'_> {
    /// Writes the entries that are no contacts; gives the outcome where the client wants no more.
    fn fixed<W: AsyncWrite + Unpin>(
        &mut self,
        id: i32,
        target: &Target,
        (request, selection): (&SearchRequest<'_>, &Selection<'_>),
        replies: &mut Replies<W>,
    ) -> Option<Outcome> {
        if target.only_demanded && !demands_containers(&request.filter) {
            return None;
        }
        for entry in &target.fixed {
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
        target: &Target,
        filter: &Filter<'_>,
        replies: &mut Replies<W>,
    ) -> io::Result<Outcome> {
        let tree = self.tree;
        let query = self.query(target, filter);
        if target.books.is_empty() || query == Query::Constant(Truth::False) {
            return Ok(Outcome::success());
        }
        let extent = Extent::of(&target.books);
        let search = Search {
            organization: &tree.organization.id,
            extent: &extent,
            query: &query,
            viewer: self.principal.viewer(),
            unlisted: false,
            look_through: self.look_through,
        };
        let parents: Vec<(&str, String)> = target
            .books
            .iter()
            .map(|book| (container(*book), format!(",{}", tree.container_dn(*book))))
            .collect();
        let mut matches = tree.snapshot.search(&search);
        let mut scratch = Vec::new();
        loop {
            match matches.step(STEP_ROWS) {
                Step::Found(row) => {
                    self.left = match self.left.checked_sub(1) {
                        Some(left) => left,
                        None => return Ok(size_limit_exceeded()),
                    };
                    self.write(row, &parents, &mut scratch, replies);
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

    fn query(&self, target: &Target, filter: &Filter<'_>) -> Query {
        let contact = |dn: &Dn| self.tree.contact_of(dn);
        let context = Context::of(self.tree, self.principal, &contact);
        let query = filter::compile(filter, &context);
        match target.only {
            Some(only) => Query::And(vec![Query::Id(only), query]),
            None => query,
        }
    }

    fn write<W: AsyncWrite + Unpin>(
        &self,
        row: Row<'_>,
        parents: &[(&str, String)],
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
        let container = prepared.container();
        let parent = parents.iter().find(|(name, _)| *name == container);
        // The contact itself is left in memory wherever the prepared entry is enough.
        let hidden = match self.tree.organization.hidden_numbers {
            FieldSet::EMPTY => FieldSet::EMPTY,
            _ => self.hidden(row.contact()),
        };
        let entry = EntryOf {
            contact: row.contact(),
            prepared,
            hidden,
            parent: parent.map_or("", |(_, parent)| parent.as_str()),
            reference: &|field: Field| self.references(row, field),
        };
        self.plan.write(&mut replies.out, scratch, &self.id, &entry);
        replies.entries += 1;
    }

    fn hidden(&self, contact: &Contact) -> FieldSet {
        self.tree.organization.hidden(self.principal.viewer().rendition(contact))
    }

    /// The names of those a contact refers to, as far as the asker may see them.
    fn references(&self, row: Row<'_>, field: Field) -> Vec<String> {
        let ids = row.contact().card.all(field).filter_map(ContactId::parse);
        let rows = ids.filter_map(|id| self.tree.visible(id));
        rows.map(|row| self.tree.contact_dn(row)).collect()
    }
}

fn size_limit_exceeded() -> Outcome {
    Outcome::new(LdapResultCode::SizeLimitExceeded, "there are more entries")
}
