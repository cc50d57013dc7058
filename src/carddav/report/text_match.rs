//! Comparing texts as a filter asks (RFC 6352 10.5.4): collations, match types, negation.

use std::borrow::Cow;

use crate::contact::casemap::casemap;

/// How letters are compared (RFC 6352 8.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Collation {
    /// RFC 5051: without case in any script; accents count.
    UnicodeCasemap,
    /// RFC 4790 9.2: without case in `A` to `Z`.
    AsciiCasemap,
}

impl Collation {
    /// The collation of a name; `default` is ours to choose (RFC 4790 3.1).
    pub(crate) fn parse(name: &str) -> Option<Self> {
        match name {
            "i;unicode-casemap" | "default" => Some(Self::UnicodeCasemap),
            "i;ascii-casemap" => Some(Self::AsciiCasemap),
            _ => None,
        }
    }

    /// Texts that are equal for the collation are the same when they are mapped.
    fn mapped(self, text: &str) -> Cow<'_, str> {
        match self {
            Self::UnicodeCasemap => casemap(text),
            Self::AsciiCasemap => Cow::Owned(text.to_ascii_uppercase()),
        }
    }
}

/// Where in a value the text must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MatchType {
    Equals,
    Contains,
    StartsWith,
    EndsWith,
}

impl MatchType {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "equals" => Self::Equals,
            "contains" => Self::Contains,
            "starts-with" => Self::StartsWith,
            "ends-with" => Self::EndsWith,
            _ => return None,
        })
    }
}

/// A text that a value is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TextMatch {
    /// As the client wrote it.
    pub(crate) text: Box<str>,
    pub(crate) kind: MatchType,
    /// Whether values that do not match are wanted.
    pub(crate) negated: bool,
    collation: Collation,
    mapped: Box<str>,
}

impl TextMatch {
    pub(crate) fn new(text: &str, kind: MatchType, collation: Collation) -> Self {
        let mapped = collation.mapped(text).into();
        Self { text: text.into(), kind, negated: false, collation, mapped }
    }

    /// The opposite, or the same.
    pub(crate) fn negated(self, negated: bool) -> Self {
        Self { negated, ..self }
    }

    /// Whether a value has the text, apart from any negation.
    pub(crate) fn has(&self, value: &str) -> bool {
        let value = self.collation.mapped(value);
        let (value, part) = (value.as_bytes(), self.mapped.as_bytes());
        match self.kind {
            MatchType::Equals => value == part,
            MatchType::Contains => memchr::memmem::find(value, part).is_some(),
            MatchType::StartsWith => value.starts_with(part),
            MatchType::EndsWith => value.ends_with(part),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::{prop_assert, proptest};

    use super::*;

    fn has(kind: MatchType, text: &str, value: &str) -> bool {
        TextMatch::new(text, kind, Collation::UnicodeCasemap).has(value)
    }

    #[test]
    fn the_four_match_types() {
        use MatchType::{Contains, EndsWith, Equals, StartsWith};
        for (kind, text, yes, no) in [
            (Equals, "Anna", "ANNA", "Anna Adams"),
            (Contains, "na ad", "Anna Adams", "Anna, Adams"),
            (StartsWith, "ann", "Anna", "Joanna"),
            (EndsWith, "NA", "Anna", "Anna."),
            (Contains, "", "anything", "\u{0}"),
            (Equals, "", "", "x"),
        ] {
            assert!(has(kind, text, yes), "{kind:?} {text} {yes}");
            assert!(text.is_empty() && kind == Contains || !has(kind, text, no), "{text} {no}");
        }
    }

    #[test]
    fn collations_know_their_letters() {
        let has =
            |collation, text, value| TextMatch::new(text, MatchType::Equals, collation).has(value);
        for (text, value) in
            [("MÜLLER", "müller"), ("иванов", "ИВАНОВ"), ("ΣΊΣΥΦΟΣ", "Σίσυφος"), ("ﬁ", "FI")]
        {
            assert!(has(Collation::UnicodeCasemap, text, value), "{text} {value}");
            assert!(!has(Collation::AsciiCasemap, text, value), "{text} {value}");
        }
        assert!(has(Collation::AsciiCasemap, "mÜLLER", "MÜLLER"));
        assert!(!has(Collation::UnicodeCasemap, "muller", "müller"), "accents count");
        assert!(
            has(Collation::UnicodeCasemap, "mu\u{308}ller", "Müller"),
            "however they are written"
        );
        assert_eq!(Collation::parse("i;octet"), None);
        assert_eq!(Collation::parse("I;ASCII-CASEMAP"), None);
    }

    proptest! {
        #[test]
        fn a_part_of_a_value_is_found_in_any_case(
            before in "[a-zA-ZäÖßéИв ]{0,5}", part in "[a-zA-ZäÖéИв ]{0,5}", behind in "[a-zA-ZäÖßéИв ]{0,5}",
        ) {
            let (tail, head) = (format!("{part}{behind}"), format!("{before}{part}"));
            for text in [part.to_lowercase(), part.to_uppercase()] {
                let whole = format!("{before}{tail}");
                prop_assert!(has(MatchType::Contains, &text, &whole));
                prop_assert!(has(MatchType::StartsWith, &text, &tail));
                prop_assert!(has(MatchType::EndsWith, &text, &head));
                prop_assert!(has(MatchType::Equals, &text, &part));
            }
        }
    }
}
