//! What users' contact programs keep: further personal books, properties, refused writes, and
//! favorites that are still to come.
#![allow(clippy::unwrap_used)]

use ringbook::account::group::{PERSONAL_BOOKS_MAX, PersonalBook};
use ringbook::account::property::{
    DavProperty, KeptAt, PROPERTIES_BYTES_MAX, PROPERTIES_MAX, REVERTED_MAX, VALUE_BYTES_MAX,
};
use ringbook::contact::book::{AddressBook, BookId};
use ringbook::contact::{Book, ContactId, Draft, Revision, Timestamp, UserId};
use ringbook::directory::{CommitError, Directory, Edit, Request, new_id};
use ringbook::index::Extent;

use crate::{commit, directory, main, named, open, person, put, settings, shared, told};

fn book_id(id: &str) -> BookId {
    BookId::parse(id).unwrap()
}

fn clients(owner: UserId) -> PersonalBook {
    PersonalBook {
        organization: main(),
        owner,
        id: book_id("clients"),
        name: "Clients".into(),
        segment: "6F3C".into(),
        created: Timestamp(0),
    }
}

fn color(user: UserId, place: KeptAt, value: &str) -> DavProperty {
    let (namespace, local) = ("urn:x".into(), "color".into());
    DavProperty { user, place, namespace, local, value: value.into() }
}

fn refused(directory: &Directory, edit: Edit) -> CommitError {
    directory.commit_blocking(Request::one(edit)).unwrap_err()
}

fn colors(directory: &Directory, user: UserId, place: KeptAt) -> Vec<String> {
    let snapshot = directory.snapshot();
    snapshot.properties(user, place).map(|property| property.value.to_string()).collect()
}

fn starred(directory: &Directory, user: UserId, contact: ContactId) -> bool {
    directory.snapshot().star(user, contact).is_some_and(|star| star.starred)
}

#[test]
fn a_further_personal_book_has_contacts_of_its_own() {
    let directory = directory();
    let anna = person(&directory, "Anna", "201", true);
    let (first, further) = (Book::Personal(anna), Book::PersonalBook(anna, book_id("clients")));
    let (one, other) = (new_id(), new_id());
    let into = |book, name| Draft { book, ..named("a.vcf", name) };
    let early = put(other, into(further, "Early"));
    assert_eq!(refused(&directory, early), CommitError::NoBook(further.into()));
    commit(&directory, Edit::PutPersonalBook(clients(anna)));
    commit(&directory, put(one, into(first, "One")));
    commit(&directory, put(other, into(further, "Other")));
    let snapshot = directory.snapshot();
    assert_eq!(snapshot.by_name(&main(), first, "a.vcf").unwrap().id, one);
    assert_eq!(snapshot.by_name(&main(), further, "a.vcf").unwrap().id, other);
    assert_eq!(snapshot.count(&main(), first.into()), 1);
    assert_eq!(told(&snapshot, further, Revision(0)), ["+a.vcf"]);
    assert_eq!(snapshot.personal_book_at(anna, "6F3C").unwrap().id, book_id("clients"));
    let before = snapshot.revision();
    commit(&directory, Edit::RemovePersonalBook(anna, book_id("clients")));
    let snapshot = directory.snapshot();
    assert!(snapshot.contact(&main(), other).is_none(), "its contacts go with it");
    assert!(snapshot.contact(&main(), one).is_some());
    assert_eq!(told(&snapshot, further, before), ["-a.vcf"]);
    assert_eq!(snapshot.personal_books(anna).count(), 0);
}

#[test]
fn two_further_books_are_kept_apart() {
    let directory = directory();
    let anna = person(&directory, "Anna", "201", true);
    let other = PersonalBook { id: book_id("other"), segment: "x".into(), ..clients(anna) };
    commit(&directory, Edit::PutPersonalBook(clients(anna)));
    commit(&directory, Edit::PutPersonalBook(other));
    let [one, two] = ["clients", "other"].map(|id| Book::PersonalBook(anna, book_id(id)));
    let (first, second) = (new_id(), new_id());
    commit(&directory, put(first, Draft { book: one, ..named("a.vcf", "One") }));
    commit(&directory, put(second, Draft { book: two, ..named("a.vcf", "Two") }));
    let snapshot = directory.snapshot();
    for (book, member) in [(one, first), (two, second)] {
        let extent = Extent::of(&[book]);
        let members: Vec<_> = snapshot.members(&main(), &extent).map(|row| row.id).collect();
        assert_eq!(members, [member]);
    }
}

