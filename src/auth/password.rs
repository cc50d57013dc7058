//! Passwords: argon2id hashes, made and checked off the async workers and bounded in number.

use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::account::{SecretHash, User};
use crate::auth::PASSWORD_BYTES_MAX;
use crate::auth::cache::{Cache, Verdict};

/// argon2 runs at once at most; each takes 19 MiB.
const RUNS_MAX: usize = 4;
/// How long a sign-in waits for its turn.
const WAIT: Duration = Duration::from_secs(10);

/// A hash that no password has, with the parameters of every other, so that a name that nobody has
/// takes as long as one that somebody has.
const NOBODYS_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$cmluZ2Jvb2stbm9ib2R5cw$\
                            bm9ib2R5IGhhcyB0aGlzIHBhc3N3b3JkLCBldmVyISE";

/// A password that a user chooses has at least this many characters.
const CHOSEN_CHARS_MIN: usize = 8;

/// Why a user may not choose a password; None where they may.
pub fn unfit(password: &str, user: &User) -> Option<String> {
    if password.chars().count() < CHOSEN_CHARS_MIN || password.len() > PASSWORD_BYTES_MAX {
        let reason = format!(
            "a password has at least {CHOSEN_CHARS_MIN} characters and at most \
             {PASSWORD_BYTES_MAX} bytes"
        );
        return Some(reason);
    }
    let lower = password.to_lowercase();
    let names = [&user.extension, &user.login, &user.email].into_iter().flatten();
    let mut names = names.map(|name| name.to_lowercase());
    let named = names.any(|name| name == lower);
    named.then(|| "the password must not be a login name".to_owned())
}

/// Why a password could not be hashed or checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    #[error("a password has 1 to {PASSWORD_BYTES_MAX} bytes")]
    Length,
    #[error("too many passwords are being hashed, try again later")]
    Busy,
    #[error("the password could not be hashed")]
    Failed,
}

/// Runs argon2id (RFC 9106) with 19 MiB, two passes and one lane, as OWASP recommends: an
/// office's phones all sign in at once after a power cut.
pub(super) struct Hasher {
    runs: Arc<Semaphore>,
}

impl Hasher {
    pub(super) fn new() -> Self {
        let runs = available_parallelism().map_or(1, NonZero::get).min(RUNS_MAX);
        Self { runs: Arc::new(Semaphore::new(runs)) }
    }

    /// The hash of a new password, in PHC string format.
    pub(super) async fn hash(&self, password: Zeroizing<Vec<u8>>) -> Result<SecretHash, HashError> {
        if !(1..=PASSWORD_BYTES_MAX).contains(&password.len()) {
            return Err(HashError::Length);
        }
        self.run(move || hash(&password)).await?
    }

    /// Whether a password is the one behind a hash; None: nobody has this name. Asks the cache
    /// first, and once more when its turn has come: many phones share one account.
    pub(super) async fn check(
        &self,
        cache: &Arc<Cache>,
        name: &str,
        hash: Option<&SecretHash>,
        password: &[u8],
    ) -> Result<Verdict, HashError> {
        let stored = hash.map_or(NOBODYS_HASH, |hash| &hash.0);
        let key = cache.key(name, stored, password);
        if let Some(verdict) = cache.get(key, Instant::now()) {
            return Ok(verdict);
        }
        let nobody = hash.is_none();
        let stored: Box<str> = stored.into();
        let password = Zeroizing::new(password.to_vec());
        let cache = Arc::clone(cache);
        self.run(move || {
            if let Some(verdict) = cache.get(key, Instant::now()) {
                return verdict;
            }
            let right = verify(&stored, &password) && !nobody;
            let verdict = if right { Verdict::Right } else { Verdict::Wrong };
            cache.remember(key, verdict, Instant::now());
            verdict
        })
        .await
    }

    /// From now on nothing is hashed or checked.
    #[cfg(test)]
    pub(super) fn close(&self) {
        self.runs.close();
    }

    /// Runs something slow when its turn has come, on a thread that may block.
    async fn run<T: Send + 'static>(
        &self,
        slow: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HashError> {
        let turn = timeout(WAIT, Arc::clone(&self.runs).acquire_owned()).await;
        let turn = turn.map_err(|_late| HashError::Busy)?.map_err(|_closed| HashError::Failed)?;
        let run = spawn_blocking(move || {
            let result = slow();
            drop(turn);
            result
        });
        run.await.map_err(|_cancelled| HashError::Failed)
    }
}

fn hash(password: &[u8]) -> Result<SecretHash, HashError> {
    let hash: PasswordHash =
        Argon2::default().hash_password(password).map_err(|_argon2| HashError::Failed)?;
    Ok(SecretHash(hash.to_string().into()))
}

/// The comparison inside takes the same time wherever the hashes differ.
fn verify(stored: &str, password: &[u8]) -> bool {
    let Ok(stored) = PasswordHash::new(stored) else { return false };
    Argon2::default().verify_password(password, &stored).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(hash: &str) -> &str {
        hash.rsplitn(3, '$').last().unwrap()
    }

    #[tokio::test]
    async fn only_the_right_password_passes() {
        let hasher = Hasher::new();
        let cache = Arc::new(Cache::new());
        let hash = hasher.hash(Zeroizing::new(b"secret".to_vec())).await.unwrap();
        let check = async |hash, password| hasher.check(&cache, "204", hash, password).await;
        assert_eq!(check(Some(&hash), b"secret").await, Ok(Verdict::Right));
        assert_eq!(check(Some(&hash), b"Secret").await, Ok(Verdict::Wrong));
        assert_eq!(check(None, b"secret").await, Ok(Verdict::Wrong));
        let key = cache.key("204", &hash.0, b"Secret");
        assert_eq!(cache.get(key, Instant::now()), Some(Verdict::Wrong));
    }

    #[tokio::test]
    async fn a_name_that_nobody_has_costs_as_much_as_another() {
        let hash = Hasher::new().hash(Zeroizing::new(b"secret".to_vec())).await.unwrap();
        assert_eq!(parameters(NOBODYS_HASH), parameters(&hash.0));
        let nobody = PasswordHash::new(NOBODYS_HASH).unwrap();
        let somebody = PasswordHash::new(&hash.0).unwrap();
        assert_eq!(nobody.hash.map(|h| h.len()), somebody.hash.map(|h| h.len()));
    }

    #[tokio::test]
    async fn endless_passwords_are_refused() {
        let hasher = Hasher::new();
        let hash = async |length| hasher.hash(Zeroizing::new(vec![b'x'; length])).await;
        assert_eq!(hash(0).await, Err(HashError::Length));
        assert_eq!(hash(PASSWORD_BYTES_MAX + 1).await, Err(HashError::Length));
    }
}
