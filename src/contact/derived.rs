//! Search and sort keys made from a card, kept with it so that a start need not make them again.

use crate::contact::card::{Card, CardBuilder, Field, FieldSet, Packed, PostalAddress, PostalPart};
use crate::contact::collation::Collation;
use crate::contact::fold::spellings;
use crate::contact::number::Numbering;
use crate::contact::{keypad, latin};

/// Counted up whenever the same card would give other keys; part of [`Derivation::fingerprint`].
const VERSION: u32 = 3;

/// The fields that keypad digits find.
const TYPED: FieldSet = FieldSet::of(&[Field::FormattedName, Field::FamilyName, Field::GivenName]);

/// In which order the parts of a name are sorted and shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NameOrder {
    #[default]
    GivenFirst,
    FamilyFirst,
}

/// Whether digits find names by the letters on the keys of a telephone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeypadSearch {
    #[default]
    Off,
    On,
}

/// How an organization's keys are made.
#[derive(Debug)]
pub struct Derivation {
    pub numbering: Numbering,
    pub collation: Collation,
    pub name_order: NameOrder,
    pub keypad: KeypadSearch,
    /// Says which settings made a key; keys of other settings are made anew.
    pub fingerprint: u64,
}

impl Derivation {
    pub fn new(
        numbering: Numbering,
        language: &str,
        name_order: NameOrder,
        keypad: KeypadSearch,
    ) -> Self {
        let settings = format!("{VERSION} {numbering:?} {language} {name_order:?} {keypad:?}");
        Self {
            fingerprint: fnv1a(&settings),
            collation: Collation::of_language(language),
            numbering,
            name_order,
            keypad,
        }
    }

    /// The keys of a card.
    pub fn derive(&self, card: &Card) -> Derived {
        let mut texts = CardBuilder::default();
        let mut numbers = CardBuilder::default();
        let mut names = Names::default();
        for (field, value) in card.iter() {
            if Field::NUMBERS.contains(field) {
                for form in self.numbering.forms(value) {
                    numbers.push(field, &form);
                }
            } else if field == Field::Postal {
                let address = PostalAddress::parse(value);
                for part in PostalPart::ALL {
                    self.add(&mut texts, field, &address.part(part));
                }
            } else if Field::TEXTS.contains(field) {
                names.take(field, value);
                self.add(&mut texts, field, value);
            }
        }
        if names.family.is_none() {
            self.add(&mut texts, Field::FamilyName, surname(card));
        }
        for (field, name) in names.others() {
            self.add(&mut texts, field, &name);
        }
        if let (KeypadSearch::On, Some(given), Some(family)) =
            (self.keypad, names.given, names.family)
        {
            self.add_typed(&mut texts, Field::FormattedName, &format!("{family} {given}"));
        }
        Derived {
            texts: texts.pack(),
            numbers: numbers.pack(),
            sort_key: self.sort_key(card),
            fingerprint: self.fingerprint,
            group: is_group(card),
        }
    }

    /// Adds the keys of a text.
    fn add(&self, texts: &mut CardBuilder, field: Field, text: &str) {
        for spelling in spellings(text) {
            texts.push(field, &spelling);
        }
        if self.keypad == KeypadSearch::On && TYPED.contains(field) {
            self.add_typed(texts, field, text);
        }
    }

