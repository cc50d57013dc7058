//! Binds the columns of one file to a profile, so that its rows are read without looking anything up.

use std::sync::Arc;

use crate::contact::card::{Field, PostalPart};
use crate::contact::number::Numbering;
use crate::file::date::DateOrder;
use crate::file::table::check::{Check, Kind};
use crate::file::table::choice::{ColumnMap, Target};
use crate::file::table::column::{Column, DatePart, Group, System, To};
use crate::file::table::header::{Header, HeaderCell};
use crate::file::table::profile::{Found, Profile};
use crate::file::table::profiles::Fit;
use crate::file::table::ranges::Ranges;
use crate::file::table::rules::{Places, Rules};
use crate::file::{Covers, FileError, Reason, Rule, fields, shortened};

/// What the report of refused rows calls its column of reasons.
const ERROR_COLUMN: &str = "error";

/// What each column of one file means.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) profile: Arc<Profile>,
    pub(super) columns: Vec<Bound>,
    /// In the order of the fields, so that a card does not depend on the order of the columns:
    /// phones show the first value.
    pub(super) values: Vec<Value>,
    pub(super) addresses: Vec<Address>,
    /// How dates are written.
    pub(super) dates: DateOrder,
    /// Year, month and day.
    pub(super) birthday: [Option<usize>; 3],
    /// The places of what is kept beside the card.
    pub(super) others: Vec<usize>,
    pub(super) extension: Option<usize>,
    pub(super) sections: Vec<Section>,
    /// The places of the columns of which one is needed, and their names.
    pub(super) requires: Vec<(Vec<usize>, String)>,
    /// The places of numbers and of their contexts.
    pub(super) in_contexts: Vec<(usize, usize)>,
    pub(super) ranges: Arc<Ranges>,
    pub(super) numbering: Option<Arc<Numbering>>,
    /// Values of columns that are read as none.
    pub(super) nothing: Vec<(usize, Box<[Box<str>]>)>,
    pub(super) rules: Option<Box<dyn Rules>>,
    ignored: Vec<String>,
    /// How many empty cells rows may have behind the last column.
    pub(super) trailing: usize,
}

/// A column of the file.
#[derive(Debug)]
pub(super) struct Bound {
    /// As the file calls it.
    pub(super) name: String,
    pub(super) to: To,
    pub(super) check: Check,
    pub(super) split: Option<Box<str>>,
    system: System,
    last: bool,
    /// The profile's column, where it is one of those.
    of: Option<Found>,
}

/// Where the value of a column goes among those of its field.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    last: bool,
    /// The place in the profile.
    column: usize,
    number: u16,
}

/// A column whose values go into the card.
#[derive(Debug)]
pub(super) struct Value {
    pub(super) at: usize,
    pub(super) field: FieldOf,
    pub(super) split: Option<Box<str>>,
    pub(super) system: System,
}

/// What tells the field of a value.
#[derive(Debug)]
pub(super) enum FieldOf {
    Known(Field),
    /// The columns with labels of the value.
    Labelled(Group, Vec<usize>),
}

/// The columns of one postal address.
#[derive(Debug)]
pub(super) struct Address {
    /// None where the label tells.
    pub(super) kind: Option<&'static str>,
    number: u16,
    pub(super) label: Option<usize>,
    /// In the order of the columns in the profile: lines of one part.
    pub(super) parts: Vec<(PostalPart, usize)>,
}

/// Columns that belong together.
#[derive(Debug)]
pub(super) struct Section {
    /// Empty: that of every row.
    pub(super) name: Box<str>,
    pub(super) columns: Vec<usize>,
    /// Names in the profile, and places where the file has them.
    pub(super) required: Vec<(Box<str>, Option<usize>)>,
}

impl Bound {
    fn new(cell: &HeaderCell, column: Option<&Column>, of: Option<Found>) -> Self {
        let name = cell.name.clone();
        let Some(column) = column else {
            return Self::to(name, To::Nothing);
        };
        let (split, system) = (column.split.clone(), column.system.clone());
        let check = column.check.clone();
        Self { name, to: column.to, check, split, system, last: column.last, of }
    }

