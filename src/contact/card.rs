//! A card's fields: an ordered list of (field, text), kept as one packed string.

use std::borrow::Cow;
use std::fmt;

/// Ends each value of a packed list (ASCII record separator).
const RECORD: char = '\u{1e}';
/// Separates the components of one value, such as those of a postal address (ASCII unit separator).
const UNIT: char = '\u{1f}';

macro_rules! fields {
    ($($(#[$doc:meta])* $name:ident = $code:literal;)*) => {
        /// A field of a card. The code is how the field is stored; codes are never used again.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Field { $($(#[$doc])* $name,)* }

        impl Field {
            /// Every field, in the order of the table in the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            const fn code(self) -> u8 {
                match self { $(Self::$name => $code,)* }
            }

            const fn from_code(code: u8) -> Option<Self> {
                match code { $($code => Some(Self::$name),)* _ => None }
            }
        }
    };
}

fields! {
    /// vCard FN, LDAP cn. Every finished card has one.
    FormattedName = b'F';
    FamilyName = b's';
    GivenName = b'g';
    MiddleName = b'm';
    NamePrefix = b'p';
    NameSuffix = b'q';
    Nickname = b'n';
    PhoneticGivenName = b'y';
    PhoneticFamilyName = b'Y';
    Company = b'o';
    Department = b'd';
    Site = b'l';
    Title = b't';
    Role = b'r';
    /// The internal number of a person.
    Extension = b'e';
    Work = b'w';
    Mobile = b'c';
    Home = b'h';
    Fax = b'f';
    Pager = b'P';
    OtherNumber = b'O';
    /// Direct inward dialling: the outside number that rings the extension.
    Did = b'D';
    VoicemailBox = b'v';
    Email = b'E';
    /// A SIP, XMPP or other messaging URI.
    Address = b'i';
    /// A postal address, see [`PostalAddress`].
    Postal = b'A';
    /// The contact id of a manager, or a name where the person is not known here.
    Manager = b'M';
    /// The contact id of an assistant, or a name where the person is not known here.
    Assistant = b'S';
    Note = b'N';
    Url = b'u';
    Birthday = b'B';
    Category = b'C';
    Language = b'L';
    /// vCard KIND where it is not `individual`: `group` cards are no LDAP entries.
    Kind = b'K';
}

impl Field {
    /// The fields that hold telephone numbers, in the order in which phones show them.
    pub const NUMBERS: FieldSet = FieldSet::of(&[
        Self::Extension,
        Self::Work,
        Self::Mobile,
        Self::Home,
        Self::Fax,
        Self::Pager,
        Self::OtherNumber,
        Self::Did,
    ]);

    /// The fields whose values are found as text. Numbers are found by their digits instead, and
    /// references by identity.
    pub const TEXTS: FieldSet = FieldSet::of(&[
        Self::FormattedName,
        Self::FamilyName,
        Self::GivenName,
        Self::MiddleName,
        Self::NamePrefix,
        Self::NameSuffix,
        Self::Nickname,
        Self::PhoneticGivenName,
        Self::PhoneticFamilyName,
        Self::Company,
        Self::Department,
        Self::Site,
        Self::Title,
        Self::Role,
        Self::VoicemailBox,
        Self::Email,
        Self::Address,
        Self::Postal,
        Self::Note,
        Self::Url,
        Self::Category,
        Self::Language,
    ]);

    /// The field's bit in a [`FieldSet`].
    const fn bit(self) -> u64 {
        1 << self as u64
    }

    /// The character that stands for the field in a packed list and in the index.
    pub const fn as_char(self) -> char {
        self.code() as char
    }

    /// The reverse of [`Field::as_char`].
    pub fn from_char(code: char) -> Option<Self> {
        u8::try_from(code).ok().and_then(Self::from_code)
    }
}

/// A set of fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct FieldSet(u64);

impl FieldSet {
    pub const EMPTY: Self = Self(0);

    pub const fn of(fields: &[Field]) -> Self {
        let mut bits = 0;
        let mut at = 0;
        while at < fields.len() {
            bits |= fields[at].bit();
            at += 1;
        }
        Self(bits)
    }

    pub const fn contains(self, field: Field) -> bool {
        self.0 & field.bit() != 0
    }

    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn iter(self) -> impl Iterator<Item = Field> {
        Field::ALL.iter().copied().filter(move |field| self.contains(*field))
    }
}

/// An ordered list of (field, text) in one string: for each value the field's character, the text
/// and a record separator. Values hold no control characters but TAB, LF and the unit separator.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Packed(Box<str>);

impl Packed {
    /// Reads a list that [`Packed::as_str`] gave out; unknown fields are skipped when read.
    pub fn from_stored(text: &str) -> Self {
        Self(text.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The values in order.
    pub fn iter(&self) -> Values<'_> {
        Values { rest: &self.0 }
    }
}

/// The values of a [`Packed`] list. Searches read many lists, so this is written for speed.
#[derive(Clone, Debug)]
pub struct Values<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Values<'a> {
    type Item = (Field, &'a str);

    #[inline]
    fn next(&mut self) -> Option<(Field, &'a str)> {
        loop {
            let end = memchr::memchr(RECORD as u8, self.rest.as_bytes())?;
            let record = self.rest.get(..end)?;
            self.rest = self.rest.get(end + 1..)?;
            let field = record.as_bytes().first().and_then(|code| Field::from_code(*code));
            if let (Some(field), Some(value)) = (field, record.get(1..)) {
                return Some((field, value));
            }
        }
    }
}

/// The fields of one card in their order; phones show the first value of a field.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Card(Packed);

impl Card {
    /// Reads a card that [`Card::as_str`] gave out.
    pub fn from_stored(text: &str) -> Self {
        Self(Packed::from_stored(text))
    }

    /// The stored form of the card.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// All values in order.
    pub fn iter(&self) -> impl Iterator<Item = (Field, &str)> {
        self.0.iter()
    }

    /// The first value of a field.
    pub fn first(&self, field: Field) -> Option<&str> {
        self.all(field).next()
    }

    /// All values of a field in order.
    pub fn all(&self, field: Field) -> impl Iterator<Item = &str> {
        self.iter().filter(move |(found, _)| *found == field).map(|(_, value)| value)
    }

    /// The name that stands for the contact everywhere.
    pub fn formatted_name(&self) -> &str {
        self.first(Field::FormattedName).unwrap_or_default()
    }

    /// The card without the values of some fields, as a reduced rendition shows it.
    pub fn without(&self, hidden: FieldSet) -> Self {
        let mut builder = CardBuilder::default();
        for (field, value) in self.iter().filter(|(field, _)| !hidden.contains(*field)) {
            builder.push(field, value);
        }
        Self(Packed(builder.packed.into_boxed_str()))
    }

    /// A builder that begins with this card's values.
    pub fn edit(&self) -> CardBuilder {
        CardBuilder { packed: self.as_str().to_owned() }
    }
}

impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl fmt::Debug for Packed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// Collects values for a [`Card`] or another [`Packed`] list.
#[derive(Clone, Debug, Default)]
pub struct CardBuilder {
    packed: String,
}

impl CardBuilder {
    /// Adds a value behind the others. Blank values are left out; control characters, which no
    /// format can carry, become spaces.
    pub fn push(&mut self, field: Field, value: &str) -> &mut Self {
        let value = value.trim();
        if value.is_empty() {
            return self;
        }
        self.packed.push(field.as_char());
        let kept = |c: char| matches!(c, '\n' | '\t' | UNIT) || !c.is_control();
        self.packed.extend(value.chars().map(|c| if kept(c) { c } else { ' ' }));
        self.packed.push(RECORD);
        self
    }

    /// Replaces all values of a field by these, which go to the end.
    pub fn replace<'a>(
        &mut self,
        field: Field,
        values: impl IntoIterator<Item = &'a str>,
    ) -> &mut Self {
        let old = Packed(std::mem::take(&mut self.packed).into_boxed_str());
        for (kept, value) in old.iter().filter(|(found, _)| *found != field) {
            self.push(kept, value);
        }
        for value in values {
            self.push(field, value);
        }
        self
    }

    /// The list as it is.
    pub fn pack(self) -> Packed {
        Packed(self.packed.into_boxed_str())
    }

    /// The finished card. A formatted name is made where none was given: of the name's parts, else
    /// the company, a number or an e-mail.
    ///
    /// # Errors
    /// [`NamelessCard`] where there is nothing to make a name of.
    pub fn finish(self) -> Result<Card, NamelessCard> {
        let card = Card(self.pack());
        if card.first(Field::FormattedName).is_some() {
            return Ok(card);
        }
        let name = made_name(&card).ok_or(NamelessCard)?;
        let mut named = Self::default();
        named.push(Field::FormattedName, &name);
        named.packed.push_str(card.as_str());
        Ok(Card(named.pack()))
    }
}

/// A contact needs a name, company, number or e-mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a contact needs a name, a company, a number or an e-mail")]
pub struct NamelessCard;

fn made_name(card: &Card) -> Option<String> {
    let parts = [Field::GivenName, Field::MiddleName, Field::FamilyName];
    let full: Vec<&str> = parts.iter().filter_map(|part| card.first(*part)).collect();
    if !full.is_empty() {
        return Some(full.join(" "));
    }
    let instead = [Field::Nickname, Field::Company].into_iter();
    let instead = instead.chain(Field::NUMBERS.iter()).chain([Field::Email]);
    instead.filter_map(|field| card.first(field)).next().map(str::to_owned)
}

/// A part of a postal address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PostalPart {
    Street,
    Locality,
    Region,
    Code,
    Country,
    /// All lines.
    Whole,
}

