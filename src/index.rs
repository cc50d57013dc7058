//! Stand-in until the core lands: accounts only.
use std::collections::BTreeMap;

use crate::account::{Organization, OrganizationId, PhoneAccount, Token, User};
use crate::contact::{Contact, Rendition, Revision, UserId};

/// Who looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Viewer {
    pub full: bool,
    pub person: Option<UserId>,
}

impl Viewer {
    pub fn rendition(&self, contact: &Contact) -> Rendition {
        if self.full || self.person == Some(contact.id) {
            Rendition::Full
        } else {
            Rendition::Reduced
        }
    }
}

/// A picture of the accounts.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    pub(crate) organizations: BTreeMap<OrganizationId, Organization>,
    pub(crate) users: BTreeMap<UserId, User>,
    pub(crate) phones: BTreeMap<(OrganizationId, Box<str>), PhoneAccount>,
    pub(crate) tokens: BTreeMap<Box<str>, Token>,
    pub(crate) revision: u64,
}

impl Snapshot {
    pub fn revision(&self) -> Revision {
        Revision(self.revision)
    }
    pub fn organizations(&self) -> impl Iterator<Item = &Organization> {
        self.organizations.values()
    }
    pub fn organization(&self, id: &OrganizationId) -> Option<&Organization> {
        self.organizations.get(id)
    }
    pub fn users(&self, organization: &OrganizationId) -> impl Iterator<Item = &User> {
        self.users.values().filter(move |user| user.organization == *organization)
    }
    pub fn user(&self, id: UserId) -> Option<&User> {
        self.users.get(&id)
    }
    pub fn user_by_login(&self, organization: &OrganizationId, login: &str) -> Option<&User> {
        let login = login.to_lowercase();
        let is = |name: &Option<Box<str>>| name.as_deref() == Some(login.as_str());
        self.users(organization).find(|u| is(&u.extension) || is(&u.login) || is(&u.email))
    }
    pub fn phone(&self, organization: &OrganizationId, name: &str) -> Option<&PhoneAccount> {
        self.phones.get(&(organization.clone(), name.to_lowercase().into()))
    }
    pub fn phones(&self, organization: &OrganizationId) -> impl Iterator<Item = &PhoneAccount> {
        self.phones.values().filter(move |phone| phone.organization == *organization)
    }
    pub fn token(&self, id: &str) -> Option<&Token> {
        self.tokens.get(id)
    }
    pub fn tokens(&self) -> impl Iterator<Item = &Token> {
        self.tokens.values()
    }
}
