//! Imports that were made, in a table of their own: reports are long and rarely read.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use crate::account::import::{IMPORTS_MAX, Import, ImportOverview, ImportQuery, Undone};
use crate::contact::{OrganizationId, Revision, Timestamp};
use crate::store::StoreError;

const OVERVIEW_COLUMNS: &str = "id, organization, created, actor, summary, undone, undone_by, revision, refused IS NOT NULL, \
     remembered";

pub(super) fn put(
    transaction: &Transaction<'_>,
    import: &Import,
    revision: Revision,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO import (id, organization, created, actor, revision, remembered, \
               summary, refused, report) VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6, ?7, ?8)";
    transaction.prepare_cached(sql)?.execute(params![
        import.id,
        import.organization.as_str(),
        import.created.0,
        import.by,
        revision,
        import.summary,
        import.refused,
        import.report,
    ])?;
    let sql = "DELETE FROM import WHERE organization = ?1 AND id <= (SELECT id FROM import \
               WHERE organization = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)";
    let organization = import.organization.as_str();
    transaction.prepare_cached(sql)?.execute(params![organization, IMPORTS_MAX])?;
    Ok(())
}

pub(super) fn list(
    connection: &Connection,
    query: &ImportQuery,
) -> Result<Vec<ImportOverview>, StoreError> {
    let sql = format!(
        "SELECT {OVERVIEW_COLUMNS} FROM import WHERE organization = ?1 \
         AND (?2 IS NULL OR id < ?2) ORDER BY id DESC LIMIT ?3"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let which = params![query.organization.as_str(), query.before, query.limit];
    let rows = statement.query_map(which, overview)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn read(
    connection: &Connection,
    id: &str,
) -> Result<Option<(Import, Revision)>, StoreError> {
    let sql = format!("SELECT {OVERVIEW_COLUMNS}, refused, report FROM import WHERE id = ?1");
    let mut statement = connection.prepare_cached(&sql)?;
    let whole = |row: &Row<'_>| {
        let overview = overview(row)?;
        let import = Import {
            id: overview.id,
            organization: overview.organization,
            created: overview.created,
            by: overview.by,
            summary: overview.summary,
            report: row.get(11)?,
            refused: row.get(10)?,
            undone: overview.undone,
        };
        Ok((import, overview.revision))
    };
    Ok(statement.query_row([id], whole).optional()?)
}

pub(super) fn overview_of(
    connection: &Connection,
    id: &str,
) -> Result<Option<ImportOverview>, StoreError> {
    let sql = format!("SELECT {OVERVIEW_COLUMNS} FROM import WHERE id = ?1");
    Ok(connection.prepare_cached(&sql)?.query_row([id], overview).optional()?)
}

/// The number under which other tables know an import.
pub(super) fn number(connection: &Connection, id: &str) -> Result<i64, StoreError> {
    let sql = "SELECT number FROM import WHERE id = ?1";
    Ok(connection.prepare_cached(sql)?.query_row([id], |row| row.get(0))?)
}

fn overview(row: &Row<'_>) -> rusqlite::Result<ImportOverview> {
    let undone: Option<i64> = row.get(5)?;
    let by: Option<Box<str>> = row.get(6)?;
    Ok(ImportOverview {
        id: row.get(0)?,
        organization: OrganizationId::from(row.get_ref(1)?.as_str()?),
        created: Timestamp(row.get(2)?),
        by: row.get(3)?,
        summary: row.get(4)?,
        undone: undone.map(|at| Undone { at: Timestamp(at), by: by.unwrap_or_default() }),
        revision: row.get(7)?,
        has_refused: row.get(8)?,
        undoable: row.get(9)?,
    })
}