    /// A column that no profile lists.
    fn to(name: String, to: To) -> Self {
        let kind = match to {
            To::Password => Kind::Secret,
            to if to.is_number() => Kind::Number,
            _ => Kind::Text,
        };
        let (check, system) = (Check::of(kind), System::default());
        Self { name, to, check, split: None, system, last: false, of: None }
    }

    pub(super) fn is_secret(&self) -> bool {
        self.check.kind == Kind::Secret || self.to == To::Password
    }

    /// Where a value goes among those of its field: by the place in the profile, and for further
    /// values of a field (`number2`) by the number.
    fn rank(&self) -> Rank {
        let last = self.last;
        if let Some(found) = self.of {
            return Rank { last, column: found.column, number: found.number };
        }
        let bare = self.name.trim_end_matches(|c: char| c.is_ascii_digit());
        let number = self.name.get(bare.len()..).and_then(|digits| digits.parse().ok());
        Rank { last, column: usize::MAX, number: number.unwrap_or_default() }
    }

    fn number(&self) -> u16 {
        self.of.map_or(0, |found| found.number)
    }
}

impl Layout {
    /// The columns of a file that fits a profile.
    ///
    /// # Errors
    /// [`FileError`] where a column is missing that every row needs.
    pub(super) fn fitting(fit: Fit, header: &Header) -> Result<Self, FileError> {
        let Fit { profile, language } = fit;
        if let Some(twice) = header.twice(|key| profile.column(key, language).is_some()) {
            return Err(twice);
        }
        if let Some(missing) = profile.missing(header, language) {
            let summary = header.summary();
            let missing = missing.join(", ");
            let reason = Reason::new(Rule::MissingColumn, [&missing, &summary]);
            return Err(FileError::whole(reason));
        }
        let mut ignored = Vec::new();
        let mut columns = Vec::new();
        for cell in header.columns() {
            let found = profile.column(&cell.key, language);
            let column = found.and_then(|found| profile.columns.get(found.column));
            columns.push(match (column, fields::by_header_key(&cell.key)) {
                (None, Some(field)) => Bound::to(cell.name.clone(), To::Field(field)),
                (None, None) => {
                    ignore(cell, &mut ignored);
                    Bound::new(cell, None, None)
                }
                (column, _) => Bound::new(cell, column, found),
            });
        }
        let (dates, trailing) = (profile.dates(language), header.trailing);
        Ok(Self { dates, trailing, ..Self::of(profile, columns, ignored) })
    }

    /// The columns of a file whose sender tells what they mean.
    ///
    /// # Errors
    /// [`FileError`] where the file lacks one of them.
    pub(super) fn told(map: &ColumnMap, header: &Header) -> Result<Self, FileError> {
        let mut ignored = Vec::new();
        let cells = header.columns();
        let columns = match map {
            ColumnMap::Ordered(targets) => {
                let bound = |(cell, target): (&HeaderCell, _)| Bound::told(cell, target);
                cells.iter().zip(targets.iter().copied()).map(bound).collect()
            }
            ColumnMap::Named(pairs) => {
                if let Some(twice) = header.twice(|_| false) {
                    return Err(twice);
                }
                let lacks = |name: &str| !cells.iter().any(|cell| cell.key == *name);
                if let Some((name, _)) = pairs.iter().find(|(name, _)| lacks(name)) {
                    let reason = Reason::new(Rule::MissingColumn, [name, &header.summary()]);
                    return Err(FileError::whole(reason));
                }
                let mut bound = Vec::new();
                for cell in cells {
                    let told = pairs.iter().find(|(name, _)| **name == *cell.key);
                    if told.is_none() {
                        ignore(cell, &mut ignored);
                    }
                    let target = told.map_or(Target(To::Nothing), |(_, target)| *target);
                    bound.push(Bound::told(cell, target));
                }
                bound
            }
        };
        let layout = Self::of(Arc::new(Profile::custom()), columns, ignored);
        Ok(Self { trailing: header.trailing, ..layout })
    }

