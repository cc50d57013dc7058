//! What a search means, apart from any protocol: [`Query::matches`] is the truth, the index is
//! only faster.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use crate::contact::book::Group;
use crate::contact::card::{Card, Field, FieldSet, Packed, PostalAddress, PostalPart};
use crate::contact::collation::Collation;
use crate::contact::derived::surname;
use crate::contact::fold::{fold, keys, spellings};
use crate::contact::number::{NumberPattern, in_order, is_plain};
use crate::contact::words::{self, Fit};
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
    /// A text in any of the fields on this side of a bound.
    Range(FieldSet, Bound),
    /// A part of a postal address.
    Address(PostalPart, TextPattern),
    /// A part of a postal address on this side of a bound.
    AddressRange(PostalPart, Bound),
    /// A number in any of the fields.
    Number(FieldSet, NumberPattern),
    /// A number in any of the fields that is written with more than digits, see [`is_plain`].
    NumberInWords(FieldSet),
    /// A value that is the same to the letter.
    Exact(FieldSet, Box<str>),
    Id(ContactId),
    /// Any photo.
    HasPhoto,
    /// One of these contacts.
    Among(Arc<FxHashSet<ContactId>>),
    Book(Book),
    /// A member of a department or site.
    Group(Group),
    /// Made at this time or later.
    CreatedSince(Timestamp),
    /// Made at this time or earlier.
    CreatedUntil(Timestamp),
    /// Changed at this time or later.
    ModifiedSince(Timestamp),
    /// Changed at this time or earlier.
    ModifiedUntil(Timestamp),
}

/// How a text is compared: what is asked for in its [`keys`], with the [`spellings`] of the value;
/// any of them counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextPattern {
    Equals(Vec<String>),
    /// Parts in order; each part in any of its keys.
    Parts {
        initial: Option<Vec<String>>,
        any: Vec<Vec<String>>,
        last: Option<Vec<String>>,
    },
    /// Several words in any order.
    Words(Vec<Vec<String>>, Fit),
}

impl TextPattern {
    pub fn equals(text: &str) -> Self {
        Self::Equals(keys(text))
    }

    /// The parts of a substring filter; blank parts are no condition.
    pub fn parts(initial: Option<&str>, any: &[&str], last: Option<&str>) -> Self {
        let part = |text: &str| Some(keys(text)).filter(|s| s.iter().any(|s| !s.is_empty()));
        Self::Parts {
            initial: initial.and_then(part),
            any: any.iter().copied().filter_map(part).collect(),
            last: last.and_then(part),
        }
    }

    /// The words of a text, in any order. None where it is one word, or has very many.
    pub fn words(text: &str, fit: Fit) -> Option<Self> {
        words::asked(text).map(|words| Self::Words(words, fit))
    }

    /// Any value.
    pub fn anything() -> Self {
        Self::parts(None, &[], None)
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

    /// Whether one spelling of a value matches.
    pub fn matches(&self, spelling: &str) -> bool {
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
            Self::Words(asked, fit) => words::fit(spelling, asked, *fit),
        }
    }
}

/// A bound in the order of the organization's language, without case and accents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bound {
    AtLeast(Box<str>),
    AtMost(Box<str>),
    Below(Box<str>),
}

impl Bound {
    /// A bound of only z's is none: Poly phones send `(givenName<=zz)` and mean "to the end".
    pub fn is_end(text: &str) -> bool {
        let folded = fold(text);
        !folded.is_empty() && folded.bytes().all(|letter| letter == b'z')
    }

