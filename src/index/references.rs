//! Who refers to whom: the rows that name a contact as their manager or assistant.

use crate::contact::card::{Field, FieldSet};
use crate::contact::{Contact, ContactId, OrganizationId};
use crate::index::Snapshot;
use crate::index::neighbor::Neighbor;
use crate::index::shelf::Shelf;

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

    /// Whether any row refers to the contact by a field.
    fn name(&self, contact: &Contact, field: Field) -> bool {
        let mut asked = FIELDS.into_iter().zip(&self.rows).filter(|(known, _)| *known == field);
        // Where nobody refers to anybody, the contact is not fetched from memory.
        asked.any(|(_, rows)| {
            !rows.is_empty() && rows.binary_search_by_key(&contact.id, |(id, _)| *id).is_ok()
        })
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

impl Snapshot {
    /// Whether anybody, seen or not, refers to the contact by [`Field::Manager`] or
    /// [`Field::Assistant`] among the contacts of an organization and the people it sees of others.
    pub fn is_referred_to(
        &self,
        organization: &OrganizationId,
        contact: &Contact,
        field: Field,
    ) -> bool {
        let Some(tenant) = self.tenants.get(organization) else { return false };
        let neighbors = tenant.neighbors.values().map(Neighbor::shelf);
        let shelves = std::iter::once(&tenant.shelf).chain(neighbors);
        let mut segments = shelves.flat_map(Shelf::segments);
        segments.any(|live| live.segment.references.name(contact, field))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::contact::card::CardBuilder;

    #[test]
    fn all_who_refer_to_somebody_are_found_by_each_field() {
        let [anna, bert, cleo] = [1, 2, 3].map(|n| ContactId(Uuid::from_u128(n)));
        let mut references = References::default();
        for (row, managers, assistant) in [
            (0, vec![anna], None),
            (1, vec![], None),
            (2, vec![cleo, anna], Some(bert)),
            (3, vec![anna], None),
        ] {
            let mut card = CardBuilder::default();
            card.push(Field::Company, "Acme").push(Field::Manager, "somebody without a card");
            for manager in managers {
                card.push(Field::Manager, &manager.to_string());
            }
            card.push(Field::Assistant, &assistant.map(|id| id.to_string()).unwrap_or_default());
            let mut contact = crate::contact::tests::nobody();
            contact.card = card.finish().unwrap();
            references.add(row, &contact);
        }
        references.finish();
        let to = |id, fields: &[Field]| references.to(id, FieldSet::of(fields));
        assert_eq!(to(anna, &[Field::Manager]), Some(vec![0, 2, 3]));
        assert_eq!(to(bert, &[Field::Manager]), Some(vec![]));
        assert_eq!(to(bert, &[Field::Manager, Field::Assistant]), Some(vec![2]));
        assert_eq!(to(anna, &[Field::Manager, Field::Note]), None);
    }
}
