//! COPY and MOVE of cards (RFC 4918 9.8, 9.9; RFC 6352 6.3.2.1).

use std::sync::Arc;

use hyper::header::{HOST, HeaderMap};
use hyper::http::request::Parts;
use hyper::{Response, StatusCode};

use crate::account::property::{DavProperty, KeptAt};
use crate::carddav::answer::content::{self, Content};
use crate::carddav::answer::error::{Refusal, precondition_failed, uid_taken};
use crate::carddav::book::member::Member;
use crate::carddav::book::path::Resource;
use crate::carddav::book::view::{Session, View};
use crate::carddav::card::Place;
use crate::carddav::request::depth::Depth;
use crate::carddav::request::precondition::Conditions;
use crate::carddav::write::photo::Carried;
use crate::carddav::write::put::{self, TRIES_MAX};
use crate::contact::{Body as Stored, Book, Contact, ContactId, Draft};
use crate::directory::{CommitError, Edit, Request, new_id};
use crate::http::Body;
use crate::http::answer::empty;
use crate::vcard::read::read;

/// The two methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Copy,
    Move,
}

/// What a request asks for.
struct Transfer {
    verb: Verb,
    source: Place,
    destination: Place,
    overwrite: bool,
    conditions: Conditions,
}

/// A card and where it shall be, as of one moment.
struct Way<'a> {
    from: &'a View,
    contact: &'a Contact,
    to: &'a View,
    /// The book that `to` writes to.
    home: Book,
    name: &'a str,
    replaced: Option<&'a Contact>,
}

pub(crate) async fn transfer(
    session: &Arc<Session>,
    resource: &Resource,
    parts: &Parts,
    verb: Verb,
) -> Result<Response<Body>, Refusal> {
    if !session.sees(resource) {
        return Err(Refusal::not_found());
    }
    let Some(source) = Place::of(resource) else {
        let text = "cards alone are copied and moved";
        return Err(Refusal::plain(StatusCode::FORBIDDEN, text));
    };
    if Depth::of(&parts.headers)? == Some(Depth::One) {
        return Err(bad("the Depth of this is 0 or infinity"));
    }
    let transfer = Transfer {
        verb,
        source,
        destination: destination(session, parts)?,
        overwrite: overwrite(&parts.headers)?,
        conditions: Conditions::of(&parts.headers)?,
    };
    let answer = transfer.run(session).await;
    // A client takes the source for gone, too.
    let touched = match verb {
        Verb::Copy => vec![&transfer.destination],
        Verb::Move => vec![&transfer.destination, &transfer.source],
    };
    put::or_revert(session, &touched, answer).await
}

fn bad(text: &str) -> Refusal {
    Refusal::plain(StatusCode::BAD_REQUEST, text)
}

fn overwrite(headers: &HeaderMap) -> Result<bool, Refusal> {
    match headers.get("overwrite").map(|value| value.as_bytes()) {
        None | Some(b"T" | b"t") => Ok(true),
        Some(b"F" | b"f") => Ok(false),
        Some(_) => Err(bad("Overwrite is T or F")),
    }
}

/// The place that the Destination header names.
fn destination(session: &Arc<Session>, parts: &Parts) -> Result<Place, Refusal> {
    let value = parts.headers.get("destination");
    let value = value.ok_or_else(|| bad("a Destination header says where the card goes"))?;
    let value = value.to_str().map_err(|_| bad("the Destination is no URL"))?.trim();
    match value.split_once("://") {
        Some((scheme, rest)) => {
            let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
            if !is_here(parts, scheme, authority) {
                let text = "cards do not go to other servers";
                return Err(Refusal::plain(StatusCode::BAD_GATEWAY, text));
            }
        }
        None if value.starts_with('/') => {}
        None => return Err(bad("the Destination is a URL or an absolute path")),
    }
    let nowhere = || {
        let text = "there is no address book at the Destination";
        Refusal::plain(StatusCode::CONFLICT, text)
    };
    let resource = Resource::of_href(value, &**session).ok_or_else(nowhere)?;
    match Place::of(&resource) {
        Some(place) if session.book(&place.home, place.book).is_some() => Ok(place),
        None if session.sees(&resource) => {
            let text = "a card goes into an address book, under a name of its own";
            Err(Refusal::plain(StatusCode::FORBIDDEN, text))
        }
        _ => Err(nowhere()),
    }
}

