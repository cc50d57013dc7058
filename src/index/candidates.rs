//! Which rows of a segment may match a query: the index's half of a search.

use std::borrow::Cow;

use crate::contact::ContactId;
use crate::contact::card::FieldSet;
use crate::contact::number::NumberPattern;
use crate::contact::query::{Query, TextPattern, Truth};
use crate::index::grams::{Ends, Postings};
use crate::index::segment::Segment;

/// Lists that are not in row order are sorted up to this length; beyond, walking all rows in name
/// order until the limit is reached is cheaper.
const SORTED_MAX: usize = 4096;
/// More alternatives than this are put into one list.
const LISTS_MAX: usize = 8;

/// The rows to verify.
#[derive(Debug)]
pub(super) enum Candidates<'a> {
    /// Every row: no term of the query is indexed, or it is not selective.
    All,
    /// The rows in any of the lists.
    Lists(Vec<List<'a>>),
}

/// Rows in ascending order that must be in each of the other lists as well.
#[derive(Clone, Debug)]
pub(super) struct List<'a> {
    rows: Cow<'a, [u32]>,
    also: Vec<&'a [u32]>,
}

impl<'a> Candidates<'a> {
    const NONE: Self = Self::Lists(Vec::new());

    /// The candidates of a query: all rows that match are among them.
    pub(super) fn of(query: &Query, segment: &'a Segment) -> Self {
        match query {
            Query::And(all) => {
                let each = all.iter().map(|query| Self::of(query, segment));
                each.min_by_key(Self::cost).unwrap_or(Self::All)
            }
            Query::Or(any) => Self::union(any.iter().map(|query| Self::of(query, segment))),
            Query::Constant(Truth::False | Truth::Undefined) => Self::NONE,
            Query::Present(fields) => present(*fields, segment),
            Query::Text(_, pattern) => text(pattern, segment),
            Query::Number(_, pattern) => number(pattern, segment),
            Query::Id(id) => Self::sorted(segment.row_of(*id).into_iter().collect()),
            Query::Among(ids) if ids.len() <= SORTED_MAX => {
                Self::sorted(ids.iter().filter_map(|id| segment.row_of(*id)).collect())
            }
            Query::Exact(fields, text) => {
                let id = ContactId::parse(text);
                let rows = id.and_then(|id| segment.references.to(id, *fields));
                rows.map_or(Self::All, Self::sorted)
            }
            Query::Group(group) => {
                let rows = Cow::Borrowed(segment.members_of(*group));
                Self::Lists(vec![List { rows, also: Vec::new() }])
            }
            Query::Constant(Truth::True)
            | Query::Not(_)
            | Query::Among(_)
            | Query::Book(_)
            | Query::ModifiedSince(_)
            | Query::ModifiedUntil(_) => Self::All,
        }
    }

    /// The candidates of both queries: those of the more selective one.
    pub(super) fn of_both(one: &Query, other: &Query, segment: &'a Segment) -> Self {
        let (one, other) = (Self::of(one, segment), Self::of(other, segment));
        if other.cost() < one.cost() { other } else { one }
    }

    fn cost(&self) -> usize {
        match self {
            Self::All => usize::MAX,
            Self::Lists(lists) => lists.iter().map(|list| list.rows.len()).sum(),
        }
    }

    fn union(alternatives: impl Iterator<Item = Self>) -> Self {
        let mut union: Vec<List<'a>> = Vec::new();
        for alternative in alternatives {
            let Self::Lists(lists) = alternative else { return Self::All };
            for list in lists.into_iter().filter(|list| !list.rows.is_empty()) {
                if !union.iter().any(|known| known.same(&list)) {
                    union.push(list);
                }
            }
        }
        if union.len() > LISTS_MAX {
            return Self::sorted(union.iter().flat_map(|list| list.rows.iter().copied()).collect());
        }
        Self::Lists(union)
    }

    fn sorted(mut rows: Vec<u32>) -> Self {
        rows.sort_unstable();
        rows.dedup();
        Self::Lists(vec![List { rows: Cow::Owned(rows), also: Vec::new() }])
    }

    fn sorted_if_few(rows: impl ExactSizeIterator<Item = u32>) -> Self {
        if rows.len() > SORTED_MAX { Self::All } else { Self::sorted(rows.collect()) }
    }
}

impl List<'_> {
    /// Whether both are the same places in the postings: `(|(cn=mar*)(sn=mar*))` needs one walk.
    fn same(&self, other: &Self) -> bool {
        let same =
            |one: &[u32], other: &[u32]| one.as_ptr() == other.as_ptr() && one.len() == other.len();
        // `muller` and `mueller` share their rarest gram, and differ in the others.
        let mut also = self.also.iter().zip(&other.also);
        same(&self.rows, &other.rows)
            && self.also.len() == other.also.len()
            && also.all(|(one, other)| same(one, other))
    }
}

fn present(fields: FieldSet, segment: &Segment) -> Candidates<'_> {
    Candidates::union(fields.iter().map(|field| match segment.having(field) {
        None => Candidates::All,
        Some(rows) => Candidates::Lists(vec![List { rows: Cow::Borrowed(rows), also: Vec::new() }]),
    }))
}

