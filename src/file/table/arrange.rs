//! The columns of a file that is written: those of its profile, as often as the contacts need them.

use crate::contact::card::{Field, PostalPart};
use crate::file::fields;
use crate::file::table::column::{Column, DatePart, PostalTo, To};
use crate::file::table::profile::Profile;
use crate::file::table::said::{Said, name_follows};

/// The most columns for values of one field, and the most values of one label.
const VALUES_MAX: usize = 20;

/// Behind every column.
const EVERY: (bool, usize) = (true, usize::MAX);

/// A column of the file.
#[derive(Clone, Debug)]
pub(super) struct Written {
    pub(super) name: String,
    /// The place of the profile's column; none for a further one.
    pub(super) of: Option<usize>,
    pub(super) source: Source,
}

/// What stands in a column.
#[derive(Clone, Copy, Debug)]
pub(super) enum Source {
    /// The value of this place, from 0.
    Value(Field, usize),
    /// The values from this place on.
    List(Field, usize),
    /// A part of the first address of a kind.
    Postal(&'static str, PostalPart, Line),
    /// A part of an address that has no columns of its own, from 0.
    Further(usize, PostalPart, Line),
    AddressLabel(usize),
    /// Of the value of this place in a table of labels.
    Label(usize, usize),
    Labelled(usize, usize),
    Birthday(DatePart),
    /// What is not on the card.
    Other(To),
}

/// A column among those that are the lines of one part of an address.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    /// From 0.
    pub(super) at: usize,
    /// How many there are.
    pub(super) of: usize,
}

/// How many numbered and further columns the contacts need.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Needed {
    /// Values of each table of labels.
    labelled: Vec<usize>,
    addresses: usize,
    fields: Vec<(Field, usize)>,
}

impl Needed {
    /// Notes what a contact needs; whether that is more than was known.
    pub(super) fn add(&mut self, said: &Said<'_>, further: bool) -> bool {
        let before = self.clone();
        self.labelled.resize(said.labelled.len(), 0);
        for (known, values) in self.labelled.iter_mut().zip(&said.labelled) {
            *known = values.len().clamp(*known, VALUES_MAX.max(*known));
        }
        self.addresses = said.further_addresses.len().clamp(self.addresses, VALUES_MAX);
        for field in fields::all() {
            let count = match field {
                Field::FormattedName if further => usize::from(!name_follows(said.card)),
                _ => said.all(field).count(),
            };
            let known = self.fields.iter_mut().find(|(known, _)| *known == field);
            match known {
                Some((_, most)) => *most = count.clamp(*most, VALUES_MAX),
                None => self.fields.push((field, count.min(VALUES_MAX))),
            }
        }
        *self != before
    }

    fn of(&self, field: Field) -> usize {
        self.fields.iter().find(|(known, _)| *known == field).map_or(0, |(_, count)| *count)
    }
}

/// The columns that are needed.
pub(super) fn columns(profile: &Profile, needed: &Needed) -> Vec<Written> {
    let written = profile.columns.iter().enumerate().filter(|(_, column)| column.written);
    let written: Vec<(usize, &Column)> = written.collect();
    let mut arrangement = Arrangement { profile, needed, columns: Vec::new() };
    // Columns with the same text before their number are repeated together.
    let block = |column: &Column| column.name.split_once('#').map(|(before, _)| before.to_owned());
    let together = |(_, one): &(usize, &Column), (_, other): &(usize, &Column)| {
        block(one).is_some_and(|one| Some(one) == block(other))
    };
    for together in written.chunk_by(together) {
        for number in 0..arrangement.count(together) {
            for (at, column) in together {
                arrangement.add(*at, column, number);
            }
        }
    }
    if profile.further {
        arrangement.add_further();
    }
    let mut columns = arrangement.columns;
    if profile.sorted {
        columns.sort_by(|one, other| one.name.cmp(&other.name));
    }
    columns
}

struct Arrangement<'a> {
    profile: &'a Profile,
    needed: &'a Needed,
    columns: Vec<Written>,
}

impl Arrangement<'_> {
    /// How often columns are there.
    fn count(&self, together: &[(usize, &Column)]) -> usize {
        let numbered = together.iter().filter(|(_, column)| column.name.contains('#'));
        let count = |column: &Column| match column.to {
            To::Label(group) | To::Labelled(group) => self.needed.labelled.get(group.0).copied(),
            To::Postal(PostalTo { kind: None, .. }) | To::PostalLabel => {
                Some(self.needed.addresses)
            }
            To::Field(field) => Some(self.needed.of(field).saturating_sub(self.used(field, EVERY))),
            _ => None,
        };
        numbered.filter_map(|(_, column)| count(column)).max().unwrap_or(1).max(1)
    }

    /// How many columns of a field stand before another, in the order of the values.
    fn used(&self, field: Field, before: (bool, usize)) -> usize {
        let columns = self.profile.columns.iter().enumerate();
        let of_field = columns.filter(|(_, column)| {
            column.written && column.to == To::Field(field) && !column.name.contains('#')
        });
        of_field.filter(|(at, column)| (column.last, *at) < before).count()
    }

    fn add(&mut self, at: usize, column: &Column, number: usize) {
        let rank = (column.last, at);
        let source = match column.to {
            To::Field(field) if column.split.is_some() => {
                Source::List(field, self.used(field, rank))
            }
            To::Field(field) => Source::Value(field, self.used(field, rank) + number),
            To::Postal(to) => {
                let line = self.line(at, to);
                match to.kind {
                    Some(kind) => Source::Postal(kind, to.part, line),
                    None => Source::Further(number, to.part, line),
                }
            }
            To::PostalLabel => Source::AddressLabel(number),
            To::Label(group) => Source::Label(group.0, number),
            To::Labelled(group) => Source::Labelled(group.0, number),
            To::Birthday(part) => Source::Birthday(part),
            other => Source::Other(other),
        };
        let name = column.name.replace('#', &(number + 1).to_string());
        self.columns.push(Written { name, of: Some(at), source });
    }

    /// Several columns of one part of an address are its lines.
    fn line(&self, at: usize, to: PostalTo) -> Line {
        let same = |(_, column): &(usize, &Column)| column.written && column.to == To::Postal(to);
        let columns = self.profile.columns.iter().enumerate();
        let places: Vec<usize> = columns.filter(same).map(|(at, _)| at).collect();
        let place = places.iter().position(|place| *place == at);
        Line { at: place.unwrap_or_default(), of: places.len() }
    }

    /// Columns under our own names, for what no column of the profile says.
    fn add_further(&mut self) {
        for field in fields::all() {
            // A column that takes a list takes all.
            let takes_all =
                |column: &Written| matches!(column.source, Source::List(of, _) if of == field);
            if self.columns.iter().any(takes_all) {
                continue;
            }
            let name = fields::csv_name(field).unwrap_or_default();
            for place in self.used(field, EVERY)..self.needed.of(field) {
                let name =
                    if place == 0 { name.to_owned() } else { format!("{name}{}", place + 1) };
                let source = Source::Value(field, place);
                self.columns.push(Written { name, of: None, source });
            }
        }
    }
}
