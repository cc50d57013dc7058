//! Slows down whoever guesses passwords, per account and address, without locking anybody out.
//!
//! - A pair of account and address may try a few different wrong passwords; then the next one is
//!   looked at only after a while, which doubles. Until then the answer is "later", whatever the
//!   password. The same wrong password again, as a device sends that nobody told the new one, counts
//!   once.
//! - A pair that has signed in is never slowed down: neither the colleague who guesses nor three
//!   hundred phones with an old password lock an office out. There guessing is as slow as argon2.
//! - An address at which many accounts fail is slowed down as well, except for those pairs.

use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::account::SecretHash;
use crate::auth::brakes::aging::Aging;

mod aging;

/// Different wrong passwords of a pair that cost nothing.
const FREE: u32 = 5;
/// Wait after the first one beyond; each further one doubles it.
const WAIT_MIN: Duration = Duration::from_secs(1);
const WAIT_MAX: Duration = Duration::from_secs(300);
/// Accounts that may fail at one address before it is slowed down, and for each that signs in.
const ACCOUNTS_FREE: u32 = 30;
const SPRAY_WAIT_MAX: Duration = Duration::from_secs(30);
/// After this long without a failure everything is forgiven.
const FORGIVEN: Duration = Duration::from_secs(3600);
/// How long a pair is known after it signed in.
const KNOWN: Duration = Duration::from_secs(30 * 24 * 3600);
/// Wrong passwords of a pair that are recognised when they come again.
const GUESSES_MAX: usize = 8;
/// From here on a known pair is worth a line in the log.
const SUSPICIOUS: u32 = 100;
/// Entries of each kind are twice as many at most, each about 200 bytes.
const ENTRIES: usize = 16 * 1024;

/// An account, or a name that nobody has, as a keyed hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Subject(u64);

/// A password tried at an account, as a keyed hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Guess(u64);

/// Where guesses come from: an IPv4 address or an IPv6 /64, which one customer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Net(IpAddr);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Pair {
    subject: Subject,
    net: Net,
}

/// The brakes of all doors.
pub(super) struct Brakes {
    keys: RandomState,
    state: Mutex<State>,
}

struct State {
    failures: Aging<Pair, Failures>,
    /// When each pair signed in last.
    known: Aging<Pair, Instant>,
    nets: Aging<Net, Spray>,
}

/// What a pair did wrong.
#[derive(Default)]
struct Failures {
    /// Different wrong passwords.
    count: u32,
    last: Option<Instant>,
    /// The latest of them.
    guesses: Vec<Guess>,
    /// Being checked, each with how often.
    pending: Vec<(Guess, u32)>,
}

/// What happens at an address.
#[derive(Default)]
struct Spray {
    /// Accounts that failed, and that signed in, at the address.
    failed: u32,
    known: u32,
    last: Option<Instant>,
    /// When the next attempt of a slowed address is looked at.
    next: Option<Instant>,
}

/// What becomes of an attempt.
pub(super) enum Admission {
    /// It may be checked; what comes out is told to the attempt.
    Check(Attempt),
    /// It was wrong before and is now.
    Wrong,
    /// It is not looked at before this time has passed.
    Later(Duration),
}

/// An attempt that is being checked. One that is dropped counts as wrong: whoever hangs up early
/// must not guess for free.
pub(super) struct Attempt {
    brakes: Arc<Brakes>,
    pair: Pair,
    guess: Guess,
    begun: Instant,
    told: bool,
}

impl Brakes {
    pub(super) fn new() -> Self {
        let state = State {
            failures: Aging::new(ENTRIES),
            known: Aging::new(ENTRIES),
            nets: Aging::new(ENTRIES),
        };
        Self { keys: RandomState::new(), state: Mutex::new(state) }
    }

    /// An account by what is only its own, or a name.
    pub(super) fn subject(&self, kind: &str, name: &str) -> Subject {
        Subject(self.keys.hash_one((kind, name)))
    }

    /// A password with the hashes that it was tried at: where these change it is another guess.
    pub(super) fn guess(&self, hashes: &[SecretHash], password: &[u8]) -> Guess {
        let hashes: Vec<&str> = hashes.iter().map(|hash| &*hash.0).collect();
        Guess(self.keys.hash_one((hashes, password)))
    }

