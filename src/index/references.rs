//! Who refers to whom: the rows that name a contact as their manager or assistant.

use crate::contact::card::{Field, FieldSet};
use crate::contact::{Contact, ContactId};

/// The fields that may hold the id of another contact.
const FIELDS: [Field; 2] = [Field::Manager, Field::Assistant];

/// For each contact that others refer to, their rows, in ascending order.
#[derive(Debug, Default)]
pub(super) struct References {
    /// Of each of [`FIELDS`], sorted.
    rows: [Vec<(ContactId, u32)>; FIELDS.len()],
}

impl References {
    /// Adds the references of a row. Rows come in ascending order.
    pub(super) fn add(&mut self, row: u32, contact: &Contact) {
        for (field, rows) in FIELDS.into_iter().zip(&mut self.rows) {
            let ids = contact.card.all(field).filter_map(ContactId::parse);
            rows.extend(ids.map(|id| (id, row)));
        }
    }

    pub(super) fn finish(&mut self) {
        for rows in &mut self.rows {
            rows.sort_unstable();
            rows.shrink_to_fit();
        }
    }

    /// The rows that refer to a contact by any of the fields; None where a field is none of those
    /// that are looked after here.
    pub(super) fn to(&self, id: ContactId, fields: FieldSet) -> Option<Vec<u32>> {
        if !fields.without(FieldSet::of(&FIELDS)).is_empty() {
            return None;
        }
        let asked = FIELDS.into_iter().zip(&self.rows).filter(|(field, _)| fields.contains(*field));
        let found = asked.flat_map(|(_, rows)| {
            let from = rows.partition_point(|(known, _)| *known < id);
            let behind = rows.get(from..).unwrap_or_default().iter();
            behind.take_while(|(known, _)| *known == id).map(|(_, row)| *row)
        });
        Some(found.collect())
    }
}
