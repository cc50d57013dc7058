//! One column of a profile: where its values go, and what they have to look like.

use std::borrow::Cow;

use crate::contact::card::{Field, PostalPart};
use crate::file::fields;
use crate::file::table::check::{Check, Kind};

/// One column of a profile.
#[derive(Clone, Debug)]
pub(super) struct Column {
    /// As the column is written; `#` stands for the number of a repeated one.
    pub(super) name: Box<str>,
    pub(super) to: To,
    pub(super) check: Check,
    /// The columns of a section are required only in rows that use the section.
    pub(super) section: Box<str>,
    pub(super) required: bool,
    /// Whether its values stand behind those of the field's other columns.
    pub(super) last: bool,
    /// What stands between several values of one cell.
    pub(super) split: Option<Box<str>>,
    /// Which of several values are not the user's own.
    pub(super) system: System,
    /// Values that are read as none, in any case.
    pub(super) nothing: Box<[Box<str>]>,
    /// The column with the context in whose ranges the number has to lie.
    pub(super) context: Option<Box<str>>,
    /// Whether the column is in the files that we write.
    pub(super) written: bool,
    /// Whether a formatted name is written only where the other fields do not make it.
    pub(super) sparing: bool,
    pub(super) fill: Option<Fill>,
}

/// What is written where there is no value.
#[derive(Clone, Debug)]
pub(super) struct Fill {
    pub(super) with: With,
    /// Only in rows that use the section; empty: in every row.
    pub(super) section: Box<str>,
}

#[derive(Clone, Debug)]
pub(super) enum With {
    Text(Box<str>),
    /// The contact's first value of one of some fields that are not read from the column.
    Fields(Box<[Field]>),
}

impl Column {
    pub(super) fn is_secret(&self) -> bool {
        self.check.kind == Kind::Secret || self.to == To::Password
    }
}

/// Values that the other program made itself.
#[derive(Clone, Debug, Default)]
pub(super) struct System {
    /// What stands before such a value (Google: `* `); it is dropped.
    pub(super) mark: Option<Box<str>>,
    /// The value that makes a favorite (Google: `* starred`).
    pub(super) starred: Option<Box<str>>,
    /// The value that every contact has (Google: `* myContacts`).
    pub(super) always: Option<Box<str>>,
}

impl System {
    /// What a value means, where it is one of the user's own.
    pub(super) fn kept<'a>(
        &self,
        value: Cow<'a, str>,
        starred: &mut Option<bool>,
    ) -> Option<Cow<'a, str>> {
        if self.starred.as_deref().is_some_and(|known| same(known, &value)) {
            *starred = Some(true);
            return None;
        }
        if self.always.as_deref().is_some_and(|known| same(known, &value)) {
            return None;
        }
        let Some(mark) = self.mark.as_deref() else { return Some(value) };
        let cut = match value.strip_prefix('\\') {
            Some(rest) if rest.trim_start_matches('\\').starts_with(mark) => 1,
            _ if value.starts_with(mark) => mark.len(),
            _ => return Some(value),
        };
        Some(match value {
            Cow::Borrowed(text) => text.get(cut..).unwrap_or_default().trim().into(),
            Cow::Owned(text) => text.get(cut..).unwrap_or_default().trim().to_owned().into(),
        })
    }

    /// A value of the user's own that begins with the mark is written behind a backslash.
    pub(super) fn written<'a>(&self, value: &'a str) -> Cow<'a, str> {
        match self.mark.as_deref() {
            Some(mark) if value.trim_start_matches('\\').starts_with(mark) => {
                format!("\\{value}").into()
            }
            _ => value.into(),
        }
    }
}

/// Whether a name of the other program's is this one: `* My Contacts` is `* myContacts`.
fn same(known: &str, value: &str) -> bool {
    let letters = |text: &str| {
        text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect::<String>()
    };
    value.starts_with(known.get(..1).unwrap_or_default()) && letters(known) == letters(value)
}

