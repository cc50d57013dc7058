//! What a row changes of a contact that is there.

use crate::account::User;
use crate::contact::card::{Card, Field, NamelessCard};
use crate::contact::{Body, Book, Contact, ContactId};
use crate::file::{Covers, Entry};
use crate::import::merge::{FieldChange, merged};
use crate::import::{Job, Means, Mode};
use crate::index::Snapshot;

/// The card that an update makes, and what it changes.
pub(super) fn new_card(
    entry: &Entry,
    contact: &Contact,
    covers: &Covers,
    mode: Mode,
) -> Result<(Card, Vec<FieldChange>), NamelessCard> {
    merged(&contact.card, &entry.card, covers, mode)
}

/// Whether the row brings another vCard than the one that is kept. People have none.
pub(super) fn changes_body(entry: &Entry, contact: &Contact, means: &Means<'_>) -> bool {
    let Some(new) = entry.body.as_ref().filter(|_| contact.book != Book::People) else {
        return false;
    };
    match &contact.body {
        Body::Inline(old) => old != new,
        Body::Stored(length) if *length as usize == new.len() => {
            (means.body)(contact.id).is_none_or(|old| old != *new)
        }
        Body::Stored(_) | Body::Written | Body::Broken => true,
    }
}

/// Whether the row brings another photo. A vCard that stays as it is has brought its photo before.
pub(super) fn changes_photo(entry: &Entry, contact: &Contact, means: &Means<'_>) -> bool {
    let Some(image) = &entry.photo else { return false };
    if entry.body.is_some() && contact.book != Book::People && !changes_body(entry, contact, means)
    {
        return false;
    }
    (means.develop)(image).is_ok_and(|picture| Some(picture.photo) != contact.photo)
}

pub(super) fn changes_user(entry: &Entry, user: &User) -> bool {
    let login = entry.login.is_some() && entry.login != user.login;
    let extension = user.extension.is_none() && entry.card.first(Field::Extension).is_some();
    let password = user.password.is_none() && entry.password.is_some();
    let presence = entry.presence.is_some_and(|shown| shown != user.presence.is_shown());
    login || extension || password || presence
}

/// Whose favorites the file tells, and whether this contact's star differs.
pub(super) fn changes_star(job: &Job, snapshot: &Snapshot, entry: &Entry, id: ContactId) -> bool {
    let Some(user) = job.stars_of() else { return false };
    let starred = snapshot.star(user, id).is_some_and(|star| star.starred);
    match entry.starred {
        Some(true) => !starred,
        Some(false) => starred && job.mode == Mode::Mirror,
        None => false,
    }
}
