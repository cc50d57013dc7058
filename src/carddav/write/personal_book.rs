//! Further personal books: made by MKCOL (RFC 4918 9.3, RFC 5689), removed by DELETE.

use std::sync::Arc;

use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use hyper::{Response, StatusCode};

use crate::account::Layout;
use crate::account::group::{NAME_CHARS_MAX, PersonalBook};
use crate::account::property::{DavProperty, KeptAt};
use crate::carddav::answer::error::{Condition, Refusal, of_commit, precondition_failed};
use crate::carddav::answer::multistatus::{self, DECLARATION};
use crate::carddav::answer::property::{Asked, Property};
use crate::carddav::book::allow::not_allowed;
use crate::carddav::book::path::{self, Resource};
use crate::carddav::book::view::Session;
use crate::carddav::request::depth::Depth;
use crate::carddav::request::precondition::{Conditions, Seen};
use crate::carddav::request::prefer::{Preferences, applied_in};
use crate::carddav::request::xml::{CALENDARSERVER, CARDDAV, Element, Namespace};
use crate::carddav::write::patch::{Change, Fault, changes, told};
use crate::carddav::write::put::TRIES_MAX;
use crate::contact::Book;
use crate::contact::book::{AddressBook, BookId};
use crate::directory::{CommitError, Edit, Precondition, Request, system_clock};
use crate::http::Body;
use crate::http::answer::{empty, full};

/// MKCOL at the path of a request. What it cannot make whole it does not make.
pub(crate) async fn make(
    session: &Arc<Session>,
    at: &str,
    headers: &HeaderMap,
    body: Option<&Element>,
) -> Result<Response<Body>, Refusal> {
    let segment = free_segment(session, at)?;
    let home = Resource::Home(session.user.principal.clone());
    Conditions::of(headers)?.check_collection(false, &Seen { session, resource: &home })?;
    if body.is_some_and(|root| !root.is_dav("mkcol")) {
        let text = "the body of a MKCOL is DAV:mkcol, or there is none";
        return Err(Refusal::plain(StatusCode::UNSUPPORTED_MEDIA_TYPE, text));
    }
    let changes = body.map(changes).transpose()?.unwrap_or_default();
    let mut faults: Vec<Option<Fault>> = changes.iter().map(fault).collect();
    if body.is_some() && !changes.iter().any(is_resource_type) {
        let text = "an extended MKCOL says the DAV:resourcetype of what it makes";
        return Err(Refusal::violated(Condition::ValidResourceType, text));
    }
    if faults.iter().any(Option::is_some) {
        return Ok(mkcol_response(&changes, &faults));
    }
    commit(session, &segment, &changes).await?;
    faults.fill(None);
    let preferences = Preferences::of(headers);
    if body.is_none() || preferences.is_minimal() {
        let mut response = Response::new(empty());
        *response.status_mut() = StatusCode::CREATED;
        if body.is_some() {
            applied_in(&mut response, "return=minimal");
        }
        return Ok(response);
    }
    Ok(mkcol_response(&changes, &faults))
}

/// The last path segment, if a book can be made under it.
fn free_segment(session: &Arc<Session>, at: &str) -> Result<String, Refusal> {
    let there = Resource::at(at, &**session).filter(|there| session.sees(there));
    if let Some(there) = there {
        return Err(not_allowed(session, &there));
    }
    let nowhere = || Refusal::plain(StatusCode::CONFLICT, "there is no collection to make it in");
    let (parent, segment) = path::parent_and_segment(at).ok_or_else(nowhere)?;
    let parent = Resource::at(parent, &**session).filter(|parent| session.sees(parent));
    let elsewhere = |text| Err(Refusal::violated(Condition::CollectionLocationOk, text));
    match parent.ok_or_else(nowhere)? {
        Resource::Home(id) if session.home_layout(&id) == Some(Layout::Separate) => {}
        _ => return elsewhere("address books are made in one's own home"),
    }
    match AddressBook::parse(&segment, Some(session.user.id)) {
        None | Some(AddressBook::Home(Book::PersonalBook(..))) => Ok(segment),
        Some(_) => elsewhere("the server's own books have names of this kind"),
    }
}

fn is_resource_type(change: &Change<'_>) -> bool {
    change.asked == Asked::Known(Property::ResourceType)
}

fn fault(change: &Change<'_>) -> Option<Fault> {
    if !is_resource_type(change) {
        return change.fault();
    }
    let types = &change.element.children;
    let known =
        |kind: &Element| kind.is_dav("collection") || kind.is(&Namespace::CardDav, "addressbook");
    let has_book = types.iter().any(|kind| kind.is(&Namespace::CardDav, "addressbook"));
    (!has_book || !types.iter().all(known)).then_some(Fault::ResourceType)
}

