//! The tree that an asker sees: which names there are, and what stands behind them.

use std::borrow::Cow;

use crate::account::Organization;
use crate::account::device::PhoneAccount;
use crate::auth::Principal;
use crate::auth::dn::{Dn, Rdn, escaped, same_value};
use crate::auth::sight::{Present, Sight};
use crate::contact::book::{AddressBook, Availability, GroupKind};
use crate::contact::query::{Query, Truth};
use crate::contact::{Book, Contact, ContactId, OrganizationId, UserId};
use crate::index::{Extent, Row, Search, Snapshot, Viewer};
use crate::ldap::entry::UidForm;
use crate::ldap::filter::uid_query;
use crate::ldap::presence::PresenceOf;
use crate::presence::{Seen, Users};

/// How many rows are examined to find an extension that the index of numbers does not hold.
const LOOK_THROUGH: usize = 10_000;

const EVERYTHING: Query = Query::Constant(Truth::True);

/// One organization's tree as one asker sees it: what they may not see is not there.
pub(super) struct Tree<'s> {
    pub(super) sight: Sight<'s>,
    pub(super) suffix: Dn,
    pub(super) present: Present<'s>,
    pub(super) presence: PresenceOf<'s>,
    /// The phone account that asks, if it is one.
    pub(super) phone: Option<&'s PhoneAccount>,
    /// The users for whom it acts, where these are several.
    pub(super) acts_for: &'s [UserId],
}

/// An entry that has others below it: an `ou`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Container {
    /// `ou=departments` or `ou=sites`.
    Groups(GroupKind),
    /// `ou=status`.
    Statuses,
    Book(AddressBook),
    /// A book of a user for whom the asking phone account acts, below the user's entry.
    Of(UserId, AddressBook),
}

/// What a name stands for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place<'s> {
    Suffix,
    Container(Container),
    /// A contact's entry, and what it stands in.
    Contact(Container, Row<'s>),
    /// The entry below `ou=people` of a user for whom the asking phone account acts.
    Actor(UserId),
}

/// There is nothing of that name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Missing {
    /// The part of the name that there is; empty where the asker may see none.
    pub(super) matched: String,
}

/// A tree of which the asker sees nothing but that the Root DSE names its suffix.
pub(super) struct Closed {
    suffix: Dn,
}

impl Closed {
    /// What a name stands for: nothing is below the suffix.
    pub(super) fn find<'s>(&self, dn: &Dn) -> Result<Place<'s>, Missing> {
        match dn.below(&self.suffix) {
            _ if dn.rdns().is_empty() => Ok(Place::Suffix),
            Some([]) => Ok(Place::Suffix),
            Some(_) => Err(Missing { matched: self.suffix.to_string() }),
            None => Err(Missing { matched: String::new() }),
        }
    }
}

/// The suffix of an organization, as names end in it.
pub(super) fn suffix_of(organization: &Organization) -> Dn {
    // The directory takes organizations with a suffix only.
    Dn::parse(&organization.suffix).unwrap_or_default()
}

impl<'s> Tree<'s> {
    /// The tree of the asker's organization, or of the listener's.
    pub(super) fn of(
        snapshot: &'s Snapshot,
        principal: &'s Principal,
        listener: &OrganizationId,
        presence: PresenceOf<'s>,
        present: Present<'s>,
    ) -> Result<Self, Closed> {
        let own = principal.organization.as_ref();
        let organization = snapshot.organization(own.unwrap_or(listener));
        let suffix = organization.map(suffix_of).unwrap_or_default();
        let sight = organization.and_then(|found| Sight::of(snapshot, principal, &found.id));
        let Some(sight) = sight else { return Err(Closed { suffix }) };
        let phone = sight.phone();
        let acts_for = phone.map(|phone| phone.acts_for.as_slice());
        let acts_for = acts_for.filter(|users| users.len() > 1).unwrap_or_default();
        if sight.is_empty() && acts_for.is_empty() {
            return Err(Closed { suffix });
        }
        Ok(Self { sight, suffix, presence, present, phone, acts_for })
    }

