//! Telephone numbers by their meaning: `+49 30 123`, `004930123` and `030123` are one number.

use std::cmp::Ordering;

use rlibphonenumber::enums::Region;
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, PhoneNumberType};

#[cfg(test)]
mod tests;

/// Numbers with fewer digits are extensions and short codes: they mean themselves.
const OUTSIDE_DIGITS_MIN: usize = 5;
/// Shorter numbers may be those of neighbours, without an area code.
const DAMAGED_DIGITS_MIN: usize = 9;
/// Numbers with so many digits have a country code.
const WITH_COUNTRY_DIGITS_MIN: usize = 12;
/// Longer texts are no telephone number; E.164 allows 15 digits, dialling prefixes add some.
const DIGITS_MAX: usize = 40;

/// How an organization's numbers are read: where it is and how it dials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbering {
    region: Region,
    country_code: String,
    /// What is dialled before a national number: `0` in Germany, none in Spain.
    national_prefix: Option<String>,
    /// What is dialled before a country code: `00`, in North America `011`.
    international_prefix: &'static str,
    area_code: String,
    outside_line: String,
}

/// How numbers are written for a device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NumberFormat {
    #[default]
    AsWritten,
    /// `+49305550001`.
    E164,
    /// `0305550001` at home, `0044…` for other countries.
    National,
    /// As [`NumberFormat::National`] behind the outside-line prefix: what the telephone dials.
    Dialled,
}

impl NumberFormat {
    pub const ALL: [Self; 4] = [Self::AsWritten, Self::E164, Self::National, Self::Dialled];

    /// The name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::AsWritten => "as-written",
            Self::E164 => "e164",
            Self::National => "national",
            Self::Dialled => "dialled",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }
}

/// The region is not known to the numbering plans.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no ISO 3166 country code with telephone numbers, such as DE or US")]
pub struct UnknownRegion(pub String);

impl Numbering {
    /// The plan of a region (ISO 3166 alpha-2). Area code and outside-line prefix may be empty.
    ///
    /// # Errors
    /// [`UnknownRegion`] where no numbering plan is known for the region.
    pub fn new(region: &str, area_code: &str, outside_line: &str) -> Result<Self, UnknownRegion> {
        let unknown = || UnknownRegion(region.to_owned());
        let known =
            Region::try_from(region.to_ascii_uppercase().as_str()).map_err(|_| unknown())?;
        let country_code = PHONE_NUMBER_UTIL.get_country_code_for_region(known);
        let country_code = country_code.ok_or_else(unknown)?.to_string();
        Ok(Self {
            region: known,
            national_prefix: national_prefix(known),
            international_prefix: match country_code.as_str() {
                "1" => "011",
                "7" => "810",
                _ => "00",
            },
            country_code,
            area_code: digits(area_code),
            outside_line: digits(outside_line),
        })
    }

    /// The number in E.164 form (`+49305550001`) where it is a valid outside number; extensions and
    /// short codes have none.
    pub fn e164(&self, text: &str) -> Option<String> {
        let dialled = dialled(text);
        if dialled.len() < OUTSIDE_DIGITS_MIN || dialled.contains(['*', '#']) {
            return None;
        }
        if let Some(local) = self.local(&dialled) {
            return Some(local);
        }
        self.valid(text.trim())
    }

    fn valid(&self, text: &str) -> Option<String> {
        let parsed = PHONE_NUMBER_UTIL.parse(text, Some(self.region)).ok()?;
        parsed.is_valid().then(|| parsed.format_as(PhoneNumberFormat::E164).to_string())
    }

    /// A number as a device wants it. Extensions, short codes and what is no valid number stay as
    /// they are written.
    pub fn formatted(&self, text: &str, format: NumberFormat) -> String {
        let number = match format {
            NumberFormat::AsWritten => None,
            _ => self.e164(text),
        };
        let Some(number) = number else { return text.to_owned() };
        let outside = match format {
            NumberFormat::AsWritten | NumberFormat::E164 => return number,
            NumberFormat::National => "",
            NumberFormat::Dialled => self.outside_line.as_str(),
        };
        let abroad = number.trim_start_matches('+');
        match abroad.strip_prefix(&self.country_code) {
            Some(national) => {
                let prefix = self.national_prefix.as_deref().unwrap_or_default();
                format!("{outside}{prefix}{national}")
            }
            None => format!("{outside}{}{abroad}", self.international_prefix),
        }
    }