/// Whether a URL is of the host that was asked. Where a proxy asked, it may tell the host that the
/// client meant.
fn is_here(parts: &Parts, scheme: &str, authority: &str) -> bool {
    let port = match scheme.to_ascii_lowercase().as_str() {
        "http" => ":80",
        "https" => ":443",
        _ => return false,
    };
    let bare = |host: &str| {
        let host = host.trim().to_ascii_lowercase();
        host.strip_suffix(port).unwrap_or(&host).to_owned()
    };
    let own = parts.uri.authority().map(|authority| authority.as_str().to_owned());
    let told = [HOST.as_str(), "x-forwarded-host"].map(|name| {
        let value = parts.headers.get(name).and_then(|value| value.to_str().ok());
        value.map(str::to_owned)
    });
    let mut hosts = told.into_iter().chain([own]).flatten().peekable();
    // HTTP/1.0 names no host; then there is nothing to compare with.
    hosts.peek().is_none() || hosts.any(|host| bare(&host) == bare(authority))
}

impl Transfer {
    async fn run(&self, session: &Arc<Session>) -> Result<Response<Body>, Refusal> {
        for _ in 0..TRIES_MAX {
            let now = Arc::new(session.renewed().ok_or_else(Refusal::not_found)?);
            if let Some(response) = self.attempt(&now).await? {
                return Ok(response);
            }
        }
        Err(precondition_failed())
    }

    /// None where something came between.
    async fn attempt(&self, session: &Arc<Session>) -> Result<Option<Response<Body>>, Refusal> {
        let (source, destination) = (&self.source, &self.destination);
        let from = source.view(session)?;
        let row = from.find(&source.name).ok_or_else(Refusal::not_found)?;
        let to = destination.view(session)?;
        let member = to.find(&destination.name);
        let home = self.permitted((&from, &row), &to, member.as_ref())?;
        let replaced = member.as_deref();
        let name = &*destination.name;
        let way = Way { from: &from, contact: row.contact(), to: &to, home, name, replaced };
        let Some(edits) = self.edits(&way).await? else { return Ok(None) };
        let here = (home, name);
        let mut preconditions = vec![put::unchanged(&to, here, replaced)];
        preconditions.push(put::unchanged(&from, here, Some(row.contact())));
        match session.directory.commit(Request { edits, preconditions }).await {
            Ok(_) => {
                let mut response = Response::new(empty());
                let created = replaced.is_none();
                let status = if created { StatusCode::CREATED } else { StatusCode::NO_CONTENT };
                *response.status_mut() = status;
                Ok(Some(response))
            }
            Err(CommitError::Changed | CommitError::NameTaken { .. }) => Ok(None),
            Err(error) => Err(put::refused(error, &to, home)),
        }
    }

