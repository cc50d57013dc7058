//! One contract for every store.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

use std::sync::Arc;

use ringbook::account::{
    ImportReport, OrganizationSettings, PhoneAccount, Role, SecretHash, Token, User,
};
use ringbook::contact::card::{CardBuilder, Field, FieldSet};
use ringbook::contact::derived::{Derivation, NameOrder};
use ringbook::contact::number::Numbering;
use ringbook::contact::{Body, Book, Contact, OrganizationId, Revision, Timestamp};
use ringbook::directory::new_id;
use ringbook::store::sqlite::{SqliteStore, check};
use ringbook::store::{Change, Event, Key, Record, Store, StoreError, StoredContact, Tombstone};

/// Everything a store must do; each store's tests call it with an empty one.
fn contract(store: &mut dyn Store) {
    records_read_back(store);
    nothing_said_is_nothing_written(store);
    what_leaves_is_told_once(store);
    large_bodies_are_read_one_by_one(store);
    a_reader_sees_what_was_committed(store);
}

#[test]
fn sqlite_in_memory_keeps_the_contract() {
    contract(&mut SqliteStore::in_memory().unwrap());
}

#[test]
fn sqlite_in_a_file_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    contract(&mut SqliteStore::open(&folder.path().join("ringbook.db")).unwrap());
}

#[test]
fn a_file_opens_again_with_the_same_history() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ringbook.db");
    let mut store = SqliteStore::open(&path).unwrap();
    let epoch = store.epoch().unwrap();
    let at = commit(&mut store, vec![Change::Put(Record::Organization(organization()))]);
    drop(store);
    let mut again = SqliteStore::open(&path).unwrap();
    assert_eq!(again.epoch().unwrap(), epoch);
    assert_eq!(load(&mut again), (vec![Event::Put(Record::Organization(organization()))], at));
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
    assert!(report.problems[0].contains("book"), "{:?}", report.problems);
}

#[test]
fn no_database_is_an_error_that_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ringbook.db");
    std::fs::write(&path, "this is no database, but it is long enough to look like one".repeat(20))
        .unwrap();
    assert!(matches!(SqliteStore::open(&path).err().unwrap(), StoreError::Damaged(_)));
}

fn records_read_back(store: &mut dyn Store) {
    let anna = contact("Anna", Book::People, next(store));
    let note = contact("Note", Book::Personal(anna.id), next(store));
    let records = vec![
        Record::Organization(organization()),
        Record::User(User {
            id: anna.id,
            organization: main(),
            extension: Some("201".into()),
            login: None,
            email: Some("anna@pbx.example".into()),
            role: Role::OfficeManager,
            password: Some(SecretHash("$argon2id$…".into())),
            principal: "201.main".into(),
            created: Timestamp(7),
        }),
        Record::Phone(PhoneAccount {
            organization: main(),
            name: "phones".into(),
            secrets: vec![SecretHash("a".into()), SecretHash("b".into())],
            books: vec![Book::People, Book::Shared],
        }),
        Record::Token(Token {
            id: "t1".into(),
            name: "backup".into(),
            role: Role::Operator,
            organization: None,
            hash: "00".into(),
            created: Timestamp(1),
            expires: Some(Timestamp(2)),
        }),
        stored(&anna, None),
        stored(&note, None),
    ];
    let at = commit(store, records.iter().cloned().map(Change::Put).collect());
    let (events, loaded) = load(store);
    assert_eq!(loaded, at);
    for record in records {
        assert!(events.contains(&Event::Put(record.clone())), "{record:?} in {events:?}");
    }
    let report = ImportReport {
        id: "i1".into(),
        organization: main(),
        created: Timestamp(3),
        json: "{\"created\":1}".into(),
    };
    commit(store, vec![Change::Put(Record::Import(report.clone()))]);
    assert_eq!(store.import_report("i1").unwrap(), Some(report));
    assert_eq!(store.import_report("i2").unwrap(), None);
}

fn nothing_said_is_nothing_written(store: &mut dyn Store) {
    let (_, before) = load(store);
    assert_eq!(commit(store, Vec::new()), before);
    assert_eq!(store.changes(before).unwrap(), (Vec::new(), before));
}

