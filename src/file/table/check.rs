//! What a value has to look like: its kind, its length, its characters.

use std::borrow::Cow;

use crate::file::{Reason, Rule};

/// The longest value of digits.
const DIGITS_MAX: usize = 40;

/// What is asked of the values of a column.
#[derive(Clone, Debug, Default)]
pub(super) struct Check {
    pub(super) kind: Kind,
    /// The values that are allowed; none: all.
    pub(super) one_of: Box<[Box<str>]>,
    pub(super) chars_max: Option<usize>,
    pub(super) chars: Option<Characters>,
    /// The characters that are not allowed.
    pub(super) not_chars: Option<Box<str>>,
    /// The values that are not allowed, in any case.
    pub(super) none_of: Box<[Box<str>]>,
}

/// What a value is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    #[default]
    Text,
    /// A telephone number, which a spreadsheet may have spoilt.
    Number,
    /// Digits, as an extension or a mailbox has them.
    Digits,
    /// `0` or `1`.
    Flag,
    Email,
    /// Two letters (ISO 3166-1).
    Country,
    /// Never shown in a report.
    Secret,
}

/// A set of characters, written as `0-9A-Z()+-`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Characters {
    written: Box<str>,
    /// First and last of each range.
    ranges: Box<[(char, char)]>,
}

impl Kind {
    const ALL: [(&str, Self); 7] = [
        ("text", Self::Text),
        ("number", Self::Number),
        ("digits", Self::Digits),
        ("flag", Self::Flag),
        ("email", Self::Email),
        ("country", Self::Country),
        ("secret", Self::Secret),
    ];

    pub(super) fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
    }

    /// All names, for messages.
    pub(super) fn names() -> String {
        Self::ALL.map(|(name, _)| name).join(", ")
    }
}

impl Characters {
    /// A `-` between two characters makes a range; at the end it stands for itself.
    pub(super) fn parse(written: &str) -> Self {
        let characters: Vec<char> = written.chars().collect();
        let mut ranges = Vec::new();
        let mut rest = characters.as_slice();
        loop {
            rest = match rest {
                [first, '-', last, behind @ ..] => {
                    ranges.push((*first, *last));
                    behind
                }
                [one, behind @ ..] => {
                    ranges.push((*one, *one));
                    behind
                }
                [] => return Self { written: written.into(), ranges: ranges.into() },
            };
        }
    }

    fn contain(&self, character: char) -> bool {
        self.ranges.iter().any(|(first, last)| (*first..=*last).contains(&character))
    }
}

impl Check {
    /// Of any text, or of a telephone number.
    pub(super) fn of(kind: Kind) -> Self {
        Self { kind, ..Self::default() }
    }

    /// What is wrong with a value, and what would be right. Empty cells are never wrong by
    /// themselves.
    pub(super) fn wrong(&self, value: &str) -> Option<Reason> {
        if value.is_empty() {
            return None;
        }
        self.wrong_characters(value)
            .or_else(|| self.wrong_kind(value))
            .or_else(|| {
                let among = self.one_of.is_empty() || self.one_of.iter().any(|one| **one == *value);
                (!among).then(|| Reason::new(Rule::OneOf, [&self.one_of.join(", ")]))
            })
            .or_else(|| {
                let refused = self.none_of.iter().any(|one| one.eq_ignore_ascii_case(value));
                refused.then(|| Reason::new(Rule::NoneOf, [&value]))
            })
    }