    /// The book to write to, where this user may and the request's conditions hold.
    fn permitted(
        &self,
        (from, contact): (&View, &Member<'_>),
        to: &View,
        replaced: Option<&Member<'_>>,
    ) -> Result<Book, Refusal> {
        put::check(&self.conditions, &self.source, from, Some(contact))?;
        // A view shows what is elsewhere: to put it there would destroy it.
        if replaced.is_some_and(|replaced| replaced.id == contact.id) {
            let text = "the source and the Destination are the same card";
            return Err(Refusal::plain(StatusCode::FORBIDDEN, text));
        }
        if self.verb == Verb::Move && from.writable_at(contact).is_none() {
            return Err(Refusal::missing_privilege(from.href.clone(), "unbind"));
        }
        let home = put::writable(to, &self.destination.name, replaced)?;
        if replaced.is_some() && !self.overwrite {
            return Err(precondition_failed());
        }
        // In the book of all contacts another name would be another home: a change for everybody.
        let renames = self.verb == Verb::Move && from.href == to.href && replaced.is_none();
        if renames && contact.book != home {
            let text = "of the contacts in one book, only one's own get other names";
            return Err(Refusal::plain(StatusCode::FORBIDDEN, text));
        }
        Ok(home)
    }

    async fn edits(&self, way: &Way<'_>) -> Result<Option<Vec<Edit>>, Refusal> {
        let Way { from, contact, .. } = *way;
        let content = match content::read(from, contact).await {
            Content::Here(revision, bytes) if revision == from.revision_of(contact) => bytes,
            Content::Here(..) | Content::Gone => return Ok(None),
            Content::Broken => {
                let text = "the card cannot be read now; it is not deleted";
                return Err(Refusal::plain(StatusCode::INTERNAL_SERVER_ERROR, text));
            }
        };
        if self.verb == Verb::Move && way.replaced.is_none() {
            let draft = moved(way, &content)?;
            return Ok(Some(vec![Edit::PutContact { id: contact.id, draft }]));
        }
        let removed = (self.verb == Verb::Move).then_some(Edit::RemoveContact(contact.id));
        let written = copied(way, &content).await?;
        Ok(Some(removed.into_iter().chain(written).collect()))
    }
}

/// A card that moves stays the same contact, with its photo and everybody's stars.
fn moved(way: &Way<'_>, content: &[u8]) -> Result<Draft, Refusal> {
    let contact = way.contact;
    if let Some(holder) = way.to.uid_holder(&contact.vcard_uid(), Some(contact)) {
        return Err(uid_taken(&way.to.href, &holder));
    }
    let (uid, body) = match contact.body {
        // Its UID is made of its id: told here, so that the book is searched for it.
        Stored::Written => (Some(contact.vcard_uid().into()), None),
        _ => (contact.uid.clone(), Some(content.into())),
    };
    Ok(Draft {
        organization: contact.organization.clone(),
        book: way.home,
        name: Some(way.name.into()),
        uid,
        card: contact.card.clone(),
        body,
        listed: true,
    })
}

/// The edits of a PUT of what this user sees of the card.
async fn copied(way: &Way<'_>, content: &[u8]) -> Result<Vec<Edit>, Refusal> {
    let reading = read(content).map_err(|invalid| put::invalid_card(&invalid))?;
    let draft = put::draft(way.to, (way.home, way.name), &reading, way.replaced)?;
    let draft = Draft { body: Some(content.into()), ..draft };
    let id = way.replaced.map_or_else(new_id, |replaced| replaced.id);
    let old = way.replaced.and_then(|replaced| replaced.photo);
    let photo = Carried::of(&reading, content).edit(id, old).await;
    let card = [Edit::PutContact { id, draft }].into_iter().chain(photo);
    Ok(card.chain(properties(way, id)).collect())
}

/// What the user keeps of the card is copied with it, in the place of what they kept of another one
/// there (RFC 4918 9.8.2).
fn properties(way: &Way<'_>, id: ContactId) -> Vec<Edit> {
    let session = &way.from.session;
    let of = |id| session.snapshot.properties(session.user.id, KeptAt::Card(id));
    let place = KeptAt::Card(id);
    let new: Vec<&DavProperty> = of(way.contact.id).collect();
    let same = |one: &DavProperty, other: &DavProperty| {
        one.namespace == other.namespace && one.local == other.local
    };
    let old = of(id).filter(|old| !new.iter().any(|new| same(old, new)));
    let removed = old.map(|old| Edit::RemoveProperty {
        user: old.user,
        place,
        namespace: old.namespace.clone(),
        local: old.local.clone(),
    });
    let put = new.iter().map(|new| Edit::PutProperty(DavProperty { place, ..(*new).clone() }));
    removed.chain(put).collect()
}
