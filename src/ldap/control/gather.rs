//! Entries that are gathered to be put in order.

use std::cmp::Ordering;

use crate::contact::ContactId;
use crate::index::Row;
use crate::ldap::control::paged::{Place, Tie};
use crate::ldap::fixed::Fixed;

/// An entry of an answer.
#[derive(Clone, Copy)]
pub(in crate::ldap) enum Item<'i> {
    Fixed(&'i Fixed),
    Contact(Row<'i>),
}

/// As [`Tie`], of an entry at hand.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum TieRef<'t> {
    Fixed(&'t str),
    Contact(&'t [u8], ContactId),
}

impl Item<'_> {
    /// The item's place in the order.
    pub(in crate::ldap) fn place(&self, key: Option<Box<[u8]>>, given: u32) -> Place {
        let tie = match self {
            Self::Fixed(entry) => Tie::Fixed(entry.dn().to_owned()),
            Self::Contact(row) => Tie::Contact(row.derived.sort_key.clone(), row.id),
        };
        Place { key, tie, given }
    }

    fn tie(&self) -> TieRef<'_> {
        match self {
            Self::Fixed(entry) => TieRef::Fixed(entry.dn()),
            Self::Contact(row) => TieRef::Contact(&row.derived.sort_key, row.id),
        }
    }
}

impl Tie {
    fn as_ref(&self) -> TieRef<'_> {
        match self {
            Self::Fixed(dn) => TieRef::Fixed(dn),
            Self::Contact(key, id) => TieRef::Contact(key, *id),
        }
    }
}

/// Entries with what they are sorted by.
#[derive(Default)]
pub(in crate::ldap) struct Gathered<'i> {
    items: Vec<(Box<[u8]>, Item<'i>)>,
}

impl<'i> Gathered<'i> {
    pub(in crate::ldap) fn push(&mut self, key: Box<[u8]>, item: Item<'i>) {
        self.items.push((key, item));
    }

    pub(in crate::ldap) fn len(&self) -> u32 {
        u32::try_from(self.items.len()).unwrap_or(u32::MAX)
    }

    /// Keeps what comes behind a place.
    pub(in crate::ldap) fn keep_behind(&mut self, place: &Place) {
        let start = (place.key.as_deref().unwrap_or_default(), place.tie.as_ref());
        self.items.retain(|(key, item)| (&**key, item.tie()) > start);
    }

    /// Keeps the first entries of the order.
    pub(in crate::ldap) fn keep_first(&mut self, count: u32) {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        if count < self.items.len() {
            self.items.select_nth_unstable_by(count, compare);
            self.items.truncate(count);
        }
    }

    /// How many come before a key.
    pub(in crate::ldap) fn before(&self, key: &[u8]) -> u32 {
        let before = self.items.iter().filter(|(own, _)| **own < *key).count();
        u32::try_from(before).unwrap_or(u32::MAX)
    }

    /// The entries at these places, in order.
    pub(in crate::ldap) fn window(
        &mut self,
        places: std::ops::Range<u32>,
    ) -> &[(Box<[u8]>, Item<'i>)] {
        let place = |place| usize::try_from(place).unwrap_or(usize::MAX);
        let start = place(places.start).min(self.items.len());
        let count = place(places.end).min(self.items.len()).saturating_sub(start);
        // Only what is given is sorted.
        if start > 0 && start < self.items.len() {
            self.items.select_nth_unstable_by(start, compare);
        }
        let rest = self.items.get_mut(start..).unwrap_or_default();
        if count < rest.len() {
            rest.select_nth_unstable_by(count, compare);
        }
        let window = rest.get_mut(..count).unwrap_or_default();
        window.sort_unstable_by(compare);
        window
    }
}

fn compare(one: &(Box<[u8]>, Item<'_>), other: &(Box<[u8]>, Item<'_>)) -> Ordering {
    one.0.cmp(&other.0).then_with(|| one.1.tie().cmp(&other.1.tie()))
}
