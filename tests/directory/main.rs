//! What commits promise: all or nothing, preconditions, unique names, and what each book tells of
//! its changes.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

use std::path::Path;
use std::sync::Arc;

use ringbook::account::group::{GroupRecord, SharedBook};
use ringbook::account::{OrganizationSettings, PresenceVisibility, Role, User};
use ringbook::contact::book::{AddressBook, BookId, GroupKind};
use ringbook::contact::card::{CardBuilder, Field, FieldSet};
use ringbook::contact::{
    Body, Book, ContactId, Draft, OrganizationId, Rendition, Revision, Timestamp,
};
use ringbook::directory::{CommitError, Directory, Edit, Precondition, Request, new_id};
use ringbook::index::{BookChange, Extent, Snapshot};
use ringbook::store::sqlite::SqliteStore;

mod faults;
mod groups;
mod keeping;
mod maps;
mod neighbors;
mod photos;
mod undo;
mod undo_users;
mod users;

#[test]
fn a_refused_request_changes_nothing() {
    let directory = directory();
    let (first, second) = (new_id(), new_id());
    let before = directory.snapshot().revision();
    let refused = directory.commit_blocking(Request {
        edits: vec![put(first, shared("Anna")), Edit::RemoveContact(second)],
        preconditions: vec![],
    });
    assert_eq!(refused, Err(CommitError::NoContact(second)));
    let snapshot = directory.snapshot();
    assert!(snapshot.contact(&main(), first).is_none());
    assert_eq!(snapshot.revision(), before);
}

#[test]
fn what_is_there_to_the_letter_moves_no_revision() {
    let directory = directory();
    let id = new_id();
    commit(&directory, put(id, shared("Anna")));
    let before = directory.snapshot().revision();
    commit(&directory, put(id, shared("Anna")));
    assert_eq!(directory.snapshot().revision(), before);
    commit(&directory, put(id, shared("Hanna")));
    assert!(directory.snapshot().revision() > before);
}

#[test]
fn preconditions_hold_at_the_moment_of_the_commit() {
    let directory = directory();
    let id = new_id();
    commit(&directory, put(id, named("a.vcf", "Anna")));
    let read = directory.snapshot().contact(&main(), id).unwrap().revision;
    let update = |name: &str| Request {
        edits: vec![put(id, named("a.vcf", name))],
        preconditions: vec![Precondition::AtRevision { id, revision: read }],
    };
    directory.commit_blocking(update("Berta")).unwrap();
    assert_eq!(directory.commit_blocking(update("Carla")), Err(CommitError::Changed));
    let create = |name: &str| Request {
        edits: vec![put(new_id(), named(name, "Dora"))],
        preconditions: vec![Precondition::NameFree {
            organization: main(),
            book: Book::Shared,
            name: name.into(),
        }],
    };
    assert_eq!(directory.commit_blocking(create("a.vcf")), Err(CommitError::Changed));
    directory.commit_blocking(create("d.vcf")).unwrap();
}

#[test]
fn an_id_that_somebody_took_meanwhile_renames_nothing() {
    let directory = directory();
    let department = |name: &str| {
        let group = GroupKind::Department.group(BookId::parse("sales").unwrap());
        let record = GroupRecord { organization: main(), group, name: name.into() };
        let free = Precondition::BookFree { organization: main(), book: AddressBook::Group(group) };
        Request { edits: vec![Edit::PutGroup(record)], preconditions: vec![free] }
    };
    directory.commit_blocking(department("Sales")).unwrap();
    assert_eq!(directory.commit_blocking(department("Sails")), Err(CommitError::Changed));
    let book = || {
        let id = BookId::parse("sales").unwrap();
        let (name, readers, writers) = ("Sales".into(), None, Vec::new());
        let (organization, revision) = (main(), Revision(0));
        let book = SharedBook { organization, id, name, readers, writers, revision };
        let free = Precondition::BookFree {
            organization: main(),
            book: AddressBook::Home(Book::SharedBook(id)),
        };
        Request { edits: vec![Edit::PutSharedBook(book)], preconditions: vec![free] }
    };
    directory.commit_blocking(book()).unwrap();
    assert_eq!(directory.commit_blocking(book()), Err(CommitError::Changed));
}

