//! The matching rules that extensible filters may name (RFC 4517 section 4.2).

/// What a matching rule compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    Text,
    Number,
    /// Names, identifiers and times: each attribute knows its own.
    Other,
}

const RULES: [(&str, &str, Rule); 17] = [
    ("2.5.13.0", "objectIdentifierMatch", Rule::Other),
    ("2.5.13.1", "distinguishedNameMatch", Rule::Other),
    ("2.5.13.2", "caseIgnoreMatch", Rule::Text),
    ("2.5.13.3", "caseIgnoreOrderingMatch", Rule::Text),
    ("2.5.13.4", "caseIgnoreSubstringsMatch", Rule::Text),
    ("2.5.13.5", "caseExactMatch", Rule::Text),
    ("2.5.13.8", "numericStringMatch", Rule::Number),
    ("2.5.13.11", "caseIgnoreListMatch", Rule::Text),
    ("2.5.13.13", "booleanMatch", Rule::Other),
    ("2.5.13.20", "telephoneNumberMatch", Rule::Number),
    ("2.5.13.21", "telephoneNumberSubstringsMatch", Rule::Number),
    ("2.5.13.27", "generalizedTimeMatch", Rule::Other),
    ("2.5.13.28", "generalizedTimeOrderingMatch", Rule::Other),
    ("1.3.6.1.1.16.2", "uuidMatch", Rule::Other),
    ("1.3.6.1.4.1.1466.109.114.1", "caseExactIA5Match", Rule::Text),
    ("1.3.6.1.4.1.1466.109.114.2", "caseIgnoreIA5Match", Rule::Text),
    ("2.5.13.33", "keywordMatch", Rule::Text),
];

/// The rule of an object identifier or a name in any case.
pub(super) fn find(name: &[u8]) -> Option<Rule> {
    let same = |known: &str| known.as_bytes().eq_ignore_ascii_case(name);
    RULES.iter().find(|(oid, known, _)| same(oid) || same(known)).map(|(_, _, rule)| *rule)
}
