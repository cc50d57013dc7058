//! Undoing an import: everything is as it was before, or nothing happens and it is said why.
#![allow(clippy::unwrap_used)]

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use ringbook::account::User;
use ringbook::account::group::SharedBook;
use ringbook::account::import::{Import, UNDO_DAYS, UNDO_IMPORTS, undo_since};
use ringbook::contact::book::{BookId, GroupKind};
use ringbook::contact::card::{CardBuilder, Field};
use ringbook::contact::photo::{Photo, PhotoSize, Picture};
use ringbook::contact::{Book, Contact, ContactId, Draft, OrganizationId, Revision, Timestamp};
use ringbook::directory::{
    CommitError, Committed, Directory, Edit, Reach, Request, Since, UndoError, What, new_id,
};
use ringbook::store::sqlite::SqliteStore;

use crate::{
    commit, directory, main, named, person, put, settings, shared, shared_person, told, user,
};

fn record(id: &str) -> Edit {
    import_of(main(), id, directory_clock())
}

fn directory_clock() -> Timestamp {
    ringbook::directory::system_clock()
}

fn import_of(organization: OrganizationId, id: &str, created: Timestamp) -> Edit {
    Edit::PutImport(Box::new(Import {
        id: id.into(),
        organization,
        created,
        by: "user anna".into(),
        summary: "{}".into(),
        report: "{}".into(),
        refused: None,
        undone: None,
    }))
}

/// Makes an import that does these edits.
pub(crate) fn import(directory: &Directory, id: &str, edits: Vec<Edit>) -> Revision {
    let edits = [record(id)].into_iter().chain(edits).collect();
    directory.commit_blocking(Request { edits, preconditions: vec![] }).unwrap().revision
}

pub(crate) fn undo(directory: &Directory, id: &str) -> Result<Committed, UndoError> {
    directory.undo_blocking(id, "user bert", Reach::Organization)
}

pub(crate) fn contact(directory: &Directory, id: ContactId) -> Option<Contact> {
    directory.snapshot().contact(&main(), id).map(|row| row.contact().clone())
}

/// What is the same again after an import is undone: all but the times of the last change.
pub(crate) fn same(contact: Option<Contact>) -> Option<Contact> {
    contact.map(|contact| Contact {
        modified: Timestamp(0),
        revision: Revision(0),
        reduced_revision: Revision(0),
        ..contact
    })
}

pub(crate) fn picture(fill: u8) -> Option<Arc<Picture>> {
    let photo = Photo { digest: fill.into(), jpeg_bytes: NonZeroU32::new(100).unwrap() };
    Some(Arc::new(Picture { photo, jpeg: [fill; 100].into(), thumbnail: [fill; 10].into() }))
}

pub(crate) fn photo(directory: &Directory, id: ContactId) -> Option<u64> {
    directory.photo(id, PhotoSize::Full).unwrap().map(|(digest, _)| digest)
}

fn body(directory: &Directory, id: ContactId) -> Option<Vec<u8>> {
    directory.body(id).unwrap().map(|(_, bytes)| bytes)
}

#[test]
fn what_an_import_made_is_gone_again() {
    let directory = directory();
    let old = new_id();
    commit(&directory, put(old, named("old.vcf", "Old")));
    let (one, two) = (new_id(), new_id());
    let before = directory.snapshot().revision();
    let edits = vec![put(one, named("a.vcf", "Anna")), put(two, named("b.vcf", "Bert"))];
    let made = import(&directory, "i1", edits);
    assert_eq!(directory.import("i1").unwrap().unwrap().1, made);
    let undone = undo(&directory, "i1").unwrap();
    assert_eq!(undone.revision, Revision(made.0 + 1), "one commit");
    let snapshot = directory.snapshot();
    assert!(contact(&directory, one).is_none() && contact(&directory, two).is_none());
    assert!(contact(&directory, old).is_some());
    for since in [made, before] {
        let mut told = told(&snapshot, Book::Shared, since);
        told.sort();
        assert_eq!(told, ["-a.vcf", "-b.vcf"]);
    }
    let (kept, _) = directory.import("i1").unwrap().unwrap();
    assert_eq!(&*kept.undone.clone().unwrap().by, "user bert");
    let again = undo(&directory, "i1");
    assert_eq!(again, Err(UndoError::Undone(kept.undone.unwrap())), "once is enough");
    assert_eq!(undo(&directory, "i2"), Err(UndoError::NoImport));
}

