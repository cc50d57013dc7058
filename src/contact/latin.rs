//! Latin letters for names in other scripts, as people type them.

use any_ascii::any_ascii;
use unicode_normalization::UnicodeNormalization;

/// How a text's letters become Latin ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Script {
    Latin,
    /// Cyrillic and Greek: several spellings are in use, see [`sounds`].
    Sounding,
    /// Japanese syllables, maybe with Chinese characters among them.
    Kana,
    Han,
    Other,
}

/// The script of the first letter that decides it.
pub(super) fn script(text: &str) -> Script {
    let mut script = Script::Latin;
    for c in text.chars() {
        match c {
            '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' | '\u{400}'..='\u{52f}' => {
                return Script::Sounding;
            }
            '\u{3041}'..='\u{30ff}' | '\u{ff66}'..='\u{ff9d}' => return Script::Kana,
            _ if is_han(c) => script = Script::Han,
            '\0'..='\u{24f}' | '\u{300}'..='\u{36f}' | '\u{1e00}'..='\u{1eff}' => {}
            _ if script == Script::Latin => script = Script::Other,
            _ => {}
        }
    }
    script
}

/// Chinese characters.
pub(super) fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}')
}

/// The text as `any_ascii` spells it: the English way, and the readings of Chinese characters in
/// pinyin. Greek `ου` is one sound and one Latin digraph.
pub(super) fn english(text: &str) -> String {
    let composed: String = text.nfc().collect::<String>().replace("ου", "ou").replace("ού", "ou");
    any_ascii(&composed).to_ascii_lowercase()
}

/// The spelling of scholars (ISO 9) without its accents: `Хрущёв` is `hruscev`, `Юлия` `julija`.
pub(super) fn scholarly(text: &str) -> String {
    let mut latin = String::with_capacity(text.len());
    for c in text.to_lowercase().nfc() {
        match scholarly_letter(c) {
            Some(letters) => latin.push_str(letters),
            None => latin.push_str(&any_ascii(c.encode_utf8(&mut [0; 4])).to_ascii_lowercase()),
        }
    }
    latin
}

fn scholarly_letter(c: char) -> Option<&'static str> {
    Some(match c {
        'ж' | 'з' => "z",
        'х' => "h",
        'ц' | 'ч' | 'ћ' => "c",
        'ш' => "s",
        'щ' => "sc",
        'ъ' | 'ь' => "",
        'ы' => "y",
        'э' | 'ё' => "e",
        'ю' => "ju",
        'я' => "ja",
        'є' => "je",
        'ј' | 'й' => "j",
        'љ' => "lj",
        'њ' => "nj",
        'ђ' => "dj",
        'џ' => "dz",
        'и' | 'і' => "i",
        _ => return None,
    })
}

/// Japanese syllables in Latin letters: as they are written, and with long vowels as most people
/// write them (`satou` and `sato`).
pub(super) fn romaji(text: &str) -> [String; 2] {
    let written = english(text).replace('-', "");
    let mut short = String::with_capacity(written.len());
    for c in written.chars() {
        let long =
            matches!((short.chars().next_back(), c), (Some('o'), 'o' | 'u') | (Some('u'), 'u'));
        if !long {
            short.push(c);
        }
    }
    [written, short]
}

/// Chinese family names of two characters.
const DOUBLE_NAMES: [&str; 12] = [
    "欧阳", "歐陽", "司马", "司馬", "诸葛", "諸葛", "上官", "司徒", "慕容", "夏侯", "皇甫", "尉迟",
];

/// Chinese names in pinyin: in one word (`wangxiaoming`), and with the family name by itself
/// (`wang xiaoming`).
pub(super) fn pinyin(text: &str) -> [String; 2] {
    let apart: Vec<String> = text.split_whitespace().map(name_apart).collect();
    [english(text), english(&apart.join(" "))]
}

fn name_apart(word: &str) -> String {
    let length = word.chars().count();
    if !(2..=4).contains(&length) || !word.chars().all(is_han) {
        return word.to_owned();
    }
    let double = length > 2 && DOUBLE_NAMES.iter().any(|name| word.starts_with(name));
    let mut letters = word.chars();
    let family: String = letters.by_ref().take(if double { 2 } else { 1 }).collect();
    format!("{family} {}", letters.as_str())
}

