//! Cards in another version of vCard, with the same meaning.
//!
//! What version 3.0 has no words for goes into properties and parameters that begin with `X-`, so
//! that the way back finds it: `X-PREF` (a preference behind the first), `X-TEL` (what a `tel` URI
//! says beyond the number), `X-DERIVED` (a name that was made because 3.0 must have one), and
//! `X-VCARD4-NAME` for a property NAME whose value has no form in 3.0.

mod date;
mod down;
mod groups;
pub(super) mod media;
pub(super) mod name;
mod old;
mod place;
mod postal;
mod related;
pub(super) mod telephone;
pub(super) mod up;

#[cfg(test)]
pub(super) mod tests;

use std::borrow::Cow;
use std::iter::Peekable;

use crate::vcard::line::{Content, Line, lines};
use crate::vcard::place::{Place, placed};
use crate::vcard::property::Property;
use crate::vcard::text::escape;
use crate::vcard::write::fold;

/// What a property of version 4.0 is called in 3.0 where its value has no form there.
pub(super) const ONLY_IN_4: &str = "X-VCARD4-";

/// A version of vCard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Version {
    V21,
    /// RFC 2426.
    V30,
    /// RFC 6350.
    V40,
}

/// The version that a card says it is of; None where it says none of these.
pub fn version(card: &[u8]) -> Option<Version> {
    let mut contents = lines(card).filter_map(|line| line.content);
    named(&contents.find(|content| content.is("VERSION"))?)
}

/// The version that a line of VERSION says.
pub(super) fn named(content: &Content<'_>) -> Option<Version> {
    Some(match content.value().trim_ascii() {
        b"2.1" => Version::V21,
        b"3.0" => Version::V30,
        b"4.0" => Version::V40,
        _ => return None,
    })
}

/// The card in another version; the card itself where it is of that version, or of none that is known.
///
/// The same card always gives the same bytes: ETags rely on it. Lines that are no property, and
/// text around the card, are left out.
pub fn convert(card: &[u8], to: Version) -> Cow<'_, [u8]> {
    let Some(from) = version(card) else { return Cow::Borrowed(card) };
    if from == to {
        return Cow::Borrowed(card);
    }
    if to == Version::V21 {
        let card = convert(card, Version::V30);
        let mut properties = properties(&card);
        name::complete(&mut properties, &card, Version::V30);
        return Cow::Owned(old::written(&properties, card.len()));
    }
    let mut properties = properties(card);
    properties.iter_mut().for_each(Property::clean);
    name::settle(&mut properties);
    if from == Version::V21 {
        properties = down::modern(properties);
    }
    properties = match (from, to) {
        (Version::V40, _) => down::down(properties),
        (_, Version::V40) => up::up(properties),
        _ => properties,
    };
    name::complete(&mut properties, card, to);
    Cow::Owned(written(&properties, to, card.len()))
}

/// The properties of the card, with the data and cards that vCard 2.1 puts on lines of their own.
fn properties(card: &[u8]) -> Vec<Property> {
    let mut found: Vec<Property> = Vec::new();
    let mut lines = placed(card).peekable();
    while let Some((line, place)) = lines.next() {
        let Some(content) = &line.content else { continue };
        match place {
            Place::Own if content.is("VERSION") => {}
            Place::Own => {
                let mut property = Property::of(content);
                while let Some((more, _)) = lines.next_if(|(next, _)| content.goes_on_in(next)) {
                    let more = String::from_utf8_lossy(more.raw);
                    property.value.extend(more.chars().filter(|c| !c.is_whitespace()));
                }
                if content.is("AGENT") {
                    agent(&mut property, &mut lines);
                }
                found.push(property);
            }
            Place::End => break,
            Place::Other => {}
        }
    }
    found
}

/// A card within the card becomes the text of AGENT, as vCard 3.0 has it.
fn agent<'a>(
    property: &mut Property,
    lines: &mut Peekable<impl Iterator<Item = (Line<'a>, Place)>>,
) {
    let mut inner = String::new();
    while let Some((line, _)) = lines.next_if(|(_, place)| *place == Place::Other) {
        inner.push_str(String::from_utf8_lossy(line.raw).trim_end_matches(['\r', '\n']));
        inner.push('\n');
    }
    if !inner.is_empty() {
        escape(&inner, &mut property.value);
    }
}

fn written(properties: &[Property], version: Version, length: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(length + length / 16 + 64);
    fold("BEGIN:VCARD", &mut out);
    fold(if version == Version::V40 { "VERSION:4.0" } else { "VERSION:3.0" }, &mut out);
    for property in properties {
        property.write(&mut out);
    }
    fold("END:VCARD", &mut out);
    out
}
