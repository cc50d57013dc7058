//! Orders names as the organization's language does (Unicode collation, CLDR).

use std::cmp::Ordering;
use std::fmt;

use icu_collator::options::{CollatorOptions, Strength};
use icu_collator::{Collator, CollatorBorrowed};
use icu_locale_core::Locale;

/// The order of one language.
pub struct Collation {
    /// Tells accents and case apart: names that differ are always in the same order.
    exact: CollatorBorrowed<'static>,
    /// Does not.
    loose: CollatorBorrowed<'static>,
}

impl Collation {
    /// The order of a language tag such as `de` or `sv-FI`; unknown tags get the root order.
    pub fn of_language(language: &str) -> Self {
        let locale = language.parse::<Locale>().unwrap_or(Locale::UNKNOWN);
        Self {
            exact: collator(&locale, Strength::Tertiary),
            loose: collator(&locale, Strength::Primary),
        }
    }

    /// Compares without case and accents, as far as the language does not take a letter with an
    /// accent for another letter.
    pub fn compare(&self, one: &str, other: &str) -> Ordering {
        self.loose.compare(one, other)
    }

    /// The bytes that sort as the text does.
    pub fn sort_key(&self, text: &str) -> Box<[u8]> {
        let mut key = Vec::with_capacity(text.len() + 8);
        let Ok(()) = self.exact.write_sort_key_to(text, &mut key);
        key.into_boxed_slice()
    }
}

fn collator(locale: &Locale, strength: Strength) -> CollatorBorrowed<'static> {
    let mut options = CollatorOptions::default();
    options.strength = Some(strength);
    let collator = Collator::try_new(locale.into(), options)
        .or_else(|_| Collator::try_new(Locale::UNKNOWN.into(), options));
    match collator {
        Ok(collator) => collator,
        // The root order is compiled into the collator crate, so this arm is never reached.
        Err(fault) => unreachable!("the root collation is missing: {fault}"),
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
