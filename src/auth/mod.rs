//! Credentials in, a principal out: the one place where names, passwords and tokens are checked.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use zeroize::Zeroizing;

use crate::account::device::{AppPassword, Door, Doors, Token};
use crate::account::{Role, SecretHash, User};
use crate::auth::brakes::{Admission, Brakes};
use crate::auth::cache::{Cache, Verdict};
use crate::auth::name::{Accepted, Account};
use crate::auth::password::Hasher;
use crate::auth::validity::Ended;
use crate::contact::{OrganizationId, UserId};
use crate::directory::{Directory, system_clock};
use crate::index::Snapshot;

mod brakes;
mod cache;
mod change;
pub mod dn;
mod name;
mod password;
mod principal;
mod record;
pub mod rights;
pub mod seal;
mod secret;
pub mod sight;
mod token;
mod validity;

pub use change::NotChanged;
pub use name::sign_in_dn;
pub use password::{HashError, unfit};
pub use principal::{Credential, Principal, Who};
pub use record::actor;

/// Longest name and longest password that are looked at; longer ones are refused.
const NAME_BYTES_MAX: usize = 1024;
pub const PASSWORD_BYTES_MAX: usize = 1024;

/// Where a sign-in, or an operation of somebody who signed in, comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    pub door: Door,
    pub address: IpAddr,
    /// Whether nobody on the way reads along.
    pub secure: bool,
}

/// Why a sign-in was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No such account, or not its password: the asker never learns which.
    #[error("wrong name or password")]
    Credentials,
    /// Too many sign-ins are being checked; the same credentials may pass later.
    #[error("too many sign-ins at once, try again later")]
    Unavailable,
    /// Too many wrong passwords came from there. Whether this one is right was not looked at; it is
    /// after this time.
    #[error("too many wrong passwords, try again in {} seconds", seconds(*.0))]
    Later(Duration),
}

/// What a name without a password is at LDAP (RFC 4513 section 5.1.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnauthenticatedBind {
    /// Refused: clients that forget the password would take it for a sign-in.
    #[default]
    Refuse,
    /// The same as no name: what clients need that cannot be told to send none.
    Anonymous,
}

/// Whole seconds, and one at least.
pub fn seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0 || wait.is_zero())
}

/// Tells how much time has passed.
pub type Stopwatch = Arc<dyn Fn() -> Instant + Send + Sync>;

/// Checks credentials against the directory. One per daemon; every door shares it.
pub struct Authenticator {
    directory: Arc<Directory>,
    /// The listeners' organization: that of names which name none.
    listener: OrganizationId,
    hasher: Hasher,
    cache: Arc<Cache>,
    brakes: Arc<Brakes>,
    now: Stopwatch,
    changes: Mutex<()>,
}

impl Authenticator {
    pub fn new(directory: Arc<Directory>, default_organization: OrganizationId) -> Self {
        Self::with_stopwatch(directory, default_organization, Arc::new(Instant::now))
    }

    /// As [`Authenticator::new`], with a clock for those who are slowed down.
    pub fn with_stopwatch(
        directory: Arc<Directory>,
        default_organization: OrganizationId,
        now: Stopwatch,
    ) -> Self {
        let (hasher, cache) = (Hasher::new(), Arc::new(Cache::new()));
        let brakes = Arc::new(Brakes::new());
        let changes = Mutex::new(());
        Self { directory, listener: default_organization, hasher, cache, brakes, now, changes }
    }

    /// Signs in a user, or at LDAP a phone account. The name is a DN, `uid|cn|mail=value`,
    /// `name@domain`, `DOMAIN\name` or a bare name; the password is not looked at before the name
    /// has fixed the organization. App passwords of the user count where they are made for the door.
    ///
    /// # Errors
    /// [`Refused`]; a wrong name takes as long as a wrong password.
    pub async fn sign_in(
        &self,
        name: &str,
        password: &[u8],
        peer: Peer,
    ) -> Result<Principal, Refused> {
        let snapshot = self.directory.snapshot();
        let claim = name::claim(&snapshot, &self.listener, name, Accepted::at(peer.door));
        let checked = self.check(&snapshot, claim.account, (name, password), peer).await;
        // Who was changed while argon2 ran, or must not be here, is not let in.
        let outcome = checked.and_then(|principal| match self.validity(&principal, peer) {
            Ok(()) => Ok(principal),
            Err(ended) => {
                tracing::info!(%principal, address = %peer.address, "sign-in refused: {ended}");
                Err(Refused::Credentials)
            }
        });
        let organization = claim.organization.map(|organization| &organization.id);
        self.record(name, organization, &outcome, peer);
        outcome
    }

