//! Prepared entries: a contact's attributes as bytes, encoded once and copied into answers.

use std::ops::Range;
use std::sync::OnceLock;

use crate::auth::dn;
use crate::contact::book::AddressBook;
use crate::contact::card::{Field, FieldSet, PostalAddress, PostalPart};
use crate::contact::derived::surname;
use crate::contact::{Book, Contact};
use crate::ldap::attribute::{AttributeId, Meaning, TELEPHONE, Usage};
use crate::ldap::ber::{self, OCTET_STRING, SEQUENCE, SET};
use crate::ldap::style::Style;
use crate::ldap::time;

/// Which value of `uid` is the first component of an entry's name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum UidForm {
    /// A person's extension; the contact id of whoever has none.
    #[default]
    Extension,
    /// The contact id. A person's extension is another value of the attribute.
    Id,
}

impl UidForm {
    /// The form in a book. Where people of several organizations or several books meet, extensions
    /// name nobody.
    pub(super) fn of(book: AddressBook) -> Self {
        match book {
            AddressBook::Home(_) | AddressBook::Group(_) | AddressBook::Status(_) => {
                Self::Extension
            }
            AddressBook::All | AddressBook::Favorites | AddressBook::Contacts => Self::Id,
        }
    }

    /// The value.
    pub(super) fn uid(self, contact: &Contact) -> String {
        let extension = extension(contact).filter(|_| self == Self::Extension);
        extension.map_or_else(|| contact.id.to_string(), str::to_owned)
    }
}

/// The internal number of a person.
fn extension(contact: &Contact) -> Option<&str> {
    contact.card.first(Field::Extension).filter(|_| contact.book == Book::People)
}

/// The home book of an entry, as far as a byte tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Home {
    People,
    Shared,
    Personal,
    /// The contact tells which one.
    Other,
}

impl Home {
    fn of(book: Book) -> Self {
        match book {
            Book::People => Self::People,
            Book::Shared => Self::Shared,
            Book::Personal(_) | Book::PersonalBook(..) => Self::Personal,
            Book::SharedBook(_) => Self::Other,
        }
    }
}

/// The entries of one segment of the index, made as they are first asked for.
pub(super) struct Entries {
    rows: Box<[OnceLock<Prepared>]>,
}

impl Entries {
    pub(super) fn new(rows: usize) -> Self {
        Self { rows: (0..rows).map(|_| OnceLock::new()).collect() }
    }

    pub(super) fn get(&self, row: usize, contact: &Contact) -> Option<&Prepared> {
        Some(self.rows.get(row)?.get_or_init(|| Prepared::new(contact)))
    }
}

/// The attributes of one contact that depend on nothing else, in the full rendition. Those
/// that are sent only where they are asked for are made then, which is seldom.
///
/// All in one piece of memory, so that reading it costs one cache miss: the home (a byte), which
/// attributes there are (a bit for each [`AttributeId`]), where each piece ends, and the pieces: the name component
/// (`uid=204`), then the attributes in their order, encoded with their own names. Attributes that
/// are made for each asker have a bit and an empty piece.
pub(super) struct Prepared {
    bytes: Box<[u8]>,
}

/// Where the bits are, where the ends begin, and the bytes of each end.
const BITS: usize = 1;
const ENDS: usize = BITS + size_of::<u64>();
const END: usize = size_of::<u32>();

impl Prepared {
    pub(super) fn new(contact: &Contact) -> Self {
        let style = Style::default();
        let uid = UidForm::Extension.uid(contact);
        let mut pieces = format!("uid={}", dn::escaped(&uid)).into_bytes();
        let mut ends = vec![pieces.len()];
        let mut attributes = 0;
        let mut values = Vec::new();
        for (id, attribute) in AttributeId::all() {
            if attribute.usage != Usage::User {
                continue;
            }
            values.clear();
            put_values(&mut values, attribute.meaning, (contact, FieldSet::EMPTY), &style);
            let made = matches!(attribute.meaning, Meaning::Reference(field)
                if contact.card.first(field).is_some());
            if !values.is_empty() {
                put_attribute(&mut pieces, attribute.name, &values);
            }
            if made || !values.is_empty() {
                ends.push(pieces.len());
                attributes |= id.bit();
            }
        }
        let start = ENDS + END * ends.len();
        let mut bytes = Vec::with_capacity(start + pieces.len());
        bytes.push(Home::of(contact.book) as u8);
        bytes.extend(attributes.to_le_bytes());
        for end in &ends {
            // A card is far smaller than 4 GiB: doors limit what they take.
            bytes.extend(u32::try_from(start + end).unwrap_or(u32::MAX).to_le_bytes());
        }
        bytes.extend(pieces);
        Self { bytes: bytes.into() }
    }

