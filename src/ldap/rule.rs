//! The matching rules that extensible filters and sorting may name (RFC 4517 section 4.2).

use crate::ldap::schema::syntax::{self, Syntax};

/// What a matching rule compares, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    Text,
    /// Every letter as it is.
    TextExact,
    /// Parts of texts: the assertion has stars.
    TextSubstrings,
    Number,
    NumberSubstrings,
    /// What is before the value.
    Ordering,
    /// Names, identifiers and times: each attribute knows its own.
    Other,
}

/// A matching rule as the schema publishes it.
#[derive(Debug)]
pub(super) struct MatchingRule {
    pub(super) oid: &'static str,
    pub(super) name: &'static str,
    pub(super) rule: Rule,
    /// Of the value that is asked for.
    pub(super) syntax: Syntax,
}

const fn rule(oid: &'static str, name: &'static str, rule: Rule, syntax: Syntax) -> MatchingRule {
    MatchingRule { oid, name, rule, syntax }
}

pub(super) const RULES: [MatchingRule; 27] = [
    rule("2.5.13.0", "objectIdentifierMatch", Rule::Other, syntax::OID),
    rule("2.5.13.1", "distinguishedNameMatch", Rule::Other, syntax::DN),
    rule("2.5.13.2", "caseIgnoreMatch", Rule::Text, syntax::TEXT),
    rule("2.5.13.3", "caseIgnoreOrderingMatch", Rule::Ordering, syntax::TEXT),
    rule("2.5.13.4", "caseIgnoreSubstringsMatch", Rule::TextSubstrings, syntax::SUBSTRINGS),
    rule("2.5.13.5", "caseExactMatch", Rule::TextExact, syntax::TEXT),
    rule("2.5.13.6", "caseExactOrderingMatch", Rule::Ordering, syntax::TEXT),
    rule("2.5.13.8", "numericStringMatch", Rule::Number, syntax::NUMERIC),
    rule("2.5.13.9", "numericStringOrderingMatch", Rule::Ordering, syntax::NUMERIC),
    rule("2.5.13.10", "numericStringSubstringsMatch", Rule::NumberSubstrings, syntax::SUBSTRINGS),
    rule("2.5.13.11", "caseIgnoreListMatch", Rule::Text, syntax::POSTAL),
    rule("2.5.13.12", "caseIgnoreListSubstringsMatch", Rule::TextSubstrings, syntax::SUBSTRINGS),
    rule("2.5.13.13", "booleanMatch", Rule::Other, syntax::BOOLEAN),
    rule("2.5.13.14", "integerMatch", Rule::Other, syntax::INTEGER),
    rule("2.5.13.15", "integerOrderingMatch", Rule::Ordering, syntax::INTEGER),
    rule("2.5.13.17", "octetStringMatch", Rule::Other, syntax::OCTETS),
    rule("2.5.13.18", "octetStringOrderingMatch", Rule::Ordering, syntax::OCTETS),
    rule("2.5.13.20", "telephoneNumberMatch", Rule::Number, syntax::TELEPHONE),
    rule("2.5.13.21", "telephoneNumberSubstringsMatch", Rule::NumberSubstrings, syntax::SUBSTRINGS),
    rule("2.5.13.27", "generalizedTimeMatch", Rule::Other, syntax::TIME),
    rule("2.5.13.28", "generalizedTimeOrderingMatch", Rule::Ordering, syntax::TIME),
    rule("2.5.13.30", "objectIdentifierFirstComponentMatch", Rule::Other, syntax::OID),
    rule("1.3.6.1.1.16.2", "UUIDMatch", Rule::Other, syntax::UUID),
    rule("1.3.6.1.1.16.3", "UUIDOrderingMatch", Rule::Ordering, syntax::UUID),
    rule("1.3.6.1.4.1.1466.109.114.1", "caseExactIA5Match", Rule::TextExact, syntax::IA5),
    rule("1.3.6.1.4.1.1466.109.114.2", "caseIgnoreIA5Match", Rule::Text, syntax::IA5),
    rule(
        "1.3.6.1.4.1.1466.109.114.3",
        "caseIgnoreIA5SubstringsMatch",
        Rule::TextSubstrings,
        syntax::SUBSTRINGS,
    ),
];

/// The rule of an object identifier or a name in any case.
pub(super) fn find(name: &[u8]) -> Option<Rule> {
    named(name).map(|found| found.rule)
}

/// As [`find`], with all that is known of the rule.
pub(super) fn named(name: &[u8]) -> Option<&'static MatchingRule> {
    let same = |known: &str| known.as_bytes().eq_ignore_ascii_case(name);
    RULES.iter().find(|known| same(known.oid) || same(known.name))
}