    /// Signs in a program by its token.
    ///
    /// # Errors
    /// [`Refused::Credentials`] where the token is unknown, wrong, removed or expired.
    pub fn token(&self, secret: &str, peer: Peer) -> Result<Principal, Refused> {
        let outcome = self.token_of(secret).ok_or(Refused::Credentials);
        let organization = outcome.as_ref().ok().and_then(|found| found.organization.clone());
        // Only the public part is a name.
        let name = token::split(secret)
            .map_or_else(|| "token".to_owned(), |(id, _)| format!("token:{id}"));
        self.record(&name, organization.as_ref(), &outcome, peer);
        outcome
    }

    /// Whose token this is, where it still counts.
    pub fn token_of(&self, secret: &str) -> Option<Principal> {
        let (id, random) = token::split(secret)?;
        let snapshot = self.directory.snapshot();
        let found =
            snapshot.token(id).filter(|found| token::accepts(found, random, system_clock()));
        found.map(Principal::of_token)
    }

    /// Whoever did not sign in: sees what the listeners' organization opens to their network.
    pub fn anonymous(&self, peer: Peer) -> Principal {
        let snapshot = self.directory.snapshot();
        let settings = snapshot.organization(&self.listener);
        let access = settings.and_then(|settings| settings.anonymous.as_ref());
        let open = access.is_some_and(|access| access.networks.contain(peer.address));
        let organization = open.then(|| self.listener.clone());
        Principal { organization, ..Principal::anonymous() }
    }

    /// Whether what a principal showed to sign in still counts, with the same rights and from there;
    /// doors ask at every operation. Nobody is always valid.
    pub fn still_valid(&self, principal: &Principal, peer: Peer) -> bool {
        self.validity(principal, peer).is_ok()
    }

    fn validity(&self, principal: &Principal, peer: Peer) -> Result<(), Ended> {
        validity::check(&self.directory.snapshot(), principal, peer)
    }

    /// Whether a password is the user's: asked for again before something grave.
    ///
    /// # Errors
    /// As [`Authenticator::sign_in`], and where the user has no password.
    pub async fn confirm(&self, user: UserId, password: &[u8], peer: Peer) -> Result<(), Refused> {
        let snapshot = self.directory.snapshot();
        let user = snapshot.user(user).ok_or(Refused::Credentials)?;
        let account = Some(Account::User(user));
        let found = self.slowly(account, (&user.principal, password), peer);
        found.await.map(|_hash| ())
    }

    /// The hash of a new password, made off the async workers.
    ///
    /// # Errors
    /// [`HashError`] where the password is empty or endless, or too many are being hashed.
    pub async fn hash(&self, password: Zeroizing<Vec<u8>>) -> Result<SecretHash, HashError> {
        self.hasher.hash(password).await
    }

    async fn check(
        &self,
        snapshot: &Snapshot,
        account: Option<Account<'_>>,
        (name, password): (&str, &[u8]),
        peer: Peer,
    ) -> Result<Principal, Refused> {
        if let Some(Account::User(user)) = account
            && let Some(app) = secret::find_app(snapshot.app_passwords(user.id), password)
        {
            // Nobody guesses these, so that they pass whoever else is slowed down.
            return Ok(Principal::of_app(user, app));
        }
        let hash = self.slowly(account, (name, password), peer).await?;
        Ok(match account.ok_or(Refused::Credentials)? {
            Account::User(user) => Principal::of_user(user, &hash),
            Account::Phone(phone) => Principal::of_phone(phone, &hash),
        })
    }

