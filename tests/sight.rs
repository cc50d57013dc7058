//! What each principal sees of an organization: by role, by account, by record.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

use std::sync::Arc;

use ringbook::account::device::PhoneAccount;
use ringbook::account::group::{Member, SharedBook};
use ringbook::account::{AnonymousAccess, OrganizationSettings, PresenceVisibility, Role, User};
use ringbook::auth::rights::Operation;
use ringbook::auth::sight::{Sight, nobody_is_present};
use ringbook::auth::{Principal, Who};
use ringbook::contact::book::{AddressBook, Availability, BookId, Group, GroupKind};
use ringbook::contact::card::{CardBuilder, Field, FieldSet};
use ringbook::contact::query::{Query, Truth};
use ringbook::contact::{Book, ContactId, Draft, OrganizationId, Revision, Timestamp, UserId};
use ringbook::directory::{Directory, Edit, Request, new_id};
use ringbook::index::{BookChange, Snapshot};
use ringbook::store::sqlite::SqliteStore;

const EVERYTHING: Query = Query::Constant(Truth::True);

/// `main` shares with `paris`, not with `rome`. Anna and Bert of `main` are in Support and Sales,
/// Carl is not listed. Shared: Acme; in the book of suppliers, which Support reads and Bert writes:
/// Bolts. Anna and Bert have a personal contact each.
struct World {
    directory: Directory,
    anna: UserId,
    bert: UserId,
    carl: UserId,
}

fn id(text: &str) -> OrganizationId {
    OrganizationId::parse(text).unwrap()
}

fn book_id(text: &str) -> BookId {
    BookId::parse(text).unwrap()
}

fn department(text: &str) -> AddressBook {
    AddressBook::Group(Group::Department(book_id(text)))
}

fn suppliers() -> Book {
    Book::SharedBook(book_id("suppliers"))
}

fn settings(of: &str) -> OrganizationSettings {
    let shares_with = match of {
        "main" => vec![id("paris"), id("rome")],
        "paris" => vec![id("main")],
        _ => Vec::new(),
    };
    OrganizationSettings {
        shares_with,
        hidden_numbers: FieldSet::of(&[Field::Mobile]),
        inter_organization_prefix: "8".into(),
        ..OrganizationSettings::new(id(of))
    }
}

fn draft(of: &str, book: Book, name: &str, department: &str) -> Draft {
    let mut card = CardBuilder::default();
    card.push(Field::FormattedName, name).push(Field::Department, department);
    card.push(Field::Mobile, "+49 170 1234567");
    Draft {
        organization: id(of),
        book,
        name: None,
        uid: None,
        card: card.finish().unwrap(),
        body: None,
        listed: name != "Carl",
    }
}

impl World {
    fn new() -> Self {
        let directory = Directory::open(Box::new(SqliteStore::in_memory().unwrap())).unwrap();
        let [anna, bert, carl] = [new_id(), new_id(), new_id()];
        let world = Self { directory, anna, bert, carl };
        for of in ["main", "paris", "rome"] {
            world.commit(Edit::PutOrganization(Box::new(settings(of))));
        }
        for (user, name, of) in
            [(anna, "Anna", "Support"), (bert, "Bert", "Sales"), (carl, "Carl", "Support")]
        {
            world.person(user, name, of);
        }
        for (of, name) in [("paris", "Marie"), ("rome", "Mario")] {
            world.put(new_id(), draft(of, Book::People, name, "Support"));
        }
        world.commit(Edit::PutSharedBook(world.suppliers()));
        world.put(new_id(), draft("main", Book::Shared, "Acme", ""));
        world.put(new_id(), draft("main", suppliers(), "Bolts", ""));
        for (owner, name) in [(anna, "Anna's"), (bert, "Bert's")] {
            world.put(new_id(), draft("main", Book::Personal(owner), name, ""));
        }
        world
    }