    /// The home book of the contact.
    pub(super) fn home(&self) -> Home {
        let known = [Home::People, Home::Shared, Home::Personal];
        let number = self.bytes.first().copied();
        known.into_iter().find(|home| Some(*home as u8) == number).unwrap_or(Home::Other)
    }

    /// The first component of the entry's name under [`UidForm::Extension`], escaped.
    pub(super) fn rdn(&self) -> &[u8] {
        let start = ENDS + END * (1 + self.attributes().count_ones() as usize);
        self.bytes.get(start..self.end(0)).unwrap_or_default()
    }

    /// Whether the entry has a value of the attribute.
    pub(super) fn has(&self, id: AttributeId) -> bool {
        self.attributes() & id.bit() != 0
    }

    /// An attribute, encoded with its own name.
    pub(super) fn attribute(&self, id: AttributeId) -> Option<&[u8]> {
        let attributes = self.attributes();
        if attributes & id.bit() == 0 {
            return None;
        }
        let place = (attributes & (id.bit() - 1)).count_ones() as usize;
        self.bytes.get(self.end(place)..self.end(place + 1))
    }

    /// The encoded set of an attribute's values.
    pub(super) fn values(&self, id: AttributeId) -> Option<&[u8]> {
        let mut attribute = ber::Reader::new(self.attribute(id)?);
        let mut inner = ber::Reader::new(attribute.expect(SEQUENCE).ok()?);
        inner.expect(OCTET_STRING).ok()?;
        Some(inner.rest())
    }

    /// All attributes between two, encoded with their own names.
    pub(super) fn block(&self, attributes: &Range<u8>) -> &[u8] {
        let before = |id: u8| {
            let lower = AttributeId(id).bit().wrapping_sub(1);
            (self.attributes() & lower).count_ones() as usize
        };
        let range = self.end(before(attributes.start))..self.end(before(attributes.end));
        self.bytes.get(range).unwrap_or_default()
    }

    fn attributes(&self) -> u64 {
        let bits = self.bytes.get(BITS..).and_then(|rest| rest.first_chunk());
        bits.map_or(0, |bits| u64::from_le_bytes(*bits))
    }

    /// Where a piece ends; the name component is the first.
    fn end(&self, place: usize) -> usize {
        let end = self.bytes.get(ENDS + END * place..).and_then(|rest| rest.first_chunk());
        end.map_or(0, |end| u32::from_le_bytes(*end) as usize)
    }
}

/// Appends an attribute: its name and its encoded values.
fn put_attribute(out: &mut Vec<u8>, name: &str, values: &[u8]) {
    let mut content = Vec::with_capacity(name.len() + values.len() + 8);
    ber::put(&mut content, OCTET_STRING, name.as_bytes());
    ber::put(&mut content, SET, values);
    ber::put(out, SEQUENCE, &content);
}

/// The fields that an attribute is made of.
pub(super) fn fields(meaning: Meaning) -> FieldSet {
    match meaning {
        Meaning::Name(field) | Meaning::Reference(field) => FieldSet::of(&[field]),
        Meaning::Texts(fields) | Meaning::Numbers(fields) => fields,
        Meaning::Postal(PostalPart::Locality) => FieldSet::of(&[Field::Site, Field::Postal]),
        Meaning::Postal(_) => FieldSet::of(&[Field::Postal]),
        _ => FieldSet::EMPTY,
    }
}

/// Appends the values of an attribute, without those of hidden fields. Attributes that are the
/// same for all entries, or depend on who asks, have none here.
pub(super) fn put_values(
    out: &mut Vec<u8>,
    meaning: Meaning,
    (contact, hidden): (&Contact, FieldSet),
    style: &Style<'_>,
) {
    let card = &contact.card;
    let of_fields = |out: &mut Vec<u8>, fields: FieldSet| {
        for (_, value) in card.iter().filter(|(field, _)| fields.contains(*field)) {
            put_value(out, value);
        }
    };
    match meaning {
        Meaning::Name(Field::FamilyName) => put_value(out, surname(card)),
        Meaning::Name(_) => put_value(out, &style.name(card)),
        Meaning::Texts(fields) => of_fields(out, fields.without(hidden)),
        Meaning::Numbers(fields) => {
            let seen = fields.without(hidden);
            let first = TELEPHONE.into_iter().filter(|field| seen.contains(*field));
            let others = seen.without(FieldSet::of(&TELEPHONE));
            for field in first.chain(others.iter()) {
                for number in card.all(field) {
                    put_value(out, &style.number(field, number));
                }
            }
        }
        Meaning::Postal(part) => {
            if part == PostalPart::Locality {
                of_fields(out, FieldSet::of(&[Field::Site]).without(hidden));
            }
            for address in card.all(Field::Postal).filter(|_| !hidden.contains(Field::Postal)) {
                put_value(out, &postal(part, PostalAddress::parse(address)));
            }
        }
        Meaning::Uid => {
            put_value(out, &UidForm::Extension.uid(contact));
            put_value(out, &style.uid.uid(contact));
        }
        Meaning::EntryUuid => put_value(out, &contact.id.to_string()),
        Meaning::Created => put_value(out, &time::written(contact.created)),
        Meaning::Modified => put_value(out, &time::written(contact.modified)),
        Meaning::Reference(_)
        | Meaning::Reports
        | Meaning::Presence(_)
        | Meaning::SubschemaSubentry
        | Meaning::ObjectClass
        | Meaning::StructuralObjectClass
        | Meaning::EntryDn
        | Meaning::HasSubordinates
        | Meaning::Photo(_) => {}
    }
}

