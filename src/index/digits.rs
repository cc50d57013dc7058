//! Sorted numbers, forwards and backwards: which rows have a number with this beginning or end.

/// Characters that fit into a packed number; longer ones are cut and told apart by the query.
const PACKED_MAX: usize = 16;
const NIBBLE: u32 = 4;

/// The numbers of all rows, packed four bits a character, sorted.
#[derive(Debug, Default)]
pub(super) struct Digits {
    forward: Vec<(u64, u32)>,
    backward: Vec<(u64, u32)>,
}

impl Digits {
    /// Adds a form of a row's number, see [`crate::contact::number::Numbering::forms`].
    pub(super) fn add(&mut self, row: u32, form: &str) {
        self.forward.push((packed(form.chars()).0, row));
        self.backward.push((packed(form.chars().rev()).0, row));
    }

    pub(super) fn finish(&mut self) {
        for numbers in [&mut self.forward, &mut self.backward] {
            numbers.sort_unstable();
            numbers.dedup();
            numbers.shrink_to_fit();
        }
    }

    /// The rows that may have this whole number.
    pub(super) fn equal(&self, form: &str) -> &[(u64, u32)] {
        let (number, _) = packed(form.chars());
        between(&self.forward, number, number.checked_add(1))
    }

    /// The rows that may have a number that begins so.
    pub(super) fn starting(&self, initial: &str) -> &[(u64, u32)] {
        let (low, length) = packed(initial.chars());
        between(&self.forward, low, end_of(low, length))
    }

    /// The rows that may have a number that ends so.
    pub(super) fn ending(&self, last: &str) -> &[(u64, u32)] {
        let (low, length) = packed(last.chars().rev());
        between(&self.backward, low, end_of(low, length))
    }
}

fn between(numbers: &[(u64, u32)], low: u64, high: Option<u64>) -> &[(u64, u32)] {
    let from = numbers.partition_point(|(number, _)| *number < low);
    let to =
        high.map_or(numbers.len(), |high| numbers.partition_point(|(number, _)| *number < high));
    numbers.get(from..to).unwrap_or(&[])
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

    fn rows(found: &[(u64, u32)]) -> Vec<u32> {
        let mut rows: Vec<u32> = found.iter().map(|(_, row)| *row).collect();
        rows.sort_unstable();
        rows
    }

    #[test]
    fn numbers_are_found_by_beginning_and_end() {
        let mut digits = Digits::default();
        for (row, form) in (0..).zip(["+49305551234", "101", "10", "#9", "+4930555123456789012"]) {
            digits.add(row, form);
        }
        digits.finish();
        assert_eq!(rows(digits.equal("10")), [2]);
        assert_eq!(rows(digits.equal("+49305551234")), [0]);
        assert_eq!(rows(digits.starting("10")), [1, 2]);
        assert_eq!(rows(digits.starting("+4930")), [0, 4]);
        assert_eq!(rows(digits.starting("#")), [3]);
        assert_eq!(rows(digits.starting("")), [0, 1, 2, 3, 4]);
        assert_eq!(rows(digits.ending("1234")), [0]);
        assert_eq!(rows(digits.ending("1")), [1]);
        assert_eq!(rows(digits.equal("+4930555123456789012")), [4], "long ones may be cut");
    }
}