    fn suppliers(&self) -> SharedBook {
        SharedBook {
            organization: id("main"),
            id: book_id("suppliers"),
            name: "Suppliers".into(),
            readers: Some(vec![Member::Group(Group::Department(book_id("support")))]),
            writers: vec![Member::User(self.bert)],
            revision: Revision(0),
        }
    }

    fn commit(&self, edit: Edit) {
        self.directory.commit_blocking(Request::one(edit)).unwrap();
    }

    fn put(&self, contact: ContactId, draft: Draft) {
        self.commit(Edit::PutContact { id: contact, draft });
    }

    fn person(&self, user: UserId, name: &str, department: &str) {
        self.put(user, draft("main", Book::People, name, department));
        self.commit(Edit::PutUser(User {
            id: user,
            organization: id("main"),
            extension: None,
            login: Some(name.to_lowercase().into()),
            email: None,
            role: Role::User,
            password: None,
            principal: format!("{user}.main").into(),
            listed_books: None,
            carddav_layout: None,
            presence: PresenceVisibility::Shown,
            created: Timestamp(0),
        }));
    }

    fn phone(&self, name: &str, books: &[AddressBook], acts_for: &[UserId]) -> Principal {
        self.commit(Edit::PutPhone(PhoneAccount {
            books: books.to_vec(),
            acts_for: acts_for.to_vec(),
            ..PhoneAccount::new(id("main"), name, Vec::new())
        }));
        principal(Who::Phone(name.into()), Role::User)
    }

    /// Whom this principal sees in a book, in name order; `none` where the book is not there.
    fn names(&self, principal: &Principal, book: AddressBook) -> String {
        let snapshot = self.directory.snapshot();
        let sight = Sight::of(&snapshot, principal, &id("main")).unwrap();
        let Some(extent) = sight.extent(book, &nobody_is_present) else { return "none".to_owned() };
        let names = listed(&sight, &extent);
        for row in sight.search(&extent, &EVERYTHING, usize::MAX) {
            assert!(sight.member(book, row.id).is_some(), "{principal:?} {book:?} {names}");
        }
        names
    }

    /// All that a search above the views finds.
    fn whole(&self, principal: &Principal) -> String {
        let snapshot = self.directory.snapshot();
        let sight = Sight::of(&snapshot, principal, &id("main")).unwrap();
        listed(&sight, &sight.whole())
    }

    fn books(&self, principal: &Principal) -> String {
        let snapshot = self.directory.snapshot();
        let sight = Sight::of(&snapshot, principal, &id("main")).unwrap();
        let books = sight.books().into_iter();
        let books = books.filter(|book| !matches!(book, AddressBook::Status(_)));
        books.map(|book| book.to_string()).collect::<Vec<_>>().join(" ")
    }

    fn star(&self, user: UserId, contact: ContactId, starred: bool) {
        self.commit(Edit::Star { user, contact, starred });
    }

    fn find(&self, name: &str) -> ContactId {
        let snapshot = self.directory.snapshot();
        let admin = admin();
        let sight = Sight::of(&snapshot, &admin, &id("main")).unwrap();
        let extent = sight.extent(AddressBook::All, &nobody_is_present).unwrap();
        let extents = [extent, sight.whole()];
        let mut all =
            extents.iter().flat_map(|extent| sight.search(extent, &EVERYTHING, usize::MAX));
        all.find(|row| row.card.formatted_name() == name).map(|row| row.id).unwrap()
    }
}

fn listed(sight: &Sight<'_>, extent: &ringbook::index::Extent) -> String {
    let found = sight.search(extent, &EVERYTHING, usize::MAX);
    let rows: Vec<_> = found.collect();
    assert!(rows.iter().all(|row| sight.sees(row.contact())));
    let names: Vec<&str> = rows.iter().map(|row| row.contact().card.formatted_name()).collect();
    names.join(" ")
}

fn principal(who: Who, role: Role) -> Principal {
    Principal::new(who, role, Some(id("main")))
}

fn user(user: UserId) -> Principal {
    principal(Who::User(user), Role::User)
}

fn admin() -> Principal {
    principal(Who::Token("t".into()), Role::Admin)
}

