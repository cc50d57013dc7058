//! Searches: candidates from each segment, verified by the query, merged in name order.

use std::any::Any;
use std::ops::Deref;
use std::sync::Arc;

use crate::account::Organization;
use crate::contact::card::FieldSet;
use crate::contact::query::{Gaze, Query, Truth};
use crate::contact::{Book, Contact, ContactId, OrganizationId, Rendition, UserId};
use crate::index::candidates::{Candidate, Finder};
use crate::index::class::{Class, Classes};
use crate::index::segment::{Segment, rank};
use crate::index::shelf::{Live, Shelf};
use crate::index::walk::Walk;

/// Queries with fewer terms take about as long with each row.
const ORDINARY_TERMS: usize = 20;

/// Who looks: decides what they see of each contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Viewer {
    /// Administrators and operators see the full rendition of everybody.
    pub full: bool,
    /// The viewer's own person card, which they see in full.
    pub person: Option<UserId>,
}

impl Viewer {
    /// The fields of a contact that this viewer does not see. A contact of another organization has
    /// come without what that one hides.
    pub fn hidden(&self, contact: &Contact, organization: &Organization) -> FieldSet {
        if contact.organization == organization.id {
            organization.hidden(self.rendition(contact))
        } else {
            FieldSet::EMPTY
        }
    }

    /// What this viewer sees of a contact. Only people have a reduced rendition.
    pub fn rendition(&self, contact: &Contact) -> Rendition {
        if self.full || contact.book != Book::People || self.person == Some(contact.id) {
            Rendition::Full
        } else {
            Rendition::Reduced
        }
    }
}

/// Where to look: home books, and what of them.
#[derive(Clone, Debug)]
pub struct Extent {
    /// Their contacts come in one order: by name, ties by id.
    pub books: Vec<Book>,
    /// Whether the people of organizations that share with this one are there as well.
    pub neighbors: bool,
    /// What a contact must be besides; always decided by what everybody sees.
    pub within: Query,
}

impl Extent {
    /// All of some home books.
    pub fn of(books: &[Book]) -> Self {
        let within = Query::Constant(Truth::True);
        Self { books: books.to_vec(), neighbors: false, within }
    }
}

/// A search in what the asker may see.
#[derive(Clone, Copy, Debug)]
pub struct Search<'a> {
    pub organization: &'a OrganizationId,
    pub extent: &'a Extent,
    pub query: &'a Query,
    pub viewer: Viewer,
    /// Whether people who are not listed are found: in the administrators' part of HTTP only.
    pub unlisted: bool,
    /// How many rows are examined at most where no term of the query is indexed.
    pub look_through: usize,
}

/// A contact in a snapshot.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    segment: &'a Segment,
    contact: &'a Arc<Contact>,
    row: u32,
}

impl<'a> Row<'a> {
    pub(super) fn new(live: &'a Live, row: u32) -> Option<Self> {
        let contact = live.segment.contact(row)?;
        Some(Self { segment: &live.segment, contact, row })
    }

    pub fn contact(self) -> &'a Contact {
        self.contact
    }

    /// The contact, to be held longer than the snapshot.
    pub fn shared(self) -> Arc<Contact> {
        Arc::clone(self.contact)
    }

    /// The row's place in its segment.
    pub fn index(self) -> usize {
        self.row as usize
    }

    /// What a door keeps with the row's segment: made at first use, with the number of rows. None
    /// where another type is kept already.
    pub fn attachment<T: Any + Send + Sync>(self, make: impl FnOnce(usize) -> T) -> Option<&'a T> {
        self.segment.attachment(make)
    }
}

impl Deref for Row<'_> {
    type Target = Contact;

    fn deref(&self) -> &Contact {
        self.contact
    }
}

impl std::fmt::Debug for Row<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.contact.fmt(f)
    }
}

/// The contacts that match, in name order; found one by one as they are asked for.
pub struct Matches<'a> {
    sources: Vec<Source<'a>>,
    /// None where there is nothing to look at.
    condition: Option<Condition<'a>>,
    effort: Effort,
}

/// What one step of a search gave.
#[derive(Clone, Copy, Debug)]
pub enum Step<'a> {
    Found(Row<'a>),
    /// As many rows were examined as one step may; the next step goes on.
    Paused,
    End,
}

/// How much may still be examined.
struct Effort {
    /// Rows in all, without an index.
    look_through: usize,
    exceeded: bool,
    /// Rows in this step.
    step: usize,
    /// How many rows of an ordinary query cost as much as one of this; at least 1.
    row_cost: usize,
}

#[derive(Clone, Copy)]
pub(super) struct Condition<'a> {
    pub(super) classes: Classes,
    pub(super) extent: &'a Extent,
    pub(super) query: &'a Query,
    pub(super) viewer: Viewer,
    pub(super) organization: &'a Organization,
}

struct Source<'a> {
    live: &'a Live,
    walk: Walk<'a>,
    /// The next row that meets the condition, once it is known.
    head: Option<(u32, &'a Arc<Contact>)>,
}

/// How a source went on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Advance {
    Head,
    Paused,
    Exhausted,
}

