//! Server-side sorting (RFC 2891): what a client may sort by, and the keys of entries.

use crate::contact::card::Field;
use crate::contact::derived::{Derivation, NameOrder, surname};
use crate::index::Row;
use crate::ldap::attribute::{AttributeId, Meaning};
use crate::ldap::ber::{self, Malformed, OCTET_STRING, Reader, SEQUENCE, SET};
use crate::ldap::control::{put, put_code};
use crate::ldap::fixed::Fixed;
use crate::ldap::plan::{Column, EntryOf};
use crate::ldap::request::text;
use crate::ldap::rule;
use crate::ldap::run::Run;
use crate::ldap::schema;
use crate::ldap::schema::syntax::Syntax;
use crate::ldap::style::Style;
use crate::ldap::target::Target;

/// The control of a request, and that of its answer.
pub(super) const REQUEST: &str = "1.2.840.113556.1.4.473";
const RESPONSE: &str = "1.2.840.113556.1.4.474";
/// Attributes that are looked at; whoever names more wants something else.
const KEYS_MAX: usize = 8;
/// How much of each value decides; cookies hold it.
const CHARS_MAX: usize = 64;
/// Why an order was refused (RFC 2891 section 1.2).
const NO_SUCH_ATTRIBUTE: u8 = 16;
const INAPPROPRIATE_MATCHING: u8 = 18;
pub(super) const ADMIN_LIMIT_EXCEEDED: u8 = 11;

/// The control of a request.
#[derive(Debug)]
pub(in crate::ldap) struct Sort<'a> {
    pub(in crate::ldap) critical: bool,
    pub(in crate::ldap) value: &'a [u8],
    keys: Vec<SortKey<'a>>,
}

#[derive(Debug)]
struct SortKey<'a> {
    attribute: &'a [u8],
    rule: Option<&'a [u8]>,
    reverse: bool,
}

/// Why the entries are not sorted as asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ldap) struct Refusal<'a> {
    pub(super) code: u8,
    /// The attribute that is to blame, if it is one.
    pub(super) attribute: &'a [u8],
}

impl<'a> Sort<'a> {
    pub(super) fn read(value: &'a [u8], critical: bool) -> Result<Self, Malformed> {
        let mut outer = Reader::new(value);
        let mut list = Reader::new(outer.expect(SEQUENCE)?);
        let mut keys = Vec::new();
        while !list.is_empty() {
            let mut key = Reader::new(list.expect(SEQUENCE)?);
            let attribute = key.expect(OCTET_STRING)?;
            let rule = key.optional(0x80)?;
            let reverse = key.optional(0x81)?.map_or(Ok(false), ber::boolean)?;
            if !key.is_empty() {
                return Err(Malformed);
            }
            keys.push(SortKey { attribute, rule, reverse });
        }
        let whole = outer.is_empty() && !keys.is_empty();
        if whole { Ok(Self { critical, value, keys }) } else { Err(Malformed) }
    }

    /// The order that is asked for, as an asker sees the entries.
    ///
    /// # Errors
    /// Where an attribute or a rule is not known, or the rule does not fit the attribute.
    pub(in crate::ldap) fn order<'r>(
        &self,
        target: &Target<'r, 'r>,
    ) -> Result<Order<'r>, Refusal<'a>> {
        let (derivation, style) = (&target.sight().organization.derivation, target.style());
        if let Some(key) = self.keys.get(KEYS_MAX) {
            return Err(Refusal { code: ADMIN_LIMIT_EXCEEDED, attribute: key.attribute });
        }
        let keys = self.keys.iter().map(Key::of).collect::<Result<Vec<Key>, Refusal<'a>>>()?;
        let by_name = |key: &Key| {
            key.meaning == Meaning::Name(Field::FormattedName)
                && !key.reverse
                && !style.changes(key.meaning)
        };
        let is_natural = derivation.name_order == NameOrder::GivenFirst
            && matches!(keys.as_slice(), [only] if by_name(only));
        Ok(Order { keys, is_natural, derivation, style })
    }
}

