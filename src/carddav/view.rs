//! Who asks, and an address book as this user sees it.

use std::borrow::Cow;
use std::io::Write;
use std::sync::Arc;

use crate::account::User;
use crate::auth::Principal;
use crate::auth::rights::Operation;
use crate::auth::sight::Sight;
use crate::carddav::path::{DIRECTORY, Resource, encoded, write_id, write_name};
use crate::contact::book::AddressBook;
use crate::contact::card::{Card, FieldSet};
use crate::contact::derived::fnv1a;
use crate::contact::query::Query;
use crate::contact::{Body, Book, Contact, ContactId, OrganizationId, Rendition, Revision};
use crate::directory::Directory;
use crate::index::{BookChange, Extent, Matches, Row, Search, Snapshot, Viewer};

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
    /// The session of a user as of now; None where the account is gone. Nobody gets more than they
    /// signed in with.
    pub(crate) fn new(
        directory: &Arc<Directory>,
        mut principal: Principal,
        client: Client,
    ) -> Option<Self> {
        let snapshot = directory.snapshot();
        let user = snapshot.user(principal.user()?)?.clone();
        principal.role = principal.role.min(user.role);
        Some(Self { directory: Arc::clone(directory), snapshot, principal, user, client })
    }

    /// The same user's session as of now.
    pub(crate) fn renewed(&self) -> Option<Self> {
        Self::new(&self.directory, self.principal.clone(), self.client)
    }

    /// What the user sees.
    pub(crate) fn sight(&self) -> Option<Sight<'_>> {
        Sight::of(&self.snapshot, &self.principal, &self.user.organization)
    }

    pub(crate) fn principal_href(&self) -> String {
        Resource::Principal(self.user.principal.clone()).href(self)
    }

    pub(crate) fn home_href(&self) -> String {
        Resource::Home(self.user.principal.clone()).href(self)
    }

    /// Whether a resource is there for this user. Other users' homes are not.
    pub(crate) fn sees(self: &Arc<Self>, resource: &Resource) -> bool {
        match resource {
            Resource::Top | Resource::Root => true,
            Resource::Principals | Resource::Homes => true,
            Resource::Principal(id) => self.user_of(id).is_some(),
            Resource::Home(id) => **id == *self.user.principal,
            Resource::Book(id, book) => self.book(id, *book).is_some(),
            Resource::Card(id, book, name) => {
                self.book(id, *book).is_some_and(|view| view.find(name).is_some())
            }
        }
    }

    /// The book in the home of this id; None where this user must not know of it.
    pub(crate) fn book(self: &Arc<Self>, id: &str, book: AddressBook) -> Option<View> {
        if *id == *DIRECTORY {
            return View::directory(Arc::clone(self));
        }
        if *id != *self.user.principal {
            return None;
        }
        View::new(Arc::clone(self), book)
    }

    /// The books that the home lists: the homes of contacts, one's own first since macOS uses only the
    /// first one, and of the views those that the user or the organization wants listed, be they there
    /// or not. All others answer at their paths too.
    pub(crate) fn listed_books(&self) -> Vec<AddressBook> {
        let Some(sight) = self.sight() else { return Vec::new() };
        let mut books: Vec<AddressBook> = sight.homes().iter().map(|home| (*home).into()).collect();
        books.sort_by_key(|book| match book {
            AddressBook::Home(Book::Personal(_)) => 0,
            AddressBook::Home(Book::PersonalBook(..)) => 1,
            AddressBook::Home(Book::Shared) => 2,
            AddressBook::Home(Book::SharedBook(_)) => 3,
            _ => 4,
        });
        let wanted = self.user.listed_books.as_ref();
        for book in wanted.unwrap_or(&sight.organization.listed_books) {
            let view =
                matches!(book, AddressBook::Favorites | AddressBook::All | AddressBook::Group(_));
            if view && !books.contains(book) {
                books.push(*book);
            }
        }
        books
    }
}

