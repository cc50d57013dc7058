//! How the entries of one search are named: each contact once, below the container where it is shown.

use std::sync::{Arc, OnceLock};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::auth::dn::{Dn, same_value};
use crate::contact::book::{AddressBook, Availability, Group, GroupKind};
use crate::contact::query::{Query, Truth};
use crate::contact::{Book, Contact, ContactId};
use crate::ldap::entry::{Home, Prepared, UidForm};
use crate::ldap::tree::{Container, Tree, shown_in};

const NOTHING: Query = Query::Constant(Truth::False);
const EVERYTHING: Query = Query::Constant(Truth::True);

/// The people of each availability, as they were when the search began.
pub(super) type Statuses = Vec<(Availability, Arc<FxHashSet<ContactId>>)>;

/// The names of the entries of one search.
pub(super) struct Naming {
    rule: Rule,
    /// Which `uid` is the first component.
    pub(super) form: UidForm,
    parents: Vec<Parent>,
    /// Whose first department, or site, is which: for the few filters that ask for it.
    first_members: OnceLock<FirstMembers>,
}

type FirstMembers = FxHashMap<Group, Arc<FxHashSet<ContactId>>>;

/// Which container a contact's entry is in.
enum Rule {
    /// All are in one.
    One,
    /// The home of each.
    Home,
    /// The first department, or site, of each.
    First(GroupKind),
    Status(Statuses),
}

struct Parent {
    container: Container,
    /// What stands behind the first component of an entry's name: `,ou=people,dc=pbx,dc=example`.
    text: String,
    /// The same, for the few filters that ask for it.
    dn: OnceLock<Dn>,
}

impl Parent {
    fn of(tree: &Tree<'_>, container: Container) -> Self {
        Self { container, text: format!(",{}", tree.dn_of(container)), dn: OnceLock::new() }
    }

    fn dn(&self) -> &Dn {
        self.dn.get_or_init(|| Dn::parse(self.text.trim_start_matches(',')).unwrap_or_default())
    }
}

impl Naming {
    /// All in one container.
    pub(super) fn within(tree: &Tree<'_>, container: Container) -> Self {
        let form = match container {
            Container::Book(book) | Container::Of(_, book) => UidForm::of(book),
            Container::Groups(_) | Container::Statuses => UidForm::Extension,
        };
        Self { form, ..Self::each(Rule::One, tree, &[container]) }
    }

    /// Each in one of these homes.
    pub(super) fn homes(tree: &Tree<'_>, homes: &[Container]) -> Self {
        Self::each(Rule::Home, tree, homes)
    }

    /// Each person in the first department, or site, of their card.
    pub(super) fn first(tree: &Tree<'_>, kind: GroupKind, groups: &[Container]) -> Self {
        Self::each(Rule::First(kind), tree, groups)
    }

    /// Each person where they are according to presence.
    pub(super) fn statuses(tree: &Tree<'_>, containers: &[Container], statuses: Statuses) -> Self {
        Self::each(Rule::Status(statuses), tree, containers)
    }

    fn each(rule: Rule, tree: &Tree<'_>, containers: &[Container]) -> Self {
        let parents = containers.iter().map(|container| Parent::of(tree, *container)).collect();
        Self { rule, form: UidForm::Extension, parents, first_members: OnceLock::new() }
    }

    /// Whether entries of `ou=people` are among them.
    pub(super) fn has_people(&self) -> bool {
        let people = Container::Book(AddressBook::PEOPLE);
        self.parents.iter().any(|parent| parent.container == people)
    }

