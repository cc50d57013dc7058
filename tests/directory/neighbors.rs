//! Organizations that share their people: by mutual consent, without what is hidden, and with
//! numbers that can be dialled from here.
#![allow(clippy::unwrap_used)]

use ringbook::account::OrganizationSettings;
use ringbook::contact::book::AddressBook;
use ringbook::contact::card::{CardBuilder, Field, FieldSet};
use ringbook::contact::query::{Query, TextPattern, Truth};
use ringbook::contact::{Book, ContactId, Draft, OrganizationId, Rendition, Revision};
use ringbook::directory::{Directory, Edit, Request, new_id};
use ringbook::index::{BookChange, Extent, Search, Viewer};

use crate::{commit, directory, main, person, put, settings, shared};

fn paris() -> OrganizationId {
    OrganizationId::parse("paris").unwrap()
}

fn of_main(shares_with: Vec<OrganizationId>) -> Edit {
    let settings = settings("main", "dc=pbx,dc=example", "pbx.example");
    Edit::PutOrganization(Box::new(OrganizationSettings { shares_with, ..settings }))
}

fn of_paris(shares_with: Vec<OrganizationId>, prefix: &str) -> Edit {
    Edit::PutOrganization(Box::new(OrganizationSettings {
        region: "FR".into(),
        area_code: String::new(),
        shares_with,
        inter_organization_prefix: prefix.into(),
        hidden_numbers: FieldSet::of(&[Field::Home]),
        ..settings("paris", "dc=paris,dc=example", "paris.example")
    }))
}

fn parisian(name: &str, extension: &str, listed: bool) -> Draft {
    let mut card = CardBuilder::default();
    card.push(Field::FormattedName, name).push(Field::Extension, extension);
    card.push(Field::Work, "01 70 18 99 00").push(Field::Home, "01 70 18 99 01");
    card.push(Field::Department, "Ventes");
    let card = card.finish().unwrap();
    Draft { organization: paris(), book: Book::People, card, listed, ..shared(name) }
}

/// Two organizations of which each knows one person: Anna and Marie.
fn two() -> (Directory, ContactId) {
    let directory = directory();
    commit(&directory, of_paris(Vec::new(), "7"));
    person(&directory, "Anna", "201", true);
    let marie = new_id();
    commit(&directory, put(marie, parisian("Marie", "33", true)));
    (directory, marie)
}

fn all() -> Extent {
    Extent { neighbors: true, ..Extent::of(&[Book::People]) }
}

fn names(directory: &Directory, extent: &Extent, query: &Query) -> Vec<String> {
    let snapshot = directory.snapshot();
    let search = Search {
        organization: &main(),
        extent,
        query,
        viewer: Viewer { full: true, person: None },
        unlisted: true,
        look_through: usize::MAX,
    };
    snapshot.search(&search).map(|row| row.card.formatted_name().to_owned()).collect()
}

fn everybody(directory: &Directory) -> Vec<String> {
    names(directory, &all(), &Query::Constant(Truth::True))
}

#[test]
fn people_are_seen_where_both_agree() {
    let (directory, _) = two();
    assert_eq!(everybody(&directory), ["Anna"]);
    commit(&directory, of_main(vec![paris()]));
    assert_eq!(everybody(&directory), ["Anna"], "paris did not agree");
    commit(&directory, of_paris(vec![main()], "7"));
    assert_eq!(everybody(&directory), ["Anna", "Marie"]);
    let own = Extent::of(&[Book::People]);
    assert_eq!(names(&directory, &own, &Query::Constant(Truth::True)), ["Anna"]);
    let before = directory.snapshot().neighborhood(&main());
    commit(&directory, of_paris(Vec::new(), "7"));
    assert_eq!(everybody(&directory), ["Anna"]);
    assert_ne!(directory.snapshot().neighborhood(&main()), before);
}