#[test]
fn users_see_what_is_theirs_and_everybodys() {
    let world = World::new();
    let (anna, bert) = (user(world.anna), user(world.bert));
    assert_eq!(
        world.books(&anna),
        "people shared shared-suppliers personal favorites all contacts department-sales department-support"
    );
    for (book, seen) in [
        (AddressBook::PEOPLE, "Anna Bert"),
        (AddressBook::SHARED, "Acme"),
        (suppliers().into(), "Bolts"),
        (Book::Personal(world.anna).into(), "Anna's"),
        (Book::Personal(world.bert).into(), "none"),
        (department("support"), "Anna"),
        (department("sales"), "Bert"),
        (department("none"), "none"),
        (AddressBook::All, "Anna Bert Marie"),
        (AddressBook::Contacts, "Acme Anna Anna's Bert Bolts"),
        (AddressBook::Favorites, ""),
        (AddressBook::Status(Availability::Busy), ""),
    ] {
        assert_eq!(world.names(&anna, book), seen, "{book}");
    }
    assert_eq!(world.whole(&bert), "Acme Anna Bert Bert's Bolts", "he writes suppliers");
    let admin = admin();
    assert_eq!(world.names(&admin, AddressBook::PEOPLE), "Anna Bert", "not even an administrator");
    assert_eq!(world.names(&admin, AddressBook::Favorites), "none");
}

#[test]
fn a_shared_book_is_there_for_those_whom_it_names() {
    let world = World::new();
    let book = AddressBook::from(suppliers());
    let may = |who: &Principal, operation| {
        let snapshot = world.directory.snapshot();
        Sight::of(&snapshot, who, &id("main")).unwrap().may(book, operation)
    };
    let (anna, bert) = (user(world.anna), user(world.bert));
    let manager = principal(Who::User(world.carl), Role::OfficeManager);
    assert!(may(&anna, Operation::Read) && !may(&anna, Operation::Write));
    assert!(may(&bert, Operation::Write) && may(&manager, Operation::Write));
    // Whoever leaves the department leaves its readers.
    world.person(world.anna, "Anna", "Sales");
    assert!(!may(&anna, Operation::Read));
    assert_eq!(world.names(&anna, book), "none");
    assert!(!world.whole(&anna).contains("Bolts"));
    let phone = world.phone("phones", &[], &[]);
    assert_eq!(world.whole(&phone), "Acme Anna Bert", "nobody named the phones");
    let told = world.phone("stock", &[book], &[]);
    assert_eq!(world.whole(&told), "Bolts");
    assert!(!may(&told, Operation::Write));
}

#[test]
fn a_limited_phone_sees_its_people_under_every_base_and_nobody_else() {
    let world = World::new();
    let phone = world.phone("support", &[department("support")], &[]);
    assert_eq!(world.books(&phone), "people all contacts department-support");
    for (book, seen) in [
        (AddressBook::PEOPLE, "Anna"),
        (department("support"), "Anna"),
        (department("sales"), "none"),
        (AddressBook::All, "Anna"),
        (AddressBook::Contacts, "Anna"),
        (AddressBook::SHARED, "none"),
    ] {
        assert_eq!(world.names(&phone, book), seen, "{book}");
    }
    assert_eq!(world.whole(&phone), "Anna");
    let snapshot = world.directory.snapshot();
    let sight = Sight::of(&snapshot, &phone, &id("main")).unwrap();
    assert!(sight.contact(world.bert).is_none() && sight.contact(world.anna).is_some());
    assert_eq!(sight.count(AddressBook::PEOPLE), None, "a count would tell of the others");
    let named = |name| sight.group_named(GroupKind::Department, name).map(|group| group.id());
    assert_eq!((named("SUPPORT"), named("Sales")), (Some(book_id("support")), None));
    let everywhere = world.phone("all", &[AddressBook::All], &[]);
    assert_eq!(world.names(&everywhere, AddressBook::All), "Anna Bert Marie");
    let here = world.phone("here", &[AddressBook::PEOPLE], &[]);
    assert_eq!(world.names(&here, AddressBook::All), "Anna Bert");
}