/// What a book is, it is without being told.
fn puts_resource_type(edit: &Edit) -> bool {
    let Edit::PutProperty(DavProperty { namespace, local, .. }) = edit else { return false };
    Asked::named(&Namespace::of(namespace), local) == Asked::Known(Property::ResourceType)
}

async fn commit(
    session: &Arc<Session>,
    segment: &str,
    changes: &[Change<'_>],
) -> Result<(), Refusal> {
    for _ in 0..TRIES_MAX {
        let now = Arc::new(session.renewed().ok_or_else(Refusal::not_found)?);
        let user = &now.user;
        let record = record(&now, segment, changes);
        let book = AddressBook::Home(Book::PersonalBook(user.id, record.id));
        let free = Precondition::BookFree { organization: user.organization.clone(), book };
        let kept = Change::edits(changes, user.id, KeptAt::Book(book)).into_iter();
        let kept = kept.filter(|edit| !puts_resource_type(edit));
        let edits = [Edit::PutPersonalBook(record)].into_iter().chain(kept).collect();
        match now.directory.commit(Request { edits, preconditions: vec![free] }).await {
            Ok(_) => return Ok(()),
            Err(CommitError::Changed) => {}
            Err(error) => return Err(of_commit(error, &now.home_href())),
        }
    }
    Err(precondition_failed())
}

fn record(session: &Session, segment: &str, changes: &[Change<'_>]) -> PersonalBook {
    let owner = session.user.id;
    let taken = |id| session.snapshot.personal_book(owner, id).is_some();
    let wished = match AddressBook::parse(segment, Some(owner)) {
        Some(AddressBook::Home(Book::PersonalBook(_, id))) if !taken(id) => Some(id),
        _ => None,
    };
    let named = |change: &&Change<'_>| change.asked == Asked::Known(Property::DisplayName);
    let name = changes.iter().rev().find(named).map(|change| change.element.text.as_str());
    let record = PersonalBook {
        organization: session.user.organization.clone(),
        owner,
        id: wished.unwrap_or_else(|| BookId::of_name(segment, taken)),
        name: "".into(),
        segment: segment.into(),
        created: system_clock(),
    };
    renamed(&record, name.unwrap_or_default())
}

/// The book under the name that a client wrote, as far as it is one: LDAP and HTTP show it too. CardDAV
/// gives back what was written. Without one it is called as its path.
pub(crate) fn renamed(record: &PersonalBook, text: &str) -> PersonalBook {
    let name = plain_name(text);
    let name = if name.is_empty() { plain_name(&record.segment) } else { name };
    let name = if name.is_empty() { "Contacts".to_owned() } else { name };
    PersonalBook { name: name.into(), ..record.clone() }
}

/// A text as one line of a length that names have.
pub(crate) fn plain_name(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let short: String = words.join(" ").chars().take(NAME_CHARS_MAX).collect();
    short.trim_end().to_owned()
}

/// RFC 5689 3.1: what became of each property.
fn mkcol_response(changes: &[Change<'_>], faults: &[Option<Fault>]) -> Response<Body> {
    let mut out = DECLARATION.to_vec();
    let begin = format!(
        "<mkcol-response xmlns=\"DAV:\" xmlns:C=\"{CARDDAV}\" xmlns:CS=\"{CALENDARSERVER}\">"
    );
    out.extend_from_slice(begin.as_bytes());
    told(changes, faults, &mut out);
    out.extend_from_slice(b"</mkcol-response>\n");
    let status = match faults {
        faults if faults.iter().all(Option::is_none) => StatusCode::CREATED,
        faults if faults.iter().flatten().all(|fault| *fault == Fault::TooMuch) => {
            StatusCode::INSUFFICIENT_STORAGE
        }
        _ => StatusCode::FORBIDDEN,
    };
    let mut response = Response::new(full(out));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static(multistatus::XML);
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

/// DELETE of a collection: of a further personal book with its cards; no other collection goes.
pub(crate) async fn remove(
    session: &Arc<Session>,
    resource: &Resource,
    headers: &HeaderMap,
) -> Result<Response<Body>, Refusal> {
    if !session.sees(resource) {
        return Err(Refusal::not_found());
    }
    let Resource::Book(_, AddressBook::Home(Book::PersonalBook(owner, id))) = resource else {
        return Err(Refusal::missing_privilege(session.home_href(), "unbind"));
    };
    Depth::must_be_infinity(headers)?;
    Conditions::of(headers)?.check_collection(true, &Seen { session, resource })?;
    let request = Request::one(Edit::RemovePersonalBook(*owner, *id));
    let commit = session.directory.commit(request).await;
    commit.map_err(|error| of_commit(error, &session.home_href()))?;
    let mut response = Response::new(empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}
