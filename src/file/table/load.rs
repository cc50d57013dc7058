//! Reads profiles and their translations from TOML.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

use crate::file::date::DateOrder;
use crate::file::table::check::{Characters, Check, Kind};
use crate::file::table::column::{Column, Fill, System, To, With, postal_kind};
use crate::file::table::header::key;
use crate::file::table::profile::{Labels, Names, Profile, Translation};
use crate::file::table::rules;
use crate::file::{Holds, fields};

/// What is wrong with the file of a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileError {
    /// The file, without `.toml`.
    pub file: String,
    /// The line at fault, from 1; 0 where it is none.
    pub line: usize,
    pub what: String,
}

impl std::error::Error for ProfileError {}

impl fmt::Display for ProfileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}.toml: {}", self.file, self.what),
            line => write!(f, "{}.toml:{line}: {}", self.file, self.what),
        }
    }
}

/// A profile as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProfileFile {
    name: String,
    title: String,
    holds: String,
    /// `utf-8`: others only where the sender names them.
    encoding: Option<String>,
    delimiter: Option<String>,
    #[serde(default)]
    byte_order_mark: bool,
    #[serde(default)]
    further: bool,
    #[serde(default)]
    sorted: bool,
    #[serde(default)]
    short_rows: bool,
    #[serde(default)]
    spare_cells: usize,
    /// `dmy`, `mdy` (the default) or `ymd`.
    dates: Option<String>,
    rules: Option<String>,
    #[serde(default)]
    requires: Vec<Vec<String>>,
    #[serde(default)]
    known_by: Vec<String>,
    #[serde(default)]
    labels: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    columns: Vec<ColumnFile>,
}

/// A column as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ColumnFile {
    name: String,
    #[serde(default)]
    also: Vec<String>,
    to: Option<String>,
    kind: Option<String>,
    #[serde(default)]
    one_of: Vec<String>,
    max: Option<usize>,
    chars: Option<String>,
    not_chars: Option<String>,
    #[serde(default)]
    none_of: Vec<String>,
    #[serde(default)]
    nothing: Vec<String>,
    context: Option<String>,
    #[serde(default)]
    section: String,
    #[serde(default)]
    required: bool,
    split: Option<String>,
    mark: Option<String>,
    starred: Option<String>,
    always: Option<String>,
    /// Whether its values stand behind those of the field's other columns.
    #[serde(default)]
    last: bool,
    #[serde(default)]
    read_only: bool,
    #[serde(default)]
    sparing: bool,
    fill: Option<String>,
    fill_section: Option<String>,
    write: Option<OneOrMore>,
}

/// `"mobile"` or `["mobile", "home"]`.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

/// The names of a profile's columns in a language.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TranslationFile {
    profile: String,
    language: String,
    /// As the profile's.
    dates: Option<String>,
    /// A name of that language, and the name in the profile.
    names: BTreeMap<String, String>,
}

/// Adds what a file has: a profile, which replaces one of the same name, or a translation.
pub(super) fn add(profiles: &mut Vec<Profile>, file: &str, text: &str) -> Result<(), ProfileError> {
    let whole = |what| ProfileError { file: file.to_owned(), line: 0, what };
    let written = |error: toml::de::Error| {
        let start = error.span().map(|span| span.start);
        let before = start.and_then(|start| text.get(..start));
        let line = before.map_or(0, |before| 1 + before.matches('\n').count());
        ProfileError { file: file.to_owned(), line, what: error.message().to_owned() }
    };
    let table: toml::Table = toml::from_str(text).map_err(written)?;
    if table.contains_key("language") {
        let translation = toml::from_str(text).map_err(written)?;
        return translate(profiles, translation).map_err(whole);
    }
    let profile = toml::from_str(text).map_err(written)?;
    let profile = build(profile).map_err(whole)?;
    if *profile.name != *file {
        return Err(whole(format!("the name is `{}`, not that of the file", profile.name)));
    }
    match profiles.iter_mut().find(|known| known.name == profile.name) {
        Some(known) => *known = profile,
        None => profiles.push(profile),
    }
    Ok(())
}