#[test]
fn a_phone_acts_for_its_users_only() {
    let world = World::new();
    world.star(world.anna, world.bert, true);
    let one = world.phone("anna", &[], &[world.anna]);
    assert_eq!(world.names(&one, Book::Personal(world.anna).into()), "Anna's");
    assert_eq!(world.names(&one, AddressBook::Favorites), "Bert");
    assert_eq!(world.whole(&one), "Acme Anna Anna's Bert Bolts", "as Anna, who is of Support");
    let several = world.phone("desk", &[], &[world.anna, world.bert]);
    assert_eq!(world.whole(&several), "Acme Anna Bert");
    let snapshot = world.directory.snapshot();
    let sight = Sight::of(&snapshot, &several, &id("main")).unwrap();
    let as_bert = sight.acting_for(world.bert).unwrap();
    assert_eq!(listed(&as_bert, &as_bert.whole()), "Acme Anna Bert Bert's");
    let as_anna = sight.acting_for(world.anna).unwrap();
    let favorites = as_anna.extent(AddressBook::Favorites, &nobody_is_present).unwrap();
    assert_eq!(listed(&as_anna, &favorites), "Bert", "from any book that the phone sees");
    assert!(as_anna.extent(Book::Personal(world.bert).into(), &nobody_is_present).is_none());
    assert!(sight.acting_for(world.carl).is_none());
    let anna = user(world.anna);
    let person = Sight::of(&snapshot, &anna, &id("main")).unwrap();
    assert!(person.acting_for(world.bert).is_none());
}

#[test]
fn nobody_sees_what_is_not_opened() {
    let world = World::new();
    let visitor = principal(Who::Anonymous, Role::User);
    assert_eq!(world.books(&visitor), "");
    assert_eq!(world.whole(&visitor), "");
    let books = vec![AddressBook::SHARED, department("support"), Book::Personal(world.anna).into()];
    let anonymous = Some(AnonymousAccess { networks: Default::default(), books });
    world.commit(Edit::PutOrganization(Box::new(OrganizationSettings {
        anonymous,
        ..settings("main")
    })));
    assert_eq!(world.whole(&visitor), "Acme Anna");
    let snapshot = world.directory.snapshot();
    let nobody = Principal::anonymous();
    assert!(Sight::of(&snapshot, &nobody, &id("main")).is_none());
    assert!(Sight::of(&snapshot, &visitor, &id("paris")).is_none());
    let sight = Sight::of(&snapshot, &visitor, &id("main")).unwrap();
    let anna = sight.contact(world.anna).unwrap();
    assert_eq!(sight.hidden(anna.contact()), FieldSet::of(&[Field::Mobile]));
}

#[test]
fn nothing_crosses_organizations_but_what_both_share() {
    let world = World::new();
    let snapshot = world.directory.snapshot();
    for who in [user(world.anna), admin(), principal(Who::Phone("p".into()), Role::User)] {
        for of in ["paris", "rome", "none"] {
            assert!(Sight::of(&snapshot, &who, &id(of)).is_none(), "{who:?} in {of}");
        }
    }
    let stray = Principal { organization: None, ..user(world.anna) };
    assert!(Sight::of(&snapshot, &stray, &id("main")).is_none());
    let operator =
        Principal { organization: None, ..principal(Who::Token("o".into()), Role::Operator) };
    assert!(Sight::of(&snapshot, &operator, &id("rome")).is_some());
    let (anna, marie) = (user(world.anna), world.find("Marie"));
    let sight = Sight::of(&snapshot, &anna, &id("main")).unwrap();
    let seen = sight.contact(marie).unwrap();
    assert!(sight.hidden(seen.contact()).is_empty());
    assert_eq!(seen.card.first(Field::Mobile), None, "paris hides it before it comes here");
    assert!(sight.member(AddressBook::PEOPLE, marie).is_none());
    assert!(sight.member(department("support"), marie).is_none(), "another organization's support");
}

