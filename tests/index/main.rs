//! The index finds what [`Query::matches`] says, and nothing else, however contacts came and went.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

mod random;

use std::sync::Arc;

use proptest::prelude::*;
use ringbook::account::Organization;
use ringbook::account::group::SharedBook;
use ringbook::contact::book::AddressBook;
use ringbook::contact::card::{Card, CardBuilder, Field, FieldSet};
use ringbook::contact::number::NumberPattern;
use ringbook::contact::query::{Gaze, Query, TextPattern, Truth};
use ringbook::contact::words::Fit;
use ringbook::contact::{Book, Contact, ContactId, Draft, OrganizationId, Revision};
use ringbook::directory::{Directory, Edit, Request, new_id};
use ringbook::index::{Extent, Search, Snapshot, Step as Outcome, Viewer};
use ringbook::store::sqlite::SqliteStore;

use crate::random::{FAMILY, GIVEN, card, departments, homes, main, query, settings, suppliers};

const PEOPLE: [Book; 2] = [Book::People, Book::Shared];

fn directory() -> Directory {
    let directory = Directory::open(Box::new(SqliteStore::in_memory().unwrap())).unwrap();
    directory.commit_blocking(Request::one(Edit::PutOrganization(Box::new(settings())))).unwrap();
    let book = SharedBook {
        organization: main(),
        id: suppliers(),
        name: "Suppliers".into(),
        readers: None,
        writers: Vec::new(),
        revision: Revision(0),
    };
    directory.commit_blocking(Request::one(Edit::PutSharedBook(book))).unwrap();
    directory
}

/// Some homes and what of them; the contacts of `Among` by their numbers.
#[derive(Clone, Debug)]
enum Within {
    Everything,
    Query(Query),
    Among(Vec<usize>),
}

fn extent() -> impl Strategy<Value = (Vec<Book>, Within)> {
    let within = prop_oneof![
        Just(Within::Everything),
        query().prop_map(Within::Query),
        proptest::sample::select(departments())
            .prop_map(|group| Within::Query(Query::Group(group))),
        proptest::collection::vec(0..30_usize, 0..10).prop_map(Within::Among),
    ];
    (proptest::sample::subsequence(homes(), 1..=3), within)
}

/// One step of a directory's life, on the contact with this number.
#[derive(Clone, Debug)]
struct Step {
    contact: usize,
    /// None: it is removed.
    put: Option<(Card, Book, bool)>,
}

fn step() -> impl Strategy<Value = Step> {
    let book = proptest::sample::select(homes());
    (0..30_usize, proptest::option::weighted(0.8, (card(), book, any::<bool>())))
        .prop_map(|(contact, put)| Step { contact, put })
}

fn draft(card: Card, book: Book, listed: bool) -> Draft {
    Draft { organization: main(), book, name: None, uid: None, card, body: None, listed }
}

/// Those that the reference meaning finds, in the reference order.
fn expected(
    contacts: &[Contact],
    extent: &Extent,
    query: &Query,
    viewer: Viewer,
) -> Vec<ContactId> {
    let organization = Organization::new(settings()).unwrap();
    let mut found: Vec<&Contact> = contacts
        .iter()
        .filter(|contact| contact.listed || contact.book != Book::People)
        .filter(|contact| extent.books.contains(&contact.book))
        .filter(|contact| {
            let hidden = organization.hidden(viewer.rendition(contact));
            let gaze = Gaze { hidden, collation: &organization.derivation.collation };
            let holds = |query: &Query| query.matches(contact, &gaze) == Truth::True;
            holds(&extent.within) && holds(query)
        })
        .collect();
    found.sort_by_key(|contact| (contact.derived.sort_key.clone(), contact.id));
    found.iter().map(|contact| contact.id).collect()
}

fn found(snapshot: &Snapshot, extent: &Extent, query: &Query, viewer: Viewer) -> Vec<ContactId> {
    let organization = main();
    let search = search(&organization, extent, query, viewer);
    snapshot.search(&search).map(|row| row.id).collect()
}

fn found_after(
    snapshot: &Snapshot,
    extent: &Extent,
    query: &Query,
    (viewer, contact): (Viewer, &Contact),
) -> Vec<ContactId> {
    let organization = main();
    let search = search(&organization, extent, query, viewer);
    let found = snapshot.search(&search).after(&contact.derived.sort_key, contact.id);
    found.map(|row| row.id).collect()
}

fn search<'a>(
    organization: &'a OrganizationId,
    extent: &'a Extent,
    query: &'a Query,
    viewer: Viewer,
) -> Search<'a> {
    let (unlisted, look_through) = (false, usize::MAX);
    Search { organization, extent, query, viewer, unlisted, look_through }
}

