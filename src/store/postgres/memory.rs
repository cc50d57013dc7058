//! What imports found before they changed it: rows that are copied by the database itself.

use tokio_postgres::Row;
use uuid::Uuid;

use crate::account::import::{Import, UNDO_IMPORTS, Undone, undo_since};
use crate::contact::{ContactId, Revision, Timestamp};
use crate::store::codec::{
    self, CONTACT_COLUMNS, NOT_REMEMBERED, REMEMBERED_COLUMNS, remembered_contact,
};
use crate::store::postgres::fault::Fault;
use crate::store::postgres::session::{Purpose, Session, Work, cell};
use crate::store::postgres::text::{plain, stored};
use crate::store::postgres::{imports, read};
use crate::store::{
    Change, Key, Recall, Record, Remembered, RememberedContact, RememberedRecord, StoreError,
};

/// What a commit is about to change.
#[derive(Default)]
struct Touched {
    contacts: Vec<Uuid>,
    photos: Vec<Uuid>,
    kinds: Vec<&'static str>,
    /// Beside their kinds.
    keys: Vec<String>,
}

impl Touched {
    fn by(changes: &[Change]) -> Self {
        let mut touched = Self::default();
        for change in changes {
            match change {
                Change::Put(Record::Contact(stored)) => touched.contacts.push(stored.contact.id.0),
                Change::Put(put) => {
                    if let codec::Row::Record(row) = codec::row(put) {
                        touched.record(row.kind, &row.key);
                    }
                }
                Change::Remove(Key::Contact(id)) => {
                    touched.contacts.push(id.0);
                    touched.photos.push(id.0);
                }
                Change::Remove(key) => {
                    let row = codec::removed_row(key);
                    touched.record(row.kind, &row.key);
                }
                Change::Picture(id, _) => touched.photos.push(id.0),
                Change::Leave(_) | Change::Import(_) | Change::Recall(_) => {}
                Change::Undone { .. } => {}
            }
        }
        touched
    }

    fn record(&mut self, kind: &'static str, key: &str) {
        self.kinds.push(kind);
        self.keys.push(stored(key).into_owned());
    }
}

/// Remembers what a commit's changes, none of which is written yet, are about to change.
pub(super) async fn remember(
    work: &mut Work<'_>,
    import: &Import,
    changes: &[Change],
) -> Result<i64, Fault> {
    let number = imports::number(work, &import.id).await?;
    let touched = Touched::by(changes);
    let sql = format!(
        "INSERT INTO former_contact (import, removed, {REMEMBERED_COLUMNS}) \
         SELECT $1, false, {REMEMBERED_COLUMNS} \
         FROM unnest($2::uuid[]) WITH ORDINALITY AS touched (id, place) JOIN contact USING (id) \
         ORDER BY touched.place ON CONFLICT (import, id) DO NOTHING"
    );
    let contacts = work.statement(&sql).await?;
    work.execute(&contacts, &[&number, &touched.contacts]).await?;
    let sql = "INSERT INTO former_photo (import, contact, digest, thumbnail, jpeg) \
               SELECT $1, contact, digest, thumbnail, jpeg FROM photo WHERE contact = ANY ($2)";
    let photos = work.statement(sql).await?;
    work.execute(&photos, &[&number, &touched.photos]).await?;
    let sql = "INSERT INTO former_record (import, kind, key, body) \
               SELECT $1, kind, key, body FROM unnest($2::text[], $3::text[]) AS touched (kind, key) \
               JOIN record USING (kind, key) ON CONFLICT (import, kind, key) DO NOTHING";
    let records = work.statement(sql).await?;
    work.execute(&records, &[&number, &touched.kinds, &touched.keys]).await?;
    surplus(work, import).await?;
    Ok(number)
}

/// Remembers what a commit, all of which is written now, has made and removed.
pub(super) async fn finish(work: &mut Work<'_>, import: i64, at: i64) -> Result<(), Fault> {
    let sql = "INSERT INTO created_contact SELECT $1, id FROM contact WHERE written = $2 \
               AND NOT EXISTS (SELECT 1 FROM former_contact AS former \
                   WHERE former.import = $1 AND former.id = contact.id)";
    let created = work.statement(sql).await?;
    work.execute(&created, &[&import, &at]).await?;
    let sql = "UPDATE former_contact SET removed = true WHERE import = $1 \
               AND NOT EXISTS (SELECT 1 FROM contact WHERE contact.id = former_contact.id)";
    let removed = work.statement(sql).await?;
    work.execute(&removed, &[&import]).await?;
    let sql = format!(
        "INSERT INTO former_record (import, kind, key) SELECT $1, kind, key FROM record \
         WHERE revision = $2 AND kind NOT IN ({NOT_REMEMBERED}) \
         ON CONFLICT (import, kind, key) DO NOTHING"
    );
    let records = work.statement(&sql).await?;
    work.execute(&records, &[&import, &at]).await
}

/// Forgets what is too old to be undone.
pub(super) async fn forget_before(work: &mut Work<'_>, since: Timestamp) -> Result<(), Fault> {
    let sql = "SELECT number FROM import WHERE remembered AND created < $1";
    let mut old = Vec::new();
    work.each(sql, &[&since.0], |row| old.push(cell::<i64>(row, 0))).await?;
    forget_all(work, old).await
}

