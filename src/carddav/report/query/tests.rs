//! Queries by the index find what a walk through the book finds, and look at few cards.

use std::fmt::Write;
use std::future::Future;
use std::sync::{Arc, OnceLock};
use std::task::Poll;

use http_body_util::BodyExt;
use hyper::header::HeaderMap;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::{prop_assert, prop_assert_eq, proptest};

use crate::account::{Organization, OrganizationSettings, PresenceVisibility, Role, User};
use crate::auth::{Principal, Who};
use crate::carddav::answer::content::{Content, read};
use crate::carddav::book::member::Member;
use crate::carddav::book::view::{Client, Session, View};
use crate::carddav::report::filter::Filter;
use crate::carddav::report::query::{CARDS_PER_STEP, EFFORT_MAX, Query, Scope, answer};
use crate::carddav::request::address_data::AddressData;
use crate::carddav::request::elements::Wanted;
use crate::carddav::request::prefer::Preferences;
use crate::carddav::request::xml;
use crate::contact::book::AddressBook;
use crate::contact::card::FieldSet;
use crate::contact::query::{Gaze, Truth};
use crate::contact::tests::nobody;
use crate::contact::{Book, ContactId, Draft, OrganizationId, Timestamp};
use crate::directory::{Directory, Edit, Request, new_id};
use crate::store::sqlite::SqliteStore;
use crate::vcard;

fn organization() -> Organization {
    let id = OrganizationId::from("acme");
    let settings = OrganizationSettings { area_code: "30".into(), ..OrganizationSettings::new(id) };
    Organization::new(settings).unwrap()
}

/// Words of names: with case, accents, other scripts, and what divides values.
const TEXTS: [&str; 16] = [
    "Anna",
    "ädams",
    "STRASSE",
    "straße",
    "Иван",
    "王小明",
    "がか",
    "한",
    "o'n",
    " ",
    "  ",
    ",",
    ";",
    "a\\,b",
    "\\n",
    "zz",
];
const NUMBERS: [&str; 12] =
    ["+49", "030", "(0)", "(030)", "555", "0001", "-", " ", "/", "ext", ";5", "FLOWERS"];
const PROPERTIES: [&str; 12] = [
    "FN",
    "N",
    "ORG",
    "NICKNAME",
    "EMAIL",
    "TEL",
    "ADR",
    "CATEGORIES",
    "TITLE",
    "IMPP",
    "NOTE",
    "item1.TEL",
];

fn joined(parts: &'static [&'static str], most: usize) -> impl Strategy<Value = String> {
    proptest::collection::vec(proptest::sample::select(parts), 0..most)
        .prop_map(|parts| parts.concat())
}

/// The value of a property.
fn value(name: &'static str) -> impl Strategy<Value = String> {
    match name.ends_with("TEL") {
        true => joined(&NUMBERS, 5).boxed(),
        false => joined(&TEXTS, 5).boxed(),
    }
}

fn line() -> impl Strategy<Value = String> {
    proptest::sample::select(&PROPERTIES[..])
        .prop_flat_map(|name| (Just(name), value(name), any::<bool>()))
        .prop_filter("one name", |(name, ..)| !["FN", "N"].contains(name))
        .prop_map(|(name, value, uri)| match name {
            "TEL" if uri => format!("TEL;VALUE=uri:tel:{value}\r\n"),
            name => format!("{name}:{value}\r\n"),
        })
}

/// A card with one name.
fn card() -> impl Strategy<Value = String> {
    let lines = proptest::collection::vec(line(), 0..6).prop_map(|lines| lines.concat());
    (value("FN"), value("N"), lines).prop_map(|(formatted, name, lines)| {
        format!("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:x{formatted}\r\nN:{name}\r\n{lines}END:VCARD\r\n")
    })
}

fn text_match(name: &'static str) -> impl Strategy<Value = String> {
    let kinds = ["equals", "contains", "contains", "starts-with", "ends-with"];
    let collations = ["i;unicode-casemap", "i;ascii-casemap"];
    let (kinds, collations) =
        (proptest::sample::select(kinds.to_vec()), proptest::sample::select(collations.to_vec()));
    (value(name), kinds, collations, 0..8).prop_map(|(text, kind, collation, chance)| {
        let text = text.replace("\\n", "\n").replace('\\', "").to_lowercase();
        let negated = if chance == 0 { "yes" } else { "no" };
        format!(
            "<C:text-match match-type='{kind}' collation='{collation}' negate-condition='{negated}'>{text}</C:text-match>"
        )
    })
}

