//! Words of names in any order: `jo ad` are the beginnings of words of "Adams, John".

use crate::contact::fold::keys;

/// Names with more words than these are compared in one order only.
const ASKED_MAX: usize = 6;
/// Further words of a name are not looked at.
const WORDS_MAX: usize = 64;

/// What words stand behind, where they are not the first.
pub const BEFORE_WORDS: [char; 9] = [' ', '-', ',', ';', '.', '/', '(', '"', '\''];

/// How the words that are asked for fit those of a name; each fits one by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// Each is the beginning of a word.
    Beginnings,
    /// Each is a word, and there are no others.
    Whole,
}

/// The words of a text that is asked for, each in its [`keys`]. None where there is one only, or
/// too many.
pub(super) fn asked(text: &str) -> Option<Vec<Vec<String>>> {
    let words: Vec<&str> = whole(text).collect();
    (2..=ASKED_MAX).contains(&words.len()).then(|| words.into_iter().map(keys).collect())
}

/// Whether the words fit a spelling of a name.
pub(super) fn fit(name: &str, asked: &[Vec<String>], fit: Fit) -> bool {
    let words: Vec<&str> = match fit {
        Fit::Beginnings => beginnings(name).take(WORDS_MAX).collect(),
        Fit::Whole => whole(name).take(WORDS_MAX).collect(),
    };
    let enough = match fit {
        Fit::Beginnings => words.len() >= asked.len(),
        Fit::Whole => words.len() == asked.len(),
    };
    let fits = |forms: &Vec<String>, word: &str| match fit {
        Fit::Beginnings => forms.iter().any(|form| word.starts_with(form.as_str())),
        Fit::Whole => forms.iter().any(|form| word == form),
    };
    let mut pairs = Pairs { asked, words: &words, taken: vec![None; words.len()] };
    enough && (0..asked.len()).all(|one| pairs.pair(one, &mut 0, &fits))
}

/// The words between spaces and commas.
fn whole(text: &str) -> impl Iterator<Item = &str> {
    let between = |c: char| c.is_whitespace() || matches!(c, ',' | ';');
    text.split(between).filter(|word| !word.is_empty())
}

/// The rest of a text from each place where a word begins.
fn beginnings(text: &str) -> impl Iterator<Item = &str> {
    let behind = text.match_indices(BEFORE_WORDS).map(|(at, boundary)| at + boundary.len());
    std::iter::once(0).chain(behind).filter_map(|at| text.get(at..))
}

/// Which word of a name each asked one has taken.
struct Pairs<'p> {
    asked: &'p [Vec<String>],
    words: &'p [&'p str],
    taken: Vec<Option<usize>>,
}

impl Pairs<'_> {
    /// Finds a word for one that was asked for; others may have to take another (Kuhn's algorithm).
    fn pair(
        &mut self,
        one: usize,
        seen: &mut u64,
        fits: &impl Fn(&Vec<String>, &str) -> bool,
    ) -> bool {
        let Some(forms) = self.asked.get(one) else { return false };
        for (at, word) in self.words.iter().enumerate() {
            if *seen & (1 << at) != 0 || !fits(forms, word) {
                continue;
            }
            *seen |= 1 << at;
            let owner = self.taken.get(at).copied().flatten();
            if owner.is_none_or(|owner| self.pair(owner, seen, fits)) {
                if let Some(taken) = self.taken.get_mut(at) {
                    *taken = Some(one);
                }
                return true;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::fold::spellings;

    #[track_caller]
    fn found(key: &str, name: &str, how: Fit) -> bool {
        let asked = asked(key).unwrap();
        spellings(name).iter().any(|name| fit(name, &asked, how))
    }

    #[test]
    fn words_are_found_in_any_order() {
        for (key, name) in [
            ("jo ad", "John Adams"),
            ("ad jo", "John Adams"),
            ("jo ad", "Adams, John"),
            ("j a", "Adams, John Quincy"),
            ("adams, jo", "John Adams"),
            ("pe mü", "Hans-Peter Mueller"),
            ("o'n se", "Sean O'Neill"),
            ("iv an", "Анна Иванова"),
            ("xiao wang", "王小明"),
            ("an an", "Anna Anders"),
        ] {
            assert!(found(key, name, Fit::Beginnings), "{key} finds {name}");
        }
        for (key, name) in [("jo jo", "John Adams"), ("oh ad", "John Adams"), ("j a x", "Jo Ax")] {
            assert!(!found(key, name, Fit::Beginnings), "{key} does not find {name}");
        }
    }

    #[test]
    fn whole_names_have_no_further_words() {
        assert!(found("Adams John", "John Adams", Fit::Whole));
        assert!(found("Adams, John", "John Adams", Fit::Whole));
        assert!(!found("Adams John", "John Quincy Adams", Fit::Whole));
        assert!(!found("Adam John", "John Adams", Fit::Whole));
    }

    #[test]
    fn one_word_is_no_matter_of_order() {
        assert_eq!((asked("john"), asked(" ,; john"), asked("")), (None, None, None));
        assert_eq!(asked("a b c d e f g"), None);
    }

    /// Trying every order would take years here.
    #[test]
    fn a_name_of_like_words_is_decided_at_once() {
        let name = "a ".repeat(60);
        assert!(!found("a a a a a b", &name, Fit::Beginnings));
        assert!(found("a a a a a a", &name, Fit::Beginnings));
    }
}