#[test]
fn numbers_are_as_dialled_from_here_and_hidden_ones_are_gone() {
    let (directory, marie) = two();
    commit(&directory, of_main(vec![paris()]));
    commit(&directory, of_paris(vec![main()], "7"));
    let snapshot = directory.snapshot();
    let seen = snapshot.neighbor(&main(), marie).unwrap();
    let value = |field| seen.card.first(field);
    assert_eq!(value(Field::Extension), Some("733"));
    assert_eq!(value(Field::Work), Some("+33170189900"));
    assert_eq!(value(Field::Home), None);
    assert!(seen.groups.is_empty(), "her department is none of ours");
    assert!(snapshot.contact(&main(), marie).is_none());
    let home = Query::Present(FieldSet::of(&[Field::Home]));
    assert!(names(&directory, &all(), &home).is_empty());
    let name = Query::Text(FieldSet::of(&[Field::FormattedName]), TextPattern::equals("marie"));
    assert_eq!(names(&directory, &all(), &name), ["Marie"]);
    commit(&directory, of_paris(vec![main()], ""));
    let snapshot = directory.snapshot();
    let seen = snapshot.neighbor(&main(), marie).unwrap();
    assert_eq!(seen.card.first(Field::Extension), None, "nobody can dial it");
}

#[test]
fn changes_over_there_are_told_here() {
    let (directory, marie) = two();
    commit(&directory, of_main(vec![paris()]));
    commit(&directory, of_paris(vec![main()], "7"));
    let told = |since| {
        let snapshot = directory.snapshot();
        let changes = snapshot.changes(&main(), AddressBook::All, Rendition::Reduced, since);
        let told = changes.iter().map(|change| match change {
            BookChange::Put(_, row) => format!("+{}", row.card.formatted_name()),
            BookChange::Gone { contact: id, .. } => format!("-{}", *id == marie),
        });
        told.collect::<Vec<_>>()
    };
    let revision = || {
        let snapshot = directory.snapshot();
        snapshot.book_revision(&main(), AddressBook::All, Rendition::Reduced)
    };
    let start = directory.snapshot().revision();
    assert!(revision() <= start && told(start).is_empty());
    commit(&directory, put(marie, parisian("Marie-Claire", "33", true)));
    assert_eq!(told(start), ["+Marie-Claire"]);
    assert_eq!(revision(), directory.snapshot().revision());
    commit(&directory, put(marie, parisian("Marie-Claire", "33", false)));
    assert_eq!(told(start), ["-true"], "who is not listed is gone");
    assert_eq!(
        everybody(&directory),
        ["Anna"],
        "even for those who see unlisted people of their own"
    );
    commit(&directory, put(marie, parisian("Marie", "33", true)));
    commit(&directory, Edit::RemoveContact(marie));
    assert_eq!(told(start), ["-true"]);
    assert_eq!(directory.snapshot().count(&main(), AddressBook::All), 1);
}

#[test]
fn many_small_changes_over_there_are_merged_as_our_own() {
    let (directory, _) = two();
    commit(&directory, of_main(vec![paris()]));
    commit(&directory, of_paris(vec![main()], "7"));
    let many = |from: usize, to: usize| {
        let people = from..to;
        let edits =
            people.map(|n| put(new_id(), parisian(&format!("P{n:05}"), &format!("{n}"), true)));
        let request = Request { edits: edits.collect(), preconditions: vec![] };
        directory.commit_blocking(request).unwrap();
    };
    for step in 0..10 {
        many(10_000 + step * 700, 10_000 + (step + 1) * 700);
    }
    let found = everybody(&directory);
    assert_eq!(found.len(), 7002);
    assert!(found.is_sorted());
    let since = Revision(directory.snapshot().revision().0 - 1);
    let snapshot = directory.snapshot();
    let changes = snapshot.changes(&main(), AddressBook::All, Rendition::Reduced, since);
    assert_eq!(changes.len(), 700);
}
