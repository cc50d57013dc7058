//! An immutable set of contacts in name order, with everything to find them by.

use std::any::Any;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashMap;

use crate::contact::book::Group;
use crate::contact::card::{Field, FieldSet};
use crate::contact::number::is_plain;
use crate::contact::{Book, Contact, ContactId, Revision, uid_key};
use crate::index::class::Class;
use crate::index::digits::{Digits, DigitsBuilder};
use crate::index::grams::{Grams, GramsBuilder};
use crate::index::posting::{Division, Kinds, Posting};
use crate::index::references::References;

/// Contacts whose row number is their rank by name. Postings are therefore in name order too.
pub(super) struct Segment {
    pub(super) rows: Vec<Arc<Contact>>,
    /// What each row is.
    classes: Vec<Class>,
    pub(super) texts: Grams,
    /// The numbers as texts.
    pub(super) numbers: Grams,
    pub(super) digits: Digits,
    pub(super) references: References,
    /// Rows with numbers that digits alone do not tell, see [`is_plain`].
    pub(super) numbers_in_words: Vec<Posting>,
    /// For each field, the rows that have a value; fields that all rows have are left out.
    present: Vec<(Field, Vec<Posting>)>,
    /// The members of each department and site.
    groups: FxHashMap<Group, Vec<Posting>>,
    /// Rows by contact id.
    by_id: Vec<u32>,
    /// Rows whose client chose the resource name, by book and name.
    by_name: Vec<u32>,
    /// Rows whose client chose the UID, by book and the key of the UID.
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
    pub(super) fn build(rows: Vec<Arc<Contact>>) -> Self {
        let rows = ranked(rows);
        let (mut texts, mut numbers) = (GramsBuilder::default(), GramsBuilder::default());
        let mut digits = DigitsBuilder::default();
        let mut references = References::default();
        let mut numbers_in_words = Vec::new();
        let mut present: Vec<(Field, Vec<Posting>)> =
            Field::ALL.iter().map(|field| (*field, Vec::new())).collect();
        let mut groups: FxHashMap<Group, Vec<Posting>> = FxHashMap::default();
        for (row, contact) in (0..).zip(&rows) {
            let posting = Posting::new(row, Kinds::ANY);
            for group in contact.groups.iter() {
                groups.entry(*group).or_default().push(posting);
            }
            references.add(row, contact);
            for (field, spelling) in contact.derived.texts.iter() {
                let kinds = Division::TEXTS.touched_by(FieldSet::of(&[field]));
                texts.add(row, spelling, kinds);
            }
            for (field, form) in contact.derived.numbers.iter() {
                let kinds = Division::NUMBERS.touched_by(FieldSet::of(&[field]));
                numbers.add(row, form, kinds);
                digits.add(row, form, kinds);
            }
            for (field, value) in contact.card.iter() {
                let number = Field::NUMBERS.contains(field);
                if number && !is_plain(value) && numbers_in_words.last() != Some(&posting) {
                    numbers_in_words.push(posting);
                }
                let having = present.get_mut(field as usize).map(|(_, having)| having);
                if let Some(having) = having.filter(|having| having.last() != Some(&posting)) {
                    having.push(posting);
                }
            }
        }
        references.finish();
        present.retain(|(_, having)| having.len() < rows.len());
        Self {
            texts: texts.finish(),
            numbers: numbers.finish(),
            digits: digits.finish(),
            references,
            numbers_in_words,
            present,
            groups,
            by_id: ordered(&rows, |contact| contact.id),
            by_name: sorted(
                &rows,
                |contact| contact.name.is_some(),
                |a, b| (a.book, &a.name).cmp(&(b.book, &b.name)),
            ),
            by_uid: sorted(
                &rows,
                |contact| contact.uid.is_some(),
                |a, b| uid_place(a).cmp(&uid_place(b)),
            ),
            by_revision: ordered(&rows, Contact::written),
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

    /// The living row with a UID that a client chose, by its key.
    pub(super) fn with_uid(
        &self,
        book: Book,
        uid: &str,
        alive: impl Fn(u32) -> bool,
    ) -> Option<u32> {
        self.find(&self.by_uid, alive, |contact| uid_place(contact).cmp(&(book, Some(uid.into()))))
    }

    /// The rows changed after a revision, oldest change first.
    pub(super) fn since(&self, revision: Revision) -> &[u32] {
        let known = |row: &u32| self.contact(*row).is_some_and(|c| c.written() <= revision);
        self.by_revision.get(self.by_revision.partition_point(known)..).unwrap_or(&[])
    }

    /// The members of a department or site.
    pub(super) fn members_of(&self, group: Group) -> &[Posting] {
        self.groups.get(&group).map(Vec::as_slice).unwrap_or_default()
    }

    /// The rows that have a value of the field; None where all have.
    pub(super) fn having(&self, field: Field) -> Option<&[Posting]> {
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

/// By what contacts with a UID that a client chose are found.
fn uid_place(contact: &Contact) -> (Book, Option<Cow<'_, str>>) {
    (contact.book, contact.uid.as_deref().map(uid_key))
}

/// Sorts contacts by [`rank`]. The beginnings of the sort keys stand beside them, so that most
/// comparisons fetch no contact from memory.
fn ranked(rows: Vec<Arc<Contact>>) -> Vec<Arc<Contact>> {
    let beginning = |contact: &Contact| {
        let mut bytes = [0; size_of::<u128>()];
        for (byte, of_key) in bytes.iter_mut().zip(&contact.derived.sort_key) {
            *byte = *of_key;
        }
        u128::from_be_bytes(bytes)
    };
    let mut ranked: Vec<(u128, Arc<Contact>)> =
        rows.into_iter().map(|contact| (beginning(&contact), contact)).collect();
    ranked.sort_unstable_by(|(first, a), (second, b)| {
        first.cmp(second).then_with(|| rank(a).cmp(&rank(b)))
    });
    let mut rows = Vec::with_capacity(ranked.len());
    rows.extend(ranked.into_iter().map(|(_, contact)| contact));
    rows
}

/// All rows by a key.
fn ordered<K: Ord>(rows: &[Arc<Contact>], key: impl Fn(&Contact) -> K) -> Vec<u32> {
    let mut keyed: Vec<(K, u32)> = rows.iter().map(|contact| key(contact)).zip(0..).collect();
    keyed.sort_unstable();
    keyed.iter().map(|(_, row)| *row).collect()
}

/// Some rows in an order.
fn sorted(
    rows: &[Arc<Contact>],
    keep: impl Fn(&Contact) -> bool,
    compare: impl Fn(&Contact, &Contact) -> Ordering,
) -> Vec<u32> {
    let kept = (0..).zip(rows).filter(|(_, contact)| keep(contact));
    let mut order: Vec<(u32, &Arc<Contact>)> = kept.collect();
    order.sort_by(|(_, a), (_, b)| compare(a, b));
    order.iter().map(|(row, _)| *row).collect()
}
