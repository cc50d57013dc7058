//! What is kept beside the records: the audit log, and when credentials were last used. It is
//! gathered in memory and written every few seconds, never while somebody waits.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::account::audit::{AuditEntry, LastUse, Notes};
use crate::account::import::undo_since;
use crate::contact::Timestamp;

/// How long an entry waits at most until it is written.
pub(super) const WAIT: Duration = Duration::from_secs(2);
/// How long entries are kept, and how many.
const KEPT_DAYS: i64 = 180;
const KEPT_ENTRIES: u32 = 200_000;
/// Entries, and uses, that wait to be written; more are dropped, and that is noted.
const PENDING_MAX: usize = 4096;
/// Different names that are refused at one address within a minute; more are entered as one, so
/// that nobody floods the log with names of their own making.
const NAMES_MAX: usize = 20;
const OTHER_NAMES: &str = "(other names)";

/// What waits to be written.
#[derive(Default)]
pub(super) struct Journal(Mutex<Pending>);

#[derive(Default)]
struct Pending {
    acts: Vec<AuditEntry>,
    /// Sign-ins, by what they have in common.
    sign_ins: HashMap<String, AuditEntry>,
    uses: HashMap<Box<str>, LastUse>,
    dropped: u32,
    refused: Refused,
    /// Whether the writer knows that something waits.
    told: bool,
}

/// The names that were refused within the minute.
#[derive(Default)]
struct Refused {
    minute: i64,
    names: HashMap<Option<IpAddr>, HashSet<Box<str>>>,
}

impl Journal {
    /// Takes an entry; true where the writer does not know yet that something waits.
    pub(super) fn note(&self, entry: AuditEntry) -> bool {
        let mut pending = self.lock();
        pending.note(entry);
        !std::mem::replace(&mut pending.told, true)
    }

    /// Takes the use of a credential; see [`Journal::note`].
    pub(super) fn note_use(&self, last: LastUse) -> bool {
        let mut pending = self.lock();
        if pending.uses.len() < PENDING_MAX || pending.uses.contains_key(&last.credential) {
            pending.uses.insert(last.credential.clone(), last);
        }
        !std::mem::replace(&mut pending.told, true)
    }

    /// What waits, to be written now; None where nothing does.
    pub(super) fn take(&self, now: Timestamp) -> Option<Notes> {
        let mut pending = self.lock();
        pending.told = false;
        let Pending { acts, sign_ins, uses, dropped, .. } = &mut *pending;
        let mut entries: Vec<AuditEntry> = std::mem::take(acts);
        entries.extend(sign_ins.drain().map(|(_, entry)| entry));
        if *dropped > 0 {
            tracing::warn!(dropped, "the audit log was flooded; entries were dropped");
            entries.push(flooded(now, std::mem::take(dropped)));
        }
        entries.sort_by_key(|entry| entry.time);
        let uses: Vec<LastUse> = uses.drain().map(|(_, last)| last).collect();
        let keep_since = Timestamp(now.0 - KEPT_DAYS * 24 * 3600);
        let any = !entries.is_empty() || !uses.is_empty();
        let (keep_entries, undo_since) = (KEPT_ENTRIES, undo_since(now));
        any.then_some(Notes { entries, uses, keep_since, keep_entries, undo_since })
    }

