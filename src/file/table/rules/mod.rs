//! What profiles ask of rows, and read out of them, that their data cannot say.

use std::borrow::Cow;
use std::fmt;

use crate::contact::card::Field;
use crate::file::{Entry, Reason};

mod freepbx;
mod google;
mod grandstream;
mod outlook;
mod xivo_users;

/// The rules of a profile, by the name in its file (`rules = "NAME"`).
pub(super) fn by_name(name: &str) -> Option<Bind> {
    Some(match name {
        "google" => google::bind,
        "outlook" => outlook::bind,
        "freepbx" => freepbx::bind,
        "grandstream" => grandstream::bind,
        "xivo-users" => xivo_users::bind,
        _ => return None,
    })
}

/// Finds the columns that the rules look at, once for a file.
pub(super) type Bind = fn(&Places<'_>) -> Box<dyn Rules>;

/// Rules with the places of their columns in one file.
pub(super) trait Rules: fmt::Debug + Send + Sync {
    /// Adds what is wrong between the cells of a row.
    fn check(&self, _cells: &Cells<'_>, _broken: &mut Vec<Broken>) {}

    /// Changes what was read out of a row that has no fault.
    fn finish<'a>(&self, _cells: &Cells<'a>, _draft: &mut Draft<'a>) {}
}

/// The place of a column in the rows of a file; none where the file lacks it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place(Option<usize>);

/// Where the columns of a profile are in one file.
pub(super) struct Places<'a> {
    /// For each column of the file the name and section in the profile; empty where it is none.
    pub(super) columns: Vec<(&'a str, &'a str)>,
}

impl Places<'_> {
    /// The column that the profile calls so.
    pub(super) fn of(&self, name: &str) -> Place {
        Place(self.columns.iter().position(|(known, _)| *known == name))
    }

    /// The columns of a section.
    pub(super) fn section(&self, section: &str) -> Vec<Place> {
        let places = self.columns.iter().enumerate();
        places.filter(|(_, (_, of))| *of == section).map(|(at, _)| Place(Some(at))).collect()
    }
}

/// The cells of a row, trimmed.
pub(super) struct Cells<'a> {
    pub(super) cells: Vec<&'a str>,
}

impl<'a> Cells<'a> {
    /// The value of a column; empty where there is none.
    pub(super) fn get(&self, place: Place) -> &'a str {
        place.0.and_then(|at| self.cells.get(at)).copied().unwrap_or_default()
    }
}

/// A broken rule between cells: the column at fault as the profile calls it, and what would be right.
pub(super) struct Broken {
    pub(super) column: &'static str,
    pub(super) reason: Reason,
}

/// What was read out of a row, before its card is made.
pub(super) struct Draft<'a> {
    /// In any order of fields; values of one field in their order.
    pub(super) values: Vec<(Field, Cow<'a, str>)>,
    /// Everything but the card.
    pub(super) entry: Entry,
}

impl<'a> Draft<'a> {
    pub(super) fn push(&mut self, field: Field, value: impl Into<Cow<'a, str>>) {
        self.values.push((field, value.into()));
    }
}