#[test]
fn what_an_import_changed_is_as_it_was() {
    let directory = directory();
    let (small, large, bare) = (new_id(), new_id(), new_id());
    let long = |fill: u8| -> Option<Arc<[u8]>> { Some(vec![fill; 9000].into()) };
    let with = |name: &str, body| Draft { uid: Some("u1".into()), body, ..named("a.vcf", name) };
    let first = vec![
        put(small, with("Small", Some((*b"small").into()))),
        put(large, Draft { name: Some("l.vcf".into()), uid: None, ..with("Large", long(1)) }),
        Edit::PutPhoto { id: large, picture: picture(1) },
        put(bare, named("c.vcf", "Bare")),
    ];
    directory.commit_blocking(Request { edits: first, preconditions: vec![] }).unwrap();
    let all = [small, large, bare];
    let before = all.map(|id| same(contact(&directory, id)));
    let start = directory.snapshot().revision();
    let second = vec![
        put(small, named("z.vcf", "Changed")),
        put(large, Draft { name: None, uid: None, ..with("Changed", long(2)) }),
        Edit::PutPhoto { id: large, picture: picture(2) },
        put(bare, named("c.vcf", "Changed")),
        Edit::PutPhoto { id: bare, picture: picture(3) },
        put(bare, named("c.vcf", "Changed twice")),
    ];
    let made = import(&directory, "i1", second);
    assert_eq!(body(&directory, large), Some(vec![2; 9000]));
    undo(&directory, "i1").unwrap();
    assert_eq!(all.map(|id| same(contact(&directory, id))), before);
    assert_eq!(body(&directory, large), Some(vec![1; 9000]));
    assert_eq!([photo(&directory, large), photo(&directory, bare)], [Some(1), None]);
    let since = |revision| {
        let mut told = told(&directory.snapshot(), Book::Shared, revision);
        told.sort();
        told
    };
    let own = format!("-{large}.vcf");
    assert_eq!(since(made), ["+a.vcf", "+c.vcf", "+l.vcf", &own, "-z.vcf"]);
    assert_eq!(since(start), ["+a.vcf", "+c.vcf", "+l.vcf", &own, "-z.vcf"]);
}

#[test]
fn a_photo_that_an_import_took_away_or_left_is_there() {
    let directory = directory();
    let (taken, left) = (new_id(), new_id());
    for id in [taken, left] {
        let edits = vec![put(id, shared("Anna")), Edit::PutPhoto { id, picture: picture(1) }];
        directory.commit_blocking(Request { edits, preconditions: vec![] }).unwrap();
    }
    let edits = vec![Edit::PutPhoto { id: taken, picture: None }, put(left, shared("Changed"))];
    import(&directory, "i1", edits);
    assert_eq!(photo(&directory, taken), None);
    undo(&directory, "i1").unwrap();
    for id in [taken, left] {
        assert_eq!(photo(&directory, id), Some(1));
        assert_eq!(contact(&directory, id).unwrap().photo.unwrap().digest, 1);
    }
}

pub(crate) fn changed(undone: Result<Committed, UndoError>) -> Vec<(ContactId, String, What)> {
    let Err(UndoError::Changed { since, count }) = undone else { panic!("{undone:?}") };
    assert_eq!(count, since.len());
    since.into_iter().map(|Since { id, name, what }| (id, name.into(), what)).collect()
}

