//! Who can be called now: an in-memory table that all doors share. It never passes a commit.

use std::sync::{Arc, PoisonError, RwLock};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::contact::book::Availability;
use crate::contact::{OrganizationId, Timestamp, UserId};
use crate::presence::table::Table;

pub mod state;
mod table;

#[cfg(test)]
mod tests;

pub use state::{Agent, Client, News, Phone, Seen};

/// A feeder that said nothing for so long, in seconds, is silent: what it told is unknown then.
pub const SILENCE_DEFAULT_S: i64 = 300;

/// Tells the time.
pub type Clock = Box<dyn Fn() -> Timestamp + Send + Sync>;

/// Some users, to be looked through.
pub type Users = Arc<FxHashSet<UserId>>;

/// What telephone systems told of the users of all organizations. One per daemon.
pub struct Presence {
    tables: RwLock<FxHashMap<OrganizationId, Table>>,
    silence_s: i64,
    clock: Clock,
}

impl Presence {
    /// An empty table.
    pub fn new(silence_s: i64, clock: Clock) -> Self {
        Self { tables: RwLock::default(), silence_s, clock }
    }

    /// Takes news of some users of an organization. Any news, of nobody too, mean that the feeder is
    /// there; the feeder is named so that only its own silence counts against what it told.
    pub fn tell(
        &self,
        organization: &OrganizationId,
        feeder: &str,
        news: impl IntoIterator<Item = (UserId, News)>,
    ) {
        let now = (self.clock)();
        let mut tables = self.tables.write().unwrap_or_else(PoisonError::into_inner);
        let table = tables.entry(organization.clone());
        let table = table.or_insert_with(|| Table::new(self.silence_s));
        let feeder = table.hear(feeder, now);
        for (user, news) in news {
            table.tell(user, feeder, news, now);
        }
    }

    /// Forgets a user who was removed.
    pub fn forget(&self, organization: &OrganizationId, user: UserId) {
        let mut tables = self.tables.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(table) = tables.get_mut(organization) {
            table.forget(user);
        }
    }

    /// What is known of a user now; None where nothing ever was.
    pub fn seen(&self, organization: &OrganizationId, user: UserId) -> Option<Seen> {
        let now = (self.clock)();
        let tables = self.tables.read().unwrap_or_else(PoisonError::into_inner);
        tables.get(organization)?.seen(user, now)
    }

    /// Whether nothing was ever told of an organization's users.
    pub fn is_silent(&self, organization: &OrganizationId) -> bool {
        let tables = self.tables.read().unwrap_or_else(PoisonError::into_inner);
        !tables.contains_key(organization)
    }

    /// The users of whom anything was ever told.
    pub fn told_of(&self, organization: &OrganizationId) -> Users {
        let tables = self.tables.read().unwrap_or_else(PoisonError::into_inner);
        tables.get(organization).map(|table| Arc::new(table.users())).unwrap_or_default()
    }

    /// The users of whom something holds.
    pub fn whose(
        &self,
        organization: &OrganizationId,
        holds: impl Fn(&Seen) -> bool,
    ) -> FxHashSet<UserId> {
        let now = (self.clock)();
        let tables = self.tables.read().unwrap_or_else(PoisonError::into_inner);
        let Some(table) = tables.get(organization) else { return FxHashSet::default() };
        let users = table.users().into_iter();
        users.filter(|user| table.seen(*user, now).is_some_and(|seen| holds(&seen))).collect()
    }

    /// The users in an availability; the same set until something changes. Who is unknown is in none.
    pub fn ids(&self, organization: &OrganizationId, availability: Availability) -> Users {
        let now = (self.clock)();
        let tables = self.tables.read().unwrap_or_else(PoisonError::into_inner);
        let Some(table) = tables.get(organization) else { return Users::default() };
        if let Some(known) = table.known(availability, now) {
            return known;
        }
        drop(tables);
        let mut tables = self.tables.write().unwrap_or_else(PoisonError::into_inner);
        let table = tables.get_mut(organization);
        table.map(|table| table.ids(availability, now)).unwrap_or_default()
    }
}
