//! The snapshot: an immutable picture of everything at one revision. Reading it needs no lock, no
//! `await` and no `Result`.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashSet;

use crate::account::device::{AppPassword, PhoneAccount, Token};
use crate::account::group::{SharedBook, Star};
use crate::account::import::ColumnMapRecord;
use crate::account::{Organization, User};
use crate::contact::book::BookId;
use crate::contact::{Book, ContactId, OrganizationId, Revision, UserId, uid_key};
use crate::index::accounts::Groups;
use crate::index::class::{Classes, Extras};
use crate::index::keeping::Keeping;
use crate::index::neighbor::Neighbor;
use crate::index::search::Condition;
use crate::index::sharded::Sharded;
use crate::index::shelf::Shelf;

mod accounts;
mod alike;
mod apply;
mod candidates;
mod class;
mod digits;
mod grams;
mod history;
mod keeping;
mod neighbor;
mod posting;
mod references;
mod search;
mod segment;
mod sharded;
mod shelf;
mod state;
mod walk;

pub use alike::Alike;
pub use apply::{BackgroundMerge, MergedShelf};
pub use history::BookChange;
pub use search::{Extent, Matches, Row, Search, Step, Viewer};

/// An immutable picture of all organizations. Copies share what they have in common.
#[derive(Clone, Debug)]
pub struct Snapshot {
    revision: Revision,
    epoch: Arc<str>,
    tenants: BTreeMap<OrganizationId, Tenant>,
    users: Sharded<UserId, Arc<User>>,
    /// Whose each name is; mostly one user's.
    logins: Sharded<LoginKey, Box<[UserId]>>,
    /// Those of removed users too.
    principals: Sharded<Box<str>, UserId>,
    tokens: Arc<BTreeMap<Box<str>, Token>>,
    app_passwords: Sharded<UserId, Arc<Vec<AppPassword>>>,
    /// What each user starred, and what they no longer star.
    stars: Sharded<UserId, Arc<BTreeMap<ContactId, Star>>>,
    keeping: Sharded<UserId, Arc<Keeping>>,
    /// Whose pending favorites each UID is.
    waiting: Sharded<Box<str>, Box<[UserId]>>,
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
    /// Departments and sites.
    groups: Arc<Groups>,
    shared_books: Arc<BTreeMap<BookId, SharedBook>>,
    /// Users of whose presence others may not know.
    presence_hidden: Arc<FxHashSet<UserId>>,
    /// By their names under [`same_name`].
    ///
    /// [`same_name`]: crate::account::group::same_name
    column_maps: Arc<BTreeMap<String, ColumnMapRecord>>,
    /// The people of each organization that shares with this one, as they are seen from here.
    neighbors: BTreeMap<OrganizationId, Neighbor>,
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
            app_passwords: Sharded::default(),
            stars: Sharded::default(),
            keeping: Sharded::default(),
            waiting: Sharded::default(),
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

    /// The people of an organization, listed or not.
    pub fn people(&self, organization: &OrganizationId) -> impl Iterator<Item = Row<'_>> {
        let shelf = self.tenants.get(organization).map(|tenant| &tenant.shelf);
        let segments = shelf.into_iter().flat_map(Shelf::segments);
        let rows = segments.flat_map(|live| {
            let all = 0..u32::try_from(live.segment.rows.len()).unwrap_or(u32::MAX);
            let alive = all.filter(|row| live.is_alive(*row));
            alive.filter_map(|row| Row::new(live, row))
        });
        rows.filter(|row| row.book == Book::People)
    }

    /// A person of an organization that shares with this one, as they are seen from here.
    pub fn neighbor(&self, organization: &OrganizationId, id: ContactId) -> Option<Row<'_>> {
        let neighbors = self.tenants.get(organization)?.neighbors.values();
        let mut found = neighbors.filter_map(|neighbor| neighbor.shelf().find(id));
        found.next().and_then(|(live, row)| Row::new(live, row))
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

    /// The contact with this vCard UID in a book, listed or not; see [`uid_key`] for what is the same.
    pub fn by_uid(&self, organization: &OrganizationId, book: Book, uid: &str) -> Option<Row<'_>> {
        let shelf = self.shelf(organization, book)?;
        let key = uid_key(uid);
        let chosen = shelf.with_uid(book, &key);
        let (live, row) = chosen.or_else(|| {
            let (live, row) = shelf.find(ContactId::parse(&key)?)?;
            live.segment.contact(row)?.uid.is_none().then_some((live, row))
        })?;
        Row::new(live, row).filter(|row| row.book == book)
    }

    /// Finds contacts, in name order, one by one as they are asked for.
    pub fn search<'a>(&'a self, search: &Search<'a>) -> Matches<'a> {
        self.find(search, Extras { unlisted: search.unlisted, groups: false })
    }

    /// As [`Snapshot::search`], and finds group cards as well: they are members of books.
    pub fn search_members<'a>(&'a self, search: &Search<'a>) -> Matches<'a> {
        self.find(search, Extras { unlisted: search.unlisted, groups: true })
    }

    fn find<'a>(&'a self, search: &Search<'a>, extras: Extras) -> Matches<'a> {
        let Some(tenant) = self.tenants.get(search.organization) else { return Matches::none() };
        let condition = Condition {
            classes: Classes::of(&search.extent.books, extras),
            extent: search.extent,
            query: search.query,
            viewer: search.viewer,
            organization: &tenant.organization,
        };
        Matches::new(tenant.shelves(search.extent), condition, search.look_through)
    }

    fn shelf(&self, organization: &OrganizationId, book: Book) -> Option<&Shelf> {
        let tenant = self.tenants.get(organization)?;
        match book {
            Book::People | Book::Shared | Book::SharedBook(_) => Some(&tenant.shelf),
            Book::Personal(owner) | Book::PersonalBook(owner, _) => {
                tenant.personal.get(&owner).map(|shelf| &**shelf)
            }
        }
    }
}

impl Tenant {
    /// The shelves on which the contacts of a extent are.
    fn shelves<'a>(&'a self, extent: &'a Extent) -> impl Iterator<Item = &'a Shelf> {
        let common = extent.books.iter().any(|book| book.owner().is_none());
        // All books of an owner are on one shelf.
        let owners: FxHashSet<UserId> = extent.books.iter().filter_map(|b| b.owner()).collect();
        let personal =
            owners.into_iter().filter_map(|owner| self.personal.get(&owner).map(|shelf| &**shelf));
        let neighbors = self.neighbors.values().filter(|_| extent.neighbors).map(Neighbor::shelf);
        common.then_some(&self.shelf).into_iter().chain(personal).chain(neighbors)
    }
}
