//! Changes as they are written.

use rusqlite::{Transaction, params};

use crate::contact::photo::Picture;
use crate::contact::{ContactId, Revision};
use crate::store::codec::{self, RecordRow, Row, StoredBody};
use crate::store::sqlite::{imports, memory};
use crate::store::{Change, Key, StoreError, StoredContact, Tombstone};

/// Writes a commit's changes, each of which is released as it is written.
pub(super) fn changes(
    transaction: &Transaction<'_>,
    changes: Vec<Change>,
    revision: Revision,
) -> Result<(), StoreError> {
    let import = changes.iter().find_map(|change| match change {
        Change::Import(import) => Some(import),
        _ => None,
    });
    let import = match import {
        Some(import) => {
            imports::put(transaction, import, revision)?;
            Some(memory::remember(transaction, import, &changes)?)
        }
        None => None,
    };
    for change in changes {
        self::change(transaction, &change, revision)?;
    }
    match import {
        Some(import) => memory::finish(transaction, import, revision),
        None => Ok(()),
    }
}

/// Writes one change with its place in the change log.
fn change(
    transaction: &Transaction<'_>,
    change: &Change,
    revision: Revision,
) -> Result<(), StoreError> {
    match change {
        Change::Put(put) => match codec::row(put) {
            Row::Contact(stored) => contact(transaction, stored, revision),
            Row::Record(row) => record(transaction, &row, revision),
        },
        Change::Remove(key) => {
            if let Key::Contact(id) = key {
                transaction.prepare_cached("DELETE FROM contact WHERE id = ?1")?.execute([id.0])?;
                picture(transaction, *id, None)?;
            }
            record(transaction, &codec::removed_row(key), revision)
        }
        Change::Leave(tombstone) => leave(transaction, tombstone),
        Change::Picture(id, new) => picture(transaction, *id, new.as_deref()),
        // Written before all others.
        Change::Import(_) => Ok(()),
        Change::Recall(recall) => memory::recall(transaction, recall),
        Change::Undone { import, undone } => memory::undone(transaction, import, undone),
    }
}

fn picture(
    transaction: &Transaction<'_>,
    id: ContactId,
    new: Option<&Picture>,
) -> Result<(), StoreError> {
    let Some(new) = new else {
        transaction.prepare_cached("DELETE FROM photo WHERE contact = ?1")?.execute([id.0])?;
        return Ok(());
    };
    let sql = "INSERT OR REPLACE INTO photo (contact, digest, thumbnail, jpeg) \
               VALUES (?1, ?2, ?3, ?4)";
    let digest = new.photo.digest.cast_signed();
    let row = params![id.0, digest, &*new.thumbnail, &*new.jpeg];
    transaction.prepare_cached(sql)?.execute(row)?;
    Ok(())
}

fn record(
    transaction: &Transaction<'_>,
    row: &RecordRow,
    revision: Revision,
) -> Result<(), StoreError> {
    let sql = "INSERT OR REPLACE INTO record (kind, key, rank, body, revision) \
               VALUES (?1, ?2, ?3, ?4, ?5)";
    let RecordRow { kind, key, rank, body } = row;
    transaction.prepare_cached(sql)?.execute(params![kind, key, rank, body, revision])?;
    Ok(())
}

fn contact(
    transaction: &Transaction<'_>,
    stored: &StoredContact,
    written: Revision,
) -> Result<(), StoreError> {
    let contact = &stored.contact;
    let (body, keep) = match stored.stored_body() {
        StoredBody::Set(body) => (body, false),
        StoredBody::Keep => (None, true),
    };
    let sql = "INSERT OR REPLACE INTO contact VALUES (?1, ?2, ?3, ?4, ?5, ?6, \
               CASE WHEN ?19 THEN (SELECT body FROM contact WHERE id = ?1) ELSE ?7 END, \
               ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?20)";
    transaction.prepare_cached(sql)?.execute(params![
        contact.id.0,
        contact.organization.as_str(),
        codec::book_text(contact.book.into()),
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
        written,
        codec::groups_text(&contact.groups),
        keep,
        contact.photo.as_ref().map(codec::photo_text),
    ])?;
    Ok(())
}

fn leave(transaction: &Transaction<'_>, tombstone: &Tombstone) -> Result<(), StoreError> {
    let sql = "INSERT OR REPLACE INTO tombstone \
               (organization, book, contact, name, uid, revision) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    transaction.prepare_cached(sql)?.execute(params![
        tombstone.organization.as_str(),
        codec::book_text(tombstone.book),
        tombstone.contact.0,
        tombstone.name,
        tombstone.uid,
        tombstone.revision,
    ])?;
    Ok(())
}
