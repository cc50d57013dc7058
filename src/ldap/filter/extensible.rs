//! Extensible filters: `attribute:dn:rule:=value` (RFC 4511 section 4.5.1.7.7).

use crate::contact::card::{Field, FieldSet};
use crate::contact::query::Query;
use crate::ldap::attribute::{AttributeId, Meaning, without_options};
use crate::ldap::filter::{Context, NOTHING, meaning, shape, uid_query};
use crate::ldap::request::{Assertion, Substrings, text};
use crate::ldap::rule::{self, Rule};

impl Context<'_> {
    pub(super) fn extensible(&self, assertion: &Assertion<'_>) -> Option<Query> {
        let rule = assertion.rule.map(|name| rule::find(name).ok_or(()));
        let rule = rule.transpose().ok()?;
        let meaning = match (assertion.attribute, rule) {
            (Some(name), _) => meaning(name),
            (None, Some(rule)) => meaning_of(rule),
            (None, None) => None,
        };
        let of_entry = meaning.and_then(|meaning| self.by_rule(rule, meaning, assertion.value));
        if !assertion.dn_attributes {
            return of_entry;
        }
        let of_name = self.in_name(assertion.attribute, assertion.value);
        Some(shape::any([of_entry.unwrap_or(NOTHING), of_name].into_iter()))
    }

    fn by_rule(&self, rule: Option<Rule>, meaning: Meaning, value: &[u8]) -> Option<Query> {
        match rule {
            None | Some(Rule::Text | Rule::Number | Rule::Other) => self.equality(meaning, value),
            Some(Rule::TextExact) => self.to_the_letter(meaning, value),
            Some(Rule::Ordering) => self.before(meaning, value),
            Some(Rule::TextSubstrings | Rule::NumberSubstrings) => {
                let value = text(value);
                let parts = substring_assertion(&value)?;
                let bytes = |part: &Option<String>| part.clone().map(String::into_bytes);
                let (initial, last) = (bytes(&parts.initial), bytes(&parts.last));
                let parts = Substrings {
                    initial: initial.as_deref(),
                    any: parts.any.iter().map(String::as_bytes).collect(),
                    last: last.as_deref(),
                };
                self.substrings(meaning, &parts)
            }
        }
    }

    /// Equality with every letter as it is written.
    fn to_the_letter(&self, meaning: Meaning, value: &[u8]) -> Option<Query> {
        let equal = self.equality(meaning, value)?;
        let fields = match meaning {
            Meaning::Name(field) => FieldSet::of(&[field]),
            Meaning::Texts(fields) => fields,
            _ => return Some(equal),
        };
        let text = text(value).split_whitespace().collect::<Vec<&str>>().join(" ");
        Some(Query::And(vec![equal, Query::Exact(fields, text.into())]))
    }

    /// Which entries have the value in the components of their names.
    fn in_name(&self, attribute: Option<&[u8]>, value: &[u8]) -> Query {
        let value = text(value);
        let kind = attribute.map(|name| match AttributeId::find(name).and_then(AttributeId::get) {
            Some(known) => known.name.into(),
            None => text(without_options(name)),
        });
        let asked = kind.as_ref().is_none_or(|kind| kind.eq_ignore_ascii_case("uid"));
        let uid = asked.then(|| uid_query(&value, self.style.uid, self.derivation));
        let behind = self.names.behind(kind.as_deref(), &value);
        shape::any([Some(behind), uid].into_iter().flatten())
    }
}

/// What a rule looks at where no attribute is named: all values of its kind.
fn meaning_of(rule: Rule) -> Option<Meaning> {
    match rule {
        Rule::Text | Rule::TextExact | Rule::TextSubstrings => Some(Meaning::Texts(Field::TEXTS)),
        Rule::Number | Rule::NumberSubstrings => Some(Meaning::Numbers(Field::NUMBERS)),
        Rule::Ordering | Rule::Other => None,
    }
}

#[derive(Debug, PartialEq, Eq)]
struct OwnedParts {
    initial: Option<String>,
    any: Vec<String>,
    last: Option<String>,
}

/// `initial*any*last`, with `\2A` for a star and `\5C` for a backslash (RFC 4517 section 3.3.30).
/// `None` where there is no star.
fn substring_assertion(value: &str) -> Option<OwnedParts> {
    let unescaped = |part: &str| {
        let part = part.replace("\\2A", "*").replace("\\2a", "*");
        part.replace("\\5C", "\\").replace("\\5c", "\\")
    };
    let given = |part: &str| (!part.is_empty()).then(|| unescaped(part));
    let (initial, rest) = value.split_once('*')?;
    let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
    let any = middle.split('*').filter_map(given).collect();
    Some(OwnedParts { initial: given(initial), any, last: given(last) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_divide_a_substring_assertion() {
        let parts = |value: &str| {
            let OwnedParts { initial, any, last } = substring_assertion(value).unwrap();
            format!(
                "{}|{}|{}",
                initial.unwrap_or_default(),
                any.join(","),
                last.unwrap_or_default()
            )
        };
        assert_eq!(parts("a*b*c*d"), "a|b,c|d");
        assert_eq!(parts("*ab*"), "|ab|");
        assert_eq!(parts("ab*"), "ab||");
        assert_eq!(parts("*"), "||");
        assert_eq!(parts("a\\2Ab*\\5c"), "a*b||\\");
        assert_eq!(substring_assertion("ab"), None);
    }
}
