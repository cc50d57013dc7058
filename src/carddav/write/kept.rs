//! Properties that users keep (RFC 4918 15, "dead"): one's own, seen by nobody else.

use rustc_hash::FxHashMap;

use crate::account::property::{DavProperty, KeptAt};
use crate::carddav::answer::property::{Asked, Property};
use crate::carddav::book::path::Resource;
use crate::carddav::book::view::Session;
use crate::carddav::request::xml::{self, CALENDARSERVER, Namespace};
use crate::carddav::write::personal_book::plain_name;
use crate::contact::book::AddressBook;
use crate::contact::{Book, ContactId};

/// What a user keeps of one resource.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kept<'a>(Vec<&'a DavProperty>);

impl<'a> Kept<'a> {
    /// Of a resource that is no card. Of what is kept of the home, the principal shows `me-card`, which
    /// clients look for at both.
    pub(crate) fn of(session: &'a Session, resource: &Resource) -> Self {
        let own = |id: &str| *id == *session.user.principal;
        let of = |place| session.snapshot.properties(session.user.id, place);
        match resource {
            Resource::Home(_) => Self(of(KeptAt::Home).collect()),
            Resource::Principal(id) if own(id) => {
                Self(of(KeptAt::Home).filter(|kept| is_me_card(&asked(kept))).collect())
            }
            _ => Self::default(),
        }
    }

    /// Of a book.
    pub(crate) fn of_book(session: &'a Session, book: AddressBook) -> Self {
        let all = session.snapshot.properties(session.user.id, KeptAt::Book(book));
        let AddressBook::Home(Book::PersonalBook(owner, id)) = book else {
            return Self(all.collect());
        };
        // A name that was given at another door since counts.
        let record = session.snapshot.personal_book(owner, id);
        let named = |kept: &&DavProperty| {
            let name = (asked(kept) == Asked::Known(Property::DisplayName)).then(|| text(kept));
            name.is_none_or(|name| record.is_some_and(|record| plain_name(&name) == *record.name))
        };
        Self(all.filter(named).collect())
    }

    /// Of the cards of which anything is kept.
    pub(crate) fn of_cards(session: &'a Session) -> FxHashMap<ContactId, Self> {
        let mut cards: FxHashMap<ContactId, Self> = FxHashMap::default();
        for kept in session.snapshot.all_properties(session.user.id) {
            if let KeptAt::Card(id) = kept.place {
                cards.entry(id).or_default().0.push(kept);
            }
        }
        cards
    }

    /// The element with the value of a property.
    pub(crate) fn value(&self, wanted: &Asked) -> Option<&'a str> {
        let kept = self.0.iter().find(|kept| is(kept, wanted));
        kept.map(|kept| &*kept.value)
    }

    /// The names of all, in the order in which they were set.
    pub(crate) fn names(&self) -> impl Iterator<Item = Asked> {
        self.0.iter().map(|kept| asked(kept))
    }
}

fn is(kept: &DavProperty, wanted: &Asked) -> bool {
    match wanted {
        Asked::Known(property) if !is_of_users(*property) => false,
        Asked::Known(_) => asked(kept) == *wanted,
        Asked::Unknown { namespace, local } => kept.namespace == *namespace && kept.local == *local,
    }
}

/// The text of a property, without elements in it.
fn text(kept: &DavProperty) -> String {
    let element = xml::read(kept.value.as_bytes()).ok().flatten();
    element.map(|element| element.text).unwrap_or_default()
}

fn asked(kept: &DavProperty) -> Asked {
    Asked::named(&Namespace::of(&kept.namespace), &kept.local)
}

/// Whether users give a property of ours values of their own.
pub(crate) fn is_of_users(property: Property) -> bool {
    matches!(property, Property::DisplayName | Property::AddressBookDescription)
}

/// Apple's clients remember here which card is the user's.
pub(crate) fn is_me_card(asked: &Asked) -> bool {
    let Asked::Unknown { namespace, local } = asked else { return false };
    **namespace == *CALENDARSERVER && **local == *"me-card"
}
