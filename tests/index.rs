//! The index finds what [`Query::matches`] says, and nothing else, however contacts came and went.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

use std::sync::Arc;

use proptest::prelude::*;
use ringbook::account::group::SharedBook;
use ringbook::account::{Organization, OrganizationSettings};
use ringbook::contact::book::{AddressBook, BookId, Group};
use ringbook::contact::card::{Card, CardBuilder, Field, FieldSet, PostalAddress, PostalPart};
use ringbook::contact::derived::NameOrder;
use ringbook::contact::number::NumberPattern;
use ringbook::contact::query::{Bound, Gaze, Query, TextPattern, Truth};
use ringbook::contact::words::Fit;
use ringbook::contact::{Book, Contact, ContactId, Draft, OrganizationId, Revision};
use ringbook::directory::{Directory, Edit, Request, new_id};
use ringbook::index::{Extent, Search, Snapshot, Viewer};
use ringbook::store::sqlite::SqliteStore;

const GIVEN: [&str; 15] = [
    "Юлия",
    "小明",
    "Hans-Peter",
    "Anna",
    "Max",
    "Jürgen",
    "Иван",
    "Γιώργος",
    "José",
    "Łukasz",
    "Li",
    "山田",
    "Hanna",
    "A",
    "Özgür",
];
const FAMILY: [&str; 13] = [
    "王",
    "Щербаков",
    "(Adams) -Quincy",
    "Müller",
    "Mueller",
    "Adams",
    "Иванов",
    "Straße",
    "O'Neill",
    "van der Berg",
    "Ng",
    "Żak",
    "Smith",
];
const NUMBERS: [&str; 11] = [
    "0800-FLOWERS",
    "+49 30 5551234;ext=7",
    "030 5551234",
    "+49 30 5551234",
    "101",
    "1010",
    "*55",
    "0171 2345678",
    "+1 212 555 0123",
    "5551234",
    "004940123456",
];
const TEXT_KEYS: [&str; 36] = [
    "yulia",
    "shch",
    "scherbakov",
    "j",
    "wangxiao",
    "xiaoming",
    "やまだ",
    "yamada",
    "1",
    "weg 1",
    "berlin",
    "peter",
    "-",
    "(ad",
    "quincy)",
    "a\0n",
    "m",
    "mu",
    "mul",
    "müller",
    "mueller",
    "a",
    "an",
    "anna",
    "иван",
    "ivanov",
    "smith",
    "strasse",
    "ber",
    "x",
    "zz",
    "",
    "na",
    "van der",
    "ł",
    "5",
];
const WORD_KEYS: [&str; 12] = [
    "an ad",
    "müller j",
    "a b c",
    "peter, hans",
    "quincy adams",
    "smith anna",
    "xiaoming wang",
    "iv yul",
    "yamada ta",
    "van der berg li",
    "a a",
    "o'neill x",
];
const NUMBER_KEYS: [&str; 14] = [
    "1",
    "10",
    "101",
    "*55",
    "030",
    "0305551234",
    "5551234",
    "+49",
    "+4930",
    "4930555",
    "234",
    "foo",
    "+",
    "00",
];
const PEOPLE: [Book; 2] = [Book::People, Book::Shared];
const DEPARTMENTS: [&str; 3] = ["Support", "R&D, Berlin", "Sales"];

fn suppliers() -> BookId {
    BookId::parse("suppliers").unwrap()
}

fn homes() -> Vec<Book> {
    vec![Book::People, Book::Shared, Book::SharedBook(suppliers())]
}

fn departments() -> Vec<Group> {
    let ids = ["support", "r-d-berlin", "sales"].into_iter();
    ids.map(|id| Group::Department(BookId::parse(id).unwrap())).collect()
}

fn main() -> OrganizationId {
    OrganizationId::parse("main").unwrap()
}

fn settings() -> OrganizationSettings {
    OrganizationSettings {
        name: "Main".into(),
        domain: "pbx.example".into(),
        suffix: "dc=pbx,dc=example".into(),
        area_code: "30".into(),
        outside_line: "0".into(),
        language: "de".into(),
        name_order: NameOrder::FamilyFirst,
        keypad_search: true,
        hidden_numbers: FieldSet::of(&[Field::Mobile]),
        ..OrganizationSettings::new(main())
    }
}

fn directory() -> Directory {
    let directory = Directory::open(Box::new(SqliteStore::in_memory().unwrap())).unwrap();
    directory.commit_blocking(Request::one(Edit::PutOrganization(settings()))).unwrap();
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

fn card() -> impl Strategy<Value = Card> {
    let pick = |from: &'static [&'static str]| proptest::option::of(proptest::sample::select(from));
    let numbers = (pick(&NUMBERS), pick(&NUMBERS));
    let readings = (pick(&["やまだ", "ヤマダ"]), pick(&["たろう", "Tarō"]));
    let names = (pick(&GIVEN), pick(&FAMILY), readings);
    let address = (pick(&["Weg 1", "Улица 5"]), pick(&["Berlin", "Köln"]));
    (names, address, numbers, pick(&["Acme", "Müller AG"]), pick(&DEPARTMENTS)).prop_map(
        |((given, family, readings), (street, locality), (work, mobile), company, department)| {
            let mut card = CardBuilder::default();
            let (street, locality) = (street.unwrap_or_default(), locality.unwrap_or_default());
            let address = PostalAddress { street, locality, code: "10115", ..Default::default() };
            let address = Some(address.value()).filter(|_| !street.is_empty());
            let values = [
                (Field::PhoneticFamilyName, readings.0),
                (Field::PhoneticGivenName, readings.1),
                (Field::Postal, address.as_deref()),
                (Field::GivenName, given),
                (Field::FamilyName, family),
                (Field::Work, work),
                (Field::Mobile, mobile),
                (Field::Company, Some(company.unwrap_or("Nobody"))),
                (Field::Department, department),
            ];
            for (field, value) in values {
                card.push(field, value.unwrap_or_default());
            }
            card.finish().unwrap()
        },
    )
}

