//! Looks for damage in a database without changing it.

use crate::contact::Revision;
use crate::store::postgres::read::events;
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
        if schema::format(&mut work).await?.is_none() {
            return Ok(None);
        }
        let mut report = CheckReport::default();
        events(&mut work, Revision(0), &mut |event| report.note(event)).await?;
        Ok(Some(report))
    });
    Ok(report?)
}
