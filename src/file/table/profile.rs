//! Profiles: known kinds of files as tables of columns, and how one is chosen by the header.

use crate::contact::card::Field;
use crate::file::table::header::{Header, HeaderCell, key};
use crate::file::table::{xivo, xivo_users};
use crate::file::{FileError, Holds, Reason, Rule, fields};

/// The profiles that are recognised by their header.
const KNOWN: [&Profile; 2] = [&xivo::PROFILE, &xivo_users::PROFILE];
/// The name of the profile whose columns the sender tells.
pub const CUSTOM: &str = "custom";

/// One kind of file.
#[derive(Debug)]
pub struct Profile {
    pub name: &'static str,
    pub holds: Holds,
    /// Whether another encoding than UTF-8 is taken only where the sender names it.
    pub(super) utf8_unless_told: bool,
    pub(super) columns: &'static [Column],
    /// The flag without which a row's login name and password mean nothing.
    pub(super) sign_in_flag: Option<&'static str>,
    /// Rules between the cells of a row, beyond those of its columns.
    pub(super) rules: fn(&CellOf<'_>) -> Vec<Broken>,
}

/// The value of a column in a row, by the profile's name of the column; none where it is empty.
pub(super) type CellOf<'a> = dyn Fn(&str) -> Option<&'a str> + 'a;

/// A broken rule between cells: the column at fault, and what would be right.
pub(super) struct Broken {
    pub(super) column: &'static str,
    pub(super) reason: Reason,
}

/// One column of a profile.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    pub(super) name: &'static str,
    /// Another spelling of the name.
    pub(super) also: &'static str,
    pub(super) to: To,
    pub(super) kind: Kind,
    /// The columns of a section are required only in rows that use the section.
    pub(super) section: &'static str,
    pub(super) required: bool,
}

/// Where a value goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum To {
    Field(Field),
    /// The contact id that an export wrote.
    Id,
    /// The vCard UID.
    Uid,
    Login,
    Password,
    /// Checked, but not kept.
    Nothing,
}

/// What a value has to look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    /// A telephone number, which a spreadsheet may have spoilt.
    Number,
    /// Digits, as an extension or a mailbox has them.
    Digits,
    /// `0` or `1`.
    Flag,
    Email,
    OneOf(&'static [&'static str]),
    /// Never shown in a report.
    Secret,
}

impl Column {
    pub(super) const fn new(name: &'static str, to: To, kind: Kind) -> Self {
        Self { name, also: "", to, kind, section: "", required: false }
    }

    pub(super) const fn field(name: &'static str, field: Field) -> Self {
        let number = Field::NUMBERS.contains(field);
        let kind = if number { Kind::Number } else { Kind::Text };
        Self::new(name, To::Field(field), kind)
    }

    pub(super) const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    pub(super) const fn of(self, section: &'static str) -> Self {
        Self { section, ..self }
    }

    pub(super) const fn also(self, also: &'static str) -> Self {
        Self { also, ..self }
    }
}

impl Profile {
    pub(super) fn column(&self, key: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == key || column.also == key)
    }

    /// Whether a report may show whole rows.
    pub(super) fn has_secrets(&self) -> bool {
        self.columns.iter().any(|column| column.kind == Kind::Secret)
    }

    fn overlap(&self, header: &Header) -> usize {
        header.columns().iter().filter(|cell| self.column(&cell.key).is_some()).count()
    }

    fn expected(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|column| column.name).take(8).collect();
        format!("{} ({}, …)", self.name, names.join(", "))
    }
}

/// A column map that the sender tells: header name to field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnMap(Vec<(String, To)>);

