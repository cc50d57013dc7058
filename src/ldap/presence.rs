//! Presence in the tree: who is in `ou=status`, what entries tell of it, and whom filters on it find.

use std::sync::Arc;

use crate::contact::book::Availability;
use crate::contact::{Contact, OrganizationId};
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

    /// Whether there may be something to show.
    pub(super) fn is_shown(&self) -> bool {
        !self.presence.is_silent(self.organization)
    }

    /// What is known of a contact, whoever asks.
    pub(super) fn seen(&self, contact: &Contact) -> Option<Seen> {
        self.presence.seen(self.organization, contact.id)
    }

    /// Those of whom something holds, whoever asks: what somebody does not see is not found anyway.
    pub(super) fn whose(&self, holds: &dyn Fn(&Seen) -> bool) -> Users {
        Arc::new(self.presence.whose(self.organization, holds))
    }
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