    /// The forms under which a stored number is found: E.164 with its `+`, and the digits as
    /// written. Empty where the text has no digit.
    pub fn forms(&self, text: &str) -> Vec<String> {
        let raw = dialled(text);
        let mut forms = Vec::with_capacity(2);
        if !raw.contains(|c: char| c.is_ascii_digit()) || raw.len() > DIGITS_MAX {
            return forms;
        }
        forms.extend(self.e164(text).or_else(|| self.international(&raw)));
        if !forms.contains(&raw) {
            forms.push(raw);
        }
        forms
    }

    /// The number with the `+` or `0` that a spreadsheet took away from it. None where nothing is
    /// missing, or where the number could mean another one without it: so only `+` before the own
    /// country's code and `0` before mobile numbers come back.
    pub fn restored(&self, text: &str) -> Option<String> {
        let prefix = self.national_prefix.as_deref().filter(|prefix| *prefix == "0")?;
        let damaged = text.len() >= DAMAGED_DIGITS_MIN
            && text.bytes().all(|byte| byte.is_ascii_digit())
            && !text.starts_with(prefix);
        if !damaged {
            return None;
        }
        let is_mobile = |number: &str| {
            let parsed = PHONE_NUMBER_UTIL.parse(number, Some(self.region)).ok();
            parsed.is_some_and(|of| of.is_valid() && of.get_type() == PhoneNumberType::Mobile)
        };
        let (inside, outside) = (format!("{prefix}{text}"), format!("+{text}"));
        if !text.starts_with(&self.country_code) {
            return is_mobile(&inside).then_some(inside);
        }
        let long = text.len() >= WITH_COUNTRY_DIGITS_MIN || self.valid(&inside).is_none();
        let certain = is_mobile(&outside) || (long && self.valid(&outside).is_some());
        certain.then_some(outside)
    }

    /// A subscriber number without area code, as neighbours dial it.
    fn local(&self, dialled: &str) -> Option<String> {
        let whole = dialled.starts_with('+') || self.international(dialled).is_some();
        if self.area_code.is_empty() || whole {
            return None;
        }
        self.valid(&format!("+{}{}{dialled}", self.country_code, self.area_code))
    }

    /// `00…` and `0…` as `+…`, also where the rest is not (yet) a whole number.
    fn international(&self, raw: &str) -> Option<String> {
        let dials = |rest: &str| rest.starts_with(|c: char| c.is_ascii_digit());
        if let Some(rest) = raw.strip_prefix(self.international_prefix) {
            return dials(rest).then(|| format!("+{rest}"));
        }
        let rest = raw.strip_prefix(self.national_prefix.as_deref()?)?;
        dials(rest).then(|| format!("+{}{rest}", self.country_code))
    }

    /// What a whole number that somebody searches for may look like among [`Numbering::forms`].
    fn whole(&self, text: &str) -> Vec<String> {
        let mut whole = self.forms(text);
        let raw = dialled(text);
        if raw.len() >= OUTSIDE_DIGITS_MIN && !raw.starts_with('+') {
            // Trunks deliver caller numbers without the plus, phones with the outside-line prefix.
            whole.extend(self.e164(&format!("+{raw}")));
            if let Some(inside) = self.inside(&raw) {
                whole.extend(self.forms(inside));
            }
        }
        whole.dedup();
        whole
    }