    pub fn admits(&self, value: &str, collation: &Collation) -> bool {
        match self {
            Self::AtLeast(bound) => collation.compare(value, bound).is_ge(),
            Self::AtMost(bound) => collation.compare(value, bound).is_le(),
            Self::Below(bound) => collation.compare(value, bound).is_lt(),
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
    /// How many parts the query has, each of which is looked at with a contact.
    pub fn terms(&self) -> usize {
        match self {
            Self::And(parts) | Self::Or(parts) => 1 + parts.iter().map(Self::terms).sum::<usize>(),
            Self::Not(query) => query.terms(),
            _ => 1,
        }
    }

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
                any_of(&contact.derived.texts, fields, |text| pattern.matches(text))
            }),
            Self::Range(fields, bound) => visible(*fields, gaze, |fields| {
                values(&contact.card, fields).any(|value| bound.admits(value, gaze.collation))
            }),
            Self::Address(part, pattern) => address(*part, contact, gaze, |part| {
                spellings(part).iter().any(|spelling| pattern.matches(spelling))
            }),
            Self::AddressRange(part, bound) => {
                address(*part, contact, gaze, |part| bound.admits(part, gaze.collation))
            }
            Self::Number(fields, pattern) => visible(*fields, gaze, |fields| {
                any_of(&contact.derived.numbers, fields, |form| pattern.matches(form))
            }),
            Self::NumberInWords(fields) => visible(*fields, gaze, |fields| {
                let fields = fields.and(Field::NUMBERS);
                contact.card.iter().any(|(field, value)| fields.contains(field) && !is_plain(value))
            }),
            Self::Exact(fields, wanted) => visible(*fields, gaze, |fields| {
                values(&contact.card, fields).any(|value| value == &**wanted)
            }),
            Self::Id(id) => (contact.id == *id).into(),
            Self::HasPhoto => contact.photo.is_some().into(),
            Self::Among(ids) => ids.contains(&contact.id).into(),
            Self::Book(book) => (contact.book == *book).into(),
            Self::Group(group) => contact.groups.contains(group).into(),
            Self::CreatedSince(time) => (contact.created >= *time).into(),
            Self::CreatedUntil(time) => (contact.created <= *time).into(),
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

/// The condition on a part of the postal addresses that have it.
fn address(
    part: PostalPart,
    contact: &Contact,
    gaze: &Gaze<'_>,
    holds: impl Fn(&str) -> bool,
) -> Truth {
    visible(FieldSet::of(&[Field::Postal]), gaze, |_| {
        let parts =
            contact.card.all(Field::Postal).map(|value| PostalAddress::parse(value).part(part));
        parts.filter(|part| !part.trim().is_empty()).any(|part| holds(&part))
    })
}

/// The values of fields as they are written; every contact has a surname.
fn values(card: &Card, fields: FieldSet) -> impl Iterator<Item = &str> {
    let surname = fields.contains(Field::FamilyName).then(|| surname(card));
    let others = card.iter().filter(move |(field, _)| fields.contains(*field));
    others.map(|(_, value)| value).chain(surname)
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
        let parts = |initial, any: &[&str], last| TextPattern::parts(initial, any, last);
        assert!(parts(Some("an"), &["a"], Some("s")).matches("anna adams"));
        assert!(!parts(Some("anna"), &[], Some("na")).matches("anna"));
        assert!(!parts(None, &["dam", "ada"], None).matches("anna adams"));
    }

    #[test]
    fn bounds_follow_the_language() {
        let at_least = |bound: &str, name: &str, language| {
            Bound::AtLeast(bound.into()).admits(name, &Collation::of_language(language))
        };
        assert!(at_least("Ryan", "Zoe", "de") && !at_least("Ryan", "Anna", "de"));
        assert!(at_least("ryan", "RYAN", "de") && at_least("Ryan", "Яна", "de"));
        assert!(at_least("Z", "Ärmel", "sv") && !at_least("Z", "Ärmel", "de"));
        let german = Collation::of_language("de");
        assert!(Bound::AtMost("m".into()).admits("Anna", &german));
        assert!(!Bound::AtMost("m".into()).admits("Müller", &german));
        assert!(Bound::AtMost("mull".into()).admits("Müll", &german));
        assert!(!Bound::Below("mull".into()).admits("Müll", &german));
        for (bound, end) in [("z", true), ("ZZ", true), ("zzzz", true), ("zza", false), ("", false)]
        {
            assert_eq!(Bound::is_end(bound), end, "{bound}");
        }
    }
}