    /// Whether an attempt may be checked now.
    pub(super) fn begin(
        self: &Arc<Self>,
        (subject, address): (Subject, IpAddr),
        guess: Guess,
        now: Instant,
    ) -> Admission {
        let pair = Pair { subject, net: net(address) };
        let mut state = self.lock();
        if !state.is_known(pair, now) {
            let failures = state.failures.get_or_new(pair);
            failures.forgive(now);
            match failures.admits(guess, now) {
                Judged::Checked => {}
                Judged::Wrong => return Admission::Wrong,
                Judged::Later(wait) => return Admission::Later(wait),
            }
            if let Some(wait) = state.nets.get_or_new(pair.net).wait(now) {
                return Admission::Later(wait);
            }
        }
        state.failures.get_or_new(pair).begin(guess);
        let brakes = Arc::clone(self);
        Admission::Check(Attempt { brakes, pair, guess, begun: now, told: false })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Judged {
    Checked,
    Wrong,
    Later(Duration),
}

impl State {
    fn is_known(&mut self, pair: Pair, now: Instant) -> bool {
        let since = self.known.get(pair);
        since.is_some_and(|since| now.saturating_duration_since(*since) < KNOWN)
    }

    fn wrong(&mut self, pair: Pair, guess: Guess, now: Instant) {
        let known = self.is_known(pair, now);
        let failures = self.failures.get_or_new(pair);
        failures.forgive(now);
        if !failures.count(guess, now) {
            return;
        }
        if known {
            if failures.count == SUSPICIOUS {
                let address = pair.net.0;
                tracing::warn!(%address, "many wrong passwords for one account where it signs in");
            }
        } else if failures.count == 1 {
            self.nets.get_or_new(pair.net).fail(now);
        }
    }

    fn right(&mut self, pair: Pair, now: Instant) {
        let known = self.is_known(pair, now);
        self.known.put(pair, now);
        self.failures.remove(pair);
        if !known {
            let spray = self.nets.get_or_new(pair.net);
            spray.known = spray.known.saturating_add(1);
        }
    }
}

impl Failures {
    fn forgive(&mut self, now: Instant) {
        if self.last.is_some_and(|last| now.saturating_duration_since(last) >= FORGIVEN) {
            (self.count, self.last) = (0, None);
            self.guesses.clear();
        }
    }

    fn admits(&self, guess: Guess, now: Instant) -> Judged {
        let pending = u32::try_from(self.pending.len()).unwrap_or(u32::MAX);
        let same = self.pending.iter().any(|(other, _)| *other == guess);
        if same || self.count.saturating_add(pending) < FREE {
            return Judged::Checked;
        }
        if self.guesses.contains(&guess) {
            return Judged::Wrong;
        }
        let over = wait(self.count.saturating_sub(FREE), WAIT_MAX);
        let left = self.last.map_or(Duration::ZERO, |last| left(last + over, now));
        match (left, pending) {
            (Duration::ZERO, 0) => Judged::Checked,
            (left, _) => Judged::Later(left.max(WAIT_MIN)),
        }
    }

    fn begin(&mut self, guess: Guess) {
        match self.pending.iter_mut().find(|(other, _)| *other == guess) {
            Some((_, times)) => *times = times.saturating_add(1),
            None => self.pending.push((guess, 1)),
        }
    }

    fn end(&mut self, guess: Guess) {
        if let Some((_, times)) = self.pending.iter_mut().find(|(other, _)| *other == guess) {
            *times = times.saturating_sub(1);
        }
        self.pending.retain(|(_, times)| *times > 0);
    }

    /// Counts a wrong password unless it was counted before.
    fn count(&mut self, guess: Guess, now: Instant) -> bool {
        if self.guesses.contains(&guess) {
            return false;
        }
        if self.guesses.len() == GUESSES_MAX {
            self.guesses.remove(0);
        }
        self.guesses.push(guess);
        self.count = self.count.saturating_add(1);
        self.last = Some(now);
        true
    }
}

impl Spray {
    /// How long an attempt has to wait; where it has not, it takes the turn.
    fn wait(&mut self, now: Instant) -> Option<Duration> {
        if self.last.is_some_and(|last| now.saturating_duration_since(last) >= FORGIVEN) {
            (self.failed, self.last, self.next) = (0, None, None);
        }
        let free = ACCOUNTS_FREE.saturating_add(self.known);
        let over = self.failed.checked_sub(free)?;
        let left = self.next.map_or(Duration::ZERO, |next| left(next, now));
        if !left.is_zero() {
            return Some(left);
        }
        self.next = Some(now + wait(over, SPRAY_WAIT_MAX));
        None
    }

    fn fail(&mut self, now: Instant) {
        self.failed = self.failed.saturating_add(1);
        self.last = Some(now);
    }
}

impl Attempt {
    pub(super) fn right(mut self, now: Instant) {
        self.tell(|state, pair, _| state.right(pair, now));
    }

    pub(super) fn wrong(mut self, now: Instant) {
        self.tell(|state, pair, guess| state.wrong(pair, guess, now));
    }

    /// Nothing came out: too many passwords were being checked.
    pub(super) fn unchecked(mut self) {
        self.tell(|_, _, _| ());
    }

    fn tell(&mut self, what: impl FnOnce(&mut State, Pair, Guess)) {
        self.told = true;
        let mut state = self.brakes.lock();
        state.failures.get_or_new(self.pair).end(self.guess);
        what(&mut state, self.pair, self.guess);
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if !self.told {
            let begun = self.begun;
            self.tell(|state, pair, guess| state.wrong(pair, guess, begun));
        }
    }
}

fn wait(doublings: u32, max: Duration) -> Duration {
    let factor = 1_u32.checked_shl(doublings.min(31)).unwrap_or(u32::MAX);
    WAIT_MIN.saturating_mul(factor).min(max)
}

fn left(until: Instant, now: Instant) -> Duration {
    until.saturating_duration_since(now)
}

fn net(address: IpAddr) -> Net {
    match address.to_canonical() {
        IpAddr::V6(v6) => Net(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into()),
        v4 => Net(v4),
    }
}

#[cfg(test)]
mod tests;
