//! Profiles: known kinds of files as tables of columns.

use rustc_hash::FxHashMap;

use crate::contact::card::Field;
use crate::file::Holds;
use crate::file::date::DateOrder;
use crate::file::table::column::Column;
use crate::file::table::header::{Header, key};
use crate::file::table::rules::Bind;

/// The name of the profile whose columns the sender tells.
pub const CUSTOM: &str = "custom";

/// One kind of file, as a file of `conf/import` describes it.
#[derive(Debug)]
pub struct Profile {
    pub name: Box<str>,
    /// What people call such files.
    pub title: Box<str>,
    pub holds: Holds,
    /// Whether another encoding than UTF-8 is taken only where the sender names it.
    pub(super) utf8_unless_told: bool,
    /// Between the cells of files that we write.
    pub(super) delimiter: u8,
    /// Whether files that we write begin with a byte order mark.
    pub(super) mark: bool,
    /// Whether files that we write have further columns, for what no column of the profile says.
    pub(super) further: bool,
    /// Whether empty cells at the end of a row may be missing.
    pub(super) short_rows: bool,
    /// How many empty cells rows may have behind the last column.
    pub(super) spare_cells: usize,
    /// Whether the columns that we write are in alphabetical order.
    pub(super) sorted: bool,
    pub(super) columns: Box<[Column]>,
    /// Lists of columns, of each of which a row needs a value.
    pub(super) requires: Box<[Box<[usize]>]>,
    /// Columns of which a header has one, where the profile is recognised; none: any will do.
    pub(super) known_by: Box<[usize]>,
    /// What labels of values mean, table by table.
    pub(super) labels: Box<[Labels<Field>]>,
    /// What labels of postal addresses mean.
    pub(super) postal_labels: Labels<&'static str>,
    /// The names of the columns in English, and their other spellings.
    pub(super) names: Names,
    pub(super) languages: Vec<Translation>,
    /// How dates are written in English.
    pub(super) dates: DateOrder,
    /// What is asked of a row that data cannot say.
    pub(super) rules: Option<Bind>,
}

/// The names of a profile's columns in one language.
#[derive(Debug)]
pub(super) struct Translation {
    /// As in RFC 5646, such as `de`.
    pub(super) language: Box<str>,
    /// How the program writes dates in this language.
    pub(super) dates: DateOrder,
    pub(super) names: Names,
}

/// Names of columns as they are compared, each with the place of its column.
#[derive(Debug, Default)]
pub(super) struct Names {
    whole: FxHashMap<Box<str>, usize>,
    /// What stands before and behind the number of a repeated column.
    numbered: Vec<(Box<str>, Box<str>, usize)>,
}

/// A column of a profile that a name means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// The place in the profile.
    pub(super) column: usize,
    /// Which one it is of a repeated column; 0 where it is none.
    pub(super) number: u16,
}

/// What labels stand for.
#[derive(Debug)]
pub(super) struct Labels<T> {
    pub(super) name: Box<str>,
    /// The first label of each meaning is the one that is written.
    pub(super) of: Vec<(Box<str>, T)>,
    /// What other labels and none stand for.
    pub(super) other: Option<T>,
}

impl Names {
    /// Adds a name; false where it is there already.
    pub(super) fn add(&mut self, name: &str, column: usize) -> bool {
        let key = key(name);
        if self.find(&key).is_some() {
            return false;
        }
        match key.split_once('#') {
            None => _ = self.whole.insert(key.into(), column),
            Some((before, behind)) => {
                self.numbered.push((before.into(), behind.into(), column));
            }
        }
        true
    }

    /// Whether a column has a name here.
    #[cfg(test)]
    pub(super) fn means(&self, column: usize) -> bool {
        self.whole.values().any(|named| *named == column)
    }

    pub(super) fn find(&self, key: &str) -> Option<Found> {
        if let Some(column) = self.whole.get(key) {
            return Some(Found { column: *column, number: 0 });
        }
        if key.contains(char::REPLACEMENT_CHARACTER) {
            let (_, column) = self.whole.iter().find(|(name, _)| is_damaged(key, name))?;
            return Some(Found { column: *column, number: 0 });
        }
        self.numbered.iter().find_map(|(before, behind, column)| {
            let number = key.strip_prefix(&**before)?.strip_suffix(&**behind)?;
            // A translation names the column itself.
            let number = if number == "#" { 0 } else { repeated(number)? };
            Some(Found { column: *column, number })
        })
    }
}

