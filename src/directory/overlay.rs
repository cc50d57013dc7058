//! What the requests of one transaction have changed so far, on top of a snapshot.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::account::User;
use crate::account::group::{GroupRecord, PersonalBook, same_name};
use crate::account::import::ColumnMapRecord;
use crate::account::property::DavProperty;
use crate::contact::book::{BookId, Group, GroupKind};
use crate::contact::{
    Book, Contact, ContactId, OrganizationId, Revision, Timestamp, UserId, uid_key,
};
use crate::directory::{Edit, Request};
use crate::index::Snapshot;

/// Contacts and accounts that differ from the snapshot; None where they are removed.
pub(super) struct Overlay {
    pub(super) revision: Revision,
    pub(super) now: Timestamp,
    contacts: FxHashMap<ContactId, Option<Arc<Contact>>>,
    names: FxHashMap<(Book, Box<str>), ContactId>,
    uids: FxHashMap<(Book, Box<str>), ContactId>,
    users: FxHashMap<UserId, Option<User>>,
    logins: FxHashMap<(OrganizationId, Box<str>), UserId>,
    principals: FxHashMap<Box<str>, UserId>,
    /// By their names under [`same_name`]; None where the name is free again.
    groups: FxHashMap<(OrganizationId, GroupKind, String), Option<Group>>,
    shared_books: FxHashSet<(OrganizationId, BookId)>,
    pub(super) personal_books: FxHashSet<(UserId, BookId)>,
    /// Whose personal books or properties are changed, or what of theirs was refused.
    pub(super) keepers: FxHashSet<UserId>,
    /// UIDs that became pending favorites.
    pub(super) pending: FxHashSet<Box<str>>,
    /// Whose column maps are changed.
    pub(super) column_maps: FxHashSet<OrganizationId>,
    pub(super) stars: FxHashSet<(UserId, ContactId)>,
    /// Whether an organization is new or changed.
    pub(super) organizations: bool,
}

impl Overlay {
    pub(super) fn new(revision: Revision, now: Timestamp) -> Self {
        Self {
            revision,
            now,
            contacts: FxHashMap::default(),
            names: FxHashMap::default(),
            uids: FxHashMap::default(),
            users: FxHashMap::default(),
            logins: FxHashMap::default(),
            principals: FxHashMap::default(),
            groups: FxHashMap::default(),
            shared_books: FxHashSet::default(),
            personal_books: FxHashSet::default(),
            keepers: FxHashSet::default(),
            pending: FxHashSet::default(),
            column_maps: FxHashSet::default(),
            stars: FxHashSet::default(),
            organizations: false,
        }
    }

    /// Whether a request edits a contact or user that is changed here, or removes the owner of one.
    pub(super) fn touches(&self, request: &Request) -> bool {
        let owns_changed = |user: &UserId| {
            let mut changed = self.contacts.values().flatten();
            changed.any(|contact| contact.book.owner() == Some(*user))
        };
        request.edits.iter().any(|edit| match edit {
            Edit::PutContact { id, draft } => {
                let uid = draft.uid.as_deref().map(uid_key);
                self.contacts.contains_key(id)
                    || uid.is_some_and(|uid| self.pending.contains(&*uid))
                    || draft.book.owner().is_some_and(|owner| self.keepers.contains(&owner))
            }
            Edit::PutPhoto { id, .. } => self.contacts.contains_key(id),
            Edit::RemoveContact(id) | Edit::RemoveUser(id) => {
                self.contacts.contains_key(id) || owns_changed(id) || self.keepers.contains(id)
            }
            Edit::PutUser(user) => self.users.contains_key(&user.id),
            // They are checked against, or change, all there is of an organization.
            Edit::PutOrganization(_)
            | Edit::PutGroup(_)
            | Edit::RemoveGroup(..)
            | Edit::PutSharedBook(_)
            | Edit::RemoveSharedBook(..) => !self.is_empty(),
            Edit::Star { user, contact, .. } => self.stars.contains(&(*user, *contact)),
            // Their checks look at the snapshot alone.
            Edit::PutPersonalBook(PersonalBook { owner: user, .. })
            | Edit::RemovePersonalBook(user, _)
            | Edit::PutProperty(DavProperty { user, .. })
            | Edit::RemoveProperty { user, .. }
            | Edit::Revert { user, .. }
            | Edit::StarPending { user, .. }
            | Edit::RememberLayout { user, .. } => {
                self.keepers.contains(user) || owns_changed(user)
            }
            Edit::PutColumnMap(ColumnMapRecord { organization, .. })
            | Edit::RemoveColumnMap(organization, _) => self.column_maps.contains(organization),
            _ => false,
        })
    }

