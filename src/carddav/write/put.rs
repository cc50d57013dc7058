//! PUT and DELETE of cards.

use std::borrow::Cow;
use std::sync::Arc;

use hyper::header::{CONTENT_TYPE, ETAG, HeaderMap};
use hyper::{Response, StatusCode};

use crate::carddav::answer::error::{
    Condition, Refusal, of_commit, precondition_failed, uid_taken,
};
use crate::carddav::book::group_card::Computed;
use crate::carddav::book::member::Member;
use crate::carddav::book::view::{Session, View};
use crate::carddav::card::{Place, set};
use crate::carddav::request::precondition::{Conditions, Seen};
use crate::carddav::write::favorites;
use crate::carddav::write::photo::Carried;
use crate::contact::{Book, Contact, ContactId, Draft, Revision, uid_key};
use crate::directory::{CommitError, Edit, Precondition, Request, new_id};
use crate::http::Body;
use crate::http::answer::empty;
use crate::vcard::convert::{Version, version};
use crate::vcard::read::{InvalidCard, Reading, read};

/// A write is tried again where another one came first and the request's conditions still hold.
pub(crate) const TRIES_MAX: usize = 10;

/// What a PUT writes.
enum Goal {
    /// A card in this home.
    Card(Book),
    /// Who is a favorite.
    Favorites,
}

/// Whether a PUT may be read at all, before its body is.
pub(crate) fn may_put(
    session: &Arc<Session>,
    place: &Place,
    headers: &HeaderMap,
) -> Result<(), Refusal> {
    let view = place.view(session)?;
    let existing = view.find(&place.name);
    goal(&view, &place.name, existing.as_ref())?;
    check(&Conditions::of(headers)?, place, &view, existing.as_deref())?;
    check_content_type(headers)
}

/// What a PUT to a name writes, where the user may.
fn goal(view: &View, name: &str, existing: Option<&Member<'_>>) -> Result<Goal, Refusal> {
    let read_only = || Refusal::missing_privilege(view.card_href(name), "write-content");
    match (existing, view.computed(name)) {
        (None | Some(Member::Group(_)), Some(Computed::Favorites)) => Ok(Goal::Favorites),
        (None | Some(Member::Group(_)), Some(Computed::Of(_))) => Err(read_only()),
        (Some(member), _) => view.writable_at(member).map(Goal::Card).ok_or_else(read_only),
        (None, None) => {
            let no_bind = || Refusal::missing_privilege(view.href.clone(), "bind");
            view.writable().map(Goal::Card).ok_or_else(no_bind)
        }
    }
}

/// The home that a card under this name is written to.
pub(crate) fn writable(
    view: &View,
    name: &str,
    existing: Option<&Member<'_>>,
) -> Result<Book, Refusal> {
    match goal(view, name, existing)? {
        Goal::Card(home) => Ok(home),
        Goal::Favorites => Err(Refusal::missing_privilege(view.card_href(name), "write-content")),
    }
}

/// Any parameters will do: the version is read from the card. The last two are what programs such as
/// curl say when they do not know.
fn check_content_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let Some(value) = headers.get(CONTENT_TYPE) else { return Ok(()) };
    let value = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let known = [
        "text/vcard",
        "text/x-vcard",
        "text/directory",
        "application/octet-stream",
        "application/x-www-form-urlencoded",
    ];
    if value.is_empty() || known.iter().any(|kind| value.eq_ignore_ascii_case(kind)) {
        return Ok(());
    }
    let text = "an address book holds text/vcard only";
    Err(Refusal::violated(Condition::SupportedAddressData, text))
}

/// PUT: keeps the bytes as they are.
pub(crate) async fn put(
    session: &Arc<Session>,
    place: &Place,
    headers: &HeaderMap,
    bytes: Vec<u8>,
) -> Result<Response<Body>, Refusal> {
    let conditions = Conditions::of(headers)?;
    let reading = read(&bytes).map_err(|invalid| invalid_card(&invalid))?;
    let mut photo = Carried::of(&reading, &bytes);
    let bytes: Arc<[u8]> = bytes.into();
    for _ in 0..TRIES_MAX {
        let view = place.view_now(session)?;
        let member = view.find(&place.name);
        let existing = member.as_deref();
        // The right may have been taken away while the body came.
        let goal = goal(&view, &place.name, member.as_ref())?;
        check(&conditions, place, &view, existing)?;
        let Goal::Card(home) = goal else {
            return favorites::put(&view, &place.name, &reading).await;
        };
        let draft = draft(&view, (home, &place.name), &reading, existing)?;
        let draft = Draft { body: Some(Arc::clone(&bytes)), ..draft };
        let id = existing.map_or_else(new_id, |contact| contact.id);
        let unchanged = unchanged(&view, (home, &place.name), existing);
        let put_photo = photo.edit(id, existing.and_then(|contact| contact.photo)).await;
        let edits = [Edit::PutContact { id, draft }].into_iter().chain(put_photo).collect();
        let request = Request { edits, preconditions: vec![unchanged] };
        match session.directory.commit(request).await {
            Ok(committed) => {
                let how = (existing.is_none(), version(&bytes));
                return Ok(stored(&place.view_now(session)?, id, committed.revision, how));
            }
            Err(CommitError::Changed | CommitError::NameTaken { .. }) => {}
            Err(error) => return Err(refused(error, &view, home)),
        }
    }
    Err(precondition_failed())
}

/// What a refused commit is here. Another card of the home may have another name in this book.
pub(crate) fn refused(error: CommitError, view: &View, home: Book) -> Refusal {
    if let CommitError::UidTaken { name } = &error {
        let holder = view.session.snapshot.by_name(view.organization(), home, name);
        let name = holder.map_or_else(|| name.clone(), |row| view.name(row.contact()));
        return uid_taken(&view.href, &name);
    }
    of_commit(error, &view.href)
}

