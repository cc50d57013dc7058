//! The rules of the profile `google`: names under which Google files contacts.

use crate::contact::card::Field;
use crate::file::table::rules::{Cells, Draft, Place, Places, Rules};

#[derive(Debug)]
struct Google {
    file_as: Place,
    given: Place,
    family: Place,
}

pub(super) fn bind(places: &Places<'_>) -> Box<dyn Rules> {
    Box::new(Google {
        file_as: places.of("File As"),
        given: places.of("First Name"),
        family: places.of("Last Name"),
    })
}

impl Rules for Google {
    /// `Doe, John` says how to sort, not how to call somebody.
    fn finish<'a>(&self, cells: &Cells<'a>, draft: &mut Draft<'a>) {
        let (given, family) = (cells.get(self.given), cells.get(self.family));
        let sorting = cells.get(self.file_as).split_once(',');
        if sorting.is_some_and(|(one, two)| one.trim() == family && two.trim() == given) {
            draft.values.retain(|(field, _)| *field != Field::FormattedName);
        }
    }
}