#[test]
fn what_changed_since_is_named_and_nothing_happens() {
    let directory = directory();
    let (known, going) = (new_id(), new_id());
    commit(&directory, put(known, shared("Known")));
    commit(&directory, put(going, shared("Going")));
    let (one, two) = (new_id(), new_id());
    let new = new_id();
    let edits = vec![
        put(one, shared("One")),
        put(two, shared("Two")),
        put(known, shared("Changed")),
        Edit::RemoveContact(going),
        put(new, shared_person("New", "301", true)),
        Edit::PutUser(user(new, Some("301"), "301.main")),
    ];
    import(&directory, "i1", edits);
    let free = directory.snapshot().revision();
    commit(&directory, put(one, shared("Edited")));
    commit(&directory, Edit::RemoveContact(two));
    commit(&directory, Edit::PutPhoto { id: known, picture: picture(1) });
    let login = User { login: Some("new".into()), ..user(new, Some("301"), "301.main") };
    commit(&directory, Edit::PutUser(login));
    let now = directory.snapshot().revision();
    assert!(now > free);
    let mut expected = [
        (one, "Edited".to_owned(), What::Changed),
        (two, String::new(), What::Removed),
        (known, "Changed".to_owned(), What::Changed),
        (new, "New".to_owned(), What::Changed),
    ];
    expected.sort_by_key(|(id, ..)| *id);
    assert_eq!(changed(undo(&directory, "i1")), expected);
    assert_eq!(directory.snapshot().revision(), now);
    assert!(contact(&directory, going).is_none());
    assert_eq!(directory.import("i1").unwrap().unwrap().0.undone, None);
}

#[test]
fn departments_and_books_of_an_import_go_where_nothing_else_is_in_them() {
    let directory = directory();
    let bert = person(&directory, "Bert", "202", true);
    let book = |id: &str| SharedBook {
        organization: main(),
        id: BookId::parse(id).unwrap(),
        name: id.into(),
        readers: None,
        writers: Vec::new(),
        revision: Revision(0),
    };
    let in_department = |extension: &str, departments: &[&str]| {
        let mut card = CardBuilder::default();
        card.push(Field::FormattedName, "Somebody").push(Field::Extension, extension);
        for department in departments {
            card.push(Field::Department, department);
        }
        Draft { card: card.finish().unwrap(), ..shared_person("Somebody", extension, true) }
    };
    let in_book = |id: &str| Draft {
        book: Book::SharedBook(BookId::parse(id).unwrap()),
        ..shared("Supplier")
    };
    let new = new_id();
    let edits = vec![
        Edit::PutSharedBook(book("empty")),
        Edit::PutSharedBook(book("full")),
        put(new_id(), in_book("empty")),
        put(new_id(), in_book("full")),
        put(new, in_department("301", &["Sales", "Support"])),
        Edit::PutUser(user(new, Some("301"), "301.main")),
    ];
    import(&directory, "i1", edits);
    commit(&directory, put(bert, in_department("202", &["Support"])));
    let own = new_id();
    commit(&directory, put(own, in_book("full")));
    undo(&directory, "i1").unwrap();
    let snapshot = directory.snapshot();
    let has = |name: &str| snapshot.group_named(&main(), GroupKind::Department, name).is_some();
    assert_eq!((has("Sales"), has("Support")), (false, true));
    let books: Vec<&str> = snapshot.shared_books(&main()).map(|book| &*book.name).collect();
    assert_eq!(books, ["full"]);
    assert!(contact(&directory, own).is_some());
}

#[test]
fn favorites_of_an_import_are_taken_back() {
    let directory = directory();
    let bert = person(&directory, "Bert", "202", true);
    let (was, is) = (new_id(), new_id());
    commit(&directory, put(was, shared("Was")));
    commit(&directory, put(is, shared("Is")));
    let star = |contact, starred| Edit::Star { user: bert, contact, starred };
    commit(&directory, star(was, true));
    let starred = || {
        let snapshot = directory.snapshot();
        [was, is].map(|id| snapshot.star(bert, id).is_some_and(|star| star.starred))
    };
    import(&directory, "i1", vec![star(was, false), star(is, true)]);
    assert_eq!(starred(), [false, true]);
    undo(&directory, "i1").unwrap();
    assert_eq!(starred(), [true, false]);
}

