//! Undoing an import of users: what they had is back, and who has something of their own stays.
#![allow(clippy::unwrap_used)]

use ringbook::account::device::{AppPassword, Door, Doors};
use ringbook::account::group::PersonalBook;
use ringbook::account::property::{DavProperty, KeptAt};
use ringbook::account::{SecretHash, User};
use ringbook::contact::book::BookId;
use ringbook::contact::card::Field;
use ringbook::contact::{Book, ContactId, Draft, Timestamp};
use ringbook::directory::{Directory, Edit, Request, What, new_id};

use crate::undo::{changed, contact, import, photo, picture, same, undo};
use crate::{
    commit, directory, main, named, open, person, put, settings, shared, shared_person, told, user,
};

fn clients(owner: ContactId) -> PersonalBook {
    PersonalBook {
        organization: main(),
        owner,
        id: BookId::parse("clients").unwrap(),
        name: "Clients".into(),
        segment: "6F3C".into(),
        created: Timestamp(0),
    }
}

/// Gives a user one of everything; tells the ids of their contacts.
fn settle(directory: &Directory, anna: ContactId, colleague: ContactId) -> [ContactId; 2] {
    let (own, further) = (new_id(), new_id());
    let book = clients(anna);
    let color = |place| DavProperty {
        user: anna,
        place,
        namespace: "urn:x".into(),
        local: "color".into(),
        value: "red".into(),
    };
    let account = User {
        password: Some(SecretHash("$argon2id$…".into())),
        login: Some("anna".into()),
        ..user(anna, Some("201"), "201.main")
    };
    let app = AppPassword {
        user: anna,
        id: "a1".into(),
        name: "iPhone".into(),
        doors: Doors::of([Door::Carddav]),
        hash: "00".into(),
        carddav_layout: None,
        created: Timestamp(4),
    };
    for edit in [
        Edit::PutUser(account),
        Edit::PutAppPassword(app),
        Edit::PutPersonalBook(book.clone()),
        put(own, Draft { book: Book::Personal(anna), ..named("own.vcf", "Own") }),
        Edit::PutPhoto { id: own, picture: picture(1) },
        put(further, Draft { book: Book::PersonalBook(anna, book.id), ..shared("Further") }),
        Edit::PutProperty(color(KeptAt::Home)),
        Edit::PutProperty(color(KeptAt::Card(own))),
        Edit::StarPending { user: anna, uid: "later".into(), starred: true },
        Edit::Star { user: anna, contact: colleague, starred: true },
    ] {
        commit(directory, edit);
    }
    [own, further]
}

#[test]
fn a_user_whom_an_import_removed_is_back_with_everything() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ringbook.db");
    let directory = open(&path);
    commit(
        &directory,
        Edit::PutOrganization(Box::new(settings("main", "dc=pbx,dc=example", "pbx.example"))),
    );
    let anna = person(&directory, "Anna", "201", true);
    let bert = person(&directory, "Bert", "202", true);
    let [own, further] = settle(&directory, anna, bert);
    let state = |directory: &Directory| {
        let snapshot = directory.snapshot();
        let user = snapshot.user(anna).cloned();
        let (mut apps, mut properties) =
            (snapshot.app_passwords(anna).to_vec(), snapshot.all_properties(anna).to_vec());
        apps.sort_by_key(|app| app.id.clone());
        properties.sort_by_key(|property| format!("{:?}", property.place));
        let books: Vec<PersonalBook> = snapshot.personal_books(anna).cloned().collect();
        let pending: Vec<String> = snapshot.pending_stars(anna).map(str::to_owned).collect();
        let starred = snapshot.star(anna, bert).is_some_and(|star| star.starred);
        let by_path = snapshot.user_by_principal("201.main").map(|user| user.id);
        let contacts = [anna, own, further].map(|id| same(contact(directory, id)));
        ((user, apps, properties, books), (pending, starred, by_path, contacts))
    };
    let before = state(&directory);
    let other = open(&path);
    let start = directory.snapshot().revision();
    import(&directory, "i1", vec![Edit::RemoveUser(anna)]);
    assert_eq!(state(&directory).0.0, None);
    undo(&directory, "i1").unwrap();
    assert_eq!(state(&directory), before);
    assert_eq!(photo(&directory, own), Some(1));
    assert_eq!(told(&directory.snapshot(), Book::Personal(anna), start), ["+own.vcf"]);
    // Another daemon learns of both commits at once.
    commit(&other, put(new_id(), shared("News")));
    assert_eq!(state(&other), before);
    drop((directory, other));
    assert_eq!(state(&open(&path)), before, "after a start, too");
}

#[test]
fn a_user_whom_an_import_made_or_changed_is_as_before() {
    let directory = directory();
    let bert = person(&directory, "Bert", "202", true);
    let bare = new_id();
    let edits = vec![
        put(bare, Draft { book: Book::People, ..shared("Bare") }),
        Edit::PutUser(user(bare, None, "bare.main")),
    ];
    directory.commit_blocking(Request { edits, preconditions: vec![] }).unwrap();
    let before = [bert, bare].map(|id| directory.snapshot().user(id).cloned());
    let new = new_id();
    let password = Some(SecretHash("new".into()));
    let edits = vec![
        put(new, shared_person("New", "301", true)),
        Edit::PutUser(User { password, ..user(new, Some("301"), "301.main") }),
        Edit::PutUser(User { login: Some("bert".into()), ..user(bert, Some("202"), "202.main") }),
        put(bare, shared_person("Bare", "302", false)),
        Edit::PutUser(user(bare, Some("302"), "bare.main")),
    ];
    import(&directory, "i1", edits);
    undo(&directory, "i1").unwrap();
    let snapshot = directory.snapshot();
    assert_eq!([bert, bare].map(|id| snapshot.user(id).cloned()), before);
    assert!(snapshot.user(new).is_none() && contact(&directory, new).is_none());
    let card = contact(&directory, bare).unwrap();
    assert_eq!((card.card.first(Field::Extension), card.listed), (None, true));
    commit(&directory, put(new_id(), shared("302 is free")));
    person(&directory, "Other", "302", true);
}

#[test]
fn users_who_have_something_of_their_own_by_now_are_kept() {
    let directory = directory();
    let bert = person(&directory, "Bert", "202", true);
    let import = |id: &str, edits| import(&directory, id, edits);
    let make = |id: ContactId, extension: &str| {
        vec![
            put(id, shared_person("New", extension, true)),
            Edit::PutUser(user(id, Some(extension), &format!("{extension}.main"))),
        ]
    };
    let (anna, carla) = (new_id(), new_id());
    import("i1", make(anna, "301"));
    import("i2", make(carla, "302"));
    settle_with_book(&directory, anna);
    assert_eq!(changed(undo(&directory, "i1")), [(anna, "New".to_owned(), What::InUse)]);
    commit(&directory, put(new_id(), Draft { book: Book::Personal(carla), ..shared("Mine") }));
    assert_eq!(changed(undo(&directory, "i2")), [(carla, "New".to_owned(), What::InUse)]);
    assert!(directory.snapshot().user(bert).is_some());
}

fn settle_with_book(directory: &Directory, anna: ContactId) {
    commit(directory, Edit::PutPersonalBook(clients(anna)));
}
