//! The matching rules that extensible filters may name (RFC 4517 section 4.2).

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

const RULES: [(&str, &str, Rule); 20] = [
    ("2.5.13.0", "objectIdentifierMatch", Rule::Other),
    ("2.5.13.1", "distinguishedNameMatch", Rule::Other),
    ("2.5.13.2", "caseIgnoreMatch", Rule::Text),
    ("2.5.13.3", "caseIgnoreOrderingMatch", Rule::Ordering),
    ("2.5.13.4", "caseIgnoreSubstringsMatch", Rule::TextSubstrings),
    ("2.5.13.5", "caseExactMatch", Rule::TextExact),
    ("2.5.13.8", "numericStringMatch", Rule::Number),
    ("2.5.13.10", "numericStringSubstringsMatch", Rule::NumberSubstrings),
    ("2.5.13.11", "caseIgnoreListMatch", Rule::Text),
    ("2.5.13.12", "caseIgnoreListSubstringsMatch", Rule::TextSubstrings),
    ("2.5.13.13", "booleanMatch", Rule::Other),
    ("2.5.13.20", "telephoneNumberMatch", Rule::Number),
    ("2.5.13.21", "telephoneNumberSubstringsMatch", Rule::NumberSubstrings),
    ("2.5.13.27", "generalizedTimeMatch", Rule::Other),
    ("2.5.13.28", "generalizedTimeOrderingMatch", Rule::Ordering),
    ("1.3.6.1.1.16.2", "uuidMatch", Rule::Other),
    ("1.3.6.1.4.1.1466.109.114.1", "caseExactIA5Match", Rule::TextExact),
    ("1.3.6.1.4.1.1466.109.114.2", "caseIgnoreIA5Match", Rule::Text),
    ("1.3.6.1.4.1.1466.109.114.3", "caseIgnoreIA5SubstringsMatch", Rule::TextSubstrings),
    ("2.5.13.17", "octetStringMatch", Rule::Other),
];

/// The rule of an object identifier or a name in any case.
pub(super) fn find(name: &[u8]) -> Option<Rule> {
    let same = |known: &str| known.as_bytes().eq_ignore_ascii_case(name);
    RULES.iter().find(|(oid, known, _)| same(oid) || same(known)).map(|(_, _, rule)| *rule)
}