#[test]
fn what_has_no_room_any_more_is_named() {
    let directory = directory();
    let going = new_id();
    commit(&directory, put(going, named("a.vcf", "Going")));
    import(&directory, "i1", vec![Edit::RemoveContact(going)]);
    commit(&directory, put(new_id(), named("a.vcf", "New")));
    let taken = CommitError::NameTaken { name: "a.vcf".into() };
    assert_eq!(undo(&directory, "i1"), Err(UndoError::Commit(taken)));
    assert!(contact(&directory, going).is_none());
}

#[test]
fn an_import_shares_its_commit_with_nobody() {
    let directory = Arc::new(directory());
    let ids: Vec<ContactId> = (0..4).map(|_| new_id()).collect();
    let writers: Vec<_> = ids
        .iter()
        .map(|id| {
            let (directory, id) = (Arc::clone(&directory), *id);
            std::thread::spawn(move || {
                for n in 0..5 {
                    commit(&directory, put(id, shared(&format!("State {n}"))));
                    import(&directory, &format!("{id}/{n}"), vec![put(new_id(), shared("New"))]);
                }
            })
        })
        .collect();
    writers.into_iter().for_each(|writer| writer.join().unwrap());
    assert_eq!(directory.snapshot().count(&main(), Book::Shared.into()), 24);
    for id in &ids {
        undo(&directory, &format!("{id}/4")).unwrap();
    }
    assert_eq!(directory.snapshot().count(&main(), Book::Shared.into()), 20);
    assert!(ids.iter().all(|id| contact(&directory, *id).is_some()));
}

#[test]
fn an_import_is_undone_for_its_organization_alone() {
    let directory = directory();
    commit(
        &directory,
        Edit::PutOrganization(Box::new(settings("other", "dc=other", "other.example"))),
    );
    let other = OrganizationId::parse("other").unwrap();
    let theirs = new_id();
    let edits = vec![
        record("i1"),
        put(new_id(), shared("Ours")),
        put(theirs, Draft { organization: other.clone(), ..shared("Theirs") }),
    ];
    directory.commit_blocking(Request { edits, preconditions: vec![] }).unwrap();
    assert_eq!(undo(&directory, "i1"), Err(UndoError::OtherOrganization));
    let edits =
        vec![record("i2"), put(theirs, Draft { organization: other.clone(), ..shared("Changed") })];
    directory.commit_blocking(Request { edits, preconditions: vec![] }).unwrap();
    assert_eq!(undo(&directory, "i2"), Err(UndoError::OtherOrganization));
    let name = || {
        let snapshot = directory.snapshot();
        snapshot.contact(&other, theirs).map(|row| row.card.formatted_name().to_owned())
    };
    assert_eq!(name().as_deref(), Some("Changed"));
    directory.undo_blocking("i2", "token t1", Reach::All).unwrap();
    assert_eq!(name().as_deref(), Some("Theirs"), "an operator may");
}

#[test]
fn only_late_imports_can_be_undone() {
    static NOW: AtomicI64 = AtomicI64::new(0);
    let store = Box::new(SqliteStore::in_memory().unwrap());
    let clock = || Timestamp(NOW.load(Ordering::Relaxed));
    let directory = Directory::open_with_clock(store, clock).unwrap();
    commit(
        &directory,
        Edit::PutOrganization(Box::new(settings("main", "dc=pbx,dc=example", "pbx.example"))),
    );
    let count = UNDO_IMPORTS + 1;
    for n in 0..count {
        let edits =
            vec![import_of(main(), &format!("i{n:02}"), clock()), put(new_id(), shared("X"))];
        directory.commit_blocking(Request { edits, preconditions: vec![] }).unwrap();
    }
    assert_eq!(undo(&directory, "i00"), Err(UndoError::Forgotten), "one of too many");
    undo(&directory, "i01").unwrap();
    NOW.store(UNDO_DAYS * 24 * 3600, Ordering::Relaxed);
    assert_eq!(undo_since(clock()), Timestamp(0));
    undo(&directory, "i02").unwrap();
    NOW.store(UNDO_DAYS * 24 * 3600 + 1, Ordering::Relaxed);
    assert_eq!(undo(&directory, "i03"), Err(UndoError::Forgotten), "too old");
}