/// A book as one user sees it.
pub(crate) struct View {
    pub(crate) session: Arc<Session>,
    pub(crate) book: AddressBook,
    /// Path of the collection.
    pub(crate) href: String,
    viewer: Viewer,
    /// What this user does not see of colleagues.
    hidden: FieldSet,
    extent: Extent,
    /// Ends each ETag: a restored store counts its revisions again.
    epoch: String,
    /// Whether this is the book that is searched but not listed.
    pub(crate) is_directory: bool,
}

impl View {
    fn new(session: Arc<Session>, book: AddressBook) -> Option<Self> {
        let sight = session.sight()?;
        let extent = sight.collection(book)?;
        let (viewer, hidden) = (sight.viewer, sight.organization.hidden(Rendition::Reduced));
        let href = Resource::Book(session.user.principal.clone(), book).href(&*session);
        let epoch = format!("{:08x}", fnv1a(session.snapshot.epoch()) & 0xffff_ffff);
        Some(Self { session, book, href, viewer, hidden, extent, epoch, is_directory: false })
    }

    /// The search-only book: everybody of [`AddressBook::All`] and the shared contacts. One's own are on
    /// the device that searches here.
    fn directory(session: Arc<Session>) -> Option<Self> {
        let mut view = Self::new(session, AddressBook::All)?;
        view.href = Resource::Book(DIRECTORY.into(), view.book).href(&*view.session);
        view.is_directory = true;
        if let Some(sight) = view.session.sight() {
            let homes = sight.homes().iter().filter(|home| **home != Book::People);
            view.extent.books.extend(homes.filter(|home| home.owner().is_none()));
        }
        Some(view)
    }

    pub(crate) fn organization(&self) -> &OrganizationId {
        &self.session.user.organization
    }

    /// The home whose contacts the user may write here; None where the book is read-only over CardDAV.
    /// Views are: a client's "move" out of one would delete the contact. So are people: deleting a
    /// contact on a telephone must not delete a user of the PBX.
    pub(crate) fn writable(&self) -> Option<Book> {
        let AddressBook::Home(home) = self.book else { return None };
        let sight = self.session.sight()?;
        (home != Book::People && sight.may(home, Operation::Write)).then_some(home)
    }

    /// The rendition of the book as a whole.
    pub(crate) fn class(&self) -> Rendition {
        self.session.sight().map_or(Rendition::Reduced, |sight| sight.class(self.book))
    }

    /// The rendition of one card: users see their own card whole.
    fn rendition(&self, contact: &Contact) -> Rendition {
        self.viewer.rendition(contact)
    }

    /// The revision of a card as this user sees it.
    pub(crate) fn revision_of(&self, contact: &Contact) -> Revision {
        contact.revision_for(self.rendition(contact))
    }

    fn is_foreign(&self, contact: &Contact) -> bool {
        contact.organization != self.session.user.organization
    }