fn what_leaves_is_told_once(store: &mut dyn Store) {
    let going = contact("Going", Book::Shared, next(store));
    let before = commit(store, vec![put(&going, None)]);
    let tombstone = |revision| Tombstone {
        organization: main(),
        book: Book::Shared,
        contact: going.id,
        name: going.resource_name().into(),
        revision,
    };
    let at = Revision(before.0 + 1);
    let changes = vec![Change::Leave(tombstone(at)), Change::Remove(Key::Contact(going.id))];
    assert_eq!(commit(store, changes), at);
    let (events, now) = store.changes(before).unwrap();
    assert_eq!(now, at);
    assert_eq!(events, [Event::Remove(Key::Contact(going.id)), Event::Leave(tombstone(at))]);
    assert!(!load(store).0.iter().any(|event| *event == Event::Put(stored(&going, None))));
    // A commit tells its caller first what others have committed since the caller looked.
    let mut told = Vec::new();
    store
        .commit(before, &mut |events, next| {
            assert_eq!(next, Revision(at.0 + 1));
            told = events;
            Vec::new()
        })
        .unwrap();
    assert_eq!(told, events);
}

fn large_bodies_are_read_one_by_one(store: &mut dyn Store) {
    let bytes: Arc<[u8]> = vec![b'x'; 5000].into();
    let at = next(store);
    let large = Contact { body: Body::Stored(5000), ..contact("Large", Book::Shared, at) };
    let small =
        Contact { body: Body::Inline((*b"small").into()), ..contact("Small", Book::Shared, at) };
    commit(store, vec![put(&large, Some(&bytes)), put(&small, None)]);
    let (events, _) = load(store);
    assert!(events.contains(&Event::Put(stored(&large, None))), "only its length is loaded");
    assert!(events.contains(&Event::Put(stored(&small, None))));
    assert_eq!(store.body(large.id).unwrap(), Some((at, bytes.to_vec())));
    assert_eq!(store.body(new_id()).unwrap(), None);
}

fn a_reader_sees_what_was_committed(store: &mut dyn Store) {
    let mut reader = store.reader().unwrap();
    let late = contact("Late", Book::Shared, next(store));
    let at = commit(store, vec![put(&late, None)]);
    let (events, seen) = reader.changes(Revision(at.0 - 1)).unwrap();
    assert_eq!(seen, at);
    assert_eq!(events, [Event::Put(stored(&late, None))]);
    assert_eq!(reader.epoch().unwrap(), store.epoch().unwrap());
}

fn commit(store: &mut dyn Store, changes: Vec<Change>) -> Revision {
    let mut changes = Some(changes);
    store.commit(Revision(u64::MAX >> 1), &mut |_, _| changes.take().unwrap()).unwrap()
}

/// The revision of the next commit.
fn next(store: &mut dyn Store) -> Revision {
    Revision(load(store).1.0 + 1)
}

fn load(store: &mut dyn Store) -> (Vec<Event>, Revision) {
    let mut events = Vec::new();
    let at = store.load(&mut |event| events.push(event)).unwrap();
    (events, at)
}

fn main() -> OrganizationId {
    OrganizationId::parse("main").unwrap()
}

fn organization() -> OrganizationSettings {
    OrganizationSettings {
        id: main(),
        name: "Ringbook".into(),
        domain: "pbx.example".into(),
        suffix: "dc=pbx,dc=example".into(),
        region: "DE".into(),
        area_code: "30".into(),
        outside_line: "0".into(),
        language: "de".into(),
        name_order: NameOrder::FamilyFirst,
        hidden_numbers: FieldSet::of(&[Field::Mobile]),
    }
}

/// A contact as the directory makes it for the commit that has this revision.
fn contact(name: &str, book: Book, at: Revision) -> Contact {
    let mut card = CardBuilder::default();
    card.push(Field::GivenName, name).push(Field::Work, "030 555 1234");
    let card = card.finish().unwrap();
    let numbering = Numbering::new("DE", "30", "0").unwrap();
    Contact {
        id: new_id(),
        organization: main(),
        book,
        name: Some(format!("{name}.vcf").into()),
        uid: None,
        derived: Derivation::new(numbering, "de", NameOrder::FamilyFirst).derive(&card),
        card,
        body: Body::Written,
        listed: true,
        created: Timestamp(1),
        modified: Timestamp(2),
        revision: at,
        reduced_revision: Revision(at.0 / 2),
    }
}

fn stored(contact: &Contact, body: Option<&Arc<[u8]>>) -> Record {
    Record::Contact(StoredContact { contact: Arc::new(contact.clone()), body: body.cloned() })
}

fn put(contact: &Contact, body: Option<&Arc<[u8]>>) -> Change {
    Change::Put(stored(contact, body))
}
