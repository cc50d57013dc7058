//! Lists of candidates: which are one, and how they are put in order.

use std::borrow::Cow;

use crate::contact::card::{Field, FieldSet};
use crate::index::candidates::{Candidates, List, sorted};
use crate::index::posting::{Division, Kinds, Posting};
use crate::index::walk::Walk;

fn postings(rows: &[u32]) -> Vec<Posting> {
    rows.iter().map(|row| Posting::new(*row, Kinds::ANY)).collect()
}

#[test]
fn spellings_that_share_their_rarest_gram_are_both_walked() {
    let (rare, more, other) = (postings(&[7]), postings(&[1, 7]), postings(&[7, 9]));
    let list = |also: &[_]| List { also: also.to_vec(), ..List::of(Cow::Borrowed(&rare), false) };
    let (muller, mueller) = (list(&[&more[..]]), list(&[&other[..]]));
    assert!(muller.same(&list(&[&more[..]])));
    assert!(!muller.same(&mueller) && !muller.same(&list(&[])));
}

#[test]
fn rows_come_once_with_all_their_kinds() {
    let given = Division::TEXTS.touched_by(FieldSet::of(&[Field::GivenName]));
    let family = Division::TEXTS.touched_by(FieldSet::of(&[Field::FamilyName]));
    let mixed = [(9, given), (2, given), (9, family), (0, given), (9, given)];
    let mixed = mixed.map(|(row, kinds)| Posting::new(row, kinds));
    let expected = [(0, given), (2, given), (9, given.or(family))];
    assert_eq!(sorted(mixed.to_vec()), expected.map(|(row, kinds)| Posting::new(row, kinds)));
}

/// A list of several runs, of which every posting is one letter's row.
#[test]
fn runs_are_merged_in_row_order() {
    let family = Division::TEXTS.touched_by(FieldSet::of(&[Field::FamilyName]));
    let given = Division::TEXTS.touched_by(FieldSet::of(&[Field::GivenName]));
    let rows = [(1, family), (5, given), (8, family), (0, family), (5, family), (7, given)];
    let postings = rows.map(|(row, kinds)| Posting::new(row, kinds));
    let list = || List {
        runs: &[40, 43, 43, 46],
        kinds: family,
        proof: family,
        ..List::of(Cow::Borrowed(&postings), true)
    };
    let walk = || Walk::new(Candidates::Lists(vec![list()]), 10);
    let found = |walk: Walk<'_>| walk.map(|found| (found.row, found.proven)).collect::<Vec<_>>();
    assert_eq!(found(walk()), [(0, true), (1, true), (5, true), (8, true)]);
    let mut later = walk();
    later.skip_to(5);
    assert_eq!(found(later), [(5, true), (8, true)]);
}