/// A Cyrillic or Greek text by its sounds, in capitals, which nothing else has that is folded. What
/// people type in Latin letters becomes the same, see [`sounds_of_latin`]. X is `ш`, Q `ж`, W `ц`,
/// C `ч`, H `х`; J is any of `и`, `й`, `ь` before `а`, `о` and `у`, I is all of `и`, `ы`, `й` and
/// their runs elsewhere; none of them counts before `е`, which is `ё` and `э` as well.
pub(super) fn sounds(folded: &str) -> String {
    let letters: Vec<char> = folded.chars().collect();
    let mut sounds = String::with_capacity(folded.len());
    let mut at = 0;
    while let Some(letter) = letters.get(at) {
        let next = letters.get(at + 1).copied();
        let begins = at.checked_sub(1).and_then(|at| letters.get(at)).is_none_or(|c| *c == ' ');
        at += match (*letter, next) {
            ('ο', Some('υ')) => push(&mut sounds, "U"),
            ('α' | 'ε', Some('υ')) => {
                sounds.push(if *letter == 'α' { 'A' } else { 'E' });
                let voiceless = letters.get(at + 2).is_some_and(|c| "θκξπσστφχψ".contains(*c));
                push(&mut sounds, if voiceless { "F" } else { "V" })
            }
            ('γ', Some('γ')) => push(&mut sounds, "NG"),
            ('γ', Some('χ')) => push(&mut sounds, "NH"),
            ('μ', Some('π')) if begins => push(&mut sounds, "B"),
            _ => {
                match sound(*letter) {
                    Some(sound) => sounds.push_str(sound),
                    None => sounds.push(sound_of_latin(*letter)),
                }
                1
            }
        };
    }
    softened(&sounds)
}

/// Appends the sound of two letters.
fn push(sounds: &mut String, sound: &str) -> usize {
    sounds.push_str(sound);
    2
}

/// Soft signs are apostrophes until the text is [`softened`].
fn sound(letter: char) -> Option<&'static str> {
    Some(match letter {
        'а' | 'α' => "A",
        'б' => "B",
        'в' | 'β' => "V",
        'г' | 'ґ' | 'γ' => "G",
        'д' | 'δ' => "D",
        'е' | 'э' | 'є' | 'ε' => "E",
        'ж' => "Q",
        'з' | 'ζ' => "Z",
        'и' | 'й' | 'і' | 'ї' | 'ы' | 'ј' | 'η' | 'ι' | 'υ' => "I",
        'к' | 'κ' => "K",
        'л' | 'λ' => "L",
        'м' | 'μ' => "M",
        'н' | 'ν' => "N",
        'о' | 'ο' | 'ω' => "O",
        'п' | 'π' => "P",
        'р' | 'ρ' => "R",
        'с' | 'σ' | 'ς' => "S",
        'т' | 'τ' => "T",
        'θ' => "TH",
        'у' => "U",
        'ф' | 'φ' => "F",
        'х' | 'χ' => "H",
        'ц' => "W",
        'ч' | 'ћ' => "C",
        'ш' => "X",
        'щ' => "XC",
        'ъ' => "",
        'ь' => "'",
        'ю' => "IU",
        'я' => "IA",
        'љ' => "L'",
        'њ' => "N'",
        'ђ' => "D'",
        'џ' => "DQ",
        'ξ' => "KS",
        'ψ' => "PS",
        _ => return None,
    })
}

/// Runs of I and soft signs become what they mean before the next letter.
fn softened(sounds: &str) -> String {
    let mut softened = String::with_capacity(sounds.len());
    let mut rest = sounds.chars().peekable();
    while let Some(sound) = rest.next() {
        if !matches!(sound, 'I' | '\'') {
            let hissing = matches!(sound, 'S' | 'Z') && softened.ends_with('T');
            if hissing {
                softened.pop();
            }
            softened.push(if hissing { 'W' } else { sound });
            continue;
        }
        let mut vowel = sound == 'I';
        while let Some(more) = rest.next_if(|sound| matches!(sound, 'I' | '\'')) {
            vowel |= more == 'I';
        }
        match rest.peek() {
            Some('A' | 'O' | 'U') => softened.push('J'),
            Some('E') => {}
            _ if vowel => softened.push('I'),
            _ => {}
        }
    }
    softened
}

