//! Filters and the searches they become.

use proptest::prelude::{Just, Strategy, prop_oneof};

use crate::auth::dn::Dn;
use crate::contact::card::{Card, CardBuilder, Field, FieldSet, PostalAddress};
use crate::contact::derived::{Derivation, NameOrder};
use crate::contact::number::Numbering;
use crate::contact::query::{Gaze, Query, TextPattern, Truth};
use crate::contact::{Book, Contact, ContactId, Timestamp};
use crate::ldap::filter::{Context, NOTHING, Names, compile};
use crate::ldap::request::{Assertion, Filter, Substrings};
use crate::ldap::style::Style;
use crate::presence::Seen;

fn derivation() -> Derivation {
    Derivation::new(Numbering::new("DE", "30", "0").unwrap(), "de", NameOrder::GivenFirst)
}

/// Everybody in `ou=people` of one suffix; only the manager is known by name.
struct People;

impl Names for People {
    fn contact(&self, dn: &Dn) -> Option<ContactId> {
        (dn.to_string() == "uid=200,ou=people,dc=pbx,dc=example")
            .then_some(ContactId(uuid::Uuid::nil()))
    }

    fn entry(&self, dn: &Dn) -> Option<ContactId> {
        self.contact(dn)
    }

    fn behind(&self, kind: Option<&str>, value: &str) -> Query {
        let components = [("ou", "people"), ("dc", "pbx"), ("dc", "example")];
        let mut asked = components.iter().filter(|(known, _)| kind.is_none_or(|k| k == *known));
        Query::Constant(asked.any(|(_, known)| value.eq_ignore_ascii_case(known)).into())
    }

    fn with_reference(&self, field: Field) -> Query {
        Query::Present(FieldSet::of(&[field]))
    }

    fn managers_of(&self, _: ContactId) -> Query {
        NOTHING
    }

    fn with_reports(&self) -> Query {
        NOTHING
    }

    fn whose_presence(&self, _: &dyn Fn(&Seen) -> bool) -> Query {
        NOTHING
    }
}

fn with_context<T>(work: impl Fn(&Context<'_>) -> T) -> T {
    work(&Context { derivation: &derivation(), style: Style::default(), names: &People })
}

fn query(filter: &Filter<'_>) -> Query {
    with_context(|context| compile(filter, context))
}

fn anna() -> Contact {
    let address = PostalAddress {
        kind: "work",
        street: "Weg 1",
        locality: "Berlin",
        country: "DE",
        ..Default::default()
    };
    let mut card = CardBuilder::default();
    card.push(Field::GivenName, "Anna").push(Field::FamilyName, "Müller");
    card.push(Field::Extension, "204").push(Field::Work, "+49 30 5551234");
    card.push(Field::Email, "anna@pbx.example").push(Field::Postal, &address.value());
    card.push(Field::Manager, &ContactId(uuid::Uuid::nil()).to_string());
    contact(card.finish().unwrap())
}

fn contact(card: Card) -> Contact {
    let mut contact = crate::contact::tests::nobody();
    contact.book = Book::People;
    contact.modified = Timestamp(1_795_348_800);
    contact.derived = derivation().derive(&card);
    contact.card = card;
    contact
}

#[track_caller]
fn finds(filter: Filter<'_>, expected: bool) {
    let derivation = derivation();
    let gaze = Gaze { hidden: FieldSet::EMPTY, collation: &derivation.collation };
    let query = query(&filter);
    let truth = query.matches(&anna(), &gaze);
    assert_eq!(truth == Truth::True, expected, "{filter:?} is {query:?}");
}

fn equal(name: &'static str, value: &'static str) -> Filter<'static> {
    Filter::Equality(name.as_bytes(), value.as_bytes())
}

fn begins(name: &'static str, value: &'static str) -> Filter<'static> {
    let parts = Substrings { initial: Some(value.as_bytes()), ..Default::default() };
    Filter::Substrings(name.as_bytes(), parts)
}

