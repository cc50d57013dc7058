//! What a principal sees of a book over time: for clients that synchronize.

use rustc_hash::FxHashSet;

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
                let moves = self.favorite_moves(Revision(0)).into_iter();
                moves.map(|(revision, ..)| revision).max().unwrap_or_default()
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

    fn favorite_changes(&self, since: Revision) -> Vec<BookChange<'s>> {
        let moves = self.favorite_moves(since).into_iter();
        let changes = moves.filter(|(revision, ..)| *revision > since);
        let mut changes: Vec<BookChange<'s>> = changes
            .map(|(revision, id, row)| match row {
                Some(row) => BookChange::Put(revision, row),
                None => BookChange::Gone(revision, id, format!("{id}.vcf").into()),
            })
            .collect();
        changes.sort_by_key(BookChange::revision);
        changes
    }

    /// Every contact that was ever starred, where it is seen, and when that last changed: by the star,
    /// the card, who may see it, or because it went. What went before `since` may be told too early.
    fn favorite_moves(&self, since: Revision) -> Vec<(Revision, ContactId, Option<Row<'s>>)> {
        let Some(owner) = self.owner else { return Vec::new() };
        let mut moves = Vec::new();
        let mut unseen = FxHashSet::default();
        for star in self.snapshot.stars(owner) {
            let row = self.member(AddressBook::Favorites, star.contact);
            if row.is_none() {
                unseen.insert(star.contact);
            }
            moves.push((star.revision.max(self.moved(star.contact)), star.contact, row));
        }
        let left = self.snapshot.left(&self.organization.id, owner, &unseen, since);
        for (revision, id, _) in &mut moves {
            *revision = left.get(id).copied().unwrap_or_default().max(*revision);
        }
        moves
    }

    /// When what this principal sees of a contact last changed: the card, or who may see it.
    fn moved(&self, id: ContactId) -> Revision {
        let organization = &self.organization.id;
        let row = self.snapshot.contact(organization, id);
        let Some(row) = row.or_else(|| self.snapshot.neighbor(organization, id)) else {
            return Revision(0);
        };
        let readers = match row.book {
            Book::SharedBook(book) => self.snapshot.shared_book(organization, book),
            _ => None,
        };
        // Whoever is named by a department or site sees more, or less, as their own card says.
        let own = readers.and(self.owner).and_then(|own| self.snapshot.contact(organization, own));
        let moves = [readers.map(|book| book.revision), own.map(|own| own.revision)];
        let card = row.revision_for(self.viewer.rendition(row.contact()));
        moves.into_iter().flatten().max().unwrap_or_default().max(card)
    }

    /// The principal's own card where they see more of it than of the others in the book.
    fn own_card(&self, book: AddressBook) -> Option<Row<'s>> {
        if self.class(book) == Rendition::Full {
            return None;
        }
        self.member(book, self.viewer.person?)
    }
}