#[test]
fn path_segments_are_unique_and_books_are_numbered() {
    let directory = directory();
    let anna = person(&directory, "Anna", "201", true);
    commit(&directory, Edit::PutPersonalBook(clients(anna)));
    let same = PersonalBook { id: book_id("other"), ..clients(anna) };
    let taken = CommitError::NameTaken { name: "6F3C".into() };
    assert_eq!(refused(&directory, Edit::PutPersonalBook(same)), taken);
    let renamed = PersonalBook { name: "Customers".into(), ..clients(anna) };
    commit(&directory, Edit::PutPersonalBook(renamed));
    for n in 1..PERSONAL_BOOKS_MAX {
        let (id, segment) = (book_id(&format!("n{n}")), format!("n{n}").into());
        commit(&directory, Edit::PutPersonalBook(PersonalBook { id, segment, ..clients(anna) }));
    }
    let more = PersonalBook { id: book_id("more"), segment: "more".into(), ..clients(anna) };
    let full = refused(&directory, Edit::PutPersonalBook(more));
    assert!(matches!(full, CommitError::TooMany { max: PERSONAL_BOOKS_MAX, .. }), "{full}");
}

#[test]
fn a_contact_with_a_new_name_is_gone_under_the_old_one() {
    let directory = directory();
    let id = new_id();
    commit(&directory, put(id, named("a.vcf", "Anna")));
    let before = directory.snapshot().revision();
    commit(&directory, put(id, named("b.vcf", "Anna")));
    let mut changes = told(&directory.snapshot(), Book::Shared, before);
    changes.sort();
    assert_eq!(changes, ["+b.vcf", "-a.vcf"]);
    let between = directory.snapshot().revision();
    commit(&directory, put(id, named("a.vcf", "Anna")));
    let mut changes = told(&directory.snapshot(), Book::Shared, between);
    changes.sort();
    assert_eq!(changes, ["+a.vcf", "-b.vcf"]);
    assert_eq!(told(&directory.snapshot(), Book::Shared, before).len(), 2, "back under its name");
}

#[test]
fn properties_go_with_what_they_are_of() {
    let directory = directory();
    let anna = person(&directory, "Anna", "201", true);
    commit(&directory, Edit::PutPersonalBook(clients(anna)));
    let further = Book::PersonalBook(anna, book_id("clients"));
    let card = new_id();
    commit(&directory, put(card, Draft { book: further, ..shared("Otto") }));
    let of_book = KeptAt::Book(further.into());
    for place in [KeptAt::Home, of_book, KeptAt::Card(card)] {
        commit(&directory, Edit::PutProperty(color(anna, place, "red")));
        commit(&directory, Edit::PutProperty(color(anna, place, "blue")));
        assert_eq!(colors(&directory, anna, place), ["blue"]);
    }
    commit(&directory, Edit::RemoveContact(card));
    assert!(colors(&directory, anna, KeptAt::Card(card)).is_empty());
    commit(&directory, Edit::RemovePersonalBook(anna, book_id("clients")));
    assert!(colors(&directory, anna, of_book).is_empty());
    let (namespace, local) = ("urn:x".into(), "color".into());
    let place = KeptAt::Home;
    commit(&directory, Edit::RemoveProperty { user: anna, place, namespace, local });
    assert!(colors(&directory, anna, KeptAt::Home).is_empty());
}

#[test]
fn a_user_keeps_a_limited_number_of_properties() {
    let directory = directory();
    let anna = person(&directory, "Anna", "201", true);
    let named = |n: usize| {
        let local = format!("p{n}").into();
        Edit::PutProperty(DavProperty { local, ..color(anna, KeptAt::Home, "") })
    };
    (0..PROPERTIES_MAX).for_each(|n| commit(&directory, named(n)));
    let full = refused(&directory, named(PROPERTIES_MAX));
    assert!(matches!(full, CommitError::TooMany { max: PROPERTIES_MAX, .. }), "{full}");
    let again = DavProperty { local: "p0".into(), ..color(anna, KeptAt::Home, "red") };
    commit(&directory, Edit::PutProperty(again));
}

#[test]
fn all_properties_of_a_user_have_limited_room() {
    let directory = directory();
    let anna = person(&directory, "Anna", "201", true);
    let value = "x".repeat(VALUE_BYTES_MAX);
    let named = |n: usize| {
        let local = format!("p{n}").into();
        Edit::PutProperty(DavProperty { local, ..color(anna, KeptAt::Home, &value) })
    };
    let count = PROPERTIES_BYTES_MAX / VALUE_BYTES_MAX;
    (0..count).for_each(|n| commit(&directory, named(n)));
    let full = refused(&directory, named(count));
    assert!(matches!(full, CommitError::TooMany { max: PROPERTIES_BYTES_MAX, .. }), "{full}");
    commit(&directory, Edit::PutProperty(color(anna, KeptAt::Home, "")));
    let place = KeptAt::Home;
    let (namespace, local) = ("urn:x".into(), "p0".into());
    commit(&directory, Edit::RemoveProperty { user: anna, place, namespace, local });
    commit(&directory, named(count));
}