#[test]
fn of_many_writers_with_one_etag_exactly_one_wins() {
    let directory = Arc::new(directory());
    let id = new_id();
    commit(&directory, put(id, shared("Anna")));
    let revision = directory.snapshot().contact(&main(), id).unwrap().revision;
    let writers: Vec<_> = (0..16)
        .map(|n| {
            let directory = Arc::clone(&directory);
            std::thread::spawn(move || {
                directory.commit_blocking(Request {
                    edits: vec![put(id, shared(&format!("Writer {n}")))],
                    preconditions: vec![Precondition::AtRevision { id, revision }],
                })
            })
        })
        .collect();
    let outcomes: Vec<_> = writers.into_iter().map(|writer| writer.join().unwrap()).collect();
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
}

#[test]
fn two_states_of_a_contact_never_share_a_revision() {
    let directory = Arc::new(directory());
    let id = new_id();
    let writers: Vec<_> = (0..16)
        .map(|n| {
            let directory = Arc::clone(&directory);
            std::thread::spawn(move || {
                let request = Request::one(put(id, shared(&format!("Writer {n}"))));
                directory.commit_blocking(request).unwrap().revision
            })
        })
        .collect();
    let mut revisions: Vec<_> = writers.into_iter().map(|writer| writer.join().unwrap()).collect();
    revisions.sort();
    revisions.dedup();
    assert_eq!(revisions.len(), 16);
}

#[test]
fn names_and_uids_are_unique_in_a_book() {
    let directory = directory();
    let with_uid = |uid: &str| Draft { uid: Some(uid.into()), ..shared("Anna") };
    commit(&directory, put(new_id(), Draft { name: Some("a.vcf".into()), ..with_uid("u1") }));
    let fault = |draft| directory.commit_blocking(Request::one(put(new_id(), draft))).err();
    assert_eq!(fault(named("a.vcf", "X")), Some(CommitError::NameTaken { name: "a.vcf".into() }));
    let taken = Some(CommitError::UidTaken { name: "a.vcf".into() });
    assert_eq!(fault(with_uid("u1")), taken);
    assert_eq!(fault(with_uid("urn:uuid:u1")), taken, "vCard 4.0 writes the same UID as a URN");
    let owner = person(&directory, "Olga", "209", true);
    let elsewhere = Draft { book: Book::Personal(owner), ..with_uid("u1") };
    assert_eq!(fault(elsewhere), None, "another book has its own UIDs");
    let twice = Request {
        edits: vec![put(new_id(), named("b.vcf", "B")), put(new_id(), named("b.vcf", "C"))],
        preconditions: vec![],
    };
    assert_eq!(
        directory.commit_blocking(twice),
        Err(CommitError::NameTaken { name: "b.vcf".into() }),
        "within one request too"
    );
}

#[test]
fn a_contact_of_another_organization_is_no_contact() {
    let directory = directory();
    commit(
        &directory,
        Edit::PutOrganization(Box::new(settings("other", "dc=other", "other.example"))),
    );
    let id = new_id();
    commit(&directory, put(id, shared("Anna")));
    let other = OrganizationId::parse("other").unwrap();
    let theft = put(id, Draft { organization: other, ..shared("Stolen") });
    let refused = directory.commit_blocking(Request::one(theft));
    assert_eq!(refused, Err(CommitError::NoContact(id)));
    assert!(directory.snapshot().contact(&main(), id).is_some());
}

