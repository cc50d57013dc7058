//! Walks the candidates of a segment in row order.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::index::candidates::{ALSO_MAX, Candidate, Candidates, List};
use crate::index::posting::{Kinds, Posting};

/// The candidates in row order, each once.
#[derive(Debug)]
pub(super) enum Walk<'a> {
    All { next: u32, rows: u32, proven: bool },
    Lists(Merge<'a>),
}

/// Merges the lists as far as it is asked: most searches want the first rows only.
#[derive(Debug)]
pub(super) struct Merge<'a> {
    lists: Vec<List<'a>>,
    runs: Vec<Run>,
    /// The next row of each run, whether it is one of the list's or not.
    heads: BinaryHeap<Reverse<Head>>,
}

/// A part of a list that is in row order.
#[derive(Debug)]
struct Run {
    list: usize,
    at: usize,
    end: usize,
    /// Where each of the list's `also` is read.
    also_at: [usize; ALSO_MAX],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Head {
    row: u32,
    run: usize,
}

impl<'a> Walk<'a> {
    pub(super) fn new(candidates: Candidates<'a>, rows: usize) -> Self {
        match candidates {
            Candidates::All { proven } => {
                Self::All { next: 0, rows: u32::try_from(rows).unwrap_or(u32::MAX), proven }
            }
            Candidates::Lists(lists) => Self::Lists(Merge::new(lists)),
        }
    }

    /// Leaves out the rows before one.
    pub(super) fn skip_to(&mut self, row: u32) {
        match self {
            Self::All { next, .. } => *next = row.max(*next),
            Self::Lists(merge) => merge.skip_to(row),
        }
    }

    /// Whether rows are visited of which nothing is known: look-through limits count them.
    pub(super) fn is_blind(&self) -> bool {
        matches!(self, Self::All { proven: false, .. })
    }
}

impl Iterator for Walk<'_> {
    type Item = Candidate;

    fn next(&mut self) -> Option<Candidate> {
        match self {
            Self::All { next, rows, proven } => {
                let row = *next;
                (row < *rows).then(|| {
                    *next += 1;
                    Candidate { row, proven: *proven }
                })
            }
            Self::Lists(merge) => merge.next(),
        }
    }
}

impl<'a> Merge<'a> {
    fn new(lists: Vec<List<'a>>) -> Self {
        let mut runs = Vec::new();
        for (list, of) in lists.iter().enumerate() {
            let mut add = |at, end| runs.push(Run { list, at, end, also_at: [0; ALSO_MAX] });
            let first = of.runs.first().copied().unwrap_or_default();
            if of.runs.is_empty() {
                add(0, of.postings.len());
            }
            for (from, to) in of.runs.iter().zip(of.runs.iter().skip(1)) {
                add((from - first) as usize, (to - first) as usize);
            }
        }
        let mut merge = Self { lists, runs, heads: BinaryHeap::new() };
        merge.heads = (0..merge.runs.len()).filter_map(|run| merge.head(run)).collect();
        merge
    }

    fn next(&mut self) -> Option<Candidate> {
        loop {
            let Reverse(Head { row, run }) = self.heads.pop()?;
            let mut found = self.examine(run);
            while let Some(Reverse(head)) = self.heads.peek().copied().filter(|h| h.0.row == row) {
                self.heads.pop();
                found = found.max(self.examine(head.run));
            }
            if let Some(proven) = found {
                return Some(Candidate { row, proven });
            }
        }
    }

    fn skip_to(&mut self, row: u32) {
        while let Some(Reverse(head)) = self.heads.peek().copied().filter(|h| h.0.row < row) {
            self.heads.pop();
            if let Some(run) = self.runs.get_mut(head.run) {
                let list = self.lists.get(run.list);
                let rest = list.and_then(|list| list.postings.get(run.at..run.end));
                run.at += rest.map_or(0, |rest| rest.partition_point(|found| found.row() < row));
            }
            self.heads.extend(self.head(head.run));
        }
    }

    fn head(&self, number: usize) -> Option<Reverse<Head>> {
        let run = self.runs.get(number)?;
        let rest = self.lists.get(run.list)?.postings.get(run.at..run.end)?;
        Some(Reverse(Head { row: rest.first()?.row(), run: number }))
    }

    /// Passes the next row of a run, and tells whether it matches for sure; None where it is not in
    /// the list's other lists with a value of the same kind.
    fn examine(&mut self, number: usize) -> Option<bool> {
        let run = self.runs.get_mut(number)?;
        let list = self.lists.get(run.list)?;
        let posting = *list.postings.get(run.at)?;
        run.at += 1;
        let mut kinds = posting.kinds().and(list.kinds);
        for (also, at) in list.also.iter().zip(&mut run.also_at) {
            if kinds.is_empty() {
                break;
            }
            *at = gallop(also, *at, posting.row());
            let found = also.get(*at).filter(|found| found.row() == posting.row());
            kinds = kinds.and(found.map_or(Kinds::NONE, |found| found.kinds()));
        }
        let proven = !kinds.and(list.proof).is_empty();
        self.heads.extend(self.head(number));
        (!kinds.is_empty()).then_some(proven)
    }
}

/// The first place at or behind `from` whose row is not before `row`.
fn gallop(list: &[Posting], from: usize, row: u32) -> usize {
    let mut step = 1;
    let mut low = from;
    while list.get(low + step).is_some_and(|found| found.row() < row) {
        low += step;
        step *= 2;
    }
    let high = (low + step + 1).min(list.len());
    low + list.get(low..high).map_or(0, |part| part.partition_point(|found| found.row() < row))
}