    /// The fields of a card that this user sees. People of other organizations come without what those
    /// hide.
    pub(crate) fn card<'a>(&self, contact: &'a Contact) -> Cow<'a, Card> {
        let reduced = self.rendition(contact) == Rendition::Reduced && !self.is_foreign(contact);
        match reduced && !self.hidden.is_empty() {
            true => Cow::Owned(contact.card.without(self.hidden)),
            false => Cow::Borrowed(&contact.card),
        }
    }

    /// The vCard that was stored for a card. A stored one may tell more of a person than this user
    /// sees: then it is written from the fields that they do see.
    pub(crate) fn body<'a>(&self, contact: &'a Contact) -> &'a Body {
        match (self.rendition(contact), &contact.body) {
            (Rendition::Full, body) | (_, body @ Body::Broken) => body,
            (Rendition::Reduced, _) => &Body::Written,
        }
    }

    /// The card of this name, if it is in the book.
    pub(crate) fn find(&self, name: &str) -> Option<Row<'_>> {
        self.find_by(&self.session.sight()?, name)
    }

    /// As [`View::find`], for who looks for many names.
    pub(crate) fn find_by<'s>(&'s self, sight: &Sight<'s>, name: &str) -> Option<Row<'s>> {
        let id = match self.book {
            AddressBook::Home(home) => {
                self.session.snapshot.by_name(self.organization(), home, name)?.id
            }
            _ => {
                let stem = name.strip_suffix(".vcf")?;
                // Only the spelling that is handed out.
                ContactId::parse(stem).filter(|id| id.to_string() == stem)?
            }
        };
        if self.is_directory {
            return sight.contact(id).filter(|row| row.book.owner().is_none());
        }
        sight.member(self.book, id)
    }

    /// All cards in name order.
    pub(crate) fn members(&self) -> impl Iterator<Item = Row<'_>> {
        self.session.snapshot.members(self.organization(), &self.extent)
    }

    /// The cards that match a query as this user sees them, in name order, found one by one; at most
    /// so many rows are looked at where the index does not help.
    pub(crate) fn search<'a>(&'a self, query: &'a Query, look_through: usize) -> Matches<'a> {
        self.session.snapshot.search_members(&Search {
            organization: self.organization(),
            extent: &self.extent,
            query,
            viewer: self.viewer,
            unlisted: false,
            look_through,
        })
    }

    /// Moves whenever a card of the book, as this user sees it, changes.
    pub(crate) fn revision(&self) -> Revision {
        self.session.sight().map(|sight| sight.revision(self.book)).unwrap_or_default()
    }

    /// Moves when other cards are seen for other reasons.
    pub(crate) fn mark(&self) -> u64 {
        self.session.sight().map(|sight| sight.mark(self.book)).unwrap_or_default()
    }

    /// What changed after a revision, in the order of revisions.
    pub(crate) fn changes(&self, since: Revision) -> Vec<BookChange<'_>> {
        let sight = self.session.sight();
        sight.map(|sight| sight.changes(self.book, since)).unwrap_or_default()
    }

    /// Appends the entity tag of a card, with its quotation marks: the same bytes, the same tag.
    pub(crate) fn write_etag(&self, contact: &Contact, revision: Revision, out: &mut Vec<u8>) {
        // Writing to memory does not fail.
        drop(match self.is_foreign(contact) {
            // What is seen of another organization's people changes with its settings as well.
            true => {
                let seen = fnv1a(contact.card.as_str());
                write!(out, "\"{}-{seen:x}-{}\"", revision.0, self.epoch)
            }
            false => {
                let class = class_letter(self.rendition(contact));
                write!(out, "\"{}-{class}-{}\"", revision.0, self.epoch)
            }
        });
    }

    pub(crate) fn etag(&self, contact: &Contact) -> String {
        self.etag_at(contact, self.revision_of(contact))
    }

    pub(crate) fn etag_at(&self, contact: &Contact, revision: Revision) -> String {
        let mut out = Vec::with_capacity(32);
        self.write_etag(contact, revision, &mut out);
        String::from_utf8(out).unwrap_or_default()
    }

    /// Appends the last segment of a card's path. Views name cards by id: in its home another card may
    /// have the same name.
    pub(crate) fn write_name(&self, contact: &Contact, out: &mut Vec<u8>) {
        match (&contact.name, self.book) {
            (Some(name), AddressBook::Home(_)) => write_name(name, out),
            _ => write_id(contact.id, out),
        }
    }

    /// What became of a card, and the name under which a client knows it here.
    pub(crate) fn name_of(&self, change: &BookChange<'_>) -> String {
        match (change, self.book) {
            (BookChange::Put(_, row), AddressBook::Home(_)) => row.resource_name(),
            (BookChange::Gone(_, _, name), AddressBook::Home(_)) => name.to_string(),
            (BookChange::Put(_, row), _) => format!("{}.vcf", row.id),
            (BookChange::Gone(_, id, _), _) => format!("{id}.vcf"),
        }
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
