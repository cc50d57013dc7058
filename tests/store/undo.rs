//! What a store remembers of what an import changes, and gives back.

use std::num::NonZeroU32;
use std::sync::Arc;

use ringbook::account::audit::Notes;
use ringbook::account::group::Star;
use ringbook::account::import::Undone;
use ringbook::contact::photo::{Photo, PhotoSize, Picture};
use ringbook::contact::{Body, Book, Contact, Revision, Timestamp};
use ringbook::store::{
    Change, Key, Recall, Record, Remembered, RememberedContact, Store, StoredContact,
};

use crate::imports::import;
use crate::samples::{commit, contact, next, put};

pub(crate) fn imports_can_be_undone(store: &mut dyn Store) {
    what_an_import_finds_is_remembered(store);
    large_bodies_and_photos_are_given_back(store);
    what_is_too_old_is_forgotten(store);
}

fn remembered(store: &mut dyn Store, id: &str) -> Remembered {
    store.remembered(id).unwrap().unwrap()
}

/// Whether a contact is remembered, but for the keys that its organization's settings make.
fn is_of(known: &RememberedContact, before: &Contact, removed: bool) -> bool {
    let found = Contact { derived: before.derived.clone(), ..known.before.clone() };
    found == *before && known.removed == removed
}

fn star(contact: &Contact, starred: bool, revision: Revision) -> Record {
    Record::Star(Star { user: contact.id, contact: contact.id, starred, revision })
}

fn what_an_import_finds_is_remembered(store: &mut dyn Store) {
    let at = next(store);
    let [changed, removed] = ["Changed", "Removed"].map(|name| contact(name, Book::Shared, at));
    let known = star(&changed, true, at);
    let puts = vec![put(&changed, None), put(&removed, None), Change::Put(known.clone())];
    commit(store, puts);
    let at = next(store);
    let odd = Contact { uid: Some("a\0b".into()), ..contact("New", Book::Shared, at) };
    let after = Contact { revision: at, listed: false, ..changed.clone() };
    let made = star(&odd, true, at);
    let changes = vec![
        Change::Import(Box::new(import("u1"))),
        put(&odd, None),
        Change::Remove(Key::Contact(removed.id)),
        put(&after, None),
        put(&Contact { listed: true, ..after.clone() }, None),
        Change::Put(star(&changed, false, at)),
        Change::Put(made),
    ];
    assert_eq!(commit(store, changes), at);
    let found = remembered(store, "u1");
    assert_eq!((found.at, found.import.revision, found.import.undoable), (at, at, true));
    assert_eq!(found.created, [odd.id]);
    let [first, second] = &found.contacts[..] else { panic!("{:?}", found.contacts) };
    assert!(is_of(first, &removed, true), "{first:?}");
    assert!(is_of(second, &changed, false), "{second:?}");
    let before = |user: &Contact| {
        let key = Key::Star(user.id, user.id);
        let mut records = found.records.iter();
        let known = records.find(|known| known.key == key).unwrap();
        (known.before.clone(), known.changed)
    };
    assert_eq!(before(&changed), (Some(known), false));
    assert_eq!(before(&odd), (None, false));
    assert_eq!(found.records.len(), 2);
    commit(store, vec![Change::Remove(Key::Star(odd.id, odd.id))]);
    let found = remembered(store, "u1");
    assert_eq!((found.at, found.import.revision), (Revision(at.0 + 1), at));
    let mut changed = found.records.iter().filter(|known| known.changed);
    assert_eq!(changed.next().map(|known| &known.key), Some(&Key::Star(odd.id, odd.id)));
    assert_eq!(changed.next(), None);
    assert_eq!(store.remembered("u0"), Ok(None));
}

fn large_bodies_and_photos_are_given_back(store: &mut dyn Store) {
    let bytes = |fill: u8| -> Arc<[u8]> { vec![fill; 5000].into() };
    let photo = |digest| Photo { digest, jpeg_bytes: NonZeroU32::new(3).unwrap() };
    let picture = |fill: u8| {
        let (jpeg, thumbnail) = ([fill; 3].into(), [fill; 2].into());
        Some(Arc::new(Picture { photo: photo(u64::MAX - u64::from(fill)), jpeg, thumbnail }))
    };
    let state = |fill: u8, at| Contact {
        body: Body::Stored(5000),
        photo: Some(photo(u64::MAX - u64::from(fill))),
        ..contact("Large", Book::Shared, at)
    };
    let before = state(1, next(store));
    let write = |contact: &Contact, fill: u8| {
        vec![put(contact, Some(&bytes(fill))), Change::Picture(contact.id, picture(fill))]
    };
    commit(store, write(&before, 1));
    let after = Contact { id: before.id, ..state(2, next(store)) };
    let made = [Change::Import(Box::new(import("u2")))];
    commit(store, made.into_iter().chain(write(&after, 2)).collect());
    let found = remembered(store, "u2").contacts;
    assert!(matches!(&found[..], [known] if is_of(known, &before, false)), "{found:?}");
    let again = Contact { revision: next(store), ..before };
    let kept = StoredContact { contact: Arc::new(again.clone()), body: None };
    let (id, undone) = ("u2", Undone { at: Timestamp(9), by: "Ber\0t".into() });
    let recall = Recall { import: id.into(), contact: again.id, body: true, photo: true };
    let changes = vec![
        Change::Put(Record::Contact(kept)),
        Change::Recall(recall.clone()),
        Change::Undone { import: id.into(), undone: undone.clone() },
    ];
    let at = commit(store, changes);
    assert_eq!(store.body(again.id), Ok(Some((at, bytes(1).to_vec()))));
    assert_eq!(store.photo(again.id, PhotoSize::Full), Ok(Some((u64::MAX - 1, vec![1; 3]))));
    assert_eq!(store.photo(again.id, PhotoSize::Thumbnail), Ok(Some((u64::MAX - 1, vec![1; 2]))));
    let found = remembered(store, id);
    assert_eq!((found.contacts, found.import.undoable), (vec![], false));
    assert_eq!(found.import.undone, Some(undone.clone()));
    assert_eq!(store.import(id).unwrap().unwrap().0.undone, Some(undone));
    // What is forgotten cannot be given back, and nothing of the commit happens.
    let late = vec![Change::Remove(Key::Contact(again.id)), Change::Recall(recall)];
    let mut late = Some(late);
    assert!(store.commit(at, &mut |_, _| late.take().unwrap()).is_err());
    assert!(store.body(again.id).unwrap().is_some());
}

fn what_is_too_old_is_forgotten(store: &mut dyn Store) {
    let new = contact("New", Book::Shared, next(store));
    commit(store, vec![Change::Import(Box::new(import("u3"))), put(&new, None)]);
    let undo_since = |undo_since| Notes {
        keep_entries: u32::MAX,
        undo_since: Timestamp(undo_since),
        ..Notes::default()
    };
    store.note(&undo_since(3)).unwrap();
    assert_eq!(remembered(store, "u3").created, [new.id]);
    store.note(&undo_since(4)).unwrap();
    let found = remembered(store, "u3");
    assert_eq!((found.created, found.import.undoable), (vec![], false));
}