fn not(filter: Filter<'static>) -> Filter<'static> {
    Filter::Not(Box::new(filter))
}

#[test]
fn names_are_found_by_every_alias_and_spelling() {
    for name in ["sn", "surname", "LastName", "2.5.4.4", "sn;lang-de"] {
        finds(equal(name, "mueller"), true);
        finds(begins(name, "MULL"), true);
        finds(equal(name, "mull"), false);
    }
    finds(begins("CallerIDName", "anna mü"), true);
    finds(Filter::AtLeast(b"sn", b"M"), true);
    finds(Filter::AtMost(b"sn", b"zz"), true);
    assert_eq!(query(&Filter::AtMost(b"sn", b"zz")), Query::Constant(Truth::True));
    finds(Filter::AtMost(b"sn", b"Ma"), false);
    finds(Filter::Approximate(b"cn", b"ann"), true);
}

#[test]
fn numbers_are_found_by_their_meaning() {
    finds(equal("telephoneNumber", "0305551234"), true);
    finds(equal("AccountNumber", "204"), true);
    finds(equal("extension", "204"), true);
    finds(equal("extension", "0305551234"), false);
    finds(equal("telephoneNumber", "foo"), false);
    finds(begins("telephoneNumber", "foo"), false);
    finds(begins("telephoneNumber", "004930555"), true);
    let ends = Substrings { last: Some(b"51234"), ..Default::default() };
    finds(Filter::Substrings(b"telephoneNumber", ends), true);
}

#[test]
fn unknown_attributes_are_undefined() {
    finds(equal("moblie", "x"), false);
    finds(not(equal("moblie", "x")), false);
    finds(not(Filter::And(vec![equal("moblie", "x"), equal("sn", "nobody")])), true);
    finds(not(Filter::Or(vec![equal("moblie", "x"), equal("sn", "nobody")])), false);
    finds(Filter::Or(vec![equal("moblie", "x"), begins("sn", "m")]), true);
    finds(Filter::And(vec![equal("moblie", "x"), begins("sn", "m")]), false);
    finds(not(not(equal("moblie", "x"))), false);
}

#[test]
fn a_value_that_is_no_utf_8_matches_nothing() {
    finds(Filter::Equality(b"sn", b"M\xfcller"), false);
    finds(not(Filter::Equality(b"sn", b"M\xfcller")), false);
    let parts = Substrings { initial: Some(b"\xfc"), ..Default::default() };
    finds(Filter::Substrings(b"sn", parts), false);
}

#[test]
fn blank_parts_ask_for_presence() {
    finds(Filter::Substrings(b"mail", Substrings::default()), true);
    finds(begins("mail", ""), true);
    finds(begins("mobile", ""), false);
    finds(begins("telephoneNumber", ""), true);
}

#[test]
fn an_entry_is_found_by_its_identity() {
    finds(equal("uid", "204"), true);
    finds(equal("uid", "20"), false);
    finds(equal("uid", "00000000-0000-0000-0000-000000000000"), false);
    finds(begins("uid", "20"), true);
    finds(equal("entryUUID", "00000000-0000-0000-0000-000000000000"), true);
    finds(Filter::Equality(b"entryUUID", &[0; 16]), true);
    finds(Filter::Equality(b"entryUUID", &[1; 16]), false);
    finds(equal("entryUUID", "nonsense"), false);
    finds(not(equal("entryUUID", "nonsense")), false);
    finds(equal("manager", "UID=200,OU=people,DC=pbx,DC=example"), true);
    finds(equal("manager", "uid=201,ou=people,dc=pbx,dc=example"), false);
}

#[test]
fn classes_are_the_same_for_all() {
    finds(Filter::Present(b"objectClass"), true);
    for class in ["person", "INETORGPERSON", "top", "ringbookContact"] {
        finds(equal("objectclass", class), true);
    }
    finds(equal("objectClass", "organizationalUnit"), false);
    finds(not(equal("objectClass", "computer")), true);
    assert_eq!(
        query(&Filter::And(vec![Filter::Present(b"objectClass"), begins("sn", "m")])),
        query(&begins("sn", "m")),
        "the index sees only what selects"
    );
}

#[test]
fn addresses_are_found_by_their_parts() {
    finds(equal("street", "weg 1"), true);
    finds(equal("street", "weg"), false);
    finds(begins("l", "ber"), true);
    finds(equal("l", "berlin"), true);
    finds(equal("c", "de"), true);
    finds(begins("postalAddress", "weg"), true);
    finds(begins("postalAddress", "foo"), false);
}

#[test]
fn times_are_compared() {
    finds(Filter::AtLeast(b"modifyTimestamp", b"20261122120000Z"), true);
    finds(Filter::AtLeast(b"modifyTimestamp", b"20261122120001Z"), false);
    finds(Filter::AtMost(b"modifyTimestamp", b"20261122120000Z"), true);
    finds(equal("modifyTimestamp", "20261122120000Z"), true);
    finds(not(equal("modifyTimestamp", "noon")), false);
}

#[test]
fn extensible_matches_name_rules() {
    let ask = |rule: Option<&'static str>, attribute: Option<&'static str>, value: &'static str| {
        Filter::Extensible(Assertion {
            rule: rule.map(str::as_bytes),
            attribute: attribute.map(str::as_bytes),
            value: value.as_bytes(),
            dn_attributes: false,
        })
    };
    finds(ask(Some("caseIgnoreMatch"), Some("sn"), "muller"), true);
    finds(ask(Some("2.5.13.2"), None, "anna"), true);
    finds(ask(Some("telephoneNumberMatch"), None, "204"), true);
    finds(ask(Some("1.2.3.4"), Some("sn"), "muller"), false);
    finds(not(ask(Some("1.2.3.4"), Some("sn"), "muller")), false);
    finds(ask(None, Some("mail"), "ANNA@pbx.example"), true);
    let in_name = |attribute: &'static str, value: &'static str| {
        Filter::Extensible(Assertion {
            attribute: Some(attribute.as_bytes()),
            value: value.as_bytes(),
            dn_attributes: true,
            rule: None,
        })
    };
    finds(in_name("ou", "People"), true);
    finds(in_name("ou", "shared"), false);
    finds(in_name("dc", "pbx"), true);
    finds(in_name("uid", "204"), true);
}

