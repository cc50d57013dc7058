//! What one principal sees of their organization: every door asks here, and before it matches.

use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashSet;

use crate::account::device::PhoneAccount;
use crate::account::group::{Member, SharedBook};
use crate::account::{Organization, Role};
use crate::auth::rights::{Kind, Operation, allows};
use crate::auth::{Principal, Who};
use crate::contact::book::{AddressBook, Availability, Group, GroupKind};
use crate::contact::card::FieldSet;
use crate::contact::query::{Query, Truth};
use crate::contact::{Book, Contact, ContactId, OrganizationId, UserId};
use crate::index::{Extent, Matches, Row, Search, Snapshot, Viewer};

mod history;

/// The people who can, or cannot, be called now; told by whoever knows.
pub type Present<'p> = &'p (dyn Fn(Availability) -> Arc<FxHashSet<ContactId>> + Sync);

/// One organization as one principal sees it. What they may not see is not there.
#[derive(Clone)]
pub struct Sight<'s> {
    pub snapshot: &'s Snapshot,
    pub organization: &'s Organization,
    pub viewer: Viewer,
    /// Whose personal contacts and favorites are seen.
    owner: Option<UserId>,
    /// The homes that are read.
    homes: Vec<Book>,
    /// People of other organizations.
    neighbors: bool,
    /// The departments and sites whose people are seen, where not all are.
    only: Option<Vec<Group>>,
    /// The departments and sites that are there, once that was asked.
    groups: OnceLock<Vec<Group>>,
    principal: &'s Principal,
}

impl<'s> Sight<'s> {
    /// What the principal sees of an organization; None where there is none for them.
    pub fn of(
        snapshot: &'s Snapshot,
        principal: &'s Principal,
        organization: &OrganizationId,
    ) -> Option<Self> {
        let organization = snapshot.organization(organization)?;
        // Only an operator's token acts without an organization of its own.
        let inside = match &principal.organization {
            Some(own) => *own == organization.id,
            None => principal.role == Role::Operator,
        };
        let sight = Self {
            snapshot,
            organization,
            viewer: principal.viewer(),
            owner: principal.user(),
            homes: Vec::new(),
            neighbors: false,
            only: None,
            groups: OnceLock::new(),
            principal,
        };
        let phone = match &principal.who {
            Who::Phone(name) => Some(snapshot.phone(&organization.id, name)?),
            Who::Anonymous | Who::User(_) | Who::Token(_) => None,
        };
        Some(match (&principal.who, phone) {
            _ if !inside => return None,
            (Who::Anonymous, _) => match &organization.anonymous {
                Some(anonymous) => sight.limited(&anonymous.books),
                None => sight,
            },
            (_, Some(phone)) => sight.of_phone(phone),
            (_, None) => sight.unlimited(),
        })
    }

    /// What a phone account that acts for several users sees as one of them: their personal contacts
    /// besides what it sees itself, and of both what they starred.
    pub fn acting_for(&self, user: UserId) -> Option<Self> {
        let phone = self.phone()?;
        if !phone.acts_for.contains(&user) || self.snapshot.user(user).is_none() {
            return None;
        }
        let mut sight = self.clone();
        sight.owner = Some(user);
        sight.viewer.person = Some(user);
        sight.homes.extend(personal(self.snapshot, user));
        Some(sight)
    }