impl<'a> Matches<'a> {
    /// No contacts.
    pub(super) fn none() -> Self {
        let effort = Effort { look_through: 0, exceeded: false, step: 0, row_cost: 1 };
        Self { sources: Vec::new(), condition: None, effort }
    }

    pub(super) fn new(
        shelves: impl Iterator<Item = &'a Shelf>,
        condition: Condition<'a>,
        look_through: usize,
    ) -> Self {
        let mut matches = Self { condition: Some(condition), ..Self::none() };
        matches.effort.look_through = look_through;
        matches.effort.row_cost = 1 + condition.query.terms() / ORDINARY_TERMS;
        for live in shelves.flat_map(Shelf::segments) {
            let finder = Finder { segment: &live.segment, hidden: condition.hidden() };
            let candidates = finder.of_both(condition.query, &condition.extent.within);
            let walk = Walk::new(candidates, live.segment.rows.len());
            matches.sources.push(Source { live, walk, head: None });
        }
        matches
    }

    /// Whether rows were left unexamined because the look-through limit was reached.
    pub fn exceeded(&self) -> bool {
        self.effort.exceeded
    }

    /// Leaves out all up to a place in the order: that of a contact with this sort key and id,
    /// whether it is still there or not.
    #[must_use]
    pub fn after(mut self, sort_key: &[u8], id: ContactId) -> Self {
        for source in &mut self.sources {
            let before = |contact: &Arc<Contact>| rank(contact) <= (sort_key, id);
            let from = source.live.segment.rows.partition_point(before);
            source.walk.skip_to(u32::try_from(from).unwrap_or(u32::MAX));
        }
        self
    }

    /// As the iterator's `next`, but examines at most `rows` rows, and fewer where each costs more: a
    /// door that serves others meanwhile looks after them between the steps.
    pub fn step(&mut self, rows: usize) -> Step<'a> {
        let Some(condition) = &self.condition else { return Step::End };
        self.effort.step = (rows / self.effort.row_cost).max(1);
        let mut at = 0;
        while let Some(source) = self.sources.get_mut(at) {
            match source.advance(condition, &mut self.effort) {
                Advance::Head => at += 1,
                Advance::Paused => return Step::Paused,
                Advance::Exhausted => drop(self.sources.remove(at)),
            }
        }
        let heads = self.sources.iter_mut().filter(|source| source.head.is_some());
        let first = heads.min_by(|a, b| a.rank().cmp(&b.rank()));
        let found = first.and_then(|source| {
            let (row, contact) = source.head.take()?;
            Some(Row { segment: &source.live.segment, contact, row })
        });
        found.map_or(Step::End, Step::Found)
    }
}

impl<'a> Iterator for Matches<'a> {
    type Item = Row<'a>;

    fn next(&mut self) -> Option<Row<'a>> {
        loop {
            match self.step(usize::MAX) {
                Step::Found(row) => return Some(row),
                Step::End => return None,
                Step::Paused => {}
            }
        }
    }
}

impl Source<'_> {
    /// How the head is ordered among others.
    fn rank(&self) -> Option<(&[u8], ContactId)> {
        self.head.map(|(_, contact)| rank(contact))
    }

    /// Goes to the next row that meets the condition, unless it is known.
    fn advance(&mut self, condition: &Condition<'_>, effort: &mut Effort) -> Advance {
        if self.head.is_some() {
            return Advance::Head;
        }
        let blind = self.walk.is_blind();
        while effort.step > 0 {
            let Some(candidate) = self.walk.next() else { return Advance::Exhausted };
            effort.step -= 1;
            if blind {
                if effort.look_through == 0 {
                    effort.exceeded = true;
                    return Advance::Exhausted;
                }
                effort.look_through -= 1;
            }
            let Candidate { row, proven } = candidate;
            let Some((contact, class)) = self.live.segment.classified(row) else {
                return Advance::Exhausted;
            };
            let wanted = condition.classes.contain(class)
                && self.live.is_alive(row)
                && condition.is_in_books(contact, class);
            if wanted && (proven || condition.holds(contact)) {
                self.head = Some((row, contact));
                return Advance::Head;
            }
        }
        Advance::Paused
    }
}

impl Condition<'_> {
    /// What may be hidden of some contact.
    fn hidden(&self) -> FieldSet {
        if self.viewer.full { FieldSet::EMPTY } else { self.organization.hidden_numbers }
    }

    fn is_in_books(&self, contact: &Contact, class: Class) -> bool {
        !Classes::depend_on_book(class) || self.extent.books.contains(&contact.book)
    }

    fn holds(&self, contact: &Contact) -> bool {
        self.is_true(&self.extent.within, contact) && self.is_true(self.query, contact)
    }

    fn is_true(&self, query: &Query, contact: &Contact) -> bool {
        if let Query::Constant(truth) = query {
            return *truth == Truth::True;
        }
        let hidden = self.viewer.hidden(contact, self.organization);
        let gaze = Gaze { hidden, collation: &self.organization.derivation.collation };
        query.matches(contact, &gaze) == Truth::True
    }
}
