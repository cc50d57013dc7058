//! Cursors: where the next part of a list begins. A cursor is a place in an order and nothing else:
//! what is behind it, and whether the asker sees that, is decided anew each time, so one that was
//! made up tells no more than the list itself.

use std::fmt;

use crate::api::listing::{Place, Sort};
use crate::contact::ContactId;

/// Longer keys are cut, so that cursors fit into a path. See [`is_cut`].
const KEY_BYTES_MAX: usize = 1024;

/// Whether the key may go on behind what the cursor holds of it: the contact itself tells.
pub(super) fn is_cut(place: &Place) -> bool {
    place.key.len() == KEY_BYTES_MAX
}

/// The place behind which a list goes on.
pub(super) struct Cursor {
    order: String,
    /// Stands for the settings that made the keys: other keys have another order.
    fingerprint: u64,
    place: Place,
}

impl Cursor {
    pub(super) fn new(sort: Sort, fingerprint: u64, mut place: Place) -> Self {
        place.key.truncate(KEY_BYTES_MAX);
        Self { order: sort.name(), fingerprint, place }
    }

    /// `ORDER.DIRECTION.FINGERPRINT.ID.KEY`, numbers in hex.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let mut next = || parts.next();
        let order = format!("{}.{}", next()?, next()?);
        let fingerprint = u64::from_str_radix(next()?, 16).ok()?;
        let (id, key) = (ContactId::parse(next()?)?, unhex(next()?)?);
        let place = Place { key, id };
        next().is_none().then_some(Self { order, fingerprint, place })
    }

    /// The place, where it is one in this order.
    pub(super) fn place_in(self, sort: Sort, fingerprint: u64) -> Option<Place> {
        let fits = self.order == sort.name() && self.fingerprint == fingerprint;
        fits.then_some(self.place)
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:x}.{}.", self.order, self.fingerprint, self.place.id.0.simple())?;
        self.place.key.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || text.len() > 2 * KEY_BYTES_MAX {
        return None;
    }
    let pairs = (0..text.len()).step_by(2).map(|at| text.get(at..at + 2));
    pairs.map(|pair| u8::from_str_radix(pair?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::card::Field;

    const SORT: Sort = Sort { field: Some(Field::Company), descending: true };

    fn place(key: &[u8]) -> Place {
        Place { key: key.to_vec(), id: ContactId(uuid::Uuid::from_u128(7)) }
    }

    #[test]
    fn a_cursor_reads_back() {
        let text = Cursor::new(SORT, 5, place(&[0, 255, 16])).to_string();
        let read = Cursor::parse(&text).unwrap();
        assert_eq!(read.place_in(SORT, 5), Some(place(&[0, 255, 16])));
        let other = Sort { descending: false, ..SORT };
        assert_eq!(Cursor::parse(&text).unwrap().place_in(other, 5), None);
        assert_eq!(Cursor::parse(&text).unwrap().place_in(SORT, 6), None);
    }

    #[test]
    fn a_long_key_is_cut_and_says_so() {
        for (length, cut) in [(KEY_BYTES_MAX + 5, true), (KEY_BYTES_MAX - 1, false)] {
            let text = Cursor::new(SORT, 5, place(&vec![7; length])).to_string();
            let read = Cursor::parse(&text).unwrap().place_in(SORT, 5).unwrap();
            assert_eq!((is_cut(&read), read.id), (cut, place(&[]).id));
        }
    }

    #[test]
    fn anything_else_is_no_cursor() {
        for text in ["", "25", "name.asc.1.x.00", "name.asc.1.00.00", "a.b.c.d.e.f", "名.a.1.2.3"]
        {
            assert!(Cursor::parse(text).is_none(), "{text}");
        }
        let text = Cursor::new(SORT, 5, place(&[1])).to_string();
        assert!(Cursor::parse(&format!("{text}0")).is_none());
        assert!(Cursor::parse(&format!("{text}.0")).is_none());
        let huge = "00".repeat(KEY_BYTES_MAX + 1);
        assert!(Cursor::parse(&format!("{text}{huge}")).is_none());
    }
}
