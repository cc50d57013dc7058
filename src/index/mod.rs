//! The snapshot: an immutable picture of everything at one revision. Reading it needs no lock, no
//! `await` and no `Result`.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::account::{Organization, PhoneAccount, Token, User};
use crate::contact::query::{Query, Truth};
use crate::contact::{Book, ContactId, OrganizationId, Rendition, Revision, UserId};
use crate::index::class::{Classes, Extras};
use crate::index::search::Condition;
use crate::index::sharded::Sharded;
use crate::index::shelf::{BookState, Shelf, is_listed};

mod apply;
mod candidates;
mod class;
mod digits;
mod grams;
mod search;
mod segment;
mod sharded;
mod shelf;

pub use apply::{BackgroundMerge, MergedShelf};
pub use search::{Matches, Row, Search, Step, Viewer};

static EVERYTHING: Query = Query::Constant(Truth::True);

/// An immutable picture of all organizations. Copies share what they have in common.
#[derive(Clone, Debug)]
pub struct Snapshot {
    revision: Revision,
    epoch: Arc<str>,
    tenants: BTreeMap<OrganizationId, Tenant>,
    users: Sharded<UserId, Arc<User>>,
    logins: Sharded<LoginKey, Vec<UserId>>,
    /// Those of removed users too.
    principals: Sharded<Box<str>, UserId>,
    tokens: Arc<BTreeMap<Box<str>, Token>>,
}

/// One organization's contents.
#[derive(Clone, Debug)]
struct Tenant {
    organization: Arc<Organization>,
    /// People and shared contacts.
    shelf: Shelf,
    /// Each user's own contacts.
    personal: Sharded<UserId, Arc<Shelf>>,
    /// Whose each personal contact is.
    owners: Sharded<ContactId, UserId>,
    phones: Arc<BTreeMap<Box<str>, PhoneAccount>>,
}

/// A name to sign in with, in lower case, within an organization.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct LoginKey {
    organization: OrganizationId,
    kind: LoginKind,
    name: Box<str>,
}

/// Login names by how they are looked up: first the extension, at last the e-mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum LoginKind {
    Extension,
    Name,
    Email,
}

/// What happened to a book's member.
#[derive(Debug)]
pub enum BookChange<'a> {
    /// The member is new or changed.
    Put(Revision, Row<'a>),
    /// The member with this resource name is gone.
    Gone(Revision, String),
}

impl BookChange<'_> {
    /// When it happened.
    pub fn revision(&self) -> Revision {
        match self {
            Self::Put(revision, _) | Self::Gone(revision, _) => *revision,
        }
    }
}

impl Snapshot {
    /// A snapshot without contents.
    pub fn empty(epoch: &str) -> Self {
        Self {
            revision: Revision(0),
            epoch: epoch.into(),
            tenants: BTreeMap::new(),
            users: Sharded::default(),
            logins: Sharded::default(),
            principals: Sharded::default(),
            tokens: Arc::default(),
        }
    }

    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// Names the history that the revision belongs to; it changes when a backup is restored.
    pub fn epoch(&self) -> &str {
        &self.epoch
    }

    pub fn organizations(&self) -> impl Iterator<Item = &Organization> {
        self.tenants.values().map(|tenant| &*tenant.organization)
    }

    pub fn organization(&self, id: &OrganizationId) -> Option<&Organization> {
        self.tenants.get(id).map(|tenant| &*tenant.organization)
    }

    pub fn users(&self, organization: &OrganizationId) -> impl Iterator<Item = &User> {
        let users = self.users.values().map(|user| &**user);
        users.filter(move |user| user.organization == *organization)
    }

    pub fn user(&self, id: UserId) -> Option<&User> {
        self.users.get(&id).map(|user| &**user)
    }

    /// The user with this extension, user name or e-mail, in any case. An e-mail that several
    /// users share is nobody's login name.
    pub fn user_by_login(&self, organization: &OrganizationId, login: &str) -> Option<&User> {
        let name: Box<str> = login.to_lowercase().into();
        [LoginKind::Extension, LoginKind::Name, LoginKind::Email].into_iter().find_map(|kind| {
            let key = LoginKey { organization: organization.clone(), kind, name: name.clone() };
            match self.logins.get(&key)?.as_slice() {
                [only] => self.user(*only),
                _ => None,
            }
        })
    }

    /// The user with this CardDAV path segment, such as `204.acme`.
    pub fn user_by_principal(&self, segment: &str) -> Option<&User> {
        self.principal_holder(segment).and_then(|id| self.user(id))
    }

    /// The user who has, or had, this CardDAV path segment: nobody else ever gets it.
    pub fn principal_holder(&self, segment: &str) -> Option<UserId> {
        self.principals.get(segment).copied()
    }

    pub fn phone(&self, organization: &OrganizationId, name: &str) -> Option<&PhoneAccount> {
        self.tenants.get(organization)?.phones.get(name.to_lowercase().as_str())
    }

    pub fn phones(&self, organization: &OrganizationId) -> impl Iterator<Item = &PhoneAccount> {
        self.tenants.get(organization).into_iter().flat_map(|tenant| tenant.phones.values())
    }

    pub fn token(&self, id: &str) -> Option<&Token> {
        self.tokens.get(id)
    }

    pub fn tokens(&self) -> impl Iterator<Item = &Token> {
        self.tokens.values()
    }