/// Letters that are one sound together, the longest first, and the sounds they may be.
const TOGETHER: [(&str, &[&str]); 15] = [
    ("schtsch", &["XC"]),
    ("shch", &["XC"]),
    ("szcz", &["XC"]),
    ("tsch", &["C"]),
    ("sch", &["XC", "X"]),
    ("tch", &["C"]),
    ("ch", &["C", "H"]),
    ("ck", &["K"]),
    ("cz", &["C"]),
    ("kh", &["H"]),
    ("ou", &["U"]),
    ("ph", &["F"]),
    ("sh", &["X"]),
    ("zh", &["Q"]),
    ("x", &["KS"]),
];
/// More ways to read a key are not tried.
const WAYS_MAX: usize = 8;

/// The sounds that a text in Latin letters may mean: it is folded and in ASCII. Empty where it has
/// no letter.
pub(super) fn sounds_of_latin(folded: &str) -> Vec<String> {
    if !folded.contains(|c: char| c.is_ascii_lowercase()) {
        return Vec::new();
    }
    let mut ways = vec![String::with_capacity(folded.len())];
    let mut rest = folded;
    while let Some(letter) = rest.chars().next() {
        let begins = matches!(letter, 'c' | 'k' | 'o' | 'p' | 's' | 't' | 'x' | 'z');
        let together = TOGETHER.iter().find(|(letters, _)| begins && rest.starts_with(letters));
        let length = match together {
            Some((letters, sounds)) => {
                fork(&mut ways, sounds);
                letters.len()
            }
            None => {
                // One at the end may become `ch`.
                let sound = if rest == "c" { 'C' } else { sound_of_latin(letter) };
                ways.iter_mut().for_each(|way| way.push(sound));
                letter.len_utf8()
            }
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    let mut all: Vec<String> = ways.iter().map(|way| softened(way)).collect();
    let last = folded.rsplit(' ').next().unwrap_or_default();
    for at in 0..all.len() {
        let Some(way) = all.get_mut(at) else { break };
        if last.starts_with(['j', 'y']) && last.len() == 1 {
            // `J*` is no Иван.
            way.pop();
            way.push('J');
        }
        let with_e = Some(&*way).filter(|way| way.contains('O')).map(|way| with_inner_o_as_e(way));
        // Γιάννης is `Yannis` as well.
        let greek = (way.starts_with('J') && way.len() > 1).then(|| format!("G{way}"));
        // Of `yuli` nobody knows yet whether it is Юлия.
        let open = way.strip_suffix('I').filter(|_| last.len() > 1).map(|way| format!("{way}J"));
        for other in [with_e, greek, open].into_iter().flatten() {
            if all.len() < WAYS_MAX && !all.contains(&other) {
                all.push(other);
            }
        }
    }
    all
}

/// `Pyotr` is Пётр, `Gorbatschow` Горбачёв. At the beginning of a word this would be too much:
/// `jo*` is no Елена.
fn with_inner_o_as_e(way: &str) -> String {
    let mut other = String::with_capacity(way.len());
    let mut before = [' ', ' '];
    for sound in way.chars() {
        let soft = matches!(before[1], 'J' | 'C' | 'X' | 'Q') && before[0].is_alphabetic();
        if sound == 'O' && soft {
            if before[1] == 'J' {
                other.pop();
            }
            other.push('E');
        } else {
            other.push(sound);
        }
        before = [before[1], sound];
    }
    other
}

fn fork(ways: &mut Vec<String>, sounds: &[&str]) {
    let more = ways.len() * sounds.len() <= WAYS_MAX;
    let others = sounds.get(1..).filter(|_| more).unwrap_or_default();
    let mut forked = Vec::new();
    for way in ways.iter_mut() {
        forked.extend(others.iter().map(|sound| format!("{way}{sound}")));
        way.push_str(sounds.first().copied().unwrap_or_default());
    }
    ways.append(&mut forked);
}

/// An apostrophe is a soft sign.
fn sound_of_latin(letter: char) -> char {
    match letter {
        'j' | 'y' => 'I',
        'w' => 'V',
        'c' | 'q' => 'K',
        '`' => '\'',
        _ => letter.to_ascii_uppercase(),
    }
}
