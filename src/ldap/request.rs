//! Reads requests: the envelope and controls of every message, and search requests.
//!
//! Nothing is copied: names and values are bytes of the message, as they may be no UTF-8.

use std::borrow::Cow;

use crate::ldap::attribute::{AttributeId, Meaning};
use crate::ldap::ber::{
    self, BOOLEAN, ENUMERATED, Element, INTEGER, Malformed, OCTET_STRING, Reader, SEQUENCE,
};

#[cfg(test)]
mod tests;

/// Controls of one message; phones send none or one.
const CONTROLS_MAX: usize = 32;
/// Attributes that one search may list; there are fewer, under all their names.
const ATTRIBUTES_MAX: usize = 1000;
/// A filter on presence looks at everybody of whom anything was told before the search begins.
const TERMS_OF_PRESENCE: usize = 100;

/// A message around its operation (RFC 4511 section 4.1.1).
#[derive(Debug)]
pub(super) struct Envelope<'a> {
    /// From 1 to 2147483647.
    pub(super) id: i32,
    pub(super) operation: Element<'a>,
    pub(super) controls: Vec<Control<'a>>,
}

/// A control as sent (RFC 4511 section 4.1.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Control<'a> {
    pub(super) oid: &'a [u8],
    pub(super) critical: bool,
    pub(super) value: Option<&'a [u8]>,
}

/// What can be told of a message before it is read in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Peek {
    pub(super) id: i32,
    /// The operation's tag.
    pub(super) operation: u8,
}

impl Peek {
    /// The message id and operation, also of a message that is malformed further on.
    pub(super) fn at(message: &[u8]) -> Option<Self> {
        let header = ber::Header::read(message).ok()??;
        let mut reader = Reader::new(message.get(header.bytes..)?);
        let id = message_id(reader.expect(INTEGER).ok()?).ok()?;
        let operation = *reader.rest().first()?;
        Some(Self { id, operation })
    }
}

impl<'a> Envelope<'a> {
    pub(super) fn read(message: &'a [u8]) -> Result<Self, Malformed> {
        let mut outer = Reader::new(message);
        let mut reader = Reader::new(outer.expect(SEQUENCE)?);
        let id = message_id(reader.expect(INTEGER)?)?;
        let operation = reader.next()?;
        let controls = match reader.optional(0xa0)? {
            Some(content) => controls(content)?,
            None => Vec::new(),
        };
        // RFC 4511 section 4: elements that a later version added are ignored.
        Ok(Self { id, operation, controls })
    }
}

fn message_id(content: &[u8]) -> Result<i32, Malformed> {
    let id = i32::try_from(ber::integer(content)?).map_err(|_| Malformed)?;
    if id > 0 { Ok(id) } else { Err(Malformed) }
}

fn controls(content: &[u8]) -> Result<Vec<Control<'_>>, Malformed> {
    let mut reader = Reader::new(content);
    let mut controls = Vec::new();
    while !reader.is_empty() {
        if controls.len() == CONTROLS_MAX {
            return Err(Malformed);
        }
        let mut control = Reader::new(reader.expect(SEQUENCE)?);
        let oid = control.expect(OCTET_STRING)?;
        let critical = control.optional(BOOLEAN)?.map_or(Ok(false), ber::boolean)?;
        let value = control.optional(OCTET_STRING)?;
        controls.push(Control { oid, critical, value });
    }
    Ok(controls)
}

/// How far a search goes below its base (RFC 4511 section 4.5.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    Base,
    One,
    Subtree,
    /// The subtree without its base (draft-sermersheim-ldap-subordinate-scope).
    Children,
}

/// A search as asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SearchRequest<'a> {
    pub(super) base: &'a [u8],
    pub(super) scope: Scope,
    /// Entries at most; 0 is no limit. Negative numbers, which wazo-dird sends, are none either.
    pub(super) size_limit: u32,
    /// Seconds at most; 0 is no limit.
    pub(super) time_limit: u32,
    pub(super) types_only: bool,
    pub(super) filter: Filter<'a>,
    pub(super) attributes: Vec<&'a [u8]>,
}

