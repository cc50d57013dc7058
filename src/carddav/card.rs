//! The cards themselves: GET and HEAD.

use std::borrow::Cow;
use std::sync::Arc;

use hyper::header::{
    CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue, LAST_MODIFIED, VARY,
};
use hyper::{Method, Response, StatusCode};

use crate::carddav::answer::content::{self, Content};
use crate::carddav::answer::error::Refusal;
use crate::carddav::answer::etag;
use crate::carddav::answer::row::http_date;
use crate::carddav::book::path::Resource;
use crate::carddav::book::view::{Session, View};
use crate::carddav::request::accept;
use crate::carddav::request::address_data::AddressData;
use crate::carddav::request::precondition::Conditions;
use crate::contact::book::AddressBook;
use crate::contact::{Contact, Revision};
use crate::http::Body;
use crate::http::answer::{empty, full};
use crate::vcard::convert::Version;

/// Where a card is or will be.
pub(crate) struct Place {
    pub(crate) home: Box<str>,
    pub(crate) book: AddressBook,
    pub(crate) name: Box<str>,
}

impl Place {
    /// The place of a card; None for any other resource.
    pub(crate) fn of(resource: &Resource) -> Option<Self> {
        let Resource::Card(home, book, name) = resource else { return None };
        Some(Self { home: home.clone(), book: *book, name: name.clone() })
    }

    pub(crate) fn resource(&self) -> Resource {
        Resource::Card(self.home.clone(), self.book, self.name.clone())
    }

    pub(crate) fn href(&self, session: &Session) -> String {
        self.resource().href(session)
    }

    pub(crate) fn view(&self, session: &Arc<Session>) -> Result<View, Refusal> {
        session.book(&self.home, self.book).ok_or_else(Refusal::not_found)
    }

    /// The view as of now, which is newer than the one before.
    pub(crate) fn view_now(&self, session: &Arc<Session>) -> Result<View, Refusal> {
        self.view(&Arc::new(session.renewed().ok_or_else(Refusal::not_found)?))
    }
}

/// GET and HEAD.
pub(crate) async fn get(
    session: &Arc<Session>,
    place: &Place,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Response<Body>, Refusal> {
    let view = place.view(session)?;
    let row = view.find(&place.name).ok_or_else(Refusal::not_found)?;
    let conditions = Conditions::of(headers)?;
    let chosen = accept::choose(headers)?;
    let known = etag::in_version(view.etag(row.contact()), chosen.version);
    if conditions.is_not_modified(&known) {
        let mut response = Response::new(empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        set(response.headers_mut(), ETAG, known.as_bytes());
        set(response.headers_mut(), VARY, b"Accept");
        return Ok(response);
    }
    let (revision, bytes) = read_as(&view, row.contact(), chosen.version).await?;
    let etag = etag::in_version(view.etag_at(row.contact(), revision), chosen.version);
    let mut response = Response::new(empty());
    let out = response.headers_mut();
    set(out, ETAG, etag.as_bytes());
    let mut modified = Vec::new();
    http_date(row.modified, &mut modified);
    set(out, LAST_MODIFIED, &modified);
    set(out, CONTENT_TYPE, chosen.content_type.as_bytes());
    set(out, VARY, b"Accept");
    set(out, CONTENT_LENGTH, bytes.len().to_string().as_bytes());
    if *method != Method::HEAD {
        *response.body_mut() = full(bytes.into_owned());
    }
    Ok(response)
}

/// A whole card in a version.
async fn read_as<'a>(
    view: &View,
    contact: &'a Contact,
    version: Version,
) -> Result<(Revision, Cow<'a, [u8]>), Refusal> {
    let (revision, stored) = match content::read(view, contact).await {
        Content::Here(revision, stored) => (revision, Some(stored)),
        Content::Gone => return Err(Refusal::not_found()),
        Content::Broken => (Revision(0), None),
    };
    let card = match stored {
        Some(stored) => AddressData::in_version(version).shape(stored).await,
        None => None,
    };
    let text = "the card cannot be read now; it is not deleted";
    let broken = || Refusal::plain(StatusCode::INTERNAL_SERVER_ERROR, text);
    card.map(|card| (revision, card)).ok_or_else(broken)
}

pub(crate) fn set(headers: &mut HeaderMap, name: HeaderName, value: &[u8]) {
    if let Ok(value) = HeaderValue::from_bytes(value) {
        headers.insert(name, value);
    }
}