/// Whether a name is another one that went through a wrong encoding: each letter that was lost
/// shows as U+FFFD.
fn is_damaged(damaged: &str, name: &str) -> bool {
    let mut letters = name.chars();
    let same =
        |c| letters.next().is_some_and(|letter| c == letter || c == char::REPLACEMENT_CHARACTER);
    damaged.chars().all(same) && letters.next().is_none()
}

/// The number of a repeated column: digits only.
fn repeated(number: &str) -> Option<u16> {
    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    if digits { number.parse().ok() } else { None }
}

impl<T: Copy + PartialEq> Labels<T> {
    /// What a label means. Google marks the first of several by `* `.
    pub(super) fn meaning(&self, label: &str) -> Option<T> {
        let label = label.trim();
        let label = label.strip_prefix("* ").unwrap_or(label);
        let named = self.of.iter().find(|(known, _)| known.eq_ignore_ascii_case(label));
        named.map(|(_, meaning)| *meaning).or(self.other)
    }

    /// The label that is written for a meaning; empty where none is needed.
    pub(super) fn label(&self, meaning: T) -> Option<&str> {
        let named = self.of.iter().find(|(_, known)| *known == meaning);
        let unnamed = || (self.other == Some(meaning)).then_some("");
        named.map(|(label, _)| &**label).or_else(unnamed)
    }
}

impl Profile {
    /// Has no columns of its own: those of a file come from a column map.
    pub(super) fn custom() -> Self {
        Self {
            name: CUSTOM.into(),
            title: Box::default(),
            holds: Holds::Either,
            utf8_unless_told: false,
            delimiter: b',',
            mark: false,
            further: false,
            short_rows: false,
            spare_cells: 0,
            sorted: false,
            columns: Box::default(),
            requires: Box::default(),
            known_by: Box::default(),
            labels: Box::default(),
            postal_labels: Labels { name: Box::default(), of: Vec::new(), other: None },
            names: Names::default(),
            languages: Vec::new(),
            dates: DateOrder::default(),
            rules: None,
        }
    }

    /// The column that a header cell means, in one of the profile's languages or in English.
    pub(super) fn column(&self, key: &str, language: Option<usize>) -> Option<Found> {
        let translation = language.and_then(|at| self.languages.get(at));
        let found = translation.and_then(|translation| translation.names.find(key));
        found.or_else(|| self.names.find(key))
    }

    /// How dates are written in a language, or in English.
    pub(super) fn dates(&self, language: Option<usize>) -> DateOrder {
        let translation = language.and_then(|at| self.languages.get(at));
        translation.map_or(self.dates, |translation| translation.dates)
    }

    /// How many columns of a header are the profile's, in the language that has the most of them.
    pub(super) fn overlap(&self, header: &Header) -> (usize, Option<usize>) {
        let known = |language| {
            let cells = header.columns().iter();
            cells.filter(|cell| self.column(&cell.key, language).is_some()).count()
        };
        let mut best = (known(None), None);
        for language in 0..self.languages.len() {
            let count = known(Some(language));
            if count > best.0 {
                best = (count, Some(language));
            }
        }
        best
    }

    /// Whether a header has a column that tells this kind of file from others.
    pub(super) fn is_known_by(&self, header: &Header) -> bool {
        let (_, language) = self.overlap(header);
        let tells = |key: &str| {
            self.column(key, language).is_some_and(|found| self.known_by.contains(&found.column))
        };
        self.known_by.is_empty() || header.columns().iter().any(|cell| tells(&cell.key))
    }

    /// The columns that every file needs and this one lacks; of several, one would do.
    pub(super) fn missing(&self, header: &Header, language: Option<usize>) -> Option<Vec<&str>> {
        let found = |cell: &str| self.column(cell, language).map(|found| found.column);
        let there: Vec<usize> =
            header.columns().iter().filter_map(|cell| found(&cell.key)).collect();
        let name = |at: usize| self.columns.get(at).map_or("", |column| &*column.name);
        let needed = self.columns.iter().enumerate();
        let mut needed = needed.filter(|(_, column)| column.required && column.section.is_empty());
        if let Some((at, _)) = needed.find(|(at, _)| !there.contains(at)) {
            return Some(vec![name(at)]);
        }
        let lists = self.requires.iter();
        let list = lists.into_iter().find(|list| !list.iter().any(|at| there.contains(at)))?;
        Some(list.iter().map(|at| name(*at)).collect())
    }
}
