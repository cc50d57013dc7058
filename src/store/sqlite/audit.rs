//! The audit log and the last uses of credentials: beside the records, with no revision.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::account::audit::{AuditEntry, AuditQuery, LastUse, Notes, Numbered};
use crate::contact::{OrganizationId, Timestamp};
use crate::store::StoreError;
use crate::store::sqlite::memory;

pub(super) fn note(connection: &mut Connection, notes: &Notes) -> Result<(), StoreError> {
    let transaction = connection.transaction()?;
    let sql = "INSERT INTO audit \
               (time, organization, actor, address, door, action, outcome, count, merged) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (merged) DO UPDATE \
               SET time = max(time, excluded.time), count = count + excluded.count";
    for entry in &notes.entries {
        transaction.prepare_cached(sql)?.execute(params![
            entry.time.0,
            entry.organization.as_ref().map(OrganizationId::as_str),
            entry.actor,
            entry.address.map(|address| address.to_string()),
            entry.door,
            entry.action,
            entry.outcome,
            entry.count,
            entry.merge_key(),
        ])?;
    }
    let sql = "INSERT INTO last_use (credential, time, address) VALUES (?1, ?2, ?3) \
               ON CONFLICT (credential) DO UPDATE \
               SET time = excluded.time, address = excluded.address \
               WHERE excluded.time >= last_use.time";
    for last in &notes.uses {
        let address = last.address.map(|address| address.to_string());
        transaction.prepare_cached(sql)?.execute(params![last.credential, last.time.0, address])?;
    }
    memory::forget_before(&transaction, notes.undo_since)?;
    transaction
        .prepare_cached("DELETE FROM audit WHERE time < ?1")?
        .execute([notes.keep_since.0])?;
    transaction
        .prepare_cached("DELETE FROM audit WHERE number <= (SELECT max(number) FROM audit) - ?1")?
        .execute([notes.keep_entries])?;
    transaction.commit()?;
    Ok(())
}

pub(super) fn read(
    connection: &Connection,
    query: &AuditQuery,
) -> Result<Vec<Numbered>, StoreError> {
    let sql = "SELECT number, time, organization, actor, address, door, action, outcome, count \
               FROM audit WHERE (?1 IS NULL OR organization = ?1) AND number < ?2 \
               ORDER BY number DESC LIMIT ?3";
    let mut statement = connection.prepare_cached(sql)?;
    let organization = query.organization.as_ref().map(OrganizationId::as_str);
    let before = query.before.unwrap_or(i64::MAX);
    let rows = statement.query_map(params![organization, before, query.limit], entry)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn entry(row: &Row<'_>) -> rusqlite::Result<Numbered> {
    let organization: Option<String> = row.get(2)?;
    let entry = AuditEntry {
        time: Timestamp(row.get(1)?),
        organization: organization.map(|id| OrganizationId::from(id.as_str())),
        actor: row.get(3)?,
        address: address(row, 4)?,
        door: row.get(5)?,
        action: row.get(6)?,
        outcome: row.get(7)?,
        count: row.get(8)?,
    };
    Ok(Numbered { number: row.get(0)?, entry })
}

pub(super) fn last_uses(
    connection: &Connection,
    credentials: &[Box<str>],
) -> Result<Vec<LastUse>, StoreError> {
    let sql = "SELECT time, address FROM last_use WHERE credential = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let mut found = Vec::new();
    for credential in credentials {
        let read = |row: &Row<'_>| {
            let (time, address) = (Timestamp(row.get(0)?), address(row, 1)?);
            Ok(LastUse { credential: credential.clone(), time, address })
        };
        found.extend(statement.query_row([credential], read).optional()?);
    }
    Ok(found)
}

fn address(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<std::net::IpAddr>> {
    let text: Option<String> = row.get(at)?;
    Ok(text.and_then(|text| text.parse().ok()))
}
