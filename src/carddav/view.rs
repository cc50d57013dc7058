//! Who asks, and an address book as this user sees it.

use std::borrow::Cow;
use std::io::Write;
use std::sync::Arc;

use crate::account::User;
use crate::auth::Principal;
use crate::auth::rights::Operation;
use crate::auth::sight::Sight;
use crate::carddav::path::{BookName, Resource, encoded};
use crate::contact::card::{Card, FieldSet};
use crate::contact::{Book, Contact, OrganizationId, Rendition, Revision};
use crate::directory::Directory;
use crate::index::{BookChange, Extent, Row, Snapshot};

/// One request's user and the picture of the directory that it is answered from.
pub(crate) struct Session {
    pub(crate) directory: Arc<Directory>,
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) principal: Principal,
    pub(crate) user: User,
    pub(crate) client: Client,
}

/// Programs that need an answer of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Client {
    Thunderbird,
    Other,
}

impl Session {
    /// What the user sees.
    pub(crate) fn sight(&self) -> Option<Sight<'_>> {
        Sight::of(&self.snapshot, &self.principal, &self.user.organization)
    }

    pub(crate) fn principal_href(&self) -> String {
        Resource::Principal(self.user.principal.clone()).href()
    }

    pub(crate) fn home_href(&self) -> String {
        Resource::Home(self.user.principal.clone()).href()
    }

    /// Whether a resource is there for this user. Other users' principals and homes are not.
    pub(crate) fn sees(self: &Arc<Self>, resource: &Resource) -> bool {
        match resource {
            Resource::WellKnown | Resource::Top | Resource::Root => true,
            Resource::Principals | Resource::Homes => true,
            Resource::Principal(id) | Resource::Home(id) => **id == *self.user.principal,
            Resource::Book(id, book) => self.book(id, *book).is_some(),
            Resource::Card(id, book, name) => {
                self.book(id, *book).is_some_and(|view| view.find(name).is_some())
            }
        }
    }

    /// The book in the home of this id; None where this user must not know of it.
    pub(crate) fn book(self: &Arc<Self>, id: &str, name: BookName) -> Option<View> {
        if *id != *self.user.principal {
            return None;
        }
        let book = match name {
            BookName::Personal => Book::Personal(self.user.id),
            BookName::Shared => Book::Shared,
            BookName::People => Book::People,
        };
        let readable = self.sight().is_some_and(|sight| sight.reads(book.into()));
        readable.then(|| View::new(Arc::clone(self), book, name))
    }
}

/// A book as one user sees it.
pub(crate) struct View {
    pub(crate) session: Arc<Session>,
    pub(crate) book: Book,
    pub(crate) name: BookName,
    /// Path of the collection.
    pub(crate) href: String,
    /// What this user does not see of other persons.
    hidden: FieldSet,
    extent: Extent,
    /// Ends each ETag: a restored store counts its revisions again.
    epoch: String,
}

impl View {
    fn new(session: Arc<Session>, book: Book, name: BookName) -> Self {
        let href = Resource::Book(session.user.principal.clone(), name).href();
        let organization = session.snapshot.organization(&session.user.organization);
        let hidden = organization.map(|o| o.hidden(Rendition::Reduced)).unwrap_or_default();
        let epoch = format!("{:08x}", fnv1a(session.snapshot.epoch()));
        let extent = Extent::of(&[book]);
        Self { session, book, name, href, hidden, extent, epoch }
    }

    pub(crate) fn organization(&self) -> &OrganizationId {
        &self.session.user.organization
    }

    /// Over CardDAV only a user's own books are written: deleting a contact on a telephone must not
    /// delete a user of the PBX.
    pub(crate) fn is_writable(&self) -> bool {
        let own = matches!(self.book, Book::Personal(_));
        own && self.session.sight().is_some_and(|sight| sight.may(self.book, Operation::Write))
    }

    /// The rendition of the book as a whole.
    pub(crate) fn class(&self) -> Rendition {
        match self.book {
            Book::People if !self.session.principal.viewer().full => Rendition::Reduced,
            _ => Rendition::Full,
        }
    }

    /// The rendition of one card: users see their own card whole.
    pub(crate) fn rendition(&self, contact: &Contact) -> Rendition {
        if contact.id == self.session.user.id { Rendition::Full } else { self.class() }
    }

    /// The fields of a card that this user sees.
    pub(crate) fn card<'a>(&self, contact: &'a Contact) -> Cow<'a, Card> {
        match self.rendition(contact) {
            Rendition::Reduced if !self.hidden.is_empty() => {
                Cow::Owned(contact.card.without(self.hidden))
            }
            Rendition::Full | Rendition::Reduced => Cow::Borrowed(&contact.card),
        }
    }

    pub(crate) fn find(&self, name: &str) -> Option<Row<'_>> {
        let row = self.session.snapshot.by_name(self.organization(), self.book, name)?;
        row.listed.then_some(row)
    }

    /// All cards in name order.
    pub(crate) fn members(&self) -> impl Iterator<Item = Row<'_>> {
        self.session.snapshot.members(self.organization(), &self.extent)
    }

    /// Moves whenever the book, as this user sees it, changes.
    pub(crate) fn revision(&self) -> Revision {
        self.session.sight().map(|sight| sight.revision(self.book.into())).unwrap_or_default()
    }

    /// What changed after a revision, in the order of revisions.
    pub(crate) fn changes(&self, since: Revision) -> Vec<BookChange<'_>> {
        let sight = self.session.sight();
        sight.map(|sight| sight.changes(self.book.into(), since)).unwrap_or_default()
    }

    /// Appends the entity tag of a card, with its quotation marks: the same bytes, the same tag.
    pub(crate) fn write_etag(&self, revision: Revision, rendition: Rendition, out: &mut Vec<u8>) {
        let class = class_letter(rendition);
        // Writing to memory does not fail.
        drop(write!(out, "\"{}-{class}-{}\"", revision.0, self.epoch));
    }

    pub(crate) fn etag(&self, contact: &Contact) -> String {
        let rendition = self.rendition(contact);
        self.etag_at(contact.revision_for(rendition), rendition)
    }

    pub(crate) fn etag_at(&self, revision: Revision, rendition: Rendition) -> String {
        let mut out = Vec::with_capacity(32);
        self.write_etag(revision, rendition, &mut out);
        String::from_utf8(out).unwrap_or_default()
    }

    /// The path of a card of this book.
    pub(crate) fn card_href(&self, name: &str) -> String {
        format!("{}{}", self.href, encoded(name))
    }
}

pub(crate) fn class_letter(rendition: Rendition) -> char {
    match rendition {
        Rendition::Full => 'f',
        Rendition::Reduced => 'r',
    }
}

/// A short mark of a text; not a protection against anybody.
fn fnv1a(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}
