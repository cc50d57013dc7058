//! Rows as they are read.

use std::borrow::Cow;

use tokio_postgres::{Error, Row};
use uuid::Uuid;

use crate::contact::Revision;
use crate::store::codec::{CONTACT_COLUMNS, ContactRow, TombstoneRow, record_event};
use crate::store::postgres::fault::Fault;
use crate::store::postgres::schema::meta;
use crate::store::postgres::session::Work;
use crate::store::postgres::text::plain;
use crate::store::{Event, StoreError};

/// The revision of the last commit.
pub(super) async fn revision(work: &mut Work<'_>) -> Result<Revision, Fault> {
    number(&meta(work, "revision").await?)
}

/// A revision as the table `meta` has it.
pub(super) fn number(text: &str) -> Result<Revision, Fault> {
    let damaged = |_| StoreError::Damaged("the revision in `meta` is no number".to_owned()).into();
    text.parse().map(Revision).map_err(damaged)
}

/// Refuses to go on with a database that has forgotten what this program has read from it.
pub(super) fn not_behind(at: Revision, since: Revision) -> Result<(), Fault> {
    if at >= since {
        return Ok(());
    }
    let what = format!(
        "it is at revision {}, before {} that was read from it: was a backup restored meanwhile? \
         Restart the daemon",
        at.0, since.0
    );
    Err(StoreError::Damaged(what).into())
}

/// Tells what happened after a revision; after revision 0, everything there is.
pub(super) async fn events(
    work: &mut Work<'_>,
    since: Revision,
    sink: &mut dyn FnMut(Event),
) -> Result<(), Fault> {
    events_of(work, since, (CONTACT_COLUMNS, "uid"), sink).await
}

/// As [`events`], with other expressions in the place of the contacts' columns and of the tombstones'
/// UID.
pub(super) async fn events_of(
    work: &mut Work<'_>,
    since: Revision,
    (columns, uid): (&str, &str),
    sink: &mut dyn FnMut(Event),
) -> Result<(), Fault> {
    let since = since.0.cast_signed();
    // A check also reads databases of older formats, which keep imports among the records.
    let records = "SELECT kind, key, body FROM record \
                   WHERE revision > $1 AND kind <> 'import' ORDER BY rank, key";
    work.each(records, &[&since], |row| sink(told("record", row, record))).await?;
    let tombstones = format!(
        "SELECT organization, book, contact, name, {uid}, revision FROM tombstone \
         WHERE revision > $1 ORDER BY revision"
    );
    work.each(&tombstones, &[&since], |row| sink(told("tombstone", row, tombstone))).await?;
    let contacts = format!("SELECT {columns} FROM contact WHERE written > $1");
    work.each(&contacts, &[&since], |row| sink(told("contact", row, contact))).await
}

/// What a row tells; a broken one is told as such.
fn told(table: &str, row: &Row, read: fn(&Row) -> Result<Event, Error>) -> Event {
    read(row).unwrap_or_else(|fault| Event::Broken {
        key: table.to_owned(),
        reason: match std::error::Error::source(&fault) {
            Some(source) => format!("{fault}: {source}"),
            None => fault.to_string(),
        },
        rest: None,
    })
}

pub(super) fn contact(row: &Row) -> Result<Event, Error> {
    let name = row.try_get::<_, Option<&str>>(3)?.map(plain);
    let uid = row.try_get::<_, Option<&str>>(4)?.map(plain);
    let columns = ContactRow {
        id: row.try_get(0)?,
        organization: row.try_get(1)?,
        book: row.try_get(2)?,
        name: name.as_deref(),
        uid: uid.as_deref(),
        card: row.try_get(5)?,
        body: row.try_get(6)?,
        body_length: row.try_get::<_, Option<i32>>(7)?.map(i64::from),
        listed: row.try_get(8)?,
        created: row.try_get(9)?,
        modified: row.try_get(10)?,
        revision: row.try_get(11)?,
        reduced_revision: row.try_get(12)?,
        texts: row.try_get(13)?,
        numbers: row.try_get(14)?,
        sort_key: row.try_get(15)?,
        fingerprint: row.try_get(16)?,
        member_of: row.try_get(17)?,
        photo: row.try_get(18)?,
    };
    Ok(columns.event())
}

fn record(row: &Row) -> Result<Event, Error> {
    let key: Cow<'_, str> = plain(row.try_get(1)?);
    Ok(record_event(row.try_get(0)?, &key, row.try_get(2)?))
}

fn tombstone(row: &Row) -> Result<Event, Error> {
    let contact: Uuid = row.try_get(2)?;
    let name = plain(row.try_get(3)?);
    let uid = row.try_get::<_, Option<&str>>(4)?.map(plain);
    let row = TombstoneRow {
        organization: row.try_get(0)?,
        book: row.try_get(1)?,
        contact,
        name: &name,
        uid: uid.as_deref(),
        revision: row.try_get(5)?,
    };
    Ok(row.event())
}
