//! A user changes the own password, at any door.

use tokio::sync::MutexGuard;
use zeroize::Zeroizing;

use crate::auth::name::{self, Accepted, Account};
use crate::auth::password::{HashError, unfit};
use crate::auth::{Authenticator, Peer, Principal, Refused};
use crate::contact::UserId;
use crate::directory::{CommitError, Edit, Request};

/// Why a password was not changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotChanged {
    /// App passwords, phone accounts and tokens change no credentials.
    #[error("sign in with your login name and password to change the password")]
    NotOwner,
    /// The old password does not count.
    #[error(transparent)]
    Old(Refused),
    /// Why the new password may not be chosen.
    #[error("{0}")]
    Unfit(String),
    #[error(transparent)]
    Hash(HashError),
    /// Somebody else changed the account while this was being done.
    #[error("the account was changed meanwhile; sign in again")]
    Meanwhile,
    #[error(transparent)]
    Commit(CommitError),
}

impl Authenticator {
    /// Held while an account is read, changed and written, so that no change is lost to another.
    pub async fn account_changes(&self) -> MutexGuard<'_, ()> {
        self.changes.lock().await
    }

    /// Changes the password of whoever asks. The old one is needed although somebody signed in, as
    /// their device may lie open; wrong ones are slowed down as at a sign-in. Everything that signed
    /// in with the old password ends, but for who is given back.
    ///
    /// # Errors
    /// [`NotChanged`]; then the old password still counts.
    pub async fn change_password(
        &self,
        principal: &Principal,
        (old, new): (&str, &str),
        peer: Peer,
    ) -> Result<Principal, NotChanged> {
        let id = principal.owner_of_credentials().ok_or(NotChanged::NotOwner)?;
        self.confirm(id, old.as_bytes(), peer).await.map_err(NotChanged::Old)?;
        if new == old {
            return Err(NotChanged::Unfit("the new password is the old one".to_owned()));
        }
        let snapshot = self.directory.snapshot();
        if let Some(reason) = unfit(new, snapshot.user(id).ok_or(NotChanged::Meanwhile)?) {
            return Err(NotChanged::Unfit(reason));
        }
        let bytes = Zeroizing::new(new.as_bytes().to_vec());
        let hash = self.hash(bytes).await.map_err(NotChanged::Hash)?;
        let _turn = self.account_changes().await;
        // An administrator may have changed it while argon2 ran.
        if !self.still_valid(principal, peer) {
            return Err(NotChanged::Meanwhile);
        }
        let snapshot = self.directory.snapshot();
        let mut user = snapshot.user(id).ok_or(NotChanged::Meanwhile)?.clone();
        user.password = Some(hash.clone());
        let changed = Principal::of_user(&user, &hash);
        let edit = Request::one(Edit::PutUser(user));
        self.directory.commit(edit).await.map_err(NotChanged::Commit)?;
        Ok(changed)
    }

    /// Whether a name to sign in with is this user's.
    pub fn is_named(&self, user: UserId, name: &str, peer: Peer) -> bool {
        let snapshot = self.directory.snapshot();
        let claim = name::claim(&snapshot, &self.listener, name, Accepted::at(peer.door));
        matches!(claim.account, Some(Account::User(found)) if found.id == user)
    }
}