    /// Adds what a name is typed as on the keys of a telephone.
    fn add_typed(&self, texts: &mut CardBuilder, field: Field, name: &str) {
        for spelling in spellings(name) {
            if let Some(keys) = keypad::keys_of(&spelling).filter(|keys| *keys != spelling) {
                texts.push(field, &keys);
            }
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

/// The parts of a name, the first of each.
#[derive(Default)]
struct Names<'c> {
    formatted: Option<&'c str>,
    family: Option<&'c str>,
    given: Option<&'c str>,
    family_reading: Option<&'c str>,
    given_reading: Option<&'c str>,
}

impl<'c> Names<'c> {
    fn take(&mut self, field: Field, value: &'c str) {
        let part = match field {
            Field::FormattedName => &mut self.formatted,
            Field::FamilyName => &mut self.family,
            Field::GivenName => &mut self.given,
            Field::PhoneticFamilyName => &mut self.family_reading,
            Field::PhoneticGivenName => &mut self.given_reading,
            _ => return,
        };
        part.get_or_insert(value);
    }

    /// What the names are found by besides: how they are read (Japanese), and `王小明` also where
    /// the card only has `小明` and `王`.
    fn others(&self) -> Vec<(Field, String)> {
        let mut others = Vec::new();
        let readings = [self.family_reading, self.given_reading];
        for (field, reading) in [Field::FamilyName, Field::GivenName].into_iter().zip(readings) {
            others.extend(reading.map(|reading| (field, reading.to_owned())));
        }
        if readings != [None, None] {
            let whole: Vec<&str> = readings.into_iter().flatten().collect();
            others.push((Field::FormattedName, whole.join(" ")));
        }
        if let (Some(family), Some(given)) = (self.family, self.given) {
            let together = || format!("{family}{given}");
            if family.starts_with(latin::is_han) && self.formatted != Some(&together()) {
                others.push((Field::FormattedName, together()));
            }
        }
        others
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
    /// See [`is_group`]. Set as well for a contact of which the store lost a part.
    pub group: bool,
}

/// Whether the card is a group of others: a member of its book, but no contact to search or call.
pub fn is_group(card: &Card) -> bool {
    card.first(Field::Kind).is_some_and(|kind| kind.eq_ignore_ascii_case("group"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::query::TextPattern;

    fn derived(keypad: KeypadSearch, values: &[(Field, &str)]) -> Derived {
        let mut card = CardBuilder::default();
        for (field, value) in values {
            card.push(*field, value);
        }
        let numbering = Numbering::new("DE", "30", "0").unwrap();
        let derivation = Derivation::new(numbering, "de", NameOrder::GivenFirst, keypad);
        derivation.derive(&card.finish().unwrap())
    }

    fn texts(derived: &Derived, field: Field) -> Vec<&str> {
        derived.texts.iter().filter(|(found, _)| *found == field).map(|(_, text)| text).collect()
    }

    const ANNA: [(Field, &str); 2] = [(Field::GivenName, "Anna"), (Field::FamilyName, "Ähm")];

    #[test]
    fn plain_names_cost_their_spellings_only() {
        let anna = derived(KeypadSearch::Off, &ANNA);
        assert_eq!(texts(&anna, Field::FormattedName), ["anna ahm", "anna aehm"]);
        assert_eq!(texts(&anna, Field::GivenName), ["anna"]);
    }

    #[test]
    fn keypad_digits_are_kept_where_they_are_wanted() {
        let anna = derived(KeypadSearch::On, &ANNA);
        assert_eq!(texts(&anna, Field::FamilyName), ["ahm", "aehm", "246", "2346"]);
        assert!(texts(&anna, Field::FormattedName).contains(&"26620246"));
        assert!(texts(&anna, Field::FormattedName).contains(&"24602662"), "family name first");
        let [off, on] = [KeypadSearch::Off, KeypadSearch::On].map(|on| derived(on, &ANNA));
        assert_ne!(off.fingerprint, on.fingerprint);
    }

    #[test]
    fn names_are_found_by_how_they_are_read() {
        let taro = [
            (Field::FormattedName, "山田 太郎"),
            (Field::PhoneticFamilyName, "ヤマダ"),
            (Field::PhoneticGivenName, "たろう"),
        ];
        let taro = derived(KeypadSearch::Off, &taro);
        let found = |field, key| {
            let key = TextPattern::equals(key);
            texts(&taro, field).iter().any(|text| key.matches(text))
        };
        assert!(found(Field::FamilyName, "yamada") && found(Field::GivenName, "タロウ"));
        assert!(found(Field::FormattedName, "yamada taro"));
        assert!(!found(Field::FamilyName, "taro"));
    }

    #[test]
    fn chinese_names_are_found_in_one_word() {
        let ming =
            derived(KeypadSearch::Off, &[(Field::GivenName, "小明"), (Field::FamilyName, "王")]);
        let names = texts(&ming, Field::FormattedName);
        for spelling in ["xiaoming wang", "王小明", "wangxiaoming", "wang xiaoming"] {
            assert!(names.contains(&spelling), "{spelling}: {names:?}");
        }
    }
}