#[test]
fn a_book_tells_what_came_changed_and_went() {
    let directory = directory();
    let (anna, bert) = (new_id(), new_id());
    commit(&directory, put(anna, named("a.vcf", "Anna")));
    let start = directory.snapshot().revision();
    commit(&directory, put(bert, named("b.vcf", "Bert")));
    commit(&directory, put(anna, named("a.vcf", "Hanna")));
    commit(&directory, Edit::RemoveContact(bert));
    assert_eq!(told(&directory.snapshot(), Book::Shared, start), ["+a.vcf", "-b.vcf"]);
    let middle = directory.snapshot().revision();
    commit(&directory, put(new_id(), named("b.vcf", "Berta")));
    assert_eq!(told(&directory.snapshot(), Book::Shared, middle), ["+b.vcf"]);
    assert_eq!(told(&directory.snapshot(), Book::Shared, start), ["+a.vcf", "+b.vcf"]);
    let now = directory.snapshot().revision();
    assert_eq!(told(&directory.snapshot(), Book::Shared, now), [] as [&str; 0]);
}

#[test]
fn who_is_unlisted_leaves_the_book_and_comes_back() {
    let directory = directory();
    let anna = person(&directory, "Anna", "201", true);
    let href = format!("{anna}.vcf");
    let start = directory.snapshot().revision();
    commit(&directory, put(anna, shared_person("Anna", "201", false)));
    let snapshot = directory.snapshot();
    assert_eq!(told(&snapshot, Book::People, start), [format!("-{href}")]);
    assert_eq!(snapshot.count(&main(), Book::People.into()), 0);
    let hidden = snapshot.revision();
    commit(&directory, put(anna, shared_person("Johanna", "201", false)));
    let snapshot = directory.snapshot();
    assert_eq!(told(&snapshot, Book::People, hidden), [] as [&str; 0]);
    let unmoved = snapshot.book_revision(&main(), Book::People.into(), Rendition::Full);
    assert!(unmoved <= hidden, "changes of the unlisted move no collection");
    commit(&directory, put(anna, shared_person("Johanna", "201", true)));
    assert_eq!(told(&directory.snapshot(), Book::People, hidden), [format!("+{href}")]);
}

#[test]
fn a_hidden_number_moves_only_the_full_rendition() {
    let directory = directory();
    let anna = person(&directory, "Anna", "201", true);
    let read = |rendition| {
        let snapshot = directory.snapshot();
        let row = snapshot.contact(&main(), anna).unwrap().revision_for(rendition);
        (row, snapshot.book_revision(&main(), Book::People.into(), rendition))
    };
    let (full, reduced) = (read(Rendition::Full), read(Rendition::Reduced));
    let mut draft = shared_person("Anna", "201", true);
    let mut card = draft.card.edit();
    card.push(Field::Mobile, "0171 2345678");
    draft.card = card.finish().unwrap();
    commit(&directory, put(anna, draft));
    assert!(read(Rendition::Full) > full);
    assert_eq!(read(Rendition::Reduced), reduced);
}

#[test]
fn what_colleagues_see_of_a_card_has_a_time_and_a_uid_of_its_own() {
    use std::sync::atomic::{AtomicI64, Ordering};
    static TIME: AtomicI64 = AtomicI64::new(1);
    let store = Box::new(SqliteStore::in_memory().unwrap());
    let ticking = || Timestamp(TIME.fetch_add(1, Ordering::Relaxed));
    let directory = Directory::open_with_clock(store, ticking).unwrap();
    commit(
        &directory,
        Edit::PutOrganization(Box::new(settings("main", "dc=pbx,dc=example", "pbx.example"))),
    );
    let anna = person(&directory, "Anna", "201", true);
    let read = || directory.snapshot().contact(&main(), anna).unwrap().contact().clone();
    let first = read();
    let mut draft = shared_person("Anna", "201", true);
    let mut card = draft.card.edit();
    card.push(Field::Mobile, "0171 2345678");
    draft.card = card.finish().unwrap();
    commit(&directory, put(anna, draft.clone()));
    let hidden = read();
    assert!(hidden.revision > first.revision);
    assert_eq!(hidden.modified, first.modified, "a hidden number gives no sign");
    commit(&directory, put(anna, Draft { uid: Some("known-elsewhere".into()), ..draft }));
    let seen = read();
    assert!(seen.reduced_revision > hidden.reduced_revision, "everybody sees the UID");
    assert!(seen.modified > first.modified);
}