    /// A contact of any book, listed or not: the caller checks the rights.
    pub fn contact(&self, organization: &OrganizationId, id: ContactId) -> Option<Row<'_>> {
        let tenant = self.tenants.get(organization)?;
        let shelf = match tenant.owners.get(&id) {
            Some(owner) => tenant.personal.get(owner)?,
            None => &tenant.shelf,
        };
        let (live, row) = shelf.find(id)?;
        Row::new(live, row)
    }

    /// The contact with this resource name in a book, listed or not.
    pub fn by_name(
        &self,
        organization: &OrganizationId,
        book: Book,
        name: &str,
    ) -> Option<Row<'_>> {
        let shelf = self.shelf(organization, book)?;
        let (live, row) = shelf.named(book, name).or_else(|| {
            let id = ContactId::parse(name.strip_suffix(".vcf")?)?;
            shelf.find(id)
        })?;
        Row::new(live, row).filter(|row| row.book == book && row.resource_name() == name)
    }

    /// The contact with this vCard UID in a book, listed or not; `urn:uuid:` makes no difference.
    pub fn by_uid(&self, organization: &OrganizationId, book: Book, uid: &str) -> Option<Row<'_>> {
        let shelf = self.shelf(organization, book)?;
        let bare = bare_uid(uid);
        let urn = format!("urn:uuid:{bare}");
        let chosen = [uid, bare, &urn].into_iter().find_map(|uid| shelf.with_uid(book, uid));
        let (live, row) = chosen.or_else(|| {
            let (live, row) = shelf.find(ContactId::parse(bare)?)?;
            live.segment.contact(row)?.uid.is_none().then_some((live, row))
        })?;
        Row::new(live, row).filter(|row| row.book == book)
    }

    /// Finds contacts, in name order, one by one as they are asked for.
    pub fn search<'a>(&'a self, search: &Search<'a>) -> Matches<'a> {
        let Some(tenant) = self.tenants.get(search.organization) else { return Matches::none() };
        let condition = Condition {
            classes: Classes::of(search.books, Extras { unlisted: search.unlisted, groups: false }),
            query: search.query,
            viewer: search.viewer,
            organization: &tenant.organization,
        };
        let common = search.books.iter().any(|book| !matches!(book, Book::Personal(_)));
        let personal = search.books.iter().filter_map(|book| match book {
            Book::Personal(owner) => tenant.personal.get(owner).map(|shelf| &**shelf),
            Book::People | Book::Shared => None,
        });
        let shelves = common.then_some(&tenant.shelf).into_iter().chain(personal);
        Matches::new(shelves, condition, search.look_through)
    }

    /// The listed members of a book in name order, group cards included.
    pub fn members(&self, organization: &OrganizationId, book: Book) -> Matches<'_> {
        let Some(tenant) = self.tenants.get(organization) else { return Matches::none() };
        let condition = Condition {
            classes: Classes::of(&[book], Extras { unlisted: false, groups: true }),
            query: &EVERYTHING,
            viewer: Viewer { full: true, person: None },
            organization: &tenant.organization,
        };
        Matches::new(self.shelf(organization, book).into_iter(), condition, usize::MAX)
    }

    /// How many listed members a book has.
    pub fn count(&self, organization: &OrganizationId, book: Book) -> usize {
        self.book_state(organization, book).members
    }

    /// The last revision that changed what a rendition shows of a book.
    pub fn book_revision(
        &self,
        organization: &OrganizationId,
        book: Book,
        rendition: Rendition,
    ) -> Revision {
        self.book_state(organization, book).revision(rendition)
    }

    /// What happened to a book's members after a revision, oldest first.
    pub fn changes(
        &self,
        organization: &OrganizationId,
        book: Book,
        rendition: Rendition,
        since: Revision,
    ) -> Vec<BookChange<'_>> {
        let Some(shelf) = self.shelf(organization, book) else { return Vec::new() };
        let mut changes = Vec::new();
        for live in shelf.segments() {
            let alive = live.segment.since(since).iter().filter(|row| live.is_alive(**row));
            let rows = alive.filter_map(|row| Row::new(live, *row));
            changes.extend(rows.filter_map(|row| {
                let revision = row.revision_for(rendition);
                let told = row.book == book && is_listed(&row) && revision > since;
                told.then_some(BookChange::Put(revision, row))
            }));
        }
        let mut names = std::collections::HashSet::new();
        for tombstone in shelf.tombstones_since(since).filter(|t| t.book == book) {
            let back = self.by_name(organization, book, &tombstone.name);
            if back.is_none_or(|row| !is_listed(&row)) && names.insert(&tombstone.name) {
                changes.push(BookChange::Gone(tombstone.revision, tombstone.name.to_string()));
            }
        }
        changes.sort_by_key(BookChange::revision);
        changes
    }

    fn book_state(&self, organization: &OrganizationId, book: Book) -> BookState {
        self.shelf(organization, book).map(|shelf| shelf.book(book)).unwrap_or_default()
    }

    fn shelf(&self, organization: &OrganizationId, book: Book) -> Option<&Shelf> {
        let tenant = self.tenants.get(organization)?;
        match book {
            Book::People | Book::Shared => Some(&tenant.shelf),
            Book::Personal(owner) => tenant.personal.get(&owner).map(|shelf| &**shelf),
        }
    }
}

/// UIDs are compared without the prefix that vCard 4.0 clients write.
fn bare_uid(uid: &str) -> &str {
    match uid.get(..9) {
        Some(prefix) if prefix.eq_ignore_ascii_case("urn:uuid:") => uid.get(9..).unwrap_or(uid),
        _ => uid,
    }
}
