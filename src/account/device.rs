//! Credentials of devices and programs: app passwords, phone accounts, tokens.

use std::fmt;

use crate::account::networks::Networks;
use crate::account::{Layout, Role, SecretHash};
use crate::contact::book::AddressBook;
use crate::contact::derived::NameOrder;
use crate::contact::number::NumberFormat;
use crate::contact::{OrganizationId, Timestamp, UserId};

/// An LDAP account for devices, `cn=NAME,ou=services,SUFFIX`: read-only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhoneAccount {
    pub organization: OrganizationId,
    /// Lower case.
    pub name: Box<str>,
    /// Two at a time, so that phones can be moved from one to the next.
    pub secrets: Vec<SecretHash>,
    /// Where it may sign in from; anywhere where empty.
    pub networks: Networks,
    /// The books it sees; all that the organization's users share where empty.
    pub books: Vec<AddressBook>,
    /// The users whose personal contacts and favorites it also shows. More than one only with
    /// networks and over TLS.
    pub acts_for: Vec<UserId>,
    /// How numbers are written for it.
    pub number_format: NumberFormat,
    /// How names are written for it; as in the organization where None.
    pub name_order: Option<NameOrder>,
}

impl PhoneAccount {
    /// By what its last use is kept.
    pub fn key(&self) -> Box<str> {
        format!("phone:{}/{}", self.organization, self.name).into()
    }

    /// An account that sees what users share, from everywhere.
    pub fn new(organization: OrganizationId, name: &str, secrets: Vec<SecretHash>) -> Self {
        Self {
            organization,
            name: name.to_lowercase().into(),
            secrets,
            networks: Networks::default(),
            books: Vec::new(),
            acts_for: Vec::new(),
            number_format: NumberFormat::AsWritten,
            name_order: None,
        }
    }
}

/// A generated secret of one user for one device. It never has an administrator's rights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppPassword {
    pub user: UserId,
    /// Public: by it the password is named in lists and revoked.
    pub id: Box<str>,
    pub name: Box<str>,
    pub doors: Doors,
    /// Hex of a BLAKE2b hash of the secret, which has 128 random bits.
    pub hash: Box<str>,
    /// The layout in which CardDAV showed the books at the first use, where it had to choose: it never
    /// flips.
    pub carddav_layout: Option<Layout>,
    pub created: Timestamp,
}

impl AppPassword {
    /// By what its last use is kept.
    pub fn key(&self) -> Box<str> {
        format!("app:{}", self.id).into()
    }
}

/// A set of doors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Doors(u8);

/// Where somebody signs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Door {
    Ldap,
    Carddav,
    /// The HTTP API and the web page.
    Http,
}

impl Door {
    pub const ALL: [Self; 3] = [Self::Ldap, Self::Carddav, Self::Http];

    /// The name in the API; LDAP is read-only.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ldap => "ldap:read",
            Self::Carddav => "carddav",
            Self::Http => "http",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|door| door.name() == name)
    }
}

/// For logs.
impl fmt::Display for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ldap => "ldap",
            Self::Carddav | Self::Http => self.name(),
        })
    }
}

impl Doors {
    pub fn of(doors: impl IntoIterator<Item = Door>) -> Self {
        Self(doors.into_iter().fold(0, |bits, door| bits | 1 << door as u8))
    }

    pub fn contain(self, door: Door) -> bool {
        self.0 & (1 << door as u8) != 0
    }

    pub fn iter(self) -> impl Iterator<Item = Door> {
        Door::ALL.into_iter().filter(move |door| self.contain(*door))
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// A secret for programs at the HTTP door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Public part of the secret, by which the token is found and revoked.
    pub id: Box<str>,
    pub name: Box<str>,
    pub role: Role,
    /// What it may do of what its role may; everything where empty.
    pub scopes: Vec<Scope>,
    /// None: an operator's token, for all organizations.
    pub organization: Option<OrganizationId>,
    /// Hex of a BLAKE2b hash of the secret part, which has 128 random bits or more.
    pub hash: Box<str>,
    pub created: Timestamp,
    pub expires: Option<Timestamp>,
}

impl Token {
    /// By what its last use is kept.
    pub fn key(&self) -> Box<str> {
        format!("token:{}", self.id).into()
    }
}

/// A kind of work at the HTTP door.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Lists, search, number lookup, export.
    Read,
    /// Contacts and favorites.
    Write,
    Import,
    /// Telling who can be called.
    Presence,
    /// Accounts, organizations, departments, sites, the audit log.
    Accounts,
}

impl Scope {
    pub const ALL: [Self; 5] =
        [Self::Read, Self::Write, Self::Import, Self::Presence, Self::Accounts];

    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Import => "import",
            Self::Presence => "presence",
            Self::Accounts => "accounts",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_of_doors_holds_what_was_put_in() {
        let doors = Doors::of([Door::Carddav, Door::Http]);
        assert_eq!(doors.iter().map(Door::name).collect::<Vec<_>>(), ["carddav", "http"]);
        assert!(!doors.contain(Door::Ldap));
        assert!(Doors::default().is_empty() && !doors.is_empty());
    }
}
