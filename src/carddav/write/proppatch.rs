//! PROPPATCH (RFC 4918 9.2): what users keep of their books, cards, home and principal.

use std::sync::Arc;

use hyper::Response;
use hyper::header::HeaderMap;

use crate::account::property::{DavProperty, KeptAt, PROPERTIES_MAX};
use crate::carddav::answer::error::{Refusal, of_commit};
use crate::carddav::answer::multistatus::{self, BEGIN, END, RESPONSE_END};
use crate::carddav::answer::property::{Asked, Property};
use crate::carddav::book::path::Resource;
use crate::carddav::book::view::Session;
use crate::carddav::request::elements::bad_request;
use crate::carddav::request::precondition::{Conditions, Seen};
use crate::carddav::request::prefer::{Preferences, applied_in};
use crate::carddav::request::xml::Element;
use crate::carddav::write::kept::is_me_card;
use crate::carddav::write::patch::{Change, Fault, changes, told};
use crate::carddav::write::personal_book::renamed;
use crate::contact::Book;
use crate::contact::book::AddressBook;
use crate::directory::{Edit, Request};
use crate::http::Body;
use crate::http::answer::{empty, full};

pub(crate) async fn proppatch(
    session: &Arc<Session>,
    resource: &Resource,
    headers: &HeaderMap,
    body: Option<&Element>,
) -> Result<Response<Body>, Refusal> {
    if !session.sees(resource) {
        return Err(Refusal::not_found());
    }
    let root = body.filter(|root| root.is_dav("propertyupdate"));
    let root = root.ok_or_else(|| bad_request("the body is no DAV:propertyupdate"))?;
    let changes = changes(root)?;
    if changes.is_empty() {
        return Err(bad_request("a propertyupdate names at least one property"));
    }
    let place = place(session, resource, headers)?;
    let mut faults: Vec<Option<Fault>> =
        changes.iter().map(|change| fault(resource, change)).collect();
    let mut edits = stale(session);
    room(session, edits.len(), &changes, &mut faults);
    let minimal = Preferences::of(headers).is_minimal();
    if faults.iter().all(Option::is_none) {
        edits.extend(Change::edits(&changes, session.user.id, place));
        edits.extend(rename(session, place, &changes));
        let commit = session.directory.commit(Request { edits, preconditions: Vec::new() });
        commit.await.map_err(|error| of_commit(error, &session.home_href()))?;
        if minimal {
            let mut response = Response::new(empty());
            applied_in(&mut response, "return=minimal");
            return Ok(response);
        }
    }
    let mut out = BEGIN.to_vec();
    multistatus::begin_row(&resource.href(&**session), &mut out);
    told(&changes, &faults, &mut out);
    out.extend_from_slice(RESPONSE_END);
    out.extend_from_slice(END);
    Ok(multistatus::response(full(out)))
}

/// Where the properties of a resource are kept, if this user may keep any there and the request's
/// conditions hold.
fn place(
    session: &Arc<Session>,
    resource: &Resource,
    headers: &HeaderMap,
) -> Result<KeptAt, Refusal> {
    let conditions = Conditions::of(headers)?;
    let collection = |place| {
        conditions.check_collection(true, &Seen { session, resource })?;
        Ok(place)
    };
    let read_only = || {
        let href = resource.href(&**session);
        Refusal::missing_privilege(href, "write-properties")
    };
    match resource {
        Resource::Home(_) => collection(KeptAt::Home),
        Resource::Principal(id) if **id == *session.user.principal => collection(KeptAt::Home),
        Resource::Book(id, book) => {
            let view = session.book(id, *book).ok_or_else(Refusal::not_found)?;
            view.writable().ok_or_else(read_only)?;
            collection(KeptAt::Book(*book))
        }
        Resource::Card(id, book, name) => {
            let view = session.book(id, *book).ok_or_else(Refusal::not_found)?;
            let row = view.find(name).ok_or_else(Refusal::not_found)?;
            view.writable_at(&row).ok_or_else(read_only)?;
            let etag = view.etag(row.contact());
            conditions.check(Some(&etag), &Seen { session, resource })?;
            Ok(KeptAt::Card(row.contact().id))
        }
        _ => Err(read_only()),
    }
}

fn fault(resource: &Resource, change: &Change<'_>) -> Option<Fault> {
    // What else a principal has is the organization's.
    if matches!(resource, Resource::Principal(_)) && !is_me_card(&change.asked) {
        return Some(Fault::Protected);
    }
    change.fault()
}

/// Of contacts that are gone, nothing is kept: those of shared books go without asking their readers.
fn stale(session: &Session) -> Vec<Edit> {
    let user = &session.user;
    let all = session.snapshot.all_properties(user.id).iter();
    let gone = all.filter(|kept| match kept.place {
        KeptAt::Card(id) => session.snapshot.contact(&user.organization, id).is_none(),
        KeptAt::Home | KeptAt::Book(_) => false,
    });
    let edit = |kept: &DavProperty| Edit::RemoveProperty {
        user: kept.user,
        place: kept.place,
        namespace: kept.namespace.clone(),
        local: kept.local.clone(),
    };
    gone.map(edit).collect()
}

/// Faults those that are more than a user keeps.
fn room(session: &Session, gone: usize, changes: &[Change<'_>], faults: &mut [Option<Fault>]) {
    let kept = session.snapshot.all_properties(session.user.id).len().saturating_sub(gone);
    let mut free = PROPERTIES_MAX.saturating_sub(kept);
    for (_, fault) in changes.iter().zip(faults).filter(|(change, _)| change.sets()) {
        match free.checked_sub(1) {
            Some(left) => free = left,
            None => *fault = fault.or(Some(Fault::TooMuch)),
        }
    }
}

/// A further personal book is called the same at all doors.
fn rename(session: &Session, place: KeptAt, changes: &[Change<'_>]) -> Option<Edit> {
    let KeptAt::Book(AddressBook::Home(Book::PersonalBook(owner, id))) = place else { return None };
    let named = |change: &&Change<'_>| change.asked == Asked::Known(Property::DisplayName);
    let last = changes.iter().rev().find(named)?;
    let record = session.snapshot.personal_book(owner, id)?;
    let text = if last.sets() { last.element.text.as_str() } else { "" };
    Some(Edit::PutPersonalBook(renamed(record, text)))
}
