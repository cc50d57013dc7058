//! What is known of a book without looking at its members: how many there are, and when it changed.

use crate::contact::{Contact, ContactId, Rendition, Revision};
use crate::store::Tombstone;

/// The state of a home, department or site.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct BookState {
    /// Listed members; group cards are none that anybody counts.
    pub(super) members: usize,
    full: Latest,
    reduced: Latest,
}

impl BookState {
    /// A member is new or changed.
    pub(super) fn put(&mut self, contact: &Contact) {
        self.members += counted(contact);
        self.full.note(contact.revision, contact.id);
        self.reduced.note(contact.reduced_revision, contact.id);
    }

    /// A member left.
    pub(super) fn leave(&mut self, tombstone: &Tombstone) {
        self.full.note(tombstone.revision, tombstone.contact);
        self.reduced.note(tombstone.revision, tombstone.contact);
    }

    /// The last revision that changed what a rendition shows of the book.
    pub(super) fn revision(&self, rendition: Rendition) -> Revision {
        match rendition {
            Rendition::Full => self.full.revision,
            Rendition::Reduced => self.reduced.revision,
        }
    }

    /// The contact that changed then; None where there were several.
    pub(super) fn last_changed(&self, rendition: Rendition) -> Option<ContactId> {
        match rendition {
            Rendition::Full => self.full.contact,
            Rendition::Reduced => self.reduced.contact,
        }
    }

    /// As [`BookState::revision`] of the reduced rendition, but for the changes of one contact.
    pub(super) fn revision_of_others(&self, contact: ContactId) -> Revision {
        match self.reduced.contact {
            Some(only) if only == contact => self.reduced.before,
            _ => self.reduced.revision,
        }
    }
}

/// How much a contact adds to the number of members.
pub(super) fn counted(contact: &Contact) -> usize {
    usize::from(!contact.derived.group)
}

/// The last change, and the last one that was not the same contact's.
#[derive(Clone, Copy, Debug, Default)]
struct Latest {
    revision: Revision,
    /// The contact that changed; None where there were several at once.
    contact: Option<ContactId>,
    /// The last change of any other contact, where `contact` is known.
    before: Revision,
}

impl Latest {
    /// Takes note of a change; at the start they come in any order.
    fn note(&mut self, revision: Revision, contact: ContactId) {
        let same = self.contact == Some(contact);
        if revision > self.revision {
            if !same {
                self.before = self.revision;
            }
            (self.revision, self.contact) = (revision, Some(contact));
        } else if revision == self.revision {
            self.contact = self.contact.filter(|_| same);
        } else if !same {
            self.before = self.before.max(revision);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prop_assert_eq, proptest};
    use uuid::Uuid;

    use super::*;

    proptest! {
        #[test]
        fn the_last_change_of_others_is_known(changes in vec((1..9_u64, 0..4_u128), 0..12)) {
            let mut latest = Latest::default();
            for (revision, contact) in &changes {
                latest.note(Revision(*revision), ContactId(Uuid::from_u128(*contact)));
            }
            let state = BookState { reduced: latest, ..BookState::default() };
            for contact in 0..5 {
                let others = changes.iter().filter(|(_, changed)| *changed != contact);
                let expected = Revision(others.map(|(revision, _)| *revision).max().unwrap_or(0));
                let found = state.revision_of_others(ContactId(Uuid::from_u128(contact)));
                prop_assert_eq!(found, expected);
            }
        }
    }
}
