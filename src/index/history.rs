//! Address books over time: their members, and what happened to them since a revision.

use std::collections::HashSet;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::contact::book::{AddressBook, Group};
use crate::contact::query::{Query, Truth};
use crate::contact::{Book, ContactId, OrganizationId, Rendition, Revision};
use crate::index::class::{Classes, Extras};
use crate::index::neighbor::Neighbor;
use crate::index::search::{Condition, Extent, Matches, Row, Viewer};
use crate::index::shelf::{Shelf, is_listed};
use crate::index::state::BookState;
use crate::index::{Snapshot, Tenant};
use crate::store::Tombstone;

static EVERYTHING: Query = Query::Constant(Truth::True);

/// What happened to a book's member.
#[derive(Debug)]
pub enum BookChange<'a> {
    /// The member is new or changed.
    Put(Revision, Row<'a>),
    /// The member is gone.
    Gone {
        revision: Revision,
        contact: ContactId,
        /// The resource name that it had, where the book is its home.
        name: Box<str>,
        /// The vCard UID that it had, where a client chose one.
        uid: Option<Box<str>>,
    },
}

impl BookChange<'_> {
    /// When it happened.
    pub fn revision(&self) -> Revision {
        match self {
            Self::Put(revision, _) | Self::Gone { revision, .. } => *revision,
        }
    }
}

impl Snapshot {
    /// The listed contacts of a extent in name order, group cards included, as nobody hides them.
    pub fn members<'a>(&'a self, organization: &OrganizationId, extent: &'a Extent) -> Matches<'a> {
        let Some(tenant) = self.tenants.get(organization) else { return Matches::none() };
        let condition = Condition {
            classes: Classes::of(&extent.books, Extras { unlisted: false, groups: true }),
            extent,
            query: &EVERYTHING,
            viewer: Viewer { full: true, person: None },
            organization: &tenant.organization,
        };
        Matches::new(tenant.shelves(extent), condition, usize::MAX)
    }

    /// How many listed members a home, department, site or the book of all has.
    pub fn count(&self, organization: &OrganizationId, book: AddressBook) -> usize {
        let Some(tenant) = self.tenants.get(organization) else { return 0 };
        match book {
            AddressBook::All => {
                let neighbors =
                    tenant.neighbors.values().map(|n| n.shelf().book(AddressBook::PEOPLE));
                tenant.state(AddressBook::PEOPLE).members
                    + neighbors.map(|state| state.members).sum::<usize>()
            }
            book => tenant.state(book).members,
        }
    }

    /// The last revision that changed what a rendition shows of a home, department, site or the book
    /// of all.
    pub fn book_revision(
        &self,
        organization: &OrganizationId,
        book: AddressBook,
        rendition: Rendition,
    ) -> Revision {
        let Some(tenant) = self.tenants.get(organization) else { return Revision(0) };
        match book {
            AddressBook::All => {
                tenant.state(AddressBook::PEOPLE).revision(rendition).max(tenant.abroad())
            }
            book => tenant.state(book).revision(rendition),
        }
    }

    /// The contact whose change was the last in a home, department or site, as a rendition shows it;
    /// None where there were several at once.
    pub fn last_changed(
        &self,
        organization: &OrganizationId,
        book: AddressBook,
        rendition: Rendition,
    ) -> Option<ContactId> {
        self.tenants.get(organization)?.state(book).last_changed(rendition)
    }

    /// As [`Snapshot::book_revision`] of the reduced rendition, but for what became of one contact.
    pub fn book_revision_of_others(
        &self,
        organization: &OrganizationId,
        book: AddressBook,
        contact: ContactId,
    ) -> Revision {
        let Some(tenant) = self.tenants.get(organization) else { return Revision(0) };
        match book {
            AddressBook::All => {
                let people = tenant.state(AddressBook::PEOPLE);
                people.revision_of_others(contact).max(tenant.abroad())
            }
            book => tenant.state(book).revision_of_others(contact),
        }
    }

    /// Stands for whom else an organization sees, and how they are dialled. Where it changes, what was
    /// told of the book of all before is of no use.
    pub fn neighborhood(&self, organization: &OrganizationId) -> u64 {
        let neighbors = self.tenants.get(organization).into_iter().flat_map(|t| &t.neighbors);
        neighbors.fold(0, |sum, (_, neighbor)| sum.rotate_left(7) ^ neighbor.dialling())
    }

    /// What of this stands for one other organization that is seen; None where it is not.
    pub fn dialling(&self, here: &OrganizationId, there: &OrganizationId) -> Option<u64> {
        self.tenants.get(here)?.neighbors.get(there).map(Neighbor::dialling)
    }

