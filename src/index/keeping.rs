//! What users' contact programs keep: further personal books, properties, refused writes, favorites
//! that are still to come.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::account::group::{PendingStar, PersonalBook};
use crate::account::property::{DavProperty, KeptAt, Reverted};
use crate::contact::book::{AddressBook, BookId};
use crate::contact::{Revision, UserId, uid_key};
use crate::index::Snapshot;

/// One user's.
#[derive(Clone, Debug, Default)]
pub(super) struct Keeping {
    books: BTreeMap<BookId, PersonalBook>,
    properties: Vec<DavProperty>,
    /// In the order of their revisions.
    reverted: Vec<Reverted>,
    pending: BTreeSet<Box<str>>,
}

impl Keeping {
    fn put_property(&mut self, new: DavProperty) {
        self.remove_property(new.place, &new.namespace, &new.local);
        self.properties.push(new);
    }

    fn remove_property(&mut self, place: KeptAt, namespace: &str, local: &str) {
        let is = |known: &DavProperty| {
            known.place == place && *known.namespace == *namespace && *known.local == *local
        };
        self.properties.retain(|known| !is(known));
    }

    fn put_reverted(&mut self, new: Reverted) {
        self.remove_reverted(new.book, &new.name);
        let at = self.reverted.partition_point(|known| known.revision <= new.revision);
        self.reverted.insert(at, new);
    }

    fn remove_reverted(&mut self, book: AddressBook, name: &str) {
        self.reverted.retain(|known| known.book != book || *known.name != *name);
    }
}

impl Snapshot {
    fn keeping(&self, user: UserId) -> Option<&Keeping> {
        self.keeping.get(&user).map(|keeping| &**keeping)
    }

    /// Taken out meanwhile, so that many records of one commit, or of the start, cost one copy.
    fn keep(&mut self, user: UserId, change: impl FnOnce(&mut Keeping)) {
        let mut keeping = self.keeping.remove(&user).unwrap_or_default();
        change(Arc::make_mut(&mut keeping));
        self.keeping.insert(user, keeping);
    }

    pub(super) fn put_personal_book(&mut self, book: PersonalBook) {
        self.keep(book.owner, |keeping| drop(keeping.books.insert(book.id, book)));
    }

    pub(super) fn remove_personal_book(&mut self, owner: UserId, id: BookId) {
        self.keep(owner, |keeping| drop(keeping.books.remove(&id)));
    }

    pub(super) fn put_property(&mut self, property: DavProperty) {
        self.keep(property.user, |keeping| keeping.put_property(property));
    }

    pub(super) fn remove_property(&mut self, user: UserId, place: KeptAt, name: (&str, &str)) {
        self.keep(user, |keeping| keeping.remove_property(place, name.0, name.1));
    }

    pub(super) fn put_reverted(&mut self, reverted: Reverted) {
        self.keep(reverted.user, |keeping| keeping.put_reverted(reverted));
    }

    pub(super) fn remove_reverted(&mut self, user: UserId, book: AddressBook, name: &str) {
        self.keep(user, |keeping| keeping.remove_reverted(book, name));
    }

    pub(super) fn put_pending_star(&mut self, star: PendingStar) {
        let PendingStar { user, uid } = star;
        let mut waiting = self.waiting.get(&uid).map(|users| users.to_vec()).unwrap_or_default();
        if !waiting.contains(&user) {
            waiting.push(user);
        }
        self.waiting.insert(uid.clone(), waiting.into());
        self.keep(user, |keeping| {
            keeping.pending.insert(uid);
        });
    }

    pub(super) fn remove_pending_star(&mut self, user: UserId, uid: &str) {
        let waiting = self.waiting.get(uid).into_iter().flatten().copied();
        let waiting: Box<[UserId]> = waiting.filter(|waiting| *waiting != user).collect();
        match waiting.is_empty() {
            true => drop(self.waiting.remove(uid)),
            false => self.waiting.insert(uid.into(), waiting),
        }
        self.keep(user, |keeping| {
            keeping.pending.remove(uid);
        });
    }

    pub(super) fn forget_keeping(&mut self, user: UserId) {
        self.keeping.remove(&user);
    }
}

impl Snapshot {
    /// The further personal books of a user, by id.
    pub fn personal_books(&self, owner: UserId) -> impl Iterator<Item = &PersonalBook> {
        self.keeping(owner).into_iter().flat_map(|keeping| keeping.books.values())
    }

    pub fn personal_book(&self, owner: UserId, id: BookId) -> Option<&PersonalBook> {
        self.keeping(owner)?.books.get(&id)
    }

    /// The further personal book whose collection has this path segment.
    pub fn personal_book_at(&self, owner: UserId, segment: &str) -> Option<&PersonalBook> {
        self.personal_books(owner).find(|book| *book.segment == *segment)
    }

    /// The properties that a user set of something, in the order in which they were set.
    pub fn properties(&self, user: UserId, place: KeptAt) -> impl Iterator<Item = &DavProperty> {
        self.all_properties(user).iter().filter(move |property| property.place == place)
    }

    /// All properties that a user set.
    pub fn all_properties(&self, user: UserId) -> &[DavProperty] {
        self.keeping(user).map(|keeping| keeping.properties.as_slice()).unwrap_or_default()
    }

    /// The writes to a book that were refused after a revision while the user's client was told that
    /// they are done, oldest first.
    pub fn reverted(
        &self,
        user: UserId,
        book: AddressBook,
        since: Revision,
    ) -> impl Iterator<Item = &Reverted> {
        let all = self.all_reverted(user);
        let from = all.partition_point(|reverted| reverted.revision <= since);
        let later = all.get(from..).unwrap_or_default();
        later.iter().filter(move |reverted| reverted.book == book)
    }

    /// When such a write to a card was last refused.
    pub fn reverted_at(&self, user: UserId, book: AddressBook, name: &str) -> Option<Revision> {
        let mut all = self.reverted(user, book, Revision(0));
        all.find(|reverted| *reverted.name == *name).map(|reverted| reverted.revision)
    }

    /// All such writes of a user, oldest first.
    pub fn all_reverted(&self, user: UserId) -> &[Reverted] {
        self.keeping(user).map(|keeping| keeping.reverted.as_slice()).unwrap_or_default()
    }

    /// The UIDs, without `urn:uuid:`, that a user starred before there was a contact with them.
    pub fn pending_stars(&self, user: UserId) -> impl Iterator<Item = &str> {
        self.keeping(user).into_iter().flat_map(|keeping| keeping.pending.iter().map(|uid| &**uid))
    }

    /// Whose pending favorite a UID is.
    pub fn waiting_for(&self, uid: &str) -> &[UserId] {
        self.waiting.get(&*uid_key(uid)).map(|users| &**users).unwrap_or_default()
    }
}
