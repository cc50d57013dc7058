//! The contract.

use std::num::NonZeroU32;
use std::sync::Arc;

use ringbook::account::device::{AppPassword, Door, Doors, PhoneAccount, Scope, Token};
use ringbook::account::group::{GroupRecord, Member, PendingStar, PersonalBook, SharedBook, Star};
use ringbook::account::import::ColumnMapRecord;
use ringbook::account::networks::Networks;
use ringbook::account::property::{DavProperty, KeptAt, Reverted};
use ringbook::account::{Layout, PresenceVisibility, Role, SecretHash, User};
use ringbook::contact::book::{AddressBook, BookId};
use ringbook::contact::derived::NameOrder;
use ringbook::contact::number::NumberFormat;
use ringbook::contact::photo::{Photo, PhotoSize, Picture};
use ringbook::contact::{Body, Book, Contact, Revision, Timestamp};
use ringbook::directory::new_id;
use ringbook::store::{Change, Event, Key, Record, Store, Tombstone};

use crate::imports::imports_are_kept;
use crate::notes::notes_are_kept;
use crate::samples::{commit, contact, load, main, next, organization, put, stored, support};
use crate::undo::imports_can_be_undone;

/// Everything a store must do; each store's tests call it with an empty one.
pub(crate) fn contract(store: &mut dyn Store) {
    records_read_back(store);
    nothing_said_is_nothing_written(store);
    what_leaves_is_told_once(store);
    both_names_that_were_left_are_told(store);
    what_programs_kept_is_removed(store);
    every_text_reads_back(store);
    a_large_commit_reads_back(store);
    large_bodies_are_read_one_by_one(store);
    a_write_without_the_large_body_keeps_it(store);
    photos_are_kept_beside_their_contacts(store);
    changes_of_one_rendition_are_told(store);
    a_reader_sees_what_was_committed(store);
    notes_are_kept(store);
    imports_are_kept(store);
    imports_can_be_undone(store);
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
            carddav_layout: Some(Layout::Merged),
            presence: PresenceVisibility::Hidden,
            created: Timestamp(7),
        }),
    ];
    records.extend(of_devices(&anna));
    records.extend(of_groups(&anna, &note));
    records.extend(of_programs(&anna, &note));
    records.extend([stored(&anna, None), stored(&note, None)]);
    let at = commit(store, records.iter().cloned().map(Change::Put).collect());
    let (events, loaded) = load(store);
    assert_eq!(loaded, at);
    for record in records {
        assert!(events.contains(&Event::Put(record.clone())), "{record:?} in {events:?}");
    }
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
            carddav_layout: Some(Layout::Separate),
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
        Record::PendingStar(PendingStar { user: anna.id, uid: "a/b c:d".into() }),
        Record::ColumnMap(ColumnMapRecord {
            organization: main(),
            name: "R&D/Berlin \u{1}".into(),
            columns: "{\"Name\":\"given_name\"}".into(),
            updated: Timestamp(5),
        }),
    ]
}

