//! What a search covers: the entries at and below its base, and how they are named.

use std::cell::OnceCell;
use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashSet;

use crate::auth::dn::Dn;
use crate::auth::sight::Sight;
use crate::contact::book::{AddressBook, Availability, GroupKind};
use crate::contact::card::{Field, FieldSet};
use crate::contact::query::{Query, Truth};
use crate::contact::{Book, ContactId, UserId};
use crate::index::{Extent, Row};
use crate::ldap::filter::{Context, Names};
use crate::ldap::fixed::Fixed;
use crate::ldap::naming::Naming;
use crate::ldap::plan::Around;
use crate::ldap::request::Scope;
use crate::ldap::style::Style;
use crate::ldap::tree::{Container, Place, Tree, shown_in};
use crate::presence::Seen;

const NOTHING: Query = Query::Constant(Truth::False);
const EVERYTHING: Query = Query::Constant(Truth::True);
const PEOPLE: Container = Container::Book(AddressBook::PEOPLE);

/// What a search covers.
pub(super) struct Target<'t, 's> {
    tree: &'t Tree<'s>,
    /// The contacts; None where there are none.
    pub(super) extent: Option<Extent>,
    /// The only contact, where the base is one.
    only: Option<ContactId>,
    pub(super) naming: Naming,
    /// As whom a phone account looks.
    acting: Option<Sight<'s>>,
    /// Who has a manager that is seen; whose assistant is.
    with_references: [(Field, OnceLock<Query>); 2],
    /// Who is the manager of somebody who is seen.
    managers: OnceLock<Query>,
    /// Whether there is presence to show.
    presence: OnceLock<bool>,
}

impl<'t, 's> Target<'t, 's> {
    pub(super) fn new(tree: &'t Tree<'s>, place: Place<'s>, scope: Scope) -> Self {
        let mut target = Self {
            tree,
            extent: None,
            only: None,
            naming: Naming::homes(tree, &[]),
            acting: None,
            with_references: [Field::Manager, Field::Assistant]
                .map(|field| (field, OnceLock::new())),
            managers: OnceLock::new(),
            presence: OnceLock::new(),
        };
        match place {
            Place::Suffix if matches!(scope, Scope::Base | Scope::One) => {}
            Place::Suffix => target.homes(tree.sight.whole()),
            Place::Container(container) => target.container(container, scope),
            Place::Contact(container, row) => target.only(container, row.id, scope),
            Place::Actor(user) => target.actor(user, scope),
        }
        target
    }

    fn container(&mut self, container: Container, scope: Scope) {
        match scope {
            Scope::Base => {}
            Scope::One => self.within(container),
            Scope::Subtree | Scope::Children => self.all_within(container),
        }
    }

    fn only(&mut self, container: Container, id: ContactId, scope: Scope) {
        if matches!(scope, Scope::Base | Scope::Subtree) {
            self.within(container);
            self.only = Some(id);
        }
    }

    /// The entry of a user for whom a phone account acts, with what is below it.
    fn actor(&mut self, user: UserId, scope: Scope) {
        let row = self.tree.sight.member(AddressBook::PEOPLE, user);
        let personal = Container::Of(user, AddressBook::Home(Book::Personal(user)));
        match scope {
            Scope::Base => {
                if row.is_some() {
                    self.only(PEOPLE, user, scope);
                }
            }
            Scope::One => {}
            Scope::Subtree | Scope::Children => {
                let acting = self.tree.sight.acting_for(user);
                let mut books = acting.map(|acting| acting.personal(user)).unwrap_or_default();
                let own = Extent::of(&books);
                let rows = self.tree.sight.search(&own, &EVERYTHING, usize::MAX);
                let itself = row.filter(|_| scope == Scope::Subtree);
                let within = rows.chain(itself).map(|row| row.id).collect();
                books.insert(0, Book::People);
                let within = Query::Among(Arc::new(within));
                self.extent = Some(Extent { books, within, ..own });
                self.naming = Naming::homes(self.tree, &[PEOPLE, personal]);
            }
        }
    }

    /// Covers the contacts right in a container.
    fn within(&mut self, container: Container) {
        self.extent = self.tree.extent(container);
        self.naming = Naming::within(self.tree, container);
        if let Container::Of(user, _) = container {
            self.acting = self.tree.sight.acting_for(user);
        }
    }

