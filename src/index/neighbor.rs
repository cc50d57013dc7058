//! The people of another organization as this one sees them: without what that one hides, and with
//! numbers that can be dialled from here.

use std::sync::Arc;

use crate::account::Organization;
use crate::contact::book::AddressBook;
use crate::contact::card::{Card, CardBuilder, Field};
use crate::contact::derived::fnv1a;
use crate::contact::{Body, Book, Contact, ContactId, Rendition, Revision};
use crate::index::shelf::{Changes, Shelf, is_listed};
use crate::store::Tombstone;

/// One organization's people, seen from another. Both agreed to it.
#[derive(Clone, Debug)]
pub(super) struct Neighbor {
    /// Those who are seen, and tombstones of those who were.
    shelf: Arc<Shelf>,
    /// Of the settings that this was made with.
    fingerprint: u64,
    /// Of those settings whose change changes cards without a new revision of theirs.
    dialling: u64,
}

impl Neighbor {
    /// What is seen of a shelf.
    pub(super) fn new(here: &Organization, there: &Organization, people: &Shelf) -> Self {
        let tombstones = people.tombstones_since(Revision(0));
        let left = tombstones.filter(|tombstone| tombstone.book == AddressBook::PEOPLE).cloned();
        let mut changes = Changes { left: left.collect(), ..Changes::default() };
        changes.left.reverse();
        changes.puts = people.all().filter_map(|contact| seen(contact, here, there)).collect();
        let mut shelf = Shelf::default();
        shelf.apply(changes);
        let (fingerprint, dialling) = (fingerprint(here, there), dialling(there));
        Self { shelf: Arc::new(shelf), fingerprint, dialling }
    }

    /// Whether this was made with the settings that both have.
    pub(super) fn is_of(&self, here: &Organization, there: &Organization) -> bool {
        self.fingerprint == fingerprint(here, there)
    }

    pub(super) fn shelf(&self) -> &Shelf {
        &self.shelf
    }

    pub(super) fn shelf_mut(&mut self) -> &mut Shelf {
        Arc::make_mut(&mut self.shelf)
    }

    /// Stands for how numbers are dialled from here. Where it changes, revisions do not tell which
    /// cards are others now.
    pub(super) fn dialling(&self) -> u64 {
        self.dialling
    }

    /// Takes over what became of some contacts.
    pub(super) fn follow(
        &mut self,
        (here, there): (&Organization, &Organization),
        people: &Shelf,
        changed: &[ContactId],
    ) {
        let mut changes = Changes::default();
        for id in changed {
            let found = people.find(*id).and_then(|(live, row)| live.segment.contact(row));
            match found.and_then(|contact| seen(contact, here, there)) {
                Some(contact) => changes.puts.push(contact),
                None if self.shelf.find(*id).is_some() => {
                    let mut tombstones = people.tombstones_since(Revision(0));
                    let of_people = |t: &&Tombstone| t.book == AddressBook::PEOPLE;
                    let left = tombstones.find(|t| t.contact == *id && of_people(t));
                    changes.left.extend(left.cloned());
                    changes.removed.push(*id);
                }
                None => {}
            }
        }
        changes.left.sort_by_key(|tombstone| tombstone.revision);
        self.shelf_mut().apply(changes);
    }
}

/// Whether each of two organizations allows the other to see its people.
pub(super) fn share(one: &Organization, other: &Organization) -> bool {
    one.id != other.id && one.shares_with.contains(&other.id) && other.shares_with.contains(&one.id)
}

fn fingerprint(here: &Organization, there: &Organization) -> u64 {
    let made_of = format!(
        "{} {:?} {} {:?} {:?}",
        there.id,
        here.derivation.fingerprint,
        there.derivation.fingerprint,
        there.inter_organization_prefix,
        there.hidden_numbers,
    );
    fnv1a(&made_of)
}

fn dialling(there: &Organization) -> u64 {
    let made_of = [
        there.id.as_str(),
        &there.region,
        &there.area_code,
        &there.outside_line,
        &there.inter_organization_prefix,
    ];
    fnv1a(&made_of.join("\n"))
}

/// The contact as it is seen from here; None where it is not.
fn seen(contact: &Contact, here: &Organization, there: &Organization) -> Option<Arc<Contact>> {
    if contact.book != Book::People || !is_listed(contact) {
        return None;
    }
    let card = card(&contact.card, there)?;
    Some(Arc::new(Contact {
        derived: here.derivation.derive(&card),
        card,
        name: None,
        uid: None,
        body: Body::Written,
        groups: Arc::default(),
        organization: contact.organization.clone(),
        revision: contact.reduced_revision,
        ..contact.clone()
    }))
}

fn card(card: &Card, there: &Organization) -> Option<Card> {
    let hidden = there.hidden(Rendition::Reduced);
    let mut seen = CardBuilder::default();
    for (field, value) in card.iter().filter(|(field, _)| !hidden.contains(*field)) {
        match field {
            // A box of another telephone system.
            Field::VoicemailBox => {}
            _ if Field::NUMBERS.contains(field) => {
                if let Some(number) = dialled(value, there) {
                    seen.push(field, &number);
                }
            }
            _ => {
                seen.push(field, value);
            }
        }
    }
    seen.finish().ok()
}

/// A number as it is dialled from any organization: whole, or an extension behind its prefix.
fn dialled(number: &str, there: &Organization) -> Option<String> {
    if number.trim_start().starts_with('+') {
        return Some(number.to_owned());
    }
    let prefix = &there.inter_organization_prefix;
    let inside = || (!prefix.is_empty()).then(|| format!("{prefix}{}", number.trim()));
    there.derivation.numbering.e164(number).or_else(inside)
}
