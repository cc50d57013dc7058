//! Who and what an organization has besides contacts: accounts, departments, sites, shared books.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashSet;

use crate::account::User;
use crate::account::device::{AppPassword, PhoneAccount, Token};
use crate::account::group::{GroupRecord, SharedBook, Star, same_name};
use crate::account::import::ColumnMapRecord;
use crate::contact::book::{BookId, Group, GroupKind};
use crate::contact::{ContactId, OrganizationId, UserId};
use crate::index::{LoginKey, LoginKind, Snapshot};

/// The departments and sites of an organization, by id and by name.
#[derive(Clone, Debug, Default)]
pub(super) struct Groups {
    records: BTreeMap<Group, Arc<GroupRecord>>,
    names: BTreeMap<(GroupKind, String), Group>,
}

impl Groups {
    pub(super) fn put(&mut self, record: GroupRecord) {
        self.remove(record.group);
        self.names.insert((record.group.kind(), same_name(&record.name)), record.group);
        self.records.insert(record.group, Arc::new(record));
    }

    pub(super) fn remove(&mut self, group: Group) {
        if let Some(record) = self.records.remove(&group) {
            self.names.remove(&(group.kind(), same_name(&record.name)));
        }
    }
}

impl Snapshot {
    pub fn users(&self, organization: &OrganizationId) -> impl Iterator<Item = &User> {
        let users = self.users.values().map(|user| &**user);
        users.filter(move |user| user.organization == *organization)
    }

    pub fn user(&self, id: UserId) -> Option<&User> {
        self.users.get(&id).map(|user| &**user)
    }

    /// The user with this extension, user name or e-mail, in any case. An e-mail that several
    /// users share is nobody's login name.
    pub fn user_by_login(&self, organization: &OrganizationId, login: &str) -> Option<&User> {
        let name: Box<str> = login.to_lowercase().into();
        [LoginKind::Extension, LoginKind::Name, LoginKind::Email].into_iter().find_map(|kind| {
            let key = LoginKey { organization: organization.clone(), kind, name: name.clone() };
            match &**self.logins.get(&key)? {
                [only] => self.user(*only),
                _ => None,
            }
        })
    }

    /// The users of an organization of whose presence others may not know.
    pub fn presence_hidden(&self, organization: &OrganizationId) -> Option<&FxHashSet<UserId>> {
        let hidden = &self.tenants.get(organization)?.presence_hidden;
        (!hidden.is_empty()).then_some(hidden)
    }

    /// The user with this CardDAV path segment, such as `204.acme`.
    pub fn user_by_principal(&self, segment: &str) -> Option<&User> {
        self.principal_holder(segment).and_then(|id| self.user(id))
    }

    /// The user who has, or had, this CardDAV path segment: nobody else ever gets it.
    pub fn principal_holder(&self, segment: &str) -> Option<UserId> {
        self.principals.get(segment).copied()
    }

    pub fn phone(&self, organization: &OrganizationId, name: &str) -> Option<&PhoneAccount> {
        self.tenants.get(organization)?.phones.get(name.to_lowercase().as_str())
    }

    pub fn phones(&self, organization: &OrganizationId) -> impl Iterator<Item = &PhoneAccount> {
        self.tenants.get(organization).into_iter().flat_map(|tenant| tenant.phones.values())
    }

    pub fn token(&self, id: &str) -> Option<&Token> {
        self.tokens.get(id)
    }

    pub fn tokens(&self) -> impl Iterator<Item = &Token> {
        self.tokens.values()
    }

    /// The app passwords of a user.
    pub fn app_passwords(&self, user: UserId) -> &[AppPassword] {
        self.app_passwords.get(&user).map(|all| all.as_slice()).unwrap_or_default()
    }

    /// What a user starred, and what they no longer star.
    pub fn stars(&self, user: UserId) -> impl Iterator<Item = &Star> {
        self.stars.get(&user).into_iter().flat_map(|stars| stars.values())
    }

    /// What a user thinks of a contact.
    pub fn star(&self, user: UserId, contact: ContactId) -> Option<&Star> {
        self.stars.get(&user)?.get(&contact)
    }

    /// The departments and sites of an organization, by id.
    pub fn groups<'s>(
        &'s self,
        organization: &OrganizationId,
    ) -> impl Iterator<Item = &'s GroupRecord> + use<'s> {
        let groups = self.tenants.get(organization).into_iter();
        groups.flat_map(|tenant| tenant.groups.records.values().map(|record| &**record))
    }

    pub fn group(&self, organization: &OrganizationId, group: Group) -> Option<&GroupRecord> {
        self.tenants.get(organization)?.groups.records.get(&group).map(|record| &**record)
    }

    /// The department or site of a name.
    pub fn group_named(
        &self,
        organization: &OrganizationId,
        kind: GroupKind,
        name: &str,
    ) -> Option<Group> {
        self.tenants.get(organization)?.groups.names.get(&(kind, same_name(name))).copied()
    }

    /// The further shared books of an organization, by id.
    pub fn shared_books<'s>(
        &'s self,
        organization: &OrganizationId,
    ) -> impl Iterator<Item = &'s SharedBook> + use<'s> {
        self.tenants.get(organization).into_iter().flat_map(|tenant| tenant.shared_books.values())
    }

    pub fn shared_book(&self, organization: &OrganizationId, id: BookId) -> Option<&SharedBook> {
        self.tenants.get(organization)?.shared_books.get(&id)
    }

    /// The column maps that an organization keeps, by name.
    pub fn column_maps<'s>(
        &'s self,
        organization: &OrganizationId,
    ) -> impl Iterator<Item = &'s ColumnMapRecord> + use<'s> {
        self.tenants.get(organization).into_iter().flat_map(|tenant| tenant.column_maps.values())
    }

    /// The column map of a name, in any case.
    pub fn column_map(
        &self,
        organization: &OrganizationId,
        name: &str,
    ) -> Option<&ColumnMapRecord> {
        self.tenants.get(organization)?.column_maps.get(&same_name(name))
    }

    /// The organizations whose people are seen here.
    pub fn neighbors<'s>(
        &'s self,
        organization: &OrganizationId,
    ) -> impl Iterator<Item = &'s OrganizationId> + use<'s> {
        self.tenants.get(organization).into_iter().flat_map(|tenant| tenant.neighbors.keys())
    }
}