/// Where a value goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum To {
    Field(Field),
    /// A part of a postal address.
    Postal(PostalTo),
    /// What tells the kind of the postal address with the same number.
    PostalLabel,
    /// What tells the field of the values with the same number, by a table of labels.
    Label(Group),
    Labelled(Group),
    Birthday(DatePart),
    /// The contact id that an export wrote.
    Id,
    /// The vCard UID.
    Uid,
    Login,
    Password,
    Starred,
    Book,
    Entity,
    Presence,
    /// Checked, but not kept.
    Nothing,
}

/// A part of an address of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PostalTo {
    /// `work`, `home` or empty; None where a label tells it.
    pub(super) kind: Option<&'static str>,
    pub(super) part: PostalPart,
}

/// The place of a table of labels in its profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Group(pub(super) usize);

/// A part of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DatePart {
    Year,
    Month,
    Day,
}

/// What the kinds of postal addresses are called, and how they are kept.
pub(super) const POSTAL_KINDS: [(&str, &str); 3] =
    [("work", "work"), ("home", "home"), ("other", "")];
const POSTAL_PARTS: [(&str, PostalPart); 6] = [
    ("street", PostalPart::Street),
    ("city", PostalPart::Locality),
    ("region", PostalPart::Region),
    ("code", PostalPart::Code),
    ("country", PostalPart::Country),
    ("whole", PostalPart::Whole),
];
/// The names of [`To`] besides fields, labels and parts of addresses.
const OTHERS: [(&str, To); 12] = [
    ("id", To::Id),
    ("uid", To::Uid),
    ("login", To::Login),
    ("password", To::Password),
    ("starred", To::Starred),
    ("book", To::Book),
    ("entity", To::Entity),
    ("presence", To::Presence),
    ("birthday.year", To::Birthday(DatePart::Year)),
    ("birthday.month", To::Birthday(DatePart::Month)),
    ("birthday.day", To::Birthday(DatePart::Day)),
    ("ignore", To::Nothing),
];

impl To {
    /// Reads the name of a target, as profiles and column maps have it; `groups` are the names of
    /// the profile's tables of labels.
    pub(super) fn parse(name: &str, groups: &[Box<str>]) -> Option<Self> {
        let name = name.trim().to_ascii_lowercase();
        if let Some((_, to)) = OTHERS.iter().find(|(known, _)| *known == name) {
            return Some(*to);
        }
        match name.split_once('.') {
            None => fields::by_json_name(&name).map(Self::Field),
            Some(("postal", "label")) => Some(Self::PostalLabel),
            Some(("postal", rest)) => PostalTo::parse(rest).map(Self::Postal),
            Some((group, rest)) => {
                let group = Group(groups.iter().position(|known| **known == *group)?);
                match rest {
                    "label" => Some(Self::Label(group)),
                    "value" => Some(Self::Labelled(group)),
                    _ => None,
                }
            }
        }
    }

    /// All names that need no tables of labels, for messages.
    pub(super) fn names() -> String {
        let mut names: Vec<String> = OTHERS.iter().map(|(name, _)| (*name).to_owned()).collect();
        names.extend(fields::json_names().map(str::to_owned));
        for (kind, _) in POSTAL_KINDS {
            names.extend(POSTAL_PARTS.iter().map(|(part, _)| format!("postal.{kind}.{part}")));
        }
        names.join(", ")
    }

    pub(super) fn is_number(self) -> bool {
        matches!(self, Self::Field(field) if Field::NUMBERS.contains(field))
    }
}

impl PostalTo {
    /// Reads `street` or `home.street`.
    fn parse(name: &str) -> Option<Self> {
        let (kind, part) = match name.split_once('.') {
            None => (None, name),
            Some((kind, part)) => (Some(postal_kind(kind)?), part),
        };
        let (_, part) = POSTAL_PARTS.iter().find(|(known, _)| *known == part)?;
        Some(Self { kind, part: *part })
    }
}

/// How a kind of address is kept.
pub(super) fn postal_kind(name: &str) -> Option<&'static str> {
    POSTAL_KINDS.iter().find(|(known, _)| *known == name).map(|(_, kept)| *kept)
}
