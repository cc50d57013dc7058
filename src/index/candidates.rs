//! Which rows of a segment may match a query, and which do for sure: the index's half of a search.

use std::borrow::Cow;

use crate::contact::ContactId;
use crate::contact::card::{Field, FieldSet, PostalPart};
use crate::contact::number::NumberPattern;
use crate::contact::query::{Query, TextPattern, Truth};
use crate::contact::words::BEFORE_WORDS;
use crate::index::grams::{self, Ends};
use crate::index::posting::{Division, Kinds, Posting};
use crate::index::segment::Segment;

#[cfg(test)]
mod tests;

/// Larger sets of contacts are not looked up one by one.
const AMONG_MAX: usize = 4096;
/// Rows that are cheaper to sort than to be found in order.
const SORTED_MAX: usize = 1000;
/// Further lists that a row is looked up in: the rarest ones tell most.
pub(super) const ALSO_MAX: usize = 2;
const POSTAL: FieldSet = FieldSet::of(&[Field::Postal]);

/// The rows to verify.
#[derive(Debug)]
pub(super) enum Candidates<'a> {
    /// Every row: no term of the query is indexed, or it is not selective.
    All {
        /// Whether all of them match.
        proven: bool,
    },
    /// The rows in any of the lists.
    Lists(Vec<List<'a>>),
}

/// Rows in ascending order that must be in each of the other lists as well, all in a value of the
/// same kind.
#[derive(Clone, Debug)]
pub(super) struct List<'a> {
    pub(super) postings: Cow<'a, [Posting]>,
    /// Where the order begins anew; empty where it is one. See [`grams::Rows::Any`].
    pub(super) runs: &'a [u32],
    pub(super) also: Vec<&'a [Posting]>,
    /// Rows with values of other kinds only are none of the list's.
    pub(super) kinds: Kinds,
    /// A value of one of these kinds matches: the row need not be verified.
    pub(super) proof: Kinds,
}

/// A row to look at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) row: u32,
    /// Whether it matches for sure.
    pub(super) proven: bool,
}

/// Finds the candidates of one segment.
#[derive(Clone, Copy)]
pub(super) struct Finder<'a> {
    pub(super) segment: &'a Segment,
    /// Fields that the asker does not see of some contacts: nothing is proven by them.
    pub(super) hidden: FieldSet,
}

/// The values of one term's fields.
#[derive(Clone, Copy)]
struct Values {
    kinds: Kinds,
    /// The kinds that have no other fields.
    proof: Kinds,
}

impl Values {
    /// One list in row order.
    fn list(self, postings: Cow<'_, [Posting]>, proven: bool) -> List<'_> {
        let Self { kinds, proof } = self;
        let proof = if proven { proof } else { Kinds::NONE };
        List { postings, runs: &[], also: Vec::new(), kinds, proof }
    }
}

impl<'a> Candidates<'a> {
    const NONE: Self = Self::Lists(Vec::new());
    const UNKNOWN: Self = Self::All { proven: false };

    fn cost(&self) -> usize {
        match self {
            Self::All { .. } => usize::MAX,
            Self::Lists(lists) => lists.iter().map(|list| list.postings.len()).sum(),
        }
    }

    fn unproven(mut self) -> Self {
        match &mut self {
            Self::All { proven } => *proven = false,
            Self::Lists(lists) => lists.iter_mut().for_each(|list| list.proof = Kinds::NONE),
        }
        self
    }

    /// The candidates of the most selective term. They are no proof of the others, but for those
    /// that always match.
    fn conjunction(terms: impl Iterator<Item = Self>) -> Self {
        let mut open = terms.filter(|term| !matches!(term, Self::All { proven: true }));
        let Some(first) = open.next() else { return Self::All { proven: true } };
        let Some(second) = open.next() else { return first };
        let best = [first, second].into_iter().chain(open).min_by_key(Self::cost);
        best.unwrap_or(Self::UNKNOWN).unproven()
    }

    fn union(alternatives: impl Iterator<Item = Self>) -> Self {
        let mut union: Vec<List<'a>> = Vec::new();
        let mut unknown = false;
        for alternative in alternatives {
            match alternative {
                Self::All { proven: true } => return alternative,
                Self::All { proven: false } => unknown = true,
                Self::Lists(lists) => {
                    for list in lists.into_iter().filter(|list| !list.postings.is_empty()) {
                        match union.iter_mut().find(|known| known.same(&list)) {
                            Some(known) => {
                                known.kinds = known.kinds.or(list.kinds);
                                known.proof = known.proof.or(list.proof);
                            }
                            None => union.push(list),
                        }
                    }
                }
            }
        }
        if unknown {
            return Self::UNKNOWN;
        }
        Self::Lists(union)
    }