    /// The value as a file of this kind can have it: `+` is `00` and other characters are left out of
    /// numbers where they are not allowed, in texts they are spaces; what is too long is cut; blank
    /// where that is not enough.
    pub(super) fn fitting<'a>(&self, value: Cow<'a, str>) -> Cow<'a, str> {
        if self.wrong(&value).is_none() {
            return value;
        }
        let spelt = match value.strip_prefix('+').filter(|_| !self.allows('+')) {
            Some(outside) => format!("00{outside}"),
            None => value.into_owned(),
        };
        let character = |c: char| match self.kind {
            _ if self.allows(c) => Some(c),
            Kind::Text => Some(' '),
            _ => None,
        };
        let max = self.chars_max.unwrap_or(usize::MAX);
        let cut: String = match self.kind {
            Kind::Email => spelt,
            _ => spelt.chars().filter_map(character).take(max).collect(),
        };
        let cut = cut.trim();
        if self.wrong(cut).is_none() { cut.to_owned().into() } else { Cow::default() }
    }

    fn allows(&self, character: char) -> bool {
        let refused = self.not_chars.as_ref().is_some_and(|refused| refused.contains(character));
        let listed = self.chars.as_ref().is_none_or(|chars| chars.contain(character));
        let digit = self.kind != Kind::Digits || character.is_ascii_digit();
        digit && listed && !refused
    }

    fn wrong_characters(&self, value: &str) -> Option<Reason> {
        let forbidden = |c: &char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
        if let Some(control) = value.chars().find(forbidden) {
            let shown = format!("U+{:04X}", u32::from(control));
            return Some(Reason::new(Rule::Control, [&shown]));
        }
        if let Some(max) = self.chars_max
            && value.len() > max
        {
            let count = value.chars().count();
            if count > max {
                return Some(Reason::new(Rule::TooLong, [&count, &max]));
            }
        }
        if let Some(refused) = &self.not_chars
            && let Some(found) = value.chars().find(|c| refused.contains(*c))
        {
            return Some(Reason::new(Rule::NoCharacter, [&found, refused]));
        }
        let chars = self.chars.as_ref()?;
        let foreign = value.chars().find(|c| !chars.contain(*c))?;
        Some(Reason::new(Rule::Character, [&foreign, &chars.written]))
    }

    fn wrong_kind(&self, value: &str) -> Option<Reason> {
        match self.kind {
            Kind::Text | Kind::Secret => None,
            Kind::Number if scientific(value) => Some(Rule::Scientific.into()),
            Kind::Number => formula(value).then(|| Rule::Formula.into()),
            Kind::Digits => {
                let fine =
                    value.len() <= DIGITS_MAX && value.bytes().all(|byte| byte.is_ascii_digit());
                (!fine).then(|| Rule::Digits.into())
            }
            Kind::Flag => (!matches!(value, "0" | "1")).then(|| Rule::Flag.into()),
            Kind::Country => {
                let fine = value.len() == 2 && value.bytes().all(|byte| byte.is_ascii_alphabetic());
                (!fine).then(|| Rule::Country.into())
            }
            Kind::Email => {
                let halves = value.split_once('@');
                let fine =
                    halves.is_some_and(|(name, domain)| !name.is_empty() && !domain.is_empty());
                let fine = fine && !value.contains(char::is_whitespace);
                (!fine).then(|| Rule::Email.into())
            }
        }
    }
}

/// `4.91512E+11`: a number as Excel shows and saves it in a narrow column; others leave out the `+`.
fn scientific(value: &str) -> bool {
    let Some((mantissa, exponent)) = value.split_once(['E', 'e']) else { return false };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let parts = mantissa.split_once(['.', ',']);
    let (whole, fraction) = parts.unwrap_or((mantissa, "0"));
    let exponent = match exponent.strip_prefix('+') {
        None if parts.is_none() => return false,
        None => exponent,
        Some(exponent) => exponent,
    };
    digits(whole) && digits(fraction) && digits(exponent)
}

/// `=49+151`, or what Excel makes of it: `#NAME?`, `#VALUE!`, `#REF!`, `#N/A`.
fn formula(value: &str) -> bool {
    let error = |text: &str| {
        text.ends_with(['?', '!', 'A']) && text.starts_with(|c: char| c.is_ascii_uppercase())
    };
    value.starts_with('=') || value.strip_prefix('#').is_some_and(error)
}
