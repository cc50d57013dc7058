//! Rows as they are read.

use std::sync::Arc;

use rusqlite::Row;
use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use uuid::Uuid;

use crate::contact::OrganizationId;
use crate::contact::card::{Card, Packed};
use crate::contact::derived::{Derived, is_group};
use crate::contact::{
    BODY_INLINE_BYTES_MAX, Body, Contact, ContactId, Revision, Timestamp, UserId,
};
use crate::store::codec::{self, Undecodable};
use crate::store::{Event, Key, Record, StoredContact, Tombstone};

/// The columns of [`contact_event`]. A body beyond the inline limit is only measured.
pub(super) const CONTACT_COLUMNS: &str = "id, organization, book, name, uid, card, \
    CASE WHEN length(body) <= 4096 THEN body END, length(body), listed, created, modified, \
    revision, reduced_revision, texts, numbers, sort_key, fingerprint";
const _: () = assert!(BODY_INLINE_BYTES_MAX == 4096, "CONTACT_COLUMNS names the same limit");

/// A row of the contact table; a broken one is told as such.
pub(super) fn contact_event(row: &Row<'_>) -> rusqlite::Result<Event> {
    let id = row.get_ref(0)?;
    Ok(match contact(row) {
        Ok(contact) => {
            Event::Put(Record::Contact(StoredContact { contact: Arc::new(contact), body: None }))
        }
        Err(fault) => Event::Broken { key: format!("contact {id:?}"), reason: fault.to_string() },
    })
}

fn contact(row: &Row<'_>) -> Result<Contact, Box<dyn std::error::Error>> {
    let id: Uuid = row.get(0)?;
    let card = Card::from_stored(text(row, 5)?);
    Ok(Contact {
        id: ContactId(id),
        organization: OrganizationId::from(text(row, 1)?),
        book: codec::book(text(row, 2)?)?,
        name: optional(row, 3)?,
        uid: optional(row, 4)?,
        body: body(row)?,
        listed: row.get(8)?,
        created: Timestamp(row.get(9)?),
        modified: Timestamp(row.get(10)?),
        revision: row.get(11)?,
        reduced_revision: row.get(12)?,
        derived: Derived {
            texts: Packed::from_stored(text(row, 13)?),
            numbers: Packed::from_stored(text(row, 14)?),
            sort_key: row.get_ref(15)?.as_blob()?.into(),
            fingerprint: row.get::<_, i64>(16)?.cast_unsigned(),
            group: is_group(&card),
        },
        card,
    })
}

fn text<'a>(row: &'a Row<'_>, column: usize) -> Result<&'a str, Box<dyn std::error::Error>> {
    Ok(row.get_ref(column)?.as_str()?)
}

fn optional(row: &Row<'_>, column: usize) -> Result<Option<Box<str>>, Box<dyn std::error::Error>> {
    Ok(row.get_ref(column)?.as_str_or_null()?.map(Into::into))
}

fn body(row: &Row<'_>) -> Result<Body, Box<dyn std::error::Error>> {
    let length: Option<u32> = row.get(7)?;
    Ok(match (row.get_ref(6)?, length) {
        (_, None) => Body::Written,
        (ValueRef::Blob(bytes), _) => Body::Inline(bytes.into()),
        (_, Some(length)) => Body::Stored(length),
    })
}

/// A row of the record table.
pub(super) fn record_event(row: &Row<'_>) -> rusqlite::Result<Event> {
    let kind: String = row.get(0)?;
    let key: String = row.get(1)?;
    let body: Option<String> = row.get(2)?;
    let event = match body {
        Some(body) => record(&kind, &key, &body).map(Event::Put),
        None => removed(&kind, &key).map(Event::Remove),
    };
    Ok(event.unwrap_or_else(|fault| Event::Broken {
        key: format!("{kind} {key}"),
        reason: fault.to_string(),
    }))
}

fn record(kind: &str, key: &str, body: &str) -> Result<Record, Undecodable> {
    Ok(match kind {
        "organization" => Record::Organization(codec::organization(key, body)?),
        "user" => Record::User(codec::user(key, body)?),
        "phone" => {
            let (organization, name) = key.split_once('/').ok_or(Undecodable("key"))?;
            Record::Phone(codec::phone(organization, name, body)?)
        }
        "token" => Record::Token(codec::token(key, body)?),
        "principal" => Record::Retired(codec::retired(key, body)?),
        _ => return Err(Undecodable("kind")),
    })
}

fn removed(kind: &str, key: &str) -> Result<Key, Undecodable> {
    Ok(match kind {
        "user" => Key::User(UserId::parse(key).ok_or(Undecodable("key"))?),
        "contact" => Key::Contact(ContactId::parse(key).ok_or(Undecodable("key"))?),
        "phone" => {
            let (organization, name) = key.split_once('/').ok_or(Undecodable("key"))?;
            Key::Phone(OrganizationId::from(organization), name.into())
        }
        "token" => Key::Token(key.into()),
        _ => return Err(Undecodable("kind")),
    })
}

/// A row of the tombstone table.
pub(super) fn tombstone_event(row: &Row<'_>) -> rusqlite::Result<Event> {
    let organization: String = row.get(0)?;
    let book: String = row.get(1)?;
    let contact: Uuid = row.get(2)?;
    let name: String = row.get(3)?;
    Ok(match codec::book(&book) {
        Ok(book) => Event::Leave(Tombstone {
            organization: OrganizationId::from(&organization),
            book,
            contact: ContactId(contact),
            name: name.into(),
            revision: row.get(4)?,
        }),
        Err(fault) => {
            Event::Broken { key: format!("tombstone {contact}"), reason: fault.to_string() }
        }
    })
}

impl FromSql for Revision {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Ok(Self(i64::column_result(value)?.cast_unsigned()))
    }
}

impl ToSql for Revision {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.cast_signed().into())
    }
}
