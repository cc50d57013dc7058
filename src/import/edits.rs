//! The edits of a plan: the rows are read once more, and what was decided about each is done.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use crate::account::{PresenceVisibility, Role, SecretHash, User};
use crate::contact::card::{Card, Field};
use crate::contact::{Body, Book, Contact, ContactId, Draft, bare_uid};
use crate::directory::{Edit, Precondition, Request};
use crate::file::{Covers, Entry, FileError};
use crate::import::differs::{changes_body, changes_star, changes_user, new_card};
use crate::import::person::{NewUser, email, is_taken_in};
use crate::import::place::{Place, Places};
use crate::import::plan::{Decision, Plan, resolved};
use crate::import::references::References;
use crate::import::source::Source;
use crate::import::{Hashes, Job, Means, fault};
use crate::vcard::edit::edit;
use crate::vcard::read::read;

/// Makes the edits of a plan, and adds to its report what of the rows had to be left out. They hold
/// only while what they change is as the plan found it.
///
/// # Errors
/// [`FileError`] where the file cannot be read again.
pub fn edits(
    plan: &mut Plan,
    source: &Source,
    job: &Job,
    (hashes, means): (&Hashes, &Means<'_>),
) -> Result<Request, FileError> {
    let snapshot = Arc::clone(&plan.snapshot);
    let mut references = References::new(&snapshot, &job.target.organization);
    note_new_people(plan, source, job, &mut references)?;
    let covers = plan.report.about.as_ref().map(|about| about.covers.clone()).unwrap_or_default();
    let mut places = Places::new(job, &snapshot);
    let mut writer = Writer {
        job,
        hashes,
        means,
        covers,
        plan,
        principals: FxHashSet::default(),
        request: Request::default(),
    };
    writer.request.edits.extend(writer.plan.books.drain(..).map(Edit::PutSharedBook));
    let mut decisions = std::mem::take(&mut writer.plan.decisions).into_iter();
    source.entries(|entry| {
        let Ok(entry) = resolved(&mut references, entry) else { return };
        let Ok(numbers) = places.of(&entry) else { return };
        for number in numbers {
            let Some(place) = places.all().get(number) else { continue };
            match decisions.next() {
                Some(Decision::Create(id)) => writer.create(id, &entry, place),
                Some(Decision::Update(id)) => writer.update(id, &entry, place),
                Some(Decision::Nothing) | None => {}
            }
        }
    })?;
    let removals = std::mem::take(&mut writer.plan.removals);
    for (id, revision) in removals {
        writer.request.preconditions.push(Precondition::AtRevision { id, revision });
        writer.request.edits.push(Edit::RemoveContact(id));
    }
    Ok(writer.request)
}

/// People whom the file makes are known to all of its rows, also to those before them.
fn note_new_people(
    plan: &Plan,
    source: &Source,
    job: &Job,
    references: &mut References<'_>,
) -> Result<(), FileError> {
    let refers = |(field, _): &(Field, usize)| matches!(field, Field::Manager | Field::Assistant);
    let about = plan.report.about.as_ref();
    if !about.is_some_and(|about| about.covers.fields.iter().any(refers)) {
        return Ok(());
    }
    let snapshot = Arc::clone(&plan.snapshot);
    let mut places = Places::new(job, &snapshot);
    let mut decisions = plan.decisions.iter();
    source.entries(|entry| {
        let count = places.of(&entry).map_or(0, |places| places.len());
        for decision in decisions.by_ref().take(count) {
            if let (Decision::Create(id), Some(extension)) =
                (decision, entry.card.first(Field::Extension))
            {
                references.note(extension, *id);
            }
        }
    })
}

struct Writer<'a> {
    job: &'a Job,
    hashes: &'a Hashes,
    means: &'a Means<'a>,
    covers: Covers,
    plan: &'a mut Plan,
    /// CardDAV path segments of users who are made.
    principals: FxHashSet<Box<str>>,
    request: Request,
}

