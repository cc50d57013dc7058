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
