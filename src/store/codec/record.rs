//! Which kind, key and rank a record has in the store, and the reverse.

use std::sync::Arc;

use crate::account::group::PendingStar;
use crate::contact::book::{AddressBook, BookId};
use crate::contact::{OrganizationId, UserId};
use crate::store::codec::{Decoded, Undecodable, account, device, group, import, property, word};
use crate::store::{
    Event, Key, Record, RememberedContact, RememberedRecord, StoreError, StoredContact,
};

/// A row of the record table: everything but contacts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) struct RecordRow {
    pub(in crate::store) kind: &'static str,
    pub(in crate::store) key: String,
    /// Rows are told in this order: organizations before what belongs to them.
    pub(in crate::store) rank: i32,
    /// None: the record is removed, and the row says so to those who ask later.
    pub(in crate::store) body: Option<String>,
}

/// The table in which a record is kept.
pub(in crate::store) enum Row<'a> {
    Contact(&'a StoredContact),
    Record(RecordRow),
}

/// Where a record goes.
pub(in crate::store) fn row(record: &Record) -> Row<'_> {
    let (kind, key, body) = match record {
        Record::Contact(stored) => return Row::Contact(stored),
        Record::Organization(of) => {
            ("organization", of.id.to_string(), account::organization_text(of))
        }
        Record::User(user) => ("user", user.id.to_string(), account::user_text(user)),
        Record::Phone(phone) => {
            let key = format!("{}/{}", phone.organization, phone.name);
            ("phone", key, device::phone_text(phone))
        }
        Record::Token(token) => ("token", token.id.to_string(), device::token_text(token)),
        Record::AppPassword(app) => {
            ("app", format!("{}/{}", app.user, app.id), device::app_password_text(app))
        }
        Record::Group(record) => {
            let key = format!("{}/{}", record.organization, AddressBook::Group(record.group));
            ("group", key, group::group_text(record))
        }
        Record::SharedBook(book) => {
            ("book", format!("{}/{}", book.organization, book.id), group::shared_book_text(book))
        }
        Record::Star(star) => {
            ("star", format!("{}/{}", star.user, star.contact), group::star_text(star))
        }
        Record::PersonalBook(book) => {
            ("personal", format!("{}/{}", book.owner, book.id), group::personal_book_text(book))
        }
        Record::PendingStar(star) => {
            ("pending", format!("{}/{}", star.user, star.uid), "{}".to_owned())
        }
        Record::Property(of) => {
            let key = property::property_key(of.place, &of.namespace, &of.local);
            ("property", format!("{}/{key}", of.user), property::property_text(of))
        }
        Record::Reverted(of) => {
            let key = property::reverted_key(of.book, &of.name);
            ("reverted", format!("{}/{key}", of.user), property::reverted_text(of))
        }
        Record::ColumnMap(map) => {
            let key = format!("{}/{}", map.organization, map.name);
            ("columns", key, import::column_map_text(map))
        }
        Record::Retired(retired) => {
            ("principal", retired.segment.to_string(), account::retired_text(retired))
        }
    };
    Row::Record(RecordRow { kind, key, rank: rank(kind), body: Some(body) })
}

/// The row that says that a record is removed. A contact's own row goes besides.
pub(in crate::store) fn removed_row(key: &Key) -> RecordRow {
    let (kind, key) = match key {
        Key::User(id) => ("user", id.to_string()),
        Key::Phone(organization, name) => ("phone", format!("{organization}/{name}")),
        Key::Token(id) => ("token", id.to_string()),
        Key::AppPassword(user, id) => ("app", format!("{user}/{id}")),
        Key::Group(organization, group) => {
            ("group", format!("{organization}/{}", AddressBook::Group(*group)))
        }
        Key::SharedBook(organization, id) => ("book", format!("{organization}/{id}")),
        Key::Star(user, contact) => ("star", format!("{user}/{contact}")),
        Key::PersonalBook(owner, id) => ("personal", format!("{owner}/{id}")),
        Key::PendingStar(user, uid) => ("pending", format!("{user}/{uid}")),
        Key::Property { user, place, namespace, local } => {
            let key = property::property_key(*place, namespace, local);
            ("property", format!("{user}/{key}"))
        }
        Key::Reverted(user, book, name) => {
            ("reverted", format!("{user}/{}", property::reverted_key(*book, name)))
        }
        Key::ColumnMap(organization, name) => ("columns", format!("{organization}/{name}")),
        Key::Contact(id) => ("contact", id.to_string()),
    };
    RecordRow { kind, key, rank: rank(kind), body: None }
}

fn rank(kind: &str) -> i32 {
    if kind == "organization" { 0 } else { 1 }
}

/// What a row of the record table tells; a broken one is told as such.
pub(in crate::store) fn record_event(kind: &str, key: &str, body: Option<&str>) -> Event {
    let event = match body {
        Some(body) => record(kind, key, body).map(Event::Put),
        None => removed(kind, key).map(Event::Remove),
    };
    event.unwrap_or_else(|fault| Event::Broken {
        key: format!("{kind} {key}"),
        reason: fault.to_string(),
        rest: None,
    })
}

/// Kinds whose rows an undone import leaves as they are: a path segment that was given away stays so,
/// and a contact is remembered by its own row.
pub(in crate::store) const NOT_REMEMBERED: &str = "'organization', 'principal', 'contact'";

