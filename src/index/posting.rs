//! Postings: a row, and in values of which kinds the row has what a list of postings is about.
//!
//! The kinds are what makes an index of many fields as good as one for each field: rows that have
//! `mar` as a part of their department only are no candidates for `(sn=*mar*)`, and a row that has
//! it in the family name need not be fetched from memory to see that it matches.

use crate::contact::card::{Field, FieldSet};

/// Rows that a segment may have at most: a posting keeps the row in 24 bits.
pub(super) const SEGMENT_ROWS_MAX: usize = 1 << (u32::BITS - KIND_BITS);
const KIND_BITS: u32 = u8::BITS;

/// A row and some kinds. Postings are ordered by row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Posting(u32);

/// Kinds of values in the terms of a [`Division`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kinds(u8);

/// Which fields are one kind.
pub(super) struct Division([FieldSet; KIND_BITS as usize]);

impl Posting {
    pub(super) const fn new(row: u32, kinds: Kinds) -> Self {
        Self(row << KIND_BITS | kinds.0 as u32)
    }

    pub(super) const fn row(self) -> u32 {
        self.0 >> KIND_BITS
    }

    pub(super) const fn kinds(self) -> Kinds {
        Kinds(self.0.to_le_bytes()[0])
    }

    /// Takes the kinds of another posting of the same row; false where it is of another row.
    pub(super) const fn absorb(&mut self, other: Self) -> bool {
        let same = self.row() == other.row();
        if same {
            self.0 |= other.kinds().0 as u32;
        }
        same
    }
}

impl Kinds {
    pub(super) const NONE: Self = Self(0);
    pub(super) const ANY: Self = Self(u8::MAX);

    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(super) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl Division {
    /// Texts: the fields that phones ask for have a kind each.
    pub(super) const TEXTS: Self = {
        let single = [
            Field::FormattedName,
            Field::FamilyName,
            Field::GivenName,
            Field::Company,
            Field::Department,
            Field::Email,
            Field::Nickname,
        ];
        let [a, b, c, d, e, f, g] = single;
        let others = Field::TEXTS.without(FieldSet::of(&single));
        Self([of(a), of(b), of(c), of(d), of(e), of(f), of(g), others])
    };

    /// Numbers: each field is a kind.
    pub(super) const NUMBERS: Self = Self([
        of(Field::Extension),
        of(Field::Work),
        of(Field::Mobile),
        of(Field::Home),
        of(Field::Fax),
        of(Field::Pager),
        of(Field::OtherNumber),
        of(Field::Did),
    ]);

    /// The kinds in which there is any of the fields.
    pub(super) fn touched_by(&self, fields: FieldSet) -> Kinds {
        self.kinds(|kind| !kind.and(fields).is_empty())
    }

    /// The kinds all of whose fields are among these.
    pub(super) fn covered_by(&self, fields: FieldSet) -> Kinds {
        self.kinds(|kind| kind.without(fields).is_empty())
    }

    fn kinds(&self, is_one: impl Fn(FieldSet) -> bool) -> Kinds {
        let bit = |kind: &FieldSet| u8::from(is_one(*kind));
        Kinds(self.0.iter().rev().fold(0, |kinds, kind| kinds << 1 | bit(kind)))
    }
}

const fn of(field: Field) -> FieldSet {
    FieldSet::of(&[field])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_that_is_searched_is_of_one_kind() {
        for (division, fields) in
            [(Division::TEXTS, Field::TEXTS), (Division::NUMBERS, Field::NUMBERS)]
        {
            for field in fields.iter() {
                let kinds = division.touched_by(FieldSet::of(&[field]));
                assert_eq!(kinds.0.count_ones(), 1, "{field:?}");
            }
            assert_eq!(division.covered_by(fields), Kinds::ANY);
        }
    }

    #[test]
    fn a_kind_is_covered_by_all_of_its_fields_only() {
        let (title, role) = (FieldSet::of(&[Field::Title]), FieldSet::of(&[Field::Role]));
        let texts = Division::TEXTS;
        assert_eq!(texts.touched_by(title), texts.touched_by(role));
        assert_eq!(texts.covered_by(title.union(role)), Kinds::NONE);
        let family = FieldSet::of(&[Field::FamilyName]);
        assert_eq!(texts.covered_by(family), texts.touched_by(family));
    }

    #[test]
    fn postings_keep_row_and_kinds() {
        let family = Division::TEXTS.touched_by(FieldSet::of(&[Field::FamilyName]));
        let given = Division::TEXTS.touched_by(FieldSet::of(&[Field::GivenName]));
        let last = u32::try_from(SEGMENT_ROWS_MAX - 1).unwrap();
        let mut posting = Posting::new(last, family);
        assert!(
            posting.absorb(Posting::new(last, given)) && !posting.absorb(Posting::new(1, given))
        );
        assert_eq!((posting.row(), posting.kinds()), (last, family.or(given)));
    }
}