    fn is_empty(&self) -> bool {
        self.contacts.is_empty()
            && self.users.is_empty()
            && self.groups.is_empty()
            && self.shared_books.is_empty()
            && !self.organizations
    }

    /// Takes over what a later overlay has changed.
    pub(super) fn absorb(&mut self, later: Self) {
        join(&mut self.contacts, later.contacts);
        join(&mut self.names, later.names);
        join(&mut self.uids, later.uids);
        join(&mut self.users, later.users);
        join(&mut self.logins, later.logins);
        join(&mut self.principals, later.principals);
        self.groups.extend(later.groups);
        self.shared_books.extend(later.shared_books);
        self.personal_books.extend(later.personal_books);
        self.keepers.extend(later.keepers);
        self.pending.extend(later.pending);
        self.column_maps.extend(later.column_maps);
        self.stars.extend(later.stars);
        self.organizations |= later.organizations;
    }

    pub(super) fn put_contact(&mut self, contact: &Arc<Contact>) {
        if let Some(name) = &contact.name {
            self.names.insert((contact.book, name.clone()), contact.id);
        }
        if let Some(uid) = &contact.uid {
            self.uids.insert((contact.book, uid_key(uid).into()), contact.id);
        }
        self.contacts.insert(contact.id, Some(Arc::clone(contact)));
    }

    pub(super) fn has_contact(&self, id: ContactId) -> bool {
        self.contacts.get(&id).is_some_and(Option::is_some)
    }

    pub(super) fn remove_contact(&mut self, id: ContactId) {
        self.contacts.insert(id, None);
    }

    pub(super) fn put_user(&mut self, user: &User) {
        for login in [&user.extension, &user.login].into_iter().flatten() {
            let login = login.to_lowercase().into();
            self.logins.insert((user.organization.clone(), login), user.id);
        }
        self.principals.insert(user.principal.clone(), user.id);
        self.users.insert(user.id, Some(user.clone()));
    }

    pub(super) fn remove_user(&mut self, id: UserId) {
        self.users.insert(id, None);
    }
}

impl Overlay {
    pub(super) fn put_group(&mut self, record: &GroupRecord) {
        // The name that it had is free.
        for group in self.groups.values_mut().filter(|group| **group == Some(record.group)) {
            *group = None;
        }
        let (organization, kind) = (record.organization.clone(), record.group.kind());
        self.groups.insert((organization, kind, same_name(&record.name)), Some(record.group));
    }

    pub(super) fn remove_group(&mut self, of: &OrganizationId, group: Group, name: &str) {
        self.groups.insert((of.clone(), group.kind(), same_name(name)), None);
    }

    pub(super) fn put_shared_book(&mut self, organization: &OrganizationId, id: BookId) {
        self.shared_books.insert((organization.clone(), id));
    }
}

/// Large requests mostly come first: nothing is copied then.
fn join<K: Eq + std::hash::Hash, V>(all: &mut FxHashMap<K, V>, later: FxHashMap<K, V>) {
    if all.is_empty() {
        *all = later;
    } else {
        all.extend(later);
    }
}

/// The state that a request is checked against: a snapshot, what the requests before it changed,
/// and what its own edits have changed.
#[derive(Clone, Copy)]
pub(super) struct State<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) layers: [&'a Overlay; 2],
}