/// Whether a request's conditions hold for the card at a place, if there is one.
pub(crate) fn check(
    conditions: &Conditions,
    place: &Place,
    view: &View,
    card: Option<&Contact>,
) -> Result<(), Refusal> {
    let etag = card.map(|contact| view.etag(contact));
    let resource = place.resource();
    conditions.check(etag.as_deref(), &Seen { session: &view.session, resource: &resource })
}

/// That the card is still as it was when the request was checked against it.
pub(crate) fn unchanged(
    view: &View,
    (home, name): (Book, &str),
    existing: Option<&Contact>,
) -> Precondition {
    match existing {
        Some(contact) => Precondition::AtRevision { id: contact.id, revision: contact.revision },
        None => Precondition::NameFree {
            organization: view.organization().clone(),
            book: home,
            name: name.into(),
        },
    }
}

pub(crate) fn draft(
    view: &View,
    (home, name): (Book, &str),
    reading: &Reading,
    existing: Option<&Contact>,
) -> Result<Draft, Refusal> {
    let old = existing.and_then(|contact| match contact.body {
        // What was read of it had the UID that is made of the id.
        crate::contact::Body::Written => Some(Cow::Owned(contact.vcard_uid())),
        _ => contact.uid.as_deref().map(Cow::Borrowed),
    });
    let (old, new) = (old.as_deref(), reading.uid.as_deref());
    // A card never turns into another one (RFC 6352 6.3.2.1). One that lost its UID keeps it here.
    if old.zip(new).is_some_and(|(old, new)| uid_key(old) != uid_key(new)) {
        return Err(uid_taken(&view.href, name));
    }
    if let Some(holder) = new.and_then(|uid| view.uid_holder(uid, existing)) {
        return Err(uid_taken(&view.href, &holder));
    }
    Ok(Draft {
        organization: view.organization().clone(),
        book: home,
        name: existing.map_or_else(|| Some(name.into()), |contact| contact.name.clone()),
        uid: new.or(old).map(Into::into),
        card: reading.card.clone(),
        body: None,
        listed: true,
    })
}

pub(crate) fn invalid_card(invalid: &InvalidCard) -> Refusal {
    Refusal::violated(Condition::ValidAddressData, invalid.to_string())
}

/// The answer to a PUT. It names the entity tag of the bytes that were sent, if no later write has
/// replaced them already.
fn stored(
    view: &View,
    id: ContactId,
    revision: Revision,
    (created, kept): (bool, Option<Version>),
) -> Response<Body> {
    let mut response = Response::new(empty());
    *response.status_mut() = if created { StatusCode::CREATED } else { StatusCode::NO_CONTENT };
    let stored = view.session.snapshot.contact(view.organization(), id);
    let stored = stored.filter(|row| row.revision <= revision);
    // Only where a GET gives the same bytes: a card in another version is converted for it.
    if let Some(row) = stored.filter(|_| kept == Some(Version::V30)) {
        set(response.headers_mut(), ETAG, view.etag(row.contact()).as_bytes());
    }
    response
}

/// DELETE of a card.
pub(crate) async fn delete(
    session: &Arc<Session>,
    place: &Place,
    headers: &HeaderMap,
) -> Result<Response<Body>, Refusal> {
    let conditions = Conditions::of(headers)?;
    for _ in 0..TRIES_MAX {
        let view = place.view_now(session)?;
        let member = view.find(&place.name).ok_or_else(Refusal::not_found)?;
        let contact = member.contact();
        let read_only = || Refusal::missing_privilege(view.href.clone(), "unbind");
        let home = view.writable_at(&member).ok_or_else(read_only)?;
        check(&conditions, place, &view, Some(contact))?;
        let edits = vec![Edit::RemoveContact(contact.id)];
        let unchanged = unchanged(&view, (home, &place.name), Some(contact));
        let request = Request { edits, preconditions: vec![unchanged] };
        match session.directory.commit(request).await {
            Ok(_) => {
                let mut response = Response::new(empty());
                *response.status_mut() = StatusCode::NO_CONTENT;
                return Ok(response);
            }
            Err(CommitError::Changed) => {}
            Err(error) => return Err(of_commit(error, &view.href)),
        }
    }
    Err(precondition_failed())
}

/// The answer to a write, of which the first place is the one that it writes to. Where the organization
/// wants refused ones reverted, a client is told that its write is done: the next synchronization, for
/// which the card has another entity tag or is gone, brings back what is here.
pub(crate) async fn or_revert(
    session: &Arc<Session>,
    places: &[&Place],
    answer: Result<Response<Body>, Refusal>,
) -> Result<Response<Body>, Refusal> {
    let refusal = match answer {
        Err(refusal) if session.takes_for_done(&refusal) => refusal,
        other => return other,
    };
    let user = session.user.id;
    let revert = |place: &&Place| Edit::Revert { user, book: place.book, name: place.name.clone() };
    let request = Request { edits: places.iter().map(revert).collect(), preconditions: Vec::new() };
    if let Err(error) = session.directory.commit(request).await {
        tracing::error!(%error, "a refused write is not remembered");
        return Err(refusal);
    }
    let there = |place: &Place| Some(place.view(session).ok()?.find(&place.name).is_some());
    let exists = places.first().and_then(|place| there(place)).unwrap_or_default();
    let mut response = Response::new(empty());
    *response.status_mut() = if exists { StatusCode::NO_CONTENT } else { StatusCode::CREATED };
    Ok(response)
}