    /// Who can, or cannot, be called now, as far as the asker may know.
    pub(super) fn in_status(&self, status: Availability) -> Users {
        self.sight.whose_presence_is_known((self.present)(status))
    }

    /// What the asker may know of a contact's presence.
    pub(super) fn seen(&self, contact: &Contact) -> Option<Seen> {
        let known = self.sight.knows_presence(contact.id);
        known.then(|| self.presence.seen(contact)).flatten()
    }

    /// What a name stands for.
    pub(super) fn find(&self, dn: &Dn) -> Result<Place<'s>, Missing> {
        let nothing = || Missing { matched: String::new() };
        let below = dn.below(&self.suffix).map(|below| (Place::Suffix, below));
        let (mut place, below) = below.or_else(|| self.aliased(dn)).ok_or_else(nothing)?;
        for rdn in below.iter().rev() {
            place = self.child(place, rdn).ok_or_else(|| self.missing(place))?;
        }
        Ok(place)
    }

    /// The book that a base of an older server stands for, and the components in front of that base.
    fn aliased<'d>(&self, dn: &'d Dn) -> Option<(Place<'s>, &'d [Rdn])> {
        self.sight.organization.base_aliases.iter().find_map(|alias| {
            let below = dn.below(&Dn::parse(&alias.base).ok()?)?;
            let container = Container::Book(alias.book);
            let is_there = match alias.book {
                AddressBook::Group(_) => self.sight.reads(alias.book),
                _ => self.is_there(container),
            };
            is_there.then_some((Place::Container(container), below))
        })
    }

    /// What is missing below a place. Entries of contacts are not named: who they are is told by
    /// nothing but themselves.
    pub(super) fn missing(&self, place: Place<'_>) -> Missing {
        let matched = match place {
            Place::Suffix => self.suffix.to_string(),
            Place::Container(container) | Place::Contact(container, _) => self.dn_of(container),
            Place::Actor(_) => self.dn_of(Container::Book(AddressBook::PEOPLE)),
        };
        Missing { matched }
    }

    fn child(&self, place: Place<'s>, rdn: &Rdn) -> Option<Place<'s>> {
        let (kind, name) = rdn.single()?;
        if let (Place::Container(Container::Groups(of_kind)), "ou") = (place, kind) {
            let group = self.sight.group_named(of_kind, name)?;
            return Some(Place::Container(Container::Book(AddressBook::Group(group))));
        }
        if kind == "ou" {
            let mut named = self.below(place).into_iter();
            let found = named.find(|container| same_value(&self.ou(*container), name))?;
            return self.is_there(found).then_some(Place::Container(found));
        }
        let Place::Container(container) = place else { return None };
        if kind != "uid" {
            return None;
        }
        if container == Container::Book(AddressBook::PEOPLE) {
            let mut acts_for = self.acts_for.iter().copied();
            if let Some(user) = acts_for.find(|user| same_value(&self.user_uid(*user), name)) {
                return self.sight.acting_for(user).map(|_| Place::Actor(user));
            }
        }
        self.entry(container, name).map(|row| Place::Contact(container, row))
    }

    /// The contact of a name.
    pub(super) fn contact_of(&self, dn: &Dn) -> Option<ContactId> {
        match self.find(dn).ok()? {
            Place::Contact(_, row) => Some(row.id),
            Place::Actor(user) => self.sight.member(AddressBook::PEOPLE, user).map(|row| row.id),
            Place::Suffix | Place::Container(_) => None,
        }
    }

    /// The containers right below a place, in the order in which they are listed.
    pub(super) fn containers_below(&self, place: Place<'_>) -> Vec<Container> {
        self.below(place).into_iter().filter(|container| self.is_there(*container)).collect()
    }

    /// The containers that there may be right below a place.
    fn below(&self, place: Place<'_>) -> Vec<Container> {
        match place {
            Place::Suffix => {
                let before = [
                    Container::Book(AddressBook::PEOPLE),
                    Container::Groups(GroupKind::Department),
                    Container::Groups(GroupKind::Site),
                    Container::Statuses,
                    Container::Book(AddressBook::SHARED),
                ];
                let own = self.sight.owner().map(|owner| Container::Book(personal(owner)));
                let behind = [AddressBook::Favorites, AddressBook::All, AddressBook::Contacts];
                before.into_iter().chain(own).chain(behind.map(Container::Book)).collect()
            }
            Place::Container(Container::Groups(kind)) => self.groups(kind).collect(),
            Place::Container(Container::Statuses) => {
                Availability::ALL.map(|status| Container::Book(AddressBook::Status(status))).into()
            }
            Place::Container(Container::Book(AddressBook::SHARED)) => self.shared_books().collect(),
            Place::Actor(user) => {
                let books = [personal(user), AddressBook::Favorites];
                books.map(|book| Container::Of(user, book)).into()
            }
            Place::Container(_) | Place::Contact(..) => Vec::new(),
        }
    }

    /// All containers below a place.
    pub(super) fn all_containers_below(&self, place: Place<'_>) -> Vec<Container> {
        let direct = self.containers_below(place).into_iter();
        let whole = direct.flat_map(|container| {
            let inner = self.all_containers_below(Place::Container(container));
            std::iter::once(container).chain(inner)
        });
        whole.collect()
    }

    fn is_there(&self, container: Container) -> bool {
        match container {
            Container::Groups(kind) => self.groups(kind).next().is_some(),
            // Only those that are there are named.
            Container::Book(AddressBook::Group(_)) => true,
            Container::Statuses => self.sight.reads(AddressBook::Status(Availability::Available)),
            Container::Book(book @ AddressBook::SHARED) => {
                self.sight.reads(book) || self.shared_books().next().is_some()
            }
            Container::Book(book) => self.sight.reads(book),
            Container::Of(user, _) => self.sight.acting_for(user).is_some(),
        }
    }

    fn groups(&self, kind: GroupKind) -> impl Iterator<Item = Container> {
        let groups = self.sight.groups().iter().copied();
        let of_kind = groups.filter(move |group| group.kind() == kind);
        of_kind.map(|group| Container::Book(AddressBook::Group(group)))
    }

    fn shared_books(&self) -> impl Iterator<Item = Container> {
        let further = self.sight.homes().iter().filter(|home| matches!(home, Book::SharedBook(_)));
        further.map(|home| Container::Book((*home).into()))
    }

    /// The value of a container's `ou`.
    pub(super) fn ou(&self, container: Container) -> Cow<'static, str> {
        let fixed = match container {
            Container::Groups(GroupKind::Department) => "departments",
            Container::Groups(GroupKind::Site) => "sites",
            Container::Statuses => "status",
            Container::Book(book) | Container::Of(_, book) => match book {
                AddressBook::Home(Book::SharedBook(_)) | AddressBook::Group(_) => {
                    return self.sight.title(book).into();
                }
                AddressBook::Home(Book::People) => "people",
                AddressBook::Home(Book::Shared) => "shared",
                AddressBook::Home(Book::Personal(_) | Book::PersonalBook(..)) => "personal",
                AddressBook::Favorites => "favorites",
                AddressBook::All => "all",
                AddressBook::Contacts => "contacts",
                AddressBook::Status(status) => status.name(),
            },
        };
        fixed.into()
    }

    /// The name of a container's entry.
    pub(super) fn dn_of(&self, container: Container) -> String {
        format!("ou={}{}", escaped(&self.ou(container)), self.behind(container))
    }

    /// What stands behind the first component of a container's name.
    fn behind(&self, container: Container) -> String {
        let above = match container {
            Container::Of(user, _) => {
                let people = self.dn_of(Container::Book(AddressBook::PEOPLE));
                return format!(",uid={},{people}", escaped(&self.user_uid(user)));
            }
            Container::Book(AddressBook::Group(group)) => Container::Groups(group.kind()),
            Container::Book(AddressBook::Status(_)) => Container::Statuses,
            Container::Book(AddressBook::Home(Book::SharedBook(_))) => {
                Container::Book(AddressBook::SHARED)
            }
            _ => return format!(",{}", self.suffix),
        };
        format!(",{}", self.dn_of(above))
    }

    /// The `uid` of a user's entry below `ou=people`.
    fn user_uid(&self, user: UserId) -> String {
        let extension = self.sight.snapshot.user(user).and_then(|user| user.extension.as_deref());
        extension.map_or_else(|| user.to_string(), str::to_owned)
    }

    /// Who looks into a container, and into which book.
    fn view(&self, container: Container) -> Option<(Cow<'_, Sight<'s>>, AddressBook)> {
        match container {
            Container::Groups(_) | Container::Statuses => None,
            Container::Book(book) => Some((Cow::Borrowed(&self.sight), book)),
            Container::Of(user, book) => Some((Cow::Owned(self.sight.acting_for(user)?), book)),
        }
    }

    /// Where the contacts are whose entries stand right in a container.
    pub(super) fn extent(&self, container: Container) -> Option<Extent> {
        let (sight, book) = self.view(container)?;
        match book {
            AddressBook::Home(Book::Personal(owner)) => Some(Extent::of(&sight.personal(owner))),
            book => sight.extent(book, self.present),
        }
    }

    /// Whether a container has entries below it.
    pub(super) fn has_entries(&self, container: Container) -> bool {
        if !self.containers_below(Place::Container(container)).is_empty() {
            return true;
        }
        let Some(extent) = self.extent(container) else { return false };
        self.sight.search(&extent, &EVERYTHING, usize::MAX).next().is_some()
    }

    /// The contact whose entry stands in a container under this value of `uid`.
    fn entry(&self, container: Container, name: &str) -> Option<Row<'s>> {
        let (sight, book) = self.view(container)?;
        let id = match ContactId::parse(name) {
            Some(id) => id,
            None => self.extension(name)?,
        };
        let row = match book {
            AddressBook::Home(Book::Personal(_)) => {
                sight.contact(id).filter(|row| shown_in(row.book) == book)?
            }
            book => sight.member(book, id)?,
        };
        if row.derived.group {
            return None;
        }
        let here = match book {
            AddressBook::Status(status) => self.in_status(status).contains(&id),
            _ => true,
        };
        (here && same_value(&UidForm::of(book).uid(row.contact()), name)).then_some(row)
    }

    /// The person with an extension, seen or not.
    fn extension(&self, name: &str) -> Option<ContactId> {
        let organization = self.sight.organization;
        let query = uid_query(name, UidForm::Extension, &organization.derivation);
        let search = Search {
            organization: &organization.id,
            extent: &Extent::of(&[Book::People]),
            query: &query,
            viewer: Viewer { full: true, person: None },
            unlisted: false,
            look_through: LOOK_THROUGH,
        };
        self.sight.snapshot.search(&search).next().map(|row| row.id)
    }

    /// The container of a contact's entry above the views; people of other organizations have theirs
    /// in `ou=all`.
    pub(super) fn canonical(&self, row: Row<'_>) -> Container {
        if row.organization == self.sight.organization.id {
            Container::Book(shown_in(row.book))
        } else {
            Container::Book(AddressBook::All)
        }
    }

    /// The name of a contact's entry above the views; None where it is not seen.
    pub(super) fn reference(&self, id: ContactId) -> Option<String> {
        let row = self.sight.contact(id).filter(|row| !row.derived.group)?;
        let container = self.canonical(row);
        let (Container::Book(book) | Container::Of(_, book)) = container else { return None };
        let uid = UidForm::of(book).uid(row.contact());
        Some(format!("uid={},{}", escaped(&uid), self.dn_of(container)))
    }
}

/// The book whose container has the entries of a home: `ou=personal` has all of a user's own.
pub(super) fn shown_in(home: Book) -> AddressBook {
    AddressBook::Home(match home {
        Book::PersonalBook(owner, _) => Book::Personal(owner),
        other => other,
    })
}

fn personal(owner: UserId) -> AddressBook {
    AddressBook::Home(Book::Personal(owner))
}