impl State<'_> {
    /// The contact as it is at this point.
    pub(super) fn contact(
        &self,
        organization: &OrganizationId,
        id: ContactId,
    ) -> Option<Arc<Contact>> {
        match self.layers.iter().rev().find_map(|layer| layer.contacts.get(&id)) {
            Some(changed) => changed.clone(),
            None => self.snapshot.contact(organization, id).map(|row| row.shared()),
        }
    }

    pub(super) fn user(&self, id: UserId) -> Option<User> {
        match self.layers.iter().rev().find_map(|layer| layer.users.get(&id)) {
            Some(changed) => changed.clone(),
            None => self.snapshot.user(id).cloned(),
        }
    }

    /// Who has this resource name in the book.
    pub(super) fn named(
        &self,
        organization: &OrganizationId,
        book: Book,
        name: &str,
    ) -> Option<ContactId> {
        let known = self.snapshot.by_name(organization, book, name).map(|row| row.id);
        let key = (book, name.into());
        let holder = self.layers.iter().rev().find_map(|layer| layer.names.get(&key)).copied();
        let contact = self.contact(organization, holder.or(known)?)?;
        (contact.book == book && contact.resource_name() == name).then_some(contact.id)
    }

    /// Who has this UID in the book.
    pub(super) fn with_uid(
        &self,
        organization: &OrganizationId,
        book: Book,
        uid: &str,
    ) -> Option<Arc<Contact>> {
        let known = self.snapshot.by_uid(organization, book, uid).map(|row| row.id);
        let key = (book, uid_key(uid).into());
        let holder = self.layers.iter().rev().find_map(|layer| layer.uids.get(&key)).copied();
        let contact = self.contact(organization, holder.or(known)?)?;
        let same = uid_key(&contact.vcard_uid()) == uid_key(uid);
        (contact.book == book && same).then_some(contact)
    }

    /// Who signs in with this extension or user name.
    pub(super) fn login(&self, organization: &OrganizationId, login: &str) -> Option<UserId> {
        let login = login.to_lowercase();
        let known = self.snapshot.user_by_login(organization, &login).map(|user| user.id);
        let key = (organization.clone(), login.as_str().into());
        let holder = self.layers.iter().rev().find_map(|layer| layer.logins.get(&key)).copied();
        let user = self.user(holder.or(known)?)?;
        let names = [&user.extension, &user.login];
        let has = names.into_iter().flatten().any(|name| name.to_lowercase() == login);
        has.then_some(user.id)
    }

    /// The department or site of a name.
    pub(super) fn group_named(
        &self,
        organization: &OrganizationId,
        kind: GroupKind,
        name: &str,
    ) -> Option<Group> {
        let key = (organization.clone(), kind, same_name(name));
        match self.layers.iter().rev().find_map(|layer| layer.groups.get(&key)) {
            Some(changed) => *changed,
            None => self.snapshot.group_named(organization, kind, name),
        }
    }

    pub(super) fn has_group(&self, organization: &OrganizationId, group: Group) -> bool {
        let staged = |layer: &&Overlay| {
            let mut known = layer.groups.iter();
            known.any(|((of, ..), known)| of == organization && *known == Some(group))
        };
        self.snapshot.group(organization, group).is_some() || self.layers.iter().any(staged)
    }

    pub(super) fn has_shared_book(&self, organization: &OrganizationId, id: BookId) -> bool {
        let key = (organization.clone(), id);
        self.snapshot.shared_book(organization, id).is_some()
            || self.layers.iter().any(|layer| layer.shared_books.contains(&key))
    }

    pub(super) fn has_personal_book(&self, owner: UserId, id: BookId) -> bool {
        self.snapshot.personal_book(owner, id).is_some()
            || self.layers.iter().any(|layer| layer.personal_books.contains(&(owner, id)))
    }

    /// The departments and sites that have any people at this point.
    pub(super) fn groups_in_use(&self, organization: &OrganizationId) -> FxHashSet<Group> {
        let same = |id| !self.layers.iter().any(|layer| layer.contacts.contains_key(&id));
        let people = self.snapshot.people(organization).filter(|row| same(row.id));
        let mut groups: FxHashSet<Group> =
            people.flat_map(|row| row.shared().groups.to_vec()).collect();
        for contact in self.layers.iter().flat_map(|layer| layer.contacts.values().flatten()) {
            if contact.organization == *organization {
                groups.extend(contact.groups.iter().copied());
            }
        }
        groups
    }

    /// Who has, or had, this CardDAV path segment.
    pub(super) fn principal_holder(&self, segment: &str) -> Option<UserId> {
        let holder = self.layers.iter().rev().find_map(|layer| layer.principals.get(segment));
        holder.copied().or_else(|| self.snapshot.principal_holder(segment))
    }
}
