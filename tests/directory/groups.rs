//! Departments, sites, shared books and stars: what commits make of them, and what each book tells.
#![allow(clippy::unwrap_used)]

use ringbook::account::OrganizationSettings;
use ringbook::account::group::{GroupRecord, Member, SharedBook};
use ringbook::contact::book::{AddressBook, BookId, Group, GroupKind};
use ringbook::contact::card::{CardBuilder, Field, FieldSet};
use ringbook::contact::{Book, ContactId, Draft, Rendition, Revision};
use ringbook::directory::{CommitError, Directory, Edit, Request, new_id};
use ringbook::index::{BookChange, Extent};
use ringbook::store::sqlite::SqliteStore;

use crate::{commit, directory, main, open, person, put, settings, shared, user};

fn member(name: &str, fields: &[(Field, &str)]) -> Draft {
    let mut card = CardBuilder::default();
    card.push(Field::FormattedName, name);
    for (field, value) in fields {
        card.push(*field, value);
    }
    Draft { book: Book::People, card: card.finish().unwrap(), ..shared(name) }
}

fn department(id: &str) -> Group {
    Group::Department(BookId::parse(id).unwrap())
}

fn record(id: &str, name: &str) -> GroupRecord {
    GroupRecord { organization: main(), group: department(id), name: name.into() }
}

fn book(id: &str, name: &str) -> SharedBook {
    SharedBook {
        organization: main(),
        id: BookId::parse(id).unwrap(),
        name: name.into(),
        readers: None,
        writers: Vec::new(),
        revision: Revision(0),
    }
}

fn refused(directory: &Directory, edit: Edit) -> CommitError {
    directory.commit_blocking(Request::one(edit)).unwrap_err()
}

fn now(directory: &Directory) -> Revision {
    directory.snapshot().revision()
}

/// What a department tells: `+` and `-` with the first letters of the names known.
fn told(
    directory: &Directory,
    group: Group,
    since: Revision,
    known: &[(ContactId, char)],
) -> String {
    let snapshot = directory.snapshot();
    let changes = snapshot.changes(&main(), AddressBook::Group(group), Rendition::Reduced, since);
    let letter = |id| known.iter().find(|(known, _)| *known == id).unwrap().1;
    let told = changes.iter().map(|change| match change {
        BookChange::Put(_, row) => format!("+{}", letter(row.id)),
        BookChange::Gone { contact: id, .. } => format!("-{}", letter(*id)),
    });
    told.collect()
}

#[test]
fn a_card_makes_the_departments_and_sites_that_it_names() {
    let directory = directory();
    let (anna, bert) = (new_id(), new_id());
    let fields = [(Field::Department, "R&D,  Berlin"), (Field::Site, "Berlin")];
    commit(&directory, put(anna, member("Anna", &fields)));
    commit(&directory, put(bert, member("Bert", &[(Field::Department, "r&d, berlin")])));
    let snapshot = directory.snapshot();
    let group = snapshot.group_named(&main(), GroupKind::Department, "R&D, BERLIN").unwrap();
    assert_eq!(AddressBook::Group(group).to_string(), "department-r-d-berlin");
    assert_eq!(&*snapshot.group(&main(), group).unwrap().name, "R&D, Berlin");
    assert_eq!(snapshot.groups(&main()).count(), 2, "one department, one site");
    assert_eq!(snapshot.count(&main(), AddressBook::Group(group)), 2);
    let long = "x".repeat(65);
    commit(&directory, put(bert, member("Bert", &[(Field::Department, &long)])));
    assert_eq!(directory.snapshot().groups(&main()).count(), 2, "this is no name");
}

#[test]
fn two_departments_of_like_names_have_ids_of_their_own() {
    let directory = directory();
    let fields = [(Field::Department, "A/B"), (Field::Department, "A B")];
    let anna = new_id();
    let edits = vec![
        put(anna, member("Anna", &fields)),
        put(new_id(), member("Bert", &[(Field::Department, "a/b")])),
    ];
    directory.commit_blocking(Request { edits, preconditions: vec![] }).unwrap();
    let snapshot = directory.snapshot();
    let groups = snapshot.contact(&main(), anna).unwrap().groups.clone();
    assert_eq!(*groups, [department("a-b"), department("a-b-2")]);
    assert_eq!(snapshot.count(&main(), AddressBook::Group(department("a-b"))), 2);
}

