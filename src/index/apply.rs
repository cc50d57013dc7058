//! How events turn one snapshot into the next.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::account::group::same_name;
use crate::account::{Organization, OrganizationSettings, PresenceVisibility, User};
use crate::contact::derived::Derivation;
use crate::contact::{Body, Contact, ContactId, OrganizationId, Revision, UserId};
use crate::index::alike::Alike;
use crate::index::neighbor::{Neighbor, share};
use crate::index::sharded::Sharded;
use crate::index::shelf::{Changes, Merge, Merged, Shelf};
use crate::index::{LoginKey, LoginKind, Snapshot, Tenant};
use crate::store::{Event, Key, Record};

/// What the events say of each shelf: an organization's or one of its users'.
type ShelfChanges = FxHashMap<(OrganizationId, Option<UserId>), Changes>;

/// A merge of segments that shall run outside the writer.
#[derive(Debug)]
pub struct BackgroundMerge {
    place: Place,
    merge: Merge,
}

/// What a [`BackgroundMerge`] made; see [`Snapshot::adopt`].
#[derive(Debug)]
pub struct MergedShelf {
    place: Place,
    merged: Merged,
}

/// The shelf of an organization, or what it sees of a neighbor.
#[derive(Debug)]
struct Place {
    organization: OrganizationId,
    neighbor: Option<OrganizationId>,
}

impl BackgroundMerge {
    /// Does the work; takes as long as indexing the segments' contacts.
    pub fn run(self) -> MergedShelf {
        MergedShelf { place: self.place, merged: self.merge.run() }
    }
}

impl Snapshot {
    /// The snapshot after these events, which lead to `revision`, and what of them was unusable.
    #[must_use]
    pub fn after(&self, events: Vec<Event>, revision: Revision) -> (Self, Vec<String>) {
        let mut next = self.clone();
        next.revision = revision;
        let mut broken = Vec::new();
        let mut shelves = ShelfChanges::default();
        let mut alike = Alike::default();
        for mut event in events {
            alike.share(&mut event);
            match event {
                Event::Put(Record::Contact(stored)) => {
                    let contact = next.rederived(stored.contact);
                    let key = (contact.organization.clone(), contact.book.owner());
                    shelves.entry(key).or_default().puts.push(contact);
                }
                Event::Leave(tombstone) => {
                    let key = (tombstone.organization.clone(), tombstone.owner());
                    shelves.entry(key).or_default().left.push(tombstone);
                }
                Event::Remove(Key::Contact(id)) => {
                    if let Some(key) = self.shelf_of(id) {
                        shelves.entry(key).or_default().removed.push(id);
                    }
                }
                Event::Put(record) => next.put(record, &mut broken),
                Event::Remove(key) => next.remove(key),
                Event::Broken { key, reason, rest } => {
                    broken.push(format!("{key}: {reason}"));
                    if let Some(contact) = rest {
                        let key = (contact.organization.clone(), contact.book.owner());
                        shelves.entry(key).or_default().puts.push(contact);
                    }
                }
            }
        }
        let mut changed: FxHashMap<OrganizationId, Vec<ContactId>> = FxHashMap::default();
        for ((organization, owner), changes) in shelves {
            if owner.is_none() {
                changed.entry(organization.clone()).or_default().extend(changes.contacts());
            }
            match next.tenants.get_mut(&organization) {
                Some(tenant) => tenant.change_shelf(owner, changes),
                None => broken.push(format!("contacts of unknown organization {organization}")),
            }
        }
        next.meet_neighbors(&changed);
        (next, broken)
    }

