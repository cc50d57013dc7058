//! The tree that an asker sees: which names there are, and what stands behind them.

use crate::account::Organization;
use crate::auth::Principal;
use crate::auth::dn::{Dn, Rdn, same_value};
use crate::auth::sight::Sight;
use crate::contact::query::Query;
use crate::contact::{Book, ContactId, OrganizationId};
use crate::index::{Extent, Row, Search, Snapshot, Viewer};
use crate::ldap::entry;
use crate::ldap::filter::uid_query;

/// The containers below the suffix, by the value of their `ou`.
pub(super) const CONTAINERS: [&str; 3] = ["people", "shared", "personal"];

/// How many rows are examined to find an extension that the index of numbers does not hold.
const LOOK_THROUGH: usize = 10_000;

/// The name of the container of a book.
pub(super) fn container(book: Book) -> &'static str {
    match book {
        Book::People => "people",
        Book::Shared | Book::SharedBook(_) => "shared",
        Book::Personal(_) => "personal",
    }
}

/// One organization's tree as one asker sees it: what they may not see is not there.
pub(super) struct Tree<'s> {
    pub(super) snapshot: &'s Snapshot,
    pub(super) organization: &'s Organization,
    pub(super) suffix: Dn,
    pub(super) books: Vec<Book>,
}

/// What a name stands for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place<'s> {
    Suffix,
    Container(Book),
    Contact(Row<'s>),
}

/// There is nothing of that name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Missing {
    /// The part of the name that there is; empty where the asker may see none.
    pub(super) matched: String,
}

impl<'s> Tree<'s> {
    /// The tree of the asker's organization, for nobody that of the listener: an empty one.
    pub(super) fn of(
        snapshot: &'s Snapshot,
        principal: &Principal,
        listener: &OrganizationId,
    ) -> Option<Self> {
        let own = principal.organization.as_ref();
        let organization = snapshot.organization(own.unwrap_or(listener))?;
        let sight = Sight::of(snapshot, principal, &organization.id);
        let homes = sight.iter().flat_map(|sight| sight.homes()).copied();
        let books = homes.filter(|home| !matches!(home, Book::SharedBook(_))).collect();
        let suffix = Dn::parse(&organization.suffix).ok()?;
        Some(Self { snapshot, organization, suffix, books })
    }

    /// Whether the asker sees nothing: of the suffix only that the Root DSE names it.
    pub(super) fn is_empty(&self) -> bool {
        self.books.is_empty()
    }

    /// What a name stands for.
    pub(super) fn find(&self, dn: &Dn) -> Result<Place<'s>, Missing> {
        let nothing = || Missing { matched: String::new() };
        match dn.below(&self.suffix).ok_or_else(nothing)? {
            [] => Ok(Place::Suffix),
            [container] => self.book(container).map(Place::Container).ok_or_else(|| self.missing()),
            [.., container] => {
                let book = self.book(container).ok_or_else(|| self.missing())?;
                let missing = || Missing { matched: self.container_dn(book) };
                match dn.rdns() {
                    [rdn, second, ..] if second == container => {
                        self.contact(book, rdn).map(Place::Contact).ok_or_else(missing)
                    }
                    _ => Err(missing()),
                }
            }
        }
    }

    /// The contact of a name.
    pub(super) fn contact_of(&self, dn: &Dn) -> Option<ContactId> {
        match self.find(dn) {
            Ok(Place::Contact(row)) => Some(row.id),
            _ => None,
        }
    }

    fn missing(&self) -> Missing {
        Missing { matched: self.suffix.to_string() }
    }

    fn book(&self, rdn: &Rdn) -> Option<Book> {
        let (_, name) = rdn.single().filter(|(kind, _)| *kind == "ou")?;
        self.books.iter().copied().find(|book| same_value(container(*book), name))
    }

    fn contact(&self, book: Book, rdn: &Rdn) -> Option<Row<'s>> {
        let (_, name) = rdn.single().filter(|(kind, _)| *kind == "uid")?;
        let row = match ContactId::parse(name) {
            Some(id) => self.visible(id).filter(|row| row.book == book)?,
            None => self.extension(name, book)?,
        };
        same_value(&entry::uid(&row), name).then_some(row)
    }

    fn extension(&self, name: &str, book: Book) -> Option<Row<'s>> {
        let query: Query = uid_query(name, &self.organization.derivation);
        let extent = Extent::of(&[book]);
        let search = Search {
            organization: &self.organization.id,
            extent: &extent,
            query: &query,
            viewer: Viewer { full: true, person: None },
            unlisted: false,
            look_through: LOOK_THROUGH,
        };
        let id = self.snapshot.search(&search).next().map(|row| row.id)?;
        self.snapshot.contact(&self.organization.id, id)
    }

    /// A contact that the asker may see as an entry.
    pub(super) fn visible(&self, id: ContactId) -> Option<Row<'s>> {
        let row = self.snapshot.contact(&self.organization.id, id)?;
        let listed = row.listed || row.book != Book::People;
        (listed && !row.derived.group && self.books.contains(&row.book)).then_some(row)
    }

    pub(super) fn container_dn(&self, book: Book) -> String {
        format!("ou={},{}", container(book), self.suffix)
    }

    /// The name of a contact's entry.
    pub(super) fn contact_dn(&self, row: Row<'_>) -> String {
        let uid = crate::auth::dn::escaped(&entry::uid(&row));
        format!("uid={uid},{}", self.container_dn(row.book))
    }
}