#[test]
fn members_come_and_go_with_their_cards_and_listing() {
    let directory = directory();
    let (anna, bert) = (new_id(), new_id());
    let known = [(anna, 'a'), (bert, 'b')];
    let (support, sales) = (department("support"), department("sales"));
    let of = |name: &str, department: &str| member(name, &[(Field::Department, department)]);
    commit(&directory, put(anna, of("Anna", "Support")));
    commit(&directory, put(bert, of("Bert", "Sales")));
    let start = now(&directory);
    commit(&directory, put(anna, of("Anna", "Sales")));
    assert_eq!(told(&directory, support, start, &known), "-a");
    assert_eq!(told(&directory, sales, start, &known), "+a");
    let moved = now(&directory);
    commit(&directory, put(bert, Draft { listed: false, ..of("Bert", "Sales") }));
    assert_eq!(told(&directory, sales, moved, &known), "-b");
    assert_eq!(directory.snapshot().count(&main(), AddressBook::Group(sales)), 1);
    let hidden = now(&directory);
    commit(&directory, put(bert, of("Bert", "Sales")));
    assert_eq!(told(&directory, sales, hidden, &known), "+b");
    assert_eq!(told(&directory, sales, start, &known), "+a+b", "back is not gone");
    commit(&directory, put(anna, of("Anna", "Support")));
    assert_eq!(told(&directory, support, start, &known), "+a", "gone and back again");
    commit(&directory, Edit::RemoveContact(anna));
    assert_eq!(told(&directory, support, start, &known), "-a");
    let state = |group: Group| {
        let book = AddressBook::Group(group);
        directory.snapshot().book_revision(&main(), book, Rendition::Reduced)
    };
    assert!(state(support) > state(sales), "sales did not see her go");
}

