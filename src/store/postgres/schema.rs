//! The tables, the numbered steps that lead to them, and the name of their history.

use uuid::Uuid;

use crate::store::StoreError;
use crate::store::postgres::fault::Fault;
use crate::store::postgres::session::{Purpose, Session, Work, cell};

/// Step N brings a database of format N to format N + 1. Steps are never changed once released.
/// Texts are sorted by their bytes, as SQLite does.
const MIGRATIONS: &[&str] = &[
    "
    CREATE TABLE meta (
        key   text COLLATE \"C\" PRIMARY KEY,
        value text NOT NULL
    );
    INSERT INTO meta VALUES ('format', '0'), ('epoch', ''), ('origin', ''), ('revision', '0');

    -- Everything but contacts. A removed record keeps its row, without a body.
    CREATE TABLE record (
        kind     text COLLATE \"C\" NOT NULL,
        key      text COLLATE \"C\" NOT NULL,
        rank     integer NOT NULL,   -- organizations are told before what belongs to them
        body     text,
        revision bigint NOT NULL,
        PRIMARY KEY (kind, key)
    );
    CREATE INDEX record_revision ON record (revision);

    CREATE TABLE contact (
        id               uuid PRIMARY KEY,
        organization     text NOT NULL,
        book             text NOT NULL,
        name             text,
        uid              text,
        card             text NOT NULL,
        body             bytea,
        listed           boolean NOT NULL,
        created          bigint NOT NULL,
        modified         bigint NOT NULL,
        revision         bigint NOT NULL,
        reduced_revision bigint NOT NULL,
        texts            text NOT NULL,
        numbers          text NOT NULL,
        sort_key         bytea NOT NULL,
        fingerprint      bigint NOT NULL,
        written          bigint NOT NULL,  -- revision of the commit that wrote the row
        member_of        text NOT NULL     -- departments and sites, separated by spaces
    );
    CREATE INDEX contact_written ON contact (written);

    CREATE TABLE tombstone (
        organization text COLLATE \"C\" NOT NULL,
        book         text COLLATE \"C\" NOT NULL,
        contact      uuid NOT NULL,
        name         text NOT NULL,
        revision     bigint NOT NULL,
        PRIMARY KEY (organization, book, contact)
    );
    CREATE INDEX tombstone_revision ON tombstone (revision);
",
    "
    CREATE TABLE audit (
        number       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        time         bigint NOT NULL,
        organization text COLLATE \"C\",
        actor        text NOT NULL,
        address      text,
        door         text NOT NULL,
        action       text NOT NULL,
        outcome      text NOT NULL,
        count        bigint NOT NULL,
        merged       text COLLATE \"C\" UNIQUE   -- what sign-ins that are counted together share
    );
    CREATE INDEX audit_time ON audit (time);
    CREATE INDEX audit_organization ON audit (organization, number);

    CREATE TABLE last_use (
        credential text COLLATE \"C\" PRIMARY KEY,
        time       bigint NOT NULL,
        address    text
    );
",
    "
    -- What the contact knows of its photo; none where it is null.
    ALTER TABLE contact ADD COLUMN photo text;

    CREATE TABLE photo (
        contact   uuid PRIMARY KEY,
        digest    bigint NOT NULL,
        thumbnail bytea NOT NULL,
        jpeg      bytea NOT NULL
    );
    -- JPEGs are compressed already.
    ALTER TABLE photo ALTER COLUMN jpeg SET STORAGE EXTERNAL;
",
    "
    -- A contact that gets another name or UID in its book leaves the old one behind.
    ALTER TABLE tombstone ADD COLUMN uid text;
    ALTER TABLE tombstone DROP CONSTRAINT tombstone_pkey;
    ALTER TABLE tombstone ADD PRIMARY KEY (organization, book, contact, name);
",
    "
    CREATE TABLE import (
        number       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        id           text COLLATE \"C\" NOT NULL UNIQUE,
        organization text COLLATE \"C\" NOT NULL,
        created      bigint NOT NULL,
        actor        text NOT NULL,
        revision     bigint NOT NULL,
        undone       bigint,
        undone_by    text,
        remembered   boolean NOT NULL,   -- whether the tables below have what it found
        summary      text NOT NULL,
        refused      text,
        report       text NOT NULL
    );
    CREATE INDEX import_organization ON import (organization, id);
    CREATE INDEX import_remembered ON import (created) WHERE remembered;

    -- What imports (by their numbers) made, and how what they changed or removed was before.
    CREATE TABLE created_contact (
        import bigint NOT NULL,
        id     uuid NOT NULL,
        PRIMARY KEY (import, id)
    );
    CREATE TABLE former_contact (
        place            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        import           bigint NOT NULL,
        removed          boolean NOT NULL,
        id               uuid NOT NULL,
        organization     text NOT NULL,
        book             text NOT NULL,
        name             text,
        uid              text,
        card             text NOT NULL,
        body             bytea,
        listed           boolean NOT NULL,
        created          bigint NOT NULL,
        modified         bigint NOT NULL,
        revision         bigint NOT NULL,
        reduced_revision bigint NOT NULL,
        member_of        text NOT NULL,
        photo            text,
        UNIQUE (import, id)
    );
    CREATE TABLE former_photo (
        import    bigint NOT NULL,
        contact   uuid NOT NULL,
        digest    bigint NOT NULL,
        thumbnail bytea NOT NULL,
        jpeg      bytea NOT NULL,
        PRIMARY KEY (import, contact)
    );
    ALTER TABLE former_photo ALTER COLUMN jpeg SET STORAGE EXTERNAL;
    CREATE TABLE former_record (
        import bigint NOT NULL,
        kind   text COLLATE \"C\" NOT NULL,
        key    text COLLATE \"C\" NOT NULL,
        body   text,   -- null: the import made it
        PRIMARY KEY (import, kind, key)
    );

    INSERT INTO import
            (id, organization, created, actor, revision, remembered, summary, report)
        SELECT key, old ->> 'organization', (old ->> 'created')::bigint,
            coalesce(report ->> 'by', ''), revision, false,
            json_build_object(
                'profile', report -> 'profile',
                'into', report -> 'into',
                'created', report -> 'created',
                'skipped', json_array_length(report -> 'skipped'),
                'failed', json_array_length(report -> 'failed')),
            old ->> 'report'
        -- JSON may name U+0000 and no text may hold it: what is read of the report goes without.
        FROM (SELECT key, revision, old,
                replace(old ->> 'report', '\\u0000', '\\ufffd')::json AS report
            FROM (SELECT key, revision, body::json AS old
                FROM record WHERE kind = 'import' AND body IS NOT NULL) AS kept) AS read;
    DELETE FROM record WHERE kind = 'import';
",
];

