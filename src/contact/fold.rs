//! Folds names so that they are found without case, accents and script (RFC 4518, and more).

use any_ascii::any_ascii;
use caseless::Caseless;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The spellings under which a text is found: folded, with `ä` as `ae`, and in Latin letters.
///
/// Two texts are alike when they share a spelling. There is at least one, and at most three.
pub fn spellings(text: &str) -> Vec<String> {
    if text.is_ascii() {
        return vec![collapse_spaces(&text.to_ascii_lowercase())];
    }
    let folded = fold(text);
    let mut all = vec![folded];
    let expanded = fold(&expand_umlauts(text));
    let latin = latin(text);
    for spelling in [expanded, latin] {
        if !spelling.is_empty() && !all.contains(&spelling) {
            all.push(spelling);
        }
    }
    all
}

/// The text in Latin letters. Greek `ου` is one sound and one Latin digraph.
fn latin(text: &str) -> String {
    let composed: String = text.nfc().collect::<String>().replace("ου", "ou").replace("ού", "ou");
    collapse_spaces(&any_ascii(&composed).to_ascii_lowercase())
}

/// The folded text: no case, no accents, single spaces. Latin letters without a decomposition
/// (ø, ł, ı, đ) become their base letters; other scripts stay as they are.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return collapse_spaces(&text.to_ascii_lowercase());
    }
    let mut folded = String::with_capacity(text.len());
    let plain = text.nfkd().filter(|c| !is_combining_mark(*c)).default_case_fold();
    for c in plain.nfkd().filter(|c| !is_combining_mark(*c)) {
        match c {
            'æ' | 'œ' | 'þ' | 'ð' | 'ø' | 'đ' | 'ħ' | 'ı' | 'ĸ' | 'ł' | 'ŋ' | 'ŧ' => {
                folded.push_str(&any_ascii(c.encode_utf8(&mut [0; 4])).to_ascii_lowercase());
            }
            _ => folded.push(c),
        }
    }
    collapse_spaces(&folded)
}

/// The transcriptions that German, Danish, Norwegian and Swedish writers use without the letters.
fn expand_umlauts(text: &str) -> String {
    let mut expanded = String::with_capacity(text.len() + 4);
    for c in text.nfc() {
        match c {
            'ä' | 'Ä' => expanded.push_str("ae"),
            'ö' | 'Ö' | 'ø' | 'Ø' => expanded.push_str("oe"),
            'ü' | 'Ü' => expanded.push_str("ue"),
            'å' | 'Å' => expanded.push_str("aa"),
            _ => expanded.push(c),
        }
    }
    expanded
}

/// Runs of white space become one space; there is none at the ends.
fn collapse_spaces(text: &str) -> String {
    let mut collapsed = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !collapsed.is_empty() {
            collapsed.push(' ');
        }
        collapsed.push_str(word);
    }
    collapsed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn found(key: &str, name: &str) -> bool {
        let names = spellings(name);
        spellings(key).iter().any(|key| names.iter().any(|name| name.starts_with(key.as_str())))
    }

    #[test]
    fn names_are_found_without_case_and_accents() {
        for (key, name) in [
            ("mull", "Müller"),
            ("muell", "Müller"),
            ("Müll", "Mueller"),
            ("strasse", "Straße"),
            ("MÜLLER", "Müller"),
            ("lukasz", "Łukasz"),
            ("sorensen", "Sørensen"),
            ("soerensen", "Sørensen"),
            ("isil", "Işıl"),
            ("ivanov", "Иванов"),
            ("Иван", "ИВАНОВ"),
            ("georgiou", "Γεωργίου"),
            ("jose", "Jose\u{301}"),
        ] {
            assert!(found(key, name), "{key} finds {name}: {:?}", spellings(name));
        }
        assert!(!found("maller", "Müller"));
    }

    #[test]
    fn spaces_are_folded() {
        assert_eq!(fold("  Anna \t Adams\n"), "anna adams");
        assert_eq!(fold("Ünal  Öz"), "unal oz");
    }

    proptest::proptest! {
        #[test]
        fn folding_again_changes_nothing(text in "\\PC{0,20}") {
            let once = fold(&text);
            proptest::prop_assert_eq!(fold(&once), once);
        }
    }
}
