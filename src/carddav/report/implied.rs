//! What the index knows of a filter: a query that every card matches that the filter wants, so that
//! most cards need not be looked at.

use crate::carddav::report::filter::{Filter, LineFilter, Of, PropFilter, Test};
use crate::carddav::report::text_match::{MatchType, TextMatch};
use crate::contact::card::{Field, FieldSet};
use crate::contact::casemap::survives_folding;
use crate::contact::fold::fold;
use crate::contact::number::is_plain;
use crate::contact::query::{Query, TextPattern};

/// So much of a text finds few cards.
const PART_CHARACTERS_MAX: usize = 64;

impl Filter {
    /// A query that follows from the filter; None where nothing does, and every card of the book must
    /// be looked at. Negations and properties without fields say nothing, nor does a property that is
    /// there without a value.
    pub(crate) fn implied(&self) -> Option<Query> {
        joined(self.test, self.properties.iter().map(of_property))
    }
}

fn joined(test: Test, parts: impl Iterator<Item = Option<Query>>) -> Option<Query> {
    let all: Vec<Option<Query>> = parts.collect();
    match test {
        _ if all.is_empty() => None,
        // One that is not known may be met by any card.
        Test::AnyOf => all.into_iter().collect::<Option<_>>().map(Query::Or),
        Test::AllOf => {
            let known: Vec<Query> = all.into_iter().flatten().collect();
            (!known.is_empty()).then_some(Query::And(known))
        }
    }
}

fn of_property(property: &PropFilter) -> Option<Query> {
    let Of::Matching((test, conditions)) = &property.condition else { return None };
    joined(
        *test,
        conditions.iter().map(|condition| match condition {
            LineFilter::Parameter(_) => None,
            LineFilter::Value(text) | LineFilter::Number(text, _) if text.negated => None,
            LineFilter::Number(_, pattern) => {
                let number = Query::Number(Field::NUMBERS, pattern.clone());
                Some(Query::Or(vec![number, Query::NumberInWords(Field::NUMBERS)]))
            }
            LineFilter::Value(text) if property.is("TEL") => of_odd_number(text),
            LineFilter::Value(text) => of_text(property, text),
        }),
    )
}

/// A text that no plain number has.
fn of_odd_number(text: &TextMatch) -> Option<Query> {
    (!is_plain(&text.text)).then_some(Query::NumberInWords(Field::NUMBERS))
}

fn of_text(property: &PropFilter, text: &TextMatch) -> Option<Query> {
    if let Some(field) = of_one_text(property) {
        return pattern(text.kind, &text.text)
            .map(|pattern| Query::Text(FieldSet::of(&[field]), pattern));
    }
    let fields = of_parts(property)?;
    // The fields hold the parts, and a text may stand across them: `Adams;Anna`.
    let parts = text.text.split([';', ',']).filter_map(|part| pattern(MatchType::Contains, part));
    let parts: Vec<Query> = parts.map(|pattern| Query::Text(fields, pattern)).collect();
    (!parts.is_empty()).then_some(Query::And(parts))
}

/// What the index finds a text by; None where it might miss some.
fn pattern(kind: MatchType, text: &str) -> Option<TextPattern> {
    let start: String = text.chars().take(PART_CHARACTERS_MAX).collect();
    if !survives_folding(&start) || fold(&start).is_empty() {
        return None;
    }
    Some(match kind {
        _ if start.len() < text.len() => TextPattern::contains(&start),
        MatchType::Equals => TextPattern::equals(text),
        MatchType::Contains => TextPattern::contains(text),
        MatchType::StartsWith => TextPattern::starts_with(text),
        MatchType::EndsWith => TextPattern::ends_with(text),
    })
}

/// The field that holds a property as it is. Notes are left out: only their beginning is in a field.
fn of_one_text(property: &PropFilter) -> Option<Field> {
    let fields = [
        ("FN", Field::FormattedName),
        ("EMAIL", Field::Email),
        ("TITLE", Field::Title),
        ("ROLE", Field::Role),
        ("IMPP", Field::Address),
        ("X-SIP", Field::Address),
        ("X-JABBER", Field::Address),
        ("X-PHONETIC-FIRST-NAME", Field::PhoneticGivenName),
        ("X-PHONETIC-LAST-NAME", Field::PhoneticFamilyName),
        ("X-RINGBOOK-SITE", Field::Site),
    ];
    fields.into_iter().find(|(name, _)| property.is(name)).map(|(_, field)| field)
}

/// The fields that hold the parts of a property.
fn of_parts(property: &PropFilter) -> Option<FieldSet> {
    let parted: [(&str, &[Field]); 5] = [
        (
            "N",
            &[
                Field::FamilyName,
                Field::GivenName,
                Field::MiddleName,
                Field::NamePrefix,
                Field::NameSuffix,
            ],
        ),
        ("ORG", &[Field::Company, Field::Department]),
        ("ADR", &[Field::Postal]),
        ("NICKNAME", &[Field::Nickname]),
        ("CATEGORIES", &[Field::Category]),
    ];
    let found = parted.into_iter().find(|(name, _)| property.is(name));
    found.map(|(_, fields)| FieldSet::of(fields))
}
