//! Presence in the tree: who is in `ou=status`, what entries tell of it, and whom filters on it find.

use std::sync::Arc;

use crate::auth::sight::Sight;
use crate::contact::book::{AddressBook, Availability};
use crate::contact::query::{Query, Truth};
use crate::contact::{Book, Contact, OrganizationId};
use crate::ldap::attribute::PresencePart;
use crate::ldap::time;
use crate::presence::{Agent, Phone, Presence, Seen, Users};

/// What is known of the people of one organization.
#[derive(Clone, Copy)]
pub(super) struct PresenceOf<'p> {
    pub(super) presence: &'p Presence,
    pub(super) organization: &'p OrganizationId,
}

impl PresenceOf<'_> {
    /// Who can, or cannot, be called now.
    pub(super) fn users(&self, availability: Availability) -> Users {
        self.presence.ids(self.organization, availability)
    }

    /// Whether there may be something that the asker may know.
    pub(super) fn is_shown(&self, sight: &Sight<'_>) -> bool {
        !self.presence.is_silent(self.organization) && is_told(sight)
    }

    /// What is known of a contact, where the asker may know it.
    pub(super) fn seen(&self, sight: &Sight<'_>, contact: &Contact) -> Option<Seen> {
        let own = contact.book == Book::People && contact.organization == *self.organization;
        if !own || !is_told(sight) {
            return None;
        }
        self.presence.seen(self.organization, contact.id)
    }

    /// Those of whom something holds, as far as the asker may know it.
    pub(super) fn whose(&self, sight: &Sight<'_>, holds: &dyn Fn(&Seen) -> bool) -> Query {
        if !is_told(sight) {
            return Query::Constant(Truth::False);
        }
        Query::Among(Arc::new(self.presence.whose(self.organization, holds)))
    }
}

/// Whether the asker sees who can be called.
fn is_told(sight: &Sight<'_>) -> bool {
    sight.reads(AddressBook::Status(Availability::Available))
}

/// The value of an attribute.
pub(super) fn value(part: PresencePart, seen: &Seen) -> Option<String> {
    let text = match part {
        PresencePart::Availability => seen.availability.map(Availability::name),
        PresencePart::Phone => seen.phone.map(Phone::name),
        PresencePart::Agent => seen.agent.map(Agent::name),
        PresencePart::Text => seen.text.as_deref(),
        PresencePart::LastSeen => return seen.last_seen.map(time::written),
    };
    text.map(str::to_owned)
}
