//! Whether what somebody showed to sign in still counts.

use crate::account::device::PhoneAccount;
use crate::account::{Role, User};
use crate::auth::principal::{Credential, Principal, Who, role_by_app};
use crate::auth::{Peer, token};
use crate::contact::{OrganizationId, UserId};
use crate::directory::system_clock;
use crate::index::Snapshot;

/// Why a sign-in counts no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Ended {
    #[error("the account is gone")]
    Account,
    #[error("the password or secret was changed or revoked")]
    Credential,
    #[error("the app password is not made for this door")]
    Door,
    #[error("the role was changed")]
    Role,
    #[error("the account may not be used from this network")]
    Network,
    #[error("an account that acts for several users needs networks and TLS")]
    NeedsTls,
    #[error("the token has expired")]
    Expired,
}

/// Whether a principal is still what it was when it signed in.
pub(super) fn check(snapshot: &Snapshot, principal: &Principal, peer: Peer) -> Result<(), Ended> {
    match &principal.who {
        Who::Anonymous => Ok(()),
        Who::User(id) => user(snapshot, *id, principal, peer),
        Who::Phone(name) => {
            let organization = principal.organization.as_ref();
            let phone = organization.and_then(|id| snapshot.phone(id, name));
            phone_account(phone.ok_or(Ended::Account)?, principal, peer)
        }
        Who::Token(id) => {
            let found = snapshot.token(id).ok_or(Ended::Account)?;
            if principal.credential != Credential::Token(found.scopes.clone().into()) {
                return Err(Ended::Credential);
            }
            same(principal, found.role, found.organization.as_ref())?;
            if token::expired(found, system_clock()) { Err(Ended::Expired) } else { Ok(()) }
        }
    }
}

fn user(snapshot: &Snapshot, id: UserId, principal: &Principal, peer: Peer) -> Result<(), Ended> {
    let user: &User = snapshot.user(id).ok_or(Ended::Account)?;
    let role = match &principal.credential {
        Credential::Password(hash) if user.password.as_ref() == Some(hash) => user.role,
        Credential::App(app) => {
            let mut apps = snapshot.app_passwords(id).iter();
            let app = apps.find(|found| found.id == *app).ok_or(Ended::Credential)?;
            if !app.doors.contain(peer.door) {
                return Err(Ended::Door);
            }
            role_by_app(user.role)
        }
        _ => return Err(Ended::Credential),
    };
    same(principal, role, Some(&user.organization))
}

fn phone_account(phone: &PhoneAccount, principal: &Principal, peer: Peer) -> Result<(), Ended> {
    match &principal.credential {
        Credential::Secret(hash) if phone.secrets.contains(hash) => {}
        _ => return Err(Ended::Credential),
    }
    if !phone.networks.is_empty() && !phone.networks.contain(peer.address) {
        return Err(Ended::Network);
    }
    // Personal contacts of many are read with one secret that many devices hold.
    if phone.acts_for.len() > 1 && (phone.networks.is_empty() || !peer.secure) {
        return Err(Ended::NeedsTls);
    }
    same(principal, Role::User, Some(&phone.organization))
}

fn same(
    principal: &Principal,
    role: Role,
    organization: Option<&OrganizationId>,
) -> Result<(), Ended> {
    let same = principal.role == role && principal.organization.as_ref() == organization;
    if same { Ok(()) } else { Err(Ended::Role) }
}