#[test]
fn other_books_do_not_move() {
    let directory = directory();
    let owner = person(&directory, "Olga", "209", true);
    let start = directory.snapshot().revision();
    commit(&directory, put(new_id(), Draft { book: Book::Personal(owner), ..shared("Mine") }));
    let snapshot = directory.snapshot();
    let moved = |book: Book| snapshot.book_revision(&main(), book.into(), Rendition::Full) > start;
    assert!(moved(Book::Personal(owner)));
    assert!(!moved(Book::Personal(new_id())) && !moved(Book::Shared) && !moved(Book::People));
}

#[test]
fn everything_is_there_again_after_a_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ringbook.db");
    let directory = open(&path);
    commit(
        &directory,
        Edit::PutOrganization(Box::new(settings("main", "dc=pbx,dc=example", "pbx.example"))),
    );
    let anna = person(&directory, "Anna", "201", true);
    let large: Arc<[u8]> = vec![b'x'; 10_000].into();
    let with_body = Draft { body: Some(Arc::clone(&large)), ..named("l.vcf", "Large") };
    let id = new_id();
    commit(&directory, put(id, with_body));
    let gone = new_id();
    commit(&directory, put(gone, named("g.vcf", "Gone")));
    let start = directory.snapshot().revision();
    commit(&directory, Edit::RemoveContact(gone));
    let before = directory.snapshot();
    drop(directory);
    let directory = open(&path);
    let after = directory.snapshot();
    assert_eq!((after.revision(), after.epoch()), (before.revision(), before.epoch()));
    for contact in [anna, id] {
        let read =
            |snapshot: &Snapshot| snapshot.contact(&main(), contact).unwrap().contact().clone();
        assert_eq!(read(&after), read(&before));
    }
    assert_eq!(after.contact(&main(), id).unwrap().body, Body::Stored(10_000));
    assert_eq!(directory.body(id).unwrap().unwrap().1, *large);
    assert_eq!(told(&after, Book::Shared, start), ["-g.vcf"]);
    for book in [Book::People, Book::Shared] {
        let revision =
            |snapshot: &Snapshot| snapshot.book_revision(&main(), book.into(), Rendition::Full);
        assert_eq!(revision(&after), revision(&before));
    }
}

#[test]
fn two_directories_on_one_store_see_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ringbook.db");
    let first = open(&path);
    commit(
        &first,
        Edit::PutOrganization(Box::new(settings("main", "dc=pbx,dc=example", "pbx.example"))),
    );
    let second = open(&path);
    let anna = new_id();
    commit(&first, put(anna, named("a.vcf", "Anna")));
    let taken = second.commit_blocking(Request::one(put(new_id(), named("a.vcf", "Bert"))));
    assert_eq!(taken, Err(CommitError::NameTaken { name: "a.vcf".into() }), "though not yet seen");
    commit(&second, put(new_id(), named("b.vcf", "Bert")));
    assert!(second.snapshot().contact(&main(), anna).is_some());
}

