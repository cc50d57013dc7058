//! Postings of three-letter sequences: which rows may hold a text, and which do for sure.

use rustc_hash::FxHashMap;

use crate::index::posting::{Kinds, Posting};

/// Stands before a value's first letter.
const START: char = '\u{2}';
/// Stands twice behind a value's last letter, so that short endings have a sequence too.
const END: char = '\u{3}';
/// Stands for a second letter, whichever it is.
const ANY: char = '\0';
/// Letters take 21 bits each.
const LETTER_BITS: u32 = 21;
/// Marks sequences at the start of a value: three letters, for which there is no room with [`START`].
const AT_START: u64 = 1 << (3 * LETTER_BITS);

/// For each sequence of three letters, the rows that have it, ascending.
#[derive(Debug, Default)]
pub(super) struct Grams {
    keys: Vec<u64>,
    /// Where each key's postings begin; one more entry than keys.
    offsets: Vec<u32>,
    postings: Vec<Posting>,
}

/// Collects the sequences of rows in ascending order.
///
/// The postings are in blocks of one vector: its memory is given back as a whole, and no posting is
/// moved as the lists grow.
#[derive(Default)]
pub(super) struct GramsBuilder {
    chains: FxHashMap<u64, Chain>,
    blocks: Vec<Block>,
}

/// The postings of one sequence: full blocks, and at last one that may have room.
struct Chain {
    first: u32,
    last: u32,
    postings: usize,
}

struct Block {
    postings: [Posting; BLOCK_POSTINGS],
    next: u32,
}

/// So many that most of the time goes into copying a block, not into waiting for its memory.
const BLOCK_POSTINGS: usize = 63;

impl GramsBuilder {
    /// Adds a row's value of some kind. Rows come in ascending order.
    pub(super) fn add(&mut self, row: u32, value: &str, kinds: Kinds) {
        let posting = Posting::new(row, kinds);
        let mut letters = value.chars();
        if let Some(first) = letters.next() {
            self.push(key([START, first, ANY]), posting);
            if let (Some(second), Some(third)) = (letters.next(), letters.next()) {
                self.push(AT_START | key([first, second, third]), posting);
            }
        }
        each_gram(value, Ends::Both, |key| self.push(key, posting));
    }

    fn push(&mut self, key: u64, posting: Posting) {
        let fresh = u32::try_from(self.blocks.len()).unwrap_or(u32::MAX);
        let new = Chain { first: fresh, last: fresh, postings: 0 };
        let chain = self.chains.entry(key).or_insert(new);
        let place = chain.postings % BLOCK_POSTINGS;
        if let Some(block) = self.blocks.get_mut(chain.last as usize) {
            let last = (chain.postings + BLOCK_POSTINGS - 1) % BLOCK_POSTINGS;
            if block.postings.get_mut(last).is_some_and(|last| last.absorb(posting)) {
                return;
            }
            if let Some(free) = block.postings.get_mut(place).filter(|_| place > 0) {
                *free = posting;
            } else {
                block.next = fresh;
            }
        }
        if place == 0 {
            chain.last = fresh;
            self.blocks.push(Block { postings: [posting; BLOCK_POSTINGS], next: 0 });
        }
        chain.postings += 1;
    }

