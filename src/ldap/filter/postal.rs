//! Filters on postal addresses: each attribute means its own part; the locality is a site too.

use crate::contact::card::{Field, FieldSet, PostalPart};
use crate::contact::query::{Bound, Query, TextPattern};
use crate::ldap::filter::Parts;

const SITE: FieldSet = FieldSet::of(&[Field::Site]);

pub(super) fn equality(part: PostalPart, text: &str) -> Query {
    pattern(part, TextPattern::equals(&line(part, text)))
}

pub(super) fn parts(part: PostalPart, parts: Parts<'_>) -> Query {
    let any: Vec<String> = parts.any.iter().map(|text| line(part, text)).collect();
    let any: Vec<&str> = any.iter().map(String::as_str).collect();
    let initial = parts.initial.map(|text| line(part, text));
    let last = parts.last.map(|text| line(part, text));
    pattern(part, TextPattern::parts(initial.as_deref(), &any, last.as_deref()))
}

/// An address whose part contains a word.
pub(super) fn contains(part: PostalPart, word: &str) -> Query {
    pattern(part, TextPattern::contains(word))
}

pub(super) fn present(part: PostalPart) -> Query {
    let address = Query::Address(part, TextPattern::anything());
    match part {
        PostalPart::Locality => Query::Or(vec![Query::Present(SITE), address]),
        _ => address,
    }
}

pub(super) fn range(part: PostalPart, bound: Bound) -> Query {
    match part {
        PostalPart::Locality => {
            let site = Query::Range(SITE, bound.clone());
            Query::Or(vec![site, Query::AddressRange(part, bound)])
        }
        _ => Query::AddressRange(part, bound),
    }
}

fn pattern(part: PostalPart, pattern: TextPattern) -> Query {
    match part {
        PostalPart::Locality => {
            let site = Query::Text(SITE, pattern.clone());
            Query::Or(vec![site, Query::Address(part, pattern)])
        }
        _ => Query::Address(part, pattern),
    }
}

/// Whole addresses have `$` between their lines, and other dollars escaped (RFC 4517 section
/// 3.3.28).
fn line(part: PostalPart, text: &str) -> String {
    match part {
        PostalPart::Whole => {
            text.replace('$', "\n").replace("\\24", "$").replace("\\5C", "\\").replace("\\5c", "\\")
        }
        _ => text.to_owned(),
    }
}
