//! Who may sign in: organizations, users, phone accounts and tokens.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use crate::account::networks::Networks;
use crate::contact::book::AddressBook;
use crate::contact::card::FieldSet;
use crate::contact::derived::{Derivation, KeypadSearch, NameOrder};
use crate::contact::number::{Numbering, UnknownRegion};
use crate::contact::{OrganizationId, Rendition, Timestamp, UserId};

pub mod audit;
pub mod device;
pub mod group;
pub mod import;
pub mod networks;
pub mod property;

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
    /// What users of organizations that share with this one dial before its extensions. Where it is
    /// empty, they do not see the extensions.
    pub inter_organization_prefix: String,
    /// BCP 47 tag; its collation sorts the names.
    pub language: String,
    pub name_order: NameOrder,
    /// Number fields that colleagues do not see.
    pub hidden_numbers: FieldSet,
    /// Fields that users change on their own card.
    pub self_edit: FieldSet,
    /// Whether users change their own photo.
    pub self_edit_photo: bool,
    /// The organizations that may see this one's people, where they allow the same.
    pub shares_with: Vec<OrganizationId>,
    /// What is seen without a sign-in.
    pub anonymous: Option<AnonymousAccess>,
    /// Views that CardDAV lists for users who chose nothing themselves, besides the homes.
    pub listed_books: Vec<AddressBook>,
    /// Names of an older server's LDAP tree that phones still search.
    pub base_aliases: Vec<BaseAlias>,
    /// Whether digits find names by the letters on the keys of a telephone (ITU-T E.161).
    pub keypad_search: bool,
    /// How CardDAV shows its books to users who chose nothing themselves.
    pub carddav_layout: Layout,
    /// Where the organization has more people, devices that synchronize do not list them.
    pub people_on_devices_max: u32,
    pub refused_writes: RefusedWrites,
}

/// What [`OrganizationSettings::people_on_devices_max`] is at first.
pub const PEOPLE_ON_DEVICES_MAX: u32 = 5000;

/// How a home shows its address books over CardDAV.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Merged for Apple's programs, which show only one book or everybody several times; else separate.
    Auto,
    /// Each book by itself.
    Separate,
    /// One book of all contacts, with group cards.
    Merged,
}

impl Layout {
    pub const ALL: [Self; 3] = [Self::Auto, Self::Separate, Self::Merged];

    /// The name in API, store and documents.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Separate => "separate",
            Self::Merged => "merged",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|layout| layout.name() == name)
    }
}

/// What CardDAV answers to a write for which the user has no right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusedWrites {
    /// 403, with the privilege that is missing (RFC 3744 7.1.1).
    Deny,
    /// That it is done, and with the next synchronization the card as it is: for programs that stop
    /// synchronizing at a 403.
    Revert,
}

impl RefusedWrites {
    pub const ALL: [Self; 2] = [Self::Deny, Self::Revert];

    /// The name in API, store and documents.
    pub fn name(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::Revert => "revert",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|refused| refused.name() == name)
    }
}

/// A search base of an older server, and the book that stands for it here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseAlias {
    /// A DN outside the organization's suffix, such as `dc=phonebook`.
    pub base: String,
    /// Of the organization, not of one user.
    pub book: AddressBook,
}

/// What somebody sees who did not sign in at LDAP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnonymousAccess {
    /// From where; nowhere where empty.
    pub networks: Networks,
    pub books: Vec<AddressBook>,
}

impl OrganizationSettings {
    /// An organization that only has an id: Germany, English, nothing hidden, nothing shared.
    pub fn new(id: OrganizationId) -> Self {
        Self {
            name: id.to_string(),
            domain: format!("{id}.localhost"),
            suffix: format!("dc={id}"),
            region: "DE".to_owned(),
            area_code: String::new(),
            outside_line: String::new(),
            inter_organization_prefix: String::new(),
            language: "en".to_owned(),
            name_order: NameOrder::GivenFirst,
            hidden_numbers: FieldSet::EMPTY,
            self_edit: FieldSet::EMPTY,
            self_edit_photo: false,
            shares_with: Vec::new(),
            anonymous: None,
            listed_books: Vec::new(),
            base_aliases: Vec::new(),
            keypad_search: false,
            carddav_layout: Layout::Auto,
            people_on_devices_max: PEOPLE_ON_DEVICES_MAX,
            refused_writes: RefusedWrites::Deny,
            id,
        }
    }
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
        let OrganizationSettings { language, name_order, .. } = &settings;
        let keypad = if settings.keypad_search { KeypadSearch::On } else { KeypadSearch::Off };
        let derivation = Derivation::new(numbering, language, *name_order, keypad);
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
    /// Views that CardDAV lists for this user; those of the organization where None.
    pub listed_books: Option<Vec<AddressBook>>,
    /// How CardDAV shows the books to this user; as the organization says where None.
    pub carddav_layout: Option<Layout>,
    pub presence: PresenceVisibility,
    pub created: Timestamp,
}

/// Who may know whether a user can be called now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PresenceVisibility {
    /// Whoever sees the user.
    #[default]
    Shown,
    /// The user and administrators; for all others it is as if nobody told of it.
    Hidden,
}

impl PresenceVisibility {
    pub fn of(shown: bool) -> Self {
        if shown { Self::Shown } else { Self::Hidden }
    }

    pub fn is_shown(self) -> bool {
        self == Self::Shown
    }
}