    pub(super) fn finish(self) -> Grams {
        let mut chains: Vec<(u64, Chain)> = self.chains.into_iter().collect();
        chains.sort_unstable_by_key(|(key, _)| *key);
        let mut grams = Grams { offsets: vec![0], ..Grams::default() };
        grams.postings.reserve_exact(chains.iter().map(|(_, chain)| chain.postings).sum());
        grams.keys.reserve_exact(chains.len());
        grams.offsets.reserve_exact(chains.len());
        for (key, chain) in chains {
            let (mut at, mut left) = (chain.first, chain.postings);
            while let Some(block) = self.blocks.get(at as usize).filter(|_| left > 0) {
                let here = block.postings.get(..left).unwrap_or(&block.postings);
                grams.postings.extend_from_slice(here);
                (at, left) = (block.next, left - here.len());
            }
            grams.keys.push(key);
            grams.offsets.push(u32::try_from(grams.postings.len()).unwrap_or(u32::MAX));
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

/// What is known of a text.
pub(super) struct Found<'a> {
    pub(super) rows: Rows<'a>,
    /// Whether all these rows hold the text in that place, in a value of each kind of the posting.
    pub(super) proven: bool,
}

impl<'a> Found<'a> {
    /// The rarest first.
    fn all(mut lists: Vec<&'a [Posting]>, proven: bool) -> Self {
        lists.sort_unstable_by_key(|postings| postings.len());
        lists.dedup_by_key(|postings| postings.as_ptr());
        Self { rows: Rows::All(lists), proven }
    }
}

/// Where the rows are.
pub(super) enum Rows<'a> {
    /// In ascending order, one slice for each sequence; a row must be in all of them.
    All(Vec<&'a [Posting]>),
    /// For texts of one or two letters: in one of these lists, which follow each other; each
    /// begins where `runs` says, counted from its first number, and the last ends at its last.
    Any { postings: &'a [Posting], runs: &'a [u32] },
    /// In every row.
    Every,
}

impl Grams {
    /// The rows whose values may hold the text there.
    pub(super) fn find(&self, text: &str, ends: Ends) -> Found<'_> {
        let mut first = text.chars();
        let first = [first.next(), first.next(), first.next(), first.next()];
        // Values have no such letters, but who searches may send them.
        let plain = !text.contains(char::is_control);
        let at_start = ends == Ends::Start;
        match first {
            [None, ..] => Found { rows: Rows::Every, proven: false },
            [Some(a), None, ..] if at_start => self.one([START, a, ANY], plain),
            [Some(a), None, ..] if ends == Ends::End => self.one([a, END, END], plain),
            [Some(a), None, ..] if ends == Ends::Neither => self.range([a, ANY], plain),
            [Some(a), Some(b), None, _] if at_start => self.one([START, a, b], plain),
            [Some(a), Some(b), None, _] if ends == Ends::End => self.one([a, b, END], plain),
            [Some(a), Some(b), None, _] if ends == Ends::Neither => self.range([a, b], plain),
            [first, Some(b), Some(c), fourth] if matches!(ends, Ends::Start | Ends::Both) => {
                let a = first.unwrap_or_default();
                let rest = text.get(a.len_utf8()..).unwrap_or_default();
                let rest_ends = if at_start { Ends::Neither } else { Ends::End };
                let mut lists = vec![self.postings_of(AT_START | key([a, b, c]))];
                each_gram(rest, rest_ends, |key| self.narrow(&mut lists, key));
                Found::all(lists, plain && at_start && fourth.is_none())
            }
            [_, _, _, fourth] => {
                let mut lists = Vec::new();
                each_gram(text, ends, |key| self.narrow(&mut lists, key));
                Found::all(lists, plain && ends == Ends::Neither && fourth.is_none())
            }
        }
    }

    /// Adds the postings of a sequence. Where one has none, nobody has all of them, and the others
    /// need not be looked up: most keys are asked for in spellings that no value has.
    fn narrow<'a>(&'a self, lists: &mut Vec<&'a [Posting]>, key: u64) {
        if lists.last().is_none_or(|last| !last.is_empty()) {
            lists.push(self.postings_of(key));
        }
    }