/// Forgets what imports found before the last few of the organization.
async fn surplus(work: &mut Work<'_>, import: &Import) -> Result<(), Fault> {
    forget_before(work, undo_since(import.created)).await?;
    let sql = "SELECT number FROM import WHERE remembered AND organization = $1 \
               ORDER BY id DESC OFFSET $2";
    let which = (import.organization.as_str(), i64::from(UNDO_IMPORTS));
    let mut surplus = Vec::new();
    work.each(sql, &[&which.0, &which.1], |row| surplus.push(cell::<i64>(row, 0))).await?;
    forget_all(work, surplus).await
}

async fn forget_all(work: &mut Work<'_>, imports: Vec<Result<i64, Fault>>) -> Result<(), Fault> {
    for import in imports {
        forget(work, import?).await?;
    }
    Ok(())
}

async fn forget(work: &mut Work<'_>, import: i64) -> Result<(), Fault> {
    for sql in [
        "DELETE FROM created_contact WHERE import = $1",
        "DELETE FROM former_contact WHERE import = $1",
        "DELETE FROM former_photo WHERE import = $1",
        "DELETE FROM former_record WHERE import = $1",
        "UPDATE import SET remembered = false WHERE number = $1",
    ] {
        let statement = work.statement(sql).await?;
        work.execute(&statement, &[&import]).await?;
    }
    Ok(())
}

/// Gives back large bodies and photos, after the contacts are written.
pub(super) async fn recall(work: &mut Work<'_>, recall: &Recall) -> Result<(), Fault> {
    let import = imports::number(work, &recall.import).await?;
    let mut steps = Vec::new();
    if recall.body {
        steps.push(
            "UPDATE contact SET body = former.body FROM former_contact AS former \
             WHERE former.import = $1 AND former.id = $2 AND contact.id = $2 RETURNING 1",
        );
    }
    if recall.photo {
        steps.push(
            "INSERT INTO photo (contact, digest, thumbnail, jpeg) \
             SELECT contact, digest, thumbnail, jpeg FROM former_photo \
             WHERE import = $1 AND contact = $2 ON CONFLICT (contact) DO UPDATE \
             SET digest = EXCLUDED.digest, thumbnail = EXCLUDED.thumbnail, jpeg = EXCLUDED.jpeg \
             RETURNING 1",
        );
    }
    for sql in steps {
        if work.row(sql, &[&import, &recall.contact.0]).await?.is_none() {
            let what = format!("what contact {} had is forgotten", recall.contact);
            return Err(StoreError::Failed(what).into());
        }
    }
    Ok(())
}

/// Marks an import as undone.
pub(super) async fn undone(
    work: &mut Work<'_>,
    import: &str,
    undone: &Undone,
) -> Result<(), Fault> {
    let sql = "UPDATE import SET undone = $2, undone_by = $3 WHERE id = $1";
    let statement = work.statement(sql).await?;
    work.execute(&statement, &[&stored(import), &undone.at.0, &stored(&undone.by)]).await?;
    let number = imports::number(work, import).await?;
    forget(work, number).await
}

/// What is remembered for an import.
pub(super) async fn remembered(
    session: &mut Session,
    import: &str,
) -> Result<Option<Remembered>, Fault> {
    let mut work = session.begin(Purpose::Read).await?;
    let Some(overview) = imports::overview_of(&mut work, import).await? else { return Ok(None) };
    let number = imports::number(&mut work, import).await?;
    let at = read::revision(&mut work).await?;
    let sql = "SELECT id FROM created_contact WHERE import = $1";
    let mut created = Vec::new();
    work.each(sql, &[&number], |row| created.push(cell(row, 0).map(ContactId))).await?;
    let created = created.into_iter().collect::<Result<_, _>>()?;
    let contacts = contacts(&mut work, number).await?;
    let records = records(&mut work, number, overview.revision).await?;
    Ok(Some(Remembered { import: overview, at, created, contacts, records }))
}

async fn contacts(work: &mut Work<'_>, import: i64) -> Result<Vec<RememberedContact>, Fault> {
    let sql = format!(
        "SELECT {CONTACT_COLUMNS}, removed FROM (SELECT *, '' AS texts, '' AS numbers, \
         ''::bytea AS sort_key, 0::bigint AS fingerprint FROM former_contact WHERE import = $1) \
         AS former ORDER BY place"
    );
    let mut found = Vec::new();
    work.each(&sql, &[&import], |row| found.push(contact_row(row))).await?;
    found.into_iter().collect()
}

fn contact_row(row: &Row) -> Result<RememberedContact, Fault> {
    let event = read::contact(row)?;
    let removed = row.try_get("removed")?;
    Ok(remembered_contact(event, removed)?)
}

async fn records(
    work: &mut Work<'_>,
    import: i64,
    left_at: Revision,
) -> Result<Vec<RememberedRecord>, Fault> {
    let sql = "SELECT kind, key, former.body, record.revision IS DISTINCT FROM $2 \
               FROM former_record AS former LEFT JOIN record USING (kind, key) \
               WHERE former.import = $1";
    let left_at = left_at.0.cast_signed();
    let mut found = Vec::new();
    work.each(sql, &[&import, &left_at], |row| found.push(record_row(row))).await?;
    found.into_iter().collect()
}

fn record_row(row: &Row) -> Result<RememberedRecord, Fault> {
    let key = plain(cell(row, 1)?);
    Ok(codec::remembered((cell(row, 0)?, &key, cell(row, 2)?), cell(row, 3)?)?)
}