fn fields() -> impl Strategy<Value = FieldSet> {
    let texts =
        [Field::FormattedName, Field::FamilyName, Field::GivenName, Field::Company, Field::Note];
    proptest::sample::subsequence(texts.to_vec(), 1..=3).prop_map(|fields| FieldSet::of(&fields))
}

fn number_fields() -> impl Strategy<Value = FieldSet> {
    let numbers = [Field::Work, Field::Mobile, Field::Extension];
    proptest::sample::subsequence(numbers.to_vec(), 1..=2).prop_map(|fields| FieldSet::of(&fields))
}

fn text_pattern() -> impl Strategy<Value = TextPattern> {
    let key = || proptest::sample::select(&TEXT_KEYS[..]);
    let some = || proptest::option::of(key());
    prop_oneof![
        key().prop_map(TextPattern::equals),
        (some(), proptest::collection::vec(key(), 0..3), some())
            .prop_map(|(initial, any, last)| TextPattern::parts(initial, &any, last)),
        (word_key(), any::<bool>()).prop_map(|(key, whole)| {
            let fit = if whole { Fit::Whole } else { Fit::Beginnings };
            TextPattern::words(key, fit).unwrap()
        }),
        // Typed on the keys of a telephone.
        proptest::sample::select(&["2", "23", "266", "8260337", "0"][..])
            .prop_map(TextPattern::contains),
    ]
}

fn word_key() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(&WORD_KEYS[..])
}

fn bound() -> impl Strategy<Value = Bound> {
    let key = proptest::sample::select(&TEXT_KEYS[..]);
    (key, 0..3).prop_map(|(key, kind)| match kind {
        0 => Bound::AtLeast(key.into()),
        1 => Bound::AtMost(key.into()),
        _ => Bound::Below(key.into()),
    })
}

fn postal_part() -> impl Strategy<Value = PostalPart> {
    proptest::sample::select(vec![
        PostalPart::Street,
        PostalPart::Locality,
        PostalPart::Region,
        PostalPart::Code,
        PostalPart::Whole,
    ])
}

fn number_query() -> impl Strategy<Value = Query> {
    let key = || proptest::sample::select(&NUMBER_KEYS[..]);
    let some = || proptest::option::of(key());
    (number_fields(), some(), some(), some(), key()).prop_map(
        |(fields, initial, any, last, whole)| {
            let organization = Organization::new(settings()).unwrap();
            let numbering = &organization.derivation.numbering;
            if initial.is_none() && any.is_none() && last.is_none() {
                return Query::Number(fields, NumberPattern::equals(whole, numbering));
            }
            let any: Vec<&str> = any.into_iter().collect();
            match NumberPattern::parts(initial, &any, last, numbering) {
                Some(pattern) => Query::Number(fields, pattern),
                None => Query::Constant(Truth::False),
            }
        },
    )
}

fn number_range() -> impl Strategy<Value = Query> {
    let key = proptest::sample::select(&NUMBER_KEYS[..]);
    (number_fields(), key, any::<bool>()).prop_map(|(fields, key, least)| {
        let organization = Organization::new(settings()).unwrap();
        let numbering = &organization.derivation.numbering;
        let pattern = match least {
            true => NumberPattern::at_least(key, numbering),
            false => NumberPattern::at_most(key, numbering),
        };
        pattern.map_or(Query::Constant(Truth::False), |pattern| Query::Number(fields, pattern))
    })
}

fn query() -> impl Strategy<Value = Query> {
    let leaf = prop_oneof![
        6 => (fields(), text_pattern()).prop_map(|(fields, pattern)| Query::Text(fields, pattern)),
        4 => number_query(),
        1 => number_range(),
        1 => (fields(), bound()).prop_map(|(fields, bound)| Query::Range(fields, bound)),
        1 => (postal_part(), text_pattern()).prop_map(|(part, pattern)| Query::Address(part, pattern)),
        1 => (postal_part(), bound()).prop_map(|(part, bound)| Query::AddressRange(part, bound)),
        1 => fields().prop_map(Query::Present),
        1 => number_fields().prop_map(Query::Present),
        1 => proptest::sample::select(vec![Truth::True, Truth::False, Truth::Undefined]).prop_map(Query::Constant),
        1 => proptest::sample::select(homes()).prop_map(Query::Book),
        1 => proptest::sample::select(departments()).prop_map(Query::Group),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Query::And),
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Query::Or),
            inner.prop_map(|query| Query::Not(Box::new(query))),
        ]
    })
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
}
