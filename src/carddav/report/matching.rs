//! Whether a card is what a filter wants (RFC 6352 10.5), told by its content lines.
//!
//! A property is met by one of its lines: conditions joined by `allof` are met by the same one.

use std::borrow::Cow;

use crate::carddav::report::filter::{Filter, LineFilter, Of, ParamFilter, PropFilter};
use crate::carddav::report::text_match::TextMatch;
use crate::contact::number::Numbering;
use crate::vcard::line::{Content, lines};
use crate::vcard::text::{decoded, parameter_text, split, unescaped};

/// Properties of several texts. Each is a value as well as the whole: `ORG:Acme;Sales` equals `Acme`.
const PARTED: [&str; 5] = ["N", "ORG", "ADR", "NICKNAME", "CATEGORIES"];

impl Filter {
    /// Whether a card is wanted.
    pub(crate) fn wants(&self, card: &[u8], numbering: &Numbering) -> bool {
        if self.properties.is_empty() {
            return true;
        }
        let contents: Vec<Content<'_>> = lines(card).filter_map(|line| line.content).collect();
        self.test.holds(&self.properties, |property| is_met(property, &contents, numbering))
    }
}

fn is_met(property: &PropFilter, contents: &[Content<'_>], numbering: &Numbering) -> bool {
    let group = property.group.as_deref();
    let mut found = contents.iter().filter(|content| {
        let in_group = |group: &str| content.group().eq_ignore_ascii_case(group);
        content.is(&property.name) && group.is_none_or(in_group)
    });
    match &property.condition {
        Of::Defined => found.next().is_some(),
        Of::NotDefined => found.next().is_none(),
        Of::Matching((test, conditions)) => found.any(|content| {
            test.holds(conditions, |condition| meets(content, condition, numbering))
        }),
    }
}

fn meets(content: &Content<'_>, condition: &LineFilter, numbering: &Numbering) -> bool {
    match condition {
        LineFilter::Parameter(filter) => has_parameter(content, filter),
        LineFilter::Value(text) => text.negated != any_text(content, |value| text.has(value)),
        LineFilter::Number(text, pattern) => {
            let means =
                |number: &str| numbering.forms(number).iter().any(|form| pattern.matches(form));
            text.negated != any_text(content, |number| text.has(number) || means(number))
        }
    }
}

/// Whether something is true of any text of a line's value.
fn any_text(content: &Content<'_>, mut holds: impl FnMut(&str) -> bool) -> bool {
    let value = decoded(content);
    if content.is("TEL") {
        return holds(&number(&value));
    }
    if holds(&unescaped(&value)) {
        return true;
    }
    let parted = PARTED.iter().any(|name| content.is(name));
    parted
        && split(&value, ';').any(|part| {
            holds(&unescaped(part)) || split(part, ',').any(|one| holds(&unescaped(one)))
        })
}

/// The number of a TEL, which vCard 4.0 writes as `tel:+49-30-1;ext=5`.
fn number(value: &str) -> Cow<'_, str> {
    let value = value.trim();
    let bare = match value.split_at_checked(4) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("tel:") => rest,
        _ => value,
    };
    unescaped(split(bare, ';').next().unwrap_or_default())
}

fn has_parameter(content: &Content<'_>, filter: &ParamFilter) -> bool {
    let all = content.parameters().filter(|(name, _)| name.eq_ignore_ascii_case(&filter.name));
    // vCard 2.1 writes types without their name.
    let mut values: Vec<&str> = match filter.name.eq_ignore_ascii_case("TYPE") {
        true => content.types().collect(),
        false => all.map(|(_, value)| value).collect(),
    };
    match &filter.condition {
        Of::Defined => !values.is_empty(),
        Of::NotDefined => values.is_empty(),
        Of::Matching(text) => values.drain(..).any(|value| text.negated != has_value(text, value)),
    }
}

/// Whether a parameter's value, or one of its list, has a text.
fn has_value(text: &TextMatch, value: &str) -> bool {
    let has = |value: &str| text.has(&parameter_text(value));
    has(value) || value.split(',').any(|one| has(one.trim_matches([' ', '"'])))
}

#[cfg(test)]
mod tests;