/// A filter (RFC 4511 section 4.5.1.7).
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Filter<'a> {
    And(Vec<Self>),
    Or(Vec<Self>),
    Not(Box<Self>),
    Equality(&'a [u8], &'a [u8]),
    Substrings(&'a [u8], Substrings<'a>),
    AtLeast(&'a [u8], &'a [u8]),
    AtMost(&'a [u8], &'a [u8]),
    Present(&'a [u8]),
    Approximate(&'a [u8], &'a [u8]),
    Extensible(Assertion<'a>),
}

/// The parts of a substring filter. Blank ones may come from phones' own LDAP stacks.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Substrings<'a> {
    pub(super) initial: Option<&'a [u8]>,
    pub(super) any: Vec<&'a [u8]>,
    pub(super) last: Option<&'a [u8]>,
}

/// An extensible match, `attribute:dn:rule:=value`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Assertion<'a> {
    pub(super) rule: Option<&'a [u8]>,
    pub(super) attribute: Option<&'a [u8]>,
    pub(super) value: &'a [u8],
    pub(super) dn_attributes: bool,
}

/// How much a search may ask for.
#[derive(Clone, Copy, Debug)]
pub(super) struct FilterLimits {
    pub(super) depth_max: usize,
    pub(super) terms_max: usize,
}

/// Why a search request is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    Malformed,
    /// The filter is deeper or longer than [`FilterLimits`] says, or there are too many attributes.
    TooComplex,
}

impl From<Malformed> for Unreadable {
    fn from(Malformed: Malformed) -> Self {
        Self::Malformed
    }
}

impl<'a> SearchRequest<'a> {
    /// Reads the content of a search request.
    pub(super) fn read(content: &'a [u8], limits: FilterLimits) -> Result<Self, Unreadable> {
        let mut reader = Reader::new(content);
        let base = reader.expect(OCTET_STRING)?;
        let scope = match ber::integer(reader.primitive()?)? {
            0 => Scope::Base,
            1 => Scope::One,
            2 => Scope::Subtree,
            3 => Scope::Children,
            _ => return Err(Unreadable::Malformed),
        };
        // There are no aliases here, so every way to follow them is the same.
        if !(0..=3).contains(&ber::integer(reader.expect(ENUMERATED)?)?) {
            return Err(Unreadable::Malformed);
        }
        let size_limit = limit(reader.expect(INTEGER)?)?;
        let time_limit = limit(reader.expect(INTEGER)?)?;
        let types_only = reader.boolean()?;
        let mut filters = FilterReader { terms_left: limits.terms_max };
        let filter = filters.read(reader.next()?, limits.depth_max)?;
        let mut names = Reader::new(reader.expect(SEQUENCE)?);
        let mut attributes = Vec::new();
        while !names.is_empty() {
            if attributes.len() == ATTRIBUTES_MAX {
                return Err(Unreadable::TooComplex);
            }
            attributes.push(names.expect(OCTET_STRING)?);
        }
        Ok(Self { base, scope, size_limit, time_limit, types_only, filter, attributes })
    }
}

/// A limit; negative ones are none.
fn limit(content: &[u8]) -> Result<u32, Malformed> {
    Ok(u32::try_from(ber::integer(content)?.max(0)).unwrap_or(u32::MAX))
}

struct FilterReader {
    terms_left: usize,
}

