//! The book of all contacts: own, shared and people in one, each once.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use crate::auth::sight::Sight;
use crate::carddav::book::group_card::GroupCards;
use crate::contact::book::{AddressBook, Group};
use crate::contact::derived::fnv1a;
use crate::contact::query::{Query, Truth};
use crate::contact::{Book, Contact, ContactId, OrganizationId, UserId};
use crate::index::{Extent, Row, Snapshot};

/// Which contacts the book of one user has.
///
/// Where several have one UID, which is unique in a collection (RFC 6352 5.1), the first home's card
/// hides the others: what users changed of a colleague's card in their own book is what they see.
pub(crate) struct Merged {
    pub(crate) organization: OrganizationId,
    pub(crate) owner: UserId,
    /// One's own first, people last.
    pub(crate) homes: Vec<Book>,
    /// None: all people.
    pub(crate) people: Option<Few>,
    pub(crate) group_cards: GroupCards,
}

/// The people of an organization that has too many for devices.
pub(crate) struct Few {
    /// The departments that the user is of.
    pub(crate) departments: Vec<Group>,
    starred: Arc<FxHashSet<ContactId>>,
}

impl Merged {
    /// The book as its owner sees it; None for who is no user.
    pub(crate) fn of(sight: &Sight<'_>) -> Option<Self> {
        let owner = sight.owner()?;
        let mut homes = sight.homes().to_vec();
        homes.sort_by_key(|home| place(*home));
        let people = (!fits_devices(sight)).then(|| Few::of(sight, owner));
        let organization = sight.organization.id.clone();
        let group_cards = GroupCards::default();
        Some(Self { organization, owner, homes, people, group_cards })
    }

    /// Where a card under a new name goes.
    pub(crate) fn personal(&self) -> Book {
        Book::Personal(self.owner)
    }

    /// The contacts of which [`Merged::shows`] leaves out those that are hidden.
    pub(crate) fn extent(&self) -> Extent {
        let within = match &self.people {
            None => Query::Constant(Truth::True),
            Some(few) => {
                let others = Query::Not(Box::new(Query::Book(Book::People)));
                let departments = few.departments.iter().copied().map(Query::Group);
                let starred = Query::Among(Arc::clone(&few.starred));
                Query::Or([others, starred].into_iter().chain(departments).collect())
            }
        };
        Extent { books: self.homes.clone(), neighbors: false, within }
    }

    /// Whether a contact belongs here, be it hidden or not.
    pub(crate) fn has(&self, contact: &Contact) -> bool {
        contact.organization == self.organization
            && self.homes.contains(&contact.book)
            && (contact.book != Book::People || self.has_person(contact))
    }

    fn has_person(&self, person: &Contact) -> bool {
        let few = |few: &Few| {
            let of = |group: &Group| person.groups.contains(group);
            few.starred.contains(&person.id) || few.departments.iter().any(of)
        };
        person.listed && self.people.as_ref().is_none_or(few)
    }

    /// Whether a contact is a member.
    pub(crate) fn shows(&self, snapshot: &Snapshot, contact: &Contact) -> bool {
        self.has(contact) && self.hider(snapshot, contact).is_none()
    }

