//! Random filters.

use proptest::prelude::{Just, Strategy, prop_oneof};

use crate::contact::card::{Field, FieldSet};
use crate::contact::query::{Gaze, Truth};
use crate::ldap::filter::tests::{anna, begins, derivation, equal, not, query, with_context};
use crate::ldap::request::{Assertion, Filter, Substrings};

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

/// Any term on any attribute with any value, most of which are nonsense.
fn any_term<'v>(kind: usize, name: &'static str, values: &'v [Vec<u8>; 3]) -> Filter<'v> {
    let name = name.as_bytes();
    let [first, second, third] = values;
    let parts = Substrings { initial: Some(first), any: vec![second], last: Some(third) };
    let assertion = |rule: Option<&'static str>| {
        let (attribute, rule) = (Some(name), rule.map(str::as_bytes));
        Filter::Extensible(Assertion { rule, attribute, value: first, dn_attributes: true })
    };
    match kind {
        0 => Filter::Equality(name, first),
        1 => Filter::Substrings(name, parts),
        2 => Filter::AtLeast(name, first),
        3 => Filter::AtMost(name, first),
        4 => Filter::Approximate(name, first),
        5 => assertion(None),
        6 => assertion(Some("caseIgnoreSubstringsMatch")),
        7 => assertion(Some("caseExactMatch")),
        _ => assertion(Some("caseIgnoreOrderingMatch")),
    }
}

const NAMES: [&str; 14] = [
    "cn",
    "name",
    "sn",
    "mail",
    "telephoneNumber",
    "uid",
    "street",
    "l",
    "postalAddress",
    "manager",
    "entryUUID",
    "createTimestamp",
    "objectClass",
    "moblie",
];

proptest::proptest! {
    /// Whatever is sent, a term and its negation are never both true.
    #[test]
    fn any_value_is_compared_without_harm(
        kind in 0..9_usize,
        name in proptest::sample::select(&NAMES[..]),
        values in proptest::array::uniform3(prop_oneof![
            proptest::collection::vec(proptest::prelude::any::<u8>(), 0..20),
            "[0-9a-zäß +*#\\\\$]{0,12}".prop_map(String::into_bytes),
        ]),
    ) {
        let derivation = derivation();
        let gaze = Gaze { hidden: FieldSet::EMPTY, collation: &derivation.collation };
        let is_true = |filter: Filter<'_>| query(&filter).matches(&anna(), &gaze) == Truth::True;
        let holds = is_true(any_term(kind, name, &values));
        let fails = is_true(Filter::Not(Box::new(any_term(kind, name, &values))));
        proptest::prop_assert!(!(holds && fails));
    }

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