    fn of(profile: Arc<Profile>, columns: Vec<Bound>, ignored: Vec<String>) -> Self {
        let place = |to| columns.iter().position(|column| column.to == to);
        let names = |column: &Bound| {
            let of = column.of.and_then(|found| profile.columns.get(found.column));
            of.map_or(("", ""), |of| (&*of.name, &*of.section))
        };
        let places = Places { columns: columns.iter().map(names).collect() };
        let birthday = [DatePart::Year, DatePart::Month, DatePart::Day];
        let other = |(_, column): &(usize, &Bound)| column.is_kept_beside_the_card();
        let requires = profile.requires.iter().map(|list| one_of(&profile, list, &columns));
        Self {
            values: values(&columns),
            addresses: addresses(&columns),
            dates: DateOrder::default(),
            birthday: birthday.map(|part| place(To::Birthday(part))),
            others: columns.iter().enumerate().filter(other).map(|(at, _)| at).collect(),
            extension: place(To::Field(Field::Extension)),
            sections: sections(&profile, &columns),
            requires: requires.collect(),
            in_contexts: in_contexts(&profile, &columns),
            ranges: Arc::default(),
            numbering: None,
            nothing: nothing(&profile, &columns),
            rules: profile.rules.map(|bind| bind(&places)),
            ignored,
            trailing: 0,
            columns,
            profile,
        }
    }

    pub(super) fn ignored(&self) -> &[String] {
        &self.ignored
    }

    /// What the column that goes there is called in the file.
    pub(super) fn column_to(&self, to: To) -> Option<&str> {
        self.columns.iter().find(|column| column.to == to).map(|column| column.name.as_str())
    }

    /// What a column of the profile is called in the file.
    pub(super) fn name_of<'a>(&'a self, column: &'a str) -> &'a str {
        let known = |bound: &&Bound| {
            let of = bound.of.and_then(|found| self.profile.columns.get(found.column));
            of.is_some_and(|of| *of.name == *column)
        };
        self.columns.iter().find(known).map_or(column, |bound| &bound.name)
    }

    /// How many values of each field a row can say.
    pub(super) fn covers(&self) -> Covers {
        let mut covers = Covers::default();
        let mut add = |field: Field, values: usize| match covers
            .fields
            .iter_mut()
            .find(|(known, _)| *known == field)
        {
            Some((_, count)) => *count = count.saturating_add(values),
            None => covers.fields.push((field, values)),
        };
        for value in &self.values {
            match &value.field {
                FieldOf::Known(field) if value.split.is_some() => add(*field, usize::MAX),
                FieldOf::Known(field) => add(*field, 1),
                // A file has as many of these as its widest contact needs.
                FieldOf::Labelled(Group(group), _) => {
                    let labels = self.profile.labels.get(*group);
                    let known =
                        labels.iter().flat_map(|labels| &labels.of).map(|(_, field)| *field);
                    known.chain(labels.and_then(|l| l.other)).for_each(|f| add(f, usize::MAX));
                }
            }
        }
        if self.birthday.iter().any(Option::is_some) {
            add(Field::Birthday, 1);
        }
        for address in &self.addresses {
            let labels = &self.profile.postal_labels;
            let labelled = labels.of.iter().map(|(_, kind)| *kind).chain(labels.other);
            let kinds: Vec<&'static str> = match address.kind {
                Some(kind) => vec![kind],
                None => labelled.collect(),
            };
            for kind in kinds {
                if !covers.postal.contains(&kind) {
                    covers.postal.push(kind);
                }
            }
        }
        covers
    }
}

impl Bound {
    fn told(cell: &HeaderCell, target: Target) -> Self {
        Self::to(cell.name.clone(), target.0)
    }

    fn is_kept_beside_the_card(&self) -> bool {
        matches!(
            self.to,
            To::Id
                | To::Uid
                | To::Login
                | To::Password
                | To::Starred
                | To::Book
                | To::Entity
                | To::Presence
        )
    }
}

/// Notes a column that means nothing here; that of our own reasons is no news.
fn ignore(cell: &HeaderCell, ignored: &mut Vec<String>) {
    if cell.key != ERROR_COLUMN {
        ignored.push(shortened(&cell.name));
    }
}

