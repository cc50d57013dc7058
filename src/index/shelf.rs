//! The contacts of one owner (an organization or a user) in a few segments, and how they change.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::contact::book::AddressBook;
use crate::contact::{Book, Contact, ContactId, Revision};
use crate::index::posting::SEGMENT_ROWS_MAX;
use crate::index::segment::Segment;
use crate::index::state::{BookState, counted};
use crate::store::Tombstone;

/// A commit rebuilds the last segment while it has at most this many rows.
const SMALL_ROWS_MAX: usize = 64;
/// The segment before it is rebuilt by commits up to this size; larger ones in the background.
const MEDIUM_ROWS_MAX: usize = 1000;
/// Tombstones are shared in pieces of this size.
const PIECE_TOMBSTONES_MAX: usize = 256;

/// Contacts in segments, the largest first, and what left the books.
#[derive(Clone, Debug, Default)]
pub(super) struct Shelf {
    segments: Vec<Live>,
    /// Of homes, departments and sites.
    books: FxHashMap<AddressBook, BookState>,
    /// In the order of their revisions.
    tombstones: Vec<Arc<Vec<Arc<Tombstone>>>>,
}

/// Changes of one shelf.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// Contacts as they are now.
    pub(super) puts: Vec<Arc<Contact>>,
    /// What left a book in which it was listed.
    pub(super) left: Vec<Tombstone>,
    /// What is gone altogether.
    pub(super) removed: Vec<ContactId>,
}

impl Changes {
    /// Whom they touch.
    pub(super) fn contacts(&self) -> impl Iterator<Item = ContactId> {
        let puts = self.puts.iter().map(|contact| contact.id);
        let left = self.left.iter().map(|tombstone| tombstone.contact);
        puts.chain(left).chain(self.removed.iter().copied())
    }
}

/// A segment and which of its rows are gone.
#[derive(Clone, Debug)]
pub(super) struct Live {
    pub(super) segment: Arc<Segment>,
    dead: Arc<DeadRows>,
}

#[derive(Clone, Debug, Default)]
struct DeadRows {
    bits: Vec<u64>,
    count: usize,
}

impl Live {
    fn whole(segment: Segment) -> Self {
        Self { segment: Arc::new(segment), dead: Arc::default() }
    }

    pub(super) fn is_alive(&self, row: u32) -> bool {
        let (word, bit) = (row as usize / 64, row % 64);
        self.dead.bits.get(word).is_none_or(|bits| bits & (1 << bit) == 0)
    }

    fn rows_alive(&self) -> usize {
        self.segment.rows.len() - self.dead.count
    }

    fn contacts(&self) -> impl Iterator<Item = &Arc<Contact>> {
        let rows = (0..).zip(&self.segment.rows);
        rows.filter(|(row, _)| self.is_alive(*row)).map(|(_, contact)| contact)
    }

    /// Marks a row dead; false where it was.
    fn bury(&mut self, row: u32) -> bool {
        if !self.is_alive(row) {
            return false;
        }
        let dead = Arc::make_mut(&mut self.dead);
        dead.bits.resize(self.segment.rows.len().div_ceil(64), 0);
        if let Some(bits) = dead.bits.get_mut(row as usize / 64) {
            *bits |= 1 << (row % 64);
            dead.count += 1;
        }
        true
    }
}

/// Whether a contact is a member that viewers may see: only people can be unlisted.
pub(super) fn is_listed(contact: &Contact) -> bool {
    contact.listed || contact.book != Book::People
}

/// The home, departments and sites in which viewers may see the contact.
fn books_of(contact: &Contact) -> impl Iterator<Item = AddressBook> {
    let groups = contact.groups.iter().map(|group| AddressBook::Group(*group));
    let books = std::iter::once(contact.book.into()).chain(groups);
    books.filter(|_| is_listed(contact))
}

impl Shelf {
    pub(super) fn segments(&self) -> &[Live] {
        &self.segments
    }

    pub(super) fn is_empty(&self) -> bool {
        self.segments.is_empty() && self.tombstones.is_empty()
    }

    pub(super) fn book(&self, book: AddressBook) -> BookState {
        self.books.get(&book).copied().unwrap_or_default()
    }

