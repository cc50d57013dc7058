//! Filters with `>=` and `<=`, and the rules that ask for what is before a value.

use crate::contact::Timestamp;
use crate::contact::card::FieldSet;
use crate::contact::number::NumberPattern;
use crate::contact::query::{Bound, Query};
use crate::ldap::attribute::Meaning;
use crate::ldap::filter::presence::Test;
use crate::ldap::filter::{Context, postal};
use crate::ldap::request::text;
use crate::ldap::time;

impl Context<'_> {
    pub(super) fn at_least(&self, meaning: Meaning, value: &[u8]) -> Option<Query> {
        let text = &*text(value);
        match meaning {
            Meaning::Numbers(fields) => {
                let pattern = NumberPattern::at_least(text, &self.derivation.numbering)?;
                Some(Query::Number(fields, pattern))
            }
            Meaning::Created => Some(Query::CreatedSince(time::parse(text)?)),
            Meaning::Modified => Some(Query::ModifiedSince(time::parse(text)?)),
            Meaning::Presence(part) => self.presence(part, &Test::AtLeast(text)),
            _ => texts(meaning, Bound::AtLeast(text.into())),
        }
    }

    pub(super) fn at_most(&self, meaning: Meaning, value: &[u8]) -> Option<Query> {
        let text = &*text(value);
        match meaning {
            Meaning::Numbers(fields) => {
                let pattern = NumberPattern::at_most(text, &self.derivation.numbering)?;
                Some(Query::Number(fields, pattern))
            }
            Meaning::Created => Some(Query::CreatedUntil(time::parse(text)?)),
            Meaning::Modified => Some(Query::ModifiedUntil(time::parse(text)?)),
            Meaning::Presence(part) => self.presence(part, &Test::AtMost(text)),
            Meaning::Name(_) | Meaning::Texts(_) | Meaning::Postal(_) if Bound::is_end(text) => {
                Some(self.present(meaning))
            }
            _ => texts(meaning, Bound::AtMost(text.into())),
        }
    }

    /// What is before a value, as the ordering rules of RFC 4517 ask in extensible filters.
    pub(super) fn before(&self, meaning: Meaning, value: &[u8]) -> Option<Query> {
        let text = &*text(value);
        let earlier = || time::parse(text)?.0.checked_sub(1).map(Timestamp);
        match meaning {
            Meaning::Created => Some(Query::CreatedUntil(earlier()?)),
            Meaning::Modified => Some(Query::ModifiedUntil(earlier()?)),
            _ => texts(meaning, Bound::Below(text.into())),
        }
    }
}

fn texts(meaning: Meaning, bound: Bound) -> Option<Query> {
    match meaning {
        Meaning::Name(field) => Some(Query::Range(FieldSet::of(&[field]), bound)),
        Meaning::Texts(fields) => Some(Query::Range(fields, bound)),
        Meaning::Postal(part) => Some(postal::range(part, bound)),
        _ => None,
    }
}