/// The columns whose values go into the card, in the order in which they go there.
fn values(columns: &[Bound]) -> Vec<Value> {
    let mut values: Vec<(Option<Field>, Rank, Value)> = Vec::new();
    for (at, column) in columns.iter().enumerate() {
        let (known, field) = match column.to {
            To::Field(field) => (Some(field), FieldOf::Known(field)),
            To::Labelled(group) => {
                let label = |c: &Bound| c.to == To::Label(group) && c.number() == column.number();
                let labels = columns.iter().enumerate().filter(|(_, column)| label(column));
                (None, FieldOf::Labelled(group, labels.map(|(at, _)| at).collect()))
            }
            _ => continue,
        };
        let (split, system) = (column.split.clone(), column.system.clone());
        values.push((known, column.rank(), Value { at, field, split, system }));
    }
    values.sort_by_key(|(field, rank, _)| (*field, *rank));
    values.into_iter().map(|(_, _, value)| value).collect()
}

fn addresses(columns: &[Bound]) -> Vec<Address> {
    let mut addresses: Vec<Address> = Vec::new();
    let mut places: Vec<(usize, &Bound)> = columns.iter().enumerate().collect();
    places.sort_by_key(|(_, column)| column.rank());
    for (at, column) in places {
        let To::Postal(to) = column.to else { continue };
        let number = column.number();
        let same = |known: &&mut Address| known.kind == to.kind && known.number == number;
        if let Some(address) = addresses.iter_mut().find(same) {
            address.parts.push((to.part, at));
            continue;
        }
        let label = |c: &Bound| c.to == To::PostalLabel && c.number() == number;
        let label = columns.iter().position(label).filter(|_| to.kind.is_none());
        addresses.push(Address { kind: to.kind, number, label, parts: vec![(to.part, at)] });
    }
    addresses.sort_by_key(|address| address.number);
    addresses
}

fn sections(profile: &Profile, columns: &[Bound]) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for (at, column) in profile.columns.iter().enumerate() {
        let is = |bound: &Bound| bound.of.is_some_and(|found| found.column == at);
        let place = columns.iter().position(is);
        let known = sections.iter().position(|section| section.name == column.section);
        let known = known.unwrap_or_else(|| {
            let (columns, required) = (Vec::new(), Vec::new());
            sections.push(Section { name: column.section.clone(), columns, required });
            sections.len() - 1
        });
        let Some(section) = sections.get_mut(known) else { continue };
        section.columns.extend(place);
        if column.required {
            section.required.push((column.name.clone(), place));
        }
    }
    sections.retain(|section| !section.required.is_empty());
    sections
}

fn one_of(profile: &Profile, list: &[usize], columns: &[Bound]) -> (Vec<usize>, String) {
    let listed =
        |(_, column): &(usize, &Bound)| column.of.is_some_and(|found| list.contains(&found.column));
    let places = columns.iter().enumerate().filter(listed).map(|(at, _)| at);
    let names = list.iter().filter_map(|at| profile.columns.get(*at)).map(|column| &*column.name);
    (places.collect(), names.collect::<Vec<&str>>().join(", "))
}

/// The place in the file and the column of the profile, of all columns that are the profile's.
fn of_profile<'a>(
    profile: &'a Profile,
    columns: &'a [Bound],
) -> impl Iterator<Item = (usize, &'a Column)> {
    let known = |(at, bound): (usize, &Bound)| Some((at, profile.columns.get(bound.of?.column)?));
    columns.iter().enumerate().filter_map(known)
}

fn in_contexts(profile: &Profile, columns: &[Bound]) -> Vec<(usize, usize)> {
    let pair = |(at, column): (usize, &Column)| {
        let context = column.context.as_deref()?;
        let (place, _) = of_profile(profile, columns).find(|(_, other)| *other.name == *context)?;
        Some((at, place))
    };
    of_profile(profile, columns).filter_map(pair).collect()
}

fn nothing(profile: &Profile, columns: &[Bound]) -> Vec<(usize, Box<[Box<str>]>)> {
    let has = |(_, column): &(usize, &Column)| !column.nothing.is_empty();
    let own = |(at, column): (usize, &Column)| (at, column.nothing.clone());
    of_profile(profile, columns).filter(has).map(own).collect()
}
