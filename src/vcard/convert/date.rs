//! Dates: basic forms in vCard 4.0 (RFC 6350 4.3), extended ones in 3.0, and Apple's without a year.

use crate::vcard::property::Property;

/// The year that Apple writes where there is none, and says so in [`OMITTED`].
const NO_YEAR: &str = "1604";
const OMITTED: &str = "X-APPLE-OMIT-YEAR";
/// How Apple's and Google's address books label an X-ABDATE that is an ANNIVERSARY.
pub(super) const ANNIVERSARY_LABEL: &str = "_$!<Anniversary>!$_";

/// A date, with a time or without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Date {
    /// Empty where there is none.
    year: String,
    month: String,
    day: String,
    /// Hours, minutes, seconds.
    time: Option<[String; 3]>,
    /// `Z`, `+HH`, `+HHMM` or empty.
    zone: String,
}

impl Date {
    /// Reads `1985-04-12`, `19850412`, `--04-12` or `--0412`, with or without a whole time.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (date, time) = match text.split_once(['T', 't']) {
            Some((date, time)) => (date, Some(time)),
            None => (text, None),
        };
        let (year, rest) = match date.strip_prefix("--") {
            Some(rest) => ("", rest),
            None => date.split_at_checked(4)?,
        };
        let (month, day) = pair(rest.strip_prefix('-').unwrap_or(rest), '-')?;
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(year) || !("01"..="12").contains(&month) || !("01"..="31").contains(&day) {
            return None;
        }
        let (time, zone) = match time {
            Some(time) => clock(time).map(|(time, zone)| (Some(time), zone))?,
            None => (None, String::new()),
        };
        Some(Self { year: year.into(), month: month.into(), day: day.into(), time, zone })
    }

    /// As vCard 4.0 has it.
    pub(super) fn basic(&self) -> String {
        let year = if self.year.is_empty() { "--" } else { &self.year };
        let mut text = [year, &self.month, &self.day].concat();
        if let Some([hours, minutes, seconds]) = &self.time {
            text.extend(["T", hours, minutes, seconds, &self.zone]);
        }
        text
    }

    /// As vCard 3.0 has it; without a year in Apple's form.
    pub(super) fn extended(&self) -> String {
        let year = if self.year.is_empty() { NO_YEAR } else { &self.year };
        let mut text = [year, &self.month, &self.day].join("-");
        if let Some(time) = &self.time {
            text.push('T');
            text.push_str(&time.join(":"));
            match self.zone.split_at_checked(3) {
                Some((hours, minutes)) => {
                    text.extend([hours, ":", if minutes.is_empty() { "00" } else { minutes }]);
                }
                None => text.push_str(&self.zone),
            }
        }
        text
    }
}

/// Two pairs of digits.
fn pair(text: &str, separator: char) -> Option<(&str, &str)> {
    let (first, rest) = text.split_at_checked(2)?;
    let second = rest.strip_prefix(separator).unwrap_or(rest);
    let digits = [first, second].concat();
    let fits = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit());
    fits.then_some((first, second))
}

/// A time of the day with its zone. Fractions of seconds, which 4.0 does not have, are left out.
fn clock(text: &str) -> Option<([String; 3], String)> {
    let zone_at = text.find(['Z', 'z', '+', '-']).unwrap_or(text.len());
    let (time, zone) = text.split_at_checked(zone_at)?;
    let time = time.split(['.', ',']).next().unwrap_or_default();
    let (hours, rest) = time.split_at_checked(2)?;
    let (minutes, seconds) = pair(rest.strip_prefix(':').unwrap_or(rest), ':')?;
    if !hours.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let zone = match zone {
        "" => String::new(),
        "Z" | "z" => "Z".to_owned(),
        zone => offset(zone)?,
    };
    Some(([hours, minutes, seconds].map(str::to_owned), zone))
}

/// A zone as `+HHMM` or `+HH`.
pub(super) fn offset(zone: &str) -> Option<String> {
    let (sign, digits) = zone.split_at_checked(1).filter(|(sign, _)| ["+", "-"].contains(sign))?;
    let digits = digits.replace(':', "");
    let fits = [2, 4].contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| [sign, &digits].concat())
}

/// BDAY, ANNIVERSARY and the like in 4.0. False where the property says nothing.
pub(super) fn up(property: &mut Property) -> bool {
    if property.value.trim().is_empty() {
        return false;
    }
    let is_text = property.value_kind() == "text";
    let omitted = property.parameter(OMITTED).map(str::to_owned);
    if let Some(mut date) = Date::parse(&property.value).filter(|_| !is_text) {
        property.take_parameter("VALUE");
        if omitted.as_ref() == Some(&date.year) {
            property.take_parameter(OMITTED);
            date.year.clear();
        }
        property.value = date.basic();
    } else if is_text || !is_partial(&property.value) {
        property.take_parameter("VALUE");
        property.put_parameter("VALUE", "text");
        property.set_text(&property.text());
    }
    true
}

/// Whether 4.0 knows a part of a date or time that is written like this.
fn is_partial(value: &str) -> bool {
    let value = value.trim();
    value.bytes().all(|byte| byte.is_ascii_digit() || b"-:TZ+".contains(&byte))
        && value.bytes().any(|byte| byte.is_ascii_digit())
}

/// The same in 3.0. False where the value has no form there.
pub(super) fn down(property: &mut Property) -> bool {
    let date = Date::parse(&property.value).filter(|_| property.value_kind() != "text");
    let Some(date) = date else { return false };
    property.take_parameter("VALUE");
    property.value = date.extended();
    if date.time.is_some() {
        property.put_parameter("VALUE", "date-time");
    }
    if date.year.is_empty() {
        property.put_parameter(OMITTED, NO_YEAR);
    }
    true
}
