//! Looks for damage in a store's file without changing it.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use crate::contact::Revision;
use crate::store::sqlite::{events, schema};
use crate::store::{CheckReport, StoreError};

/// Checks the file's pages and reads every row.
///
/// # Errors
/// [`StoreError`] where the file is no readable store at all.
pub fn check(path: &Path) -> Result<CheckReport, StoreError> {
    let mut connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    // What a start will do to the file.
    let format = schema::format(&connection)?;
    let added = match format {
        1 => Some("'' AS member_of, NULL AS photo"),
        2 | 3 => Some("NULL AS photo"),
        _ => None,
    };
    if let Some(added) = added {
        let view = format!("CREATE TEMP VIEW contact AS SELECT *, {added} FROM main.contact");
        connection.execute_batch(&view)?;
    }
    if format <= 4 {
        let view = "CREATE TEMP VIEW tombstone AS SELECT *, NULL AS uid FROM main.tombstone";
        connection.execute_batch(view)?;
    }
    if format <= 5 {
        let view = "CREATE TEMP VIEW record AS SELECT * FROM main.record WHERE kind <> 'import'";
        connection.execute_batch(view)?;
    }
    let mut report = CheckReport::default();
    let mut note = |line: String| {
        if line != "ok" {
            report.problems.push(line);
        }
        Ok(())
    };
    connection.pragma_query(None, "integrity_check", |row| note(row.get(0)?))?;
    let transaction = connection.transaction()?;
    events(&transaction, Revision(0), &mut |event| report.note(event))?;
    Ok(report)
}
