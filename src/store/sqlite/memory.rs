//! What imports found before they changed it: rows that are copied by the database itself.

use std::sync::LazyLock;

use rusqlite::{Connection, Row, Transaction, params};
use uuid::Uuid;

use crate::account::import::{Import, UNDO_IMPORTS, Undone, undo_since};
use crate::contact::{ContactId, Revision, Timestamp};
use crate::store::codec::{
    self, CONTACT_COLUMNS, NOT_REMEMBERED, REMEMBERED_COLUMNS, RecordRow, remembered_contact,
};
use crate::store::sqlite::{imports, revision, rows};
use crate::store::{
    Change, Key, Recall, Record, Remembered, RememberedContact, RememberedRecord, StoreError,
};

/// Remembers what a commit's changes, none of which is written yet, are about to change.
pub(super) fn remember(
    transaction: &Transaction<'_>,
    import: &Import,
    changes: &[Change],
) -> Result<i64, StoreError> {
    let number = imports::number(transaction, &import.id)?;
    let sql = "SELECT max(id) FROM contact";
    let newest: Option<Uuid> = transaction.query_row(sql, [], |row| row.get(0))?;
    for change in changes {
        match change {
            Change::Put(Record::Contact(stored)) => {
                let id = stored.contact.id;
                // Ids grow with time: mostly there is no need to look.
                let is_new = newest.is_none_or(|newest| newest < id.0);
                if is_new || !contact(transaction, number, id, false)? {
                    created(transaction, number, id)?;
                }
            }
            Change::Put(put) => {
                if let codec::Row::Record(row) = codec::row(put) {
                    record(transaction, number, &row)?;
                }
            }
            Change::Remove(Key::Contact(id)) => {
                if !contact(transaction, number, *id, true)? {
                    let sql = "DELETE FROM created_contact WHERE import = ?1 AND id = ?2";
                    transaction.prepare_cached(sql)?.execute(params![number, id.0])?;
                }
                photo(transaction, number, *id)?;
            }
            Change::Remove(key) => record(transaction, number, &codec::removed_row(key))?,
            Change::Picture(id, _) => photo(transaction, number, *id)?,
            Change::Leave(_) | Change::Import(_) | Change::Recall(_) | Change::Undone { .. } => {}
        }
    }
    surplus(transaction, import)?;
    Ok(number)
}

static FORMER: LazyLock<String> = LazyLock::new(|| {
    format!(
        "INSERT INTO former_contact (import, removed, {REMEMBERED_COLUMNS}) \
         SELECT ?1, ?3, {REMEMBERED_COLUMNS} FROM contact WHERE id = ?2 \
         ON CONFLICT (import, id) DO UPDATE SET removed = ?3"
    )
});

/// Remembers a contact that is there; false where there is none.
fn contact(
    transaction: &Transaction<'_>,
    import: i64,
    id: ContactId,
    removed: bool,
) -> Result<bool, StoreError> {
    let rows = transaction.prepare_cached(&FORMER)?.execute(params![import, id.0, removed])?;
    Ok(rows > 0)
}

fn created(transaction: &Transaction<'_>, import: i64, id: ContactId) -> Result<(), StoreError> {
    let sql = "INSERT OR IGNORE INTO created_contact (import, id) VALUES (?1, ?2)";
    transaction.prepare_cached(sql)?.execute(params![import, id.0])?;
    Ok(())
}

fn photo(transaction: &Transaction<'_>, import: i64, id: ContactId) -> Result<(), StoreError> {
    let sql = "INSERT OR IGNORE INTO former_photo (import, contact, digest, thumbnail, jpeg) \
               SELECT ?1, contact, digest, thumbnail, jpeg FROM photo WHERE contact = ?2";
    transaction.prepare_cached(sql)?.execute(params![import, id.0])?;
    Ok(())
}

fn record(transaction: &Transaction<'_>, import: i64, row: &RecordRow) -> Result<(), StoreError> {
    let sql = "INSERT OR IGNORE INTO former_record (import, kind, key, body) \
               SELECT ?1, kind, key, body FROM record WHERE kind = ?2 AND key = ?3";
    transaction.prepare_cached(sql)?.execute(params![import, row.kind, row.key])?;
    Ok(())
}

/// Remembers what a commit, all of which is written now, has made besides contacts.
pub(super) fn finish(
    transaction: &Transaction<'_>,
    import: i64,
    revision: Revision,
) -> Result<(), StoreError> {
    let sql = format!(
        "INSERT OR IGNORE INTO former_record (import, kind, key) \
         SELECT ?1, kind, key FROM record WHERE revision = ?2 AND kind NOT IN ({NOT_REMEMBERED})"
    );
    transaction.prepare_cached(&sql)?.execute(params![import, revision])?;
    Ok(())
}

/// Forgets what is too old to be undone.
pub(super) fn forget_before(
    transaction: &Transaction<'_>,
    since: Timestamp,
) -> Result<(), StoreError> {
    let sql = "SELECT number FROM import WHERE remembered AND created < ?1";
    let old = transaction
        .prepare_cached(sql)?
        .query_map([since.0], |row| row.get(0))?
        .collect::<Result<Vec<i64>, _>>()?;
    old.into_iter().try_for_each(|import| forget(transaction, import))
}