fn all(snapshot: &Snapshot, ids: &[ContactId]) -> Vec<Contact> {
    ids.iter().filter_map(|id| Some(snapshot.contact(&main(), *id)?.contact().clone())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn the_index_finds_what_the_query_means(
        steps in proptest::collection::vec(proptest::collection::vec(step(), 1..40), 1..6),
        queries in proptest::collection::vec(query(), 1..20),
        extents in proptest::collection::vec(extent(), 1..6),
    ) {
        let directory = directory();
        let ids: Vec<ContactId> = (0..30).map(|_| new_id()).collect();
        for commit in steps {
            let mut edits = std::collections::BTreeMap::new();
            for Step { contact, put } in commit {
                let id = ids[contact];
                let edit = match put {
                    Some((card, book, listed)) => Some(Edit::PutContact { id, draft: draft(card, book, listed) }),
                    None => directory.snapshot().contact(&main(), id).map(|_| Edit::RemoveContact(id)),
                };
                edits.insert(id, edit);
            }
            let edits = edits.into_values().flatten().collect();
            directory.commit_blocking(Request { edits, preconditions: vec![] }).unwrap();
        }
        let snapshot = directory.snapshot();
        let contacts = all(&snapshot, &ids);
        for viewer in [Viewer { full: true, person: None }, Viewer { full: false, person: Some(ids[0]) }] {
            for (at, query) in queries.iter().enumerate() {
                let (books, within) = &extents[at % extents.len()];
                let within = match within {
                    Within::Everything => Query::Constant(Truth::True),
                    Within::Query(query) => query.clone(),
                    Within::Among(few) => Query::Among(Arc::new(few.iter().map(|n| ids[*n]).collect())),
                };
                let extent = Extent { within, ..Extent::of(books) };
                let all = found(&snapshot, &extent, query, viewer);
                prop_assert_eq!(&all, &expected(&contacts, &extent, query, viewer), "{:?}", query);
                for contact in &contacts {
                    let behind = found_after(&snapshot, &extent, query, (viewer, contact));
                    prop_assert!(all.ends_with(&behind), "{:?} behind {}", query, contact.id);
                    let at = all.iter().position(|id| *id == contact.id);
                    prop_assert!(at.is_none_or(|at| behind.len() == all.len() - at - 1));
                }
            }
        }
        let listed = |c: &&Contact| c.listed || c.book != Book::People;
        for book in PEOPLE {
            let members = contacts.iter().filter(listed).filter(|c| c.book == book);
            prop_assert_eq!(snapshot.count(&main(), book.into()), members.count());
        }
        for group in departments() {
            let members = contacts.iter().filter(listed).filter(|c| c.groups.contains(&group));
            prop_assert_eq!(snapshot.count(&main(), AddressBook::Group(group)), members.count());
        }
    }
}

/// People type the words of a name in any order, and few letters of each.
#[test]
fn every_way_to_type_a_name_finds_the_same_with_the_index() {
    let directory = directory();
    let names = GIVEN.iter().flat_map(|given| FAMILY.iter().map(move |family| (given, family)));
    let names: Vec<(&str, &str)> = names.map(|(given, family)| (*given, *family)).collect();
    let ids: Vec<ContactId> = names.iter().map(|_| new_id()).collect();
    let edits = ids.iter().zip(&names).map(|(id, (given, family))| {
        let mut card = CardBuilder::default();
        card.push(Field::GivenName, given).push(Field::FamilyName, family);
        let draft = draft(card.finish().unwrap(), Book::Shared, true);
        Edit::PutContact { id: *id, draft }
    });
    directory.commit_blocking(Request { edits: edits.collect(), preconditions: vec![] }).unwrap();
    let snapshot = directory.snapshot();
    let contacts = all(&snapshot, &ids);
    let (extent, viewer) = (Extent::of(&PEOPLE), Viewer { full: true, person: None });
    let name = FieldSet::of(&[Field::FormattedName]);
    for (at, (given, family)) in names.iter().enumerate() {
        let few = |text: &str| text.chars().take(1 + at % 3).collect::<String>();
        let patterns = [
            TextPattern::words(&format!("{} {}", few(family), few(given)), Fit::Beginnings),
            TextPattern::words(&format!("{family}, {given}"), Fit::Whole),
            Some(TextPattern::starts_with(&few(given))),
            Some(TextPattern::contains(&few(family))),
        ];
        for (nth, pattern) in patterns.into_iter().flatten().enumerate() {
            let query = Query::Text(name, pattern);
            let found = found(&snapshot, &extent, &query, viewer);
            assert_eq!(found, expected(&contacts, &extent, &query, viewer), "{query:?}");
            let typed_in_full = nth == 1;
            assert!(!typed_in_full || found.contains(&ids[at]), "{given} {family}");
        }
    }
}

/// Many small commits pass through every kind of segment and through background merges.
#[test]
fn segments_merge_without_losing_or_doubling_anybody() {
    let directory = directory();
    let mut ids: Vec<ContactId> = Vec::new();
    let put = |id, n: usize| {
        let mut card = CardBuilder::default();
        card.push(Field::GivenName, GIVEN[n % GIVEN.len()])
            .push(Field::FamilyName, &format!("F{n}"));
        card.push(Field::Work, &format!("030 555{n:05}"));
        Edit::PutContact { id, draft: draft(card.finish().unwrap(), Book::Shared, true) }
    };
    let mut n = 0;
    for round in 0..60 {
        let mut edits = Vec::new();
        for _ in 0..[1, 7, 70, 300][round % 4] {
            ids.push(new_id());
            edits.push(put(*ids.last().unwrap(), n));
            n += 1;
        }
        if round % 3 == 2 {
            edits.push(Edit::RemoveContact(ids.remove(ids.len() / 2)));
            edits.push(put(ids[0], 1000 * round));
        }
        directory.commit_blocking(Request { edits, preconditions: vec![] }).unwrap();
    }
    let snapshot = directory.snapshot();
    let everyone = all(&snapshot, &ids);
    assert_eq!(everyone.len(), ids.len());
    let viewer = Viewer { full: true, person: None };
    let everybody = Query::Constant(Truth::True);
    let extent = Extent::of(&PEOPLE);
    assert_eq!(
        found(&snapshot, &extent, &everybody, viewer),
        expected(&everyone, &extent, &everybody, viewer)
    );
    let name = FieldSet::of(&[Field::FormattedName]);
    for key in ["f1", "anna f", "иван", "f42"] {
        let query = Query::Text(name, TextPattern::contains(key));
        assert_eq!(
            found(&snapshot, &extent, &query, viewer),
            expected(&everyone, &extent, &query, viewer)
        );
    }
}

#[test]
fn a_search_without_an_indexed_term_stops_at_its_limit() {
    let directory = directory();
    let edits = (0..50).map(|n| {
        let mut card = CardBuilder::default();
        card.push(Field::GivenName, &format!("N{n:02}"));
        Edit::PutContact { id: new_id(), draft: draft(card.finish().unwrap(), Book::Shared, true) }
    });
    directory.commit_blocking(Request { edits: edits.collect(), preconditions: vec![] }).unwrap();
    let snapshot = directory.snapshot();
    let organization = main();
    let unindexed = Query::Not(Box::new(Query::Present(FieldSet::of(&[Field::FormattedName]))));
    let mut search = Search {
        organization: &organization,
        extent: &Extent::of(&PEOPLE),
        query: &unindexed,
        viewer: Viewer { full: true, person: None },
        unlisted: false,
        look_through: 49,
    };
    let mut matches = snapshot.search(&search);
    assert!(matches.next().is_none() && matches.exceeded());
    search.look_through = 50;
    let mut matches = snapshot.search(&search);
    assert!(matches.next().is_none() && !matches.exceeded());
    // What asks much of each contact rests more often.
    let rests = |query: &Query| {
        let mut matches = snapshot.search(&Search { query, ..search });
        std::iter::from_fn(|| Some(matches.step(40)))
            .take_while(|step| !matches!(step, Outcome::End))
            .count()
    };
    let long = Query::And(vec![
        Query::Not(Box::new(unindexed.clone())),
        Query::Or(vec![unindexed.clone(); 58]),
    ]);
    assert_eq!((rests(&unindexed), rests(&long)), (1, 5));
}

#[test]
fn a_hidden_number_finds_nobody_however_sure_the_index_is() {
    let directory = directory();
    let id = new_id();
    let mut card = CardBuilder::default();
    card.push(Field::GivenName, "Anna").push(Field::Mobile, "0171 2345678");
    let draft = draft(card.finish().unwrap(), Book::People, true);
    directory.commit_blocking(Request::one(Edit::PutContact { id, draft })).unwrap();
    let snapshot = directory.snapshot();
    let organization = Organization::new(settings()).unwrap();
    let numbering = &organization.derivation.numbering;
    let mobile = FieldSet::of(&[Field::Mobile]);
    let ending = NumberPattern::parts(None, &[], Some("5678"), numbering).unwrap();
    let queries = [
        Query::Number(mobile, NumberPattern::equals("+491712345678", numbering)),
        Query::Number(mobile, ending),
        Query::Present(mobile),
    ];
    for query in queries {
        let sees = |full| {
            let viewer = Viewer { full, person: None };
            found(&snapshot, &Extent::of(&[Book::People]), &query, viewer) == [id]
        };
        assert_eq!((sees(true), sees(false)), (true, false), "{query:?}");
    }
}