/// A record as an import found it; see [`NOT_REMEMBERED`].
pub(in crate::store) fn remembered(
    (kind, key, body): (&str, &str, Option<&str>),
    changed: bool,
) -> Result<RememberedRecord, StoreError> {
    let before = body.map(|body| record(kind, key, body)).transpose();
    let read = before.and_then(|before| Ok((removed(kind, key)?, before)));
    let damaged = |fault| StoreError::Damaged(format!("{kind} {key} before an import: {fault}"));
    let (key, before) = read.map_err(damaged)?;
    Ok(RememberedRecord { key, before, changed })
}

/// A contact as an import found it.
pub(in crate::store) fn remembered_contact(
    event: Event,
    removed: bool,
) -> Result<RememberedContact, StoreError> {
    match event {
        Event::Put(Record::Contact(stored)) => {
            let before = Arc::unwrap_or_clone(stored.contact);
            Ok(RememberedContact { before, removed })
        }
        other => Err(StoreError::Damaged(format!("a contact before an import: {other:?}"))),
    }
}

fn record(kind: &str, key: &str, body: &str) -> Decoded<Record> {
    Ok(match kind {
        "organization" => Record::Organization(Box::new(account::organization(key, body)?)),
        "user" => Record::User(account::user(key, body)?),
        "phone" => {
            let (organization, name) = halves(key)?;
            Record::Phone(device::phone(organization, name, body)?)
        }
        "token" => Record::Token(device::token(key, body)?),
        "app" => {
            let (user, id) = halves(key)?;
            Record::AppPassword(device::app_password(user_id(user)?, id, body)?)
        }
        "group" => {
            let (organization, id) = halves(key)?;
            Record::Group(group::group(organization, word::group(id)?, body)?)
        }
        "book" => {
            let (organization, id) = halves(key)?;
            Record::SharedBook(group::shared_book(organization, book_id(id)?, body)?)
        }
        "star" => {
            let (user, contact) = halves(key)?;
            Record::Star(group::star(user_id(user)?, user_id(contact)?, body)?)
        }
        "personal" => {
            let (owner, id) = halves(key)?;
            Record::PersonalBook(group::personal_book(user_id(owner)?, book_id(id)?, body)?)
        }
        "pending" => {
            let (user, uid) = halves(key)?;
            Record::PendingStar(PendingStar { user: user_id(user)?, uid: uid.into() })
        }
        "property" => {
            let (user, key) = halves(key)?;
            Record::Property(property::property(user_id(user)?, key, body)?)
        }
        "reverted" => {
            let (user, key) = halves(key)?;
            Record::Reverted(property::reverted(user_id(user)?, key, body)?)
        }
        "columns" => {
            let (organization, name) = halves(key)?;
            Record::ColumnMap(import::column_map(organization, name, body)?)
        }
        "principal" => Record::Retired(account::retired(key, body)?),
        _ => return Err(Undecodable("kind")),
    })
}

fn removed(kind: &str, key: &str) -> Decoded<Key> {
    Ok(match kind {
        "user" => Key::User(user_id(key)?),
        "contact" => Key::Contact(user_id(key)?),
        "phone" => {
            let (organization, name) = halves(key)?;
            Key::Phone(OrganizationId::from(organization), name.into())
        }
        "token" => Key::Token(key.into()),
        "app" => {
            let (user, id) = halves(key)?;
            Key::AppPassword(user_id(user)?, id.into())
        }
        "group" => {
            let (organization, id) = halves(key)?;
            Key::Group(OrganizationId::from(organization), word::group(id)?)
        }
        "book" => {
            let (organization, id) = halves(key)?;
            Key::SharedBook(OrganizationId::from(organization), book_id(id)?)
        }
        "star" => {
            let (user, contact) = halves(key)?;
            Key::Star(user_id(user)?, user_id(contact)?)
        }
        "personal" => {
            let (owner, id) = halves(key)?;
            Key::PersonalBook(user_id(owner)?, book_id(id)?)
        }
        "pending" => {
            let (user, uid) = halves(key)?;
            Key::PendingStar(user_id(user)?, uid.into())
        }
        "property" => {
            let (user, key) = halves(key)?;
            let (place, namespace, local) = property::property_name(key)?;
            let (namespace, local) = (namespace.into(), local.into());
            Key::Property { user: user_id(user)?, place, namespace, local }
        }
        "columns" => {
            let (organization, name) = halves(key)?;
            Key::ColumnMap(OrganizationId::from(organization), name.into())
        }
        "reverted" => {
            let (user, key) = halves(key)?;
            let (book, name) = property::reverted_name(key)?;
            Key::Reverted(user_id(user)?, book, name.into())
        }
        _ => return Err(Undecodable("kind")),
    })
}

/// What a record belongs to, and what it is called there.
fn halves(key: &str) -> Decoded<(&str, &str)> {
    key.split_once('/').ok_or(Undecodable("key"))
}

/// Users have the ids of contacts.
fn user_id(text: &str) -> Decoded<UserId> {
    UserId::parse(text).ok_or(Undecodable("key"))
}

fn book_id(text: &str) -> Decoded<BookId> {
    BookId::parse(text).ok_or(Undecodable("key"))
}
