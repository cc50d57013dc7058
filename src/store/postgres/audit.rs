//! The audit log and the last uses of credentials: beside the records, with no revision.

use tokio_postgres::Row;

use crate::account::audit::{AuditEntry, AuditQuery, LastUse, Notes, Numbered};
use crate::contact::{OrganizationId, Timestamp};
use crate::store::postgres::fault::Fault;
use crate::store::postgres::memory;
use crate::store::postgres::session::{Purpose, Session, cell};
use crate::store::postgres::text::{plain, stored};

const ENTRY: &str = "INSERT INTO audit \
    (time, organization, actor, address, door, action, outcome, count, merged) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (merged) DO UPDATE \
    SET time = greatest(audit.time, EXCLUDED.time), count = audit.count + EXCLUDED.count";

const USE: &str = "INSERT INTO last_use (credential, time, address) VALUES ($1, $2, $3) \
    ON CONFLICT (credential) DO UPDATE SET time = EXCLUDED.time, address = EXCLUDED.address \
    WHERE EXCLUDED.time >= last_use.time";

/// Counting first takes no number: an insert that finds its like takes one all the same.
const COUNTED: &str = "UPDATE audit SET time = greatest(time, $1), count = count + $2 \
    WHERE merged = $3 RETURNING number";

pub(super) async fn note(session: &mut Session, notes: &Notes) -> Result<(), Fault> {
    let mut work = session.begin(Purpose::Write).await?;
    let statement = work.statement(ENTRY).await?;
    for entry in &notes.entries {
        let count = i64::from(entry.count);
        let merged = entry.merge_key();
        let merged = merged.as_deref().map(stored);
        if let Some(merged) = &merged
            && work.row(COUNTED, &[&entry.time.0, &count, merged]).await?.is_some()
        {
            continue;
        }
        let address = entry.address.map(|address| address.to_string());
        let organization = entry.organization.as_ref().map(OrganizationId::as_str);
        work.execute(
            &statement,
            &[
                &entry.time.0,
                &organization,
                &stored(&entry.actor),
                &address,
                &stored(&entry.door),
                &stored(&entry.action),
                &stored(&entry.outcome),
                &count,
                &merged,
            ],
        )
        .await?;
    }
    let statement = work.statement(USE).await?;
    for last in &notes.uses {
        let address = last.address.map(|address| address.to_string());
        work.execute(&statement, &[&stored(&last.credential), &last.time.0, &address]).await?;
    }
    memory::forget_before(&mut work, notes.undo_since).await?;
    let old = work.statement("DELETE FROM audit WHERE time < $1").await?;
    work.execute(&old, &[&notes.keep_since.0]).await?;
    let sql = "DELETE FROM audit WHERE number <= (SELECT max(number) FROM audit) - $1";
    let surplus = work.statement(sql).await?;
    work.execute(&surplus, &[&i64::from(notes.keep_entries)]).await?;
    work.commit().await
}

pub(super) async fn read(
    session: &mut Session,
    query: &AuditQuery,
) -> Result<Vec<Numbered>, Fault> {
    let sql = "SELECT number, time, organization, actor, address, door, action, outcome, count \
               FROM audit WHERE ($1::text IS NULL OR organization = $1) AND number < $2 \
               ORDER BY number DESC LIMIT $3";
    let organization = query.organization.as_ref().map(OrganizationId::as_str);
    let before = query.before.unwrap_or(i64::MAX);
    let limit = i64::from(query.limit);
    let mut found = Vec::new();
    let mut work = session.begin(Purpose::Read).await?;
    work.each(sql, &[&organization, &before, &limit], |row| found.push(entry(row))).await?;
    found.into_iter().collect()
}

fn entry(row: &Row) -> Result<Numbered, Fault> {
    let text = |at| -> Result<Box<str>, Fault> { Ok(plain(cell(row, at)?).as_ref().into()) };
    let organization: Option<&str> = cell(row, 2)?;
    let count: i64 = cell(row, 8)?;
    let entry = AuditEntry {
        time: Timestamp(cell(row, 1)?),
        organization: organization.map(OrganizationId::from),
        actor: text(3)?,
        address: address(row, 4)?,
        door: text(5)?,
        action: text(6)?,
        outcome: text(7)?,
        count: u32::try_from(count).unwrap_or(u32::MAX),
    };
    Ok(Numbered { number: cell(row, 0)?, entry })
}

pub(super) async fn last_uses(
    session: &mut Session,
    credentials: &[Box<str>],
) -> Result<Vec<LastUse>, Fault> {
    let mut work = session.begin(Purpose::Read).await?;
    let mut found = Vec::new();
    for credential in credentials {
        let sql = "SELECT time, address FROM last_use WHERE credential = $1";
        let Some(row) = work.row(sql, &[&stored(credential)]).await? else { continue };
        let (time, address) = (Timestamp(cell(&row, 0)?), address(&row, 1)?);
        found.push(LastUse { credential: credential.clone(), time, address });
    }
    Ok(found)
}

fn address(row: &Row, at: usize) -> Result<Option<std::net::IpAddr>, Fault> {
    let text: Option<&str> = cell(row, at)?;
    Ok(text.and_then(|text| text.parse().ok()))
}