    fn one(&self, letters: [char; 3], proven: bool) -> Found<'_> {
        Found { rows: Rows::All(vec![self.postings_of(key(letters))]), proven }
    }

    fn range(&self, [first, second]: [char; 2], proven: bool) -> Found<'_> {
        let low = key([first, second, '\0']);
        let width = if second == ANY { 2 * LETTER_BITS } else { LETTER_BITS };
        let from = self.keys.partition_point(|key| *key < low);
        let to = self.keys.partition_point(|key| *key < low + (1 << width));
        let runs = self.offsets.get(from..=to).unwrap_or_default();
        Found { rows: Rows::Any { postings: self.between(from, to), runs }, proven }
    }

    fn postings_of(&self, key: u64) -> &[Posting] {
        self.keys.binary_search(&key).ok().map_or(&[], |at| self.between(at, at + 1))
    }

    fn between(&self, from: usize, to: usize) -> &[Posting] {
        let (Some(from), Some(to)) = (self.offsets.get(from), self.offsets.get(to)) else {
            return &[];
        };
        self.postings.get(*from as usize..*to as usize).unwrap_or(&[])
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

    fn found(text: &str, ends: Ends) -> (Vec<u32>, bool) {
        let mut builder = GramsBuilder::default();
        for (row, value) in (0..).zip(["anna", "hanna", "al", "a", "иван"]) {
            builder.add(row, value, Kinds::ANY);
        }
        let grams = builder.finish();
        let found = grams.find(text, ends);
        let rows = |postings: &[Posting]| postings.iter().map(|p| p.row()).collect::<Vec<u32>>();
        let mut all = match found.rows {
            Rows::Any { postings, .. } => rows(postings),
            Rows::Every => return (vec![0, 1, 2, 3, 4], found.proven),
            Rows::All(lists) => {
                let mut all = rows(lists[0]);
                all.retain(|row| lists.iter().all(|list| rows(list).contains(row)));
                all
            }
        };
        all.sort_unstable();
        all.dedup();
        (all, found.proven)
    }

    #[track_caller]
    fn check(text: &str, ends: Ends, rows: &[u32], proven: bool) {
        assert_eq!(found(text, ends), (rows.to_vec(), proven), "{text:?}");
    }

    #[test]
    fn texts_of_every_length_are_found_at_every_place() {
        check("anna", Ends::Both, &[0], false);
        check("ann", Ends::Neither, &[0, 1], true);
        check("nna", Ends::End, &[0, 1], false);
        check("ann", Ends::Start, &[0], true);
        check("anna", Ends::Start, &[0], false);
        check("an", Ends::Start, &[0], true);
        check("al", Ends::Start, &[2], true);
        check("a", Ends::Start, &[0, 2, 3], true);
        check("a", Ends::Neither, &[0, 1, 2, 3], true);
        check("a", Ends::Both, &[3], false);
        check("al", Ends::Both, &[2], false);
        check("na", Ends::End, &[0, 1], true);
        check("l", Ends::End, &[2], true);
        check("al", Ends::Neither, &[2], true);
        check("ван", Ends::Neither, &[4], true);
        check("xyz", Ends::Neither, &[], true);
        check("", Ends::Neither, &[0, 1, 2, 3, 4], false);
        check("", Ends::Start, &[0, 1, 2, 3, 4], false);
    }

    #[test]
    fn lists_of_any_length_are_kept() {
        let mut builder = GramsBuilder::default();
        for row in 0..100 {
            builder.add(row, "anna", Kinds::ANY);
            if row % 2 == 0 {
                builder.add(row, "annabel", Kinds::ANY);
            }
        }
        let grams = builder.finish();
        let rows = |text| {
            let Rows::All(lists) = grams.find(text, Ends::Neither).rows else { panic!("lists") };
            lists[0].iter().map(|posting| posting.row()).collect::<Vec<u32>>()
        };
        assert_eq!(rows("ann"), (0..100).collect::<Vec<u32>>());
        assert_eq!(rows("bel"), (0..100).step_by(2).collect::<Vec<u32>>());
    }

    #[test]
    fn what_only_looks_like_a_sequence_is_never_proven() {
        for (text, ends) in [
            ("\u{2}an", Ends::Neither),
            ("na\u{3}", Ends::Neither),
            ("a\0", Ends::Start),
            ("a\0", Ends::Neither),
        ] {
            assert!(!found(text, ends).1, "{text:?}");
        }
    }
}