    /// The stored hash that a password fits. Takes as long where there is none.
    async fn slowly(
        &self,
        account: Option<Account<'_>>,
        (name, password): (&str, &[u8]),
        peer: Peer,
    ) -> Result<SecretHash, Refused> {
        if password.is_empty() || password.len() > PASSWORD_BYTES_MAX {
            return Err(Refused::Credentials);
        }
        let name = name.get(..NAME_BYTES_MAX).unwrap_or(name).trim().to_lowercase();
        let (subject, hashes) = match account {
            Some(Account::User(user)) => {
                (self.brakes.subject("user", &user.id.to_string()), user.password.as_slice())
            }
            Some(Account::Phone(phone)) => {
                let account = format!("{}/{}", phone.organization, phone.name);
                (self.brakes.subject("phone", &account), phone.secrets.as_slice())
            }
            None => (self.brakes.subject("nobody", &name), &[][..]),
        };
        let guess = self.brakes.guess(hashes, password);
        let attempt = match self.brakes.begin((subject, peer.address), guess, (self.now)()) {
            Admission::Check(attempt) => attempt,
            Admission::Wrong => return Err(Refused::Credentials),
            Admission::Later(wait) => return Err(Refused::Later(wait)),
        };
        match self.verify(&name, hashes, password).await {
            Ok(Some(hash)) => {
                attempt.right((self.now)());
                Ok(hash)
            }
            Ok(None) => {
                attempt.wrong((self.now)());
                Err(Refused::Credentials)
            }
            Err(_busy) => {
                attempt.unchecked();
                Err(Refused::Unavailable)
            }
        }
    }

    async fn verify(
        &self,
        name: &str,
        hashes: &[SecretHash],
        password: &[u8],
    ) -> Result<Option<SecretHash>, HashError> {
        if hashes.is_empty() {
            self.hasher.check(&self.cache, name, None, password).await?;
        }
        for hash in hashes {
            let verdict = self.hasher.check(&self.cache, name, Some(hash), password).await?;
            if verdict == Verdict::Right {
                return Ok(Some(hash.clone()));
            }
        }
        Ok(None)
    }
}

/// What the server makes; each secret is shown once.
impl Authenticator {
    /// A new token with its secret.
    ///
    /// # Errors
    /// [`HashError::Failed`] where the operating system gives no random bytes.
    pub fn new_token(
        role: Role,
        organization: Option<OrganizationId>,
        name: &str,
    ) -> Result<(Token, Zeroizing<String>), HashError> {
        token::make(role, organization, name).map_err(|_no_random_bytes| HashError::Failed)
    }

    /// A new app password with its secret.
    ///
    /// # Errors
    /// [`HashError::Failed`] where the operating system gives no random bytes.
    pub fn new_app_password(
        user: UserId,
        name: &str,
        doors: Doors,
    ) -> Result<(AppPassword, Zeroizing<String>), HashError> {
        let made = token::id().and_then(|id| Ok((id, secret::of_app()?)));
        let (id, (secret, hash)) = made.map_err(|_no_random_bytes| HashError::Failed)?;
        let (id, name, created) = (id.into(), name.into(), system_clock());
        let carddav_layout = None;
        Ok((AppPassword { user, id, name, doors, hash, carddav_layout, created }, secret))
    }

    /// The shortest name by which a user signs in; None where there is none.
    pub fn login_name(&self, snapshot: &Snapshot, user: &User) -> Option<String> {
        let domain = &snapshot.organization(&user.organization)?.domain;
        let given = [&user.extension, &user.login].into_iter().flatten().map(ToString::to_string);
        let within = given.clone().map(|name| format!("{name}@{domain}"));
        let email = user.email.as_deref().map(str::to_owned);
        let means = |name: &String| {
            let claim = name::claim(snapshot, &self.listener, name, Accepted::Users);
            matches!(claim.account, Some(Account::User(found)) if found.id == user.id)
        };
        given.chain(within).chain(email).find(means)
    }

    /// A new secret for a phone account.
    ///
    /// # Errors
    /// [`HashError::Failed`] where the operating system gives no random bytes.
    pub fn new_secret() -> Result<Zeroizing<String>, HashError> {
        secret::of_phone().map_err(|_no_random_bytes| HashError::Failed)
    }
}

#[cfg(test)]
mod tests;