    /// The phone account that looks, if it is one.
    pub fn phone(&self) -> Option<&'s PhoneAccount> {
        let Who::Phone(name) = &self.principal.who else { return None };
        self.snapshot.phone(&self.organization.id, name)
    }

    fn unlimited(mut self) -> Self {
        let shared = self.snapshot.shared_books(&self.organization.id);
        let shared = shared.map(|book| Book::SharedBook(book.id));
        let books = [Book::People, Book::Shared].into_iter().chain(shared);
        let own = self.owner.into_iter().flat_map(|owner| personal(self.snapshot, owner));
        let books: Vec<Book> = books.chain(own).collect();
        self.homes = books.into_iter().filter(|b| self.may(*b, Operation::Read)).collect();
        self.neighbors = self.homes.contains(&Book::People);
        self
    }

    fn of_phone(mut self, phone: &PhoneAccount) -> Self {
        if let [user] = phone.acts_for.as_slice()
            && self.snapshot.user(*user).is_some()
        {
            self.owner = Some(*user);
            self.viewer.person = Some(*user);
        }
        if phone.books.is_empty() {
            return self.unlimited();
        }
        let own = self.owner.into_iter().flat_map(|owner| personal(self.snapshot, owner));
        let own = own.map(AddressBook::Home);
        let books: Vec<AddressBook> = phone.books.iter().copied().chain(own).collect();
        self.limited(&books)
    }

    /// Sees these books only.
    fn limited(mut self, books: &[AddressBook]) -> Self {
        let mut groups = Vec::new();
        let mut all_people = false;
        for book in books {
            match *book {
                AddressBook::Home(Book::Personal(owner) | Book::PersonalBook(owner, _))
                    if self.owner != Some(owner) => {}
                AddressBook::Home(Book::People) => all_people = true,
                AddressBook::Home(Book::SharedBook(id))
                    if self.snapshot.shared_book(&self.organization.id, id).is_none() => {}
                AddressBook::Home(home) => self.homes.push(home),
                AddressBook::Group(group) => groups.push(group),
                AddressBook::All => {
                    all_people = true;
                    self.neighbors = true;
                }
                AddressBook::Contacts => {
                    all_people = true;
                    self.homes.push(Book::Shared);
                }
                AddressBook::Favorites | AddressBook::Status(_) => {}
            }
        }
        if all_people || !groups.is_empty() {
            self.homes.insert(0, Book::People);
        }
        self.only = (!all_people && !groups.is_empty()).then_some(groups);
        let mut known = FxHashSet::default();
        self.homes.retain(|home| known.insert(*home));
        self
    }

    /// Whether the principal may do something in a home book.
    pub fn may(&self, book: impl Into<AddressBook>, operation: Operation) -> bool {
        let kind = match book.into() {
            AddressBook::Home(Book::People) => Kind::People,
            AddressBook::Home(Book::Shared) => Kind::Shared,
            AddressBook::Home(Book::SharedBook(id)) => {
                match self.snapshot.shared_book(&self.organization.id, id) {
                    Some(book) => self.kind(book),
                    None => return false,
                }
            }
            AddressBook::Home(Book::Personal(owner)) if self.owner == Some(owner) => {
                Kind::OwnPersonal
            }
            AddressBook::Home(Book::PersonalBook(owner, id)) if self.owner == Some(owner) => {
                match self.snapshot.personal_book(owner, id) {
                    Some(_) => Kind::OwnPersonal,
                    None => return false,
                }
            }
            AddressBook::Home(Book::Personal(_) | Book::PersonalBook(..)) => Kind::OtherPersonal,
            AddressBook::Favorites if self.owner.is_some() => Kind::Favorites,
            AddressBook::Favorites => return false,
            _ => Kind::Computed,
        };
        allows(self.principal, kind, operation)
    }

    fn kind(&self, book: &SharedBook) -> Kind {
        let is = |member: &Member| match member {
            Member::User(id) => self.owner == Some(*id),
            Member::Group(group) => {
                let own =
                    self.owner.and_then(|id| self.snapshot.contact(&self.organization.id, id));
                own.is_some_and(|own| own.groups.contains(group))
            }
        };
        let named = |members: &[Member]| members.iter().any(is);
        if named(&book.writers) {
            Kind::SharedWriter
        } else if book.readers.as_ref().is_none_or(|readers| named(readers)) {
            Kind::SharedReader
        } else {
            Kind::SharedStranger
        }
    }

    /// Whether nothing is seen at all.
    pub fn is_empty(&self) -> bool {
        self.homes.is_empty()
    }

    /// Whose personal contacts and favorites are seen.
    pub fn owner(&self) -> Option<UserId> {
        self.owner
    }

    /// The homes that are read, in the order in which doors list them.
    pub fn homes(&self) -> &[Book] {
        &self.homes
    }

    /// All personal books of a user that are read.
    pub fn personal(&self, owner: UserId) -> Vec<Book> {
        let all = self.homes.iter().copied();
        all.filter(|home| home.owner() == Some(owner)).collect()
    }

    /// Every book that is there, homes first.
    pub fn books(&self) -> Vec<AddressBook> {
        let homes = self.homes.iter().map(|home| AddressBook::Home(*home));
        let groups = self.groups().iter().copied().map(AddressBook::Group);
        let reads = |book: &AddressBook| self.reads(*book);
        let views = [AddressBook::Favorites, AddressBook::All, AddressBook::Contacts];
        let status = Availability::ALL.map(AddressBook::Status).into_iter().filter(reads);
        homes.chain(views.into_iter().filter(reads)).chain(groups).chain(status).collect()
    }

    /// The departments and sites that are there. Who sees some people only learns of those that these
    /// are in; how long it takes to tell depends on nothing else.
    pub fn groups(&self) -> &[Group] {
        self.groups.get_or_init(|| self.find_groups())
    }

    fn find_groups(&self) -> Vec<Group> {
        if !self.homes.contains(&Book::People) {
            return Vec::new();
        }
        let records = self.snapshot.groups(&self.organization.id);
        let all = records.map(|record| record.group);
        if self.only.is_none() {
            return all.collect();
        }
        let extent = self.extent_of_people(EVERYTHING);
        let people = self.snapshot.members(&self.organization.id, &extent);
        let groups = people.flat_map(|row| row.contact().groups.iter());
        let seen: FxHashSet<Group> = groups.copied().collect();
        all.filter(|group| seen.contains(group)).collect()
    }

    /// The department or site of a name; None where there is none for this principal.
    pub fn group_named(&self, kind: GroupKind, name: &str) -> Option<Group> {
        let named = self.snapshot.group_named(&self.organization.id, kind, name);
        // What is there and not seen takes as long as what is not there.
        let groups = self.groups();
        named.filter(|group| groups.contains(group))
    }

    /// Whether a book is there.
    pub fn reads(&self, book: AddressBook) -> bool {
        let people = self.homes.contains(&Book::People);
        match book {
            AddressBook::Home(home) => self.homes.contains(&home),
            AddressBook::Favorites => self.owner.is_some(),
            AddressBook::Contacts => !self.homes.is_empty(),
            AddressBook::All | AddressBook::Status(_) => people,
            AddressBook::Group(group) => {
                let exists = || self.snapshot.group(&self.organization.id, group).is_some();
                let seen = || self.groups().contains(&group);
                people && if self.only.is_none() { exists() } else { seen() }
            }
        }
    }

    /// Where the contacts of a book are; None where it is not there.
    pub fn extent(&self, book: AddressBook, present: Present<'_>) -> Option<Extent> {
        if !self.reads(book) {
            return None;
        }
        Some(match book {
            AddressBook::Home(Book::People) => self.extent_of_people(EVERYTHING),
            AddressBook::Home(home) => Extent::of(&[home]),
            AddressBook::Group(group) => self.extent_of_people(Query::Group(group)),
            AddressBook::All => {
                Extent { neighbors: self.neighbors, ..self.extent_of_people(EVERYTHING) }
            }
            AddressBook::Contacts => self.whole(),
            AddressBook::Favorites => {
                let stars = self.owner.into_iter().flat_map(|owner| self.snapshot.stars(owner));
                let ids = stars.filter(|star| star.starred).map(|star| star.contact).collect();
                let among = Query::Among(Arc::new(ids));
                let within = and(self.whole().within, among);
                Extent { books: self.homes.clone(), neighbors: self.neighbors, within }
            }
            AddressBook::Status(availability) => {
                let present = self.whose_presence_is_known(present(availability));
                self.extent_of_people(Query::Among(present))
            }
        })
    }

    /// Whether the asker may know of a user's presence: administrators may of everybody's.
    pub fn knows_presence(&self, user: UserId) -> bool {
        let hidden = self.snapshot.presence_hidden(&self.organization.id);
        let is_hidden = hidden.is_some_and(|hidden| hidden.contains(&user));
        !is_hidden || self.viewer.full || self.viewer.person == Some(user)
    }

    /// Those of some people of whose presence the asker may know.
    pub fn whose_presence_is_known(
        &self,
        people: Arc<FxHashSet<ContactId>>,
    ) -> Arc<FxHashSet<ContactId>> {
        let hidden = self.snapshot.presence_hidden(&self.organization.id);
        if self.viewer.full || hidden.is_none_or(|hidden| hidden.is_disjoint(&people)) {
            return people;
        }
        Arc::new(people.iter().copied().filter(|user| self.knows_presence(*user)).collect())
    }

    /// All homes: where a search above the views looks.
    pub fn whole(&self) -> Extent {
        let others = Query::Not(Box::new(Query::Book(Book::People)));
        let within = match self.only_people() {
            Some(only) => Query::Or(vec![others, only]),
            None => EVERYTHING,
        };
        Extent { books: self.homes.clone(), neighbors: false, within }
    }

    fn extent_of_people(&self, within: Query) -> Extent {
        let within = match self.only_people() {
            Some(only) => and(only, within),
            None => within,
        };
        Extent { books: vec![Book::People], neighbors: false, within }
    }

    fn only_people(&self) -> Option<Query> {
        let only = self.only.as_ref()?;
        Some(Query::Or(only.iter().copied().map(Query::Group).collect()))
    }

    /// A contact that is seen, in its home or in that of another organization.
    pub fn contact(&self, id: ContactId) -> Option<Row<'s>> {
        let own = self.snapshot.contact(&self.organization.id, id);
        let row = match own {
            Some(row) => row,
            None => self.snapshot.neighbor(&self.organization.id, id).filter(|_| self.neighbors)?,
        };
        self.sees(row.contact()).then_some(row)
    }

    /// A contact that is seen in a book.
    pub fn member(&self, book: AddressBook, id: ContactId) -> Option<Row<'s>> {
        let row = self.contact(id).filter(|_| self.reads(book))?;
        let own = row.organization == self.organization.id;
        let inside = match book {
            AddressBook::Home(home) => own && row.book == home,
            AddressBook::Group(group) => row.groups.contains(&group),
            AddressBook::All => row.book == Book::People,
            AddressBook::Contacts => own,
            AddressBook::Favorites => {
                let star = self.owner.and_then(|owner| self.snapshot.star(owner, id));
                star.is_some_and(|star| star.starred)
            }
            AddressBook::Status(_) => own && row.book == Book::People,
        };
        inside.then_some(row)
    }

    /// Whether a contact is seen. Group cards are; whoever shows entries leaves them out.
    pub fn sees(&self, contact: &Contact) -> bool {
        let only = |only: &Vec<Group>| only.iter().any(|group| contact.groups.contains(group));
        if contact.book == Book::People {
            let here = contact.organization == self.organization.id;
            return contact.listed
                && self.homes.contains(&Book::People)
                && (here || self.neighbors)
                && self.only.as_ref().is_none_or(only);
        }
        self.homes.contains(&contact.book)
    }

    /// The fields of a contact that are not seen.
    pub fn hidden(&self, contact: &Contact) -> FieldSet {
        self.viewer.hidden(contact, self.organization)
    }

    /// What people call a book.
    pub fn title(&self, book: AddressBook) -> String {
        let organization = &self.organization.id;
        let fixed = match book {
            AddressBook::Home(Book::People) => "Coworkers",
            AddressBook::Home(Book::Shared) => "Shared contacts",
            AddressBook::Home(Book::SharedBook(id)) => {
                let book = self.snapshot.shared_book(organization, id);
                return book.map(|book| book.name.to_string()).unwrap_or_default();
            }
            AddressBook::Home(Book::Personal(_)) => "Personal contacts",
            AddressBook::Home(Book::PersonalBook(owner, id)) => {
                let book = self.snapshot.personal_book(owner, id);
                return book.map(|book| book.name.to_string()).unwrap_or_default();
            }
            AddressBook::Group(group) => {
                let record = self.snapshot.group(organization, group);
                return record.map(|record| record.name.to_string()).unwrap_or_default();
            }
            AddressBook::All => "All users",
            AddressBook::Favorites => "Favorites",
            AddressBook::Contacts => "All contacts",
            AddressBook::Status(Availability::Available) => "Available",
            AddressBook::Status(Availability::Busy) => "Busy",
            AddressBook::Status(Availability::Offline) => "Offline",
        };
        fixed.to_owned()
    }

    /// How many contacts a book has; None where only a walk through it would tell.
    pub fn count(&self, book: AddressBook) -> Option<usize> {
        let whole = self.only.is_none() && self.reads(book);
        match book {
            AddressBook::Home(_) | AddressBook::Group(_) if whole => {
                Some(self.snapshot.count(&self.organization.id, book))
            }
            AddressBook::All if whole && self.neighbors => {
                Some(self.snapshot.count(&self.organization.id, book))
            }
            AddressBook::Favorites => self
                .collection(book)
                .map(|extent| self.snapshot.members(&self.organization.id, &extent).count()),
            AddressBook::Contacts if whole => {
                let counts = self
                    .homes
                    .iter()
                    .map(|home| self.snapshot.count(&self.organization.id, (*home).into()));
                Some(counts.sum())
            }
            _ => None,
        }
    }

    /// Finds contacts in a extent.
    pub fn search<'a>(
        &'a self,
        extent: &'a Extent,
        query: &'a Query,
        look_through: usize,
    ) -> Matches<'a> {
        let organization = &self.organization.id;
        let viewer = self.viewer;
        let unlisted = false;
        self.snapshot.search(&Search {
            organization,
            extent,
            query,
            viewer,
            unlisted,
            look_through,
        })
    }
}

/// Nobody is known to be anywhere.
pub fn nobody_is_present(_: Availability) -> Arc<FxHashSet<ContactId>> {
    Arc::default()
}

/// A user's own books, the first one first.
fn personal(snapshot: &Snapshot, owner: UserId) -> impl Iterator<Item = Book> {
    let further = snapshot.personal_books(owner);
    let further = further.map(move |book| Book::PersonalBook(owner, book.id));
    std::iter::once(Book::Personal(owner)).chain(further)
}

const EVERYTHING: Query = Query::Constant(Truth::True);

fn and(one: Query, other: Query) -> Query {
    match (one, other) {
        (Query::Constant(Truth::True), query) | (query, Query::Constant(Truth::True)) => query,
        (one, other) => Query::And(vec![one, other]),
    }
}
