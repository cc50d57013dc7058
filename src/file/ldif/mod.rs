//! LDIF (RFC 2849): entries of directories and of Thunderbird as contacts, and contacts as entries.

mod attribute;
mod entry;
mod postal;
mod record;
pub mod write;

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, VecDeque};
use std::io::Read;

use crate::contact::card::Field;
use crate::file::encoding::Text;
use crate::file::groups::Groups;
use crate::file::ldif::attribute::{Meaning, Place};
use crate::file::ldif::entry::{Kind, dn_key, entry};
use crate::file::ldif::record::{Record, Records, Value, too_large};
use crate::file::lines::Lines;
use crate::file::open::{Opener, begin};
use crate::file::{
    About, Covers, Fault, FileError, Holds, ROWS_MAX, Reason, Row, Rows, Rule, shortened,
};

/// Further names of attributes that mean nothing here are not listed.
const IGNORED_MAX: usize = 500;

/// Reads a file entry by entry. A pass before collects its groups and the names of its attributes.
pub struct LdifReader {
    records: Records<Box<dyn Read + Send>>,
    groups: Groups,
    about: About,
    /// How many entries were read.
    entries: u64,
    /// Whether anything was told of the file: its version alone says nothing.
    told: bool,
    /// What is to be told next.
    waiting: VecDeque<Row>,
    ended: bool,
}

impl LdifReader {
    /// Looks through the file and begins to read it.
    ///
    /// # Errors
    /// [`FileError`] where the file cannot be read.
    pub fn open(opener: &Opener, text: Text) -> Result<Self, FileError> {
        let overview = overview(Records::new(Lines::decoded(begin(opener)?, text)))?;
        let records = Records::new(Lines::decoded(begin(opener)?, text));
        let (about, groups) = (overview.about(), overview.groups);
        Ok(Self {
            records,
            groups,
            about,
            entries: 0,
            told: false,
            waiting: VecDeque::new(),
            ended: false,
        })
    }

    /// Says what a record is.
    fn take(&mut self, record: &Record) {
        let bad = |reason: Reason| {
            let value = record.first("dn").map(shortened);
            Row::Bad(vec![Fault { line: record.line, field: None, value, reason }])
        };
        if record.too_large {
            return self.waiting.push_back(bad(too_large()));
        }
        if !record.faults.is_empty() {
            return self.waiting.push_back(Row::Bad(record.faults.clone()));
        }
        if let Some(version) = record.first("version").filter(|version| *version != "1") {
            self.waiting.push_back(bad(Reason::new(Rule::LdifVersion, [&version])));
        }
        match Kind::of(record) {
            Kind::Footer | Kind::Group => {}
            Kind::NoDn => self.waiting.push_back(bad(Rule::LdifWithoutDn.into())),
            Kind::Change(kind) => {
                self.waiting.push_back(bad(Reason::new(Rule::LdifChange, [&kind])));
            }
            Kind::Other(class) => {
                self.waiting.push_back(bad(Reason::new(Rule::LdifClass, [&class])));
            }
            Kind::Contact => self.contact(record, bad(Rule::Nameless.into())),
        }
    }

    fn contact(&mut self, record: &Record, nameless: Row) {
        let Ok(mut entry) = entry(record) else { return self.waiting.push_back(nameless) };
        let key = record.first("dn").map(dn_key);
        let membership = self.groups.of(key.as_deref());
        entry.starred = membership.starred;
        let added = membership.categories.iter().map(|name| &**name);
        let old: Vec<&str> = entry.card.all(Field::Category).collect();
        let added: Vec<&str> = added.filter(|name| !old.contains(name)).collect();
        let mut card = entry.card.edit();
        card.replace(Field::Category, old.iter().copied().chain(added));
        if let Ok(card) = card.finish() {
            entry.card = card;
        }
        self.waiting.push_back(Row::Good(Box::new(entry)));
        let elsewhere = record.items.iter().filter_map(|item| match &item.value {
            Value::Url(url) => Some(Fault {
                line: record.line,
                field: Some(item.name.clone()),
                value: Some(shortened(url)),
                reason: Rule::LdifUrl.into(),
            }),
            Value::Text(_) | Value::Bytes(_) => None,
        });
        let elsewhere: Vec<Fault> = elsewhere.collect();
        if !elsewhere.is_empty() {
            self.waiting.push_back(Row::Bad(elsewhere));
        }
    }
}

