//! Which rows a search may find at all, told by two bytes a row: walking many rows must not fetch
//! each contact from memory only to skip it.

use crate::contact::{Book, Contact};
use crate::index::shelf::is_listed;

const PEOPLE: u16 = 1;
const UNLISTED: u16 = 1 << 1;
const SHARED: u16 = 1 << 2;
/// Of any further shared book: which one, only the contact tells.
const SHARED_BOOK: u16 = 1 << 3;
const PERSONAL: u16 = 1 << 4;
/// Of any further personal book: which one, only the contact tells.
const PERSONAL_BOOK: u16 = 1 << 5;
/// How far the bits of group cards are from those of contacts.
const GROUP_SHIFT: u16 = 8;

/// What a row is: one bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Class(u16);

/// A set of [`Class`]es.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Classes(u16);

impl Class {
    pub(super) fn of(contact: &Contact) -> Self {
        let class = match contact.book {
            Book::People if is_listed(contact) => PEOPLE,
            Book::People => UNLISTED,
            Book::Shared => SHARED,
            Book::SharedBook(_) => SHARED_BOOK,
            Book::Personal(_) => PERSONAL,
            Book::PersonalBook(..) => PERSONAL_BOOK,
        };
        Self(if contact.derived.group { class << GROUP_SHIFT } else { class })
    }
}

/// Whether a search also finds what is hidden from most.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extras {
    /// People who are not listed: in the administrators' part of HTTP.
    pub(super) unlisted: bool,
    /// Group cards: they are members of books, but nothing that a search finds.
    pub(super) groups: bool,
}

impl Classes {
    /// The rows of some books. All rows of a personal shelf are of its owner.
    pub(super) fn of(books: &[Book], extras: Extras) -> Self {
        let mut classes = 0;
        for book in books {
            classes |= match book {
                Book::People if extras.unlisted => PEOPLE | UNLISTED,
                Book::People => PEOPLE,
                Book::Shared => SHARED,
                Book::SharedBook(_) => SHARED_BOOK,
                Book::Personal(_) => PERSONAL,
                Book::PersonalBook(..) => PERSONAL_BOOK,
            };
        }
        Self(if extras.groups { classes | classes << GROUP_SHIFT } else { classes })
    }

    pub(super) fn contain(self, class: Class) -> bool {
        self.0 & class.0 != 0
    }

    /// Whether a row of the class is wanted only where its book is.
    pub(super) fn depend_on_book(class: Class) -> bool {
        let dependent = SHARED_BOOK | PERSONAL_BOOK;
        class.0 & (dependent | dependent << GROUP_SHIFT) != 0
    }
}
