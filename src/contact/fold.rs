//! Folds names so that they are found without case, accents and script (RFC 4518, and more).

use any_ascii::any_ascii;
use caseless::Caseless;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::contact::latin::{self, Script};

/// The spellings under which a text is kept: folded, with `ä` as `ae`, and in Latin letters.
///
/// A text is found where one of its spellings is one of the [`keys`] of what is asked for. There is
/// at least one, most texts have one or two, Cyrillic ones four.
pub fn spellings(text: &str) -> Vec<String> {
    let mut all = written(text);
    if let Some(folded) = all.first().filter(|_| script(text) == Script::Sounding) {
        let sounds = latin::sounds(folded);
        all.push(sounds);
    }
    all
}

/// What a text that somebody searches for may look like among [`spellings`].
pub fn keys(text: &str) -> Vec<String> {
    let mut all = written(text);
    if let Some(folded) = all.first().filter(|folded| folded.is_ascii()) {
        let sounds = latin::sounds_of_latin(folded);
        all.extend(sounds);
    }
    all
}

fn script(text: &str) -> Script {
    if text.is_ascii() { Script::Latin } else { latin::script(text) }
}

/// The folded text and, where that is another, how it is written in Latin letters.
fn written(text: &str) -> Vec<String> {
    let folded = fold(text);
    if text.is_ascii() {
        return vec![folded];
    }
    let expanded = expand_umlauts(text).map(|expanded| fold(&expanded));
    let latin = match latin::script(text) {
        Script::Latin if folded.is_ascii() => Vec::new(),
        Script::Latin | Script::Other => vec![latin::english(text)],
        Script::Sounding => vec![latin::english(text), latin::scholarly(text)],
        Script::Kana => latin::romaji(text).into(),
        Script::Han => latin::pinyin(text).into(),
    };
    let mut all = vec![folded];
    let latin = latin.iter().map(|latin| collapse_spaces(latin));
    for spelling in expanded.into_iter().chain(latin) {
        if !spelling.is_empty() && !all.contains(&spelling) {
            all.push(spelling);
        }
    }
    all
}

/// The folded text: no case, no accents, single spaces, hiragana for katakana. Latin letters
/// without a decomposition (ø, ł, ı, đ) become their base letters; other scripts stay as they are.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return collapse_spaces(&text.to_ascii_lowercase());
    }
    let mut folded = String::with_capacity(text.len());
    let plain = text.nfkd().filter(|c| !is_accent(*c)).default_case_fold();
    for c in plain.nfkd().filter(|c| !is_accent(*c)) {
        match c {
            'æ' | 'œ' | 'þ' | 'ð' | 'ø' | 'đ' | 'ħ' | 'ı' | 'ĸ' | 'ł' | 'ŋ' | 'ŧ' => {
                folded.push_str(&any_ascii(c.encode_utf8(&mut [0; 4])).to_ascii_lowercase());
            }
            '\u{30a1}'..='\u{30f6}' => {
                folded.extend(u32::from(c).checked_sub(0x60).and_then(char::from_u32));
            }
            _ => folded.push(c),
        }
    }
    let folded = collapse_spaces(&folded);
    if folded.is_ascii() { folded } else { folded.nfc().collect() }
}

/// The marks that are left out; those that make `が` of `か` are letters.
fn is_accent(c: char) -> bool {
    is_combining_mark(c) && !matches!(c, '\u{3099}' | '\u{309a}')
}

/// The transcriptions that German, Danish, Norwegian and Swedish writers use without the letters;
/// None where the text has none of these.
fn expand_umlauts(text: &str) -> Option<String> {
    let mut expanded = String::with_capacity(text.len() + 4);
    let mut found = false;
    for c in text.nfc() {
        let letters = match c {
            'ä' | 'Ä' => "ae",
            'ö' | 'Ö' | 'ø' | 'Ø' => "oe",
            'ü' | 'Ü' => "ue",
            'å' | 'Å' => "aa",
            _ => {
                expanded.push(c);
                continue;
            }
        };
        found = true;
        expanded.push_str(letters);
    }
    found.then_some(expanded)
}