fn prop_filter() -> impl Strategy<Value = String> {
    proptest::sample::select(&PROPERTIES[..]).prop_flat_map(|name| {
        let text = prop_oneof![
            8 => text_match(name),
            1 => Just("<C:param-filter name='VALUE'/>".to_owned()),
        ];
        let texts = proptest::collection::vec(text, 0..3);
        (texts, any::<bool>()).prop_map(move |(texts, all)| {
            let test = if all { "allof" } else { "anyof" };
            format!("<C:prop-filter name='{name}' test='{test}'>{}</C:prop-filter>", texts.concat())
        })
    })
}

/// A filter as XML.
fn filter() -> impl Strategy<Value = String> {
    let filters = proptest::collection::vec(prop_filter(), 1..4);
    (filters, any::<bool>()).prop_map(|(filters, all)| {
        let test = if all { "allof" } else { "anyof" };
        let inside = filters.concat();
        format!(
            "<C:filter xmlns:C='urn:ietf:params:xml:ns:carddav' test='{test}'>{inside}</C:filter>"
        )
    })
}

fn element(filter: &str) -> xml::Element {
    xml::read(filter.as_bytes()).unwrap().unwrap()
}

/// Whether the query that follows from a filter finds a card that has these fields.
fn is_implied(filter: &Filter, card: &crate::contact::card::Card) -> bool {
    let organization = organization();
    let derived = organization.derivation.derive(card);
    let contact = crate::contact::Contact { card: card.clone(), derived, ..nobody() };
    let gaze = Gaze { hidden: FieldSet::EMPTY, collation: &organization.derivation.collation };
    filter.implied().is_none_or(|query| query.matches(&contact, &gaze) == Truth::True)
}

proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(2000))]

    /// What the filter wants is among what the index is asked for, of cards that clients wrote and of
    /// those that are written from fields.
    #[test]
    fn the_index_loses_no_card(card in card(), filter in filter()) {
        let organization = organization();
        let numbering = &organization.derivation.numbering;
        let filter = Filter::of(&element(&filter), numbering).unwrap();
        let fields = vcard::read::read(card.as_bytes()).unwrap().card;
        prop_assert!(!filter.wants(card.as_bytes(), numbering) || is_implied(&filter, &fields));
        let mut written = Vec::new();
        vcard::write::write("1", Some(Timestamp(0)), &fields, None, &mut written);
        prop_assert!(!filter.wants(&written, numbering) || is_implied(&filter, &fields));
    }
}

/// A user with these cards in the shared book.
fn session(cards: &[String]) -> Arc<Session> {
    let runtime = runtime();
    let directory = Directory::open(Box::new(SqliteStore::in_memory().unwrap())).unwrap();
    let directory = Arc::new(directory);
    let organization = organization();
    let (id, acme) = (new_id(), organization.id.clone());
    let settings = vec![Edit::PutOrganization(Box::new(organization.settings()))];
    let mut edits = Vec::from(user(id, &acme));
    edits.extend(cards.iter().enumerate().map(|(at, card)| put(at, card, &acme)));
    for edits in [settings, edits] {
        let request = Request { edits, preconditions: Vec::new() };
        runtime.block_on(directory.commit(request)).unwrap();
    }
    let principal = Principal::new(Who::User(id), Role::User, Some(acme));
    Arc::new(Session::new(&directory, principal, Client::Other).unwrap())
}

fn put(at: usize, card: &str, organization: &OrganizationId) -> Edit {
    let reading = vcard::read::read(card.as_bytes()).unwrap();
    // Some are kept as they came, others are written.
    let body = at.is_multiple_of(3).then(|| card.as_bytes().into());
    let draft = Draft {
        organization: organization.clone(),
        book: Book::Shared,
        name: None,
        uid: None,
        card: reading.card,
        body,
        listed: true,
    };
    Edit::PutContact { id: new_id(), draft }
}