    /// What stands behind the first component of an entry's name. The contact itself is left in
    /// memory where the prepared entry tells it.
    pub(super) fn parent(&self, contact: &Contact, prepared: &Prepared) -> &str {
        let home = match self.rule {
            Rule::Home => prepared.home(),
            _ => Home::Other,
        };
        let is = |parent: &&Parent| match (home, parent.container) {
            (Home::People, Container::Book(AddressBook::PEOPLE))
            | (Home::Shared, Container::Book(AddressBook::SHARED))
            | (
                Home::Personal,
                Container::Book(AddressBook::Home(Book::Personal(_))) | Container::Of(..),
            ) => true,
            (Home::Other, container) => self.container(contact) == Some(container),
            _ => false,
        };
        self.parents.iter().find(is).map_or("", |parent| &parent.text)
    }

    /// The container of a contact's entry.
    pub(super) fn container(&self, contact: &Contact) -> Option<Container> {
        let book = match &self.rule {
            Rule::One => return self.parents.first().map(|parent| parent.container),
            Rule::Home => {
                let home = shown_in(contact.book);
                let is = |known: &Container| matches!(known, Container::Book(book) | Container::Of(_, book) if *book == home);
                return self.parents.iter().map(|parent| parent.container).find(is);
            }
            Rule::First(kind) => AddressBook::Group(first_group(contact, *kind)?),
            Rule::Status(statuses) => {
                let is =
                    |(_, people): &&(Availability, Arc<FxHashSet<_>>)| people.contains(&contact.id);
                AddressBook::Status(statuses.iter().find(is)?.0)
            }
        };
        Some(Container::Book(book))
    }

    /// The entries that have a value among the components behind the first; under any type where
    /// none is given.
    pub(super) fn behind(&self, tree: &Tree<'_>, kind: Option<&str>, value: &str) -> Query {
        let has = |parent: &&Parent| has_component(parent.dn(), kind, value);
        let named: Vec<Container> =
            self.parents.iter().filter(has).map(|parent| parent.container).collect();
        if named.len() == self.parents.len() {
            return EVERYTHING;
        }
        let each = named.into_iter().map(|container| self.entries_in(tree, container));
        Query::Or(each.collect())
    }

    /// The entries in one of several containers.
    fn entries_in(&self, tree: &Tree<'_>, container: Container) -> Query {
        let (Container::Book(book) | Container::Of(_, book)) = container else { return NOTHING };
        let among = match (&self.rule, book) {
            (Rule::Home, AddressBook::Home(home)) => return Query::Book(home),
            (Rule::First(kind), AddressBook::Group(group)) => {
                self.first_members.get_or_init(|| first_members(tree, *kind)).get(&group)
            }
            (Rule::Status(statuses), AddressBook::Status(status)) => {
                statuses.iter().find(|(known, _)| *known == status).map(|(_, people)| people)
            }
            _ => None,
        };
        among.map_or(NOTHING, |among| Query::Among(Arc::clone(among)))
    }
}

/// The first department, or site, that a person's card names.
fn first_group(contact: &Contact, kind: GroupKind) -> Option<Group> {
    contact.groups.iter().copied().find(|group| group.kind() == kind)
}

fn first_members(tree: &Tree<'_>, kind: GroupKind) -> FirstMembers {
    let mut members: FxHashMap<Group, FxHashSet<ContactId>> = FxHashMap::default();
    if let Some(extent) = tree.extent(Container::Book(AddressBook::PEOPLE)) {
        for row in tree.sight.search(&extent, &EVERYTHING, usize::MAX) {
            if let Some(group) = first_group(row.contact(), kind) {
                members.entry(group).or_default().insert(row.id);
            }
        }
    }
    members.into_iter().map(|(group, people)| (group, Arc::new(people))).collect()
}

/// Whether a name has a component of this type, or of any, and this value.
pub(super) fn has_component(dn: &Dn, kind: Option<&str>, value: &str) -> bool {
    let mut pairs = dn.rdns().iter().filter_map(|rdn| rdn.single());
    let asked = |found: &str| kind.is_none_or(|kind| kind.eq_ignore_ascii_case(found));
    pairs.any(|(found, known)| asked(found) && same_value(known, value))
}
