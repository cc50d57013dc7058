//! The collation `i;unicode-casemap` (RFC 5051): texts without case, with their accents.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The text in capital letters, decomposed: texts that differ in case only are mapped to the same.
///
/// RFC 5051 maps single letters first and decomposes then; here they are decomposed first, so that
/// letters that have no capital of their own, such as `ΐ`, lose their case as well.
pub fn casemap(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Owned(text.to_ascii_uppercase());
    }
    Cow::Owned(text.nfkd().map(capital).nfkd().collect())
}

/// A letter's capital, where that is one letter: `ß` stays.
fn capital(letter: char) -> char {
    let mut capitals = letter.to_uppercase();
    match (capitals.next(), capitals.next()) {
        (Some(capital), None) if !is_combining_mark(letter) => capital,
        _ => letter,
    }
}

/// Whether every text that has this one, by [`casemap`], also has it when both are folded for the
/// index. Not so in scripts whose letters are composed of others: `か` is a part of `が`, and `하` of
/// `한`, but not when they are folded.
pub fn survives_folding(text: &str) -> bool {
    text.chars().all(|c| {
        matches!(c,
            '\u{20}'..='\u{7e}'
            // Latin
            | '\u{a1}'..='\u{ac}' | '\u{ae}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}'
            // Greek, Cyrillic
            | '\u{370}'..='\u{52f}' | '\u{1f00}'..='\u{1fff}'
            // Chinese
            | '\u{4e00}'..='\u{9fff}')
    })
}

#[cfg(test)]
mod tests {
    use proptest::{prop_assert, prop_assume, proptest};

    use super::*;
    use crate::contact::fold::{keys, spellings};

    #[test]
    fn case_is_mapped_in_every_script() {
        for (one, other) in [
            ("straße", "STRAßE"),
            ("ΰ", "Ϋ\u{301}"),
            ("ǆ", "Ǆ"),
            ("я", "Я"),
            ("ａ", "A"),
            ("ᾳ", "ᾼ"),
        ] {
            assert_eq!(casemap(one), casemap(other), "{one} {other}");
        }
        assert_ne!(casemap("ß"), casemap("ss"), "RFC 5051 has no such rule");
        assert_ne!(casemap("a"), casemap("ä"));
    }

    proptest! {
        #[test]
        fn what_a_text_has_it_has_when_folded(
            value in "[ -~à-ÿÀ-ÞĀ-ɏ\u{300}-\u{304}\u{345}Ά-ώἀ-ῼЀ-ӿᴬ-ᵛ\u{ad}ﬁ㌀か-が한하王]{1,8}",
            from in 0usize..8, length in 1usize..6,
        ) {
            let mapped: Vec<char> = casemap(&value).chars().collect();
            let part: String = mapped.iter().skip(from).take(length).collect();
            prop_assume!(survives_folding(&part));
            let kept = spellings(&value);
            for text in [part.clone(), part.to_lowercase()] {
                prop_assume!(casemap(&value).contains(&*casemap(&text)));
                let keys = keys(&text);
                let found = keys.iter().any(|key| kept.iter().any(|kept| kept.contains(key.as_str())));
                prop_assert!(found, "{:?} in {:?}: {:?} {:?}", text, value, keys, kept);
            }
        }
    }
}