/// Forgets what imports found before the last few of the organization.
fn surplus(transaction: &Transaction<'_>, import: &Import) -> Result<(), StoreError> {
    forget_before(transaction, undo_since(import.created))?;
    let sql = "SELECT number FROM import WHERE remembered AND organization = ?1 \
               ORDER BY id DESC LIMIT -1 OFFSET ?2";
    let surplus = transaction
        .prepare_cached(sql)?
        .query_map(params![import.organization.as_str(), UNDO_IMPORTS], |row| row.get(0))?
        .collect::<Result<Vec<i64>, _>>()?;
    surplus.into_iter().try_for_each(|import| forget(transaction, import))
}

fn forget(transaction: &Transaction<'_>, import: i64) -> Result<(), StoreError> {
    for sql in [
        "DELETE FROM created_contact WHERE import = ?1",
        "DELETE FROM former_contact WHERE import = ?1",
        "DELETE FROM former_photo WHERE import = ?1",
        "DELETE FROM former_record WHERE import = ?1",
        "UPDATE import SET remembered = 0 WHERE number = ?1",
    ] {
        transaction.prepare_cached(sql)?.execute([import])?;
    }
    Ok(())
}

/// Gives back a large body or a photo.
pub(super) fn recall(transaction: &Transaction<'_>, recall: &Recall) -> Result<(), StoreError> {
    let import = imports::number(transaction, &recall.import)?;
    let mut steps = Vec::new();
    if recall.body {
        steps.push(
            "UPDATE contact SET body = former.body FROM former_contact AS former \
             WHERE former.import = ?1 AND former.id = ?2 AND contact.id = ?2",
        );
    }
    if recall.photo {
        steps.push(
            "INSERT OR REPLACE INTO photo (contact, digest, thumbnail, jpeg) \
             SELECT contact, digest, thumbnail, jpeg FROM former_photo \
             WHERE import = ?1 AND contact = ?2",
        );
    }
    for sql in steps {
        let given = transaction.prepare_cached(sql)?.execute(params![import, recall.contact.0])?;
        if given == 0 {
            let what = format!("what contact {} had is forgotten", recall.contact);
            return Err(StoreError::Failed(what));
        }
    }
    Ok(())
}

/// Marks an import as undone.
pub(super) fn undone(
    transaction: &Transaction<'_>,
    import: &str,
    undone: &Undone,
) -> Result<(), StoreError> {
    let sql = "UPDATE import SET undone = ?2, undone_by = ?3 WHERE id = ?1";
    transaction.prepare_cached(sql)?.execute(params![import, undone.at.0, undone.by])?;
    let number = imports::number(transaction, import)?;
    forget(transaction, number)
}

/// What is remembered for an import.
pub(super) fn read(
    connection: &mut Connection,
    import: &str,
) -> Result<Option<Remembered>, StoreError> {
    let transaction = connection.transaction()?;
    let Some(overview) = imports::overview_of(&transaction, import)? else { return Ok(None) };
    let number = imports::number(&transaction, import)?;
    let at = revision(&transaction)?;
    let created = transaction
        .prepare_cached("SELECT id FROM created_contact WHERE import = ?1")?
        .query_map([number], |row| Ok(ContactId(row.get::<_, Uuid>(0)?)))?
        .collect::<Result<_, _>>()?;
    let contacts = contacts(&transaction, number)?;
    let records = records(&transaction, number, overview.revision)?;
    Ok(Some(Remembered { import: overview, at, created, contacts, records }))
}

fn contacts(
    transaction: &Transaction<'_>,
    import: i64,
) -> Result<Vec<RememberedContact>, StoreError> {
    let sql = format!(
        "SELECT {CONTACT_COLUMNS}, removed FROM (SELECT *, '' AS texts, '' AS numbers, \
         x'' AS sort_key, 0 AS fingerprint FROM former_contact WHERE import = ?1) ORDER BY place"
    );
    let mut statement = transaction.prepare_cached(&sql)?;
    let mut found = statement.query([import])?;
    let mut contacts = Vec::new();
    while let Some(row) = found.next()? {
        contacts.push(remembered_contact(rows::contact(row)?, row.get("removed")?)?);
    }
    Ok(contacts)
}

fn records(
    transaction: &Transaction<'_>,
    import: i64,
    left_at: Revision,
) -> Result<Vec<RememberedRecord>, StoreError> {
    let sql = "SELECT kind, key, former.body, record.revision IS NOT ?2 \
               FROM former_record AS former LEFT JOIN record USING (kind, key) \
               WHERE former.import = ?1";
    let mut statement = transaction.prepare_cached(sql)?;
    let mut found = statement.query(params![import, left_at])?;
    let mut records = Vec::new();
    while let Some(row) = found.next()? {
        records.push(record_row(row)?);
    }
    Ok(records)
}

fn record_row(row: &Row<'_>) -> Result<RememberedRecord, StoreError> {
    let text = |at| -> Result<String, rusqlite::Error> { row.get(at) };
    let body: Option<String> = row.get(2)?;
    codec::remembered((&text(0)?, &text(1)?, body.as_deref()), row.get(3)?)
}
