//! An immutable set of contacts in name order, with everything to find them by.

use std::any::Any;
use std::cmp::Ordering;
use std::fmt;
use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashMap;

use crate::contact::book::Group;
use crate::contact::card::Field;
use crate::contact::{Book, Contact, ContactId, Revision};
use crate::index::class::Class;
use crate::index::digits::Digits;
use crate::index::grams::{Grams, GramsBuilder};
use crate::index::references::References;

/// Contacts whose row number is their rank by name. Postings are therefore in name order too.
pub(super) struct Segment {
    pub(super) rows: Vec<Arc<Contact>>,
    /// What each row is.
    classes: Vec<Class>,
    pub(super) grams: Grams,
    pub(super) digits: Digits,
    pub(super) references: References,
    /// For each field, the rows that have a value; fields that all rows have are left out.
    present: Vec<(Field, Vec<u32>)>,
    /// The members of each department and site.
    groups: FxHashMap<Group, Vec<u32>>,
    /// Rows by contact id.
    by_id: Vec<u32>,
    /// Rows whose client chose the resource name, by book and name.
    by_name: Vec<u32>,
    /// Rows whose client chose the UID, by book and UID.
    by_uid: Vec<u32>,
    /// Rows by the revision that wrote them.
    by_revision: Vec<u32>,
    attachment: OnceLock<Box<dyn Any + Send + Sync>>,
}

impl fmt::Debug for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Segment of {} rows", self.rows.len())
    }
}

/// How contacts are ordered everywhere: by name, ties by id.
pub(super) fn rank(contact: &Contact) -> (&[u8], ContactId) {
    (&contact.derived.sort_key, contact.id)
}

impl Segment {
    /// Sorts the contacts and indexes them.
    pub(super) fn build(mut rows: Vec<Arc<Contact>>) -> Self {
        rows.sort_unstable_by(|a, b| rank(a).cmp(&rank(b)));
        let mut grams = GramsBuilder::default();
        let mut digits = Digits::default();
        let mut references = References::default();
        let mut present: Vec<(Field, Vec<u32>)> =
            Field::ALL.iter().map(|field| (*field, Vec::new())).collect();
        let mut groups: FxHashMap<Group, Vec<u32>> = FxHashMap::default();
        for (row, contact) in (0..).zip(&rows) {
            for group in contact.groups.iter() {
                groups.entry(*group).or_default().push(row);
            }
            references.add(row, contact);
            for (_, spelling) in contact.derived.texts.iter() {
                grams.add(row, spelling);
            }
            for (_, form) in contact.derived.numbers.iter() {
                grams.add(row, form.trim_start_matches('+'));
                digits.add(row, form);
            }
            for (field, _) in contact.card.iter() {
                let rows = present.get_mut(field as usize).map(|(_, rows)| rows);
                if let Some(rows) = rows.filter(|rows| rows.last() != Some(&row)) {
                    rows.push(row);
                }
            }
        }
        digits.finish();
        references.finish();
        present.retain(|(_, having)| having.len() < rows.len());
        Self {
            grams: grams.finish(),
            digits,
            references,
            present,
            groups,
            by_id: sorted(&rows, |_| true, |a, b| a.id.cmp(&b.id)),
            by_name: sorted(
                &rows,
                |contact| contact.name.is_some(),
                |a, b| (a.book, &a.name).cmp(&(b.book, &b.name)),
            ),
            by_uid: sorted(
                &rows,
                |contact| contact.uid.is_some(),
                |a, b| (a.book, &a.uid).cmp(&(b.book, &b.uid)),
            ),
            by_revision: sorted(&rows, |_| true, |a, b| a.written().cmp(&b.written())),
            classes: rows.iter().map(|contact| Class::of(contact)).collect(),
            rows,
            attachment: OnceLock::new(),
        }
    }

    pub(super) fn contact(&self, row: u32) -> Option<&Arc<Contact>> {
        self.rows.get(row as usize)
    }

    /// A contact, not fetched from memory yet, and what it is.
    pub(super) fn classified(&self, row: u32) -> Option<(&Arc<Contact>, Class)> {
        let class = self.classes.get(row as usize)?;
        Some((self.contact(row)?, *class))
    }

    /// The row of a contact.
    pub(super) fn row_of(&self, id: ContactId) -> Option<u32> {
        self.find(&self.by_id, |_| true, |contact| contact.id.cmp(&id))
    }

    /// The living row with a resource name that a client chose.
    pub(super) fn named(&self, book: Book, name: &str, alive: impl Fn(u32) -> bool) -> Option<u32> {
        self.find(&self.by_name, alive, |contact| {
            (contact.book, contact.name.as_deref()).cmp(&(book, Some(name)))
        })
    }

    /// The living row with a UID that a client chose.
    pub(super) fn with_uid(
        &self,
        book: Book,
        uid: &str,
        alive: impl Fn(u32) -> bool,
    ) -> Option<u32> {
        self.find(&self.by_uid, alive, |contact| {
            (contact.book, contact.uid.as_deref()).cmp(&(book, Some(uid)))
        })
    }

    /// The rows changed after a revision, oldest change first.
    pub(super) fn since(&self, revision: Revision) -> &[u32] {
        let known = |row: &u32| self.contact(*row).is_some_and(|c| c.written() <= revision);
        self.by_revision.get(self.by_revision.partition_point(known)..).unwrap_or(&[])
    }

    /// The members of a department or site.
    pub(super) fn members_of(&self, group: Group) -> &[u32] {
        self.groups.get(&group).map(Vec::as_slice).unwrap_or_default()
    }

    /// The rows that have a value of the field; None where all have.
    pub(super) fn having(&self, field: Field) -> Option<&[u32]> {
        let found = self.present.iter().find(|(known, _)| *known == field);
        found.map(|(_, rows)| rows.as_slice())
    }

    /// The first living row that compares equal, in rows sorted by that comparison.
    fn find(
        &self,
        order: &[u32],
        alive: impl Fn(u32) -> bool,
        compare: impl Fn(&Contact) -> Ordering,
    ) -> Option<u32> {
        let to = |row: u32| self.contact(row).map(|contact| compare(contact));
        let from = order.partition_point(|row| to(*row).is_some_and(Ordering::is_lt));
        let mut equal = order.get(from..)?.iter().copied();
        equal.by_ref().take_while(|row| to(*row).is_some_and(Ordering::is_eq)).find(|r| alive(*r))
    }

    /// What the door that prepares answers keeps with the segment; made at first use with the
    /// number of rows. There is one such door: a second type of value is never kept.
    pub(super) fn attachment<T: Any + Send + Sync>(
        &self,
        make: impl FnOnce(usize) -> T,
    ) -> Option<&T> {
        self.attachment.get_or_init(|| Box::new(make(self.rows.len()))).downcast_ref()
    }
}

fn sorted(
    rows: &[Arc<Contact>],
    keep: impl Fn(&Contact) -> bool,
    compare: impl Fn(&Contact, &Contact) -> Ordering,
) -> Vec<u32> {
    let kept = (0..).zip(rows).filter(|(_, contact)| keep(contact));
    let mut order: Vec<(u32, &Arc<Contact>)> = kept.collect();
    order.sort_by(|(_, a), (_, b)| compare(a, b));
    order.into_iter().map(|(row, _)| row).collect()
}
