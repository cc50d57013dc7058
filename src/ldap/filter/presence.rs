//! Filters on presence: they mean the people for whom they hold at this moment.

use crate::contact::Timestamp;
use crate::contact::fold::spellings;
use crate::contact::query::{Query, TextPattern};
use crate::ldap::attribute::PresencePart;
use crate::ldap::filter::Context;
use crate::ldap::presence::value;
use crate::ldap::time;
use crate::presence::Seen;

/// What a value is compared with: a text, or the bounds of a time.
pub(super) struct Test {
    pattern: TextPattern,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
}

impl Test {
    pub(super) fn equals(text: &str) -> Self {
        let time = time::parse(text);
        Self { pattern: TextPattern::equals(text), from: time, to: time }
    }

    /// A pattern that no time can match.
    pub(super) fn text(pattern: TextPattern) -> Self {
        Self { pattern, from: None, to: None }
    }

    pub(super) fn at_least(text: &str, pattern: TextPattern) -> Self {
        Self { pattern, from: time::parse(text), to: None }
    }

    pub(super) fn at_most(text: &str, pattern: TextPattern) -> Self {
        Self { pattern, from: None, to: time::parse(text) }
    }
}

impl Context<'_> {
    /// The people for whose value the test holds; None where the value is none of the attribute's kind.
    pub(super) fn presence(&self, part: PresencePart, test: &Test) -> Option<Query> {
        if part == PresencePart::LastSeen {
            test.from.or(test.to)?;
            let inside = |seen: Timestamp| {
                test.from.is_none_or(|from| from <= seen) && test.to.is_none_or(|to| seen <= to)
            };
            return Some(self.names.whose_presence(&|seen| seen.last_seen.is_some_and(inside)));
        }
        let collation = &self.derivation.collation;
        let holds = |seen: &Seen| {
            let texts = value(part, seen).map(|text| spellings(&text)).unwrap_or_default();
            texts.iter().any(|spelling| test.pattern.matches(spelling, collation))
        };
        Some(self.names.whose_presence(&holds))
    }

    /// The people who have a value.
    pub(super) fn with_presence(&self, part: PresencePart) -> Query {
        self.names.whose_presence(&|seen| value(part, seen).is_some())
    }
}