/// Appends the control of an answer.
pub(in crate::ldap) fn put_response(out: &mut Vec<u8>, refusal: Option<&Refusal<'_>>) {
    let mut content = Vec::new();
    put_code(&mut content, refusal.map_or(0, |refusal| refusal.code));
    if let Some(refusal) = refusal.filter(|refusal| !refusal.attribute.is_empty()) {
        ber::put(&mut content, 0x80, refusal.attribute);
    }
    let mut value = Vec::new();
    ber::put(&mut value, SEQUENCE, &content);
    put(out, RESPONSE, &value);
}

/// An order of entries that a client chose. Who may not see an attribute sees entries sorted as if it
/// were not there.
#[derive(Debug)]
pub(in crate::ldap) struct Order<'r> {
    keys: Vec<Key>,
    /// Whether contacts come in this order by themselves. Entries that are no contacts have no name
    /// and come last.
    pub(in crate::ldap) is_natural: bool,
    derivation: &'r Derivation,
    style: Style<'r>,
}

#[derive(Debug)]
struct Key {
    id: AttributeId,
    name: &'static str,
    meaning: Meaning,
    reverse: bool,
}

impl Key {
    fn of<'a>(sort: &SortKey<'a>) -> Result<Self, Refusal<'a>> {
        let refused = |code| Refusal { code, attribute: sort.attribute };
        let known = AttributeId::find(sort.attribute).and_then(|id| Some((id, id.get()?)));
        let (id, attribute) = known.ok_or_else(|| refused(NO_SUCH_ATTRIBUTE))?;
        if let Some(name) = sort.rule {
            let of_rule = rule::named(name).map(|rule| rule.syntax);
            let own = schema::syntax_of(attribute);
            let fits = |rule: Syntax| rule == own || rule.is_text() && own.is_text();
            of_rule.filter(|rule| fits(*rule)).ok_or_else(|| refused(INAPPROPRIATE_MATCHING))?;
        }
        Ok(Self { id, name: attribute.name, meaning: attribute.meaning, reverse: sort.reverse })
    }
}

impl Order<'_> {
    /// What a contact's entry is sorted by: bytes that compare as the entries do.
    pub(super) fn of_contact(&self, row: Row<'_>, run: &Run<'_>) -> Box<[u8]> {
        let (contact, hidden) = (row.contact(), run.hidden(row));
        let mut out = Vec::new();
        for key in &self.keys {
            let least = match key.meaning {
                // Most are sorted by these, and nothing need be made for them.
                Meaning::Name(Field::FamilyName) => self.of_text(key, surname(&contact.card)),
                Meaning::Texts(fields) | Meaning::Numbers(fields)
                    if !self.style.changes(key.meaning) =>
                {
                    let seen = fields.without(hidden);
                    let values = contact.card.iter().filter(|(field, _)| seen.contains(*field));
                    values.filter_map(|(_, value)| self.of_text(key, value)).min()
                }
                _ => run.with_entry(row, |entry| self.least_of(key, entry)),
            };
            put_key(&mut out, least.as_deref(), key.reverse);
        }
        out.into()
    }

    /// The least of an attribute's values, as it would be written.
    fn least_of(&self, key: &Key, entry: &EntryOf<'_>) -> Option<Box<[u8]>> {
        let column = Column::new(Some(key.id), key.name.as_bytes())?;
        let set = column.values(entry, &self.style)?;
        let mut values = Reader::new(Reader::new(&set).expect(SET).ok()?);
        let values = std::iter::from_fn(|| values.expect(OCTET_STRING).ok());
        values.filter_map(|value| self.of_text(key, &text(value))).min()
    }

    /// As [`Order::of_contact`] of an entry that is no contact.
    pub(super) fn of_fixed(&self, entry: &Fixed) -> Box<[u8]> {
        let mut out = Vec::new();
        for key in &self.keys {
            let values = entry.values_of(key.name).iter();
            let least = values.filter_map(|value| self.of_text(key, value)).min();
            put_key(&mut out, least.as_deref(), key.reverse);
        }
        out.into()
    }

    /// The key at or behind which the entries are that have this value, or a later one, of the first
    /// attribute.
    pub(super) fn of_value(&self, value: &[u8]) -> Box<[u8]> {
        let mut out = Vec::new();
        if let Some(key) = self.keys.first() {
            let value = self.of_text(key, &text(value)).unwrap_or_default();
            put_key(&mut out, Some(&value), key.reverse);
        }
        out.into()
    }

    /// The place of a value in name order, where that is the order.
    pub(super) fn of_name(&self, value: &[u8]) -> Box<[u8]> {
        self.derivation.collation.sort_key(&text(value))
    }

    /// One value as it is compared; None where it has nothing to compare.
    fn of_text(&self, key: &Key, value: &str) -> Option<Box<[u8]>> {
        let end = value.char_indices().nth(CHARS_MAX).map_or(value.len(), |(at, _)| at);
        let value = value.get(..end).unwrap_or(value);
        match key.meaning {
            Meaning::Numbers(_) => {
                let dialled = value.bytes().filter(|c| c.is_ascii_digit() || b"*#".contains(c));
                Some(dialled.collect::<Box<[u8]>>()).filter(|digits| !digits.is_empty())
            }
            Meaning::EntryUuid | Meaning::Created | Meaning::Modified => {
                Some(value.to_ascii_uppercase().into_bytes().into())
            }
            _ => Some(self.derivation.collation.sort_key(value)),
        }
    }
}

