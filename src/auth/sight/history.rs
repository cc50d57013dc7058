//! What a principal sees of a book over time: for clients that synchronize.

use crate::auth::sight::{Sight, nobody_is_present};
use crate::contact::book::AddressBook;
use crate::contact::{Book, ContactId, Rendition, Revision};
use crate::index::{BookChange, Extent, Row};

impl<'s> Sight<'s> {
    /// The rendition in which this principal sees a book as a whole.
    pub fn class(&self, book: AddressBook) -> Rendition {
        match book {
            AddressBook::Home(Book::Shared | Book::SharedBook(_) | Book::Personal(_)) => {
                Rendition::Full
            }
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

    /// Moves whenever the book, as this principal sees it, changes.
    pub fn revision(&self, book: AddressBook) -> Revision {
        let of = |book| self.snapshot.book_revision(&self.organization.id, book, self.class(book));
        let revision = match book {
            AddressBook::Favorites => {
                let changes = self.stars().map(|(id, starred)| self.moved(id).max(starred));
                changes.max().unwrap_or_default()
            }
            AddressBook::Contacts => {
                self.homes.iter().map(|home| of((*home).into())).max().unwrap_or_default()
            }
            book => of(book),
        };
        self.own_card(book).map_or(revision, |own| revision.max(own.revision))
    }

    /// What happened to the members of a book after a revision, in the order of revisions.
    pub fn changes(&self, book: AddressBook, since: Revision) -> Vec<BookChange<'s>> {
        let mut changes = match book {
            AddressBook::Favorites => self.favorite_changes(since),
            book => {
                let class = self.class(book);
                self.snapshot.changes(&self.organization.id, book, class, since)
            }
        };
        if let Some(own) = self.own_card(book) {
            changes.retain(|change| !matches!(change, BookChange::Put(_, row) if row.id == own.id));
            if own.revision > since {
                let at = changes.partition_point(|change| change.revision() <= own.revision);
                changes.insert(at, BookChange::Put(own.revision, own));
            }
        }
        changes
    }

    /// A star that was given or taken back, and whatever became of its contact.
    fn favorite_changes(&self, since: Revision) -> Vec<BookChange<'s>> {
        let mut changes = Vec::new();
        for (id, starred) in self.stars() {
            match self.member(AddressBook::Favorites, id) {
                Some(row) => {
                    let revision = starred.max(self.moved(id));
                    if revision > since {
                        changes.push(BookChange::Put(revision, row));
                    }
                }
                None => {
                    // A contact that went, or may not be seen any more, is told as often as asked:
                    // it is gone either way.
                    let revision = starred.max(self.moved(id));
                    if revision > since {
                        let name = format!("{id}.vcf").into();
                        changes.push(BookChange::Gone(revision, id, name));
                    }
                }
            }
        }
        changes.sort_by_key(BookChange::revision);
        changes
    }

    /// The contacts that were ever starred, and when the star was given or taken back.
    fn stars(&self) -> impl Iterator<Item = (ContactId, Revision)> {
        let stars = self.owner.into_iter().flat_map(|owner| self.snapshot.stars(owner));
        stars.map(|star| (star.contact, star.revision))
    }

    /// When what this principal sees of a contact last changed: the card, who may see it, or that it
    /// went.
    fn moved(&self, id: ContactId) -> Revision {
        let organization = &self.organization.id;
        let row = self.snapshot.contact(organization, id);
        let row = row.or_else(|| self.snapshot.neighbor(organization, id));
        let Some(row) = row else {
            return self.snapshot.left(organization, id, Revision(0)).unwrap_or_default();
        };
        let revision = row.revision_for(self.viewer.rendition(row.contact()));
        let unlisted = !self.sees(row.contact());
        let left = unlisted.then(|| self.snapshot.left(organization, id, Revision(0))).flatten();
        let readers = match row.book {
            Book::SharedBook(book) => self.snapshot.shared_book(organization, book),
            _ => None,
        };
        // Whoever is named by a department or site sees more, or less, as their own card says.
        let own = readers.and(self.owner).and_then(|own| self.snapshot.contact(organization, own));
        let readers = readers.map(|book| book.revision);
        let all = [left, readers, own.map(|own| own.revision)];
        all.into_iter().flatten().max().unwrap_or_default().max(revision)
    }

    /// The principal's own card where they see more of it than of the others in the book.
    fn own_card(&self, book: AddressBook) -> Option<Row<'s>> {
        if self.class(book) == Rendition::Full {
            return None;
        }
        self.member(book, self.viewer.person?)
    }
}