    /// What is dialled behind the outside-line prefix.
    fn inside<'r>(&self, raw: &'r str) -> Option<&'r str> {
        let inside = raw.strip_prefix(&self.outside_line)?;
        let outside = !self.outside_line.is_empty() && inside.len() >= OUTSIDE_DIGITS_MIN;
        outside.then_some(inside)
    }

    /// What the beginning of a number may look like.
    fn beginnings(&self, text: &str) -> Vec<String> {
        let raw = dialled(text);
        if raw.is_empty() || raw.starts_with('+') {
            return vec![raw];
        }
        let mut beginnings = vec![raw.clone()];
        beginnings.extend(self.inside(&raw).and_then(|inside| self.international(inside)));
        match self.international(&raw) {
            Some(international) => beginnings.push(international),
            None if raw.len() >= OUTSIDE_DIGITS_MIN => {
                beginnings.push(format!("+{raw}"));
                beginnings.push(format!("+{}{raw}", self.country_code));
                if !self.area_code.is_empty() {
                    beginnings.push(format!("+{}{}{raw}", self.country_code, self.area_code));
                }
            }
            None => {}
        }
        beginnings
    }

    /// What a part inside or at the end of a number may look like: its digits, and with the
    /// dialling prefix read as the country code.
    fn parts(&self, text: &str) -> Vec<String> {
        let raw = dialled(text);
        let bare = raw.trim_start_matches('+').to_owned();
        let mut parts = vec![bare];
        if raw.len() >= OUTSIDE_DIGITS_MIN {
            let inside = self.inside(&raw).and_then(|inside| self.international(inside));
            let international = self.international(&raw).into_iter().chain(inside);
            parts.extend(international.map(|number| number.trim_start_matches('+').to_owned()));
        }
        parts
    }
}

/// What the region dials before a national number, read off the national form of an example.
fn national_prefix(region: Region) -> Option<String> {
    let example = PHONE_NUMBER_UTIL.get_example_number(region).ok()?;
    let national = digits(&example.format_as(PhoneNumberFormat::National));
    let significant = example.format_as(PhoneNumberFormat::E164);
    let significant = significant.get(1 + example.country_code.to_string().len()..)?;
    national.strip_suffix(significant).filter(|prefix| !prefix.is_empty()).map(str::to_owned)
}

/// Whether a text is made of nothing but what `dialled` keeps and what divides it. A part of such a
/// text that has a digit is also a part of the number's [`Numbering::forms`].
pub fn is_plain(text: &str) -> bool {
    let text = text.trim();
    let divides = |c: char| matches!(c, ' ' | '-' | '.' | '/' | '(' | ')');
    let dials = |c: char| c.is_ascii_digit() || matches!(c, '*' | '#');
    let behind = text.strip_prefix('+').unwrap_or(text);
    behind.chars().all(|c| divides(c) || dials(c))
        && text.len() <= DIGITS_MAX
        && !(text.starts_with('+') && text.contains("(0)"))
}

/// The digits of a number with `+` at the front and `*` and `#` anywhere: what a phone dials.
/// `(0)` behind a country code is left out, and so is everything behind an extension mark.
fn dialled(text: &str) -> String {
    let text = text.trim();
    let text = text.strip_prefix("tel:").unwrap_or(text);
    let shortened;
    let text = if text.starts_with('+') && text.contains("(0)") {
        shortened = text.replacen("(0)", "", 1);
        &shortened
    } else {
        text
    };
    let mut dialled = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '0'..='9' | '*' | '#' => dialled.push(c),
            '+' if dialled.is_empty() => dialled.push(c),
            // `030 5551234 ext. 12`, `tel:+49305551234;ext=12`
            ';' | ',' if !dialled.is_empty() => break,
            _ if c.is_alphabetic() && dialled.len() >= OUTSIDE_DIGITS_MIN => break,
            _ => dialled.extend(
                c.to_digit(10).or_else(|| other_digit(c)).and_then(|d| char::from_digit(d, 10)),
            ),
        }
    }
    dialled
}

/// Full-width and Arabic-Indic digits.
fn other_digit(c: char) -> Option<u32> {
    let zeros = ['\u{660}', '\u{6f0}', '\u{966}', '\u{ff10}'];
    zeros.iter().find_map(|zero| u32::from(c).checked_sub(u32::from(*zero)).filter(|d| *d < 10))
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// A number or a part of one that somebody searches for, in every form it may be found in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NumberPattern {
    /// The whole number.
    Equals(Vec<String>),
    /// Its parts in order; each part in any of its forms.
    Parts { initial: Option<Vec<String>>, any: Vec<Vec<String>>, last: Option<Vec<String>> },
    /// At or behind this form: extensions by their value, outside numbers digit by digit.
    AtLeast(Box<str>),
    /// At or before this form.
    AtMost(Box<str>),
}