/// Appends the key of one attribute, so that no key is the beginning of another. Entries without the
/// attribute come last, or first where the order is reversed (RFC 2891 section 2.2).
fn put_key(out: &mut Vec<u8>, value: Option<&[u8]>, reverse: bool) {
    const PRESENT: u8 = 1;
    const ABSENT: u8 = 2;
    let start = out.len();
    match value {
        None => out.push(ABSENT),
        Some(value) => {
            out.push(PRESENT);
            for byte in value {
                out.push(*byte);
                if *byte == 0 {
                    out.push(0xff);
                }
            }
            out.extend([0, 0]);
        }
    }
    if reverse {
        out.iter_mut().skip(start).for_each(|byte| *byte = !*byte);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(values: &[(Option<&[u8]>, bool)]) -> Vec<u8> {
        let mut out = Vec::new();
        for (value, reverse) in values {
            put_key(&mut out, *value, *reverse);
        }
        out
    }

    #[test]
    fn keys_compare_as_their_values_do() {
        let ascending = [Some(&b""[..]), Some(b"\0"), Some(b"a"), Some(b"a\0"), Some(b"ab"), None];
        for pair in ascending.windows(2) {
            let (one, other) = (pair[0], pair[1]);
            assert!(key(&[(one, false)]) < key(&[(other, false)]), "{pair:?}");
            assert!(key(&[(one, true)]) > key(&[(other, true)]), "{pair:?}");
            let more = [Some(&b"z"[..]), Some(b"a")];
            assert!(
                key(&[(one, false), (more[0], false)]) < key(&[(other, false), (more[1], false)])
            );
        }
        let (a, b) = (Some(&b"a"[..]), Some(&b"b"[..]));
        assert!(key(&[(a, false), (b, true)]) < key(&[(a, false), (a, true)]));
    }

    #[test]
    fn a_request_is_read_with_its_rules() {
        let value = b"\x30\x14\x30\x04\x04\x02sn\x30\x0c\x04\x02cn\x80\x031.2\x81\x01\xff";
        let sort = Sort::read(value, true).unwrap();
        let keys: Vec<_> = sort.keys.iter().map(|k| (k.attribute, k.rule, k.reverse)).collect();
        assert_eq!(keys, [(&b"sn"[..], None, false), (b"cn", Some(&b"1.2"[..]), true)]);
        for broken in [&b""[..], b"\x30\x00", b"\x30\x02\x04\x00", &value[..20]] {
            assert!(Sort::read(broken, true).is_err());
        }
    }
}