    /// Rows in any order.
    fn of_rows(rows: impl Iterator<Item = u32>, proven: bool) -> Self {
        let postings = sorted(rows.map(|row| Posting::new(row, Kinds::ANY)).collect());
        Self::Lists(vec![List::of(Cow::Owned(postings), proven)])
    }
}

impl<'a> List<'a> {
    /// Rows that are not kept by the kinds of their values.
    fn of(postings: Cow<'a, [Posting]>, proven: bool) -> Self {
        Values { kinds: Kinds::ANY, proof: Kinds::ANY }.list(postings, proven)
    }

    /// Whether both are the same places in the postings: `(|(cn=mar*)(sn=mar*))` needs one walk.
    fn same(&self, other: &Self) -> bool {
        let same = |one: &[Posting], other: &[Posting]| {
            one.as_ptr() == other.as_ptr() && one.len() == other.len()
        };
        // `muller` and `mueller` share their rarest gram, and differ in the others.
        let mut also = self.also.iter().zip(&other.also);
        same(&self.postings, &other.postings)
            && self.also.len() == other.also.len()
            && also.all(|(one, other)| same(one, other))
    }
}

impl<'a> Finder<'a> {
    /// The candidates of both queries.
    pub(super) fn of_both(self, one: &Query, other: &Query) -> Candidates<'a> {
        Candidates::conjunction([one, other].into_iter().map(|query| self.of(query)))
    }