impl FilterReader {
    fn read<'a>(&mut self, element: Element<'a>, depth: usize) -> Result<Filter<'a>, Unreadable> {
        let depth = depth.checked_sub(1).ok_or(Unreadable::TooComplex)?;
        self.take(1)?;
        let mut reader = Reader::new(element.content);
        let filter = match element.tag {
            0xa0 => Filter::And(self.list(reader, depth)?),
            0xa1 => Filter::Or(self.list(reader, depth)?),
            0xa2 => {
                let inner = self.read(reader.next()?, depth)?;
                if !reader.is_empty() {
                    return Err(Unreadable::Malformed);
                }
                Filter::Not(Box::new(inner))
            }
            0xa3 => assertion(reader, Filter::Equality)?,
            0xa4 => {
                let attribute = reader.expect(OCTET_STRING)?;
                Filter::Substrings(attribute, substrings(reader.expect(SEQUENCE)?)?)
            }
            0xa5 => assertion(reader, Filter::AtLeast)?,
            0xa6 => assertion(reader, Filter::AtMost)?,
            0x87 => Filter::Present(element.content),
            0xa8 => assertion(reader, Filter::Approximate)?,
            0xa9 => Filter::Extensible(extensible(reader)?),
            _ => return Err(Unreadable::Malformed),
        };
        self.take(terms_of(&filter).saturating_sub(1))?;
        Ok(filter)
    }

    fn take(&mut self, terms: usize) -> Result<(), Unreadable> {
        self.terms_left = self.terms_left.checked_sub(terms).ok_or(Unreadable::TooComplex)?;
        Ok(())
    }

    fn list<'a>(
        &mut self,
        mut reader: Reader<'a>,
        depth: usize,
    ) -> Result<Vec<Filter<'a>>, Unreadable> {
        let mut filters = Vec::new();
        while !reader.is_empty() {
            filters.push(self.read(reader.next()?, depth)?);
        }
        Ok(filters)
    }
}

/// How many terms a filter without parts counts as: what it costs against others. `~=` asks for each
/// word.
fn terms_of(filter: &Filter<'_>) -> usize {
    let attribute = match filter {
        Filter::And(_) | Filter::Or(_) | Filter::Not(_) => return 1,
        Filter::Extensible(assertion) => assertion.attribute.unwrap_or_default(),
        Filter::Equality(name, _)
        | Filter::Substrings(name, _)
        | Filter::AtLeast(name, _)
        | Filter::AtMost(name, _)
        | Filter::Present(name)
        | Filter::Approximate(name, _) => name,
    };
    let known = AttributeId::find(attribute).and_then(AttributeId::get);
    match (known.map(|known| known.meaning), filter) {
        (Some(Meaning::Presence(_)), _) => TERMS_OF_PRESENCE,
        (_, Filter::Approximate(_, value)) => text(value).split_whitespace().count().max(1),
        _ => 1,
    }
}

fn assertion<'a>(
    mut reader: Reader<'a>,
    make: fn(&'a [u8], &'a [u8]) -> Filter<'a>,
) -> Result<Filter<'a>, Malformed> {
    Ok(make(reader.expect(OCTET_STRING)?, reader.primitive()?))
}

fn substrings(content: &[u8]) -> Result<Substrings<'_>, Malformed> {
    let mut reader = Reader::new(content);
    let mut parts = Substrings::default();
    let mut first = true;
    while !reader.is_empty() {
        let part = reader.next()?;
        match part.tag {
            0x80 if first => parts.initial = Some(part.content),
            0x81 => parts.any.push(part.content),
            0x82 if reader.is_empty() => parts.last = Some(part.content),
            _ => return Err(Malformed),
        }
        first = false;
    }
    Ok(parts)
}

fn extensible(mut reader: Reader<'_>) -> Result<Assertion<'_>, Malformed> {
    let rule = reader.optional(0x81)?;
    let attribute = reader.optional(0x82)?;
    let value = reader.expect(0x83)?;
    let dn_attributes = reader.optional(0x84)?.map_or(Ok(false), ber::boolean)?;
    if !reader.is_empty() {
        return Err(Malformed);
    }
    Ok(Assertion { rule, attribute, value, dn_attributes })
}

/// A name or value as text. What is no UTF-8 comes from old phones, which send Latin-1, whatever
/// RFC 4511 says.
pub(super) fn text(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect::<String>().into(),
    }
}