impl ColumnMap {
    /// A map from pairs of header name and field.
    ///
    /// # Errors
    /// [`FileError`] where a field is none of [`fields::json_names`], `id`, `uid`,
    /// `login`, `password` or `ignore`; or where a name comes twice.
    pub fn new<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, FileError> {
        let mut columns: Vec<(String, To)> = Vec::new();
        for (name, field) in pairs {
            let to = match field.trim() {
                "id" => To::Id,
                "uid" => To::Uid,
                "login" => To::Login,
                "password" => To::Password,
                "ignore" => To::Nothing,
                field => {
                    let unknown = || {
                        let names = "id, uid, login, password, ignore".to_owned();
                        let names = fields::json_names().fold(names, |all, name| all + ", " + name);
                        FileError::whole(Reason::new(Rule::UnknownField, [&field, &names]))
                    };
                    To::Field(fields::by_json_name(field).ok_or_else(unknown)?)
                }
            };
            let name = key(name);
            if columns.iter().any(|(known, _)| *known == name) {
                return Err(FileError::at(1, Reason::new(Rule::DuplicateHeader, [&name])));
            }
            columns.push((name, to));
        }
        Ok(Self(columns))
    }

    pub(super) fn column(&self, key: &str) -> Option<To> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, to)| *to)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }
}

/// The profile of files whose columns the sender tells.
static CUSTOM_PROFILE: Profile = Profile {
    name: CUSTOM,
    holds: Holds::Either,
    utf8_unless_told: false,
    columns: &[],
    sign_in_flag: None,
    rules: |_| Vec::new(),
};

/// Which profile a file is to be read by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The one whose columns overlap most with the header.
    Auto,
    Named(&'static str),
    Custom(ColumnMap),
}

impl Choice {
    /// The choice that a request makes by the name of a profile and perhaps a column map.
    ///
    /// # Errors
    /// [`FileError`] where there is no such profile, or name and map do not go together.
    pub fn parse(name: Option<&str>, columns: Option<ColumnMap>) -> Result<Self, FileError> {
        let known = |name: &str| KNOWN.iter().find(|profile| profile.name == name);
        match (name.unwrap_or("auto"), columns) {
            ("auto" | CUSTOM, Some(columns)) => Ok(Self::Custom(columns)),
            ("auto", None) => Ok(Self::Auto),
            (CUSTOM, None) => Err(FileError::whole(Rule::NoColumns)),
            (name, None) => match known(name) {
                Some(profile) => Ok(Self::Named(profile.name)),
                None => {
                    let known = KNOWN.iter().fold("auto".to_owned(), |all, p| all + ", " + p.name);
                    let known = known + ", " + CUSTOM;
                    Err(FileError::whole(Reason::new(Rule::UnknownProfile, [&name, &known])))
                }
            },
            (name, Some(_)) => Err(FileError::whole(Reason::new(Rule::ColumnsNotTaken, [&name]))),
        }
    }

    pub(super) fn profile(&self, header: &Header) -> Result<&'static Profile, FileError> {
        match self {
            Self::Custom(columns) => {
                let missing = columns.names().find(|name| !has(header.columns(), name));
                match missing {
                    None => Ok(&CUSTOM_PROFILE),
                    Some(name) => {
                        let reason = Reason::new(Rule::MissingColumn, [&name, &header.summary()]);
                        Err(FileError::whole(reason))
                    }
                }
            }
            Self::Named(name) => {
                let named = KNOWN.into_iter().filter(|profile| profile.name == *name);
                best(named, header, 1)
            }
            Self::Auto => {
                let ours = |cell: &&HeaderCell| fields::by_header_key(&cell.key).is_none();
                let foreign = header.columns().iter().filter(ours).count();
                best(KNOWN.into_iter(), header, foreign.div_ceil(2).max(1))
            }
        }
    }
}

fn has(columns: &[HeaderCell], name: &str) -> bool {
    columns.iter().any(|cell| cell.key == name)
}

/// The first of the profiles that know the most columns, and at least so many.
fn best(
    profiles: impl Iterator<Item = &'static Profile>,
    header: &Header,
    known_min: usize,
) -> Result<&'static Profile, FileError> {
    let unknown = || {
        let expected: Vec<String> = KNOWN.iter().map(|profile| profile.expected()).collect();
        let reason = Reason::new(Rule::UnknownHeader, [&header.summary(), &expected.join("; ")]);
        FileError::whole(reason)
    };
    let mut best: Option<(usize, &'static Profile)> = None;
    for profile in profiles {
        let known = profile.overlap(header);
        if known >= known_min && best.is_none_or(|(most, _)| known > most) {
            best = Some((known, profile));
        }
    }
    best.map(|(_, profile)| profile).ok_or_else(unknown)
}
