//! What a principal sees of a book over time: for clients that synchronize.

use rustc_hash::FxHashSet;

use crate::auth::sight::{Sight, nobody_is_present};
use crate::contact::book::AddressBook;
use crate::contact::derived::fnv1a;
use crate::contact::{Book, Contact, ContactId, Rendition, Revision};
use crate::index::{BookChange, Extent, Row};

/// What became of a contact that the principal starred at some time.
struct Favorite<'s> {
    id: ContactId,
    /// When that was.
    revision: Revision,
    /// The contact, where it is a favorite now.
    row: Option<Row<'s>>,
}

impl<'s> Sight<'s> {
    /// The rendition in which this principal sees a book as a whole.
    pub fn class(&self, book: AddressBook) -> Rendition {
        match book {
            AddressBook::Home(home) if home != Book::People => Rendition::Full,
            _ if self.viewer.full => Rendition::Full,
            _ => Rendition::Reduced,
        }
    }

    /// Where the members of a book are that clients synchronize; None where it is not there, and for
    /// books that follow presence.
    pub fn collection(&self, book: AddressBook) -> Option<Extent> {
        match book {
            AddressBook::Status(_) => None,
            book => self.extent(book, &nobody_is_present),
        }
    }

    /// Moves whenever a contact comes into the book, changes in it or leaves it, as this principal
    /// sees it. See also [`Sight::mark`].
    pub fn revision(&self, book: AddressBook) -> Revision {
        let organization = &self.organization.id;
        match book {
            AddressBook::Favorites => {
                let favorites = self.favorites(Revision(0));
                favorites.iter().map(|favorite| favorite.revision).max().unwrap_or_default()
            }
            AddressBook::Contacts => {
                let homes = self.homes.iter().map(|home| self.revision((*home).into()));
                homes.max().unwrap_or_default()
            }
            book => match self.own_card(book) {
                Some(own) => {
                    let others = self.snapshot.book_revision_of_others(organization, book, own.id);
                    others.max(own.revision)
                }
                None => self.snapshot.book_revision(organization, book, self.class(book)),
            },
        }
    }

    /// Stands for what decides who is seen in a book besides the changes of contacts: what
    /// organizations agreed on, the readers of shared books. Where it differs from what it was, what
    /// [`Sight::changes`] tells since then is not all.
    pub fn mark(&self, book: AddressBook) -> u64 {
        match book {
            AddressBook::All if self.neighbors => self.snapshot.neighborhood(&self.organization.id),
            AddressBook::Favorites => {
                let stars = self.stars();
                let rows = stars.filter_map(|(id, ..)| self.member(AddressBook::Favorites, id));
                let untold = rows.filter_map(|row| self.untold(row.contact()));
                untold.fold(0, |sum, seen| sum.rotate_left(7) ^ seen)
            }
            _ => 0,
        }
    }

    /// What happened to the members of a book after a revision, in the order of revisions.
    pub fn changes(&self, book: AddressBook, since: Revision) -> Vec<BookChange<'s>> {
        let mut changes = match book {
            AddressBook::Favorites => self.favorite_changes(since),
            AddressBook::Contacts => {
                let homes = self.homes.iter();
                homes.flat_map(|home| self.changes((*home).into(), since)).collect()
            }
            book => {
                let class = self.class(book);
                self.snapshot.changes(&self.organization.id, book, class, since)
            }
        };
        if let Some(own) = self.own_card(book) {
            changes.retain(|change| !matches!(change, BookChange::Put(_, row) if row.id == own.id));
            if own.revision > since {
                changes.push(BookChange::Put(own.revision, own));
            }
        }
        changes.sort_by_key(BookChange::revision);
        changes
    }

    fn favorite_changes(&self, since: Revision) -> Vec<BookChange<'s>> {
        let favorites = self.favorites(since).into_iter();
        let changed = favorites.filter(|favorite| favorite.revision > since);
        let told = changed.map(|Favorite { id, revision, row }| match row {
            Some(row) => BookChange::Put(revision, row),
            None => {
                let name = format!("{id}.vcf").into();
                BookChange::Gone { revision, contact: id, name, uid: None }
            }
        });
        told.collect()
    }

    /// What became of all contacts that were ever starred; of those who are gone, only what happened
    /// after a revision.
    fn favorites(&self, since: Revision) -> Vec<Favorite<'s>> {
        let mut favorites = Vec::new();
        let mut unseen = FxHashSet::default();
        for (id, starred, revision) in self.stars() {
            let row = self.member(AddressBook::Favorites, id);
            let changed = row.map(|row| row.revision_for(self.viewer.rendition(row.contact())));
            let revision = revision.max(changed.unwrap_or_default());
            if starred && row.is_none() {
                unseen.insert(id);
            }
            favorites.push(Favorite { id, revision, row });
        }
        if !unseen.is_empty() {
            let organization = &self.organization.id;
            let left = self.snapshot.departures(organization, &self.homes, &unseen, since);
            for favorite in &mut favorites {
                let left = left.get(&favorite.id).copied().unwrap_or_default();
                favorite.revision = favorite.revision.max(left);
            }
        }
        favorites
    }

    /// The contacts that were ever starred, whether they still are, and when that changed.
    fn stars(&self) -> impl Iterator<Item = (ContactId, bool, Revision)> {
        let stars = self.owner.into_iter().flat_map(|owner| self.snapshot.stars(owner));
        stars.map(|star| (star.contact, star.starred, star.revision))
    }

    /// Stands for a contact that the principal may begin or cease to see without a change of its own.
    fn untold(&self, contact: &Contact) -> Option<u64> {
        let (here, there) = (&self.organization.id, &contact.organization);
        let dialling = self.snapshot.dialling(here, there);
        let readers = matches!(contact.book, Book::SharedBook(_));
        (readers || dialling.is_some())
            .then(|| fnv1a(&format!("{} {}", contact.id, dialling.unwrap_or_default())))
    }

    /// The principal's own card where they see more of it than of the others in the book.
    fn own_card(&self, book: AddressBook) -> Option<Row<'s>> {
        let alike = self.class(book) == Rendition::Full;
        // Favorites and homes are told contact by contact.
        if alike || matches!(book, AddressBook::Favorites | AddressBook::Contacts) {
            return None;
        }
        self.member(book, self.viewer.person?)
    }
}
