//! Orders names as the organization's language does (Unicode collation, CLDR).

use std::fmt;

use icu_collator::options::{CollatorOptions, Strength};
use icu_collator::{Collator, CollatorBorrowed};
use icu_locale_core::Locale;

/// The order of one language.
pub struct Collation {
    collator: CollatorBorrowed<'static>,
}

impl Collation {
    /// The order of a language tag such as `de` or `sv-FI`; unknown tags get the root order.
    pub fn of_language(language: &str) -> Self {
        let locale = language.parse::<Locale>().unwrap_or(Locale::UNKNOWN);
        let mut options = CollatorOptions::default();
        options.strength = Some(Strength::Tertiary);
        let collator = Collator::try_new(locale.into(), options)
            .or_else(|_| Collator::try_new(Locale::UNKNOWN.into(), options));
        match collator {
            Ok(collator) => Self { collator },
            // The root order is compiled into the collator crate, so this arm is never reached.
            Err(fault) => unreachable!("the root collation is missing: {fault}"),
        }
    }

    /// The bytes that sort as the text does.
    pub fn sort_key(&self, text: &str) -> Box<[u8]> {
        let mut key = Vec::with_capacity(text.len() + 8);
        let Ok(()) = self.collator.write_sort_key_to(text, &mut key);
        key.into_boxed_slice()
    }
}

impl fmt::Debug for Collation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Collation")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(language: &str, mut names: Vec<&'static str>) -> Vec<&'static str> {
        let collation = Collation::of_language(language);
        names.sort_by_key(|name| collation.sort_key(name));
        names
    }

    #[test]
    fn umlauts_sort_as_each_language_wants() {
        assert_eq!(sorted("de", vec!["Zorn", "Ärmel", "Bauer"]), ["Ärmel", "Bauer", "Zorn"]);
        assert_eq!(sorted("sv", vec!["Zorn", "Ärmel", "Bauer"]), ["Bauer", "Zorn", "Ärmel"]);
    }

    #[test]
    fn unknown_languages_sort_too() {
        assert_eq!(sorted("no such language", vec!["b", "A"]), ["A", "b"]);
    }
}
