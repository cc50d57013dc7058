//! What a search means, apart from any protocol: [`Query::matches`] is the truth, the index is
//! only faster.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use crate::contact::book::Group;
use crate::contact::card::{FieldSet, Packed};
use crate::contact::collation::Collation;
use crate::contact::fold::{fold, spellings};
use crate::contact::number::{NumberPattern, in_order};
use crate::contact::{Book, Contact, ContactId, Timestamp};

/// The three values of an LDAP filter (RFC 4511 section 4.5.1.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    True,
    False,
    Undefined,
}

impl From<bool> for Truth {
    fn from(value: bool) -> Self {
        if value { Self::True } else { Self::False }
    }
}

/// A search for contacts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// All of these; everything where there are none (RFC 4526).
    And(Vec<Self>),
    /// Any of these; nothing where there are none (RFC 4526).
    Or(Vec<Self>),
    Not(Box<Self>),
    /// The same for every contact.
    Constant(Truth),
    /// A value in any of the fields.
    Present(FieldSet),
    /// A text in any of the fields.
    Text(FieldSet, TextPattern),
    /// A number in any of the fields.
    Number(FieldSet, NumberPattern),
    /// A value that is the same to the letter, for references.
    Exact(FieldSet, Box<str>),
    Id(ContactId),
    /// One of these contacts.
    Among(Arc<FxHashSet<ContactId>>),
    Book(Book),
    /// A member of a department or site.
    Group(Group),
    /// Changed at this time or later.
    ModifiedSince(Timestamp),
    /// Changed at this time or earlier.
    ModifiedUntil(Timestamp),
}

/// How a text is compared. Every text is in its spellings (see [`spellings`]); any of them counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextPattern {
    Equals(Vec<String>),
    /// Parts in order; each part in any of its spellings.
    Parts {
        initial: Option<Vec<String>>,
        any: Vec<Vec<String>>,
        last: Option<Vec<String>>,
    },
    /// At or behind this sort key.
    AtLeast(Box<[u8]>),
    /// At or before this sort key.
    AtMost(Box<[u8]>),
}

impl TextPattern {
    pub fn equals(text: &str) -> Self {
        Self::Equals(spellings(text))
    }

    /// The parts of a substring filter; blank parts are no condition.
    pub fn parts(initial: Option<&str>, any: &[&str], last: Option<&str>) -> Self {
        let part = |text: &str| Some(spellings(text)).filter(|s| s.iter().any(|s| !s.is_empty()));
        Self::Parts {
            initial: initial.and_then(part),
            any: any.iter().copied().filter_map(part).collect(),
            last: last.and_then(part),
        }
    }

    pub fn starts_with(text: &str) -> Self {
        Self::parts(Some(text), &[], None)
    }

    pub fn contains(text: &str) -> Self {
        Self::parts(None, &[text], None)
    }

    pub fn ends_with(text: &str) -> Self {
        Self::parts(None, &[], Some(text))
    }

    pub fn at_least(text: &str, collation: &Collation) -> Self {
        Self::AtLeast(collation.sort_key(&fold(text)))
    }

    /// A bound of only z's is none: Poly phones send `(givenName<=zz)` and mean "to the end".
    pub fn at_most(text: &str, collation: &Collation) -> Self {
        let folded = fold(text);
        if !folded.is_empty() && folded.chars().all(|c| c == 'z') {
            return Self::AtLeast(Box::default());
        }
        Self::AtMost(collation.sort_key(&folded))
    }

    /// Whether one spelling of a value matches.
    pub fn matches(&self, spelling: &str, collation: &Collation) -> bool {
        match self {
            Self::Equals(texts) => texts.iter().any(|text| text == spelling),
            Self::Parts { initial, any, last } => {
                let start = |form: &String| spelling.strip_prefix(form.as_str());
                let rest = match initial {
                    Some(forms) => forms.iter().filter_map(start).max_by_key(|rest| rest.len()),
                    None => Some(spelling),
                };
                let Some(rest) = rest else { return false };
                let end = |form: &String| rest.strip_suffix(form.as_str());
                let rest = match last {
                    Some(forms) => forms.iter().filter_map(end).max_by_key(|rest| rest.len()),
                    None => Some(rest),
                };
                rest.is_some_and(|rest| in_order(rest, any))
            }
            Self::AtLeast(key) => *collation.sort_key(spelling) >= **key,
            Self::AtMost(key) => *collation.sort_key(spelling) <= **key,
        }
    }
}

/// How a viewer looks at contacts: what is hidden is Undefined in every filter.
#[derive(Clone, Copy, Debug)]
pub struct Gaze<'a> {
    pub hidden: FieldSet,
    pub collation: &'a Collation,
}

