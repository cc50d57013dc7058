//! Whose account a sign-in name means: first the organization is fixed, then the name is looked up
//! in it. No password is looked at here.

use crate::account::device::{Door, PhoneAccount};
use crate::account::{Organization, User};
use crate::auth::NAME_BYTES_MAX;
use crate::auth::dn::{Dn, Rdn, escaped};
use crate::contact::OrganizationId;
use crate::index::Snapshot;

/// Which accounts a door lets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Accepted {
    Users,
    /// LDAP: phones as well.
    UsersAndPhones,
}

impl Accepted {
    pub(super) fn at(door: Door) -> Self {
        match door {
            Door::Ldap => Self::UsersAndPhones,
            Door::Carddav | Door::Http => Self::Users,
        }
    }
}

/// The account that a name means.
#[derive(Clone, Copy, Debug)]
pub(super) enum Account<'a> {
    User(&'a User),
    Phone(&'a PhoneAccount),
}

/// Which accounts the form of a name can mean.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    User,
    Phone,
    Any,
}

/// What a name says of its bearer.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Claim<'a> {
    /// Fixed before the account is looked for.
    pub(super) organization: Option<&'a Organization>,
    pub(super) account: Option<Account<'a>>,
}

/// Finds the account of a name: a DN, `uid|cn|mail=value`, `name@domain`, `DOMAIN\name` or a bare
/// name of the listener's organization; any case.
pub(super) fn claim<'a>(
    snapshot: &'a Snapshot,
    listener: &OrganizationId,
    name: &str,
    accepted: Accepted,
) -> Claim<'a> {
    let name = name.trim();
    if name.is_empty() || name.len() > NAME_BYTES_MAX {
        return Claim::default();
    }
    let dn = Dn::parse(name).unwrap_or_default();
    let fixed = match dn.rdns() {
        [] => fixed_by_name(snapshot, listener, name),
        [only] => value(only).and_then(|name| fixed_by_name(snapshot, listener, name)),
        [first, ..] => by_suffix(snapshot, &dn)
            .or_else(|| by_alias(snapshot, listener, &dn))
            .and_then(|(organization, below)| Some((organization, value(first)?, kind(below)))),
    };
    let Some((organization, name, kind)) = fixed else { return Claim::default() };
    let user = || user(snapshot, organization, name).map(Account::User);
    let phone = || snapshot.phone(&organization.id, &name.to_lowercase()).map(Account::Phone);
    let account = match (kind, accepted) {
        (Kind::Phone, Accepted::Users) => None,
        (Kind::Phone, Accepted::UsersAndPhones) => phone(),
        (Kind::User, _) | (Kind::Any, Accepted::Users) => user(),
        (Kind::Any, Accepted::UsersAndPhones) => user().or_else(phone),
    };
    Claim { organization: Some(organization), account }
}

/// The organization whose suffix ends a DN, and what stands before the suffix. Suffixes are never
/// nested, so there is one at most.
fn by_suffix<'a, 'd>(snapshot: &'a Snapshot, dn: &'d Dn) -> Option<(&'a Organization, &'d [Rdn])> {
    snapshot.organizations().find_map(|organization| {
        let suffix = Dn::parse(&organization.suffix).ok()?;
        let below = dn.below(&suffix).filter(|below| !below.is_empty())?;
        Some((organization, below))
    })
}

/// The listener's organization, where a DN ends in a base of the server that it took over from.
fn by_alias<'a, 'd>(
    snapshot: &'a Snapshot,
    listener: &OrganizationId,
    dn: &'d Dn,
) -> Option<(&'a Organization, &'d [Rdn])> {
    let organization = snapshot.organization(listener)?;
    let below = organization
        .base_aliases
        .iter()
        .find_map(|alias| dn.below(&Dn::parse(&alias.base).ok()?))?;
    Some((organization, below))
}

/// The DN under which a user signs in at LDAP, which is that of their entry.
pub fn sign_in_dn(user: &User, organization: &Organization) -> String {
    let uid = user.extension.as_deref().map_or_else(|| user.id.to_string(), escaped);
    let suffix = Dn::parse(&organization.suffix).unwrap_or_default();
    format!("uid={uid},ou=people,{suffix}")
}

/// `cn=phones,ou=services,SUFFIX` is a device, `uid=204,ou=people,SUFFIX` a user; otherwise the
/// containers say nothing, because many phones let only the suffix be set.
fn kind(below: &[Rdn]) -> Kind {
    let container = below.get(1).and_then(|parent| parent.value_of("ou")).unwrap_or_default();
    match container {
        _ if container.eq_ignore_ascii_case("services") => Kind::Phone,
        _ if container.eq_ignore_ascii_case("people") => Kind::User,
        _ => Kind::Any,
    }
}

/// The value of an RDN that can name an account.
fn value(rdn: &Rdn) -> Option<&str> {
    ["uid", "cn", "mail"].into_iter().find_map(|kind| rdn.value_of(kind)).map(str::trim)
}

/// Fixes the organization by `@domain` or `DOMAIN\`, else it is the listener's.
fn fixed_by_name<'a, 'n>(
    snapshot: &'a Snapshot,
    listener: &OrganizationId,
    name: &'n str,
) -> Option<(&'a Organization, &'n str, Kind)> {
    if let Some((domain, name)) = name.split_once('\\') {
        let named = |found: &&Organization| {
            found.domain.eq_ignore_ascii_case(domain)
                || found.id.as_str().eq_ignore_ascii_case(domain)
        };
        return Some((snapshot.organizations().find(named)?, name, Kind::Any));
    }
    if let Some((_, domain)) = name.rsplit_once('@') {
        let named = |found: &&Organization| found.domain.eq_ignore_ascii_case(domain);
        if let Some(organization) = snapshot.organizations().find(named) {
            return Some((organization, name, Kind::Any));
        }
    }
    Some((snapshot.organization(listener)?, name, Kind::Any))
}

/// The user with a login name. An extension in front of the organization's domain wins over an
/// e-mail, which users may set themselves; an e-mail counts in the organization's own domain only.
fn user<'a>(snapshot: &'a Snapshot, organization: &Organization, name: &str) -> Option<&'a User> {
    let find = |login: &str| snapshot.user_by_login(&organization.id, login);
    let own_domain = name
        .rsplit_once('@')
        .filter(|(_, domain)| domain.eq_ignore_ascii_case(&organization.domain));
    let Some((local, _)) = own_domain else {
        return find(name).filter(|user| is_given(user, name));
    };
    let extension = find(local).filter(|user| is_given(user, local));
    extension.or_else(|| find(name))
}

/// Whether an administrator gave this name: an extension or a user name.
fn is_given(user: &User, name: &str) -> bool {
    let names = [&user.extension, &user.login].into_iter().flatten();
    let name = name.to_lowercase();
    names.into_iter().any(|given| given.to_lowercase() == name)
}