/// What a book tells a principal after a revision.
fn told(snapshot: &Snapshot, who: &Principal, book: AddressBook, since: Revision) -> String {
    let sight = Sight::of(snapshot, who, &id("main")).unwrap();
    let name = |id: &ContactId| {
        let row = snapshot.contact(&self::id("main"), *id);
        row.map_or_else(|| "?".to_owned(), |row| row.card.formatted_name().to_owned())
    };
    let told = sight.changes(book, since).into_iter().map(|change| match change {
        BookChange::Put(_, row) => format!("+{}", row.card.formatted_name()),
        BookChange::Gone { contact: id, .. } => format!("-{}", name(&id)),
    });
    told.collect::<Vec<_>>().join(" ")
}

#[test]
fn favorites_tell_what_came_changed_and_went() {
    let world = World::new();
    let (anna, favorites) = (user(world.anna), AddressBook::Favorites);
    let (acme, bolts, marie) = (world.find("Acme"), world.find("Bolts"), world.find("Marie"));
    let at = || world.directory.snapshot().revision();
    let mut since = at();
    let mut step = |expected: &str| {
        let snapshot = world.directory.snapshot();
        assert_eq!(told(&snapshot, &anna, favorites, since), expected);
        let sight = Sight::of(&snapshot, &anna, &id("main")).unwrap();
        assert_eq!(sight.revision(favorites) > since, !expected.is_empty(), "{expected}");
        since = snapshot.revision();
    };
    step("");
    for contact in [acme, bolts, marie] {
        world.star(world.anna, contact, true);
    }
    step("+Acme +Bolts +Marie");
    world.put(acme, draft("main", Book::Shared, "Acme Ltd", ""));
    step("+Acme Ltd");
    world.star(world.bert, world.bert, true);
    step("");
    // Who may see it is no change of the contact: whoever synchronizes begins anew.
    let mark = || {
        let snapshot = world.directory.snapshot();
        Sight::of(&snapshot, &anna, &id("main")).unwrap().mark(favorites)
    };
    let before = mark();
    world.person(world.anna, "Anna", "Sales");
    assert_ne!(mark(), before);
    world.person(world.anna, "Anna", "Support");
    assert_eq!(mark(), before);
    step("");
    world.star(world.anna, acme, false);
    step("-Acme Ltd");
    world.commit(Edit::RemoveContact(bolts));
    step("-?");
    assert_eq!(world.names(&anna, favorites), "Marie");
}

#[test]
fn each_sees_their_own_card_whole_and_hears_of_it() {
    let world = World::new();
    let (anna, bert) = (user(world.anna), user(world.bert));
    let since = world.directory.snapshot().revision();
    let mut card = draft("main", Book::People, "Anna", "Support");
    let mut edited = card.card.edit();
    edited.replace(Field::Mobile, ["+49 170 7654321"]);
    card.card = edited.finish().unwrap();
    world.put(world.anna, card);
    let snapshot = world.directory.snapshot();
    for book in [AddressBook::PEOPLE, department("support"), AddressBook::All] {
        assert_eq!(told(&snapshot, &anna, book, since), "+Anna", "{book}");
        assert_eq!(told(&snapshot, &bert, book, since), "", "{book}");
        assert_eq!(told(&snapshot, &admin(), book, since), "+Anna", "{book}");
    }
}

#[test]
fn who_is_present_is_asked_of_who_knows() {
    let world = World::new();
    let snapshot = world.directory.snapshot();
    let anna = user(world.anna);
    let sight = Sight::of(&snapshot, &anna, &id("main")).unwrap();
    let busy = [world.bert, world.carl, world.find("Marie")];
    let present = |availability| match availability {
        Availability::Busy => Arc::new(busy.into_iter().collect()),
        _ => Arc::default(),
    };
    let extent = sight.extent(AddressBook::Status(Availability::Busy), &present).unwrap();
    assert_eq!(listed(&sight, &extent), "Bert", "Carl is not listed, Marie not of here");
}