impl Query {
    /// The meaning of the search.
    pub fn matches(&self, contact: &Contact, gaze: &Gaze<'_>) -> Truth {
        match self {
            Self::And(all) => conjunction(all.iter().map(|query| query.matches(contact, gaze))),
            Self::Or(any) => negation(conjunction(
                any.iter().map(|query| negation(query.matches(contact, gaze))),
            )),
            Self::Not(query) => negation(query.matches(contact, gaze)),
            Self::Constant(truth) => *truth,
            Self::Present(fields) => visible(*fields, gaze, |fields| {
                contact.card.iter().any(|(field, _)| fields.contains(field))
            }),
            Self::Text(fields, pattern) => visible(*fields, gaze, |fields| {
                any_of(&contact.derived.texts, fields, |text| pattern.matches(text, gaze.collation))
            }),
            Self::Number(fields, pattern) => visible(*fields, gaze, |fields| {
                any_of(&contact.derived.numbers, fields, |form| pattern.matches(form))
            }),
            Self::Exact(fields, wanted) => visible(*fields, gaze, |fields| {
                contact
                    .card
                    .iter()
                    .any(|(field, value)| fields.contains(field) && value == &**wanted)
            }),
            Self::Id(id) => (contact.id == *id).into(),
            Self::Among(ids) => ids.contains(&contact.id).into(),
            Self::Book(book) => (contact.book == *book).into(),
            Self::Group(group) => contact.groups.contains(group).into(),
            Self::ModifiedSince(time) => (contact.modified >= *time).into(),
            Self::ModifiedUntil(time) => (contact.modified <= *time).into(),
        }
    }
}

/// Undefined where none of the fields may be seen, else the condition on those that may.
fn visible(fields: FieldSet, gaze: &Gaze<'_>, holds: impl FnOnce(FieldSet) -> bool) -> Truth {
    let seen = fields.without(gaze.hidden);
    if seen.is_empty() { Truth::Undefined } else { holds(seen).into() }
}

fn any_of(values: &Packed, fields: FieldSet, holds: impl Fn(&str) -> bool) -> bool {
    values.iter().any(|(field, value)| fields.contains(field) && holds(value))
}

fn negation(truth: Truth) -> Truth {
    match truth {
        Truth::True => Truth::False,
        Truth::False => Truth::True,
        Truth::Undefined => Truth::Undefined,
    }
}

fn conjunction(truths: impl Iterator<Item = Truth>) -> Truth {
    let mut all = Truth::True;
    for truth in truths {
        match truth {
            Truth::False => return Truth::False,
            Truth::Undefined => all = Truth::Undefined,
            Truth::True => {}
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: Query = Query::Constant(Truth::True);
    const F: Query = Query::Constant(Truth::False);
    const U: Query = Query::Constant(Truth::Undefined);

    #[test]
    fn three_valued_logic_is_rfc_4511() {
        let root = Collation::of_language("en");
        let gaze = Gaze { hidden: FieldSet::EMPTY, collation: &root };
        let contact = crate::contact::tests::nobody();
        let check = |query: Query, expected| assert_eq!(query.matches(&contact, &gaze), expected);
        check(Query::And(vec![]), Truth::True);
        check(Query::Or(vec![]), Truth::False);
        check(Query::And(vec![T, U]), Truth::Undefined);
        check(Query::And(vec![F, U]), Truth::False);
        check(Query::Or(vec![T, U]), Truth::True);
        check(Query::Or(vec![F, U]), Truth::Undefined);
        check(Query::Not(Box::new(U)), Truth::Undefined);
        check(Query::Not(Box::new(T)), Truth::False);
    }

    #[test]
    fn parts_never_share_letters() {
        let root = Collation::of_language("en");
        let parts = |initial, any: &[&str], last| TextPattern::parts(initial, any, last);
        assert!(parts(Some("an"), &["a"], Some("s")).matches("anna adams", &root));
        assert!(!parts(Some("anna"), &[], Some("na")).matches("anna", &root));
        assert!(!parts(None, &["dam", "ada"], None).matches("anna adams", &root));
    }

    #[test]
    fn ranges_follow_the_collation() {
        let root = Collation::of_language("de");
        assert!(TextPattern::at_least("Ryan", &root).matches("zoe", &root));
        assert!(!TextPattern::at_least("Ryan", &root).matches("anna", &root));
        assert!(
            TextPattern::at_most("zz", &root).matches("яна", &root),
            "Poly's upper bound is none"
        );
        assert!(TextPattern::at_most("m", &root).matches("anna", &root));
    }
}
