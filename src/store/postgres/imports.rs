//! Imports that were made, in a table of their own: reports are long and rarely read.

use tokio_postgres::Row;

use crate::account::import::{IMPORTS_MAX, Import, ImportOverview, ImportQuery, Undone};
use crate::contact::{OrganizationId, Revision, Timestamp};
use crate::store::StoreError;
use crate::store::postgres::fault::Fault;
use crate::store::postgres::session::{Purpose, Session, Work, cell};
use crate::store::postgres::text::{plain, stored};

/// An import, and those that are too many go.
const IMPORT: &str = "WITH gone AS (DELETE FROM import WHERE organization = $2 AND id <= \
    (SELECT id FROM import WHERE organization = $2 ORDER BY id DESC LIMIT 1 OFFSET $9)) \
    INSERT INTO import (id, organization, created, actor, revision, remembered, summary, refused, \
    report) VALUES ($1, $2, $3, $4, $5, true, $6, $7, $8)";

const OVERVIEW_COLUMNS: &str = "id, organization, created, actor, summary, undone, undone_by, revision, refused IS NOT NULL, \
     remembered";

pub(super) async fn put(work: &mut Work<'_>, import: &Import, at: i64) -> Result<(), Fault> {
    let statement = work.statement(IMPORT).await?;
    work.execute(
        &statement,
        &[
            &stored(&import.id),
            &import.organization.as_str(),
            &import.created.0,
            &stored(&import.by),
            &at,
            &stored(&import.summary),
            &import.refused.as_deref().map(stored),
            &stored(&import.report),
            // With the one that comes.
            &(i64::from(IMPORTS_MAX) - 1),
        ],
    )
    .await
}

pub(super) async fn list(
    session: &mut Session,
    query: &ImportQuery,
) -> Result<Vec<ImportOverview>, Fault> {
    let sql = format!(
        "SELECT {OVERVIEW_COLUMNS} FROM import WHERE organization = $1 \
         AND ($2::text IS NULL OR id < $2) ORDER BY id DESC LIMIT $3"
    );
    let mut work = session.begin(Purpose::Read).await?;
    let before = query.before.as_deref().map(stored);
    let which = (query.organization.as_str(), i64::from(query.limit));
    let mut found = Vec::new();
    work.each(&sql, &[&which.0, &before, &which.1], |row| found.push(overview(row))).await?;
    found.into_iter().collect()
}

pub(super) async fn read(
    session: &mut Session,
    id: &str,
) -> Result<Option<(Import, Revision)>, Fault> {
    let sql = format!("SELECT {OVERVIEW_COLUMNS}, refused, report FROM import WHERE id = $1");
    let mut work = session.begin(Purpose::Read).await?;
    let Some(row) = work.row(&sql, &[&stored(id)]).await? else { return Ok(None) };
    let overview = overview(&row)?;
    let import = Import {
        id: overview.id,
        organization: overview.organization,
        created: overview.created,
        by: overview.by,
        summary: overview.summary,
        report: text(&row, 11)?,
        refused: optional_text(&row, 10)?,
        undone: overview.undone,
    };
    Ok(Some((import, overview.revision)))
}

pub(super) async fn overview_of(
    work: &mut Work<'_>,
    id: &str,
) -> Result<Option<ImportOverview>, Fault> {
    let sql = format!("SELECT {OVERVIEW_COLUMNS} FROM import WHERE id = $1");
    let row = work.row(&sql, &[&stored(id)]).await?;
    row.map(|row| overview(&row)).transpose()
}

/// The number under which other tables know an import.
pub(super) async fn number(work: &mut Work<'_>, id: &str) -> Result<i64, Fault> {
    match work.row("SELECT number FROM import WHERE id = $1", &[&stored(id)]).await? {
        Some(row) => cell(&row, 0),
        None => Err(StoreError::Failed(format!("there is no import {id}")).into()),
    }
}

fn overview(row: &Row) -> Result<ImportOverview, Fault> {
    let undone: Option<i64> = cell(row, 5)?;
    let by = optional_text(row, 6)?;
    let revision: i64 = cell(row, 7)?;
    Ok(ImportOverview {
        id: text(row, 0)?,
        organization: OrganizationId::from(cell::<&str>(row, 1)?),
        created: Timestamp(cell(row, 2)?),
        by: text(row, 3)?,
        summary: text(row, 4)?,
        undone: undone.map(|at| Undone { at: Timestamp(at), by: by.unwrap_or_default() }),
        revision: Revision(revision.cast_unsigned()),
        has_refused: cell(row, 8)?,
        undoable: cell(row, 9)?,
    })
}

fn text(row: &Row, at: usize) -> Result<Box<str>, Fault> {
    Ok(plain(cell(row, at)?).as_ref().into())
}

fn optional_text(row: &Row, at: usize) -> Result<Option<Box<str>>, Fault> {
    let text: Option<&str> = cell(row, at)?;
    Ok(text.map(|text| plain(text).as_ref().into()))
}
