//! Checks a request against the state it meets, and says what it changes.

use std::sync::Arc;

use crate::account::{OrganizationSettings, User};
use crate::contact::card::{Card, Field};
use crate::contact::{
    BODY_INLINE_BYTES_MAX, Body, Book, Contact, ContactId, Draft, OrganizationId, Rendition, UserId,
};
use crate::directory::overlay::{Overlay, State};
use crate::directory::{CommitError, Edit, Precondition, Request};
use crate::index::Snapshot;
use crate::store::{Change, Key, Record, RetiredPrincipal, StoredContact, Tombstone};

/// The changes that a request makes. What it changes goes to `staged`, so that its later edits and
/// the requests behind it see it.
pub(super) fn check(
    snapshot: &Snapshot,
    accepted: &Overlay,
    staged: &mut Overlay,
    request: Request,
) -> Result<Vec<Change>, CommitError> {
    let mut checker = Checker { snapshot, accepted, staged, changes: Vec::new() };
    for precondition in &request.preconditions {
        checker.require(precondition)?;
    }
    for edit in request.edits {
        checker.edit(edit)?;
    }
    Ok(checker.changes)
}

/// A contact, and its body where that is too large to stay in memory.
type Finished = (Contact, Option<Arc<[u8]>>);

struct Checker<'a> {
    snapshot: &'a Snapshot,
    accepted: &'a Overlay,
    staged: &'a mut Overlay,
    changes: Vec<Change>,
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
            Edit::PutOrganization(settings) => self.put_organization(settings),
            Edit::PutImport(report) => self.put(Record::Import(report)),
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

    fn put_contact(&mut self, id: ContactId, draft: Draft) -> Result<(), CommitError> {
        let old = self.state().contact(&draft.organization, id);
        if old.is_none() && self.find(id).is_some() {
            // Another organization's: for this one there is no such contact.
            return Err(CommitError::NoContact(id));
        }
        if let Book::Personal(owner) = draft.book {
            // The owner may have been removed since the door looked.
            self.state().user(owner).ok_or(CommitError::NoUser(owner))?;
        }
        self.names_are_free(id, &draft)?;
        self.extension_stays(id, old.as_deref(), &draft)?;
        let Some((new, body)) = self.finished(id, draft, old.as_deref())? else { return Ok(()) };
        let left = |old: &Contact| listed_in(old).is_some() && listed_in(old) != listed_in(&new);
        if let Some(old) = old.filter(|old| left(old)) {
            self.leave(&old);
        }
        let contact = Arc::new(new);
        self.staged.put_contact(&contact);
        self.put(Record::Contact(StoredContact { contact, body }))
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
        if let Some(extension) = given.filter(|given| Some(*given) != new) {
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
        id: ContactId,
        draft: Draft,
        old: Option<&Contact>,
    ) -> Result<Option<Finished>, CommitError> {
        let organization = self.snapshot.organization(&draft.organization);
        let organization =
            organization.ok_or_else(|| CommitError::NoOrganization(draft.organization.clone()))?;
        let (body, stored) = match draft.body {
            None => (Body::Written, None),
            Some(bytes) if bytes.len() <= BODY_INLINE_BYTES_MAX => (Body::Inline(bytes), None),
            Some(bytes) => {
                (Body::Stored(u32::try_from(bytes.len()).unwrap_or(u32::MAX)), Some(bytes))
            }
        };
        let hidden = organization.hidden(Rendition::Reduced);
        let same_shown = |old: &Contact| {
            old.listed == draft.listed
                && old.book == draft.book
                && reduced(&old.card, hidden) == reduced(&draft.card, hidden)
                && (draft.book == Book::People || old.body == body && stored.is_none())
        };
        let same_shown = old.filter(|old| same_shown(old) && old.name == draft.name);
        let same = same_shown.is_some_and(|old| {
            old.card == draft.card && old.uid == draft.uid && old.body == body && stored.is_none()
        });
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
            listed: draft.listed,
            created: old.map_or(self.staged.now, |old| old.created),
            modified: self.staged.now,
            revision: self.staged.revision,
            reduced_revision: same_shown.map_or(self.staged.revision, |old| old.reduced_revision),
        };
        Ok(Some((contact, stored)))
    }

    fn leave(&mut self, old: &Contact) {
        self.changes.push(Change::Leave(Tombstone {
            organization: old.organization.clone(),
            book: old.book,
            contact: old.id,
            name: old.resource_name().into(),
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
        if listed_in(old).is_some() {
            self.leave(old);
        }
        self.staged.remove_contact(old.id);
        self.changes.push(Change::Remove(Key::Contact(old.id)));
    }

    fn put_user(&mut self, user: User) -> Result<(), CommitError> {
        self.organization_exists(&user.organization)?;
        let old = self.state().user(user.id);
        let given = old.and_then(|old| old.extension);
        if let Some(extension) = given.filter(|given| user.extension.as_ref() != Some(given)) {
            return Err(CommitError::ExtensionFixed { extension });
        }
        let taken = |login: &Option<Box<str>>| {
            let holder = self.state().login(&user.organization, login.as_ref()?)?;
            (holder != user.id).then(|| login.clone())?
        };
        if let Some(extension) = taken(&user.extension) {
            return Err(CommitError::ExtensionTaken { extension });
        }
        if let Some(login) = taken(&user.login) {
            return Err(CommitError::LoginTaken { login });
        }
        if self.state().principal_holder(&user.principal).is_some_and(|holder| holder != user.id) {
            return Err(CommitError::LoginTaken { login: user.principal });
        }
        self.staged.put_user(&user);
        self.put(Record::User(user))
    }

    fn remove_user(&mut self, id: UserId) -> Result<(), CommitError> {
        let user = self.state().user(id).ok_or(CommitError::NoUser(id))?;
        let organization = &user.organization;
        let personal = self.snapshot.members(organization, Book::Personal(id));
        let personal: Vec<ContactId> = personal.map(|row| row.id).collect();
        for contact in personal.into_iter().chain([id]) {
            if let Some(old) = self.state().contact(organization, contact) {
                self.drop_contact(&old);
            }
        }
        self.staged.remove_user(id);
        self.put(Record::Retired(RetiredPrincipal { segment: user.principal.clone(), user: id }))?;
        self.remove(Key::User(id))
    }

    fn put_organization(&mut self, settings: OrganizationSettings) -> Result<(), CommitError> {
        let suffix = settings.suffix.to_lowercase();
        let domain = settings.domain.to_lowercase();
        let holds = |a: &str, b: &str| a == b || a.ends_with(&format!(",{b}"));
        for other in self.snapshot.organizations().filter(|other| other.id != settings.id) {
            let theirs = other.suffix.to_lowercase();
            let nested = holds(&suffix, &theirs) || holds(&theirs, &suffix);
            if nested || other.domain == domain {
                return Err(CommitError::SuffixTaken);
            }
        }
        crate::account::Organization::new(settings.clone())?;
        self.put(Record::Organization(settings))
    }
}

/// The book in which viewers see the contact.
fn listed_in(contact: &Contact) -> Option<Book> {
    (contact.listed || contact.book != Book::People).then_some(contact.book)
}

fn reduced(card: &Card, hidden: crate::contact::card::FieldSet) -> Card {
    if hidden.is_empty() { card.clone() } else { card.without(hidden) }
}
