//! Controls as clients send them, and what comes back.

use ldap3_lber::Parser;
use ldap3_lber::structure::{PL, StructureTag};

use crate::client::{Found, element};

pub(crate) const PAGED: &str = "1.2.840.113556.1.4.319";
pub(crate) const SORT: &str = "1.2.840.113556.1.4.473";
pub(crate) const VIEW: &str = "2.16.840.1.113730.3.4.9";
pub(crate) const SORT_RESPONSE: &str = "1.2.840.113556.1.4.474";
pub(crate) const VIEW_RESPONSE: &str = "2.16.840.1.113730.3.4.10";

/// A control with a value.
pub(crate) fn control(oid: &str, critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical { &[1, 1, 0xff][..] } else { &[] };
    element(0x30, &[&element(4, oid.as_bytes()), critical, &element(4, value)].concat())
}

fn number(number: u32) -> Vec<u8> {
    element(2, &i64::from(number).to_be_bytes())
}

/// Asks for a page.
pub(crate) fn paged(size: u32, cookie: &[u8]) -> Vec<u8> {
    control(PAGED, true, &element(0x30, &[number(size), element(4, cookie)].concat()))
}

/// Asks for an order: attributes, with a rule behind `:`, and `-` in front where it is reversed.
pub(crate) fn sorted(critical: bool, keys: &str) -> Vec<u8> {
    let key = |key: &str| {
        let (reverse, key) = key.strip_prefix('-').map_or((false, key), |key| (true, key));
        let (attribute, rule) = key.split_once(':').unwrap_or((key, ""));
        let mut content = element(4, attribute.as_bytes());
        if !rule.is_empty() {
            content.extend(element(0x80, rule.as_bytes()));
        }
        if reverse {
            content.extend([0x81, 1, 0xff]);
        }
        element(0x30, &content)
    };
    let keys: Vec<u8> = keys.split(' ').flat_map(key).collect();
    control(SORT, critical, &element(0x30, &keys))
}

/// Asks for entries around a position of a list that is taken to be so long.
pub(crate) fn at_offset(around: (u32, u32), offset: u32, taken_to_be: u32) -> Vec<u8> {
    let target = element(0xa0, &[number(offset), number(taken_to_be)].concat());
    view(around, &target)
}

/// Asks for entries around the first one that is not before a value.
pub(crate) fn at_value(around: (u32, u32), value: &str) -> Vec<u8> {
    view(around, &element(0x81, value.as_bytes()))
}

fn view((before, after): (u32, u32), target: &[u8]) -> Vec<u8> {
    let context = element(4, b"some context");
    let value = [&number(before)[..], &number(after), target, &context].concat();
    control(VIEW, true, &element(0x30, &value))
}

/// The parts of a response control's value.
fn parts(controls: &[(String, Vec<u8>)], oid: &str) -> Option<Vec<Vec<u8>>> {
    let (_, value) = controls.iter().find(|(known, _)| known == oid)?;
    let (_, tag) = Parser::new(8).parse(value).unwrap();
    let PL::C(parts) = tag.payload else { panic!("a sequence") };
    let primitive = |part: StructureTag| match part.payload {
        PL::P(bytes) => bytes,
        PL::C(_) => panic!("not constructed"),
    };
    Some(parts.into_iter().map(primitive).collect())
}

fn value(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte))
}

/// The cookie of a page control.
pub(crate) fn cookie(controls: &[(String, Vec<u8>)]) -> Option<Vec<u8>> {
    let parts = parts(controls, PAGED)?;
    assert_eq!(value(&parts[0]), 0, "the total is not told");
    Some(parts[1].clone())
}

impl Found {
    /// The cookie for the next page.
    pub(crate) fn cookie(&self) -> Vec<u8> {
        cookie(&self.controls).unwrap_or_else(|| panic!("no page control: {self:?}"))
    }

    /// Whether and why the entries are not sorted; None where nothing is said.
    pub(crate) fn sort_result(&self) -> Option<u32> {
        parts(&self.controls, SORT_RESPONSE).map(|parts| value(&parts[0]))
    }

    /// The attribute that is to blame for that.
    pub(crate) fn blamed(&self) -> String {
        let parts = parts(&self.controls, SORT_RESPONSE).unwrap();
        String::from_utf8(parts[1].clone()).unwrap()
    }

    /// Position, length and result of a list view.
    pub(crate) fn view(&self) -> Option<(u32, u32, u32)> {
        let parts = parts(&self.controls, VIEW_RESPONSE)?;
        assert_eq!(parts.len(), 3, "no context is kept");
        Some((value(&parts[0]), value(&parts[1]), value(&parts[2])))
    }
}
