//! Credentials in, a principal out: the one place where names, passwords and tokens are checked.

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::account::device::{PhoneAccount, Token};
use crate::account::{Role, SecretHash, User};
use crate::auth::cache::{Cache, Verdict};
use crate::auth::name::{Accepted, Account};
use crate::auth::password::Hasher;
use crate::contact::{OrganizationId, UserId};
use crate::directory::{Directory, system_clock};
use crate::index::{Snapshot, Viewer};

mod cache;
pub mod dn;
mod name;
mod password;
pub mod rights;
pub mod sight;
mod token;

pub use password::HashError;

/// Longest name and longest password that are looked at; longer ones are refused.
const NAME_BYTES_MAX: usize = 1024;
const PASSWORD_BYTES_MAX: usize = 1024;

/// Who asks: the outcome of a sign-in, and what every door decides by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    pub who: Who,
    pub role: Role,
    /// None: an operator's token, which acts in every organization, or nobody.
    pub organization: Option<OrganizationId>,
}

/// The account behind a principal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// Nobody signed in.
    Anonymous,
    User(UserId),
    /// A phone account, by its name in lower case.
    Phone(Box<str>),
    /// A token, by its public id.
    Token(Box<str>),
}

impl Principal {
    /// Nobody: sees nothing.
    pub fn anonymous() -> Self {
        Self { who: Who::Anonymous, role: Role::User, organization: None }
    }

    /// The user who is signed in, if it is one.
    pub fn user(&self) -> Option<UserId> {
        match self.who {
            Who::User(id) => Some(id),
            Who::Anonymous | Who::Phone(_) | Who::Token(_) => None,
        }
    }

    /// What decides the rendition of each person's card.
    pub fn viewer(&self) -> Viewer {
        let account = matches!(self.who, Who::User(_) | Who::Token(_));
        Viewer { full: account && self.role >= Role::Admin, person: self.user() }
    }

    fn of_user(user: &User) -> Self {
        let organization = Some(user.organization.clone());
        Self { who: Who::User(user.id), role: user.role, organization }
    }

    fn of_phone(phone: &PhoneAccount) -> Self {
        let organization = Some(phone.organization.clone());
        Self { who: Who::Phone(phone.name.clone()), role: Role::User, organization }
    }

    fn of_token(token: &Token) -> Self {
        let organization = token.organization.clone();
        Self { who: Who::Token(token.id.clone()), role: token.role, organization }
    }
}

/// For the log.
impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.who {
            Who::Anonymous => f.write_str("-"),
            Who::User(id) => write!(f, "user:{id}"),
            Who::Phone(name) => write!(f, "phone:{name}"),
            Who::Token(id) => write!(f, "token:{id}"),
        }
    }
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
}

/// Checks credentials against the directory. One per daemon; every door shares it.
pub struct Authenticator {
    directory: Arc<Directory>,
    /// The listeners' organization: that of names which name none.
    listener: OrganizationId,
    hasher: Hasher,
    cache: Arc<Cache>,
}

impl Authenticator {
    pub fn new(directory: Arc<Directory>, default_organization: OrganizationId) -> Self {
        let (hasher, cache) = (Hasher::new(), Arc::new(Cache::new()));
        Self { directory, listener: default_organization, hasher, cache }
    }

    /// Signs in a user or a phone account: LDAP only. The name is a DN, `uid|cn|mail=value`,
    /// `name@domain`, `DOMAIN\name` or a bare name; the password is not looked at before the name
    /// has fixed the organization.
    ///
    /// # Errors
    /// [`Refused`]; a wrong name takes as long as a wrong password.
    pub async fn sign_in(&self, name: &str, password: &[u8]) -> Result<Principal, Refused> {
        self.check(name, password, Accepted::UsersAndPhones).await
    }

    /// Signs in a user: at every door but LDAP, where phone accounts have no business.
    ///
    /// # Errors
    /// As [`Authenticator::sign_in`].
    pub async fn sign_in_user(&self, name: &str, password: &[u8]) -> Result<Principal, Refused> {
        self.check(name, password, Accepted::Users).await
    }

    /// Signs in a program by its token.
    ///
    /// # Errors
    /// [`Refused::Credentials`] where the token is unknown, wrong, removed or expired.
    pub async fn token(&self, secret: &str) -> Result<Principal, Refused> {
        let (id, random) = token::split(secret).ok_or(Refused::Credentials)?;
        let snapshot = self.directory.snapshot();
        let found =
            snapshot.token(id).filter(|found| token::accepts(found, random, system_clock()));
        found.map(Principal::of_token).ok_or(Refused::Credentials)
    }

    /// Whether the account of a principal is still there with the same role; doors ask at every
    /// operation. Nobody is always valid.
    pub fn still_valid(&self, principal: &Principal) -> bool {
        let snapshot = self.directory.snapshot();
        let now = match &principal.who {
            Who::Anonymous => return true,
            Who::User(id) => snapshot.user(*id).map(Principal::of_user),
            Who::Phone(name) => {
                let organization = principal.organization.as_ref();
                let phone = organization.and_then(|id| snapshot.phone(id, name));
                phone.map(Principal::of_phone)
            }
            Who::Token(id) => {
                let token = snapshot.token(id);
                token.filter(|t| !token::expired(t, system_clock())).map(Principal::of_token)
            }
        };
        now.as_ref() == Some(principal)
    }

    /// The hash of a new password, made off the async workers.
    ///
    /// # Errors
    /// [`HashError`] where the password is empty or endless, or too many are being hashed.
    pub async fn hash(&self, password: Zeroizing<Vec<u8>>) -> Result<SecretHash, HashError> {
        self.hasher.hash(password).await
    }

    /// A new token with the secret to show once.
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

    /// A new secret for a device, to show once.
    ///
    /// # Errors
    /// [`HashError::Failed`] where the operating system gives no random bytes.
    pub fn new_secret() -> Result<Zeroizing<String>, HashError> {
        token::typed().map_err(|_no_random_bytes| HashError::Failed)
    }

    async fn check(
        &self,
        name: &str,
        password: &[u8],
        accepted: Accepted,
    ) -> Result<Principal, Refused> {
        if password.is_empty() || password.len() > PASSWORD_BYTES_MAX {
            return Err(Refused::Credentials);
        }
        let (principal, hashes) = self.claimed(name, accepted);
        let name = name.get(..NAME_BYTES_MAX).unwrap_or(name).to_lowercase();
        let hashes: Vec<Option<&SecretHash>> = match hashes.as_slice() {
            [] => vec![None],
            hashes => hashes.iter().map(Some).collect(),
        };
        for hash in hashes {
            let verdict = self.hasher.check(&self.cache, &name, hash, password).await;
            if verdict.map_err(|_busy| Refused::Unavailable)? == Verdict::Right {
                return principal.ok_or(Refused::Credentials);
            }
        }
        Err(Refused::Credentials)
    }

    /// Who a name claims to be, with the hashes of the secrets that would prove it.
    fn claimed(&self, name: &str, accepted: Accepted) -> (Option<Principal>, Vec<SecretHash>) {
        let snapshot: &Snapshot = &self.directory.snapshot();
        match name::account(snapshot, &self.listener, name, accepted) {
            Some(Account::User(user)) => {
                (Some(Principal::of_user(user)), user.password.iter().cloned().collect())
            }
            Some(Account::Phone(phone)) => {
                (Some(Principal::of_phone(phone)), phone.secrets.clone())
            }
            None => (None, Vec::new()),
        }
    }
}

#[cfg(test)]
mod tests;
