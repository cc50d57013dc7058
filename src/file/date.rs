//! Dates as other programs write them, as vCard and we keep them: `1985-04-12`, `--04-12`.

use std::borrow::Cow;

/// Two digits of a year stand for 2000 to 2029 or 1930 to 1999, as Windows reads them.
const CENTURY_TURN: u32 = 30;
/// Stands for "no year" (Apple): the first leap year of the calendar.
const NO_YEAR: u32 = 1604;
/// Years of dates that mean "no date": the first of Windows and the last of Outlook.
const NO_DATE: [u32; 2] = [1601, 4501];

/// In which order a language writes day, month and year. A year of four digits is found anywhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum DateOrder {
    DayMonthYear,
    #[default]
    MonthDayYear,
    YearMonthDay,
}

impl DateOrder {
    /// Reads `dmy`, `mdy` or `ymd`.
    pub(super) fn parse(name: &str) -> Option<Self> {
        match name {
            "dmy" => Some(Self::DayMonthYear),
            "mdy" => Some(Self::MonthDayYear),
            "ymd" => Some(Self::YearMonthDay),
            _ => None,
        }
    }
}

/// The date that a text says. None for what programs write where there is no date, such as
/// `0/0/00` and `0.0.00` (Outlook); a text that is no date stays as it is.
pub(super) fn date(text: &str, order: DateOrder) -> Option<Cow<'_, str>> {
    let text = text.trim();
    if let Some(plain) = plain_date(text) {
        return plain.known().map(Cow::Owned);
    }
    if !text.contains(|c: char| c.is_alphanumeric() && c != '0') {
        return None;
    }
    match numbers(text).and_then(|numbers| written(&numbers, order)) {
        Some(date) => date.known().map(Cow::Owned),
        None => Some(Cow::Borrowed(text)),
    }
}

/// A day that exists; the year may be unknown.
struct Date {
    year: Option<u32>,
    month: u32,
    day: u32,
}

impl Date {
    fn new(year: Option<u32>, month: u32, day: u32) -> Option<Self> {
        let year = year.filter(|year| *year != NO_YEAR);
        let leap = year.is_none_or(|y| y % 4 == 0 && (y % 100 != 0 || y % 400 == 0));
        let days = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => return None,
        };
        (1..=days).contains(&day).then_some(Self { year, month, day })
    }

    /// As we keep it; None where the date means that there is none.
    fn known(&self) -> Option<String> {
        let (month, day) = (self.month, self.day);
        match self.year {
            None => Some(format!("--{month:02}-{day:02}")),
            Some(year) if NO_DATE.contains(&year) => None,
            Some(year) => Some(format!("{year:04}-{month:02}-{day:02}")),
        }
    }
}

/// `19850412`, `--0412` and `--04-12` (RFC 6350 4.3.1).
fn plain_date(text: &str) -> Option<Date> {
    let (year, rest) = match text.strip_prefix("--") {
        Some(rest) => (None, rest),
        None => (Some(text.get(..4)?), text.get(4..)?),
    };
    let (month, day) = (rest.get(..2)?, rest.get(2..)?);
    let day = if year.is_none() { day.strip_prefix('-').unwrap_or(day) } else { day };
    let digits = |part: &str, count: usize| {
        let fine = part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit());
        if fine { part.parse().ok() } else { None }
    };
    let year = match year {
        None => None,
        Some(year) => Some(digits(year, 4)?),
    };
    Date::new(year, digits(month, 2)?, digits(day, 2)?)
}

#[derive(Clone, Copy)]
struct Number {
    value: u32,
    digits: usize,
}