/// Runs of white space become one space; there is none at the ends. What nobody sees is left out
/// (RFC 4518 section 2.2): control characters, soft hyphens, marks of the writing direction.
fn collapse_spaces(text: &str) -> String {
    let unseen = |c: char| {
        let format = matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}');
        c.is_control() || format || matches!(c, '\u{2060}'..='\u{2064}' | '\u{feff}')
    };
    let mut collapsed = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        let behind = collapsed.len();
        if behind > 0 {
            collapsed.push(' ');
        }
        let begins = collapsed.len();
        if word.contains(unseen) {
            collapsed.extend(word.chars().filter(|c| !unseen(*c)));
        } else {
            collapsed.push_str(word);
        }
        if collapsed.len() == begins {
            collapsed.truncate(behind);
        }
    }
    collapsed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn found(key: &str, name: &str) -> bool {
        let names = spellings(name);
        keys(key).iter().any(|key| names.iter().any(|name| name.starts_with(key.as_str())))
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
    fn latin_keys_find_other_scripts() {
        for (name, keys) in [
            ("Щербаков", "shcherbakov, scherbakov, scerbakov, щербаков, shch, s"),
            ("Юлия", "yulia, julia, yuliya, julija, iuliia, juliya, yu, yul, yuli, ju, juli"),
            ("Хрущёв", "khrushchev, hruscev, chruschtschow, kh, k, h, khrushch, хрущев"),
            ("Фёдор", "fedor, fyodor, fjodor, f"),
            ("Дмитрий", "dmitriy, dmitry, dmitri, dmitrij, dmitrii"),
            ("Сергей", "sergey, sergei, sergej, serge"),
            ("Алексей", "alexey, aleksei, alexej"),
            ("Евгений Жуков", "evgeny zhukov, yevgeniy, jewgenij zhu, evgenij zukov"),
            ("Татьяна", "tatiana, tatyana, tatjana"),
            ("Михаил Горбачёв", "mikhail gorbachev, michail gorbatschow, mihail gorbacev"),
            ("Пётр Чайковский", "petr tchaikovsky, pyotr chaikovskiy, pjotr tschaikowski"),
            ("Цой", "tsoi, tsoy"),
            ("Ђорђе", "djordje"),
            ("Γιώργος Παπαδόπουλος", "giorgos papadopoulos, yorgos papa"),
            ("Γιάννης", "giannis, yannis"),
            ("Χρήστος", "christos, hristos"),
            ("Ευάγγελος", "evangelos"),
            ("Αλέξανδρος", "alexandros, aleksandros"),
            ("王小明", "wangxiaoming, wang xiaoming, wang, 王小"),
            ("欧阳锋", "ouyangfeng, ouyang feng"),
            ("やまだ", "yamada, ヤマダ, ﾔﾏﾀﾞ, やま"),
            ("さとう ゆうこ", "satou yuuko, sato yuko, サトウ"),
        ] {
            for key in keys.split(", ") {
                assert!(found(key, name), "{key} finds {name}: {:?}", spellings(name));
            }
        }
        for (key, name) in [
            ("yan", "Андрей"),
            ("ann", "Андрей"),
            ("yulia", "Юла"),
            ("sh", "Сергей"),
            ("julia", "Julio"),
            ("ivan", "Jean"),
            ("j", "Иван"),
            ("jo", "Елена"),
            ("th", "Татьяна"),
            ("c", "Константин"),
        ] {
            assert!(!found(key, name), "{key} does not find {name}");
        }
    }

    #[test]
    fn few_spellings_are_kept() {
        assert_eq!(spellings("Anna Adams"), ["anna adams"]);
        assert_eq!(spellings("Müller"), ["muller", "mueller"]);
        assert_eq!(spellings("Łukasz"), ["lukasz"]);
        assert_eq!(spellings("Анна").len(), 3);
        assert_eq!(spellings("王小明"), ["王小明", "wangxiaoming", "wang xiaoming"]);
        assert_eq!(spellings("ヤマダ"), ["やまだ", "yamada"]);
    }

    #[test]
    fn spaces_are_folded() {
        assert_eq!(fold("  Anna \t Adams\n"), "anna adams");
        assert_eq!(fold("Ünal  Öz"), "unal oz");
        assert_eq!(fold("An\0na \u{7} Ad\u{ad}ams\u{200b}"), "anna adams");
    }

    proptest::proptest! {
        #[test]
        fn folding_again_changes_nothing(text in "\\PC{0,20}") {
            let once = fold(&text);
            proptest::prop_assert_eq!(fold(&once), once);
        }

        #[test]
        fn every_name_is_found_by_itself(text in "[ -~äöüßåøŁа-яА-ЯёЁα-ωΑ-Ωάέあ-んア-ヴ一-鿿가-힣\u{0}\u{301}]{0,12}") {
            let kept = spellings(&text);
            proptest::prop_assert!(kept.len() <= 5);
            for key in [text.to_uppercase(), text.clone()] {
                let keys = keys(&key);
                proptest::prop_assert!(keys.iter().any(|key| kept.contains(key)), "{:?} {:?}", keys, kept);
            }
        }
    }
}