    /// Shows each organization what it sees of others.
    fn meet_neighbors(&mut self, changed: &FxHashMap<OrganizationId, Vec<ContactId>>) {
        let all: Vec<Arc<Organization>> =
            self.tenants.values().map(|tenant| Arc::clone(&tenant.organization)).collect();
        for here in &all {
            let mut neighbors = BTreeMap::new();
            for there in all.iter().filter(|there| share(here, there)) {
                let Some(people) = self.tenants.get(&there.id).map(|tenant| &tenant.shelf) else {
                    continue;
                };
                let known = self.tenants.get(&here.id).and_then(|t| t.neighbors.get(&there.id));
                let neighbor = match known.filter(|known| known.is_of(here, there)) {
                    Some(known) => {
                        let mut neighbor = known.clone();
                        if let Some(changed) = changed.get(&there.id) {
                            neighbor.follow((here, there), people, changed);
                        }
                        neighbor
                    }
                    None => Neighbor::new(here, there, people),
                };
                neighbors.insert(there.id.clone(), neighbor);
            }
            if let Some(tenant) = self.tenants.get_mut(&here.id) {
                tenant.neighbors = neighbors;
            }
        }
    }

    /// The merges that are due; small personal shelves never are.
    pub fn overdue_merges(&self) -> Vec<BackgroundMerge> {
        let due =
            |organization: &OrganizationId, neighbor: Option<&OrganizationId>, shelf: &Shelf| {
                let (organization, neighbor) = (organization.clone(), neighbor.cloned());
                let place = Place { organization, neighbor };
                Some(BackgroundMerge { place, merge: shelf.overdue()? })
            };
        let all = self.tenants.iter().flat_map(|(organization, tenant)| {
            let neighbors = tenant.neighbors.iter();
            let seen = neighbors.filter_map(move |(id, n)| due(organization, Some(id), n.shelf()));
            due(organization, None, &tenant.shelf).into_iter().chain(seen)
        });
        all.collect()
    }

    /// The snapshot with a merged segment in place of its inputs: the same contents.
    #[must_use]
    pub fn adopt(&self, merged: MergedShelf) -> Self {
        let mut next = self.clone();
        let MergedShelf { place, merged } = merged;
        if let Some(tenant) = next.tenants.get_mut(&place.organization) {
            match place.neighbor {
                None => drop(tenant.shelf.replace(merged)),
                Some(neighbor) => {
                    if let Some(neighbor) = tenant.neighbors.get_mut(&neighbor) {
                        neighbor.shelf_mut().replace(merged);
                    }
                }
            }
        }
        next
    }

    /// Where a contact is kept.
    fn shelf_of(&self, id: ContactId) -> Option<(OrganizationId, Option<UserId>)> {
        self.tenants.iter().find_map(|(organization, tenant)| match tenant.owners.get(&id) {
            Some(owner) => Some((organization.clone(), Some(*owner))),
            None => tenant.shelf.find(id).map(|_| (organization.clone(), None)),
        })
    }

    /// The contact with keys of its organization's present settings.
    fn rederived(&self, contact: Arc<Contact>) -> Arc<Contact> {
        match self.tenants.get(&contact.organization) {
            Some(tenant) => rederived(contact, &tenant.organization.derivation),
            None => contact,
        }
    }

    fn put(&mut self, record: Record, broken: &mut Vec<String>) {
        match record {
            Record::Organization(settings) => {
                let id = settings.id.clone();
                if let Err(fault) = self.put_organization(*settings) {
                    broken.push(format!("organization {id}: {fault}"));
                }
            }
            Record::User(user) => self.put_user(Arc::new(user)),
            Record::Phone(phone) => {
                if let Some(tenant) = self.tenants.get_mut(&phone.organization) {
                    Arc::make_mut(&mut tenant.phones).insert(phone.name.clone(), phone);
                }
            }
            Record::Token(token) => {
                Arc::make_mut(&mut self.tokens).insert(token.id.clone(), token);
            }
            Record::AppPassword(app) => {
                let mut all = self.app_passwords(app.user).to_vec();
                all.retain(|known| known.id != app.id);
                let user = app.user;
                all.push(app);
                self.app_passwords.insert(user, Arc::new(all));
            }
            Record::Star(star) => {
                // Taken out, so that many stars of one commit, or of the start, cost one copy.
                let mut stars = self.stars.remove(&star.user).unwrap_or_default();
                Arc::make_mut(&mut stars).insert(star.contact, star);
                self.stars.insert(star.user, stars);
            }
            Record::Group(record) => {
                if let Some(tenant) = self.tenants.get_mut(&record.organization) {
                    Arc::make_mut(&mut tenant.groups).put(record);
                }
            }
            Record::SharedBook(book) => {
                if let Some(tenant) = self.tenants.get_mut(&book.organization) {
                    Arc::make_mut(&mut tenant.shared_books).insert(book.id, book);
                }
            }
            Record::PersonalBook(book) => self.put_personal_book(book),
            Record::PendingStar(star) => self.put_pending_star(star),
            Record::Property(property) => self.put_property(property),
            Record::Reverted(reverted) => self.put_reverted(reverted),
            Record::ColumnMap(map) => {
                if let Some(tenant) = self.tenants.get_mut(&map.organization) {
                    let maps = Arc::make_mut(&mut tenant.column_maps);
                    maps.insert(same_name(&map.name), map);
                }
            }
            Record::Retired(retired) => self.principals.insert(retired.segment, retired.user),
            Record::Contact(_) => {}
        }
    }

