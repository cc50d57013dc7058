//! Stand-in until the core lands: contacts in a list.
use std::collections::BTreeMap;
use std::ops::Deref;

use crate::account::{Organization, OrganizationId, PhoneAccount, Token, User};
use crate::contact::{Book, Contact, Rendition, Revision, UserId};

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

/// A picture of everything.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    pub(crate) organizations: BTreeMap<OrganizationId, Organization>,
    pub(crate) users: BTreeMap<UserId, User>,
    pub(crate) phones: BTreeMap<(OrganizationId, Box<str>), PhoneAccount>,
    pub(crate) tokens: BTreeMap<Box<str>, Token>,
    pub(crate) contacts: Vec<Contact>,
    pub(crate) gone: Vec<(OrganizationId, Book, String, Revision)>,
    pub(crate) revision: u64,
}

/// A row.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a>(&'a Contact);
impl<'a> Row<'a> {
    pub fn contact(self) -> &'a Contact {
        self.0
    }
}
impl Deref for Row<'_> {
    type Target = Contact;
    fn deref(&self) -> &Contact {
        self.0
    }
}

/// A change.
#[derive(Debug)]
pub enum BookChange<'a> {
    Put(Revision, Row<'a>),
    Gone(Revision, String),
}

fn bare(uid: &str) -> &str {
    uid.strip_prefix("urn:uuid:").unwrap_or(uid)
}

impl Snapshot {
    pub fn revision(&self) -> Revision {
        Revision(self.revision)
    }
    pub fn epoch(&self) -> &str {
        "0193"
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
    pub fn user_by_principal(&self, segment: &str) -> Option<&User> {
        self.users.values().find(|user| *user.principal == *segment)
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
    fn book(&self, organization: &OrganizationId, book: Book) -> impl Iterator<Item = Row<'_>> {
        let organization = organization.clone();
        self.contacts
            .iter()
            .filter(move |c| c.organization == organization && c.book == book)
            .map(Row)
    }
    pub fn by_name(
        &self,
        organization: &OrganizationId,
        book: Book,
        name: &str,
    ) -> Option<Row<'_>> {
        self.book(organization, book).find(|row| row.resource_name() == name)
    }
    pub fn contact(&self, organization: &OrganizationId, id: UserId) -> Option<Row<'_>> {
        self.contacts.iter().find(|c| c.organization == *organization && c.id == id).map(Row)
    }
    pub fn by_uid(&self, organization: &OrganizationId, book: Book, uid: &str) -> Option<Row<'_>> {
        self.book(organization, book).find(|row| bare(&row.vcard_uid()) == bare(uid))
    }
    pub fn members(
        &self,
        organization: &OrganizationId,
        book: Book,
    ) -> impl Iterator<Item = Row<'_>> + Send {
        let mut rows: Vec<_> = self.book(organization, book).filter(|row| row.listed).collect();
        rows.sort_by(|a, b| a.derived.sort_key.cmp(&b.derived.sort_key).then(a.id.cmp(&b.id)));
        rows.into_iter()
    }
    pub fn count(&self, organization: &OrganizationId, book: Book) -> usize {
        self.members(organization, book).count()
    }
    pub fn book_revision(
        &self,
        organization: &OrganizationId,
        book: Book,
        rendition: Rendition,
    ) -> Revision {
        let changes = self.changes(organization, book, rendition, Revision(0));
        changes.last().map_or(Revision(0), |change| match change {
            BookChange::Put(revision, _) | BookChange::Gone(revision, _) => *revision,
        })
    }
    pub fn changes(
        &self,
        organization: &OrganizationId,
        book: Book,
        rendition: Rendition,
        since: Revision,
    ) -> Vec<BookChange<'_>> {
        let puts = self.members(organization, book).map(|row| {
            (row.revision_for(rendition), BookChange::Put(row.revision_for(rendition), row))
        });
        let gone = self.gone.iter().filter(|g| g.0 == *organization && g.1 == book);
        let gone = gone.map(|g| (g.3, BookChange::Gone(g.3, g.2.clone())));
        let mut all: Vec<_> = puts.chain(gone).filter(|(revision, _)| *revision > since).collect();
        all.sort_by_key(|(revision, _)| *revision);
        all.into_iter().map(|(_, change)| change).collect()
    }
}