#[test]
fn settings_that_make_other_keys_make_them_for_everybody() {
    let directory = directory();
    commit(&directory, put(new_id(), shared("Ärmel")));
    commit(&directory, put(new_id(), shared("Zorn")));
    let names = || {
        let snapshot = directory.snapshot();
        let extent = Extent::of(&[Book::Shared]);
        let members = snapshot.members(&main(), &extent);
        members.map(|row| row.card.formatted_name().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(), ["Ärmel", "Zorn"]);
    let swedish = settings("main", "dc=pbx,dc=example", "pbx.example");
    commit(
        &directory,
        Edit::PutOrganization(Box::new(OrganizationSettings { language: "sv".into(), ..swedish })),
    );
    assert_eq!(names(), ["Zorn", "Ärmel"]);
}

#[test]
fn suffixes_are_unique_and_never_nested() {
    let directory = directory();
    for (suffix, domain) in [
        ("DC=pbx,dc=example", "x"),
        ("ou=a,dc=pbx,dc=example", "x"),
        ("dc=example", "x"),
        ("dc=x", "pbx.example"),
    ] {
        let request =
            Request::one(Edit::PutOrganization(Box::new(settings("other", suffix, domain))));
        assert_eq!(directory.commit_blocking(request), Err(CommitError::SuffixTaken), "{suffix}");
    }
    commit(
        &directory,
        Edit::PutOrganization(Box::new(settings("other", "dc=other", "other.example"))),
    );
    assert_eq!(directory.snapshot().organizations().count(), 2);
}

fn directory() -> Directory {
    let directory = Directory::open(Box::new(SqliteStore::in_memory().unwrap())).unwrap();
    commit(
        &directory,
        Edit::PutOrganization(Box::new(settings("main", "dc=pbx,dc=example", "pbx.example"))),
    );
    directory
}

fn open(path: &Path) -> Directory {
    Directory::open(Box::new(SqliteStore::open(path).unwrap())).unwrap()
}

fn main() -> OrganizationId {
    OrganizationId::parse("main").unwrap()
}

fn settings(id: &str, suffix: &str, domain: &str) -> OrganizationSettings {
    OrganizationSettings {
        name: id.into(),
        domain: domain.into(),
        suffix: suffix.into(),
        area_code: "30".into(),
        language: "de".into(),
        hidden_numbers: FieldSet::of(&[Field::Mobile]),
        ..OrganizationSettings::new(OrganizationId::parse(id).unwrap())
    }
}

fn commit(directory: &Directory, edit: Edit) {
    directory.commit_blocking(Request::one(edit)).unwrap();
}

fn put(id: ContactId, draft: Draft) -> Edit {
    Edit::PutContact { id, draft }
}

fn shared(name: &str) -> Draft {
    let mut card = CardBuilder::default();
    card.push(Field::FormattedName, name);
    Draft {
        organization: main(),
        book: Book::Shared,
        name: None,
        uid: None,
        card: card.finish().unwrap(),
        body: None,
        listed: true,
    }
}

fn named(resource: &str, name: &str) -> Draft {
    Draft { name: Some(resource.into()), ..shared(name) }
}

fn shared_person(name: &str, extension: &str, listed: bool) -> Draft {
    let mut card = CardBuilder::default();
    card.push(Field::FormattedName, name).push(Field::Extension, extension);
    Draft { book: Book::People, card: card.finish().unwrap(), listed, ..shared(name) }
}

fn user(id: ContactId, extension: Option<&str>, principal: &str) -> User {
    User {
        id,
        organization: main(),
        extension: extension.map(Into::into),
        login: None,
        email: None,
        role: Role::User,
        password: None,
        principal: principal.into(),
        listed_books: None,
        carddav_layout: None,
        presence: PresenceVisibility::Shown,
        created: Timestamp(0),
    }
}

fn person(directory: &Directory, name: &str, extension: &str, listed: bool) -> ContactId {
    let id = new_id();
    let edits = vec![
        put(id, shared_person(name, extension, listed)),
        Edit::PutUser(user(id, Some(extension), &format!("{extension}.main"))),
    ];
    directory.commit_blocking(Request { edits, preconditions: vec![] }).unwrap();
    id
}

/// What a book tells after a revision: `+` and `-` with the resource name.
fn told(snapshot: &Snapshot, book: Book, since: Revision) -> Vec<String> {
    let changes = snapshot.changes(&main(), book.into(), Rendition::Full, since);
    changes
        .iter()
        .map(|change| match change {
            BookChange::Put(_, row) => format!("+{}", row.resource_name()),
            BookChange::Gone { name, .. } => format!("-{name}"),
        })
        .collect()
}
