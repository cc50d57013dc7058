//! The languages of reports.

use crate::file::rule::Rule;

mod french;
mod german;
mod russian;
mod spanish;

/// A language in which reports are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    #[default]
    English,
    French,
    German,
    Russian,
    Spanish,
}

impl Language {
    pub const ALL: [Self; 5] =
        [Self::English, Self::French, Self::German, Self::Russian, Self::Spanish];

    /// The language's code (ISO 639-1).
    pub fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::French => "fr",
            Self::German => "de",
            Self::Russian => "ru",
            Self::Spanish => "es",
        }
    }

    /// The language of a code in lower case.
    pub fn by_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.code() == code)
    }

    /// The sentence of a rule, with `{0}`, `{1}` … for its values.
    pub fn sentence_of(self, rule: Rule) -> &'static str {
        let translated = self.sentences().iter().find(|(known, _)| *known == rule);
        translated.map_or_else(|| rule.english(), |(_, sentence)| sentence)
    }

    /// What is not in English.
    fn sentences(self) -> &'static [(Rule, &'static str)] {
        match self {
            Self::English => &[],
            Self::French => french::SENTENCES,
            Self::German => german::SENTENCES,
            Self::Russian => russian::SENTENCES,
            Self::Spanish => spanish::SENTENCES,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `{0}`, `{1}` …, in order.
    fn places(sentence: &str) -> Vec<&str> {
        let parts = sentence.split('{').skip(1);
        let mut places: Vec<&str> = parts.map(|part| part.split('}').next().unwrap()).collect();
        places.sort_unstable();
        places
    }

    #[test]
    fn each_language_has_each_rule_with_its_values() {
        for language in Language::ALL.into_iter().filter(|of| *of != Language::English) {
            let code = language.code();
            for rule in Rule::ALL {
                let of_rule = |(known, _): &&(Rule, &str)| known == rule;
                let found: Vec<_> = language.sentences().iter().filter(of_rule).collect();
                let [(_, sentence)] = found[..] else {
                    panic!("{code} has {} sentences for {rule:?}", found.len());
                };
                assert_eq!(places(sentence), places(rule.english()), "{code}: {rule:?}");
            }
        }
    }

    #[test]
    fn sentences_stand_alone() {
        for language in Language::ALL {
            for rule in Rule::ALL {
                let sentence = language.sentence_of(*rule);
                assert!(!sentence.ends_with('.') && sentence.trim() == sentence, "{sentence}");
            }
        }
    }

    #[test]
    fn codes_of_rules_are_their_own() {
        for (at, rule) in Rule::ALL.iter().enumerate() {
            assert_eq!(Rule::by_code(rule.code()), Some(*rule));
            assert!(Rule::ALL.iter().skip(at + 1).all(|other| other.code() != rule.code()));
        }
    }
}
