//! Remembers for a short while which credentials were right and which were wrong, without keeping
//! them: under a keyed hash whose key lives and dies with the process.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use blake2::Blake2bMac512;
use blake2::digest::{FixedOutput, KeyInit, Update};
use zeroize::Zeroizing;

/// How long verdicts are remembered. A changed password counts at once all the same, because the
/// stored hash is part of the key. A device that nobody told the new password sends the old one
/// again and again.
const RIGHT_LIFE: Duration = Duration::from_secs(60);
const WRONG_LIFE: Duration = Duration::from_secs(600);
/// Verdicts kept at most, about 100 bytes each; the oldest make room.
const VERDICTS_MAX: usize = 8192;

/// What an argon2 run found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Right,
    Wrong,
}

impl Verdict {
    fn life(self) -> Duration {
        match self {
            Self::Right => RIGHT_LIFE,
            Self::Wrong => WRONG_LIFE,
        }
    }
}

/// A keyed hash of credentials.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key([u8; 32]);

/// The verdicts, bounded in number and in time.
pub(super) struct Cache {
    /// None where the operating system gave no random bytes: then nothing is remembered.
    secret: Option<Zeroizing<[u8; 64]>>,
    verdicts: Mutex<Verdicts>,
}

#[derive(Default)]
struct Verdicts {
    by_key: HashMap<Key, (Verdict, Instant)>,
    /// In the order in which they were remembered.
    order: VecDeque<(Key, Instant)>,
}

impl Cache {
    /// An empty cache with a key of its own.
    pub(super) fn new() -> Self {
        let mut secret = Zeroizing::new([0; 64]);
        let secret = getrandom::fill(secret.as_mut()).ok().map(|()| secret);
        Self { secret, verdicts: Mutex::default() }
    }

    /// The key of a sign-in. The name as it was sent is part of it, so that an answer takes as
    /// long for a second name of an account as for a name that nobody has.
    pub(super) fn key(&self, name: &str, stored_hash: &str, password: &[u8]) -> Option<Key> {
        let secret = self.secret.as_ref()?;
        let mut mac = <Blake2bMac512 as KeyInit>::new_from_slice(secret.as_slice()).ok()?;
        for part in [name.as_bytes(), stored_hash.as_bytes(), password] {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part);
        }
        let output = mac.finalize_fixed();
        output.first_chunk::<32>().copied().map(Key)
    }

    /// What was found before, if it is still remembered.
    pub(super) fn get(&self, key: Option<Key>, now: Instant) -> Option<Verdict> {
        let verdicts = self.lock();
        let (verdict, since) = verdicts.by_key.get(&key?)?;
        (now.saturating_duration_since(*since) < verdict.life()).then_some(*verdict)
    }

    /// Remembers what an argon2 run found.
    pub(super) fn remember(&self, key: Option<Key>, verdict: Verdict, now: Instant) {
        let Some(key) = key else { return };
        let mut verdicts = self.lock();
        verdicts.forget_old(now);
        verdicts.by_key.insert(key, (verdict, now));
        verdicts.order.push_back((key, now));
    }

    fn lock(&self) -> MutexGuard<'_, Verdicts> {
        self.verdicts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Verdicts {
    /// Makes room for one more.
    fn forget_old(&mut self, now: Instant) {
        while let Some((key, since)) = self.order.front().copied() {
            let alive = now.saturating_duration_since(since) < WRONG_LIFE;
            if alive && self.order.len() < VERDICTS_MAX {
                return;
            }
            self.order.pop_front();
            // A key that was remembered again since then stays for its own time.
            if self.by_key.get(&key).is_some_and(|(_, last)| *last == since) {
                self.by_key.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_are_forgotten_after_a_while() {
        let cache = Cache::new();
        let start = Instant::now();
        let key = cache.key("204", "hash", b"password");
        assert_eq!(cache.get(key, start), None);
        cache.remember(key, Verdict::Right, start);
        assert_eq!(cache.get(key, start + RIGHT_LIFE / 2), Some(Verdict::Right));
        assert_eq!(cache.get(key, start + RIGHT_LIFE), None);
        cache.remember(key, Verdict::Wrong, start);
        assert_eq!(cache.get(key, start + WRONG_LIFE / 2), Some(Verdict::Wrong));
        assert_eq!(cache.get(key, start + WRONG_LIFE), None);
    }

    #[test]
    fn each_part_of_the_credentials_counts() {
        let cache = Cache::new();
        let key = cache.key("204", "hash", b"password");
        for (name, hash, password) in [
            ("205", "hash", "password"),
            ("204", "hush", "password"),
            ("204", "hash", "pass"),
            ("204h", "ash", "password"),
        ] {
            assert!(cache.key(name, hash, password.as_bytes()) != key);
        }
        let other_start = Cache::new();
        assert!(other_start.key("204", "hash", b"password") != key);
    }

    #[test]
    fn the_oldest_verdicts_make_room() {
        let cache = Cache::new();
        let now = Instant::now();
        let key = |n: usize| cache.key(&n.to_string(), "hash", b"x");
        for n in 0..=VERDICTS_MAX {
            cache.remember(key(n), Verdict::Wrong, now);
        }
        assert_eq!(cache.lock().by_key.len(), VERDICTS_MAX);
        assert_eq!(cache.get(key(0), now), None);
        assert_eq!(cache.get(key(VERDICTS_MAX), now), Some(Verdict::Wrong));
    }
}