/// Held by the one who changes tables; the number means nothing.
const LOCK: &str = "
    SET LOCAL lock_timeout = '60s';
    SET LOCAL statement_timeout = 0;
    SELECT pg_advisory_xact_lock(7224573418);
";

/// Brings the tables up to date, each step in a transaction of its own.
pub(super) async fn migrate(session: &mut Session) -> Result<(), Fault> {
    loop {
        let mut work = session.begin(Purpose::Read).await?;
        if step(&mut work).await?.is_none() {
            return Ok(());
        }
        drop(work);
        let mut work = session.begin(Purpose::Write).await?;
        work.batch(LOCK).await?;
        // Somebody else may have been faster.
        if let Some((next, sql)) = step(&mut work).await? {
            work.batch(sql).await?;
            work.batch(&format!("UPDATE meta SET value = '{next}' WHERE key = 'format'")).await?;
        }
        work.commit().await?;
    }
}

/// What is to be done next, and the format it leads to.
async fn step(work: &mut Work<'_>) -> Result<Option<(i64, &'static str)>, Fault> {
    let found = format(work).await?.unwrap_or(0);
    let at = usize::try_from(found).ok();
    Ok(at.and_then(|at| MIGRATIONS.get(at)).map(|sql| (found + 1, *sql)))
}

