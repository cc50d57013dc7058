//! Checks a request against the state it meets, and says what it changes.

use std::sync::Arc;

use crate::account::property::KeptAt;
use crate::contact::book::{AddressBook, Group};
use crate::contact::card::{Card, Field};
use crate::contact::photo::{Photo, Picture};
use crate::contact::{
    BODY_INLINE_BYTES_MAX, Body, Book, Contact, ContactId, Draft, OrganizationId, Rendition,
    Timestamp,
};
use crate::directory::overlay::{Overlay, State};
use crate::directory::{CommitError, Edit, Precondition, Request};
use crate::index::{Extent, Snapshot};
use crate::store::{Change, Key, Record, StoredContact, Tombstone};

mod account;
mod group;
mod import;
mod keeping;
mod organization;
mod undo;

pub(super) use undo::undo;

/// The changes that a request makes. What it changes goes to `staged`, so that its later edits and
/// the requests behind it see it.
pub(super) fn check(
    snapshot: &Snapshot,
    accepted: &Overlay,
    staged: &mut Overlay,
    request: Request,
) -> Result<Vec<Change>, CommitError> {
    let changes = Vec::with_capacity(request.edits.len());
    let mut checker = Checker { snapshot, accepted, staged, changes, undoing: false };
    for precondition in &request.preconditions {
        checker.require(precondition)?;
    }
    for edit in request.edits {
        checker.edit(edit)?;
    }
    Ok(checker.changes)
}

/// A contact to be written.
struct Written {
    id: ContactId,
    /// Without body.
    draft: Draft,
    body: Body,
    /// Whether the body is another one for certain: a large one cannot be compared.
    new_body: bool,
    photo: Option<Photo>,
    created: Timestamp,
}

struct Checker<'a> {
    snapshot: &'a Snapshot,
    accepted: &'a Overlay,
    staged: &'a mut Overlay,
    changes: Vec<Change>,
    /// An import that gave an extension is undone: it is not for good then.
    undoing: bool,
}

