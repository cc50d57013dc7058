//! Filters on presence: they mean the people for whom they hold at this moment.

use std::cell::RefCell;

use rustc_hash::FxHashMap;

use crate::contact::Timestamp;
use crate::contact::fold::spellings;
use crate::contact::query::{Bound, Query, TextPattern};
use crate::ldap::attribute::PresencePart;
use crate::ldap::filter::Context;
use crate::ldap::presence::value;
use crate::ldap::time;

/// How a value is compared: as a text, or as a time.
pub(super) enum Test<'t> {
    Equals(&'t str),
    /// No time can match.
    Parts(TextPattern),
    AtLeast(&'t str),
    AtMost(&'t str),
}

impl Test<'_> {
    /// The earliest and the latest time that match; None where the value is no time.
    fn times(&self) -> Option<(Timestamp, Timestamp)> {
        let (first, last) = (Timestamp(i64::MIN), Timestamp(i64::MAX));
        match self {
            Self::Equals(time) => time::parse(time).map(|time| (time, time)),
            Self::Parts(_) => None,
            Self::AtLeast(from) => time::parse(from).map(|from| (from, last)),
            Self::AtMost(to) => time::parse(to).map(|to| (first, to)),
        }
    }
}

impl Context<'_> {
    /// The people for whose value the test holds; None where the value is none of the attribute's kind.
    pub(super) fn presence(&self, part: PresencePart, test: &Test<'_>) -> Option<Query> {
        if part == PresencePart::LastSeen {
            let (from, to) = test.times()?;
            let inside = |seen: Timestamp| from <= seen && seen <= to;
            return Some(self.names.whose_presence(&|seen| seen.last_seen.is_some_and(inside)));
        }
        Some(match test {
            Test::Equals(text) => self.whose_text(part, &TextPattern::equals(text)),
            Test::Parts(pattern) => self.whose_text(part, pattern),
            Test::AtLeast(text) => self.whose_bound(part, &Bound::AtLeast((*text).into())),
            Test::AtMost(text) => self.whose_bound(part, &Bound::AtMost((*text).into())),
        })
    }

    fn whose_text(&self, part: PresencePart, pattern: &TextPattern) -> Query {
        self.whose_value(part, |text| spellings(text).iter().any(|text| pattern.matches(text)))
    }

    fn whose_bound(&self, part: PresencePart, bound: &Bound) -> Query {
        self.whose_value(part, |text| bound.admits(text, &self.derivation.collation))
    }

    /// The people whose value is one of those that are meant. Most people share a few values, and each
    /// is looked at once.
    fn whose_value(&self, part: PresencePart, is_meant: impl Fn(&str) -> bool) -> Query {
        let known: RefCell<FxHashMap<String, bool>> = RefCell::default();
        self.names.whose_presence(&|seen| {
            let Some(text) = value(part, seen) else { return false };
            let mut known = known.borrow_mut();
            let earlier = known.get(&text).copied();
            earlier.unwrap_or_else(|| *known.entry(text).or_insert_with_key(|text| is_meant(text)))
        })
    }

    /// The people who have a value.
    pub(super) fn with_presence(&self, part: PresencePart) -> Query {
        self.names.whose_presence(&|seen| value(part, seen).is_some())
    }
}