/// The format of the tables; None where there are none.
///
/// # Errors
/// [`StoreError::Newer`] where this program does not know it.
pub(super) async fn format(work: &mut Work<'_>) -> Result<Option<i64>, Fault> {
    // Not `to_regclass`: it may remember from before a lock was waited for.
    let sql = "SELECT EXISTS \
               (SELECT FROM pg_class WHERE relname = 'meta' AND pg_table_is_visible(oid))";
    let row = work.row(sql, &[]).await?;
    if !row.map(|row| cell::<bool>(&row, 0)).transpose()?.unwrap_or(false) {
        return Ok(None);
    }
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    match meta(work, "format").await?.parse() {
        Ok(found) if (0..=known).contains(&found) => Ok(Some(found)),
        Ok(found) => Err(StoreError::Newer { found, known }.into()),
        Err(_) => Err(StoreError::Damaged("the format in `meta` is no number".to_owned()).into()),
    }
}

/// A value of the table `meta`.
pub(super) async fn meta(work: &mut Work<'_>, key: &str) -> Result<String, Fault> {
    match work.row("SELECT value FROM meta WHERE key = $1", &[&key]).await? {
        Some(row) => cell(&row, 0),
        None => Err(StoreError::Damaged(format!("the table `meta` has no `{key}`")).into()),
    }
}

/// Where these tables live: cluster, timeline, database and table. A dump that is read in again, a
/// base backup that is rolled forward to a point and a standby that takes over differ in one of them.
const ORIGIN: &str = "
    SELECT system_identifier::text || '/' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)
        || '/' || (SELECT oid FROM pg_database WHERE datname = current_database())::text
        || '/' || 'meta'::regclass::oid::text
    FROM pg_control_system()";
/// As much of it as a server tells that keeps the rest to itself.
const ORIGIN_REDUCED: &str = "
    SELECT (SELECT oid FROM pg_database WHERE datname = current_database())::text
        || '/' || 'meta'::regclass::oid::text";
const ORIGIN_ALLOWED: &str = "
    SELECT has_function_privilege('pg_control_system()', 'execute')
        AND has_function_privilege('pg_current_wal_lsn()', 'execute')
        AND has_function_privilege('pg_walfile_name(pg_lsn)', 'execute')";

/// The name of the history of revisions. Tables that came here from elsewhere get a new one, as
/// they may lack revisions that clients have seen.
pub(super) async fn epoch(session: &mut Session) -> Result<String, Fault> {
    let mut work = session.begin(Purpose::Write).await?;
    // The same row that commits lock: two daemons that start agree on one name.
    work.row("SELECT value FROM meta WHERE key = 'revision' FOR UPDATE", &[]).await?;
    let allowed = work.row(ORIGIN_ALLOWED, &[]).await?;
    let allowed = allowed.map(|row| cell::<bool>(&row, 0)).transpose()?.unwrap_or(false);
    let origin = work.row(if allowed { ORIGIN } else { ORIGIN_REDUCED }, &[]).await?;
    let origin: String = origin.map(|row| cell(&row, 0)).transpose()?.unwrap_or_default();
    if meta(&mut work, "origin").await? == origin {
        return meta(&mut work, "epoch").await;
    }
    let epoch = Uuid::new_v4().simple().to_string();
    let update = work.statement("UPDATE meta SET value = $2 WHERE key = $1").await?;
    work.execute(&update, &[&"origin", &origin]).await?;
    work.execute(&update, &[&"epoch", &epoch]).await?;
    work.commit().await?;
    Ok(epoch)
}
