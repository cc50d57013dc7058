//! Lists of candidates: which are one, and how they are put in order.

use std::borrow::Cow;

use crate::contact::card::{Field, FieldSet};
use crate::index::candidates::{List, counted, sorted};
use crate::index::posting::{Division, Kinds, Posting};

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
fn both_ways_to_order_postings_give_the_same() {
    let given = Division::TEXTS.touched_by(FieldSet::of(&[Field::GivenName]));
    let mixed = [(9, given), (2, given), (9, Kinds::ANY), (0, given), (9, given)];
    let mixed = mixed.map(|(row, kinds)| Posting::new(row, kinds));
    assert_eq!(sorted(mixed.to_vec()), counted(mixed.into_iter(), 10));
    assert_eq!(sorted(mixed.to_vec()).len(), 3);
}