    /// The member that hides a contact.
    pub(crate) fn hider<'s>(&self, snapshot: &'s Snapshot, contact: &Contact) -> Option<Row<'s>> {
        if contact.book == self.personal() {
            return None;
        }
        let hidden = Hidden { id: contact.id, book: contact.book, uid: Some(contact.vcard_uid()) };
        self.hider_of(snapshot, &hidden)
    }

    /// As [`Merged::hider`], of a contact that may be gone.
    pub(crate) fn hider_of<'s>(&self, snapshot: &'s Snapshot, hidden: &Hidden) -> Option<Row<'s>> {
        let uid = hidden.uid.as_deref()?;
        let before = self.homes.iter().take_while(|home| **home != hidden.book);
        let same_uid = before
            .filter_map(|home| snapshot.by_uid(&self.organization, *home, uid))
            .find(|row| row.id != hidden.id && self.has(row.contact()));
        same_uid.or_else(|| {
            let name = format!("{}.vcf", hidden.id);
            let same_name = snapshot.by_name(&self.organization, self.personal(), &name);
            same_name.filter(|row| row.id != hidden.id)
        })
    }

    /// The contact that is a member under this UID.
    pub(crate) fn by_uid<'s>(&self, snapshot: &'s Snapshot, uid: &str) -> Option<Row<'s>> {
        let rows = self.homes.iter();
        let mut rows = rows.filter_map(|home| snapshot.by_uid(&self.organization, *home, uid));
        rows.find(|row| self.shows(snapshot, row.contact()))
    }

    /// The name of a card: one's own keep theirs, all others are named by their ids.
    pub(crate) fn name(&self, contact: &Contact) -> String {
        match contact.book == self.personal() {
            true => contact.resource_name(),
            false => format!("{}.vcf", contact.id),
        }
    }

    /// The contact of a name, if it is a member.
    pub(crate) fn find<'s>(&self, snapshot: &'s Snapshot, name: &str) -> Option<Row<'s>> {
        let own = snapshot.by_name(&self.organization, self.personal(), name);
        own.or_else(|| {
            let row = snapshot.contact(&self.organization, id_of(name)?)?;
            (row.book != self.personal() && self.shows(snapshot, row.contact())).then_some(row)
        })
    }

    /// Stands for what decides who is a member besides the changes of contacts. Where it differs from
    /// what it was, a client begins anew.
    pub(crate) fn mark(&self) -> u64 {
        let mut made_of = String::new();
        for home in &self.homes {
            if let Book::SharedBook(_) | Book::PersonalBook(..) = home {
                made_of.push_str(&format!("{} ", AddressBook::Home(*home)));
            }
        }
        if let Some(few) = &self.people {
            for group in &few.departments {
                made_of.push_str(&format!("/{}", AddressBook::Group(*group)));
            }
            made_of.push('/');
        }
        if made_of.is_empty() { 0 } else { fnv1a(&made_of) }
    }
}

impl Few {
    fn of(sight: &Sight<'_>, owner: UserId) -> Self {
        let stars = sight.snapshot.stars(owner).filter(|star| star.starred);
        Self {
            departments: own_departments(sight),
            starred: Arc::new(stars.map(|star| star.contact).collect()),
        }
    }
}

/// A contact that may be hidden.
pub(crate) struct Hidden {
    pub(crate) id: ContactId,
    pub(crate) book: Book,
    /// None where it is not known any more.
    pub(crate) uid: Option<String>,
}

/// Whether devices that synchronize list all people.
pub(crate) fn fits_devices(sight: &Sight<'_>) -> bool {
    let people = sight.snapshot.count(&sight.organization.id, AddressBook::PEOPLE);
    u32::try_from(people).is_ok_and(|people| people <= sight.organization.people_on_devices_max)
}

/// The departments that the user who looks is of.
pub(crate) fn own_departments(sight: &Sight<'_>) -> Vec<Group> {
    let own = sight.owner().and_then(|id| sight.snapshot.contact(&sight.organization.id, id));
    let groups = own.map(|own| own.groups.to_vec()).unwrap_or_default();
    groups.into_iter().filter(|group| matches!(group, Group::Department(_))).collect()
}

/// The order in which homes are listed: one's own first, since macOS uses only the first one.
pub(crate) fn place(home: Book) -> u8 {
    match home {
        Book::Personal(_) => 0,
        Book::PersonalBook(..) => 1,
        Book::Shared => 2,
        Book::SharedBook(_) => 3,
        Book::People => 4,
    }
}

/// The contact that a name is made of, in the only spelling that is handed out.
pub(crate) fn id_of(name: &str) -> Option<ContactId> {
    let stem = name.strip_suffix(".vcf")?;
    ContactId::parse(stem).filter(|id| id.to_string() == stem)
}