    fn put_organization(
        &mut self,
        settings: OrganizationSettings,
    ) -> Result<(), crate::contact::number::UnknownRegion> {
        let organization = Arc::new(Organization::new(settings)?);
        match self.tenants.get_mut(&organization.id) {
            Some(tenant) => tenant.reorganize(organization),
            None => {
                let tenant = Tenant {
                    shelf: Shelf::default(),
                    personal: Sharded::default(),
                    owners: Sharded::default(),
                    phones: Arc::default(),
                    groups: Arc::default(),
                    shared_books: Arc::default(),
                    column_maps: Arc::default(),
                    presence_hidden: Arc::default(),
                    neighbors: BTreeMap::new(),
                    organization: Arc::clone(&organization),
                };
                self.tenants.insert(organization.id.clone(), tenant);
            }
        }
        Ok(())
    }

    fn put_user(&mut self, user: Arc<User>) {
        self.forget_names(user.id);
        for key in login_keys(&user) {
            let others = self.logins.get(&key).into_iter().flatten().copied();
            let holders = others.chain([user.id]).collect();
            self.logins.insert(key, holders);
        }
        self.hide_presence(&user.organization, user.id, user.presence);
        self.principals.insert(user.principal.clone(), user.id);
        self.users.insert(user.id, user);
    }

    fn hide_presence(
        &mut self,
        organization: &OrganizationId,
        user: UserId,
        presence: PresenceVisibility,
    ) {
        let Some(tenant) = self.tenants.get_mut(organization) else { return };
        let hidden = !presence.is_shown();
        if hidden != tenant.presence_hidden.contains(&user) {
            let users = Arc::make_mut(&mut tenant.presence_hidden);
            if hidden {
                users.insert(user)
            } else {
                users.remove(&user)
            };
        }
    }

    fn remove(&mut self, key: Key) {
        match key {
            Key::User(id) => {
                self.forget_names(id);
                if let Some(user) = self.users.get(&id).map(Arc::clone) {
                    self.hide_presence(&user.organization, id, PresenceVisibility::Shown);
                }
                self.users.remove(&id);
                self.app_passwords.remove(&id);
                self.stars.remove(&id);
                self.forget_keeping(id);
            }
            Key::AppPassword(user, id) => {
                let mut all = self.app_passwords(user).to_vec();
                all.retain(|known| known.id != id);
                self.app_passwords.insert(user, Arc::new(all));
            }
            Key::Group(organization, group) => {
                if let Some(tenant) = self.tenants.get_mut(&organization) {
                    Arc::make_mut(&mut tenant.groups).remove(group);
                }
            }
            Key::Star(user, contact) => {
                if let Some(mut stars) = self.stars.remove(&user) {
                    Arc::make_mut(&mut stars).remove(&contact);
                    self.stars.insert(user, stars);
                }
            }
            Key::SharedBook(organization, id) => {
                if let Some(tenant) = self.tenants.get_mut(&organization) {
                    Arc::make_mut(&mut tenant.shared_books).remove(&id);
                }
            }
            Key::Phone(organization, name) => {
                if let Some(tenant) = self.tenants.get_mut(&organization) {
                    Arc::make_mut(&mut tenant.phones).remove(&name);
                }
            }
            Key::Token(id) => {
                Arc::make_mut(&mut self.tokens).remove(&id);
            }
            Key::PersonalBook(owner, id) => self.remove_personal_book(owner, id),
            Key::PendingStar(user, uid) => self.remove_pending_star(user, &uid),
            Key::Property { user, place, namespace, local } => {
                self.remove_property(user, place, (&namespace, &local));
            }
            Key::Reverted(user, book, name) => self.remove_reverted(user, book, &name),
            Key::ColumnMap(organization, name) => {
                if let Some(tenant) = self.tenants.get_mut(&organization) {
                    let maps = Arc::make_mut(&mut tenant.column_maps);
                    if maps.get(&same_name(&name)).is_some_and(|map| map.name == name) {
                        maps.remove(&same_name(&name));
                    }
                }
            }
            // Contacts are changed shelf by shelf.
            Key::Contact(_) => {}
        }
    }

