//! Photos: part of the card for everybody who sees it, and in the store only.

use std::num::NonZeroU32;
use std::sync::Arc;

use ringbook::contact::photo::{Photo, PhotoSize, Picture};
use ringbook::contact::{Book, ContactId, Draft};
use ringbook::directory::{CommitError, Directory, Edit, Request, new_id};

use crate::{commit, directory, main, named, person, put, shared, told};

/// A photo of which nobody asks what it shows.
fn picture(fill: u8) -> Option<Arc<Picture>> {
    let photo = Photo { digest: fill.into(), jpeg_bytes: NonZeroU32::new(100).unwrap() };
    Some(Arc::new(Picture { photo, jpeg: [fill; 100].into(), thumbnail: [fill; 10].into() }))
}

fn put_photo(id: ContactId, fill: u8) -> Edit {
    Edit::PutPhoto { id, picture: picture(fill) }
}

fn digest(directory: &Directory, id: ContactId) -> Option<u64> {
    let kept = directory.photo(id, PhotoSize::Full).unwrap().map(|(digest, _)| digest);
    let contact = directory.snapshot().contact(&main(), id).map(|row| row.shared());
    let known = contact.and_then(|contact| contact.photo).map(|photo| photo.digest);
    assert_eq!(kept, known, "the store has what the contact says");
    known
}

#[test]
fn a_photo_moves_what_everybody_sees_of_the_card() {
    let directory = directory();
    let anna = person(&directory, "Anna", "201", true);
    let state = || {
        let snapshot = directory.snapshot();
        let row = snapshot.contact(&main(), anna).unwrap();
        (row.revision, row.reduced_revision, snapshot.revision())
    };
    let before = state();
    commit(&directory, put_photo(anna, 1));
    let (full, reduced, now) = state();
    assert!(full == now && reduced == now && now > before.2);
    assert_eq!(told(&directory.snapshot(), Book::People, before.2).len(), 1);
    commit(&directory, put_photo(anna, 1));
    assert_eq!(state(), (full, reduced, now), "it is there already");
    let none = Edit::PutPhoto { id: new_id(), picture: picture(1) };
    let refused = directory.commit_blocking(Request::one(none));
    assert!(matches!(refused, Err(CommitError::NoContact(_))));
}

#[test]
fn other_changes_leave_the_photo_and_its_contact_takes_it_along() {
    let directory = directory();
    let id = new_id();
    let large: Arc<[u8]> = vec![b'x'; 9000].into();
    let draft = Draft { body: Some(Arc::clone(&large)), ..named("a.vcf", "Anna") };
    let edits = vec![put(id, draft), put_photo(id, 1)];
    directory.commit_blocking(Request { edits, preconditions: vec![] }).unwrap();
    assert_eq!(digest(&directory, id), Some(1));
    assert_eq!(directory.body(id).unwrap().unwrap().1, *large, "one commit wrote both");
    commit(&directory, put(id, named("a.vcf", "Hanna")));
    assert_eq!(digest(&directory, id), Some(1));
    commit(&directory, put_photo(id, 2));
    assert_eq!(digest(&directory, id), Some(2));
    commit(&directory, Edit::RemoveContact(id));
    assert_eq!(digest(&directory, id), None);
    commit(&directory, put(id, shared("Anna")));
    assert_eq!(digest(&directory, id), None);
}

#[test]
fn two_photos_of_a_contact_never_share_a_revision() {
    let directory = directory();
    let id = new_id();
    commit(&directory, put(id, shared("Anna")));
    // The writer takes what waits as one group.
    let mut revisions: Vec<u64> = std::thread::scope(|scope| {
        let write = |fill| {
            let directory = &directory;
            scope.spawn(move || {
                directory.commit_blocking(Request::one(put_photo(id, fill))).unwrap().revision.0
            })
        };
        let writers: Vec<_> = (1..60).map(write).collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    });
    revisions.sort_unstable();
    revisions.dedup();
    assert_eq!(revisions.len(), 59);
}
