//! The presence of one organization's users.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::contact::book::Availability;
use crate::contact::{Timestamp, UserId};
use crate::presence::Users;
use crate::presence::state::{Agent, Client, News, Phone, Seen, availability};

/// Feeders are told apart by their place in [`Table::feeders`].
type Feeder = usize;

pub(super) struct Table {
    silence_s: i64,
    entries: FxHashMap<UserId, Entry>,
    /// Each with when it was last heard. There are as many as accounts that ever fed.
    feeders: Vec<(Box<str>, Timestamp)>,
    groups: Option<Groups>,
}

/// Who is in which availability, for as long as nothing changes.
struct Groups {
    /// From then on a feeder may have fallen silent.
    until: Timestamp,
    users: [Users; Availability::ALL.len()],
}

/// What was told of one user.
#[derive(Default)]
struct Entry {
    client: Option<Part<Client>>,
    phone: Option<Part<Phone>>,
    agent: Option<Part<Agent>>,
    text: Option<Part<Box<str>>>,
    last_seen: Option<Timestamp>,
}

/// A state with who told it.
struct Part<T> {
    state: T,
    feeder: Feeder,
}

impl Table {
    pub(super) fn new(silence_s: i64) -> Self {
        Self { silence_s, entries: FxHashMap::default(), feeders: Vec::new(), groups: None }
    }

    /// Notes that a feeder is there.
    pub(super) fn hear(&mut self, name: &str, now: Timestamp) -> Feeder {
        let known = self.feeders.iter().position(|(known, _)| **known == *name);
        let feeder = known.unwrap_or(self.feeders.len());
        if !self.is_heard(feeder, now) {
            // What it told before counts again.
            self.groups = None;
        }
        match self.feeders.get_mut(feeder) {
            Some((_, heard)) => *heard = now,
            None => self.feeders.push((name.into(), now)),
        }
        feeder
    }

    pub(super) fn tell(&mut self, user: UserId, feeder: Feeder, news: News, now: Timestamp) {
        let before = self.availability(user, now);
        let entry = self.entries.entry(user).or_default();
        put(&mut entry.client, news.client, feeder);
        put(&mut entry.phone, news.phone, feeder);
        put(&mut entry.agent, news.agent, feeder);
        put(&mut entry.text, news.text, feeder);
        let after = self.availability(user, now);
        if before != after {
            self.groups = None;
        }
        let seen = if is_there(before) || is_there(after) { Some(now) } else { news.last_seen };
        if let (Some(seen), Some(entry)) = (seen, self.entries.get_mut(&user)) {
            entry.last_seen = Some(seen.min(now));
        }
    }

    pub(super) fn forget(&mut self, user: UserId) {
        if self.entries.remove(&user).is_some() {
            self.groups = None;
        }
    }

    pub(super) fn users(&self) -> FxHashSet<UserId> {
        self.entries.keys().copied().collect()
    }

    pub(super) fn seen(&self, user: UserId, now: Timestamp) -> Option<Seen> {
        let entry = self.entries.get(&user)?;
        let (client, phone) = (self.state(&entry.client, now), self.state(&entry.phone, now));
        let availability = availability(client.copied(), phone.copied());
        Some(Seen {
            availability,
            client: client.copied(),
            phone: phone.copied(),
            agent: self.state(&entry.agent, now).copied(),
            text: self.state(&entry.text, now).cloned(),
            last_seen: if is_there(availability) { None } else { self.last_seen(entry) },
        })
    }

    /// The users in an availability, where that is known since before.
    pub(super) fn known(&self, availability: Availability, now: Timestamp) -> Option<Users> {
        let groups = self.groups.as_ref().filter(|groups| now < groups.until)?;
        groups.users.get(availability as usize).cloned()
    }

    pub(super) fn ids(&mut self, availability: Availability, now: Timestamp) -> Users {
        if self.known(availability, now).is_none() {
            self.groups = Some(self.grouped(now));
        }
        self.known(availability, now).unwrap_or_default()
    }

    fn grouped(&self, now: Timestamp) -> Groups {
        let mut users: [FxHashSet<UserId>; Availability::ALL.len()] = Default::default();
        for user in self.entries.keys() {
            let found = self.availability(*user, now);
            if let Some(group) = found.and_then(|found| users.get_mut(found as usize)) {
                group.insert(*user);
            }
        }
        let heard = self.feeders.iter().filter(|(_, heard)| !self.is_silent(*heard, now));
        let until = heard.map(|(_, heard)| heard.0.saturating_add(self.silence_s)).min();
        let until = Timestamp(until.unwrap_or(i64::MAX));
        Groups { until, users: users.map(Arc::new) }
    }

    fn availability(&self, user: UserId, now: Timestamp) -> Option<Availability> {
        let entry = self.entries.get(&user)?;
        let (client, phone) = (self.state(&entry.client, now), self.state(&entry.phone, now));
        availability(client.copied(), phone.copied())
    }

    /// A state, unless its feeder is silent.
    fn state<'a, T>(&self, part: &'a Option<Part<T>>, now: Timestamp) -> Option<&'a T> {
        part.as_ref().filter(|part| self.is_heard(part.feeder, now)).map(|part| &part.state)
    }

    fn is_heard(&self, feeder: Feeder, now: Timestamp) -> bool {
        self.feeders.get(feeder).is_some_and(|(_, heard)| !self.is_silent(*heard, now))
    }

    fn is_silent(&self, heard: Timestamp, now: Timestamp) -> bool {
        now.0.saturating_sub(heard.0) >= self.silence_s
    }

    /// Whose feeder fell silent while they were there, were last seen when it was last heard.
    fn last_seen(&self, entry: &Entry) -> Option<Timestamp> {
        let client = entry.client.as_ref().map(|part| part.state);
        let phone = entry.phone.as_ref().map(|part| part.state);
        let told = is_there(availability(client, phone));
        let feeders = [
            entry.client.as_ref().map(|part| part.feeder),
            entry.phone.as_ref().map(|part| part.feeder),
        ];
        let feeders = feeders.into_iter().flatten().filter(|_| told);
        let heard = feeders.filter_map(|feeder| self.feeders.get(feeder)).map(|(_, heard)| *heard);
        heard.chain(entry.last_seen).max()
    }
}

fn put<T>(part: &mut Option<Part<T>>, news: Option<Option<T>>, feeder: Feeder) {
    if let Some(news) = news {
        *part = news.map(|state| Part { state, feeder });
    }
}

fn is_there(availability: Option<Availability>) -> bool {
    matches!(availability, Some(Availability::Available | Availability::Busy))
}
