//! Writes contacts as a table of any profile.

use std::borrow::Cow;
use std::sync::Arc;

use crate::contact::card::Field;
use crate::file::export::{Exported, FileWriter};
use crate::file::table::arrange::{self, Line, Needed, Source, Written};
use crate::file::table::cell::{self, Formulas};
use crate::file::table::column::{Column, DatePart, To, With};
use crate::file::table::header::key;
use crate::file::table::list;
use crate::file::table::profile::Profile;
use crate::file::table::said::{Said, Sayable, name_follows};
use crate::file::{Reason, Rule, shortened};

/// Writes a file of a profile, in UTF-8 with CR LF.
#[derive(Debug)]
pub struct TableWriter {
    profile: Arc<Profile>,
    formulas: Formulas,
    sayable: Sayable,
    needed: Needed,
    columns: Vec<Written>,
    /// What is told to stand in columns where contacts have nothing, by their places in the profile.
    told: Vec<(usize, Box<str>)>,
}

impl TableWriter {
    pub fn new(profile: &Arc<Profile>, formulas: Formulas) -> Self {
        let sayable = Sayable::of(profile);
        let needed = Needed::default();
        let columns = arrange::columns(profile, &needed);
        Self { profile: Arc::clone(profile), formulas, sayable, needed, columns, told: Vec::new() }
    }

    /// Lets a text stand in a column where a contact has nothing; in a column of a section where the
    /// contact uses that.
    ///
    /// # Errors
    /// [`Reason`] where the profile has no such column that is written, or it cannot have the text.
    pub fn fill_with(&mut self, column: &str, text: String) -> Result<(), Reason> {
        let name = &self.profile.name;
        let absent = || Reason::new(Rule::NoSuchColumn, [name, &shortened(column)]);
        let found = self.profile.names.find(&key(column)).ok_or_else(absent)?;
        let of = self.profile.columns.get(found.column).filter(|of| of.written && !of.is_secret());
        if let Some(wrong) = of.ok_or_else(absent)?.check.wrong(&text) {
            return Err(wrong);
        }
        self.told.push((found.column, text.into()));
        Ok(())
    }

    /// The profile's column.
    fn of(&self, column: &Written) -> Option<&Column> {
        column.of.and_then(|at| self.profile.columns.get(at))
    }

    /// The cells of a contact. Where a column has no value it may have one that rows need.
    fn cells<'a>(&'a self, contact: &Exported<'a>) -> Vec<Cow<'a, str>> {
        let said = Said::of(contact.card, &self.sayable);
        let cell = |column| self.cell(column, contact, &said);
        let mut cells: Vec<Cow<'a, str>> = self.columns.iter().map(cell).collect();
        self.fill(&mut cells, contact, &said);
        self.blank_broken_sections(&mut cells);
        cells
    }

    fn fill<'a>(&'a self, cells: &mut [Cow<'a, str>], contact: &Exported<'a>, said: &Said<'a>) {
        let filled = self.columns.iter().zip(&*cells).filter(|(_, cell)| !cell.is_empty());
        let sections: Vec<&str> =
            filled.filter_map(|(column, _)| Some(&*self.of(column)?.section)).collect();
        for (column, cell) in self.columns.iter().zip(cells) {
            let Some(of) = self.of(column).filter(|_| cell.is_empty()) else { continue };
            let told = self.told.iter().find(|(at, _)| Some(*at) == column.of);
            let section = match (told, &of.fill) {
                (_, Some(fill)) => &*fill.section,
                (Some(_), None) => &*of.section,
                (None, None) => continue,
            };
            let used = section.is_empty() || sections.contains(&section);
            if used && said.has_value_of(column.source) {
                *cell = match (told, of.fill.as_ref().map(|fill| &fill.with)) {
                    (Some((_, text)), _) | (None, Some(With::Text(text))) => (**text).into(),
                    (None, Some(With::Fields(fields))) => {
                        let mut values =
                            fields.iter().filter_map(|field| contact.card.first(*field));
                        of.check.fitting(values.next().unwrap_or_default().into())
                    }
                    (None, None) => Cow::default(),
                };
            }
        }
    }

