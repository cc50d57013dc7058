//! What becomes of further personal books, properties, refused writes and pending favorites.

use crate::account::group::{
    PENDING_STARS_MAX, PERSONAL_BOOKS_MAX, PendingStar, PersonalBook, wrong_name,
};
use crate::account::property::{
    DavProperty, KeptAt, PROPERTIES_BYTES_MAX, PROPERTIES_MAX, REVERTED_MAX, Reverted,
};
use crate::contact::book::{AddressBook, BookId};
use crate::contact::{Book, Contact, UserId, uid_key};
use crate::directory::CommitError;
use crate::directory::check::Checker;
use crate::store::{Key, Record};

impl Checker<'_> {
    pub(super) fn put_personal_book(&mut self, book: PersonalBook) -> Result<(), CommitError> {
        let user = self.state().user(book.owner).ok_or(CommitError::NoUser(book.owner))?;
        if user.organization != book.organization {
            return Err(CommitError::NoUser(book.owner));
        }
        if let Some(wrong) = wrong_name(&book.name) {
            return Err(CommitError::WrongName(wrong));
        }
        let holder = self.snapshot.personal_book_at(book.owner, &book.segment);
        if holder.is_some_and(|holder| holder.id != book.id) {
            return Err(CommitError::NameTaken { name: book.segment });
        }
        let is_new = self.snapshot.personal_book(book.owner, book.id).is_none();
        if is_new && self.snapshot.personal_books(book.owner).count() >= PERSONAL_BOOKS_MAX {
            return Err(CommitError::TooMany { what: "personal books", max: PERSONAL_BOOKS_MAX });
        }
        self.staged.keepers.insert(book.owner);
        self.staged.personal_books.insert((book.owner, book.id));
        self.put(Record::PersonalBook(book))
    }

    pub(super) fn remove_personal_book(
        &mut self,
        owner: UserId,
        id: BookId,
    ) -> Result<(), CommitError> {
        let book = Book::PersonalBook(owner, id);
        let record = self.snapshot.personal_book(owner, id);
        let organization = &record.ok_or_else(|| CommitError::NoBook(book.into()))?.organization;
        for member in self.members(organization, book) {
            self.drop_contact(&member);
        }
        self.forget_properties(owner, KeptAt::Book(book.into()))?;
        for reverted in self.snapshot.reverted(owner, book.into(), Default::default()) {
            self.remove(Key::Reverted(owner, reverted.book, reverted.name.clone()))?;
        }
        self.staged.keepers.insert(owner);
        self.remove(Key::PersonalBook(owner, id))
    }

    pub(super) fn put_property(&mut self, property: DavProperty) -> Result<(), CommitError> {
        let DavProperty { user, place, .. } = property;
        self.state().user(user).ok_or(CommitError::NoUser(user))?;
        let is = |known: &DavProperty| {
            known.place == place
                && known.namespace == property.namespace
                && known.local == property.local
        };
        let all = self.snapshot.all_properties(user);
        if all.len() >= PROPERTIES_MAX && !all.iter().any(is) {
            return Err(CommitError::TooMany { what: "properties", max: PROPERTIES_MAX });
        }
        if all.contains(&property) {
            return Ok(());
        }
        let others = all.iter().filter(|known| !is(known));
        let bytes = others.map(|known| known.value.len()).sum::<usize>() + property.value.len();
        if bytes > PROPERTIES_BYTES_MAX {
            let what = "bytes of properties";
            return Err(CommitError::TooMany { what, max: PROPERTIES_BYTES_MAX });
        }
        self.staged.keepers.insert(user);
        self.put(Record::Property(property))
    }

    /// One that is not there is as good as removed (RFC 4918 14.23).
    pub(super) fn remove_property(
        &mut self,
        user: UserId,
        place: KeptAt,
        (namespace, local): (Box<str>, Box<str>),
    ) -> Result<(), CommitError> {
        let mut all = self.snapshot.properties(user, place);
        if !all.any(|known| known.namespace == namespace && known.local == local) {
            return Ok(());
        }
        self.staged.keepers.insert(user);
        self.remove(Key::Property { user, place, namespace, local })
    }

    pub(super) fn forget_properties(
        &mut self,
        user: UserId,
        place: KeptAt,
    ) -> Result<(), CommitError> {
        for known in self.snapshot.properties(user, place) {
            let (namespace, local) = (known.namespace.clone(), known.local.clone());
            self.remove(Key::Property { user, place, namespace, local })?;
        }
        Ok(())
    }

    pub(super) fn revert(
        &mut self,
        user: UserId,
        book: AddressBook,
        name: Box<str>,
    ) -> Result<(), CommitError> {
        self.state().user(user).ok_or(CommitError::NoUser(user))?;
        let all = self.snapshot.all_reverted(user);
        if let Some(oldest) = all.first().filter(|_| all.len() >= REVERTED_MAX) {
            self.remove(Key::Reverted(user, oldest.book, oldest.name.clone()))?;
        }
        self.staged.keepers.insert(user);
        let revision = self.staged.revision;
        self.put(Record::Reverted(Reverted { user, book, name, revision }))
    }

    /// Everything that a user who goes kept; the properties of their contacts go with these.
    pub(super) fn forget_keeping(&mut self, user: UserId) -> Result<(), CommitError> {
        let snapshot = self.snapshot;
        for book in snapshot.personal_books(user) {
            self.remove(Key::PersonalBook(user, book.id))?;
        }
        for property in snapshot.all_properties(user) {
            let (namespace, local) = (property.namespace.clone(), property.local.clone());
            self.remove(Key::Property { user, place: property.place, namespace, local })?;
        }
        for reverted in snapshot.all_reverted(user) {
            self.remove(Key::Reverted(user, reverted.book, reverted.name.clone()))?;
        }
        for uid in snapshot.pending_stars(user) {
            self.remove(Key::PendingStar(user, uid.into()))?;
        }
        Ok(())
    }

    /// Stars the contact with a UID, now or when there is one; or waits for it no longer.
    pub(super) fn star_pending(
        &mut self,
        user: UserId,
        uid: &str,
        starred: bool,
    ) -> Result<(), CommitError> {
        let uid = &*uid_key(uid);
        let organization = self.state().user(user).ok_or(CommitError::NoUser(user))?.organization;
        let is_pending = self.snapshot.waiting_for(uid).contains(&user);
        if !starred {
            self.staged.keepers.insert(user);
            let key = Key::PendingStar(user, uid.into());
            return if is_pending { self.remove(key) } else { Ok(()) };
        }
        let further = self.snapshot.personal_books(user).map(|b| Book::PersonalBook(user, b.id));
        let shared = self.snapshot.shared_books(&organization).map(|b| Book::SharedBook(b.id));
        let homes = [Book::Personal(user)].into_iter().chain(further);
        let mut homes = homes.chain([Book::People, Book::Shared]).chain(shared);
        let state = self.state();
        if let Some(known) = homes.find_map(|home| state.with_uid(&organization, home, uid)) {
            return self.star(user, known.id, true);
        }
        let count = self.snapshot.pending_stars(user).count();
        if is_pending || count >= PENDING_STARS_MAX {
            return Ok(());
        }
        self.staged.keepers.insert(user);
        self.staged.pending.insert(uid.into());
        self.put(Record::PendingStar(PendingStar { user, uid: uid.into() }))
    }

    /// Stars a new contact for those who named it before; of a personal one only the owner counts.
    pub(super) fn end_waiting(&mut self, contact: &Contact) -> Result<(), CommitError> {
        let uid = contact.vcard_uid();
        let snapshot = self.snapshot;
        for user in snapshot.waiting_for(&uid) {
            let here = snapshot.user(*user).is_some_and(|u| u.organization == contact.organization);
            if here && contact.book.owner().is_none_or(|owner| owner == *user) {
                self.star(*user, contact.id, true)?;
                self.remove(Key::PendingStar(*user, uid_key(&uid).into()))?;
            }
        }
        Ok(())
    }
}