fn user(id: ContactId, organization: &OrganizationId) -> [Edit; 2] {
    let person = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Anna\r\nEND:VCARD\r\n";
    let Edit::PutContact { draft, .. } = put(1, person, organization) else { unreachable!() };
    let user = User {
        id,
        organization: organization.clone(),
        extension: Some("204".into()),
        login: None,
        email: None,
        role: Role::User,
        password: None,
        principal: "204.acme".into(),
        listed_books: None,
        carddav_layout: None,
        presence: PresenceVisibility::Shown,
        created: Timestamp(0),
    };
    let draft = Draft { book: Book::People, ..draft };
    [Edit::PutContact { id, draft }, Edit::PutUser(user)]
}

fn view(session: &Arc<Session>) -> View {
    session.book("204.acme", AddressBook::SHARED).unwrap()
}

async fn wanted(view: &View, query: &Query, contact: &crate::contact::Contact) -> bool {
    match read(view, contact).await {
        Content::Here(_, card) => query.filter.wants(&card, &organization().derivation.numbering),
        Content::Gone | Content::Broken => panic!("a card cannot be read"),
    }
}

/// Cards in which every letter, number and property of the filters is.
fn many_cards() -> Vec<String> {
    let pick = |list: &[&str], at: usize| list[at % list.len()].to_owned();
    let card = |at: usize| {
        let name = pick(&TEXTS, at) + &pick(&TEXTS, at / 3) + &pick(&TEXTS, at / 7);
        let number = pick(&NUMBERS, at) + &pick(&NUMBERS, at / 5) + &pick(&NUMBERS, at / 11);
        let mut card = format!("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:x{name}\r\n");
        for (nth, property) in
            PROPERTIES.iter().enumerate().filter(|(nth, _)| (at >> (nth % 5)).is_multiple_of(2))
        {
            let value = if nth == 5 || nth == 11 { &number } else { &name };
            if !["FN", "NOTE"].contains(property) {
                write!(card, "{property}:{value}\r\n").unwrap();
            }
        }
        card + "END:VCARD\r\n"
    };
    (0..400).map(card).collect()
}

proptest! {
    /// The same cards in the same order, whichever way they are found.
    #[test]
    fn a_search_finds_what_a_walk_finds(filter in filter()) {
        static SESSION: OnceLock<Arc<Session>> = OnceLock::new();
        let view = view(SESSION.get_or_init(|| session(&many_cards())));
        let query = Query::new(&view, Some(&element(&filter)), None).unwrap();
        let (found, walked) = runtime().block_on(async {
            let (mut found, mut walked) = (Vec::new(), Vec::new());
            for row in view.search(&query.implied, EFFORT_MAX) {
                if wanted(&view, &query, row.contact()).await {
                    found.push(row.id);
                }
            }
            for member in view.members() {
                if wanted(&view, &query, member.contact()).await {
                    walked.push(member.id);
                }
            }
            (found, walked)
        });
        prop_assert_eq!(found, walked);
    }
}

/// How many cards of a large book a query looks at.
#[test]
fn a_query_looks_at_few_cards_of_a_large_book() {
    let card = |at: usize| {
        format!(
            "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Contact {at:05}\r\nTEL:+49 30 77{at:05}\r\n\
            EMAIL:c{at}@example.org\r\nORG:Company {at:05};Sales\r\nEND:VCARD\r\n"
        )
    };
    let mut cards: Vec<String> = (0..20_000).map(card).collect();
    cards.push("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Odd\r\nTEL:030 1 ext. 7\r\nEND:VCARD\r\n".into());
    let session = session(&cards);
    let view = view(&session);
    let looked = |name: &str, kind: &str, text: &str| {
        let filter = format!(
            "<C:filter xmlns:C='urn:ietf:params:xml:ns:carddav'><C:prop-filter name='{name}'>\
            <C:text-match match-type='{kind}'>{text}</C:text-match></C:prop-filter></C:filter>"
        );
        let query = Query::new(&view, Some(&element(&filter)), None).unwrap();
        view.search(&query.implied, EFFORT_MAX).count()
    };
    for (name, kind, text, most) in [
        ("TEL", "contains", "+49307712345", 2),
        ("TEL", "equals", "030 77 12345", 2),
        ("TEL", "ends-with", "12345", 2),
        ("TEL", "contains", "anna", 1),
        ("FN", "contains", "12345", 1),
        ("FN", "starts-with", "contact 1234", 10),
        ("EMAIL", "equals", "c12345@example.org", 1),
        ("ORG", "equals", "company 12345;sales", 1),
        ("NICKNAME", "contains", "anna", 0),
    ] {
        assert!(looked(name, kind, text) <= most, "{name} {kind} {text}");
    }
    assert_eq!(looked("NOTE", "contains", "12345"), cards.len(), "nothing is known of notes");
}