    /// The living row of a contact.
    pub(super) fn find(&self, id: ContactId) -> Option<(&Live, u32)> {
        self.segments.iter().find_map(|live| {
            let row = live.segment.row_of(id)?;
            live.is_alive(row).then_some((live, row))
        })
    }

    /// The living row with a resource name that a client chose.
    pub(super) fn named(&self, book: Book, name: &str) -> Option<(&Live, u32)> {
        let in_segment = |live: &Live| live.segment.named(book, name, |row| live.is_alive(row));
        self.segments.iter().find_map(|live| Some((live, in_segment(live)?)))
    }

    /// The living row with a UID that a client chose, by its key.
    pub(super) fn with_uid(&self, book: Book, uid: &str) -> Option<(&Live, u32)> {
        let in_segment = |live: &Live| live.segment.with_uid(book, uid, |row| live.is_alive(row));
        self.segments.iter().find_map(|live| Some((live, in_segment(live)?)))
    }

    /// The tombstones after a revision, newest first.
    pub(super) fn tombstones_since(&self, since: Revision) -> impl Iterator<Item = &Tombstone> {
        let newest_first = self.tombstones.iter().rev().flat_map(|piece| piece.iter().rev());
        newest_first.map(|tombstone| &**tombstone).take_while(move |t| t.revision > since)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<Contact>> {
        self.segments.iter().flat_map(Live::contacts)
    }

    /// Applies changes.
    pub(super) fn apply(&mut self, changes: Changes) {
        let Changes { puts, left, removed } = changes;
        for id in removed {
            self.bury(id, None);
        }
        for tombstone in left {
            if let AddressBook::Home(book) = tombstone.book {
                self.bury(tombstone.contact, Some(book));
            }
            self.books.entry(tombstone.book).or_default().leave(&tombstone);
            self.remember(tombstone);
        }
        for contact in &puts {
            self.bury(contact.id, None);
            for book in books_of(contact) {
                self.books.entry(book).or_default().put(contact);
            }
        }
        if !puts.is_empty() {
            self.add(puts);
        }
    }

    fn remember(&mut self, tombstone: Tombstone) {
        match self.tombstones.last_mut() {
            Some(piece) if piece.len() < PIECE_TOMBSTONES_MAX => {
                Arc::make_mut(piece).push(Arc::new(tombstone));
            }
            _ => self.tombstones.push(Arc::new(vec![Arc::new(tombstone)])),
        }
    }

    fn bury(&mut self, id: ContactId, only_in: Option<Book>) {
        for live in &mut self.segments {
            let Some(row) = live.segment.row_of(id) else { continue };
            let Some(contact) = live.segment.contact(row).map(Arc::clone) else { continue };
            if only_in.is_some_and(|book| book != contact.book) || !live.bury(row) {
                continue;
            }
            for book in books_of(&contact) {
                if let Some(book) = self.books.get_mut(&book) {
                    book.members -= counted(&contact);
                }
            }
        }
    }

    /// Puts new rows into the smallest segment that can take them without costing much; small
    /// segments are merged into larger ones as they fill up.
    fn add(&mut self, mut rows: Vec<Arc<Contact>>) {
        while let Some(last) = self.segments.last() {
            let alive = last.rows_alive();
            let small = alive <= SMALL_ROWS_MAX;
            let medium = alive <= MEDIUM_ROWS_MAX && rows.len() > SMALL_ROWS_MAX;
            let large = !small && !medium && alive > 2 * rows.len();
            if large || alive + rows.len() > SEGMENT_ROWS_MAX {
                break;
            }
            rows.extend(last.contacts().cloned());
            self.segments.pop();
        }
        while !rows.is_empty() {
            let rest = rows.split_off(rows.len().min(SEGMENT_ROWS_MAX));
            self.segments.push(Live::whole(Segment::build(std::mem::replace(&mut rows, rest))));
        }
    }

    /// The segments that should become one in the background, if any: all but the smallest, once
    /// the second one has outgrown what a commit may rebuild.
    pub(super) fn overdue(&self) -> Option<Merge> {
        let second = self.segments.get(1)?;
        if second.rows_alive() <= MEDIUM_ROWS_MAX && self.segments.len() <= 3 {
            return None;
        }
        let inputs = self.segments.iter().filter(|live| live.rows_alive() > SMALL_ROWS_MAX);
        let rows: usize = inputs.clone().map(Live::rows_alive).sum();
        (rows <= SEGMENT_ROWS_MAX).then(|| Merge { inputs: inputs.cloned().collect() })
    }

    /// Takes a merged segment in place of its inputs, with the deaths since the merge began. False
    /// where an input is no longer here; then the merged segment is of no use.
    pub(super) fn replace(&mut self, merged: Merged) -> bool {
        let place = |input: &Live| {
            self.segments.iter().position(|live| Arc::ptr_eq(&live.segment, &input.segment))
        };
        let Some(places) = merged.inputs.iter().map(place).collect::<Option<Vec<usize>>>() else {
            return false;
        };
        let mut live = Live { segment: merged.segment, dead: Arc::default() };
        for (input, at) in merged.inputs.iter().zip(&places) {
            let Some(now) = self.segments.get(*at) else { continue };
            for (row, contact) in (0..).zip(&input.segment.rows) {
                if input.is_alive(row) && !now.is_alive(row) {
                    live.segment.row_of(contact.id).map(|row| live.bury(row));
                }
            }
        }
        let mut at = 0..;
        self.segments.retain(|_| at.next().is_none_or(|at: usize| !places.contains(&at)));
        self.segments.insert(0, live);
        true
    }
}

/// Segments that shall become one.
#[derive(Debug)]
pub(super) struct Merge {
    inputs: Vec<Live>,
}

/// The segment that a [`Merge`] made of its inputs.
#[derive(Debug)]
pub(super) struct Merged {
    inputs: Vec<Live>,
    segment: Arc<Segment>,
}

impl Merge {
    /// Does the work, outside the writer.
    pub(super) fn run(self) -> Merged {
        let rows = self.inputs.iter().flat_map(Live::contacts).cloned().collect();
        Merged { inputs: self.inputs, segment: Arc::new(Segment::build(rows)) }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::contact::tests::nobody;

    fn contact(n: usize, revision: u64) -> Arc<Contact> {
        let mut contact = nobody();
        contact.id = ContactId(Uuid::from_u128(n as u128));
        contact.revision = Revision(revision);
        Arc::new(contact)
    }

    fn put(shelf: &mut Shelf, contacts: impl Iterator<Item = Arc<Contact>>) {
        shelf.apply(Changes { puts: contacts.collect(), ..Changes::default() });
    }

    /// A shelf whose second segment has outgrown what commits rebuild.
    fn grown() -> Shelf {
        let mut shelf = Shelf::default();
        put(&mut shelf, (0..6000).map(|n| contact(n, 1)));
        put(&mut shelf, (6000..8000).map(|n| contact(n, 1)));
        shelf
    }

    fn revision_of(shelf: &Shelf, n: usize) -> Option<u64> {
        let (live, row) = shelf.find(contact(n, 0).id)?;
        live.segment.contact(row).map(|contact| contact.revision.0)
    }

    #[test]
    fn what_changes_during_a_merge_stays_changed() {
        let mut shelf = grown();
        assert_eq!(shelf.segments.len(), 2);
        let merge = shelf.overdue().unwrap();
        put(&mut shelf, [contact(5, 2), contact(9000, 2)].into_iter());
        let removed = vec![contact(6, 0).id, contact(7000, 0).id];
        shelf.apply(Changes { removed, ..Changes::default() });
        assert!(shelf.replace(merge.run()));
        assert_eq!(shelf.segments.len(), 2, "the merged segment, and what came meanwhile");
        assert!(shelf.overdue().is_none());
        assert_eq!(shelf.all().count(), 7999);
        for (n, revision) in
            [(4, Some(1)), (5, Some(2)), (6, None), (7000, None), (7001, Some(1)), (9000, Some(2))]
        {
            assert_eq!(revision_of(&shelf, n), revision, "{n}");
        }
        assert_eq!(shelf.book(AddressBook::SHARED).members, 7999);
    }

    #[test]
    fn a_merge_of_segments_that_are_gone_is_of_no_use() {
        let mut shelf = grown();
        let merge = shelf.overdue().unwrap();
        put(&mut shelf, (0..9000).map(|n| contact(n, 2)));
        assert!(!shelf.replace(merge.run()));
        assert_eq!(shelf.all().count(), 9000);
        assert_eq!(revision_of(&shelf, 5), Some(2));
    }
}
