//! Users: extensions, paths and login names, and what is left of a user who is removed.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use ringbook::account::User;
use ringbook::contact::{Book, Draft};
use ringbook::directory::{CommitError, Edit, Request, new_id};

use crate::{commit, directory, main, open, person, put, settings, shared, shared_person, user};

#[test]
fn an_extension_is_given_once_and_for_good() {
    let directory = directory();
    let anna = person(&directory, "Anna", "201", true);
    let stranger = Request {
        edits: vec![put(new_id(), shared_person("Bert", "201", true))],
        preconditions: vec![],
    };
    let taken = CommitError::ExtensionTaken { extension: "201".into() };
    assert_eq!(directory.commit_blocking(stranger), Err(taken.clone()));
    let other = Edit::PutUser(user(new_id(), Some("201"), "201-2.main"));
    assert_eq!(directory.commit_blocking(Request::one(other)), Err(taken));
    let fixed = Err(CommitError::ExtensionFixed { extension: "201".into() });
    let renumber = Request::one(put(anna, shared_person("Anna", "202", true)));
    assert_eq!(directory.commit_blocking(renumber), fixed);
    let renumber = Edit::PutUser(user(anna, Some("202"), "201.main"));
    assert_eq!(directory.commit_blocking(Request::one(renumber)), fixed);
    commit(&directory, Edit::RemoveUser(anna));
    let later = new_id();
    let taken = CommitError::LoginTaken { login: "201.main".into() };
    let same_path = Edit::PutUser(user(later, Some("201"), "201.main"));
    assert_eq!(
        directory.commit_blocking(Request::one(same_path)),
        Err(taken),
        "paths are permanent"
    );
    commit(&directory, Edit::PutUser(user(later, Some("201"), "201-2.main")));
    assert!(directory.snapshot().user_by_principal("201.main").is_none());
}

#[test]
fn a_path_of_a_removed_user_stays_theirs_after_a_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ringbook.db");
    let directory = open(&path);
    commit(
        &directory,
        Edit::PutOrganization(Box::new(settings("main", "dc=pbx,dc=example", "pbx.example"))),
    );
    let anna = person(&directory, "Anna", "201", true);
    commit(&directory, Edit::RemoveUser(anna));
    drop(directory);
    let directory = open(&path);
    assert_eq!(directory.snapshot().principal_holder("201.main"), Some(anna));
}

#[test]
fn a_removed_user_leaves_nothing_behind() {
    let directory = directory();
    let anna = person(&directory, "Anna", "201", true);
    let secret = new_id();
    commit(&directory, put(secret, Draft { book: Book::Personal(anna), ..shared("Secret") }));
    commit(&directory, Edit::RemoveContact(anna));
    let snapshot = directory.snapshot();
    assert!(snapshot.user(anna).is_none());
    assert!(snapshot.user_by_login(&main(), "201").is_none());
    assert!(snapshot.contact(&main(), anna).is_none());
    assert!(snapshot.contact(&main(), secret).is_none());
    assert_eq!(snapshot.count(&main(), Book::Personal(anna).into()), 0);
}

#[test]
fn who_is_gone_gets_no_contacts() {
    let directory = directory();
    let anna = person(&directory, "Anna", "201", true);
    let late = || put(new_id(), Draft { book: Book::Personal(anna), ..shared("Late") });
    commit(&directory, late());
    commit(&directory, Edit::RemoveUser(anna));
    let refused = directory.commit_blocking(Request::one(late()));
    assert_eq!(refused, Err(CommitError::NoUser(anna)));
}

/// Requests that arrive together share a transaction; whatever their order, nothing is left of a
/// removed user.
#[test]
fn a_contact_that_arrives_with_the_removal_of_its_owner_is_not_left_behind() {
    for round in 0..20 {
        let directory = Arc::new(directory());
        let anna = person(&directory, "Anna", "201", true);
        let personal = || put(new_id(), Draft { book: Book::Personal(anna), ..shared("Mine") });
        let edits = (0..8).map(|n| if n == 4 { Edit::RemoveUser(anna) } else { personal() });
        let writers: Vec<_> = edits
            .map(|edit| {
                let directory = Arc::clone(&directory);
                std::thread::spawn(move || directory.commit_blocking(Request::one(edit)))
            })
            .collect();
        for writer in writers {
            let outcome = writer.join().unwrap();
            assert!(matches!(outcome, Ok(_) | Err(CommitError::NoUser(_))), "{outcome:?}");
        }
        let left = directory.snapshot().count(&main(), Book::Personal(anna).into());
        assert_eq!(left, 0, "round {round}");
    }
}

#[test]
fn a_shared_mail_address_is_nobodys_login_name() {
    let directory = directory();
    let with_mail = |id, extension: &str| {
        let mail = Some("office@pbx.example".into());
        let principal = format!("{extension}.main");
        Edit::PutUser(User { email: mail, ..user(id, Some(extension), &principal) })
    };
    let first = new_id();
    commit(&directory, with_mail(first, "201"));
    let found = |login: &str| directory.snapshot().user_by_login(&main(), login).map(|u| u.id);
    assert_eq!(found("Office@PBX.example"), Some(first));
    commit(&directory, with_mail(new_id(), "202"));
    assert_eq!(found("office@pbx.example"), None);
    assert_eq!(found("201"), Some(first));
}
