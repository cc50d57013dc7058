//! Stand-in until the core lands: accounts in memory.
use std::sync::Arc;

use arc_swap::ArcSwap;
use uuid::Uuid;

use crate::account::{
    Organization, OrganizationId, OrganizationSettings, PhoneAccount, Token, User,
};
use crate::contact::{ContactId, Draft, Revision, UserId};
use crate::index::Snapshot;
use crate::store::{Store, StoreError};

/// The accounts.
pub struct Directory {
    snapshot: ArcSwap<Snapshot>,
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
    PutUser(User),
    RemoveUser(UserId),
    PutPhone(PhoneAccount),
    RemovePhone(OrganizationId, Box<str>),
    PutToken(Token),
    RemoveToken(Box<str>),
    PutOrganization(OrganizationSettings),
}

/// None yet.
pub enum Precondition {}

/// A refused commit.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
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
        Ok(Self { snapshot: ArcSwap::from_pointee(Snapshot::default()) })
    }
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }
    pub async fn commit(&self, request: Request) -> Result<Committed, CommitError> {
        self.commit_blocking(request)
    }
    pub fn commit_blocking(&self, request: Request) -> Result<Committed, CommitError> {
        let mut next = Snapshot::clone(&self.snapshot());
        for edit in request.edits {
            match edit {
                Edit::PutContact { .. } => {}
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
        next.revision += 1;
        let revision = next.revision();
        self.snapshot.store(Arc::new(next));
        Ok(Committed { revision })
    }
}