fn translate(profiles: &mut [Profile], file: TranslationFile) -> Result<(), String> {
    let profile = profiles.iter_mut().find(|profile| *profile.name == *file.profile);
    let profile = profile.ok_or_else(|| format!("there is no profile `{}`", file.profile))?;
    let mut names = Names::default();
    for (name, english) in &file.names {
        let found = profile.names.find(&key(english));
        let found = found.ok_or_else(|| format!("the profile has no column `{english}`"))?;
        if !names.add(name, found.column) {
            return Err(format!("the name `{name}` comes twice"));
        }
    }
    let dates = dates(file.dates.as_deref())?;
    // One of the folder stands for the one that is built in.
    profile.languages.retain(|known| *known.language != *file.language);
    profile.languages.push(Translation { language: file.language.into(), dates, names });
    Ok(())
}

fn build(file: ProfileFile) -> Result<Profile, String> {
    let names = names_of(&file.columns)?;
    let mut labels = Vec::new();
    let mut postal_labels = Labels { name: "postal".into(), of: Vec::new(), other: None };
    for (name, table) in &file.labels {
        if name == "postal" {
            postal_labels = table_of(name, table, postal_kind)?;
        } else {
            labels.push(table_of(name, table, fields::by_json_name)?);
        }
    }
    let groups: Vec<Box<str>> = labels.iter().map(|labels| labels.name.clone()).collect();
    let place = |name: &String| {
        let at = file.columns.iter().position(|column| column.name == *name);
        at.ok_or_else(|| format!("requires or known_by: there is no column `{name}`"))
    };
    let list = |list: &Vec<String>| list.iter().map(place).collect::<Result<Box<[_]>, _>>();
    let requires = file.requires.iter().map(list).collect::<Result<Box<[_]>, _>>()?;
    let known_by = list(&file.known_by)?;
    let rules = file
        .rules
        .as_deref()
        .map(|name| rules::by_name(name).ok_or_else(|| format!("there are no rules `{name}`")));
    let columns = file.columns.into_iter().map(|column| column_of(column, &groups));
    Ok(Profile {
        holds: holds(&file.holds)?,
        utf8_unless_told: encoding(file.encoding.as_deref())?,
        delimiter: delimiter(file.delimiter.as_deref())?,
        columns: columns.collect::<Result<_, _>>()?,
        name: file.name.into(),
        title: file.title.into(),
        mark: file.byte_order_mark,
        further: file.further,
        short_rows: file.short_rows,
        spare_cells: file.spare_cells,
        sorted: file.sorted,
        known_by,
        requires,
        labels: labels.into(),
        postal_labels,
        names,
        languages: Vec::new(),
        dates: dates(file.dates.as_deref())?,
        rules: rules.transpose()?,
    })
}

fn names_of(columns: &[ColumnFile]) -> Result<Names, String> {
    let mut names = Names::default();
    for (at, column) in columns.iter().enumerate() {
        for name in std::iter::once(&column.name).chain(&column.also) {
            if !names.add(name, at) {
                return Err(format!("the name `{name}` comes twice"));
            }
        }
    }
    Ok(names)
}