impl Rows for LdifReader {
    fn about(&self) -> &About {
        &self.about
    }

    fn next_row(&mut self) -> Result<Option<Row>, FileError> {
        while self.waiting.is_empty() && !self.ended {
            let Some(record) = self.records.next()? else {
                self.ended = true;
                let faults = self.groups.faults().into_iter();
                self.waiting.extend(faults.map(|fault| Row::Bad(vec![fault])));
                if self.waiting.is_empty() && !self.told {
                    return Err(FileError::whole(Rule::NoEntries));
                }
                break;
            };
            self.entries += 1;
            if self.entries > ROWS_MAX {
                return Err(FileError::whole(Reason::new(Rule::TooManyRows, [&ROWS_MAX])));
            }
            self.take(&record);
        }
        self.told |= !self.waiting.is_empty();
        Ok(self.waiting.pop_front())
    }

    fn raw(&self) -> Option<Vec<String>> {
        None
    }
}

/// What a first look at the whole file found.
#[derive(Default)]
struct Overview {
    groups: Groups,
    fields: BTreeSet<Field>,
    postal: BTreeSet<&'static str>,
    has_photos: bool,
    /// Names of attributes that mean nothing here.
    ignored: BTreeSet<String>,
}

fn overview<R: Read>(mut records: Records<R>) -> Result<Overview, FileError> {
    let mut overview = Overview::default();
    while let Some(record) = records.next()? {
        match Kind::of(&record) {
            Kind::Contact => {
                record.items.iter().for_each(|item| overview.note(&item.name));
            }
            Kind::Group => {
                let is_member = |name: &str| Meaning::of(name) == Some(Meaning::Member);
                let members = record.items.iter().filter(|item| is_member(&item.name));
                let keys: Vec<String> =
                    members.filter_map(|item| item.text()).map(dn_key).collect();
                let name = ["cn", "displayname", "name", "dn"];
                let name = name.iter().find_map(|name| record.first(name)).unwrap_or_default();
                overview.groups.add(record.line, name, keys);
            }
            _ => {}
        }
    }
    overview.groups.settle();
    Ok(overview)
}

impl Overview {
    /// Notes what entries of the file can say.
    fn note(&mut self, name: &str) {
        let field = match Meaning::of(name) {
            None => {
                if self.ignored.len() < IGNORED_MAX {
                    self.ignored.insert(name.to_owned());
                }
                return;
            }
            Some(Meaning::Field(field) | Meaning::Person(field)) => field,
            Some(Meaning::DisplayName) => Field::FormattedName,
            Some(Meaning::Postal(place, _) | Meaning::PostOfficeBox(place)) => {
                self.postal.insert(if place == Place::Work { "work" } else { "home" });
                return;
            }
            Some(Meaning::LabeledUri) => {
                self.fields.insert(Field::Url);
                Field::Address
            }
            Some(Meaning::ProxyAddress) => Field::Email,
            Some(Meaning::Aim) => Field::Address,
            Some(Meaning::BirthYear | Meaning::BirthMonth | Meaning::BirthDay) => Field::Birthday,
            Some(Meaning::Photo | Meaning::Thumbnail) => {
                self.has_photos = true;
                return;
            }
            Some(_) => return,
        };
        self.fields.insert(field);
    }

    fn about(&self) -> About {
        let mut fields = self.fields.clone();
        if !self.groups.is_empty() {
            fields.insert(Field::Category);
        }
        About {
            profile: "ldif".into(),
            holds: Holds::Either,
            delimiter: None,
            header: Vec::new(),
            ignored_columns: self.ignored.iter().cloned().collect(),
            extension_column: Some("ipPhone".to_owned()),
            login_column: Some("uid".to_owned()),
            covers: Covers {
                fields: fields.into_iter().map(|field| (field, usize::MAX)).collect(),
                postal: self.postal.iter().copied().collect(),
                photo: self.has_photos,
            },
        }
    }
}
