//! Virtual list views (draft-ietf-ldapext-ldapv3-vlv-09): the part of a sorted list that a client
//! scrolls to. No state is kept; the context id of a request says nothing here.

use crate::ldap::ber::{self, Malformed, OCTET_STRING, Reader, SEQUENCE};
use crate::ldap::control::{number, put, put_code, put_number};

/// The control of a request, and that of its answer.
pub(super) const REQUEST: &str = "2.16.840.1.113730.3.4.9";
const RESPONSE: &str = "2.16.840.1.113730.3.4.10";
/// How a view ended (section 6.2).
pub(in crate::ldap) const SUCCESS: u8 = 0;
pub(in crate::ldap) const UNWILLING_TO_PERFORM: u8 = 53;
pub(in crate::ldap) const SORT_CONTROL_MISSING: u8 = 60;
pub(in crate::ldap) const OFFSET_RANGE_ERROR: u8 = 61;
/// Tags of the two ways to say where to go.
const BY_OFFSET: u8 = 0xa0;
const BY_VALUE: u8 = 0x81;

/// The control of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ldap) struct View<'a> {
    /// Entries before the target, and behind it.
    before: u32,
    after: u32,
    pub(in crate::ldap) target: Target<'a>,
}

/// Where a client scrolls to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ldap) enum Target<'a> {
    /// A position from 1 on, in a list that the client takes to be so long; 0: it does not know.
    Offset(u32, u32),
    /// The first entry that is not before this value of the first sort key.
    Value(&'a [u8]),
}

impl<'a> View<'a> {
    pub(super) fn read(value: &'a [u8]) -> Result<Self, Malformed> {
        let mut outer = Reader::new(value);
        let mut reader = Reader::new(outer.expect(SEQUENCE)?);
        let (before, after) = (number(&mut reader)?, number(&mut reader)?);
        let target = reader.next()?;
        let target = match target.tag {
            BY_OFFSET => {
                let mut offset = Reader::new(target.content);
                let target = Target::Offset(number(&mut offset)?, number(&mut offset)?);
                offset.is_empty().then_some(target).ok_or(Malformed)?
            }
            BY_VALUE => Target::Value(target.content),
            _ => return Err(Malformed),
        };
        reader.optional(OCTET_STRING)?;
        let whole = outer.is_empty() && reader.is_empty();
        if whole { Ok(Self { before, after, target }) } else { Err(Malformed) }
    }

    /// The entries to give around a position, as places from 0 on.
    pub(in crate::ldap) fn window(&self, position: u32, count: u32) -> std::ops::Range<u32> {
        let target = position.saturating_sub(1);
        let end = target.saturating_add(self.after).saturating_add(1).min(count);
        target.saturating_sub(self.before).min(end)..end
    }
}

/// The position in a list of this many entries that an offset means (section 5.2); None where it is
/// out of range.
pub(in crate::ldap) fn position(offset: u32, taken_to_be: u32, count: u32) -> Option<u32> {
    match (offset, taken_to_be) {
        // The last; also where both are 0.
        _ if offset == taken_to_be => Some(count),
        (0, _) => None,
        (1, _) => Some(count.min(1)),
        (_, 0) => Some(offset).filter(|offset| *offset <= count),
        _ if offset > taken_to_be => None,
        _ => {
            let scaled = u64::from(count) * u64::from(offset) / u64::from(taken_to_be);
            Some(u32::try_from(scaled).unwrap_or(count).max(count.min(1)))
        }
    }
}

/// Appends the control of an answer.
pub(in crate::ldap) fn put_response(out: &mut Vec<u8>, position: u32, count: u32, result: u8) {
    let mut content = Vec::new();
    put_number(&mut content, position);
    put_number(&mut content, count);
    put_code(&mut content, result);
    let mut value = Vec::new();
    ber::put(&mut value, SEQUENCE, &content);
    put(out, RESPONSE, &value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_scaled_to_the_list_as_it_is() {
        for (offset, taken_to_be, count, expected) in [
            (1, 0, 9, Some(1)),
            (5, 0, 9, Some(5)),
            (9, 0, 9, Some(9)),
            (10, 0, 9, None),
            (1, 100, 9, Some(1)),
            (100, 100, 9, Some(9)),
            (50, 100, 9, Some(4)),
            (2, 100, 9, Some(1)),
            (101, 100, 9, None),
            (0, 100, 9, None),
            (0, 0, 9, Some(9)),
            (1, 1, 9, Some(9)),
            (50, 100, 200_000, Some(100_000)),
            (1, 0, 0, Some(0)),
            (7, 7, 0, Some(0)),
            (2, 7, 0, Some(0)),
        ] {
            assert_eq!(position(offset, taken_to_be, count), expected, "{offset} of {taken_to_be}");
        }
    }

    #[test]
    fn a_window_ends_with_the_list() {
        let view = |before, after| View { before, after, target: Target::Value(b"") };
        assert_eq!(view(2, 3).window(5, 20), 2..8);
        assert_eq!(view(9, 3).window(2, 20), 0..5);
        assert_eq!(view(1, u32::MAX).window(19, 20), 17..20);
        assert_eq!(view(2, 3).window(21, 20), 18..20, "behind the last");
        assert_eq!(view(0, 3).window(21, 20), 20..20);
        assert_eq!(view(2, 3).window(0, 0), 0..0);
        assert_eq!(view(u32::MAX, 0).window(3, 20), 0..3);
    }

    #[test]
    fn both_kinds_of_targets_are_read() {
        let offset = b"\x30\x0e\x02\x01\x00\x02\x01\x02\xa0\x06\x02\x01\x03\x02\x01\x09";
        let read = View::read(offset).unwrap();
        assert_eq!(read, View { before: 0, after: 2, target: Target::Offset(3, 9) });
        let value = b"\x30\x0d\x02\x01\x01\x02\x01\x02\x81\x02ad\x04\x01x";
        let read = View::read(value).unwrap();
        assert_eq!(read, View { before: 1, after: 2, target: Target::Value(b"ad") });
        for broken in [&b""[..], b"\x30\x00", &offset[..15], b"\x30\x06\x02\x01\xff\x02\x01\x02"] {
            assert!(View::read(broken).is_err());
        }
    }
}