impl NumberPattern {
    /// The whole number; matches nothing where the text has no digit.
    pub fn equals(text: &str, numbering: &Numbering) -> Self {
        Self::Equals(numbering.whole(text))
    }

    /// The parts of a substring filter. None where a part has no digit: it matches nothing.
    pub fn parts(
        initial: Option<&str>,
        any: &[&str],
        last: Option<&str>,
        numbering: &Numbering,
    ) -> Option<Self> {
        let dialable = |text: &&str| {
            dialled(text).contains(|c: char| c.is_ascii_digit() || matches!(c, '*' | '#'))
        };
        let given = initial.iter().chain(any).chain(last.iter());
        if !given.clone().all(|text| dialable(text) || dialled(text) == "+") {
            return None;
        }
        Some(Self::Parts {
            initial: initial.map(|text| numbering.beginnings(text)),
            any: any.iter().map(|text| numbering.parts(text)).collect(),
            last: last.map(|text| numbering.parts(text)),
        })
    }

    /// Numbers from this one on; None where it is no number.
    pub fn at_least(text: &str, numbering: &Numbering) -> Option<Self> {
        bound(text, numbering).map(Self::AtLeast)
    }

    /// Numbers up to this one; None where it is no number.
    pub fn at_most(text: &str, numbering: &Numbering) -> Option<Self> {
        bound(text, numbering).map(Self::AtMost)
    }

    /// Whether a form of a stored number (see [`Numbering::forms`]) matches.
    pub fn matches(&self, form: &str) -> bool {
        match self {
            Self::Equals(whole) => whole.iter().any(|number| number == form),
            Self::Parts { initial, any, last } => {
                let Some(rest) = without_initial(form, initial.as_deref()) else { return false };
                let Some(rest) = without_last(rest, last.as_deref()) else { return false };
                in_order(rest, any)
            }
            Self::AtLeast(bound) => compared(form, bound).is_some_and(Ordering::is_ge),
            Self::AtMost(bound) => compared(form, bound).is_some_and(Ordering::is_le),
        }
    }
}

fn bound(text: &str, numbering: &Numbering) -> Option<Box<str>> {
    let form = numbering.forms(text).into_iter().next()?;
    (!form.contains(['*', '#'])).then(|| form.into())
}

/// How a form compares with a bound. Outside numbers are no further than any extension, and codes
/// with `*` have no place among either.
fn compared(form: &str, bound: &str) -> Option<Ordering> {
    match (form.strip_prefix('+'), bound.strip_prefix('+')) {
        (Some(form), Some(bound)) => Some(form.cmp(bound)),
        (None, None) if !form.contains(['*', '#']) => {
            let value = |digits: &str| digits.trim_start_matches('0').to_owned();
            let (form, bound) = (value(form), value(bound));
            Some(form.len().cmp(&bound.len()).then_with(|| form.cmp(&bound)))
        }
        _ => None,
    }
}

fn without_initial<'a>(form: &'a str, initial: Option<&[String]>) -> Option<&'a str> {
    let Some(initial) = initial else { return Some(form) };
    initial.iter().filter_map(|part| form.strip_prefix(part.as_str())).max_by_key(|rest| rest.len())
}

fn without_last<'a>(form: &'a str, last: Option<&[String]>) -> Option<&'a str> {
    let Some(last) = last else { return Some(form) };
    last.iter().filter_map(|part| form.strip_suffix(part.as_str())).max_by_key(|rest| rest.len())
}

/// Whether the parts stand in the text one behind the other, each in one of its forms. Taking the
/// first place at which any form of a part ends leaves the most room for the rest.
pub(super) fn in_order(text: &str, parts: &[Vec<String>]) -> bool {
    let mut rest = text;
    for part in parts {
        let ends = part.iter().filter_map(|form| Some(find(rest, form)? + form.len()));
        let Some(behind) = ends.min().and_then(|end| rest.get(end..)) else { return false };
        rest = behind;
    }
    true
}

/// As [`str::find`], without the preparations that pay for long texts only.
fn find(text: &str, part: &str) -> Option<usize> {
    if part.is_empty() {
        return Some(0);
    }
    text.as_bytes().windows(part.len()).position(|window| window == part.as_bytes())
}