/// The body of an answer to a query that the index does not help with.
async fn walked(view: View, effort_max: usize) -> String {
    asked_often(view, effort_max, 1).await
}

/// The same with the condition so many times.
async fn asked_often(view: View, effort_max: usize, times: usize) -> String {
    let condition =
        "<C:prop-filter name='NOTE'><C:text-match>needle</C:text-match></C:prop-filter>";
    let filter = format!(
        "<C:filter test='allof' xmlns:C='urn:ietf:params:xml:ns:carddav'>{}</C:filter>",
        condition.repeat(times)
    );
    let query = Query::new(&view, Some(&element(&filter)), None).unwrap();
    let query = Query { effort_max, ..query };
    let (wanted, data) = (Wanted::All(Vec::new()), AddressData::USUAL);
    let preferences = Preferences::of(&HeaderMap::new());
    let body = answer(view, (wanted, data), (query, Scope::Members), preferences).await;
    String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

/// A card of more than 4 KiB, which is read from the store, counts as twenty.
#[test]
fn a_query_stops_where_it_has_cost_enough() {
    let note = |at: usize| format!("NOTE:needle {at}\r\n");
    let large = format!("NOTE:needle {}\r\n", "x".repeat(5000));
    let card = |line: &str| format!("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:A\r\n{line}END:VCARD\r\n");
    // The first and the fourth are kept as they came.
    let cards = [card(&large), card(&note(1)), card(&note(2)), card(&note(3))];
    let session = session(&cards);
    let rows = |effort_max: usize| {
        let text = runtime().block_on(walked(view(&session), effort_max));
        (text.matches("<getetag>").count(), text.contains("507 Insufficient Storage"))
    };
    assert_eq!(rows(23), (4, false));
    assert_eq!(rows(22), (3, true));
    assert!(rows(3).0 <= 3 && rows(0) == (0, true));
    // 100 conditions cost three times as much as one.
    let many = |effort_max: usize| {
        let text = runtime().block_on(asked_often(view(&session), effort_max, 50));
        (text.matches("<getetag>").count(), text.contains("507 Insufficient Storage"))
    };
    assert_eq!(many(69), (4, false));
    assert_eq!(many(68), (3, true));
}

#[test]
fn others_have_their_turn_while_a_book_is_walked_through() {
    let card = |at: usize| format!("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:{at}\r\nEND:VCARD\r\n");
    let cards: Vec<String> = (0..2000).map(card).collect();
    let session = session(&cards);
    let turns = runtime().block_on(async {
        let query = walked(view(&session), EFFORT_MAX);
        let mut query = std::pin::pin!(query);
        let mut turns = 0;
        std::future::poll_fn(|context| match query.as_mut().poll(context) {
            Poll::Ready(text) => Poll::Ready(text),
            Poll::Pending => {
                turns += 1;
                Poll::Pending
            }
        })
        .await;
        turns
    });
    assert!(turns >= 2000 / CARDS_PER_STEP, "{turns}");
}

/// A multiget may name it ten thousand times.
#[test]
fn a_group_card_is_made_once_for_a_request() {
    let session = session(&[]);
    let contacts = session.book("204.acme.merged", AddressBook::Contacts).unwrap();
    let name = contacts.group_cards().remove(0).resource_name();
    let found = || match contacts.find(&name) {
        Some(Member::Group(card)) => card,
        _ => panic!("favorites have a card"),
    };
    assert!(Arc::ptr_eq(&found(), &found()));
}