impl PostalPart {
    /// The parts that an address is kept in.
    pub const ALL: [Self; 5] =
        [Self::Street, Self::Locality, Self::Region, Self::Code, Self::Country];
}

/// A postal address (vCard ADR without its two deprecated components).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PostalAddress<'a> {
    /// `work`, `home` or empty.
    pub kind: &'a str,
    pub street: &'a str,
    pub locality: &'a str,
    pub region: &'a str,
    pub code: &'a str,
    pub country: &'a str,
}

impl<'a> PostalAddress<'a> {
    /// Reads a value of [`Field::Postal`].
    pub fn parse(value: &'a str) -> Self {
        let mut parts = value.split(UNIT);
        let mut next = || parts.next().unwrap_or_default();
        Self {
            kind: next(),
            street: next(),
            locality: next(),
            region: next(),
            code: next(),
            country: next(),
        }
    }

    /// A part; of the whole, the lines as they stand on a letter. Blank where there is none.
    pub fn part(&self, part: PostalPart) -> Cow<'a, str> {
        let part = match part {
            PostalPart::Street => self.street,
            PostalPart::Locality => self.locality,
            PostalPart::Region => self.region,
            PostalPart::Code => self.code,
            PostalPart::Country => self.country,
            PostalPart::Whole => {
                let place = [self.code, self.locality].join(" ");
                let lines = [self.street, place.trim(), self.region, self.country];
                let lines = lines.into_iter().filter(|line| !line.is_empty());
                return lines.collect::<Vec<&str>>().join("\n").into();
            }
        };
        part.into()
    }

    /// The value to keep in [`Field::Postal`]; blank where the address is.
    pub fn value(&self) -> String {
        let parts = [self.kind, self.street, self.locality, self.region, self.code, self.country];
        if parts.iter().skip(1).all(|part| part.trim().is_empty()) {
            return String::new();
        }
        parts.map(|part| part.trim().replace(UNIT, " ")).join("\u{1f}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(values: &[(Field, &str)]) -> Result<Card, NamelessCard> {
        let mut builder = CardBuilder::default();
        for (field, value) in values {
            builder.push(*field, value);
        }
        builder.finish()
    }

    #[test]
    fn values_keep_their_order() {
        let card =
            card(&[(Field::Work, "2"), (Field::Company, "Acme"), (Field::Work, "1")]).unwrap();
        assert_eq!(card.all(Field::Work).collect::<Vec<_>>(), ["2", "1"]);
        assert_eq!(Card::from_stored(card.as_str()), card);
    }

    #[test]
    fn a_name_is_made_of_what_there_is() {
        let name = |values: &[(Field, &str)]| card(values).map(|c| c.formatted_name().to_owned());
        assert_eq!(
            name(&[(Field::FamilyName, "Doe"), (Field::GivenName, "John")]).unwrap(),
            "John Doe"
        );
        assert_eq!(name(&[(Field::Email, "a@b"), (Field::Company, "Acme")]).unwrap(), "Acme");
        assert_eq!(name(&[(Field::Mobile, "101")]).unwrap(), "101");
        assert_eq!(name(&[(Field::Note, "lost"), (Field::GivenName, "  ")]), Err(NamelessCard));
    }

    #[test]
    fn control_characters_never_split_a_value() {
        let card = card(&[(Field::Company, "A\u{1e}sB\r\nC")]).unwrap();
        assert_eq!(card.first(Field::Company), Some("A sB \nC"));
        assert_eq!(card.first(Field::FamilyName), None);
    }

    #[test]
    fn every_field_has_a_code_of_its_own() {
        for field in Field::ALL {
            assert_eq!(Field::from_char(field.as_char()), Some(*field));
        }
        assert!(Field::ALL.len() <= 64, "a FieldSet holds 64");
    }

    #[test]
    fn replacing_touches_one_field_only() {
        let old = card(&[(Field::Company, "Acme"), (Field::Work, "1")]).unwrap();
        let mut edit = old.edit();
        edit.replace(Field::Work, ["2", "3"]);
        let new = edit.finish().unwrap();
        assert_eq!(new.all(Field::Work).collect::<Vec<_>>(), ["2", "3"]);
        assert_eq!(new.first(Field::Company), Some("Acme"));
    }

    #[test]
    fn a_postal_address_reads_back() {
        let address =
            PostalAddress { kind: "work", street: "Weg 1", code: "10115", ..Default::default() };
        assert_eq!(PostalAddress::parse(&address.value()), address);
        assert_eq!(PostalAddress { kind: "home", ..Default::default() }.value(), "");
    }
}
