//! Looks for damage in a database without changing it.

use crate::contact::Revision;
use crate::store::codec::CONTACT_COLUMNS;
use crate::store::postgres::read::events_of;
use crate::store::postgres::schema;
use crate::store::postgres::session::{Purpose, Session, run};
use crate::store::postgres::url::PostgresUrl;
use crate::store::{CheckReport, StoreError};

/// Reads every row. Pages are checked by PostgreSQL's own means (`pg_amcheck`). None: there are no
/// tables yet.
///
/// # Errors
/// [`StoreError`] where the database cannot be read.
pub fn check(url: &str) -> Result<Option<CheckReport>, StoreError> {
    let mut session = Session::connect(&PostgresUrl::parse(url)?)?;
    let report = run(async {
        let mut work = session.begin(Purpose::Read).await?;
        let Some(format) = schema::format(&mut work).await? else { return Ok(None) };
        // What a start will do to the tables.
        let columns = match format {
            ..=2 => CONTACT_COLUMNS.replace("photo", "NULL"),
            _ => CONTACT_COLUMNS.to_owned(),
        };
        let uid = if format <= 3 { "NULL::text" } else { "uid" };
        let mut report = CheckReport::default();
        events_of(&mut work, Revision(0), (&columns, uid), &mut |event| report.note(event)).await?;
        Ok(Some(report))
    });
    Ok(report?)
}
