//! The contract.

use std::sync::Arc;

use ringbook::account::device::{AppPassword, Door, Doors, PhoneAccount, Scope, Token};
use ringbook::account::group::{GroupRecord, Member, SharedBook, Star};
use ringbook::account::networks::Networks;
use ringbook::account::{ImportReport, Role, SecretHash, User};
use ringbook::contact::book::{AddressBook, BookId};
use ringbook::contact::derived::NameOrder;
use ringbook::contact::number::NumberFormat;
use ringbook::contact::{Body, Book, Contact, Revision, Timestamp};
use ringbook::directory::new_id;
use ringbook::store::{Change, Event, Key, Record, Store, Tombstone};

use crate::samples::{commit, contact, load, main, next, organization, put, stored, support};

/// Everything a store must do; each store's tests call it with an empty one.
pub(crate) fn contract(store: &mut dyn Store) {
    records_read_back(store);
    nothing_said_is_nothing_written(store);
    what_leaves_is_told_once(store);
    large_bodies_are_read_one_by_one(store);
    a_write_without_the_large_body_keeps_it(store);
    changes_of_one_rendition_are_told(store);
    a_reader_sees_what_was_committed(store);
}

fn records_read_back(store: &mut dyn Store) {
    let anna = contact("Anna", Book::People, next(store));
    let note = contact("Note", Book::Personal(anna.id), next(store));
    let mut records = vec![
        Record::Organization(Box::new(organization())),
        Record::User(User {
            id: anna.id,
            organization: main(),
            extension: Some("201".into()),
            login: None,
            email: Some("anna@pbx.example".into()),
            role: Role::OfficeManager,
            password: Some(SecretHash("$argon2id$…".into())),
            principal: "201.main".into(),
            listed_books: Some(vec![AddressBook::All, AddressBook::Favorites]),
            created: Timestamp(7),
        }),
    ];
    records.extend(of_devices(&anna));
    records.extend(of_groups(&anna, &note));
    records.extend([stored(&anna, None), stored(&note, None)]);
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

fn of_devices(anna: &Contact) -> Vec<Record> {
    vec![
        Record::Phone(PhoneAccount {
            organization: main(),
            name: "phones".into(),
            secrets: vec![SecretHash("a".into()), SecretHash("b".into())],
            networks: Networks::parse(["10.0.0.0/8", "2001:db8::/32"]).unwrap(),
            books: vec![AddressBook::PEOPLE, AddressBook::Group(support())],
            acts_for: vec![anna.id],
            number_format: NumberFormat::National,
            name_order: Some(NameOrder::FamilyFirst),
        }),
        Record::Token(Token {
            id: "t1".into(),
            name: "backup".into(),
            role: Role::Operator,
            scopes: vec![Scope::Import, Scope::Presence],
            organization: None,
            hash: "00".into(),
            created: Timestamp(1),
            expires: Some(Timestamp(2)),
        }),
        Record::AppPassword(AppPassword {
            user: anna.id,
            id: "a1".into(),
            name: "iPhone".into(),
            doors: Doors::of([Door::Carddav, Door::Http]),
            hash: "00".into(),
            created: Timestamp(4),
        }),
    ]
}

fn of_groups(anna: &Contact, note: &Contact) -> Vec<Record> {
    vec![
        Record::Group(GroupRecord {
            organization: main(),
            group: support(),
            name: "R&D, Berlin".into(),
        }),
        Record::SharedBook(SharedBook {
            organization: main(),
            id: BookId::parse("suppliers").unwrap(),
            name: "Suppliers".into(),
            readers: Some(vec![Member::Group(support())]),
            writers: vec![Member::User(anna.id)],
            revision: Revision(1),
        }),
        Record::Star(Star {
            user: anna.id,
            contact: note.id,
            starred: true,
            revision: Revision(1),
        }),
    ]
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
        book: AddressBook::SHARED,
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

fn a_write_without_the_large_body_keeps_it(store: &mut dyn Store) {
    let bytes: Arc<[u8]> = vec![b'y'; 5000].into();
    let at = next(store);
    let large = Contact { body: Body::Stored(5000), ..contact("Kept", Book::Shared, at) };
    commit(store, vec![put(&large, Some(&bytes))]);
    let moved = Contact { listed: false, ..large.clone() };
    commit(store, vec![put(&moved, None)]);
    assert_eq!(store.body(large.id).unwrap(), Some((at, bytes.to_vec())));
    assert!(load(store).0.contains(&Event::Put(stored(&moved, None))));
    let bare = Contact { body: Body::Written, ..large };
    commit(store, vec![put(&bare, None)]);
    assert_eq!(store.body(bare.id).unwrap(), None);
}

fn changes_of_one_rendition_are_told(store: &mut dyn Store) {
    let full = contact("Anna", Book::People, next(store));
    let before = commit(store, vec![put(&full, None)]);
    let at = Revision(before.0 + 1);
    let hidden = Contact { reduced_revision: at, ..full };
    assert_eq!(commit(store, vec![put(&hidden, None)]), at);
    assert_eq!(store.changes(before).unwrap(), (vec![Event::Put(stored(&hidden, None))], at));
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