impl Checker<'_> {
    fn state(&self) -> State<'_> {
        State { snapshot: self.snapshot, layers: [self.accepted, self.staged] }
    }

    fn require(&self, precondition: &Precondition) -> Result<(), CommitError> {
        let holds = match precondition {
            Precondition::AtRevision { id, revision } => {
                self.find(*id).is_some_and(|contact| contact.revision == *revision)
            }
            Precondition::NameFree { organization, book, name } => {
                self.state().named(organization, *book, name).is_none()
            }
            Precondition::BookFree { organization, book } => match *book {
                AddressBook::Group(group) => !self.state().has_group(organization, group),
                AddressBook::Home(Book::SharedBook(id)) => {
                    !self.state().has_shared_book(organization, id)
                }
                AddressBook::Home(Book::PersonalBook(owner, id)) => {
                    self.snapshot.personal_book(owner, id).is_none()
                }
                _ => false,
            },
        };
        if holds { Ok(()) } else { Err(CommitError::Changed) }
    }

    /// A contact of any organization.
    fn find(&self, id: ContactId) -> Option<Arc<Contact>> {
        let organizations = self.snapshot.organizations();
        organizations.into_iter().find_map(|of| self.state().contact(&of.id, id))
    }

    fn edit(&mut self, edit: Edit) -> Result<(), CommitError> {
        match edit {
            Edit::PutContact { id, draft } => self.put_contact(id, draft),
            Edit::PutPhoto { id, picture } => self.put_photo(id, picture),
            Edit::RemoveContact(id) => self.remove_contact(id),
            Edit::PutUser(user) => self.put_user(user),
            Edit::RemoveUser(id) => self.remove_user(id),
            Edit::PutPhone(phone) => {
                self.organization_exists(&phone.organization)?;
                self.put(Record::Phone(phone))
            }
            Edit::RemovePhone(organization, name) => {
                self.remove(Key::Phone(organization, name.to_lowercase().into()))
            }
            Edit::PutToken(token) => self.put(Record::Token(token)),
            Edit::RemoveToken(id) => self.remove(Key::Token(id)),
            Edit::PutAppPassword(app) => {
                self.state().user(app.user).ok_or(CommitError::NoUser(app.user))?;
                self.put(Record::AppPassword(app))
            }
            Edit::RememberLayout { user, app, layout } => self.remember_layout(user, &app, layout),
            Edit::RemoveAppPassword(user, id) => {
                self.staged.keepers.insert(user);
                self.remove(Key::AppPassword(user, id))
            }
            Edit::PutOrganization(settings) => self.put_organization(*settings),
            Edit::PutGroup(record) => self.put_group(record),
            Edit::RemoveGroup(organization, group) => self.remove_group(organization, group),
            Edit::PutSharedBook(book) => self.put_shared_book(book),
            Edit::RemoveSharedBook(organization, id) => self.remove_shared_book(organization, id),
            Edit::Star { user, contact, starred } => self.star(user, contact, starred),
            Edit::PutPersonalBook(book) => self.put_personal_book(book),
            Edit::RemovePersonalBook(owner, id) => self.remove_personal_book(owner, id),
            Edit::PutProperty(property) => self.put_property(property),
            Edit::RemoveProperty { user, place, namespace, local } => {
                self.remove_property(user, place, (namespace, local))
            }
            Edit::Revert { user, book, name } => self.revert(user, book, name),
            Edit::StarPending { user, uid, starred } => self.star_pending(user, &uid, starred),
            Edit::PutColumnMap(map) => self.put_column_map(map),
            Edit::RemoveColumnMap(organization, name) => {
                self.remove_column_map(&organization, &name)
            }
            Edit::PutImport(import) => {
                self.organization_exists(&import.organization)?;
                self.changes.push(Change::Import(import));
                Ok(())
            }
        }
    }

    fn put(&mut self, record: Record) -> Result<(), CommitError> {
        self.changes.push(Change::Put(record));
        Ok(())
    }

    fn remove(&mut self, key: Key) -> Result<(), CommitError> {
        self.changes.push(Change::Remove(key));
        Ok(())
    }

    fn organization_exists(&self, id: &OrganizationId) -> Result<(), CommitError> {
        match self.snapshot.organization(id) {
            Some(_) => Ok(()),
            None => Err(CommitError::NoOrganization(id.clone())),
        }
    }

    fn put_contact(&mut self, id: ContactId, mut draft: Draft) -> Result<(), CommitError> {
        let old = self.state().contact(&draft.organization, id);
        let (body, stored) = match draft.body.take() {
            None => (Body::Written, None),
            Some(bytes) if bytes.len() <= BODY_INLINE_BYTES_MAX => (Body::Inline(bytes), None),
            Some(bytes) => {
                (Body::Stored(u32::try_from(bytes.len()).unwrap_or(u32::MAX)), Some(bytes))
            }
        };
        let new_body = stored.is_some();
        let photo = old.as_ref().and_then(|old| old.photo);
        let created = old.as_ref().map_or(self.staged.now, |old| old.created);
        self.write(old, Written { id, draft, body, new_body, photo, created }, stored)
    }

    /// Writes a contact; `stored` is its body where that is too large to stay in memory.
    fn write(
        &mut self,
        old: Option<Arc<Contact>>,
        written: Written,
        stored: Option<Arc<[u8]>>,
    ) -> Result<(), CommitError> {
        let (id, draft) = (written.id, &written.draft);
        if old.is_none() && self.find(id).is_some() {
            // Another organization's: for this one there is no such contact.
            return Err(CommitError::NoContact(id));
        }
        if let Some(owner) = draft.book.owner() {
            // The owner may have been removed since the door looked.
            self.state().user(owner).ok_or(CommitError::NoUser(owner))?;
        }
        if let Book::PersonalBook(owner, id) = draft.book
            && !self.state().has_personal_book(owner, id)
        {
            return Err(CommitError::NoBook(draft.book.into()));
        }
        if let Book::SharedBook(book) = draft.book
            && !self.state().has_shared_book(&draft.organization, book)
        {
            return Err(CommitError::NoBook(draft.book.into()));
        }
        self.names_are_free(id, draft)?;
        self.extension_stays(id, old.as_deref(), draft)?;
        let groups = self.groups_of(draft);
        let Some(new) = self.finished(written, groups, old.as_deref())? else { return Ok(()) };
        if let Some(old) = old {
            for book in seen_in(&old).filter(|book| !seen_in(&new).any(|now| now == *book)) {
                self.leave(&old, book);
            }
            // It is gone under the name and the UID that it had.
            let renamed = old.resource_name() != new.resource_name() || old.uid != new.uid;
            if old.book == new.book && renamed {
                self.leave(&old, old.book.into());
            }
        }
        let contact = Arc::new(new);
        self.staged.put_contact(&contact);
        self.end_waiting(&contact)?;
        self.put(Record::Contact(StoredContact { contact, body: stored }))
    }

    fn names_are_free(&self, id: ContactId, draft: &Draft) -> Result<(), CommitError> {
        if let Some(name) = &draft.name {
            let holder = self.state().named(&draft.organization, draft.book, name);
            if holder.is_some_and(|holder| holder != id) {
                return Err(CommitError::NameTaken { name: name.clone() });
            }
        }
        if let Some(uid) = &draft.uid {
            let holder = self.state().with_uid(&draft.organization, draft.book, uid);
            if let Some(holder) = holder.filter(|holder| holder.id != id) {
                return Err(CommitError::UidTaken { name: holder.resource_name() });
            }
        }
        Ok(())
    }

    /// A person's extension is given once and to one user.
    fn extension_stays(
        &self,
        id: ContactId,
        old: Option<&Contact>,
        draft: &Draft,
    ) -> Result<(), CommitError> {
        if draft.book != Book::People {
            return Ok(());
        }
        let new = draft.card.first(Field::Extension);
        let given = old.and_then(|old| old.card.first(Field::Extension));
        if let Some(extension) = given.filter(|given| !self.undoing && Some(*given) != new) {
            return Err(CommitError::ExtensionFixed { extension: extension.into() });
        }
        let Some(extension) = new else { return Ok(()) };
        match self.state().login(&draft.organization, extension) {
            Some(holder) if holder != id => {
                Err(CommitError::ExtensionTaken { extension: extension.into() })
            }
            _ => Ok(()),
        }
    }

    /// The contact that the draft makes; None where it is there already, to the letter.
    fn finished(
        &self,
        written: Written,
        groups: Arc<[Group]>,
        old: Option<&Contact>,
    ) -> Result<Option<Contact>, CommitError> {
        let Written { id, draft, body, new_body, photo, created } = written;
        let organization = self.snapshot.organization(&draft.organization);
        let organization =
            organization.ok_or_else(|| CommitError::NoOrganization(draft.organization.clone()))?;
        let hidden = organization.hidden(Rendition::Reduced);
        let same_shown = |old: &Contact| {
            old.listed == draft.listed
                && old.book == draft.book
                && old.photo == photo
                && old.groups == groups
                && old.uid == draft.uid
                && reduced(&old.card, hidden) == reduced(&draft.card, hidden)
                && (draft.book == Book::People || old.body == body && !new_body)
        };
        let same_shown = old.filter(|old| same_shown(old) && old.name == draft.name);
        let same =
            same_shown.is_some_and(|old| old.card == draft.card && old.body == body && !new_body);
        if same {
            return Ok(None);
        }
        let contact = Contact {
            id,
            organization: draft.organization,
            book: draft.book,
            name: draft.name,
            uid: draft.uid,
            derived: organization.derivation.derive(&draft.card),
            card: draft.card,
            body,
            photo,
            listed: draft.listed,
            groups,
            created,
            // Everybody is told the time: one that moves would tell of a number that is hidden.
            modified: same_shown.map_or(self.staged.now, |old| old.modified),
            revision: self.staged.revision,
            reduced_revision: same_shown.map_or(self.staged.revision, |old| old.reduced_revision),
        };
        Ok(Some(contact))
    }

    /// A photo is part of what everybody sees of the card.
    fn put_photo(
        &mut self,
        id: ContactId,
        picture: Option<Arc<Picture>>,
    ) -> Result<(), CommitError> {
        let old = self.find(id).ok_or(CommitError::NoContact(id))?;
        let photo = picture.as_ref().map(|picture| picture.photo);
        if photo == old.photo {
            return Ok(());
        }
        let (modified, revision) = (self.staged.now, self.staged.revision);
        let reduced_revision = revision;
        let new = Contact { photo, modified, revision, reduced_revision, ..Contact::clone(&old) };
        let contact = Arc::new(new);
        let is_put = self.staged.has_contact(id);
        self.staged.put_contact(&contact);
        // Mostly the last one.
        let earlier = self.changes.iter_mut().rev().filter(|_| is_put);
        let mut earlier = earlier.filter_map(|change| match change {
            Change::Put(Record::Contact(stored)) => Some(stored),
            _ => None,
        });
        match earlier.find(|stored| stored.contact.id == id) {
            Some(stored) => stored.contact = contact,
            None => self.put(Record::Contact(StoredContact { contact, body: None }))?,
        }
        self.changes.push(Change::Picture(id, picture));
        Ok(())
    }

    /// The contacts of a book that are in it at this point.
    fn members(&self, organization: &OrganizationId, book: Book) -> Vec<Arc<Contact>> {
        let homes = [book];
        let extent = Extent::of(&homes);
        let known = self.snapshot.members(organization, &extent);
        let now = known.filter_map(|row| self.state().contact(organization, row.id));
        now.filter(|contact| contact.book == book).collect()
    }

    fn leave(&mut self, old: &Contact, book: AddressBook) {
        self.changes.push(Change::Leave(Tombstone {
            organization: old.organization.clone(),
            book,
            contact: old.id,
            name: old.resource_name().into(),
            uid: old.uid.clone(),
            revision: self.staged.revision,
        }));
    }

    fn remove_contact(&mut self, id: ContactId) -> Result<(), CommitError> {
        let old = self.find(id).ok_or(CommitError::NoContact(id))?;
        if old.book == Book::People && self.state().user(id).is_some() {
            return self.remove_user(id);
        }
        self.drop_contact(&old);
        Ok(())
    }

    fn drop_contact(&mut self, old: &Contact) {
        if let Some(owner) = old.book.owner() {
            // Nothing stands against it.
            drop(self.forget_properties(owner, KeptAt::Card(old.id)));
        }
        for book in seen_in(old) {
            self.leave(old, book);
        }
        self.staged.remove_contact(old.id);
        self.changes.push(Change::Remove(Key::Contact(old.id)));
    }
}

/// The home, departments and sites in which viewers see the contact.
fn seen_in(contact: &Contact) -> impl Iterator<Item = AddressBook> {
    let groups = contact.groups.iter().map(|group| AddressBook::Group(*group));
    let listed = contact.listed || contact.book != Book::People;
    std::iter::once(contact.book.into()).chain(groups).filter(move |_| listed)
}

fn reduced(card: &Card, hidden: crate::contact::card::FieldSet) -> Card {
    if hidden.is_empty() { card.clone() } else { card.without(hidden) }
}