/// The two or three numbers of a date, without a time behind it. None where the text has other
/// words than a date has.
fn numbers(text: &str) -> Option<Vec<Number>> {
    let date = match text.split_once(['T', ' ']) {
        // A time stands behind: `3/17/1985 12:00:00 AM`.
        Some((date, rest)) if rest.contains(':') => date,
        // Russian: `17.03.1985 г.`
        Some((date, "г." | "г")) => date,
        _ => text,
    };
    let between = |c: char| matches!(c, '/' | '.' | '-' | ' ' | '\u{a0}');
    let mut numbers = Vec::new();
    for part in date.split(between).filter(|part| !part.is_empty()) {
        let plain = part.len() <= 4 && part.bytes().all(|byte| byte.is_ascii_digit());
        if !plain || numbers.len() == 3 {
            return None;
        }
        numbers.push(Number { value: part.parse().ok()?, digits: part.len() });
    }
    (numbers.len() >= 2).then_some(numbers)
}

/// The date of two or three numbers in the order of a language.
fn written(numbers: &[Number], order: DateOrder) -> Option<Date> {
    let (year, first, second) = match (numbers, order) {
        ([year, month, day], _) if year.digits == 4 => {
            return Date::new(Some(year.value), month.value, day.value);
        }
        ([year, month, day], DateOrder::YearMonthDay) if day.digits <= 2 => {
            return Date::new(Some(full_year(*year)), month.value, day.value);
        }
        ([first, second, year], _) => (Some(full_year(*year)), first.value, second.value),
        ([first, second], _) => (None, first.value, second.value),
        _ => return None,
    };
    let (month, day) = match order {
        DateOrder::MonthDayYear | DateOrder::YearMonthDay => (first, second),
        DateOrder::DayMonthYear => (second, first),
    };
    // Windows of another country writes the other order.
    Date::new(year, month, day).or_else(|| Date::new(year, day, month))
}

fn full_year(year: Number) -> u32 {
    match year.digits {
        1 | 2 if year.value < CENTURY_TURN => 2000 + year.value,
        1 | 2 => 1900 + year.value,
        _ => year.value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, order: &str) -> Option<String> {
        date(text, DateOrder::parse(order).unwrap()).map(Cow::into_owned)
    }

    #[test]
    fn each_language_has_its_order() {
        for (text, order) in [
            ("3/17/1985", "mdy"),
            ("17/03/1985", "dmy"),
            ("17.3.85", "dmy"),
            ("17. 3. 1985", "dmy"),
            ("17.03.1985 г.", "dmy"),
            ("1985-03-17", "mdy"),
            ("1985/3/17", "dmy"),
            ("85-03-17", "ymd"),
            ("19850317", "dmy"),
            ("3/17/1985 12:00:00 AM", "mdy"),
            ("1985-03-17T00:00:00Z", "mdy"),
            ("17/3/1985", "mdy"),
        ] {
            assert_eq!(read(text, order).as_deref(), Some("1985-03-17"), "{text}");
        }
        assert_eq!(read("3/4/29", "mdy").as_deref(), Some("2029-03-04"));
        assert_eq!(read("3/4/30", "mdy").as_deref(), Some("1930-03-04"));
        assert_eq!(read("3/4/1985", "dmy").as_deref(), Some("1985-04-03"));
    }

    #[test]
    fn no_date_is_written_in_many_ways() {
        let nothing =
            ["", " ", "0", "0/0/00", "0.0.00", "0-0-00", "00/00/0000", "0000-00-00 00:00:00"];
        let limits = ["1/1/4501", "01.01.4501", "4501-01-01", "1601-01-01"];
        for text in nothing.into_iter().chain(limits) {
            assert_eq!(read(text, "mdy"), None, "{text}");
        }
    }

    #[test]
    fn a_year_may_be_missing() {
        for text in ["--0317", "--03-17", "17.3.", "1604-03-17"] {
            assert_eq!(read(text, "dmy").as_deref(), Some("--03-17"), "{text}");
        }
        assert_eq!(read("2/29/1604", "mdy").as_deref(), Some("--02-29"));
    }

    #[test]
    fn what_is_no_date_stays_as_it_is() {
        for text in ["in May", "31.2.1985", "29.2.1900", "0.5.1980", "17-Mar-85", "1.2.3.4", "5"] {
            assert_eq!(read(text, "dmy").as_deref(), Some(text), "{text}");
        }
    }
}
