//! Changes as they are written.

use rusqlite::{Transaction, params};

use crate::contact::{Body, Revision};
use crate::store::{Change, Key, Record, StoreError, StoredContact, Tombstone, codec};

/// Writes one change with its place in the change log.
pub(super) fn change(
    transaction: &Transaction<'_>,
    change: &Change,
    revision: Revision,
) -> Result<(), StoreError> {
    match change {
        Change::Put(Record::Contact(stored)) => contact(transaction, stored),
        Change::Put(record) => {
            let (kind, key, body) = parts(record);
            put(transaction, (kind, &key, Some(&body)), revision)
        }
        Change::Remove(Key::Contact(id)) => {
            transaction.prepare_cached("DELETE FROM contact WHERE id = ?1")?.execute([id.0])?;
            put(transaction, ("contact", &id.to_string(), None), revision)
        }
        Change::Remove(Key::User(id)) => {
            put(transaction, ("user", &id.to_string(), None), revision)
        }
        Change::Remove(Key::Phone(organization, name)) => {
            put(transaction, ("phone", &format!("{organization}/{name}"), None), revision)
        }
        Change::Remove(Key::Token(id)) => put(transaction, ("token", id, None), revision),
        Change::Leave(tombstone) => leave(transaction, tombstone),
    }
}

fn parts(record: &Record) -> (&'static str, String, String) {
    match record {
        Record::Organization(of) => {
            ("organization", of.id.to_string(), codec::organization_text(of))
        }
        Record::User(user) => ("user", user.id.to_string(), codec::user_text(user)),
        Record::Phone(phone) => {
            let key = format!("{}/{}", phone.organization, phone.name);
            ("phone", key, codec::phone_text(phone))
        }
        Record::Token(token) => ("token", token.id.to_string(), codec::token_text(token)),
        Record::Retired(retired) => {
            ("principal", retired.segment.to_string(), codec::retired_text(retired))
        }
        Record::Import(report) => ("import", report.id.to_string(), codec::import_text(report)),
        Record::Contact(_) => ("contact", String::new(), String::new()),
    }
}

fn put(
    transaction: &Transaction<'_>,
    (kind, key, body): (&str, &str, Option<&str>),
    revision: Revision,
) -> Result<(), StoreError> {
    let rank = if kind == "organization" { 0 } else { 1 };
    let sql = "INSERT OR REPLACE INTO record (kind, key, rank, body, revision) \
               VALUES (?1, ?2, ?3, ?4, ?5)";
    transaction.prepare_cached(sql)?.execute(params![kind, key, rank, body, revision])?;
    Ok(())
}

fn contact(transaction: &Transaction<'_>, stored: &StoredContact) -> Result<(), StoreError> {
    let contact = &stored.contact;
    let body = match &contact.body {
        Body::Written => None,
        Body::Inline(bytes) => Some(&**bytes),
        Body::Stored(_) => stored.body.as_deref(),
    };
    let sql = "INSERT OR REPLACE INTO contact VALUES \
               (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";
    transaction.prepare_cached(sql)?.execute(params![
        contact.id.0,
        contact.organization.as_str(),
        codec::book_text(contact.book),
        contact.name,
        contact.uid,
        contact.card.as_str(),
        body,
        contact.listed,
        contact.created.0,
        contact.modified.0,
        contact.revision,
        contact.reduced_revision,
        contact.derived.texts.as_str(),
        contact.derived.numbers.as_str(),
        &*contact.derived.sort_key,
        contact.derived.fingerprint.cast_signed(),
    ])?;
    Ok(())
}

fn leave(transaction: &Transaction<'_>, tombstone: &Tombstone) -> Result<(), StoreError> {
    let sql = "INSERT OR REPLACE INTO tombstone (organization, book, contact, name, revision) \
               VALUES (?1, ?2, ?3, ?4, ?5)";
    transaction.prepare_cached(sql)?.execute(params![
        tombstone.organization.as_str(),
        codec::book_text(tombstone.book),
        tombstone.contact.0,
        tombstone.name,
        tombstone.revision,
    ])?;
    Ok(())
}