/// Appends a value that is not there yet: values of an attribute are a set.
pub(super) fn put_value(out: &mut Vec<u8>, value: &str) {
    if value.is_empty() {
        return;
    }
    let mut encoded = Vec::with_capacity(value.len() + 4);
    ber::put(&mut encoded, OCTET_STRING, value.as_bytes());
    let mut known = ber::Reader::new(out);
    while let Ok(element) = known.next() {
        if element.whole == encoded {
            return;
        }
    }
    out.extend_from_slice(&encoded);
}

/// A part of a postal address; of the whole, lines as in RFC 4517 section 3.3.28.
fn postal(part: PostalPart, address: PostalAddress<'_>) -> String {
    let text = address.part(part).into_owned();
    match part {
        PostalPart::Whole => text.replace('\\', "\\5C").replace('$', "\\24").replace('\n', "$"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::card::CardBuilder;

    fn contact(book: Book, values: &[(Field, &str)]) -> Contact {
        let mut card = CardBuilder::default();
        for (field, value) in values {
            card.push(*field, value);
        }
        let mut contact = crate::contact::tests::nobody();
        contact.book = book;
        contact.card = card.finish().unwrap();
        contact
    }

    fn values(prepared: &Prepared, name: &str) -> Vec<String> {
        let id = AttributeId::find(name.as_bytes()).unwrap();
        let Some(set) = prepared.values(id) else { return Vec::new() };
        let mut values = ber::Reader::new(ber::Reader::new(set).expect(SET).unwrap());
        let mut found = Vec::new();
        while !values.is_empty() {
            let value = values.expect(OCTET_STRING).unwrap();
            found.push(String::from_utf8(value.to_vec()).unwrap());
        }
        found
    }

    #[test]
    fn a_persons_extension_is_the_first_number() {
        let person = contact(
            Book::People,
            &[
                (Field::GivenName, "Anna"),
                (Field::FamilyName, "Adams"),
                (Field::Work, "+49 30 555 0001"),
                (Field::Mobile, "0170 1"),
                (Field::Did, "+49 30 555 0001"),
                (Field::Did, "+49 30 555 0002"),
                (Field::Extension, "201"),
            ],
        );
        let prepared = Prepared::new(&person);
        assert_eq!(prepared.rdn(), b"uid=201");
        let numbers = ["201", "+49 30 555 0001", "+49 30 555 0002"];
        assert_eq!(values(&prepared, "telephoneNumber"), numbers);
        assert_eq!(values(&prepared, "ipPhone"), ["201"]);
        assert_eq!(values(&prepared, "mobile"), ["0170 1"]);
        assert_eq!(values(&prepared, "cn"), ["Anna Adams"]);
        assert_eq!(values(&prepared, "sn"), ["Adams"]);
        assert_eq!(values(&prepared, "homePhone"), [""; 0]);
    }

    #[test]
    fn every_entry_has_a_surname() {
        let company = Prepared::new(&contact(Book::Shared, &[(Field::Company, "Acme")]));
        assert_eq!(values(&company, "sn"), ["Acme"]);
        let number = Prepared::new(&contact(Book::Shared, &[(Field::Mobile, "0170 1")]));
        assert_eq!(values(&number, "sn"), ["0170 1"]);
        assert_eq!(number.rdn(), b"uid=00000000-0000-0000-0000-000000000000");
    }

    #[test]
    fn addresses_are_shown_in_parts_and_as_a_whole() {
        let address = PostalAddress {
            kind: "work",
            street: "Weg 1$",
            locality: "Berlin",
            code: "10115",
            country: "DE",
            ..Default::default()
        };
        let card =
            [(Field::Company, "Acme"), (Field::Site, "HQ"), (Field::Postal, &address.value())];
        let prepared = Prepared::new(&contact(Book::Shared, &card));
        assert_eq!(values(&prepared, "l"), ["HQ", "Berlin"]);
        assert_eq!(values(&prepared, "postalAddress"), ["Weg 1\\24$10115 Berlin$DE"]);
        assert_eq!(values(&prepared, "st"), [""; 0]);
    }
}
