//! Rows as they are read.

use rusqlite::Row;
use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

use crate::contact::Revision;
use crate::store::Event;
use crate::store::codec::{ContactRow, TombstoneRow, record_event};

/// A row of the contact table; a broken one is told as such.
pub(super) fn contact(row: &Row<'_>) -> rusqlite::Result<Event> {
    let id = row.get_ref(0)?;
    Ok(match columns(row) {
        Ok(columns) => columns.event(),
        Err(fault) => {
            Event::Broken { key: format!("contact {id:?}"), reason: fault.to_string(), rest: None }
        }
    })
}

fn columns<'a>(row: &'a Row<'_>) -> Result<ContactRow<'a>, Box<dyn std::error::Error>> {
    Ok(ContactRow {
        id: row.get(0)?,
        organization: row.get_ref(1)?.as_str()?,
        book: row.get_ref(2)?.as_str()?,
        name: row.get_ref(3)?.as_str_or_null()?,
        uid: row.get_ref(4)?.as_str_or_null()?,
        card: row.get_ref(5)?.as_str()?,
        body: row.get_ref(6)?.as_blob_or_null()?,
        body_length: row.get(7)?,
        listed: row.get(8)?,
        created: row.get(9)?,
        modified: row.get(10)?,
        revision: row.get(11)?,
        reduced_revision: row.get(12)?,
        texts: row.get_ref(13)?.as_str()?,
        numbers: row.get_ref(14)?.as_str()?,
        sort_key: row.get_ref(15)?.as_blob()?,
        fingerprint: row.get(16)?,
        member_of: row.get_ref(17)?.as_str()?,
        photo: row.get_ref(18)?.as_str_or_null()?,
    })
}

/// A row of the record table.
pub(super) fn record(row: &Row<'_>) -> rusqlite::Result<Event> {
    let (kind, key) = (row.get_ref(0)?.as_str()?, row.get_ref(1)?.as_str()?);
    Ok(record_event(kind, key, row.get_ref(2)?.as_str_or_null()?))
}

/// A row of the tombstone table.
pub(super) fn tombstone(row: &Row<'_>) -> rusqlite::Result<Event> {
    let row = TombstoneRow {
        organization: row.get_ref(0)?.as_str()?,
        book: row.get_ref(1)?.as_str()?,
        contact: row.get(2)?,
        name: row.get_ref(3)?.as_str()?,
        uid: row.get_ref(4)?.as_str_or_null()?,
        revision: row.get(5)?,
    };
    Ok(row.event())
}

impl FromSql for Revision {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Ok(Self(i64::column_result(value)?.cast_unsigned()))
    }
}

impl ToSql for Revision {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.cast_signed().into())
    }
}
