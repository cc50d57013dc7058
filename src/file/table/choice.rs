//! Which profile a file is to be read by: told by its name or by a column map, or recognised.

use std::sync::Arc;

use crate::contact::number::Numbering;
use crate::file::table::column::To;
use crate::file::table::header::key;
use crate::file::table::profile::CUSTOM;
use crate::file::table::profiles::Profiles;
use crate::file::table::ranges::Ranges;
use crate::file::{FileError, Reason, Rule};

/// What the sender of a file told about it.
#[derive(Clone, Debug)]
pub struct Choice {
    pub(super) profiles: Arc<Profiles>,
    told: Told,
    /// The numbers of the telephone system's contexts.
    pub(super) ranges: Arc<Ranges>,
    /// How the importing organization dials.
    pub(super) numbering: Option<Arc<Numbering>>,
}

/// By what a file is to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// By the profile whose columns overlap most with the header, or as what its first line says.
    Auto,
    /// By one profile, or as what is no table: see [`Choice::OTHERS`].
    Named(Box<str>),
    Custom(ColumnMap),
}

impl Choice {
    /// What is read that is no table.
    pub const OTHERS: [&str; 5] = ["vcard", "vcard-2.1", "vcard-4.0", "apple", "ldif"];

    /// The choice that a request makes by the name of a profile and perhaps a column map.
    ///
    /// # Errors
    /// [`FileError`] where there is no such profile, or name and map do not go together.
    pub fn parse(
        profiles: &Arc<Profiles>,
        name: Option<&str>,
        columns: Option<ColumnMap>,
    ) -> Result<Self, FileError> {
        let told = match (name.unwrap_or("auto"), columns) {
            ("auto" | CUSTOM, Some(columns)) => Told::Custom(columns),
            ("auto", None) => Told::Auto,
            (CUSTOM, None) => return Err(FileError::whole(Rule::NoColumns)),
            (name, None) if profiles.by_name(name).is_some() || Self::OTHERS.contains(&name) => {
                Told::Named(name.into())
            }
            (name, None) => {
                let tables = profiles.names().collect::<Vec<_>>().join(", ");
                let known = format!("auto, {tables}, {}, {CUSTOM}", Self::OTHERS.join(", "));
                return Err(FileError::whole(Reason::new(Rule::UnknownProfile, [&name, &known])));
            }
            (name, Some(_)) => {
                return Err(FileError::whole(Reason::new(Rule::ColumnsNotTaken, [&name])));
            }
        };
        Ok(Self { profiles: Arc::clone(profiles), told, ranges: Arc::default(), numbering: None })
    }

    /// The same choice; users' numbers have to lie in the ranges of their contexts.
    #[must_use]
    pub fn with_ranges(self, ranges: Ranges) -> Self {
        Self { ranges: Arc::new(ranges), ..self }
    }

    /// The same choice; numbers that a spreadsheet has spoilt are mended where that is certain.
    #[must_use]
    pub fn with_numbering(self, numbering: Numbering) -> Self {
        Self { numbering: Some(Arc::new(numbering)), ..self }
    }

    /// Nothing is told, and the profiles are those that are built in.
    pub fn auto() -> Self {
        Self {
            profiles: Profiles::built_in(),
            told: Told::Auto,
            ranges: Arc::default(),
            numbering: None,
        }
    }

    pub fn told(&self) -> &Told {
        &self.told
    }
}

/// What columns mean, as the sender tells: by the names of the header, or one by one for a file
/// without a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColumnMap {
    Named(Vec<(Box<str>, Target)>),
    Ordered(Vec<Target>),
}

/// Where the values of a column go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target(pub(super) To);

impl Target {
    fn parse(name: &str) -> Result<Self, FileError> {
        let unknown = || FileError::whole(Reason::new(Rule::UnknownField, [&name, &To::names()]));
        match To::parse(name, &[]) {
            None | Some(To::PostalLabel) => Err(unknown()),
            Some(to) => Ok(Self(to)),
        }
    }
}

impl ColumnMap {
    /// A map from pairs of header name and field.
    ///
    /// # Errors
    /// [`FileError`] where a field is unknown, or a name comes twice.
    pub fn named<'a>(
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, FileError> {
        let mut columns: Vec<(Box<str>, Target)> = Vec::new();
        for (name, field) in pairs {
            let target = Target::parse(field)?;
            let name: Box<str> = key(name).into();
            if columns.iter().any(|(known, _)| *known == name) {
                return Err(FileError::at(1, Reason::new(Rule::DuplicateHeader, [&name])));
            }
            columns.push((name, target));
        }
        Ok(Self::Named(columns))
    }

    /// The fields of the columns of a file without a header, in their order; an empty name is a
    /// column that means nothing.
    ///
    /// # Errors
    /// [`FileError`] where a field is unknown.
    pub fn ordered<'a>(fields: impl IntoIterator<Item = &'a str>) -> Result<Self, FileError> {
        let target = |field: &str| match field.trim() {
            "" => Ok(Target(To::Nothing)),
            field => Target::parse(field),
        };
        Ok(Self::Ordered(fields.into_iter().map(target).collect::<Result<_, _>>()?))
    }
}
