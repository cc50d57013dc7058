//! Group cards that are computed: favorites, departments and sites in the book of all contacts.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustc_hash::FxHashMap;
use uuid::Uuid;

use crate::auth::sight::Sight;
use crate::carddav::book::merged::Merged;
use crate::contact::book::{AddressBook, Group};
use crate::contact::card::{CardBuilder, Field};
use crate::contact::derived::fnv1a;
use crate::contact::query::Query;
use crate::contact::{Body, Book, Contact, ContactId, Revision, bare_uid, uid_key};
use crate::index::{Extent, Row};
use crate::vcard::write;

/// Groups with more members have no card: clients read and write it whole.
pub(crate) const MEMBERS_MAX: usize = 1000;

/// What was found out already of the group cards of one book, which nothing changes while it is looked
/// at: a request may name one card ten thousand times.
#[derive(Default)]
pub(crate) struct GroupCards {
    groups: OnceLock<FxHashMap<ContactId, Computed>>,
    cards: Mutex<FxHashMap<ContactId, Option<Arc<Contact>>>>,
}

/// A group that has a card of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Computed {
    Favorites,
    /// A department or site.
    Of(Group),
}

impl Computed {
    /// The groups of a book, be there a card of them or not.
    pub(crate) fn all(merged: &Merged, sight: &Sight<'_>) -> Vec<Self> {
        let groups = match &merged.people {
            Some(few) => few.departments.as_slice(),
            None => sight.groups(),
        };
        std::iter::once(Self::Favorites).chain(groups.iter().copied().map(Self::Of)).collect()
    }

    /// The group whose card has this id.
    pub(crate) fn of_id(merged: &Merged, sight: &Sight<'_>, id: ContactId) -> Option<Self> {
        let of_all = || {
            let all = Self::all(merged, sight).into_iter();
            all.map(|group| (group.id(merged), group)).collect()
        };
        merged.group_cards.groups.get_or_init(of_all).get(&id).copied()
    }

    /// Name and UID of the card: permanent, and no contact's.
    pub(crate) fn id(self, merged: &Merged) -> ContactId {
        let text = match self {
            Self::Favorites => format!("{}/favorites", merged.owner),
            Self::Of(group) => format!("{}/{}", merged.organization, AddressBook::Group(group)),
        };
        let bits = [fnv1a(&text), fnv1a(&format!("group/{text}"))];
        let bits = u128::from(bits[0]) << 64 | u128::from(bits[1]);
        ContactId(uuid::Builder::from_custom_bytes(Uuid::from_u128(bits).into_bytes()).into_uuid())
    }

    fn book(self) -> AddressBook {
        match self {
            Self::Favorites => AddressBook::Favorites,
            Self::Of(group) => AddressBook::Group(group),
        }
    }

    pub(crate) fn name(self, sight: &Sight<'_>) -> String {
        sight.title(self.book())
    }

    /// The card; None where there are too many members or, but for favorites, none. Its revision
    /// stands for what is in it.
    pub(crate) fn card(self, merged: &Merged, sight: &Sight<'_>) -> Option<Arc<Contact>> {
        let cards = || merged.group_cards.cards.lock().unwrap_or_else(PoisonError::into_inner);
        let id = self.id(merged);
        if let Some(card) = cards().get(&id) {
            return card.clone();
        }
        let card = self.made(merged, sight);
        cards().insert(id, card.clone());
        card
    }

    fn made(self, merged: &Merged, sight: &Sight<'_>) -> Option<Arc<Contact>> {
        let uids = self.member_uids(merged, sight)?;
        if uids.is_empty() && self != Self::Favorites {
            return None;
        }
        let name = self.name(sight);
        let mut card = CardBuilder::default();
        card.push(Field::FormattedName, &name).push(Field::Kind, "group");
        let card = card.finish().ok()?;
        let id = self.id(merged);
        let mut body = Vec::with_capacity(256 + 80 * uids.len());
        write::group(&id.to_string(), &name, uids.iter().map(String::as_str), &mut body);
        let revision = Revision(fnv1a(&String::from_utf8_lossy(&body)));
        let created = sight.snapshot.user(merged.owner)?.created;
        Some(Arc::new(Contact {
            id,
            organization: merged.organization.clone(),
            book: Book::Shared,
            name: None,
            uid: None,
            derived: sight.organization.derivation.derive(&card),
            card,
            body: Body::Inline(body.into()),
            photo: None,
            listed: true,
            groups: Arc::default(),
            created,
            modified: created,
            revision,
            reduced_revision: revision,
        }))
    }

    /// The UIDs of the members as their cards show them here, without `urn:uuid:`, in an order that no
    /// name changes; None where there are too many.
    fn member_uids(self, merged: &Merged, sight: &Sight<'_>) -> Option<Vec<String>> {
        if sight.count(self.book()).is_some_and(|count| count > MEMBERS_MAX) {
            return None;
        }
        let rows = self.contacts(merged, sight);
        let shown = rows.iter().filter_map(|row| shown_uid(merged, sight, row.contact()));
        let mut uids: Vec<String> = shown.collect();
        uids.sort_unstable();
        uids.dedup();
        (uids.len() <= MEMBERS_MAX).then_some(uids)
    }

    /// The contacts in the group that belong to the book, hidden ones too.
    pub(crate) fn contacts<'s>(self, merged: &Merged, sight: &Sight<'s>) -> Vec<Row<'s>> {
        let snapshot = sight.snapshot;
        let organization = &merged.organization;
        let rows: Vec<Row<'s>> = match self {
            Self::Favorites => {
                let stars = snapshot.stars(merged.owner).filter(|star| star.starred);
                stars.filter_map(|star| snapshot.contact(organization, star.contact)).collect()
            }
            Self::Of(group) => {
                let within = Query::Group(group);
                let extent = Extent { books: vec![Book::People], neighbors: false, within };
                let ids: Vec<ContactId> =
                    snapshot.members(organization, &extent).map(|row| row.id).collect();
                ids.into_iter().filter_map(|id| snapshot.contact(organization, id)).collect()
            }
        };
        rows.into_iter().filter(|row| merged.has(row.contact())).collect()
    }
}

/// Whether a card is one that [`Computed::card`] made: contacts have ids of other kinds.
pub(crate) fn is_computed(card: &Contact) -> bool {
    card.derived.group && card.id.0.get_version_num() == 8
}

/// The UID under which the book shows a contact: that of the card which hides it, if it is the same
/// one's. None where another one's card has its name.
pub(crate) fn shown_uid(merged: &Merged, sight: &Sight<'_>, contact: &Contact) -> Option<String> {
    let own = contact.vcard_uid();
    let uid = match merged.hider(sight.snapshot, contact) {
        None => own,
        Some(hider) => {
            let shown = hider.vcard_uid();
            if uid_key(&shown) != uid_key(&own) {
                return None;
            }
            shown
        }
    };
    Some(bare_uid(&uid).to_owned())
}