#[test]
fn a_department_with_a_new_name_has_it_on_its_members_cards() {
    let directory = directory();
    let (anna, bert) = (new_id(), new_id());
    let fields = [(Field::Department, "Support"), (Field::Department, "Board")];
    commit(&directory, put(anna, member("Anna", &fields)));
    commit(&directory, put(bert, member("Bert", &[(Field::Department, "Board")])));
    let before = now(&directory);
    commit(&directory, Edit::PutGroup(record("support", "Help & More")));
    let snapshot = directory.snapshot();
    let of = |id| {
        let row = snapshot.contact(&main(), id).unwrap();
        row.card.all(Field::Department).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(of(anna), ["Help & More", "Board"]);
    assert_eq!(
        *snapshot.contact(&main(), anna).unwrap().groups,
        [department("support"), department("board")]
    );
    assert!(snapshot.contact(&main(), anna).unwrap().reduced_revision > before);
    assert!(snapshot.contact(&main(), bert).unwrap().revision <= before, "he is of no support");
    assert_eq!(snapshot.group_named(&main(), GroupKind::Department, "support"), None);
    commit(&directory, put(bert, member("Bert", &[(Field::Department, "Support")])));
    let second = directory.snapshot().group_named(&main(), GroupKind::Department, "support");
    assert_eq!(second, Some(department("support-2")), "ids are permanent");
}

#[test]
fn names_of_departments_are_unique_and_only_empty_ones_go() {
    let directory = directory();
    commit(&directory, put(new_id(), member("Anna", &[(Field::Department, "Support")])));
    commit(&directory, Edit::PutGroup(record("sales", "Sales")));
    let taken = refused(&directory, Edit::PutGroup(record("sales", "SUPPORT")));
    assert!(matches!(taken, CommitError::GroupTaken { .. }), "{taken}");
    let wrong = refused(&directory, Edit::PutGroup(record("sales", &"x".repeat(65))));
    assert!(matches!(wrong, CommitError::WrongName(_)), "{wrong}");
    let used = refused(&directory, Edit::RemoveGroup(main(), department("support")));
    assert_eq!(used, CommitError::GroupInUse { members: 1 });
    commit(&directory, Edit::RemoveGroup(main(), department("sales")));
    let none = refused(&directory, Edit::RemoveGroup(main(), department("sales")));
    assert!(matches!(none, CommitError::NoBook(_)), "{none}");
}

#[test]
fn a_shared_book_takes_contacts_and_leaves_with_them() {
    let directory = directory();
    let suppliers = Book::SharedBook(BookId::parse("suppliers").unwrap());
    let acme = new_id();
    let draft = Draft { book: suppliers, ..shared("Acme") };
    let early = refused(&directory, put(acme, draft.clone()));
    assert_eq!(early, CommitError::NoBook(suppliers.into()));
    commit(&directory, Edit::PutSharedBook(book("suppliers", "Suppliers")));
    commit(&directory, Edit::PutSharedBook(book("clients", "Clients")));
    commit(&directory, put(acme, draft));
    let snapshot = directory.snapshot();
    for (found, homes) in [
        (1, vec![suppliers]),
        (0, vec![Book::Shared]),
        (0, vec![Book::SharedBook(BookId::parse("clients").unwrap())]),
    ] {
        let extent = Extent::of(&homes);
        assert_eq!(snapshot.members(&main(), &extent).count(), found, "{homes:?}");
    }
    let taken = refused(&directory, Edit::PutSharedBook(book("third", "suppliers")));
    assert!(matches!(taken, CommitError::GroupTaken { .. }), "{taken}");
    commit(&directory, Edit::RemoveSharedBook(main(), BookId::parse("suppliers").unwrap()));
    assert!(directory.snapshot().contact(&main(), acme).is_none());
}

#[test]
fn a_shared_book_remembers_when_its_readers_changed() {
    let directory = directory();
    let anna = person(&directory, "Anna", "201", true);
    commit(&directory, Edit::PutSharedBook(book("suppliers", "Suppliers")));
    let id = BookId::parse("suppliers").unwrap();
    let revision = || directory.snapshot().shared_book(&main(), id).unwrap().revision;
    let made = revision();
    assert_eq!(made, now(&directory));
    commit(&directory, Edit::PutSharedBook(book("suppliers", "Our suppliers")));
    assert_eq!(revision(), made, "a name is nobody's right");
    let named = SharedBook { readers: Some(vec![Member::User(anna)]), ..book("suppliers", "S") };
    commit(&directory, Edit::PutSharedBook(named.clone()));
    assert_eq!(revision(), now(&directory));
    let stranger = SharedBook { readers: Some(vec![Member::User(new_id())]), ..named };
    let refused = refused(&directory, Edit::PutSharedBook(stranger));
    assert!(matches!(refused, CommitError::NoUser(_)), "{refused}");
}

#[test]
fn a_star_is_kept_with_the_moment_of_its_last_change() {
    let directory = directory();
    let anna = person(&directory, "Anna", "201", true);
    let contact = new_id();
    commit(&directory, put(contact, shared("Acme")));
    let star = |starred| Edit::Star { user: anna, contact, starred };
    commit(&directory, star(true));
    let given = now(&directory);
    commit(&directory, star(true));
    assert_eq!(now(&directory), given, "it is there already");
    commit(&directory, star(false));
    let snapshot = directory.snapshot();
    let kept = snapshot.star(anna, contact).unwrap();
    assert_eq!((kept.starred, kept.revision), (false, snapshot.revision()));
    let nobody = Edit::Star { user: new_id(), contact, starred: true };
    assert!(matches!(refused(&directory, nobody), CommitError::NoUser(_)));
    commit(&directory, Edit::RemoveUser(anna));
    assert_eq!(directory.snapshot().stars(anna).count(), 0);
}

#[test]
fn hiding_numbers_moves_the_reduced_rendition_of_the_cards_that_have_any() {
    let directory = directory();
    let (anna, bert) = (new_id(), new_id());
    commit(&directory, put(anna, member("Anna", &[(Field::Home, "+49 30 1234567")])));
    commit(&directory, put(bert, member("Bert", &[(Field::Work, "+49 30 7654321")])));
    let main_settings = || settings("main", "dc=pbx,dc=example", "pbx.example");
    let before = now(&directory);
    let hidden_numbers = FieldSet::of(&[Field::Home]);
    commit(
        &directory,
        Edit::PutOrganization(Box::new(OrganizationSettings { hidden_numbers, ..main_settings() })),
    );
    let told = |rendition| {
        let snapshot = directory.snapshot();
        let changes = snapshot.changes(&main(), AddressBook::PEOPLE, rendition, before);
        let names = changes.iter().map(|change| match change {
            BookChange::Put(_, row) => row.card.formatted_name().to_owned(),
            BookChange::Gone { .. } => "gone".to_owned(),
        });
        names.collect::<Vec<_>>()
    };
    assert_eq!(told(Rendition::Reduced), ["Anna"]);
    assert_eq!(told(Rendition::Full), [""; 0]);
}

#[test]
fn everything_is_there_again_after_a_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ringbook.db");
    let directory = Directory::open(Box::new(SqliteStore::open(&path).unwrap())).unwrap();
    commit(
        &directory,
        Edit::PutOrganization(Box::new(settings("main", "dc=pbx,dc=example", "pbx.example"))),
    );
    let anna = new_id();
    let edits = vec![
        put(
            anna,
            member("Anna", &[(Field::Department, "Support"), (Field::Mobile, "0170 1234567")]),
        ),
        Edit::PutUser(user(anna, None, "a.main")),
        Edit::PutSharedBook(book("suppliers", "Suppliers")),
        Edit::Star { user: anna, contact: anna, starred: true },
    ];
    directory.commit_blocking(Request { edits, preconditions: vec![] }).unwrap();
    let before = now(&directory);
    commit(
        &directory,
        Edit::PutOrganization(Box::new(OrganizationSettings {
            hidden_numbers: FieldSet::EMPTY,
            ..settings("main", "dc=pbx,dc=example", "pbx.example")
        })),
    );
    commit(&directory, put(anna, member("Anna", &[(Field::Department, "Sales")])));
    drop(directory);
    let again = open(&path);
    let known = [(anna, 'a')];
    assert_eq!(told(&again, department("support"), before, &known), "-a");
    assert_eq!(told(&again, department("sales"), before, &known), "+a");
    let snapshot = again.snapshot();
    assert!(snapshot.star(anna, anna).is_some_and(|star| star.starred));
    assert_eq!(snapshot.shared_books(&main()).count(), 1);
}