#[test]
fn refused_writes_are_remembered_up_to_a_limit() {
    let directory = directory();
    let anna = person(&directory, "Anna", "201", true);
    let book = AddressBook::PEOPLE;
    let revert = |n: usize| Edit::Revert { user: anna, book, name: format!("{n}.vcf").into() };
    for n in 0..=REVERTED_MAX {
        commit(&directory, revert(n));
    }
    let snapshot = directory.snapshot();
    assert_eq!(snapshot.all_reverted(anna).len(), REVERTED_MAX);
    assert_eq!(snapshot.reverted_at(anna, book, "0.vcf"), None, "the oldest makes room");
    assert_eq!(snapshot.reverted_at(anna, book, "1000.vcf"), Some(snapshot.revision()));
    let since = Revision(snapshot.revision().0 - 2);
    let names: Vec<_> = snapshot.reverted(anna, book, since).map(|r| r.name.to_string()).collect();
    assert_eq!(names, ["999.vcf", "1000.vcf"]);
    assert_eq!(snapshot.reverted(anna, AddressBook::SHARED, since).count(), 0);
}

#[test]
fn a_favorite_may_come_later() {
    let directory = directory();
    let anna = person(&directory, "Anna", "201", true);
    let bert = person(&directory, "Bert", "202", true);
    let pending = |user, uid: &str| Edit::StarPending { user, uid: uid.into(), starred: true };
    commit(&directory, pending(anna, "urn:uuid:later"));
    commit(&directory, pending(bert, "later"));
    let with_uid = |book, uid: &str| Draft { book, uid: Some(uid.into()), ..shared("Otto") };
    let berts = new_id();
    commit(&directory, put(berts, with_uid(Book::Personal(bert), "later")));
    assert!(starred(&directory, bert, berts));
    assert!(!starred(&directory, anna, berts), "somebody else's contact");
    assert_eq!(directory.snapshot().pending_stars(anna).collect::<Vec<_>>(), ["later"]);
    let everybodys = new_id();
    commit(&directory, put(everybodys, with_uid(Book::Shared, "urn:uuid:later")));
    assert!(starred(&directory, anna, everybodys));
    assert!(!starred(&directory, bert, everybodys), "the favorite has come already");
    assert_eq!(directory.snapshot().pending_stars(anna).count(), 0);
    commit(&directory, pending(bert, "URN:UUID:later"));
    assert!(directory.snapshot().pending_stars(bert).next().is_none(), "it is there already");
    commit(&directory, pending(anna, "never"));
    let end = Edit::StarPending { user: anna, uid: "never".into(), starred: false };
    commit(&directory, end);
    assert_eq!(directory.snapshot().pending_stars(anna).count(), 0);
}

#[test]
fn what_a_removed_user_kept_is_gone_for_good() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ringbook.db");
    let anna = {
        let directory = open(&path);
        let organization = settings("main", "dc=pbx,dc=example", "pbx.example");
        commit(&directory, Edit::PutOrganization(Box::new(organization)));
        let anna = person(&directory, "Anna", "201", true);
        commit(&directory, Edit::PutPersonalBook(clients(anna)));
        let further = Book::PersonalBook(anna, book_id("clients"));
        commit(&directory, put(new_id(), Draft { book: further, ..shared("Otto") }));
        commit(&directory, Edit::PutProperty(color(anna, KeptAt::Home, "red")));
        let (book, name) = (AddressBook::PEOPLE, "a.vcf".into());
        commit(&directory, Edit::Revert { user: anna, book, name });
        commit(&directory, Edit::StarPending { user: anna, uid: "x".into(), starred: true });
        commit(&directory, Edit::RemoveUser(anna));
        anna
    };
    let reopened = open(&path);
    let snapshot = reopened.snapshot();
    assert_eq!(snapshot.personal_books(anna).count(), 0);
    assert!(snapshot.all_properties(anna).is_empty() && snapshot.all_reverted(anna).is_empty());
    assert_eq!(snapshot.pending_stars(anna).count(), 0);
    assert!(snapshot.waiting_for("x").is_empty());
    let further = AddressBook::Home(Book::PersonalBook(anna, book_id("clients")));
    assert_eq!(snapshot.count(&main(), further), 0);
}