impl Writer<'_> {
    fn create(&mut self, id: ContactId, entry: &Entry, place: &Place) {
        if place.book == Book::People {
            self.create_user(id, entry, place);
        } else {
            let draft = Draft {
                organization: place.organization.clone(),
                book: place.book,
                name: None,
                uid: entry.uid.as_deref().map(|uid| bare_uid(uid).into()),
                card: entry.card.clone(),
                body: entry.body.clone(),
                listed: true,
            };
            self.request.edits.push(Edit::PutContact { id, draft });
        }
        self.put_photo(id, entry);
        self.put_star(id, entry);
    }

    fn create_user(&mut self, id: ContactId, entry: &Entry, place: &Place) {
        let new = NewUser {
            id,
            organization: place.organization.clone(),
            card: entry.card.clone(),
            login: entry.login.clone(),
            password: self.hash(entry),
            role: Role::User,
            listed: true,
            presence: PresenceVisibility::of(entry.presence.unwrap_or(true)),
            created: self.job.now,
        };
        let is_taken = is_taken_in(&self.plan.snapshot);
        let (user, mut draft) =
            new.make(|segment| self.principals.contains(segment) || is_taken(segment));
        draft.uid = entry.uid.as_deref().map(|uid| bare_uid(uid).into());
        self.principals.insert(user.principal.clone());
        self.request.edits.push(Edit::PutContact { id, draft });
        self.request.edits.push(Edit::PutUser(user));
    }

    fn hash(&self, entry: &Entry) -> Option<SecretHash> {
        entry.password.as_ref()?;
        self.hashes.get(&entry.line)?.clone().ok()
    }

    fn update(&mut self, id: ContactId, entry: &Entry, place: &Place) {
        let snapshot = Arc::clone(&self.plan.snapshot);
        let Some(contact) = snapshot.contact(&place.organization, id) else { return };
        let (id, revision) = (contact.id, contact.revision);
        self.request.preconditions.push(Precondition::AtRevision { id, revision });
        // The plan made this card before.
        let Ok((card, _)) = new_card(entry, contact.contact(), &self.covers, self.job.mode) else {
            return;
        };
        let new_email = email(&card);
        if let Some((card, body)) = self.body(entry, contact.contact(), card) {
            let draft = Draft {
                organization: contact.organization.clone(),
                book: contact.book,
                name: contact.name.clone(),
                uid: contact.uid.clone(),
                card,
                body,
                listed: contact.listed,
            };
            self.request.edits.push(Edit::PutContact { id, draft });
        }
        let user = snapshot.user(id).filter(|_| contact.book == Book::People);
        if let Some(user) = user {
            self.update_user(user, entry, new_email);
        }
        self.put_photo(id, entry);
        self.put_star(id, entry);
    }

    /// The vCard that goes with a new card: the row's own where that says the same, else the one that
    /// is kept with the changed lines. None where neither differs.
    fn body(
        &self,
        entry: &Entry,
        contact: &Contact,
        card: Card,
    ) -> Option<(Card, Option<Arc<[u8]>>)> {
        let is_person = contact.book == Book::People;
        if let Some(body) = entry.body.as_ref().filter(|_| !is_person && card == entry.card) {
            let differs = changes_body(entry, contact, self.means) || card != contact.card;
            return differs.then(|| (card, Some(Arc::clone(body))));
        }
        if card == contact.card {
            return None;
        }
        let old = match &contact.body {
            Body::Inline(bytes) => Some(Arc::clone(bytes)),
            Body::Stored(_) => (self.means.body)(contact.id),
            Body::Written | Body::Broken => None,
        };
        let edited = old.filter(|_| !is_person).and_then(|old| {
            let bytes = edit(&old, &contact.card, &card, self.job.now);
            read(&bytes).ok().map(|reading| (reading.card, bytes))
        });
        Some(match edited {
            Some((card, bytes)) => (card, Some(bytes.into())),
            None => (card, None),
        })
    }

    fn update_user(&mut self, user: &User, entry: &Entry, email: Option<Box<str>>) {
        if !changes_user(entry, user) && email == user.email {
            return;
        }
        self.request.preconditions.push(Precondition::UserIs(Box::new(user.clone())));
        let mut user = User { email, ..user.clone() };
        if let Some(login) = &entry.login {
            user.login = Some(login.clone());
        }
        if let Some(extension) = entry.card.first(Field::Extension) {
            user.extension.get_or_insert_with(|| extension.into());
        }
        if let Some(shown) = entry.presence {
            user.presence = PresenceVisibility::of(shown);
        }
        if user.password.is_none() {
            user.password = self.hash(entry);
        }
        self.request.edits.push(Edit::PutUser(user));
    }

    fn put_photo(&mut self, id: ContactId, entry: &Entry) {
        let Some(image) = &entry.photo else { return };
        match (self.means.develop)(image) {
            Ok(picture) => {
                self.request.edits.push(Edit::PutPhoto { id, picture: Some(Arc::new(picture)) });
            }
            Err(reason) => {
                let name = entry.card.formatted_name();
                self.plan.report.notice(fault(entry.line, Some("photo"), Some(name), reason));
            }
        }
    }

    fn put_star(&mut self, id: ContactId, entry: &Entry) {
        let Some(user) = self.job.stars_of() else { return };
        if changes_star(self.job, &self.plan.snapshot, entry, id) {
            let starred = entry.starred == Some(true);
            self.request.edits.push(Edit::Star { user, contact: id, starred });
        }
    }
}