    /// Covers the contacts in a container and in those below it.
    fn all_within(&mut self, container: Container) {
        match container {
            Container::Groups(kind) => self.groups(kind),
            Container::Statuses => self.statuses(),
            Container::Book(AddressBook::SHARED) => {
                let homes = self.tree.sight.homes().iter().copied();
                let shared = |home: &Book| matches!(home, Book::Shared | Book::SharedBook(_));
                self.homes(Extent::of(&homes.filter(shared).collect::<Vec<Book>>()));
            }
            Container::Book(_) | Container::Of(..) => self.within(container),
        }
    }

    /// Covers homes, each contact in its own.
    fn homes(&mut self, extent: Extent) {
        let homes = extent.books.iter().map(|home| Container::Book(shown_in(*home)));
        let mut homes: Vec<Container> = homes.collect();
        // A user's own books stand together.
        homes.dedup();
        self.naming = Naming::homes(self.tree, &homes);
        self.extent = Some(extent);
    }

    fn groups(&mut self, kind: GroupKind) {
        let groups = self.tree.containers_below(Place::Container(Container::Groups(kind)));
        let member = |container: &Container| match container {
            Container::Book(AddressBook::Group(group)) => Query::Group(*group),
            _ => NOTHING,
        };
        self.people(Query::Or(groups.iter().map(member).collect()));
        self.naming = Naming::first(self.tree, kind, &groups);
    }

    fn statuses(&mut self) {
        let statuses = Availability::ALL.map(|status| (status, self.tree.in_status(status)));
        let known = statuses.iter().flat_map(|(_, people)| people.iter().copied());
        self.people(Query::Among(Arc::new(known.collect())));
        let containers = self.tree.containers_below(Place::Container(Container::Statuses));
        self.naming = Naming::statuses(self.tree, &containers, statuses.into());
    }

    /// Covers the people for whom a condition holds.
    fn people(&mut self, condition: Query) {
        let extent = self.tree.extent(PEOPLE);
        self.extent = extent
            .map(|people| Extent { within: Query::And(vec![people.within, condition]), ..people });
    }

    /// Who looks.
    pub(super) fn sight(&self) -> &Sight<'s> {
        self.acting.as_ref().unwrap_or(&self.tree.sight)
    }

    /// How the entries are written.
    pub(super) fn style(&self) -> Style<'t> {
        let sight = &self.tree.sight;
        let numbering = &sight.organization.derivation.numbering;
        // Only the entries below `ou=people` have others below them.
        let with_entries = match self.naming.has_people() {
            true => self.tree.acts_for,
            false => &[],
        };
        Style::new(self.naming.form, self.tree.phone, numbering, with_entries)
    }

    /// What a filter is read against.
    pub(super) fn context(&self) -> Context<'_> {
        let derivation = &self.tree.sight.organization.derivation;
        Context { derivation, style: self.style(), names: self }
    }

    /// The contacts that a query means here.
    pub(super) fn query(&self, query: Query) -> Query {
        match self.only {
            Some(only) => Query::And(vec![Query::Id(only), query]),
            None => query,
        }
    }

    /// The people whose manager a contact is, as far as the asker may see them.
    fn reports(&self, id: ContactId) -> Vec<ContactId> {
        let sight = &self.tree.sight;
        let Some(people) = sight.extent(AddressBook::All, self.tree.present) else {
            return Vec::new();
        };
        let query = managed_by(id);
        sight.search(&people, &query, usize::MAX).map(|row| row.id).collect()
    }

    fn find_managers(&self) -> Query {
        let sight = &self.tree.sight;
        let people = sight.extent(AddressBook::All, self.tree.present);
        let Some(people) = people else { return NOTHING };
        let query = Query::Present(FieldSet::of(&[Field::Manager]));
        let managers = sight.search(&people, &query, usize::MAX).flat_map(|row| {
            let managers = row.contact().card.all(Field::Manager);
            managers.filter_map(ContactId::parse).collect::<Vec<ContactId>>()
        });
        Query::Among(Arc::new(managers.collect()))
    }

    fn find_references(&self, field: Field) -> Query {
        let Some(extent) = &self.extent else { return NOTHING };
        let query = self.query(Query::Present(FieldSet::of(&[field])));
        let rows = self.sight().search(extent, &query, usize::MAX);
        let seen = rows.filter(|row| {
            let mut ids = row.contact().card.all(field).filter_map(ContactId::parse);
            ids.any(|id| self.tree.reference(id).is_some())
        });
        Query::Among(Arc::new(seen.map(|row| row.id).collect::<FxHashSet<ContactId>>()))
    }
}

