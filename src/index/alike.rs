//! What many contacts and users have in common, kept in memory once.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use crate::contact::OrganizationId;
use crate::contact::book::Group;
use crate::store::{Event, Record};

/// Values that are shared between the events that it has seen.
#[derive(Default)]
pub struct Alike {
    organizations: FxHashSet<OrganizationId>,
    groups: FxHashSet<Arc<[Group]>>,
}

impl Alike {
    /// Replaces what an earlier event had as well.
    pub fn share(&mut self, event: &mut Event) {
        match event {
            Event::Put(Record::Contact(stored)) => {
                if let Some(contact) = Arc::get_mut(&mut stored.contact) {
                    share(&mut self.organizations, &mut contact.organization);
                    share(&mut self.groups, &mut contact.groups);
                }
            }
            Event::Put(Record::User(user)) => {
                share(&mut self.organizations, &mut user.organization);
            }
            _ => {}
        }
    }
}

fn share<T: Clone + Eq + std::hash::Hash>(known: &mut FxHashSet<T>, value: &mut T) {
    match known.get(value) {
        Some(same) => *value = same.clone(),
        None => drop(known.insert(value.clone())),
    }
}
