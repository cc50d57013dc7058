//! The rules of the profile `grandstream`: names of phone books, and the number that every row has.

use crate::contact::card::Field;
use crate::file::table::rules::{Broken, Cells, Draft, Place, Places, Rules};
use crate::file::{Reason, Rule};

const BOOK: &str = "Phonebook DN";
/// The phone book of the PBX's own extensions.
const OWN_BOOK: &str = "pbx";

#[derive(Debug)]
struct Grandstream {
    book: Place,
}

pub(super) fn bind(places: &Places<'_>) -> Box<dyn Rules> {
    Box::new(Grandstream { book: places.of(BOOK) })
}

impl Rules for Grandstream {
    fn check(&self, cells: &Cells<'_>, broken: &mut Vec<Broken>) {
        let written = cells.get(self.book);
        if prefix(written) != written && prefix(written).eq_ignore_ascii_case(OWN_BOOK) {
            let reason = Reason::new(Rule::NoneOf, [&written]);
            broken.push(Broken { column: BOOK, reason });
        }
    }

    /// A contact without a work number has another of its numbers in the account's column.
    fn finish<'a>(&self, _cells: &Cells<'a>, draft: &mut Draft<'a>) {
        for book in &mut draft.entry.books {
            *book = prefix(book).into();
        }
        let again = |work: &str| {
            let same = |(field, value): &(Field, _)| *field != Field::Work && *value == work;
            draft.values.iter().any(same)
        };
        let account = draft.values.iter().position(|(field, _)| *field == Field::Work);
        if let Some(account) = account
            && draft.values.get(account).is_some_and(|(_, value)| again(value))
        {
            draft.values.remove(account);
        }
    }
}

/// `x` of `ou=x,dc=pbx,dc=com`: exports of the PBX have the whole name, imports the prefix.
fn prefix(book: &str) -> &str {
    let first = book.split(',').next().unwrap_or_default().trim();
    match first.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("ou") => value.trim(),
        _ => book,
    }
}