/// What is around one row: who it refers to, who refers to it, and whether it can be called.
pub(super) struct AroundRow<'t, 's> {
    target: &'t Target<'t, 's>,
    row: Row<'t>,
    seen: OnceCell<Option<Seen>>,
}

impl<'t, 's> AroundRow<'t, 's> {
    pub(super) fn new(target: &'t Target<'t, 's>, row: Row<'t>) -> Self {
        Self { target, row, seen: OnceCell::new() }
    }
}

impl Around for AroundRow<'_, '_> {
    fn references(&self, field: Field) -> Vec<String> {
        let ids = self.row.contact().card.all(field).filter_map(ContactId::parse);
        ids.filter_map(|id| self.target.tree.reference(id)).collect()
    }

    fn has_reports(&self) -> bool {
        let sight = &self.target.tree.sight;
        let (snapshot, organization) = (sight.snapshot, &sight.organization.id);
        snapshot.is_referred_to(organization, self.row.contact(), Field::Manager)
    }

    fn reports(&self) -> Vec<String> {
        let reports = self.target.reports(self.row.id).into_iter();
        reports.filter_map(|id| self.target.tree.reference(id)).collect()
    }

    fn seen(&self) -> Option<&Seen> {
        let shown = || self.target.tree.presence.is_shown();
        if !self.target.presence.get_or_init(shown) {
            return None;
        }
        let seen = || self.target.tree.seen(self.row.contact());
        self.seen.get_or_init(seen).as_ref()
    }
}

fn managed_by(id: ContactId) -> Query {
    Query::Exact(FieldSet::of(&[Field::Manager]), id.to_string().into())
}

impl Names for Target<'_, '_> {
    fn contact(&self, dn: &Dn) -> Option<ContactId> {
        self.tree.contact_of(dn)
    }

    fn entry(&self, dn: &Dn) -> Option<ContactId> {
        let (container, id) = match self.tree.find(dn).ok()? {
            Place::Contact(container, row) => (container, row.id),
            Place::Actor(user) => (PEOPLE, user),
            Place::Suffix | Place::Container(_) => return None,
        };
        let row = self.sight().contact(id)?;
        (self.naming.container(row.contact()) == Some(container)).then_some(id)
    }

    fn behind(&self, kind: Option<&str>, value: &str) -> Query {
        self.naming.behind(self.tree, kind, value)
    }

    fn with_reference(&self, field: Field) -> Query {
        let kept = self.with_references.iter().find(|(known, _)| *known == field);
        let Some((_, kept)) = kept else { return NOTHING };
        kept.get_or_init(|| self.find_references(field)).clone()
    }

    fn managers_of(&self, id: ContactId) -> Query {
        let Some(row) = self.tree.sight.contact(id) else { return NOTHING };
        let managers = row.contact().card.all(Field::Manager).filter_map(ContactId::parse);
        Query::Among(Arc::new(managers.collect()))
    }

    fn with_reports(&self) -> Query {
        self.managers.get_or_init(|| self.find_managers()).clone()
    }

    fn whose_presence(&self, holds: &dyn Fn(&Seen) -> bool) -> Query {
        let people = self.tree.presence.whose(holds);
        Query::Among(self.tree.sight.whose_presence_is_known(people))
    }
}

/// The entries that are no contacts at and below a place. A subtree is asked for them only where its
/// filter demands them.
pub(super) fn containers(tree: &Tree<'_>, place: Place<'_>, scope: Scope) -> Vec<Fixed> {
    let itself = match place {
        Place::Container(container) if matches!(scope, Scope::Base | Scope::Subtree) => {
            Some(container)
        }
        Place::Suffix if scope == Scope::Base => {
            return vec![Fixed::suffix(tree.sight.organization, &tree.suffix)];
        }
        _ => None,
    };
    let below = match scope {
        Scope::Base => Vec::new(),
        Scope::One => tree.containers_below(place),
        Scope::Subtree | Scope::Children => tree.all_containers_below(place),
    };
    let entry = |container| {
        let has_entries = tree.has_entries(container);
        Fixed::container(&tree.ou(container), tree.dn_of(container), has_entries)
    };
    itself.into_iter().chain(below).map(entry).collect()
}