    /// The candidates of a query: all rows that match are among them.
    fn of(self, query: &Query) -> Candidates<'a> {
        match query {
            Query::And(all) => Candidates::conjunction(all.iter().map(|query| self.of(query))),
            Query::Or(any) => Candidates::union(any.iter().map(|query| self.of(query))),
            Query::Constant(Truth::True) => Candidates::All { proven: true },
            Query::Constant(Truth::False | Truth::Undefined) => Candidates::NONE,
            Query::Present(fields) => self.present(*fields),
            Query::Text(fields, pattern) => {
                self.text(pattern, self.values(&Division::TEXTS, *fields))
            }
            // The whole of an address is not indexed, but its parts are.
            Query::Address(PostalPart::Whole, _) | Query::AddressRange(..) => {
                self.present(POSTAL).unproven()
            }
            Query::Address(_, pattern) => {
                let part = self.text(pattern, self.values(&Division::TEXTS, POSTAL)).unproven();
                Candidates::conjunction([part, self.present(POSTAL).unproven()].into_iter())
            }
            Query::Number(fields, pattern) => {
                self.number(pattern, self.values(&Division::NUMBERS, *fields))
            }
            Query::NumberInWords(_) => {
                let rows = Cow::Borrowed(self.segment.numbers_in_words.as_slice());
                Candidates::Lists(vec![List::of(rows, false)])
            }
            Query::Id(id) => Candidates::of_rows(self.segment.row_of(*id).into_iter(), true),
            Query::Among(ids) if ids.len() <= AMONG_MAX => {
                let rows = ids.iter().filter_map(|id| self.segment.row_of(*id));
                Candidates::of_rows(rows, true)
            }
            Query::Group(group) => {
                let members = Cow::Borrowed(self.segment.members_of(*group));
                Candidates::Lists(vec![List::of(members, true)])
            }
            Query::Exact(fields, text) => {
                let id = ContactId::parse(text);
                let rows = id.and_then(|id| self.segment.references.to(id, *fields));
                let found = |rows: Vec<u32>| Candidates::of_rows(rows.into_iter(), false);
                rows.map_or(Candidates::UNKNOWN, found)
            }
            Query::Not(_)
            | Query::HasPhoto
            | Query::Among(_)
            | Query::Book(_)
            | Query::Range(..)
            | Query::CreatedSince(_)
            | Query::CreatedUntil(_)
            | Query::ModifiedSince(_)
            | Query::ModifiedUntil(_) => Candidates::UNKNOWN,
        }
    }

    /// Whether the asker sees all values of these fields.
    fn sees(self, fields: FieldSet) -> bool {
        fields.and(self.hidden).is_empty()
    }

    fn values(self, division: &Division, fields: FieldSet) -> Values {
        let proof = if self.sees(fields) { division.covered_by(fields) } else { Kinds::NONE };
        Values { kinds: division.touched_by(fields), proof }
    }

    fn present(self, fields: FieldSet) -> Candidates<'a> {
        let proven = self.sees(fields);
        Candidates::union(fields.iter().map(|field| match self.segment.having(field) {
            None => Candidates::All { proven },
            Some(rows) => Candidates::Lists(vec![List::of(Cow::Borrowed(rows), proven)]),
        }))
    }

    fn text(self, pattern: &TextPattern, values: Values) -> Candidates<'a> {
        let part = |spellings: &[String], ends| {
            Candidates::union(
                spellings.iter().map(|text| self.gram(self.segment.texts.find(text, ends), values)),
            )
        };
        match pattern {
            TextPattern::Equals(spellings) => part(spellings, Ends::Both),
            TextPattern::Parts { initial, any, last } => {
                let initial = initial.iter().map(|spellings| part(spellings, Ends::Start));
                let last = last.iter().map(|spellings| part(spellings, Ends::End));
                let any = any.iter().map(|spellings| part(spellings, Ends::Neither));
                self.in_some_value(initial.chain(last).chain(any))
            }
            TextPattern::Words(words, _) => {
                let word = |forms: &Vec<String>| {
                    Candidates::union(forms.iter().flat_map(|form| self.beginning(form, values)))
                };
                self.in_some_value(words.iter().map(word)).unproven()
            }
        }
    }

    /// Where a word may begin so: at the beginning of a value, or behind what divides words.
    fn beginning(self, form: &str, values: Values) -> Vec<Candidates<'a>> {
        let texts = &self.segment.texts;
        let inside = BEFORE_WORDS.iter().map(|before| format!("{before}{form}"));
        let inside = inside.map(|text| texts.find(&text, Ends::Neither));
        let places = inside.chain([texts.find(form, Ends::Start)]);
        places.map(|found| self.gram(found, values)).collect()
    }

    fn number(self, pattern: &NumberPattern, values: Values) -> Candidates<'a> {
        let part = |forms: &[String], ends| {
            Candidates::union(forms.iter().map(|form| self.digits(form, ends, values)))
        };
        match pattern {
            NumberPattern::Equals(whole) => part(whole, Ends::Both),
            NumberPattern::Parts { initial, any, last } => {
                let initial = initial.iter().map(|forms| part(forms, Ends::Start));
                let last = last.iter().map(|forms| part(forms, Ends::End));
                let any = any.iter().map(|forms| part(forms, Ends::Neither));
                self.in_some_value(initial.chain(last).chain(any))
            }
            NumberPattern::AtLeast(_) | NumberPattern::AtMost(_) => Candidates::UNKNOWN,
        }
    }

    /// The candidates of the parts of one pattern. Even without any there must be a value.
    fn in_some_value(self, parts: impl Iterator<Item = Candidates<'a>>) -> Candidates<'a> {
        match Candidates::conjunction(parts) {
            Candidates::All { .. } => Candidates::UNKNOWN,
            lists => lists,
        }
    }

    fn gram(self, found: grams::Found<'a>, values: Values) -> Candidates<'a> {
        let list = |postings| values.list(Cow::Borrowed(postings), found.proven);
        Candidates::Lists(vec![match found.rows {
            grams::Rows::Every => return Candidates::UNKNOWN,
            grams::Rows::Any { postings, runs } => List { runs, ..list(postings) },
            grams::Rows::All(lists) => {
                let mut lists = lists.into_iter();
                let rarest = lists.next().unwrap_or(&[]);
                List { also: lists.take(ALSO_MAX).collect(), ..list(rarest) }
            }
        }])
    }

    /// The candidates of a form of a number. A few rows are put in order; where there are many, the
    /// sequences of its digits have them in order.
    fn digits(self, form: &str, ends: Ends, values: Values) -> Candidates<'a> {
        let digits = &self.segment.digits;
        let found = match ends {
            Ends::Both => Some(digits.equal(form)),
            Ends::Start => Some(digits.starting(form)),
            Ends::End => Some(digits.ending(form)),
            Ends::Neither => None,
        };
        match found.filter(|found| found.postings.len() <= SORTED_MAX) {
            Some(found) => {
                let postings = Cow::Owned(sorted(found.postings.to_vec()));
                Candidates::Lists(vec![values.list(postings, found.proven)])
            }
            None => self.gram(self.segment.numbers.find(form, ends), values),
        }
    }
}

/// The postings in row order, one for each row.
fn sorted(mut postings: Vec<Posting>) -> Vec<Posting> {
    postings.sort_unstable();
    postings.dedup_by(|next, last| last.absorb(*next));
    postings
}
