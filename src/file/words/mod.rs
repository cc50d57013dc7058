//! The languages of reports.

use crate::file::rule::Rule;

/// A language in which reports are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    #[default]
    English,
}

impl Language {
    /// The sentence of a rule, with `{0}`, `{1}` … for its values.
    pub fn sentence_of(self, rule: Rule) -> &'static str {
        match self {
            Self::English => rule.english(),
        }
    }
}