    fn forget_names(&mut self, id: UserId) {
        let Some(user) = self.users.get(&id).map(Arc::clone) else { return };
        for key in login_keys(&user) {
            let holders = self.logins.get(&key).into_iter().flatten().copied();
            let holders: Box<[UserId]> = holders.filter(|holder| *holder != id).collect();
            if holders.is_empty() {
                self.logins.remove(&key);
            } else {
                self.logins.insert(key, holders);
            }
        }
    }
}

impl Tenant {
    /// Takes new settings; where they make other keys, every contact gets them.
    fn reorganize(&mut self, organization: Arc<Organization>) {
        let old = std::mem::replace(&mut self.organization, organization);
        let derivation = Arc::clone(&self.organization.derivation);
        if old.derivation.fingerprint == derivation.fingerprint {
            return;
        }
        let owners: Vec<UserId> = self.personal.iter().map(|(owner, _)| *owner).collect();
        for owner in owners.into_iter().map(Some).chain([None]) {
            self.with_shelf(owner, |shelf| {
                let all = shelf.all().map(|contact| rederived(Arc::clone(contact), &derivation));
                let puts: Vec<Arc<Contact>> = all.collect();
                shelf.apply(Changes { puts, ..Changes::default() });
            });
        }
    }

    fn change_shelf(&mut self, owner: Option<UserId>, changes: Changes) {
        if let Some(owner) = owner {
            let left = changes.left.iter().map(|tombstone| tombstone.contact);
            for id in left.chain(changes.removed.iter().copied()) {
                self.owners.remove(&id);
            }
            for contact in &changes.puts {
                self.owners.insert(contact.id, owner);
            }
        }
        self.with_shelf(owner, |shelf| shelf.apply(changes));
    }

    fn with_shelf(&mut self, owner: Option<UserId>, change: impl FnOnce(&mut Shelf)) {
        let Some(owner) = owner else { return change(&mut self.shelf) };
        let mut shelf = self.personal.get(&owner).map(|shelf| Shelf::clone(shelf));
        change(shelf.get_or_insert_default());
        if let Some(shelf) = shelf.filter(|shelf| !shelf.is_empty()) {
            self.personal.insert(owner, Arc::new(shelf));
        }
    }
}

fn rederived(contact: Arc<Contact>, derivation: &Derivation) -> Arc<Contact> {
    // A broken one is found by none of its keys.
    if contact.derived.fingerprint == derivation.fingerprint || contact.body == Body::Broken {
        return contact;
    }
    let derived = derivation.derive(&contact.card);
    Arc::new(Contact { derived, ..Contact::clone(&contact) })
}

fn login_keys(user: &User) -> impl Iterator<Item = LoginKey> {
    let names = [
        (LoginKind::Extension, &user.extension),
        (LoginKind::Name, &user.login),
        (LoginKind::Email, &user.email),
    ];
    names.into_iter().filter_map(|(kind, name)| {
        let name = name.as_ref()?.to_lowercase().into();
        Some(LoginKey { organization: user.organization.clone(), kind, name })
    })
}
