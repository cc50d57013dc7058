//! Who may sign in: organizations, users, phone accounts and tokens.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use crate::contact::card::FieldSet;
use crate::contact::derived::{Derivation, NameOrder};
use crate::contact::number::{Numbering, UnknownRegion};
use crate::contact::{Book, OrganizationId, Rendition, Timestamp, UserId};

pub mod networks;

/// A tenant. Nothing crosses organizations.
#[derive(Clone, Debug)]
pub struct Organization {
    settings: OrganizationSettings,
    /// How search and sort keys are made; follows from the settings.
    pub derivation: Arc<Derivation>,
}

/// What an operator says of an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganizationSettings {
    pub id: OrganizationId,
    pub name: String,
    /// Mail domain; lower case in an [`Organization`].
    pub domain: String,
    /// LDAP suffix as an operator wrote it, such as `dc=pbx,dc=example`.
    pub suffix: String,
    /// ISO 3166 alpha-2; upper case in an [`Organization`].
    pub region: String,
    pub area_code: String,
    pub outside_line: String,
    /// BCP 47 tag; its collation sorts the names.
    pub language: String,
    pub name_order: NameOrder,
    /// Number fields that colleagues do not see.
    pub hidden_numbers: FieldSet,
}

impl Deref for Organization {
    type Target = OrganizationSettings;

    fn deref(&self) -> &OrganizationSettings {
        &self.settings
    }
}

impl Organization {
    /// The organization with these settings.
    ///
    /// # Errors
    /// [`UnknownRegion`] where the region has no numbering plan.
    pub fn new(mut settings: OrganizationSettings) -> Result<Self, UnknownRegion> {
        settings.domain.make_ascii_lowercase();
        settings.region.make_ascii_uppercase();
        let OrganizationSettings { region, area_code, outside_line, .. } = &settings;
        let numbering = Numbering::new(region, area_code, outside_line)?;
        let derivation = Derivation::new(numbering, &settings.language, settings.name_order);
        Ok(Self { settings, derivation: Arc::new(derivation) })
    }

    /// The settings, to be changed.
    pub fn settings(&self) -> OrganizationSettings {
        self.settings.clone()
    }

    /// The fields that a rendition hides.
    pub fn hidden(&self, rendition: Rendition) -> FieldSet {
        match rendition {
            Rendition::Full => FieldSet::EMPTY,
            Rendition::Reduced => self.hidden_numbers,
        }
    }
}

/// What a signed-in account may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    User,
    /// Also writes shared contacts.
    OfficeManager,
    /// Everything in the organization.
    Admin,
    /// All organizations.
    Operator,
}

impl Role {
    pub const ALL: [Self; 4] = [Self::User, Self::OfficeManager, Self::Admin, Self::Operator];

    /// The name in configuration, API and documents.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::OfficeManager => "office-manager",
            Self::Admin => "admin",
            Self::Operator => "operator",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// A secret as the store keeps it: an argon2id hash in PHC string format.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretHash(pub Box<str>);

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(…)")
    }
}

/// A member of an organization. Name, e-mail and numbers are on the person card of the same id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    pub organization: OrganizationId,
    /// The internal number; given once, never changed.
    pub extension: Option<Box<str>>,
    /// A user name given at import, lower case.
    pub login: Option<Box<str>>,
    /// The e-mail of the card, lower case: a login name too.
    pub email: Option<Box<str>>,
    pub role: Role,
    /// None: this user cannot sign in.
    pub password: Option<SecretHash>,
    /// The permanent path segment in CardDAV, such as `204.acme`.
    pub principal: Box<str>,
    pub created: Timestamp,
}

/// An LDAP account for devices, `cn=NAME,ou=services,SUFFIX`: read-only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhoneAccount {
    pub organization: OrganizationId,
    /// Lower case.
    pub name: Box<str>,
    /// Two at a time, so that phones can be moved from one to the next.
    pub secrets: Vec<SecretHash>,
    /// The books it sees; all that the organization's users share where empty.
    pub books: Vec<Book>,
}

/// A secret for programs at the HTTP door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Public part of the secret, by which the token is found and revoked.
    pub id: Box<str>,
    pub name: Box<str>,
    pub role: Role,
    /// None: an operator's token, for all organizations.
    pub organization: Option<OrganizationId>,
    /// Hex of a keyed-less BLAKE2b hash of the secret part, which has 128 random bits or more.
    pub hash: Box<str>,
    pub created: Timestamp,
    pub expires: Option<Timestamp>,
}

/// The kept report of an import, as JSON text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportReport {
    pub id: Box<str>,
    pub organization: OrganizationId,
    pub created: Timestamp,
    pub json: Box<str>,
}
