//! Sorted numbers, forwards and backwards: which rows have a number with this beginning or end.

use crate::index::posting::{Kinds, Posting};

/// Characters that fit into a packed number; longer ones are cut and told apart by the query.
const PACKED_MAX: usize = 16;
const NIBBLE: u32 = 4;

/// The numbers of all rows, packed four bits a character, sorted.
#[derive(Debug, Default)]
pub(super) struct Digits {
    forward: Sorted,
    backward: Sorted,
}

/// Packed numbers in their order, and where each is.
#[derive(Debug, Default)]
struct Sorted {
    numbers: Vec<u64>,
    postings: Vec<Posting>,
}

/// Collects the numbers of rows.
#[derive(Default)]
pub(super) struct DigitsBuilder {
    forward: Vec<(u64, Posting)>,
    backward: Vec<(u64, Posting)>,
}

impl DigitsBuilder {
    /// Adds a form of a row's number, see [`crate::contact::number::Numbering::forms`].
    pub(super) fn add(&mut self, row: u32, form: &str, kinds: Kinds) {
        let posting = Posting::new(row, kinds);
        self.forward.push((packed(form.chars()).0, posting));
        self.backward.push((packed(form.chars().rev()).0, posting));
    }

    pub(super) fn finish(self) -> Digits {
        Digits { forward: Sorted::of(self.forward), backward: Sorted::of(self.backward) }
    }
}

impl Sorted {
    fn of(mut all: Vec<(u64, Posting)>) -> Self {
        all.sort_unstable();
        all.dedup_by(|(next, posting), (number, last)| next == number && last.absorb(*posting));
        Self {
            numbers: all.iter().map(|(number, _)| *number).collect(),
            postings: all.iter().map(|(_, posting)| *posting).collect(),
        }
    }

    fn between(&self, low: u64, high: Option<u64>) -> &[Posting] {
        let before = |end: u64| self.numbers.partition_point(|number| *number < end);
        let to = high.map_or(self.numbers.len(), before);
        self.postings.get(before(low)..to).unwrap_or(&[])
    }
}

/// What is known of a number.
pub(super) struct Found<'a> {
    /// In any order.
    pub(super) postings: &'a [Posting],
    /// Whether all of them have the number in that place.
    pub(super) proven: bool,
}

impl Digits {
    /// The rows that may have this whole number.
    pub(super) fn equal(&self, form: &str) -> Found<'_> {
        let (number, length) = packed(form.chars());
        let postings = self.forward.between(number, number.checked_add(1));
        Found { postings, proven: length < PACKED_MAX }
    }

    /// The rows that may have a number that begins so.
    pub(super) fn starting(&self, initial: &str) -> Found<'_> {
        let (low, length) = packed(initial.chars());
        let postings = self.forward.between(low, end_of(low, length));
        Found { postings, proven: length < PACKED_MAX }
    }

    /// The rows that may have a number that ends so.
    pub(super) fn ending(&self, last: &str) -> Found<'_> {
        let (low, length) = packed(last.chars().rev());
        let postings = self.backward.between(low, end_of(low, length));
        Found { postings, proven: length < PACKED_MAX }
    }
}

/// The first packed number behind all that begin with `low`; None where there is none.
fn end_of(low: u64, length: usize) -> Option<u64> {
    let free = u32::try_from(PACKED_MAX - length).unwrap_or(0) * NIBBLE;
    low.checked_add(1_u64.checked_shl(free)?)
}

/// The characters in the upper bits, and how many there are; unused places are 0.
fn packed(form: impl Iterator<Item = char>) -> (u64, usize) {
    let mut number = 0;
    let mut length = 0;
    for c in form.take(PACKED_MAX) {
        let nibble = match c {
            '+' => 13,
            '*' => 11,
            '#' => 12,
            digit => 1 + u64::from(digit.to_digit(10).unwrap_or(0)),
        };
        length += 1;
        number |= nibble << (NIBBLE * u32::try_from(PACKED_MAX - length).unwrap_or(0));
    }
    (number, length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(found: &Found<'_>) -> Vec<u32> {
        let mut rows: Vec<u32> = found.postings.iter().map(|posting| posting.row()).collect();
        rows.sort_unstable();
        rows
    }

    #[test]
    fn numbers_are_found_by_beginning_and_end() {
        let mut digits = DigitsBuilder::default();
        for (row, form) in (0..).zip(["+49305551234", "101", "10", "#9", "+4930555123456789012"]) {
            digits.add(row, form, Kinds::ANY);
        }
        let digits = digits.finish();
        assert_eq!(rows(&digits.equal("10")), [2]);
        assert_eq!(rows(&digits.equal("+49305551234")), [0]);
        assert_eq!(rows(&digits.starting("10")), [1, 2]);
        assert_eq!(rows(&digits.starting("+4930")), [0, 4]);
        assert_eq!(rows(&digits.starting("#")), [3]);
        assert_eq!(rows(&digits.starting("")), [0, 1, 2, 3, 4]);
        assert_eq!(rows(&digits.ending("1234")), [0]);
        assert_eq!(rows(&digits.ending("1")), [1]);
        assert!(digits.equal("+49305551234").proven && digits.ending("1").proven);
        let long = digits.equal("+4930555123456789012");
        assert_eq!((rows(&long), long.proven), (vec![4], false), "long ones may be cut");
    }
}
