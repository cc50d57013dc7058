//! The rules of the profile `freepbx`: groups that are no shared books.

use crate::file::table::rules::{Cells, Draft, Place, Places, Rules};

#[derive(Debug)]
struct FreePbx {
    grouptype: Place,
}

pub(super) fn bind(places: &Places<'_>) -> Box<dyn Rules> {
    Box::new(FreePbx { grouptype: places.of("grouptype") })
}

impl Rules for FreePbx {
    /// A private group is one user's and an internal one the PBX's own users: neither becomes a
    /// book that others read.
    fn finish<'a>(&self, cells: &Cells<'a>, draft: &mut Draft<'a>) {
        if cells.get(self.grouptype) != "external" {
            draft.entry.books.clear();
        }
    }
}