    /// A section that lacks what it requires would have the whole row refused.
    fn blank_broken_sections(&self, cells: &mut [Cow<'_, str>]) {
        let lacking = self.columns.iter().zip(&*cells).filter(|(_, cell)| cell.is_empty());
        let lacking = lacking.filter_map(|(column, _)| self.of(column).filter(|of| of.required));
        let broken: Vec<&str> =
            lacking.map(|of| &*of.section).filter(|section| !section.is_empty()).collect();
        if broken.is_empty() {
            return;
        }
        for (column, cell) in self.columns.iter().zip(cells) {
            if self.of(column).is_some_and(|of| broken.contains(&&*of.section)) {
                *cell = Cow::default();
            }
        }
    }

    fn cell<'a>(
        &'a self,
        column: &Written,
        contact: &Exported<'a>,
        said: &Said<'a>,
    ) -> Cow<'a, str> {
        let further = |number: usize| said.further_addresses.get(number);
        let of = self.of(column);
        let value: Cow<'a, str> = match column.source {
            Source::Value(Field::FormattedName, _)
                if of.is_some_and(|of| of.sparing) && name_follows(contact.card) =>
            {
                Cow::default()
            }
            Source::Value(field, place) => said.all(field).nth(place).unwrap_or_default().into(),
            Source::List(field, place) => match of {
                Some(of) => several(of, contact, said.all(field).skip(place)).into(),
                None => Cow::default(),
            },
            Source::Postal(kind, part, line) => {
                said.address(kind).map(|of| lines(of.part(part), line)).unwrap_or_default()
            }
            Source::Further(number, part, line) => {
                further(number).map(|of| lines(of.part(part), line)).unwrap_or_default()
            }
            Source::AddressLabel(number) => {
                let label =
                    further(number).and_then(|of| self.profile.postal_labels.label(of.kind));
                label.unwrap_or_default().into()
            }
            Source::Label(group, number) => {
                let field = said.labelled(group, number).map(|(field, _)| field);
                let table = self.profile.labels.get(group);
                field
                    .zip(table)
                    .and_then(|(field, table)| table.label(field))
                    .unwrap_or_default()
                    .into()
            }
            Source::Labelled(group, number) => {
                let value = said.labelled(group, number).map_or("", |(_, value)| value);
                match of.and_then(|of| of.split.as_deref()) {
                    Some(split) => list::join(std::iter::once(value.into()), split).into(),
                    None => value.into(),
                }
            }
            Source::Birthday(part) => birthday(said.all(Field::Birthday).next(), part).into(),
            Source::Other(to) => other(to, contact, of),
        };
        match of {
            Some(of) => of.check.fitting(value),
            None => value,
        }
    }

    fn row<'a>(&self, cells: impl Iterator<Item = &'a str>, formulas: Formulas, out: &mut Vec<u8>) {
        let begin = out.len();
        for (at, text) in cells.enumerate() {
            if at > 0 {
                out.push(self.profile.delimiter);
            }
            cell::write(text, self.profile.delimiter, formulas, out);
        }
        if out.len() == begin {
            // An empty line is no row.
            out.extend_from_slice(b"\"\"");
        }
        out.extend_from_slice(b"\r\n");
    }
}

impl FileWriter for TableWriter {
    fn consider(&mut self, contact: &Exported<'_>) {
        let said = Said::of(contact.card, &self.sayable);
        if self.needed.add(&said, self.profile.further) {
            self.columns = arrange::columns(&self.profile, &self.needed);
        }
    }

    fn begin(&self, out: &mut Vec<u8>) {
        if self.profile.mark {
            out.extend_from_slice("\u{feff}".as_bytes());
        }
        let names = self.columns.iter().map(|column| column.name.as_str());
        self.row(names, Formulas::AsTheyAre, out);
    }

    fn contact(&self, contact: &Exported<'_>, out: &mut Vec<u8>) {
        let cells = self.cells(contact);
        self.row(cells.iter().map(|cell| &**cell), self.formulas, out);
    }

    fn end(&self, _out: &mut Vec<u8>) {}
}

/// Several values as one cell, with those that the other program has for itself.
fn several<'a>(
    of: &Column,
    contact: &Exported<'_>,
    values: impl Iterator<Item = &'a str>,
) -> String {
    let system = &of.system;
    let always = system.always.as_deref().into_iter();
    let starred = system.starred.as_deref().filter(|_| contact.starred);
    let systems = always.chain(starred).map(Cow::Borrowed);
    let all = values.map(|value| system.written(value)).chain(systems);
    list::join(all, of.split.as_deref().unwrap_or(";"))
}

/// The part of a text that stands in a column, where several columns are its lines. A text that has
/// more lines, or blank ones, stands in the first as a whole.
fn lines(text: Cow<'_, str>, line: Line) -> Cow<'_, str> {
    let Line { at, of } = line;
    let blank = text.split('\n').any(|line| line.trim().is_empty());
    match (text.split('\n').count() > of || blank, at) {
        (true, 0) => text,
        (true, _) => Cow::default(),
        (false, at) => match text {
            Cow::Borrowed(text) => text.split('\n').nth(at).unwrap_or_default().into(),
            Cow::Owned(text) => text.split('\n').nth(at).unwrap_or_default().to_owned().into(),
        },
    }
}

/// A part of `1985-04-12` or `--04-12`.
fn birthday(date: Option<&str>, part: DatePart) -> &str {
    let Some(date) = date else { return "" };
    let (year, rest) = match date.strip_prefix("--") {
        Some(rest) => ("", rest),
        None => date.split_once('-').unwrap_or_default(),
    };
    let (month, day) = rest.split_once('-').unwrap_or_default();
    match part {
        DatePart::Year => year,
        DatePart::Month => month,
        DatePart::Day => day,
    }
}

fn other<'a>(to: To, contact: &Exported<'a>, of: Option<&Column>) -> Cow<'a, str> {
    match to {
        To::Id => contact.id.to_string().into(),
        To::Uid => contact.uid.into(),
        To::Login => contact.login.unwrap_or_default().into(),
        To::Starred if contact.starred => "1".into(),
        To::Presence => match contact.presence {
            Some(true) => "1".into(),
            Some(false) => "0".into(),
            None => "".into(),
        },
        To::Book => {
            let split = of.and_then(|of| of.split.as_deref()).unwrap_or(";");
            list::join(contact.book.into_iter().map(Cow::Borrowed), split).into()
        }
        _ => "".into(),
    }
}