fn of_programs(anna: &Contact, note: &Contact) -> Vec<Record> {
    let clients = BookId::parse("clients").unwrap();
    let property = |place, namespace: &str, value: &str| {
        let (namespace, value) = (namespace.into(), value.into());
        Record::Property(DavProperty {
            user: anna.id,
            place,
            namespace,
            local: "color".into(),
            value,
        })
    };
    let clients_book = AddressBook::Home(Book::PersonalBook(anna.id, clients));
    vec![
        Record::PersonalBook(PersonalBook {
            organization: main(),
            owner: anna.id,
            id: clients,
            name: "Clients".into(),
            segment: "6F3C-ü".into(),
            created: Timestamp(3),
        }),
        property(KeptAt::Home, "", "<color/>"),
        property(KeptAt::Book(clients_book), "http://example.com/a b/", "<x>ü</x>"),
        property(KeptAt::Card(note.id), "urn:x", ""),
        Record::Reverted(Reverted {
            user: anna.id,
            book: AddressBook::PEOPLE,
            name: "a b.vcf".into(),
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
        uid: Some("uid of it".into()),
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

/// A contact that got two other names in one book.
fn both_names_that_were_left_are_told(store: &mut dyn Store) {
    let moved = contact("Moved", Book::Shared, next(store));
    let before = commit(store, vec![put(&moved, None)]);
    let left = |name: &str, revision| Tombstone {
        organization: main(),
        book: AddressBook::SHARED,
        contact: moved.id,
        name: name.into(),
        uid: None,
        revision,
    };
    let first = commit(store, vec![Change::Leave(left("a.vcf", Revision(before.0 + 1)))]);
    let second = commit(store, vec![Change::Leave(left("b.vcf", Revision(first.0 + 1)))]);
    let (events, _) = store.changes(before).unwrap();
    let told = [Event::Leave(left("a.vcf", first)), Event::Leave(left("b.vcf", second))];
    assert_eq!(events, told);
}

fn what_programs_kept_is_removed(store: &mut dyn Store) {
    let user = new_id();
    let book = AddressBook::Home(Book::Personal(user));
    let keys = [
        Key::PersonalBook(user, BookId::parse("clients").unwrap()),
        Key::PendingStar(user, "a/b c".into()),
        Key::Property {
            user,
            place: KeptAt::Book(book),
            namespace: "http://x/ y".into(),
            local: "color".into(),
        },
        Key::Reverted(user, book, "a b.vcf".into()),
        Key::ColumnMap(main(), "a/b".into()),
    ];
    let before = load(store).1;
    commit(store, keys.iter().cloned().map(Change::Remove).collect());
    let (events, _) = store.changes(before).unwrap();
    assert_eq!(events.len(), keys.len());
    for key in keys {
        assert!(events.contains(&Event::Remove(key.clone())), "{key:?} in {events:?}");
    }
}

fn every_text_reads_back(store: &mut dyn Store) {
    let odd = "a\0b\u{1}0\u{1f}\u{fffd}\u{10ffff}'\\%\"";
    let strange = Contact {
        name: Some(odd.into()),
        uid: Some(odd.into()),
        ..contact(odd, Book::Shared, next(store))
    };
    let token = Token {
        id: odd.into(),
        name: odd.into(),
        role: Role::Admin,
        scopes: vec![],
        organization: Some(main()),
        hash: "".into(),
        created: Timestamp(i64::MIN),
        expires: None,
    };
    let tombstone = Tombstone {
        organization: main(),
        book: AddressBook::Home(Book::Personal(strange.id)),
        contact: strange.id,
        name: odd.into(),
        uid: Some(odd.into()),
        revision: next(store),
    };
    let written = [
        put(&strange, None),
        Change::Put(Record::Token(token.clone())),
        Change::Leave(tombstone.clone()),
    ];
    let before = load(store).1;
    commit(store, written.to_vec());
    let told = [
        Event::Put(Record::Token(token)),
        Event::Leave(tombstone),
        Event::Put(stored(&strange, None)),
    ];
    assert_eq!(store.changes(before).unwrap().0, told);
    let at = commit(store, vec![Change::Remove(Key::Token(odd.into()))]);
    let (events, _) = store.changes(Revision(at.0 - 1)).unwrap();
    assert_eq!(events, [Event::Remove(Key::Token(odd.into()))]);
}

/// More than any store sends or fetches at once.
fn a_large_commit_reads_back(store: &mut dyn Store) {
    let (at, (before, known)) = (next(store), load(store));
    let some: Vec<Contact> =
        (0..1200).map(|n| contact(&format!("Many {n}"), Book::Shared, at)).collect();
    commit(store, some.iter().map(|contact| put(contact, None)).collect());
    let (events, _) = store.changes(known).unwrap();
    assert_eq!(events.len(), some.len());
    for contact in &some {
        assert!(events.contains(&Event::Put(stored(contact, None))), "{}", contact.id);
    }
    let remove = |contact: &Contact| Change::Remove(Key::Contact(contact.id));
    commit(store, some.iter().map(remove).collect());
    let left = load(store).0;
    let is_contact = |event: &&Event| matches!(event, Event::Put(_));
    assert_eq!(left.iter().filter(is_contact).count(), before.iter().filter(is_contact).count());
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

fn photos_are_kept_beside_their_contacts(store: &mut dyn Store) {
    let photo = |fill: u8| {
        let (jpeg, thumbnail) = (vec![fill; 70_000].into(), vec![fill; 2_000].into());
        let jpeg_bytes = NonZeroU32::new(70_000).unwrap();
        let digest = u64::MAX - u64::from(fill);
        Arc::new(Picture { photo: Photo { digest, jpeg_bytes }, jpeg, thumbnail })
    };
    let bare = contact("Photographed", Book::Shared, next(store));
    let with = |picture: &Picture| Contact { photo: Some(picture.photo), ..bare.clone() };
    for picture in [photo(1), photo(2)] {
        let changes =
            vec![put(&with(&picture), None), Change::Picture(bare.id, Some(Arc::clone(&picture)))];
        commit(store, changes);
        assert!(load(store).0.contains(&Event::Put(stored(&with(&picture), None))));
        let digest = picture.photo.digest;
        let full = store.photo(bare.id, PhotoSize::Full).unwrap();
        assert_eq!(full, Some((digest, picture.jpeg.to_vec())));
        let thumbnail = store.photo(bare.id, PhotoSize::Thumbnail).unwrap();
        assert_eq!(thumbnail, Some((digest, picture.thumbnail.to_vec())));
    }
    let photographed = |store: &mut dyn Store| {
        let mut reader = store.reader().unwrap();
        reader.photo(bare.id, PhotoSize::Thumbnail).unwrap().is_some()
    };
    assert!(photographed(store));
    // Another write of the contact leaves its photo as it is.
    commit(store, vec![put(&Contact { listed: false, ..with(&photo(2)) }, None)]);
    assert!(photographed(store));
    commit(store, vec![put(&bare, None), Change::Picture(bare.id, None)]);
    assert!(!photographed(store));
    assert!(load(store).0.contains(&Event::Put(stored(&bare, None))));
    // It goes with its contact.
    commit(store, vec![put(&with(&photo(1)), None), Change::Picture(bare.id, Some(photo(1)))]);
    commit(store, vec![Change::Remove(Key::Contact(bare.id))]);
    assert!(!photographed(store));
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

/// What holds for stores that share their data: two of one process stand for two daemons.
pub(crate) fn shared_contract(open: &(dyn Fn() -> Box<dyn Store> + Sync)) {
    a_commit_of_the_other_is_told_to_those_who_decide(&mut *open(), &mut *open());
    a_load_tells_one_moment(&mut *open(), &mut *open());
    nobody_skips_a_revision(open);
}

fn a_commit_of_the_other_is_told_to_those_who_decide(one: &mut dyn Store, other: &mut dyn Store) {
    assert_eq!(one.epoch().unwrap(), other.epoch().unwrap());
    let known = load(other).1;
    let theirs = contact("Theirs", Book::Shared, next(one));
    let at = commit(one, vec![put(&theirs, None)]);
    let ours = contact("Ours", Book::Shared, Revision(at.0 + 1));
    let mut told = Vec::new();
    let after = other
        .commit(known, &mut |unseen, next| {
            told = unseen;
            assert_eq!(next, Revision(at.0 + 1));
            vec![put(&ours, None)]
        })
        .unwrap();
    assert_eq!(told, [Event::Put(stored(&theirs, None))]);
    assert_eq!(one.changes(at).unwrap(), (vec![Event::Put(stored(&ours, None))], after));
}

fn a_load_tells_one_moment(one: &mut dyn Store, other: &mut dyn Store) {
    commit(other, vec![Change::Put(Record::Organization(organization().into()))]);
    let (before, known) = load(other);
    let mut late = Some(contact("Late", Book::Shared, Revision(known.0 + 1)));
    let mut told = Vec::new();
    let at = one.load(&mut |event| {
        told.push(event);
        // Between what is told and what is still to come.
        if let Some(late) = late.take() {
            commit(other, vec![put(&late, None)]);
        }
    });
    assert_eq!((at, told), (Ok(known), before));
}

/// Two write as fast as they can. One who asks again and again for what is new, as every daemon and
/// every synchronizing client does, is told each contact once and in the order of the revisions.
fn nobody_skips_a_revision(open: &(dyn Fn() -> Box<dyn Store> + Sync)) {
    const COMMITS: usize = 60;
    let mut reader = open();
    let mut seen = load(&mut *reader).1;
    let end = Revision(seen.0 + 2 * COMMITS as u64);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut store = open();
                let mut known = Revision(0);
                for _ in 0..COMMITS {
                    let decide = &mut |_, at| vec![put(&contact("Both", Book::Shared, at), None)];
                    known = store.commit(known, decide).unwrap();
                }
            });
        }
        while seen < end {
            let (events, now) = reader.changes(seen).unwrap();
            let mut told: Vec<u64> = events
                .iter()
                .map(|event| match event {
                    Event::Put(Record::Contact(stored)) => stored.contact.revision.0,
                    other => panic!("{other:?}"),
                })
                .collect();
            told.sort_unstable();
            assert_eq!(told, (seen.0 + 1..=now.0).collect::<Vec<_>>());
            seen = now;
        }
    });
}
