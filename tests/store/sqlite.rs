//! The embedded store: the contract, and its files.

use std::path::Path;

use ringbook::contact::{Body, Book, Revision};
use ringbook::store::sqlite::{SqliteStore, check};
use ringbook::store::{Change, Event, Record, Store, StoreError};

use crate::contract::{contract, shared_contract};
use crate::imports::{OLD_BODY, an_old_import_is_listed};
use crate::samples::{commit, contact, load, organization, put, stored};

#[test]
fn sqlite_in_memory_keeps_the_contract() {
    contract(&mut SqliteStore::in_memory().unwrap());
}

#[test]
fn sqlite_in_a_file_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ringbook.db");
    contract(&mut SqliteStore::open(&path).unwrap());
    shared_contract(&|| Box::new(SqliteStore::open(&path).unwrap()));
}

#[test]
fn a_file_opens_again_with_the_same_history() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ringbook.db");
    let mut store = SqliteStore::open(&path).unwrap();
    let epoch = store.epoch().unwrap();
    let at = commit(&mut store, vec![Change::Put(Record::Organization(Box::new(organization())))]);
    drop(store);
    let mut again = SqliteStore::open(&path).unwrap();
    assert_eq!(again.epoch().unwrap(), epoch);
    assert_eq!(
        load(&mut again),
        (vec![Event::Put(Record::Organization(Box::new(organization())))], at)
    );
}

#[test]
fn a_newer_format_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ringbook.db");
    drop(SqliteStore::open(&path).unwrap());
    let file = rusqlite::Connection::open(&path).unwrap();
    file.pragma_update(None, "user_version", 999).unwrap();
    let refused = SqliteStore::open(&path).err().unwrap();
    assert!(matches!(refused, StoreError::Newer { found: 999, .. }), "{refused}");
    assert_eq!(check(&path), Err(refused));
}

#[test]
fn a_file_of_the_first_format_is_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let (model, path) = (folder.path().join("model.db"), folder.path().join("ringbook.db"));
    let mut store = SqliteStore::open(&model).unwrap();
    let first = contact("Anna", Book::Shared, Revision(1));
    commit(
        &mut store,
        vec![Change::Put(Record::Organization(Box::new(organization()))), put(&first, None)],
    );
    let second = contact("Bert", Book::Shared, Revision(2));
    commit(&mut store, vec![put(&second, None)]);
    let epoch = store.epoch().unwrap();
    drop(store);
    first_format(&model, &path);

    assert_eq!(check(&path).unwrap().contacts, 2, "a check reads it as it is");
    let mut store = SqliteStore::open(&path).unwrap();
    assert_eq!(store.epoch().unwrap(), epoch);
    let (events, at) = load(&mut store);
    assert_eq!((events.len(), at), (3, Revision(2)));
    assert!(events.contains(&Event::Put(stored(&first, None))));
    let since = store.changes(Revision(1)).unwrap();
    assert_eq!(since, (vec![Event::Put(stored(&second, None))], Revision(2)));
    drop(store);
    assert_eq!(load(&mut SqliteStore::open(&path).unwrap()), (events, at), "once is enough");
}

#[test]
fn a_file_from_before_photos_is_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ringbook.db");
    let mut store = SqliteStore::open(&path).unwrap();
    let contact = contact("Anna", Book::Shared, Revision(1));
    let organization = Change::Put(Record::Organization(Box::new(organization())));
    commit(&mut store, vec![organization, put(&contact, None)]);
    let whole = load(&mut store);
    drop(store);
    let file = rusqlite::Connection::open(&path).unwrap();
    file.execute_batch(
        "ALTER TABLE contact DROP COLUMN photo; DROP TABLE photo;
         ALTER TABLE tombstone DROP COLUMN uid; PRAGMA user_version = 3;",
    )
    .unwrap();
    file.execute_batch(BEFORE_IMPORTS).unwrap();
    let old = "INSERT INTO record VALUES ('import', 'old', 1, ?1, 1)";
    file.execute(old, [OLD_BODY]).unwrap();
    let report = check(&path).unwrap();
    assert_eq!((report.contacts, report.problems), (1, vec![]), "a check reads it as it is");
    let mut store = SqliteStore::open(&path).unwrap();
    assert_eq!(load(&mut store), whole);
    an_old_import_is_listed(&mut store);
}

/// Takes away what imports made necessary.
const BEFORE_IMPORTS: &str = "DROP TABLE import; DROP TABLE created_contact;
    DROP TABLE former_contact; DROP TABLE former_photo; DROP TABLE former_record;";

/// Writes what a store holds into a file as the first release made it.
fn first_format(store: &Path, to: &Path) {
    let file = rusqlite::Connection::open(to).unwrap();
    file.execute_batch(include_str!("format1.sql")).unwrap();
    file.execute("ATTACH ?1 AS new", [store.to_str().unwrap()]).unwrap();
    file.execute_batch(
        "INSERT INTO meta SELECT * FROM new.meta;
         INSERT INTO record SELECT * FROM new.record;
         INSERT INTO contact SELECT id, organization, book, name, uid, card, body, listed, created,
             modified, revision, reduced_revision, texts, numbers, sort_key, fingerprint
             FROM new.contact;
         PRAGMA main.user_version = 1;",
    )
    .unwrap();
}

#[test]
fn a_broken_row_is_told_and_the_others_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ringbook.db");
    let mut store = SqliteStore::open(&path).unwrap();
    let whole = contact("Anna", Book::Shared, Revision(1));
    let broken = contact("Bert", Book::Shared, Revision(1));
    commit(&mut store, vec![put(&whole, None), put(&broken, None)]);
    let file = rusqlite::Connection::open(&path).unwrap();
    file.execute("UPDATE contact SET book = 'attic' WHERE id = ?1", [broken.id.0]).unwrap();
    let (events, _) = load(&mut store);
    assert!(events.contains(&Event::Put(stored(&whole, None))));
    assert!(
        events
            .iter()
            .any(|event| matches!(event, Event::Broken { reason, .. } if reason.contains("book")))
    );
    let report = check(&path).unwrap();
    assert_eq!(report.contacts, 1);
    assert_eq!(report.problems.len(), 1);
    assert!(report.problems[0].contains("book"), "{:?}", report.problems);
}

#[test]
fn of_a_broken_row_is_told_where_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ringbook.db");
    let mut store = SqliteStore::open(&path).unwrap();
    let broken = contact("Bert", Book::Shared, Revision(1));
    commit(&mut store, vec![put(&broken, None)]);
    let file = rusqlite::Connection::open(&path).unwrap();
    for damage in ["member_of = 'attic'", "photo = 'x'", "card = ''"] {
        file.execute(&format!("UPDATE contact SET {damage}"), []).unwrap();
        let (events, _) = load(&mut store);
        let rest = events.iter().find_map(|event| match event {
            Event::Broken { rest, .. } => rest.as_ref(),
            _ => None,
        });
        let rest = rest.unwrap();
        assert_eq!((rest.id, rest.book, rest.revision), (broken.id, Book::Shared, Revision(1)));
        assert_eq!(rest.body, Body::Broken, "{damage}");
        assert!(rest.derived.group, "no search finds it");
        file.execute("UPDATE contact SET member_of = '', photo = NULL", []).unwrap();
    }
}

#[test]
fn no_database_is_an_error_that_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ringbook.db");
    std::fs::write(&path, "this is no database, but it is long enough to look like one".repeat(20))
        .unwrap();
    assert!(matches!(SqliteStore::open(&path).err().unwrap(), StoreError::Damaged(_)));
}
