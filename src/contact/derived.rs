//! Search and sort keys made from a card, kept with it so that a start need not make them again.

use crate::contact::card::{Card, CardBuilder, Field, Packed};
use crate::contact::collation::Collation;
use crate::contact::fold::spellings;
use crate::contact::number::Numbering;

/// Counted up whenever the same card would give other keys; part of [`Derivation::fingerprint`].
const VERSION: u32 = 2;

/// In which order the parts of a name are sorted and shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NameOrder {
    #[default]
    GivenFirst,
    FamilyFirst,
}

/// How an organization's keys are made.
#[derive(Debug)]
pub struct Derivation {
    pub numbering: Numbering,
    pub collation: Collation,
    pub name_order: NameOrder,
    /// Says which settings made a key; keys of other settings are made anew.
    pub fingerprint: u64,
}

impl Derivation {
    pub fn new(numbering: Numbering, language: &str, name_order: NameOrder) -> Self {
        Self {
            fingerprint: fnv1a(&format!("{VERSION} {numbering:?} {language} {name_order:?}")),
            collation: Collation::of_language(language),
            numbering,
            name_order,
        }
    }

    /// The keys of a card.
    pub fn derive(&self, card: &Card) -> Derived {
        let mut texts = CardBuilder::default();
        let mut numbers = CardBuilder::default();
        for (field, value) in card.iter() {
            if Field::NUMBERS.contains(field) {
                for form in self.numbering.forms(value) {
                    numbers.push(field, &form);
                }
            } else if Field::TEXTS.contains(field) {
                for spelling in spellings(value) {
                    texts.push(field, &spelling);
                }
            }
        }
        if card.first(Field::FamilyName).is_none() {
            for spelling in spellings(surname(card)) {
                texts.push(Field::FamilyName, &spelling);
            }
        }
        Derived {
            texts: texts.pack(),
            numbers: numbers.pack(),
            sort_key: self.sort_key(card),
            fingerprint: self.fingerprint,
            group: is_group(card),
        }
    }

    fn sort_key(&self, card: &Card) -> Box<[u8]> {
        let family = card.first(Field::FamilyName);
        match (self.name_order, family) {
            (NameOrder::FamilyFirst, Some(family)) => {
                let given = card.first(Field::GivenName).unwrap_or_default();
                self.collation.sort_key(&format!("{family} {given}"))
            }
            _ => self.collation.sort_key(card.formatted_name()),
        }
    }
}

/// The surname that phones show and sort by: the family name, else the company, else the name.
pub fn surname(card: &Card) -> &str {
    let fields = [Field::FamilyName, Field::Company].into_iter();
    fields.filter_map(|field| card.first(field)).next().unwrap_or_else(|| card.formatted_name())
}

/// FNV-1a (64 bits): a hash that is the same in every build, as kept keys need it.
pub fn fnv1a(text: &str) -> u64 {
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    text.bytes().fold(0xcbf2_9ce4_8422_2325, mix)
}

/// The keys of one card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Derived {
    /// The spellings of each text value, see [`spellings`]. Cards without a family name are found
    /// by their [`surname`] under it.
    pub texts: Packed,
    /// The forms of each number, see [`Numbering::forms`].
    pub numbers: Packed,
    /// Sorts contacts by name; ties are broken by the contact id.
    pub sort_key: Box<[u8]>,
    /// The [`Derivation::fingerprint`] that these keys were made with.
    pub fingerprint: u64,
    /// See [`is_group`].
    pub group: bool,
}

/// Whether the card is a group of others: a member of its book, but no contact to search or call.
pub fn is_group(card: &Card) -> bool {
    card.first(Field::Kind).is_some_and(|kind| kind.eq_ignore_ascii_case("group"))
}