fn text<'a>(pattern: &TextPattern, segment: &'a Segment) -> Candidates<'a> {
    let part = |spellings: &[String], ends| {
        Candidates::union(spellings.iter().map(|text| gram(text, ends, segment)))
    };
    match pattern {
        TextPattern::Equals(spellings) => part(spellings, Ends::Both),
        TextPattern::Parts { initial, any, last } => {
            let initial = initial.iter().map(|spellings| part(spellings, Ends::Start));
            let last = last.iter().map(|spellings| part(spellings, Ends::End));
            let any = any.iter().map(|spellings| part(spellings, Ends::Neither));
            initial.chain(last).chain(any).min_by_key(Candidates::cost).unwrap_or(Candidates::All)
        }
        TextPattern::AtLeast(_) | TextPattern::AtMost(_) => Candidates::All,
    }
}

fn gram<'a>(text: &str, ends: Ends, segment: &'a Segment) -> Candidates<'a> {
    match segment.grams.find(text, ends) {
        Postings::Any(rows) => Candidates::sorted_if_few(rows.iter().copied()),
        Postings::All(lists) => {
            let mut lists = lists.into_iter();
            let rows = Cow::Borrowed(lists.next().unwrap_or(&[]));
            Candidates::Lists(vec![List { rows, also: lists.take(2).collect() }])
        }
    }
}

fn number<'a>(pattern: &NumberPattern, segment: &'a Segment) -> Candidates<'a> {
    let rows = |found: &[(u64, u32)]| Candidates::sorted_if_few(found.iter().map(|(_, row)| *row));
    let digits = &segment.digits;
    match pattern {
        NumberPattern::Equals(whole) => {
            Candidates::union(whole.iter().map(|form| rows(digits.equal(form))))
        }
        NumberPattern::Parts { initial, any, last } => {
            let initial = initial.iter().map(|forms| {
                Candidates::union(forms.iter().map(|form| rows(digits.starting(form))))
            });
            let last = last
                .iter()
                .map(|forms| Candidates::union(forms.iter().map(|form| rows(digits.ending(form)))));
            let any = any.iter().map(|forms| {
                Candidates::union(forms.iter().map(|form| gram(form, Ends::Neither, segment)))
            });
            initial.chain(last).chain(any).min_by_key(Candidates::cost).unwrap_or(Candidates::All)
        }
    }
}

/// Walks candidates in row order, each once.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    steps: Steps<'a>,
}

#[derive(Debug)]
enum Steps<'a> {
    All { next: u32, rows: u32 },
    Lists(Vec<ListWalk<'a>>),
}

#[derive(Debug)]
struct ListWalk<'a> {
    list: List<'a>,
    at: usize,
    /// Where each of `list.also` is read.
    also_at: Vec<usize>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(candidates: Candidates<'a>, rows: usize) -> Self {
        let steps = match candidates {
            Candidates::All => {
                Steps::All { next: 0, rows: u32::try_from(rows).unwrap_or(u32::MAX) }
            }
            Candidates::Lists(lists) => Steps::Lists(
                lists
                    .into_iter()
                    .map(|list| ListWalk { at: 0, also_at: vec![0; list.also.len()], list })
                    .collect(),
            ),
        };
        Self { steps }
    }

    /// Leaves out the rows before one.
    pub(super) fn skip_to(&mut self, row: u32) {
        match &mut self.steps {
            Steps::All { next, .. } => *next = row.max(*next),
            Steps::Lists(lists) => {
                for list in lists {
                    list.at = list.list.rows.partition_point(|found| *found < row).max(list.at);
                }
            }
        }
    }

    /// Whether every row is visited, which is what look-through limits count.
    pub(super) fn visits_all(&self) -> bool {
        matches!(self.steps, Steps::All { .. })
    }
}

impl Iterator for Walk<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        match &mut self.steps {
            Steps::All { next, rows } => {
                let row = *next;
                (row < *rows).then(|| {
                    *next += 1;
                    row
                })
            }
            Steps::Lists(lists) => {
                let row = lists.iter_mut().filter_map(ListWalk::peek).min()?;
                for list in lists.iter_mut() {
                    list.pass(row);
                }
                Some(row)
            }
        }
    }
}

impl ListWalk<'_> {
    /// The next row that is in all lists.
    fn peek(&mut self) -> Option<u32> {
        loop {
            let row = *self.list.rows.get(self.at)?;
            let in_all = self.list.also.iter().zip(&mut self.also_at).all(|(list, at)| {
                *at = gallop(list, *at, row);
                list.get(*at) == Some(&row)
            });
            if in_all {
                return Some(row);
            }
            self.at += 1;
        }
    }

    fn pass(&mut self, row: u32) {
        if self.list.rows.get(self.at) == Some(&row) {
            self.at += 1;
        }
    }
}

/// The first place at or behind `from` whose row is not before `row`.
fn gallop(list: &[u32], from: usize, row: u32) -> usize {
    let mut step = 1;
    let mut low = from;
    while list.get(low + step).is_some_and(|found| *found < row) {
        low += step;
        step *= 2;
    }
    let high = (low + step + 1).min(list.len());
    low + list.get(low..high).map_or(0, |part| part.partition_point(|found| *found < row))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_that_share_their_rarest_gram_are_both_walked() {
        let (rare, more, other) = ([7], [1, 7], [7, 9]);
        let list = |also: &[_]| List { rows: Cow::Borrowed(&rare), also: also.to_vec() };
        let (muller, mueller) = (list(&[&more[..]]), list(&[&other[..]]));
        assert!(muller.same(&list(&[&more[..]])));
        assert!(!muller.same(&mueller) && !muller.same(&list(&[])));
    }
}
