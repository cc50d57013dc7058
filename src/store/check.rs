//! What a look for damage found.

use crate::store::{Event, Record};

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// Number of readable contacts.
    pub contacts: usize,
    /// Number of readable users.
    pub users: usize,
    /// What is wrong, in sentences; empty where nothing is.
    pub problems: Vec<String>,
}

impl CheckReport {
    /// Counts what a store tells.
    pub(super) fn note(&mut self, event: Event) {
        match event {
            Event::Put(Record::Contact(_)) => self.contacts += 1,
            Event::Put(Record::User(_)) => self.users += 1,
            Event::Broken { key, reason, .. } => self.problems.push(format!("{key}: {reason}")),
            _ => {}
        }
    }
}
