//! The tables, and the numbered steps that lead to them.

use rusqlite::Connection;
use uuid::Uuid;

use crate::store::StoreError;

/// Step N brings a file of format N to format N + 1. Steps are never changed once released.
const MIGRATIONS: &[&str] = &[
    "
    CREATE TABLE meta (
        key   TEXT PRIMARY KEY,
        value TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;

    -- Everything but contacts. A removed record keeps its row, without a body.
    CREATE TABLE record (
        kind     TEXT NOT NULL,
        key      TEXT NOT NULL,
        rank     INTEGER NOT NULL,   -- organizations are told before what belongs to them
        body     TEXT,
        revision INTEGER NOT NULL,
        PRIMARY KEY (kind, key)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX record_revision ON record (revision);

    CREATE TABLE contact (
        id               BLOB PRIMARY KEY,
        organization     TEXT NOT NULL,
        book             TEXT NOT NULL,
        name             TEXT,
        uid              TEXT,
        card             TEXT NOT NULL,
        body             BLOB,
        listed           INTEGER NOT NULL,
        created          INTEGER NOT NULL,
        modified         INTEGER NOT NULL,
        revision         INTEGER NOT NULL,
        reduced_revision INTEGER NOT NULL,
        texts            TEXT NOT NULL,
        numbers          TEXT NOT NULL,
        sort_key         BLOB NOT NULL,
        fingerprint      INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX contact_revision ON contact (revision);

    CREATE TABLE tombstone (
        organization TEXT NOT NULL,
        book         TEXT NOT NULL,
        contact      BLOB NOT NULL,
        name         TEXT NOT NULL,
        revision     INTEGER NOT NULL,
        PRIMARY KEY (organization, book, contact)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX tombstone_revision ON tombstone (revision);
",
    "
    -- Revision of the commit that wrote the row: one that changes the reduced rendition only
    -- leaves `revision` as it is, and is told all the same.
    ALTER TABLE contact ADD COLUMN written INTEGER NOT NULL DEFAULT 0;
    UPDATE contact SET written = revision;
    DROP INDEX contact_revision;
    CREATE INDEX contact_written ON contact (written);
    -- Departments and sites of a person, separated by spaces.
    ALTER TABLE contact ADD COLUMN member_of TEXT NOT NULL DEFAULT '';
",
    "
    CREATE TABLE audit (
        number       INTEGER PRIMARY KEY,
        time         INTEGER NOT NULL,
        organization TEXT,
        actor        TEXT NOT NULL,
        address      TEXT,
        door         TEXT NOT NULL,
        action       TEXT NOT NULL,
        outcome      TEXT NOT NULL,
        count        INTEGER NOT NULL,
        merged       TEXT UNIQUE   -- what sign-ins have in common that are counted together
    ) STRICT;
    CREATE INDEX audit_time ON audit (time);
    CREATE INDEX audit_organization ON audit (organization, number);

    CREATE TABLE last_use (
        credential TEXT PRIMARY KEY,
        time       INTEGER NOT NULL,
        address    TEXT
    ) STRICT, WITHOUT ROWID;
",
    "
    -- What the contact knows of its photo; none where it is null.
    ALTER TABLE contact ADD COLUMN photo TEXT;

    -- The thumbnail stands first: reading it does not pass over the whole photo.
    CREATE TABLE photo (
        contact   BLOB PRIMARY KEY,
        digest    INTEGER NOT NULL,
        thumbnail BLOB NOT NULL,
        jpeg      BLOB NOT NULL
    ) STRICT;
",
    "
    -- A contact that gets another name or UID in its book leaves the old one behind.
    CREATE TABLE left_behind (
        organization TEXT NOT NULL,
        book         TEXT NOT NULL,
        contact      BLOB NOT NULL,
        name         TEXT NOT NULL,
        uid          TEXT,
        revision     INTEGER NOT NULL,
        PRIMARY KEY (organization, book, contact, name)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO left_behind SELECT organization, book, contact, name, NULL, revision FROM tombstone;
    DROP TABLE tombstone;
    ALTER TABLE left_behind RENAME TO tombstone;
    CREATE INDEX tombstone_revision ON tombstone (revision);
",
    "
    -- The texts that may be long stand last: a list does not pass over them.
    CREATE TABLE import (
        number       INTEGER PRIMARY KEY,
        id           TEXT NOT NULL UNIQUE,
        organization TEXT NOT NULL,
        created      INTEGER NOT NULL,
        actor        TEXT NOT NULL,
        revision     INTEGER NOT NULL,
        undone       INTEGER,
        undone_by    TEXT,
        remembered   INTEGER NOT NULL,   -- whether the tables below have what it found
        summary      TEXT NOT NULL,
        refused      TEXT,
        report       TEXT NOT NULL
    ) STRICT;
    CREATE INDEX import_organization ON import (organization, id);
    CREATE INDEX import_remembered ON import (created) WHERE remembered;

    -- What imports (by their numbers) made, and how what they changed or removed was before.
    CREATE TABLE created_contact (
        import INTEGER NOT NULL,
        id     BLOB NOT NULL,
        PRIMARY KEY (import, id)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE former_contact (
        place            INTEGER PRIMARY KEY,
        import           INTEGER NOT NULL,
        removed          INTEGER NOT NULL,
        id               BLOB NOT NULL,
        organization     TEXT NOT NULL,
        book             TEXT NOT NULL,
        name             TEXT,
        uid              TEXT,
        card             TEXT NOT NULL,
        body             BLOB,
        listed           INTEGER NOT NULL,
        created          INTEGER NOT NULL,
        modified         INTEGER NOT NULL,
        revision         INTEGER NOT NULL,
        reduced_revision INTEGER NOT NULL,
        member_of        TEXT NOT NULL,
        photo            TEXT,
        UNIQUE (import, id)
    ) STRICT;
    CREATE TABLE former_photo (
        import    INTEGER NOT NULL,
        contact   BLOB NOT NULL,
        digest    INTEGER NOT NULL,
        thumbnail BLOB NOT NULL,
        jpeg      BLOB NOT NULL,
        PRIMARY KEY (import, contact)
    ) STRICT;
    CREATE TABLE former_record (
        import INTEGER NOT NULL,
        kind   TEXT NOT NULL,
        key    TEXT NOT NULL,
        body   TEXT,   -- null: the import made it
        PRIMARY KEY (import, kind, key)
    ) STRICT, WITHOUT ROWID;

    INSERT INTO import
            (id, organization, created, actor, revision, remembered, summary, report)
        SELECT key, body ->> '$.organization', body ->> '$.created',
            coalesce(body ->> '$.report' ->> '$.by', ''), revision, 0,
            json_object(
                'profile', body ->> '$.report' ->> '$.profile',
                'into', body ->> '$.report' ->> '$.into',
                'created', body ->> '$.report' ->> '$.created',
                'skipped', json_array_length(body ->> '$.report', '$.skipped'),
                'failed', json_array_length(body ->> '$.report', '$.failed')),
            body ->> '$.report'
        FROM record WHERE kind = 'import' AND body IS NOT NULL;
    DELETE FROM record WHERE kind = 'import';
",
];

/// The file's format.
///
/// # Errors
/// [`StoreError::Newer`] where this program does not know it.
pub(super) fn format(connection: &Connection) -> Result<i64, StoreError> {
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if found > known || found < 0 {
        return Err(StoreError::Newer { found, known });
    }
    Ok(found)
}

/// Brings the file's format up to date.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let found = format(connection)?;
    for (step, sql) in (0_i64..).zip(MIGRATIONS).filter(|(step, _)| *step >= found) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(sql)?;
        if step == 0 {
            let insert = "INSERT INTO meta VALUES ('epoch', ?1), ('revision', '0')";
            transaction.execute(insert, [Uuid::new_v4().simple().to_string()])?;
        }
        transaction.pragma_update(None, "user_version", step + 1)?;
        transaction.commit()?;
    }
    Ok(())
}