    /// What happened to the members of a home, department, site or the book of all after a revision,
    /// oldest first.
    pub fn changes(
        &self,
        organization: &OrganizationId,
        book: AddressBook,
        rendition: Rendition,
        since: Revision,
    ) -> Vec<BookChange<'_>> {
        let Some(tenant) = self.tenants.get(organization) else { return Vec::new() };
        let mut changes = match book {
            AddressBook::All => {
                let mut changes = self.changes(organization, AddressBook::PEOPLE, rendition, since);
                for neighbor in tenant.neighbors.values().map(Neighbor::shelf) {
                    let people = AddressBook::PEOPLE;
                    put(neighbor, people, (Rendition::Reduced, since), &mut changes);
                    gone(neighbor, people, since, &mut changes);
                }
                changes
            }
            book => {
                let mut changes = Vec::new();
                if let Some(shelf) = tenant.shelf_of(book) {
                    put(shelf, book, (rendition, since), &mut changes);
                    gone(shelf, book, since, &mut changes);
                }
                changes
            }
        };
        changes.sort_by_key(BookChange::revision);
        changes
    }

    /// The departments and sites that somebody left after a revision, with when that was last, be they
    /// there still or not.
    pub fn groups_left(
        &self,
        organization: &OrganizationId,
        since: Revision,
    ) -> FxHashMap<Group, Revision> {
        let mut left = FxHashMap::default();
        let Some(tenant) = self.tenants.get(organization) else { return left };
        for tombstone in tenant.shelf.tombstones_since(since) {
            if let AddressBook::Group(group) = tombstone.book {
                let last = left.entry(group).or_default();
                *last = tombstone.revision.max(*last);
            }
        }
        left
    }

    /// When each of some contacts last left one of these homes, if it did after a revision.
    pub fn departures(
        &self,
        organization: &OrganizationId,
        homes: &[Book],
        contacts: &FxHashSet<ContactId>,
        since: Revision,
    ) -> FxHashMap<ContactId, Revision> {
        let mut departures = FxHashMap::default();
        let Some(tenant) = self.tenants.get(organization) else { return departures };
        let extent = Extent::of(homes);
        for shelf in tenant.shelves(&extent) {
            for tombstone in shelf.tombstones_since(since) {
                let home =
                    matches!(tombstone.book, AddressBook::Home(home) if homes.contains(&home));
                if home && contacts.contains(&tombstone.contact) {
                    let last = departures.entry(tombstone.contact).or_default();
                    *last = tombstone.revision.max(*last);
                }
            }
        }
        departures
    }
}

impl Tenant {
    fn state(&self, book: AddressBook) -> BookState {
        self.shelf_of(book).map(|shelf| shelf.book(book)).unwrap_or_default()
    }

    /// The last revision that changed what is seen of others' people.
    fn abroad(&self) -> Revision {
        let people = self.neighbors.values().map(|n| n.shelf().book(AddressBook::PEOPLE));
        people.map(|people| people.revision(Rendition::Reduced)).max().unwrap_or_default()
    }

    /// Where the members of a home, department or site are.
    fn shelf_of(&self, book: AddressBook) -> Option<&Shelf> {
        match book {
            AddressBook::Home(Book::Personal(owner) | Book::PersonalBook(owner, _)) => {
                self.personal.get(&owner).map(|shelf| &**shelf)
            }
            _ => Some(&self.shelf),
        }
    }
}

/// Tells the members that are new or changed.
fn put<'a>(
    shelf: &'a Shelf,
    book: AddressBook,
    (rendition, since): (Rendition, Revision),
    changes: &mut Vec<BookChange<'a>>,
) {
    for live in shelf.segments() {
        let alive = live.segment.since(since).iter().filter(|row| live.is_alive(**row));
        for row in alive.filter_map(|row| Row::new(live, *row)) {
            let revision = row.revision_for(rendition);
            if revision > since && is_member(&row, book) {
                changes.push(BookChange::Put(revision, row));
            }
        }
    }
}

/// Tells the members that are gone and did not come back.
fn gone<'a>(
    shelf: &'a Shelf,
    book: AddressBook,
    since: Revision,
    changes: &mut Vec<BookChange<'a>>,
) {
    let mut told = HashSet::new();
    for tombstone in shelf.tombstones_since(since).filter(|t| t.book == book) {
        let back = match book {
            // Another contact may have the name now.
            AddressBook::Home(home) => shelf.named(home, &tombstone.name),
            _ => None,
        };
        let back = back.or_else(|| shelf.find(tombstone.contact));
        let back = back.and_then(|(live, row)| Row::new(live, row));
        let is_back = back.is_some_and(|row| {
            let same = |home| row.book != home || *row.resource_name() == *tombstone.name;
            is_member(&row, book) && !matches!(book, AddressBook::Home(home) if !same(home))
        });
        if !is_back && told.insert((tombstone.contact, &tombstone.name)) {
            let Tombstone { revision, contact, name, uid, .. } = tombstone.clone();
            changes.push(BookChange::Gone { revision, contact, name, uid });
        }
    }
}

fn is_member(row: &Row<'_>, book: AddressBook) -> bool {
    let inside = match book {
        AddressBook::Home(home) => row.book == home,
        AddressBook::Group(group) => row.groups.contains(&group),
        _ => false,
    };
    inside && is_listed(row)
}
