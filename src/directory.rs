//! Stand-in until the core lands: everything in memory.
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;
use uuid::Uuid;

use crate::account::{
    Organization, OrganizationId, OrganizationSettings, PhoneAccount, Token, User,
};
use crate::contact::{
    BODY_INLINE_BYTES_MAX, Body, Book, Contact, ContactId, Draft, Revision, Timestamp, UserId,
};
use crate::index::Snapshot;
use crate::store::{Store, StoreError};

/// The accounts.
pub struct Directory {
    snapshot: ArcSwap<Snapshot>,
    bodies: Mutex<BTreeMap<ContactId, Arc<[u8]>>>,
}

/// What was done.
#[derive(Debug)]
pub struct Committed {
    pub revision: Revision,
}

/// Edits.
#[derive(Default)]
pub struct Request {
    pub edits: Vec<Edit>,
    pub preconditions: Vec<Precondition>,
}

/// One edit.
pub enum Edit {
    PutContact { id: ContactId, draft: Draft },
    RemoveContact(ContactId),
    PutUser(User),
    RemoveUser(UserId),
    PutPhone(PhoneAccount),
    RemovePhone(OrganizationId, Box<str>),
    PutToken(Token),
    RemoveToken(Box<str>),
    PutOrganization(OrganizationSettings),
}

/// What must hold.
pub enum Precondition {
    AtRevision { id: ContactId, revision: Revision },
    NameFree { organization: OrganizationId, book: Book, name: Box<str> },
}

/// A refused commit.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    #[error("changed")]
    Changed,
    #[error("no contact")]
    NoContact(ContactId),
    #[error("name taken")]
    NameTaken { name: Box<str> },
    #[error("uid taken")]
    UidTaken { name: String },
    #[error("closed")]
    Closed,
    #[error("store")]
    Store(StoreError),
}

/// A new contact id.
pub fn new_id() -> ContactId {
    ContactId(Uuid::now_v7())
}

impl Directory {
    pub fn open(_store: Box<dyn Store>) -> Result<Self, StoreError> {
        Ok(Self { snapshot: ArcSwap::from_pointee(Snapshot::default()), bodies: Mutex::default() })
    }
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }
    pub fn body(&self, id: ContactId) -> Result<Option<(Revision, Vec<u8>)>, StoreError> {
        let snapshot = self.snapshot();
        let revision = snapshot.contacts.iter().find(|c| c.id == id).map(|c| c.revision);
        Ok(revision.zip(self.bodies.lock().unwrap().get(&id).map(|b| b.to_vec())))
    }
    pub async fn commit(&self, request: Request) -> Result<Committed, CommitError> {
        self.commit_blocking(request)
    }
    pub fn commit_blocking(&self, request: Request) -> Result<Committed, CommitError> {
        let mut next = Snapshot::clone(&self.snapshot());
        next.revision += 1;
        for precondition in request.preconditions {
            let holds = match precondition {
                Precondition::AtRevision { id, revision } => {
                    next.contacts.iter().any(|c| c.id == id && c.revision == revision)
                }
                Precondition::NameFree { organization, book, name } => {
                    next.by_name(&organization, book, &name).is_none()
                }
            };
            if !holds {
                return Err(CommitError::Changed);
            }
        }
        for edit in request.edits {
            match edit {
                Edit::PutContact { id, draft } => self.put(&mut next, id, draft)?,
                Edit::RemoveContact(id) => {
                    let revision = next.revision();
                    let old = next.contacts.iter().find(|c| c.id == id).cloned();
                    let old = old.ok_or(CommitError::NoContact(id))?;
                    next.contacts.retain(|c| c.id != id);
                    next.gone.push((
                        old.organization.clone(),
                        old.book,
                        old.resource_name(),
                        revision,
                    ));
                }
                Edit::PutUser(user) => drop(next.users.insert(user.id, user)),
                Edit::RemoveUser(id) => drop(next.users.remove(&id)),
                Edit::PutPhone(phone) => {
                    next.phones.insert((phone.organization.clone(), phone.name.clone()), phone);
                }
                Edit::RemovePhone(organization, name) => {
                    next.phones.remove(&(organization, name));
                }
                Edit::PutToken(token) => drop(next.tokens.insert(token.id.clone(), token)),
                Edit::RemoveToken(id) => drop(next.tokens.remove(&id)),
                Edit::PutOrganization(settings) => {
                    if let Ok(organization) = Organization::new(settings) {
                        next.organizations.insert(organization.id.clone(), organization);
                    }
                }
            }
        }
        let revision = next.revision();
        self.snapshot.store(Arc::new(next));
        Ok(Committed { revision })
    }
    fn put(&self, next: &mut Snapshot, id: ContactId, draft: Draft) -> Result<(), CommitError> {
        let revision = next.revision();
        if let Some(row) = draft
            .uid
            .as_deref()
            .and_then(|uid| next.by_uid(&draft.organization, draft.book, uid))
            .filter(|r| r.id != id)
        {
            return Err(CommitError::UidTaken { name: row.resource_name() });
        }
        let derived =
            next.organization(&draft.organization).unwrap().derivation.derive(&draft.card);
        let body = match draft.body {
            None => Body::Written,
            Some(bytes) if bytes.len() <= BODY_INLINE_BYTES_MAX => Body::Inline(bytes),
            Some(bytes) => {
                let length = bytes.len() as u32;
                self.bodies.lock().unwrap().insert(id, bytes);
                Body::Stored(length)
            }
        };
        let old = next.contacts.iter().find(|c| c.id == id);
        let created = old.map_or(Timestamp(1_790_000_000), |c| c.created);
        let hidden = next.organization(&draft.organization).unwrap().hidden_numbers;
        let reduced_revision = match old {
            Some(old)
                if old.card.without(hidden) == draft.card.without(hidden)
                    && old.listed == draft.listed =>
            {
                old.reduced_revision
            }
            _ => revision,
        };
        let contact = Contact {
            id,
            organization: draft.organization,
            book: draft.book,
            name: draft.name,
            uid: draft.uid,
            card: draft.card,
            body,
            listed: draft.listed,
            created,
            modified: Timestamp(1_790_000_000 + revision.0 as i64),
            revision,
            reduced_revision,
            derived,
        };
        let name = contact.resource_name();
        if !contact.listed {
            next.gone.push((contact.organization.clone(), contact.book, name.clone(), revision));
        }
        next.gone.retain(|g| {
            !(g.2 == name && g.0 == contact.organization && g.1 == contact.book && contact.listed)
        });
        next.contacts.retain(|c| c.id != id);
        next.contacts.push(contact);
        Ok(())
    }
}