fn column_of(file: ColumnFile, groups: &[Box<str>]) -> Result<Column, String> {
    let name = file.name;
    let wrong = |what: String| format!("column `{name}`: {what}");
    let mut to = match file.to.as_deref() {
        None => To::Nothing,
        Some(to) => To::parse(to, groups)
            .ok_or_else(|| wrong(format!("no target `{to}`; there are {}", To::names())))?,
    };
    if let To::Postal(postal) = &mut to
        && postal.kind.is_none()
        && !name.contains('#')
    {
        postal.kind = Some("");
    }
    let kind = match file.kind.as_deref() {
        None if to.is_number() => Kind::Number,
        None if to == To::Password => Kind::Secret,
        None => Kind::Text,
        Some(kind) => Kind::parse(kind)
            .ok_or_else(|| wrong(format!("no kind `{kind}`; there are {}", Kind::names())))?,
    };
    let field = |name: &String| {
        fields::by_json_name(name).ok_or_else(|| wrong(format!("no field `{name}`")))
    };
    let write = file.write.map(|write| match write {
        OneOrMore::One(name) => field(&name).map(|field| Box::from([field])),
        OneOrMore::More(names) => names.iter().map(field).collect(),
    });
    let section: Box<str> = file.section.into();
    let fill_section = file.fill_section.map_or_else(|| section.clone(), Into::into);
    let check = Check {
        kind,
        one_of: boxed(file.one_of),
        chars_max: file.max,
        chars: file.chars.as_deref().map(Characters::parse),
        not_chars: file.not_chars.map(Into::into),
        none_of: boxed(file.none_of),
    };
    let with = match (write.transpose()?, file.fill) {
        (Some(fields), _) => Some(With::Fields(fields)),
        (None, fill) => fill.map(|text| With::Text(text.into())),
    };
    Ok(Column {
        name: name.into(),
        to,
        check,
        section,
        required: file.required,
        last: file.last,
        split: file.split.filter(|split| !split.is_empty()).map(Into::into),
        system: System {
            mark: file.mark.map(Into::into),
            starred: file.starred.map(Into::into),
            always: file.always.map(Into::into),
        },
        nothing: boxed(file.nothing),
        context: file.context.map(Into::into),
        written: !file.read_only,
        sparing: file.sparing,
        fill: with.map(|with| Fill { with, section: fill_section }),
    })
}

fn boxed(texts: Vec<String>) -> Box<[Box<str>]> {
    texts.into_iter().map(Into::into).collect()
}

/// A table of labels; `*` stands for all other labels.
fn table_of<T>(
    name: &str,
    table: &BTreeMap<String, Vec<String>>,
    meaning_of: impl Fn(&str) -> Option<T>,
) -> Result<Labels<T>, String>
where
    T: Copy,
{
    let mut labels = Labels { name: name.into(), of: Vec::new(), other: None };
    for (meaning, written) in table {
        let found = meaning_of(meaning);
        let found = found.ok_or_else(|| format!("labels.{name}: there is no `{meaning}`"))?;
        for label in written {
            match label.as_str() {
                "*" => labels.other = Some(found),
                label => labels.of.push((label.into(), found)),
            }
        }
    }
    Ok(labels)
}

fn holds(name: &str) -> Result<Holds, String> {
    match name {
        "contacts" => Ok(Holds::Contacts),
        "users" => Ok(Holds::Users),
        "either" => Ok(Holds::Either),
        _ => Err(format!("holds: `{name}` is none of contacts, users, either")),
    }
}

/// Whether other encodings have to be told.
fn encoding(name: Option<&str>) -> Result<bool, String> {
    match name {
        None => Ok(false),
        Some("utf-8") => Ok(true),
        Some(name) => Err(format!("encoding: `{name}` is not utf-8; without it any is recognised")),
    }
}

fn dates(order: Option<&str>) -> Result<DateOrder, String> {
    match order {
        None => Ok(DateOrder::default()),
        Some(order) => DateOrder::parse(order)
            .ok_or_else(|| format!("dates: `{order}` is none of dmy, mdy, ymd")),
    }
}

fn delimiter(text: Option<&str>) -> Result<u8, String> {
    match text.map_or(b",".as_slice(), str::as_bytes) {
        [one @ (b',' | b';' | b'\t' | b'|')] => Ok(*one),
        _ => Err("delimiter: must be a comma, a semicolon, a tab or |".to_owned()),
    }
}
