//! Whose account a sign-in name means: first the organization is fixed, then the name is looked up
//! in it. No password is looked at here.

use crate::account::{Organization, OrganizationId, PhoneAccount, User};
use crate::auth::NAME_BYTES_MAX;
use crate::auth::rdns::{self, Rdn};
use crate::index::Snapshot;

/// Which accounts a door lets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Accepted {
    Users,
    /// LDAP: phones as well.
    UsersAndPhones,
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

/// Finds the account of a name: a DN, `uid|cn|mail=value`, `name@domain`, `DOMAIN\name` or a bare
/// name of the listener's organization; any case.
pub(super) fn account<'a>(
    snapshot: &'a Snapshot,
    listener: &OrganizationId,
    name: &str,
    accepted: Accepted,
) -> Option<Account<'a>> {
    let name = name.trim();
    if name.is_empty() || name.len() > NAME_BYTES_MAX {
        return None;
    }
    let rdns = if name.contains('=') { rdns::parse(name) } else { None };
    let (organization, name, kind) = match rdns.as_deref() {
        Some([first, rest @ ..]) if !rest.is_empty() => {
            let organization = by_suffix(snapshot, rest)?;
            (organization, value(first)?, kind(rest))
        }
        Some([first]) => fixed_by_name(snapshot, listener, value(first)?)?,
        _ => fixed_by_name(snapshot, listener, name)?,
    };
    let user = || user(snapshot, organization, name).map(Account::User);
    let phone = || snapshot.phone(&organization.id, &name.to_lowercase()).map(Account::Phone);
    match (kind, accepted) {
        (Kind::Phone, Accepted::Users) => None,
        (Kind::Phone, Accepted::UsersAndPhones) => phone(),
        (Kind::User, _) | (Kind::Any, Accepted::Users) => user(),
        (Kind::Any, Accepted::UsersAndPhones) => user().or_else(phone),
    }
}

/// The organization whose suffix ends a DN. Suffixes are never nested, so there is one at most.
fn by_suffix<'a>(snapshot: &'a Snapshot, parents: &[Rdn]) -> Option<&'a Organization> {
    snapshot.organizations().find(|organization| {
        let suffix = rdns::parse(&organization.suffix).unwrap_or_default();
        !suffix.is_empty() && parents.len() >= suffix.len() && {
            let end = parents.iter().skip(parents.len() - suffix.len());
            end.zip(&suffix).all(|(one, other)| same(one, other))
        }
    })
}

fn same(one: &Rdn, other: &Rdn) -> bool {
    let equal = |(a, b): (&(String, String), &(String, String))| {
        a.0 == b.0 && a.1.to_lowercase() == b.1.to_lowercase()
    };
    one.len() == other.len() && one.iter().zip(other).all(equal)
}

/// `cn=phones,ou=services,SUFFIX` is a device, `uid=204,ou=people,SUFFIX` a user; otherwise the
/// containers say nothing, because many phones let only the suffix be set.
fn kind(parents: &[Rdn]) -> Kind {
    let named = |rdn: &Rdn, name: &str| matches!(rdn.as_slice(), [(ou, value)] if ou == "ou" && value.eq_ignore_ascii_case(name));
    match parents.first() {
        Some(parent) if named(parent, "services") => Kind::Phone,
        Some(parent) if named(parent, "people") => Kind::User,
        _ => Kind::Any,
    }
}

/// The value of an RDN that can name an account.
fn value(rdn: &Rdn) -> Option<&str> {
    let names = ["uid", "0.9.2342.19200300.100.1.1", "cn", "2.5.4.3", "mail"];
    let names = names.into_iter().chain(["0.9.2342.19200300.100.1.3"]);
    let find = |name| rdn.iter().find(|(attribute, _)| attribute == name);
    names.filter_map(find).next().map(|(_, value)| value.trim())
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
