//! What becomes of departments, sites, shared books and stars.

use std::sync::Arc;

use crate::account::group::{
    GroupRecord, Member, SharedBook, Star, kind_name, same_name, wrong_name,
};
use crate::contact::book::{AddressBook, BookId, Group, GroupKind};
use crate::contact::card::Field;
use crate::contact::{Book, Contact, ContactId, Draft, OrganizationId, UserId};
use crate::directory::CommitError;
use crate::directory::check::Checker;
use crate::store::{Change, Key, Record};

impl Checker<'_> {
    /// The departments and sites that a person's card names; those that are new are made.
    pub(super) fn groups_of(&mut self, draft: &Draft) -> Arc<[Group]> {
        if draft.book != Book::People {
            return Arc::default();
        }
        let mut groups = Vec::new();
        for kind in GroupKind::ALL {
            // A text that is no name stays on the card alone.
            let names = draft.card.all(field(kind)).filter(|name| wrong_name(name).is_none());
            for name in names {
                let known = self.state().group_named(&draft.organization, kind, name);
                let group =
                    known.unwrap_or_else(|| self.new_group(&draft.organization, kind, name));
                if !groups.contains(&group) {
                    groups.push(group);
                }
            }
        }
        groups.into()
    }

    fn new_group(&mut self, organization: &OrganizationId, kind: GroupKind, name: &str) -> Group {
        let taken = |id| self.state().has_group(organization, kind.group(id));
        let group = kind.group(BookId::of_name(name, taken));
        let name = name.split_whitespace().collect::<Vec<&str>>().join(" ").into();
        let record = GroupRecord { organization: organization.clone(), group, name };
        self.staged.put_group(&record);
        self.changes.push(Change::Put(Record::Group(record)));
        group
    }

    pub(super) fn put_group(&mut self, record: GroupRecord) -> Result<(), CommitError> {
        self.organization_exists(&record.organization)?;
        if let Some(wrong) = wrong_name(&record.name) {
            return Err(CommitError::WrongName(wrong));
        }
        let kind = record.group.kind();
        let holder = self.state().group_named(&record.organization, kind, &record.name);
        if holder.is_some_and(|holder| holder != record.group) {
            let (kind, name) = (kind_name(kind), record.name);
            return Err(CommitError::GroupTaken { kind, name });
        }
        let old = self.snapshot.group(&record.organization, record.group).cloned();
        self.staged.put_group(&record);
        self.put(Record::Group(record.clone()))?;
        match old.filter(|old| old.name != record.name) {
            Some(old) => self.rename_on_cards(&old, &record),
            None => Ok(()),
        }
    }

    /// Gives a department or site its new name on the cards of its members.
    fn rename_on_cards(&mut self, old: &GroupRecord, new: &GroupRecord) -> Result<(), CommitError> {
        let field = field(new.group.kind());
        let members: Vec<Arc<Contact>> = self
            .snapshot
            .people(&new.organization)
            .filter(|row| row.groups.contains(&new.group))
            .map(|row| row.shared())
            .collect();
        for member in members {
            let renamed =
                |value| if same_name(value) == same_name(&old.name) { &new.name } else { value };
            let values: Vec<&str> = member.card.all(field).map(renamed).collect();
            let mut card = member.card.edit();
            card.replace(field, values);
            // A card that had a name keeps it.
            let Ok(card) = card.finish() else { continue };
            let draft = Draft {
                organization: member.organization.clone(),
                book: member.book,
                name: member.name.clone(),
                uid: member.uid.clone(),
                card,
                body: None,
                listed: member.listed,
            };
            self.put_contact(member.id, draft)?;
        }
        Ok(())
    }

    pub(super) fn remove_group(
        &mut self,
        organization: OrganizationId,
        group: Group,
    ) -> Result<(), CommitError> {
        let book = AddressBook::Group(group);
        let record = self.snapshot.group(&organization, group).ok_or(CommitError::NoBook(book))?;
        let people = self.snapshot.people(&organization);
        let members = people.filter(|row| row.groups.contains(&group)).count();
        if members > 0 {
            return Err(CommitError::GroupInUse { members });
        }
        self.staged.remove_group(&organization, group, &record.name);
        self.remove(Key::Group(organization, group))
    }

    pub(super) fn put_shared_book(&mut self, book: SharedBook) -> Result<(), CommitError> {
        self.organization_exists(&book.organization)?;
        if let Some(wrong) = wrong_name(&book.name) {
            return Err(CommitError::WrongName(wrong));
        }
        let mut others = self.snapshot.shared_books(&book.organization);
        let same = |other: &SharedBook| same_name(&other.name) == same_name(&book.name);
        if others.any(|other| other.id != book.id && same(other)) {
            return Err(CommitError::GroupTaken { kind: "shared book", name: book.name });
        }
        for member in book.readers.iter().flatten().chain(&book.writers) {
            self.member_exists(&book.organization, *member)?;
        }
        let old = self.snapshot.shared_book(&book.organization, book.id);
        let same = |old: &&SharedBook| old.readers == book.readers && old.writers == book.writers;
        let revision = old.filter(same).map_or(self.staged.revision, |old| old.revision);
        self.staged.put_shared_book(&book.organization, book.id);
        self.put(Record::SharedBook(SharedBook { revision, ..book }))
    }

    fn member_exists(&self, of: &OrganizationId, member: Member) -> Result<(), CommitError> {
        match member {
            Member::User(id) => {
                let user = self.state().user(id).filter(|user| user.organization == *of);
                user.map(drop).ok_or(CommitError::NoUser(id))
            }
            Member::Group(group) if self.state().has_group(of, group) => Ok(()),
            Member::Group(group) => Err(CommitError::NoBook(AddressBook::Group(group))),
        }
    }

    pub(super) fn remove_shared_book(
        &mut self,
        organization: OrganizationId,
        id: BookId,
    ) -> Result<(), CommitError> {
        let book = Book::SharedBook(id);
        if self.snapshot.shared_book(&organization, id).is_none() {
            return Err(CommitError::NoBook(book.into()));
        }
        for member in self.members(&organization, book) {
            self.drop_contact(&member);
        }
        self.remove(Key::SharedBook(organization, id))
    }

    pub(super) fn star(
        &mut self,
        user: UserId,
        contact: ContactId,
        starred: bool,
    ) -> Result<(), CommitError> {
        self.state().user(user).ok_or(CommitError::NoUser(user))?;
        let was = self.snapshot.star(user, contact).is_some_and(|star| star.starred);
        if was == starred {
            return Ok(());
        }
        let revision = self.staged.revision;
        self.staged.stars.insert((user, contact));
        self.put(Record::Star(Star { user, contact, starred, revision }))
    }
}

/// Where a person's card names what they belong to.
fn field(kind: GroupKind) -> Field {
    match kind {
        GroupKind::Department => Field::Department,
        GroupKind::Site => Field::Site,
    }
}
