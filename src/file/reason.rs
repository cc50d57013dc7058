//! Why something was refused: a rule with the values that its sentence names.

use std::fmt;

use crate::file::rule::Rule;
use crate::file::words::Language;

/// Why a file, a row or a value was refused, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    pub rule: Rule,
    /// What stands for `{0}`, `{1}` … of the sentence.
    pub values: Box<[Box<str>]>,
}

impl Reason {
    pub fn new<const N: usize>(rule: Rule, values: [&dyn fmt::Display; N]) -> Self {
        Self { rule, values: values.iter().map(|value| value.to_string().into()).collect() }
    }

    /// The sentence for people who read a language.
    pub fn sentence(&self, language: Language) -> String {
        let mut rest = language.sentence_of(self.rule);
        let mut sentence = String::with_capacity(rest.len());
        while let Some((before, behind)) = rest.split_once('{') {
            sentence.push_str(before);
            let (place, behind) = behind.split_once('}').unwrap_or(("", behind));
            let value = place.parse().ok().and_then(|place: usize| self.values.get(place));
            sentence.push_str(value.map_or("", |value| value));
            rest = behind;
        }
        sentence.push_str(rest);
        sentence
    }
}

impl From<Rule> for Reason {
    fn from(rule: Rule) -> Self {
        Self::new(rule, [])
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence(Language::English))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_names_its_values() {
        let reason = Reason::new(Rule::TooFewCells, [&2, &7]);
        assert_eq!(reason.to_string(), "missing fields: 2 where the header has 7");
        let braces = Reason::new(Rule::MissingColumn, [&"{1}", &"a, b"]);
        assert_eq!(braces.to_string(), "the header has no column `{1}`; it has `a, b`");
    }
}
