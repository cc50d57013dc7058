//! Which numbers the contexts of a telephone system have, as the sender of a file of users tells.

use crate::file::{FileError, Reason, Rule};

/// The most ranges of all contexts together, and the most digits of a number.
const RANGES_MAX: usize = 100;
const DIGITS_MAX: usize = 40;

/// Ranges of numbers by context. A context without ranges takes any number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ranges(Vec<Range>);

/// The numbers from the first to the last that have as many digits.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Range {
    context: Box<str>,
    first: Box<str>,
    last: Box<str>,
}

impl Ranges {
    /// Ranges from pairs of a context and its ranges, such as `1000-1999, 2500`.
    ///
    /// # Errors
    /// [`FileError`] where a range is none, or there are too many.
    pub fn new<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, FileError> {
        let mut ranges = Vec::new();
        for (context, written) in pairs {
            for range in written.split(',').map(str::trim).filter(|range| !range.is_empty()) {
                let wrong = || FileError::whole(Reason::new(Rule::NoRange, [&range, &context]));
                ranges.push(Range::parse(context, range).ok_or_else(wrong)?);
            }
            if ranges.len() > RANGES_MAX {
                return Err(FileError::whole(Reason::new(Rule::TooManyRanges, [&RANGES_MAX])));
            }
        }
        Ok(Self(ranges))
    }

    /// What is wrong with a number of a context.
    pub(super) fn wrong(&self, context: &str, number: &str) -> Option<Reason> {
        let mut of_context = self.0.iter().filter(|range| *range.context == *context).peekable();
        of_context.peek()?;
        if of_context.any(|range| range.contains(number)) {
            return None;
        }
        let of_context = self.0.iter().filter(|range| *range.context == *context);
        let written: Vec<String> = of_context.map(Range::written).collect();
        Some(Reason::new(Rule::OutOfRange, [&context, &written.join(", ")]))
    }
}

impl Range {
    fn parse(context: &str, written: &str) -> Option<Self> {
        let (first, last) = written.split_once('-').unwrap_or((written, written));
        let (first, last) = (first.trim(), last.trim());
        let digits = |text: &str| {
            (1..=DIGITS_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        let fine = digits(first) && digits(last) && first.len() == last.len() && first <= last;
        let context = context.trim().into();
        fine.then(|| Self { context, first: first.into(), last: last.into() })
    }

    /// Of as many digits, the order of the text is that of the numbers.
    fn contains(&self, number: &str) -> bool {
        number.len() == self.first.len() && (&*self.first..=&*self.last).contains(&number)
    }

    fn written(&self) -> String {
        if self.first == self.last {
            return self.first.to_string();
        }
        format!("{}-{}", self.first, self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_lies_in_a_range_of_its_context() {
        let ranges = Ranges::new([("default", "1000-1999, 2500"), ("lab", "10-19")]).unwrap();
        for (context, number) in [
            ("default", "1000"),
            ("default", "1999"),
            ("default", "2500"),
            ("lab", "10"),
            ("other", "7"),
        ] {
            assert_eq!(ranges.wrong(context, number), None, "{context} {number}");
        }
        for (context, number) in
            [("default", "2000"), ("default", "999"), ("default", "10000"), ("lab", "1010")]
        {
            assert!(ranges.wrong(context, number).is_some(), "{context} {number}");
        }
        let reason = ranges.wrong("default", "2501").unwrap().to_string();
        assert_eq!(reason, "not a number of the context default, which has 1000-1999, 2500");
    }

    #[test]
    fn what_is_no_range_is_named() {
        for written in ["1000-", "-5", "1-99", "2000-1000", "a-b", "1000 1999"] {
            let refused = Ranges::new([("default", written)]).unwrap_err();
            assert_eq!(refused.reason.rule, Rule::NoRange, "{written}");
        }
        assert_eq!(Ranges::new([("default", " , ")]), Ok(Ranges::default()));
        let many = "1,".repeat(RANGES_MAX + 1);
        let refused = Ranges::new([("default", many.as_str())]).unwrap_err();
        assert_eq!(refused.reason.rule, Rule::TooManyRanges);
    }
}