#[test]
fn the_same_pattern_on_several_attributes_is_one_term() {
    let nested = Filter::Or(vec![
        Filter::Or(vec![begins("cn", "j"), begins("sn", "j")]),
        begins("nonsense", "j"),
        begins("givenName", "j"),
    ]);
    let fields = FieldSet::of(&[Field::FormattedName, Field::FamilyName, Field::GivenName]);
    assert_eq!(query(&nested), Query::Text(fields, TextPattern::starts_with("j")));
    assert_eq!(query(&Filter::Present(b"cn")), Query::Constant(Truth::True));
    assert_eq!(query(&Filter::And(Vec::new())), Query::Constant(Truth::True));
    assert_eq!(query(&Filter::Or(Vec::new())), Query::Constant(Truth::False));
}

/// A filter as proptest makes it: a term is the number of one of [`TERMS`].
#[derive(Clone, Debug)]
enum Shape {
    Term(usize),
    And(Vec<Self>),
    Or(Vec<Self>),
    Not(Box<Self>),
}

/// True, False and Undefined ones; some are Undefined because the field is hidden.
const TERMS: [fn() -> Filter<'static>; 9] = [
    || equal("sn", "muller"),
    || equal("sn", "nobody"),
    || begins("cn", "anna"),
    || equal("moblie", "x"),
    || equal("telephoneNumber", "204"),
    || equal("mail", "anna@pbx.example"),
    || Filter::Present(b"mail"),
    || Filter::Present(b"objectClass"),
    || equal("entryUUID", "nonsense"),
];

impl Shape {
    fn filter(&self) -> Filter<'static> {
        let list = |shapes: &Vec<Self>| shapes.iter().map(Self::filter).collect();
        match self {
            Self::Term(number) => TERMS[*number](),
            Self::And(all) => Filter::And(list(all)),
            Self::Or(any) => Filter::Or(list(any)),
            Self::Not(inner) => not(inner.filter()),
        }
    }

    /// What RFC 4511 says of the filter, computed step by step.
    fn truth(&self, of_term: &dyn Fn(usize) -> Truth) -> Truth {
        let negated = |truth| match truth {
            Truth::True => Truth::False,
            Truth::False => Truth::True,
            Truth::Undefined => Truth::Undefined,
        };
        let all = |truths: Vec<Truth>| {
            if truths.contains(&Truth::False) {
                Truth::False
            } else if truths.contains(&Truth::Undefined) {
                Truth::Undefined
            } else {
                Truth::True
            }
        };
        match self {
            Self::Term(number) => of_term(*number),
            Self::And(shapes) => all(shapes.iter().map(|shape| shape.truth(of_term)).collect()),
            Self::Or(shapes) => {
                let truths = shapes.iter().map(|shape| negated(shape.truth(of_term)));
                negated(all(truths.collect()))
            }
            Self::Not(inner) => negated(inner.truth(of_term)),
        }
    }
}

fn shape() -> impl Strategy<Value = Shape> {
    (0..TERMS.len()).prop_map(Shape::Term).prop_recursive(4, 24, 4, |inner| {
        let list = proptest::collection::vec(inner.clone(), 0..4);
        prop_oneof![
            list.clone().prop_map(Shape::And),
            list.prop_map(Shape::Or),
            inner.prop_map(|inner| Shape::Not(Box::new(inner))),
        ]
    })
}

proptest::proptest! {
    #[test]
    fn a_filter_finds_what_it_is_true_of(
        shape in shape(),
        hidden in prop_oneof![Just(FieldSet::EMPTY), Just(FieldSet::of(&[Field::Email]))],
    ) {
        let derivation = derivation();
        let gaze = Gaze { hidden, collation: &derivation.collation };
        let anna = anna();
        let of_term = |number: usize| with_context(|context| {
            let query = context.term(&TERMS[number]());
            query.map_or(Truth::Undefined, |query| query.matches(&anna, &gaze))
        });
        let found = query(&shape.filter()).matches(&anna, &gaze) == Truth::True;
        proptest::prop_assert_eq!(found, shape.truth(&of_term) == Truth::True);
    }
}
