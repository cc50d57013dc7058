//! Postings of three-letter sequences: which rows may hold a text.

use rustc_hash::FxHashMap;

/// Stands before a value's first letter.
const START: char = '\u{2}';
/// Stands twice behind a value's last letter, so that short endings have a sequence too.
const END: char = '\u{3}';
/// Letters take 21 bits each.
const LETTER_BITS: u32 = 21;

/// For each sequence of three letters, the rows that have it, ascending.
#[derive(Debug, Default)]
pub(super) struct Grams {
    keys: Vec<u64>,
    /// Where each key's rows begin in `rows`; one more entry than keys.
    offsets: Vec<u32>,
    rows: Vec<u32>,
}

/// Collects the sequences of rows in ascending order.
#[derive(Default)]
pub(super) struct GramsBuilder {
    postings: FxHashMap<u64, Vec<u32>>,
}

impl GramsBuilder {
    /// Adds a value of a row. Rows come in ascending order.
    pub(super) fn add(&mut self, row: u32, value: &str) {
        each_gram(value, Ends::Both, |key| {
            let rows = self.postings.entry(key).or_default();
            if rows.last() != Some(&row) {
                rows.push(row);
            }
        });
    }

    pub(super) fn finish(self) -> Grams {
        let mut postings: Vec<(u64, Vec<u32>)> = self.postings.into_iter().collect();
        postings.sort_unstable_by_key(|(key, _)| *key);
        let mut grams = Grams { offsets: vec![0], ..Grams::default() };
        grams.rows.reserve_exact(postings.iter().map(|(_, rows)| rows.len()).sum());
        grams.keys.reserve_exact(postings.len());
        for (key, rows) in postings {
            grams.keys.push(key);
            grams.rows.extend_from_slice(&rows);
            grams.offsets.push(u32::try_from(grams.rows.len()).unwrap_or(u32::MAX));
        }
        grams
    }
}

/// Which ends of a text are ends of the value too.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ends {
    Both,
    Start,
    End,
    Neither,
}

/// What the postings say of a text.
pub(super) enum Postings<'a> {
    /// Rows in ascending order, one slice for each sequence; a row must be in all of them.
    All(Vec<&'a [u32]>),
    /// For texts of one or two letters: rows in any order, in one of these places.
    Any(&'a [u32]),
}

impl Grams {
    /// The rows whose values may hold the text there.
    pub(super) fn find(&self, text: &str, ends: Ends) -> Postings<'_> {
        let mut lists = Vec::new();
        each_gram(text, ends, |key| lists.push(self.rows_of(key)));
        if !lists.is_empty() {
            lists.sort_unstable_by_key(|rows| rows.len());
            lists.dedup_by_key(|rows| rows.as_ptr());
            return Postings::All(lists);
        }
        let start = (ends == Ends::Start).then_some(START);
        let mut letters = start.into_iter().chain(text.chars());
        let (Some(first), second) = (letters.next(), letters.next()) else {
            return Postings::Any(&self.rows);
        };
        let low = key([first, second.unwrap_or('\0'), '\0']);
        let width = if second.is_some() { LETTER_BITS } else { 2 * LETTER_BITS };
        self.range(low, low + (1 << width))
    }

    fn rows_of(&self, key: u64) -> &[u32] {
        self.keys.binary_search(&key).ok().map_or(&[], |at| self.between(at, at + 1))
    }

    fn range(&self, low: u64, high: u64) -> Postings<'_> {
        let from = self.keys.partition_point(|key| *key < low);
        let to = self.keys.partition_point(|key| *key < high);
        Postings::Any(self.between(from, to))
    }

    fn between(&self, from: usize, to: usize) -> &[u32] {
        let (Some(from), Some(to)) = (self.offsets.get(from), self.offsets.get(to)) else {
            return &[];
        };
        self.rows.get(*from as usize..*to as usize).unwrap_or(&[])
    }
}

fn key([a, b, c]: [char; 3]) -> u64 {
    (u64::from(a) << (2 * LETTER_BITS)) | (u64::from(b) << LETTER_BITS) | u64::from(c)
}

fn each_gram(text: &str, ends: Ends, mut tell: impl FnMut(u64)) {
    let start = matches!(ends, Ends::Both | Ends::Start).then_some(START);
    let end = if matches!(ends, Ends::Both | Ends::End) { 2 } else { 0 };
    let letters = start.into_iter().chain(text.chars());
    let letters = letters.chain(std::iter::repeat_n(END, end));
    let mut window = 0;
    for (count, letter) in letters.enumerate() {
        window = ((window << LETTER_BITS) | u64::from(letter)) & ((1 << (3 * LETTER_BITS)) - 1);
        if count >= 2 {
            tell(window);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, ends: Ends) -> Vec<u32> {
        let mut builder = GramsBuilder::default();
        for (row, value) in (0..).zip(["anna", "hanna", "al", "a", "иван"]) {
            builder.add(row, value);
        }
        let grams = builder.finish();
        let mut rows = match grams.find(text, ends) {
            Postings::Any(rows) => rows.to_vec(),
            Postings::All(lists) => lists[0]
                .iter()
                .copied()
                .filter(|row| lists.iter().all(|list| list.contains(row)))
                .collect(),
        };
        rows.sort_unstable();
        rows.dedup();
        rows
    }

    #[test]
    fn texts_of_every_length_are_found_at_every_place() {
        assert_eq!(found("anna", Ends::Both), [0]);
        assert_eq!(found("ann", Ends::Neither), [0, 1]);
        assert_eq!(found("an", Ends::Start), [0]);
        assert_eq!(found("a", Ends::Start), [0, 2, 3]);
        assert_eq!(found("a", Ends::Neither), [0, 1, 2, 3]);
        assert_eq!(found("na", Ends::End), [0, 1]);
        assert_eq!(found("l", Ends::End), [2]);
        assert_eq!(found("al", Ends::Neither), [2]);
        assert_eq!(found("ван", Ends::Neither), [4]);
        assert_eq!(found("xyz", Ends::Neither), [] as [u32; 0]);
        assert_eq!(found("", Ends::Neither), [0, 1, 2, 3, 4]);
    }
}
