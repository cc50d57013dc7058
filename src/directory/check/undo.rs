//! What becomes of all that an import touched when it is undone. Everything takes the way of the
//! edits, so that clients that synchronize learn of it.

use rustc_hash::FxHashMap;

use crate::account::import::Undone;
use crate::account::property::Reverted;
use crate::contact::book::Group;
use crate::contact::{Body, Book, Contact, Draft, OrganizationId};
use crate::directory::CommitError;
use crate::directory::check::{Checker, Written};
use crate::directory::overlay::Overlay;
use crate::index::Snapshot;
use crate::store::{Change, Key, Recall, Record, Remembered, RememberedRecord};

/// The changes that undo an import, for a state in which everything is as the import left it.
pub(in crate::directory) fn undo(
    snapshot: &Snapshot,
    (accepted, staged): (&Overlay, &mut Overlay),
    remembered: Remembered,
    undone: Undone,
) -> Result<Vec<Change>, CommitError> {
    let mut checker = Checker { snapshot, accepted, staged, changes: Vec::new(), undoing: true };
    checker.undo(remembered, undone)?;
    Ok(checker.changes)
}

impl Checker<'_> {
    fn undo(&mut self, remembered: Remembered, undone: Undone) -> Result<(), CommitError> {
        let Remembered { import, created, contacts, records, .. } = remembered;
        for record in &records {
            if let (Key::User(id), None) = (&record.key, &record.before)
                && self.state().user(*id).is_some()
            {
                self.remove_user(*id)?;
            }
        }
        for id in created {
            // Those of a user are gone by now.
            if let Some(contact) = self.find(id) {
                self.drop_contact(&contact);
            }
        }
        let (made, found): (Vec<_>, Vec<_>) =
            records.into_iter().partition(|record| record.before.is_none());
        let (mut first, then): (Vec<_>, Vec<_>) = found.into_iter().partition(comes_first);
        // What else there is belongs to them.
        first.sort_by_key(|record| !matches!(record.key, Key::User(_)));
        for record in first {
            self.restore_record(record)?;
        }
        // Each step is taken back in the state that it led to.
        for known in contacts.into_iter().rev() {
            self.restore_contact(&import.id, known.before)?;
        }
        for record in then {
            self.restore_record(record)?;
        }
        self.remove_made(&made)?;
        self.changes.push(Change::Undone { import: import.id, undone });
        Ok(())
    }

    fn restore_contact(&mut self, import: &str, before: Contact) -> Result<(), CommitError> {
        let old = self.state().contact(&before.organization, before.id);
        let body = matches!(before.body, Body::Stored(_));
        let photo_differs = old.as_ref().and_then(|old| old.photo) != before.photo;
        let (id, photo) = (before.id, before.photo);
        let draft = Draft {
            organization: before.organization,
            book: before.book,
            name: before.name,
            uid: before.uid,
            card: before.card,
            body: None,
            listed: before.listed,
        };
        let (former, created) = (before.body, before.created);
        let written = Written { id, draft, body: former, new_body: body, photo, created };
        self.write(old, written, None)?;
        let photo_comes = photo_differs && photo.is_some();
        if body || photo_comes {
            let (import, contact) = (import.into(), id);
            self.changes.push(Change::Recall(Recall { import, contact, body, photo: photo_comes }));
        }
        if photo_differs && photo.is_none() {
            self.changes.push(Change::Picture(id, None));
        }
        Ok(())
    }

    /// Gives a record back that the import changed or removed; of users alone it is certain that
    /// nobody changed them since, so what else was changed stays as it is.
    fn restore_record(&mut self, known: RememberedRecord) -> Result<(), CommitError> {
        let Some(before) = known.before.filter(|_| !known.changed) else { return Ok(()) };
        match before {
            Record::User(user) => self.put_user(user),
            Record::PersonalBook(book) => self.put_personal_book(book),
            Record::Property(property) => self.put_property(property),
            Record::Star(star) => self.star(star.user, star.contact, star.starred),
            Record::PendingStar(star) => self.star_pending(star.user, &star.uid, true),
            Record::Group(record) => self.put_group(record),
            Record::SharedBook(book) => self.put_shared_book(book),
            Record::Reverted(Reverted { user, book, name, .. }) => self.revert(user, book, name),
            other => self.put(other),
        }
    }

    /// Removes what the import made besides contacts and users, where nothing else is in it.
    fn remove_made(&mut self, made: &[RememberedRecord]) -> Result<(), CommitError> {
        let mut in_use = FxHashMap::default();
        for record in made {
            match &record.key {
                Key::Group(of, group) => {
                    let in_use = in_use.entry(of).or_insert_with(|| self.state().groups_in_use(of));
                    if !in_use.contains(group) {
                        self.remove_empty_group(of, *group)?;
                    }
                }
                Key::SharedBook(of, id) => {
                    let known = self.snapshot.shared_book(of, *id).is_some();
                    if known && self.is_empty(of, Book::SharedBook(*id)) {
                        self.remove_shared_book(of.clone(), *id)?;
                    }
                }
                key if !record.changed => self.remove_of_user(key)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn remove_empty_group(
        &mut self,
        organization: &OrganizationId,
        group: Group,
    ) -> Result<(), CommitError> {
        let Some(known) = self.snapshot.group(organization, group) else { return Ok(()) };
        self.staged.remove_group(organization, group, &known.name);
        self.remove(Key::Group(organization.clone(), group))
    }

    /// What an import made of a user, where the user is still there.
    fn remove_of_user(&mut self, key: &Key) -> Result<(), CommitError> {
        let user = |id| self.state().user(id);
        match key {
            Key::PersonalBook(owner, id) => match user(*owner) {
                Some(user)
                    if self.snapshot.personal_book(*owner, *id).is_some()
                        && self.is_empty(&user.organization, Book::PersonalBook(*owner, *id)) =>
                {
                    self.remove_personal_book(*owner, *id)
                }
                _ => Ok(()),
            },
            Key::Star(id, contact) if user(*id).is_some() => self.star(*id, *contact, false),
            Key::PendingStar(id, uid) if user(*id).is_some() => self.star_pending(*id, uid, false),
            Key::Property { user, place, namespace, local } => {
                self.remove_property(*user, *place, (namespace.clone(), local.clone()))
            }
            Key::ColumnMap(..) | Key::AppPassword(..) | Key::Phone(..) | Key::Token(..) => {
                self.remove(key.clone())
            }
            _ => Ok(()),
        }
    }

    fn is_empty(&self, organization: &OrganizationId, book: Book) -> bool {
        self.members(organization, book).is_empty()
    }
}

/// Whether a record must be there before contacts are.
fn comes_first(record: &RememberedRecord) -> bool {
    matches!(
        record.key,
        Key::User(_) | Key::PersonalBook(..) | Key::Group(..) | Key::SharedBook(..)
    )
}
