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
    /// The next row of each run.
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
    proven: bool,
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
        let heads = (0..merge.runs.len()).filter_map(|run| merge.advance(run).map(Reverse));
        merge.heads = heads.collect();
        merge
    }

    fn next(&mut self) -> Option<Candidate> {
        let Reverse(first) = self.heads.pop()?;
        let mut found = Candidate { row: first.row, proven: first.proven };
        self.refill(first.run);
        while let Some(Reverse(head)) = self.heads.peek().copied() {
            if head.row != found.row {
                break;
            }
            self.heads.pop();
            found.proven |= head.proven;
            self.refill(head.run);
        }
        Some(found)
    }

    fn skip_to(&mut self, row: u32) {
        while let Some(Reverse(head)) = self.heads.peek().copied() {
            if head.row >= row {
                break;
            }
            self.heads.pop();
            if let Some(run) = self.runs.get_mut(head.run) {
                let list = self.lists.get(run.list);
                let rest = list.and_then(|list| list.postings.get(run.at..run.end));
                run.at += rest.map_or(0, |rest| rest.partition_point(|found| found.row() < row));
            }
            self.refill(head.run);
        }
    }

    fn refill(&mut self, run: usize) {
        let head = self.advance(run);
        self.heads.extend(head.map(Reverse));
    }

    /// The next row of a run that is in the list's other lists as well, with a value of the same
    /// kind.
    fn advance(&mut self, number: usize) -> Option<Head> {
        let run = self.runs.get_mut(number)?;
        let list = self.lists.get(run.list)?;
        while run.at < run.end {
            let posting = list.postings.get(run.at)?;
            run.at += 1;
            let (row, mut kinds) = (posting.row(), posting.kinds().and(list.kinds));
            for (also, at) in list.also.iter().zip(&mut run.also_at) {
                if kinds.is_empty() {
                    break;
                }
                *at = gallop(also, *at, row);
                let found = also.get(*at).filter(|found| found.row() == row);
                kinds = kinds.and(found.map_or(Kinds::NONE, |found| found.kinds()));
            }
            if !kinds.is_empty() {
                let proven = !kinds.and(list.proof).is_empty();
                return Some(Head { row, run: number, proven });
            }
        }
        None
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