    /// Takes back what could not be written.
    pub(super) fn put_back(&self, notes: Notes) {
        let mut pending = self.lock();
        for entry in notes.entries {
            pending.note(entry);
        }
        for last in notes.uses {
            pending.uses.entry(last.credential.clone()).or_insert(last);
        }
        pending.told = true;
    }

    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pending {
    fn note(&mut self, mut entry: AuditEntry) {
        let waiting = self.acts.len() + self.sign_ins.len();
        if entry.merge_key().is_some() && &*entry.outcome != "ok" && !self.refused.admit(&entry) {
            entry.actor = OTHER_NAMES.into();
        }
        let Some(key) = entry.merge_key() else {
            match waiting < PENDING_MAX {
                true => self.acts.push(entry),
                false => self.dropped = self.dropped.saturating_add(entry.count),
            }
            return;
        };
        if let Some(known) = self.sign_ins.get_mut(&key) {
            known.absorb(&entry);
        } else if waiting < PENDING_MAX {
            self.sign_ins.insert(key, entry);
        } else {
            self.dropped = self.dropped.saturating_add(entry.count);
        }
    }
}

impl Refused {
    /// Whether a refused name is entered as it is.
    fn admit(&mut self, entry: &AuditEntry) -> bool {
        let minute = entry.time.0.div_euclid(60);
        if minute != self.minute {
            *self = Self { minute, names: HashMap::new() };
        }
        if self.names.len() >= PENDING_MAX && !self.names.contains_key(&entry.address) {
            return false;
        }
        let names = self.names.entry(entry.address).or_default();
        names.contains(&entry.actor)
            || (names.len() < NAMES_MAX && names.insert(entry.actor.clone()))
    }
}

fn flooded(now: Timestamp, dropped: u32) -> AuditEntry {
    AuditEntry {
        time: now,
        organization: None,
        actor: "ringbook".into(),
        address: None,
        door: "".into(),
        action: "audit".into(),
        outcome: "dropped".into(),
        count: dropped,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::audit::SIGN_IN;

    fn sign_in(actor: &str, outcome: &str, time: i64) -> AuditEntry {
        AuditEntry {
            time: Timestamp(time),
            organization: None,
            actor: actor.into(),
            address: Some([192, 0, 2, 1].into()),
            door: "ldap".into(),
            action: SIGN_IN.into(),
            outcome: outcome.into(),
            count: 1,
        }
    }

    fn act(time: i64) -> AuditEntry {
        AuditEntry { action: "POST /users".into(), ..sign_in("user:200.main", "201", time) }
    }

    fn counts(notes: &Notes) -> Vec<(&str, &str, u32)> {
        notes.entries.iter().map(|e| (&*e.actor, &*e.outcome, e.count)).collect()
    }

    #[test]
    fn equal_sign_ins_of_a_minute_are_one_entry() {
        let journal = Journal::default();
        assert!(journal.note(sign_in("phone:phones", "ok", 60)));
        for time in 61..120 {
            assert!(!journal.note(sign_in("phone:phones", "ok", time)));
        }
        journal.note(sign_in("phone:phones", "ok", 120));
        journal.note(sign_in("phones", "refused", 121));
        let notes = journal.take(Timestamp(200)).unwrap();
        let expected =
            [("phone:phones", "ok", 60), ("phone:phones", "ok", 1), ("phones", "refused", 1)];
        assert_eq!(counts(&notes), expected);
        assert_eq!(notes.entries[0].time, Timestamp(119));
        assert_eq!(journal.take(Timestamp(200)), None);
        assert!(journal.note(act(1)), "the writer is told again");
    }

    #[test]
    fn each_act_is_an_entry() {
        let journal = Journal::default();
        journal.note(act(1));
        journal.note(act(1));
        assert_eq!(journal.take(Timestamp(2)).unwrap().entries, [act(1), act(1)]);
    }

    #[test]
    fn a_flood_is_counted_and_not_kept() {
        let journal = Journal::default();
        for _ in 0..PENDING_MAX + 7 {
            journal.note(act(1));
        }
        let notes = journal.take(Timestamp(2)).unwrap();
        assert_eq!(notes.entries.len(), PENDING_MAX + 1);
        assert_eq!(counts(&notes).last(), Some(&("ringbook", "dropped", 7)));
    }

    #[test]
    fn made_up_names_are_one_entry() {
        let journal = Journal::default();
        for name in 0..100 {
            journal.note(sign_in(&format!("name {name}"), "refused", 1));
        }
        let notes = journal.take(Timestamp(2)).unwrap();
        assert_eq!(notes.entries.len(), NAMES_MAX + 1);
        assert!(counts(&notes).contains(&(OTHER_NAMES, "refused", 80)));
        journal.note(sign_in("name 99", "refused", 61));
        assert_eq!(counts(&journal.take(Timestamp(62)).unwrap()), [("name 99", "refused", 1)]);
    }

    #[test]
    fn what_could_not_be_written_waits() {
        let journal = Journal::default();
        journal.note(sign_in("phones", "refused", 1));
        let last = LastUse { credential: "app:1".into(), time: Timestamp(1), address: None };
        journal.note_use(last.clone());
        let notes = journal.take(Timestamp(2)).unwrap();
        journal.put_back(notes);
        let later = LastUse { time: Timestamp(3), ..last };
        assert!(!journal.note_use(later.clone()), "the writer tries again by itself");
        journal.note(sign_in("phones", "refused", 3));
        let notes = journal.take(Timestamp(4)).unwrap();
        assert_eq!(counts(&notes), [("phones", "refused", 2)]);
        assert_eq!(notes.uses, [later]);
    }
}
