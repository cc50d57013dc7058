//! Writes vCard files: version 2.1, 3.0 or 4.0, and 3.0 with groups as Apple's programs know them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use uuid::{Builder, Uuid};

use crate::contact::bare_uid;
use crate::contact::card::Field;
use crate::contact::derived::fnv1a;
use crate::file::export::{Exported, FileWriter};
use crate::vcard::convert::{Version, convert};
use crate::vcard::line::lines;
use crate::vcard::read::read;
use crate::vcard::write::{group, write};

/// What the group of favorites is called.
const FAVORITES: &str = "Favorites";

/// Writes cards. What a client made goes out as it is, but for the version.
pub struct CardWriter {
    version: Version,
    grouping: Grouping,
    favorites: Vec<Box<str>>,
    /// The UIDs of the members of each category.
    categories: BTreeMap<Box<str>, Vec<Box<str>>>,
}

/// What has a group card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grouping {
    Nothing,
    Favorites,
    /// Apple's programs do not show categories.
    Everything,
}

impl CardWriter {
    /// The writer of a profile: `vcard`, `vcard-2.1`, `vcard-4.0` or `apple`; none of another.
    pub fn of(profile: &str) -> Option<Self> {
        let (version, grouping) = match profile {
            "vcard" => (Version::V30, Grouping::Nothing),
            "vcard-2.1" => (Version::V21, Grouping::Nothing),
            "vcard-4.0" => (Version::V40, Grouping::Favorites),
            "apple" => (Version::V30, Grouping::Everything),
            _ => return None,
        };
        Some(Self { version, grouping, favorites: Vec::new(), categories: BTreeMap::new() })
    }

    fn is_member(&self, contact: &Exported<'_>) -> bool {
        match self.grouping {
            Grouping::Nothing => false,
            Grouping::Favorites => contact.starred,
            Grouping::Everything => {
                contact.starred || contact.card.first(Field::Category).is_some()
            }
        }
    }

    fn group(&self, name: &str, members: &[Box<str>], out: &mut Vec<u8>) {
        if members.is_empty() {
            return;
        }
        let mut card = Vec::with_capacity(256 + members.len() * 96);
        let members = members.iter().map(|uid| &**uid);
        group(&group_uid(name), name, members, &mut card);
        out.extend_from_slice(&convert(&card, self.version));
    }
}

impl FileWriter for CardWriter {
    fn wants_photos(&self) -> bool {
        true
    }

    fn consider(&mut self, contact: &Exported<'_>) {
        let uid: Box<str> = bare_uid(contact.uid).into();
        if contact.starred && self.grouping != Grouping::Nothing {
            self.favorites.push(uid.clone());
        }
        if self.grouping == Grouping::Everything {
            for category in contact.card.all(Field::Category) {
                let members = self.categories.entry(category.into()).or_default();
                if members.last() != Some(&uid) {
                    members.push(uid.clone());
                }
            }
        }
    }

    fn begin(&self, _out: &mut Vec<u8>) {}

    fn contact(&self, contact: &Exported<'_>, out: &mut Vec<u8>) {
        let card = match contact.body {
            Some(body) if self.is_member(contact) => with_uid(body, contact.uid),
            Some(body) => Cow::Borrowed(body),
            None => {
                let mut card = Vec::new();
                write(contact.uid, None, contact.card, contact.photo, &mut card);
                Cow::Owned(card)
            }
        };
        let start = out.len();
        out.extend_from_slice(&convert(&card, self.version));
        if out.len() > start && !out.ends_with(b"\n") {
            out.extend_from_slice(b"\r\n");
        }
    }

    fn end(&self, out: &mut Vec<u8>) {
        self.group(FAVORITES, &self.favorites, out);
        for (name, members) in &self.categories {
            self.group(name, members, out);
        }
    }
}

/// A card that its group can name: with a UID, if a client made it without.
fn with_uid<'a>(body: &'a [u8], uid: &str) -> Cow<'a, [u8]> {
    if read(body).map_or(true, |reading| reading.uid.is_some()) {
        return Cow::Borrowed(body);
    }
    let mut lines = lines(body);
    let begin = lines.next().map_or(0, |line| line.raw.len());
    let (begin, rest) = body.split_at_checked(begin).unwrap_or((body, &[]));
    let line = format!("UID:{uid}\r\n");
    Cow::Owned([begin, line.as_bytes(), rest].concat())
}

/// The UID of a group card: the same for the same name, so that a program that reads the file again
/// finds its group.
fn group_uid(name: &str) -> String {
    let bits = [fnv1a(name), fnv1a(&["group/", name].concat())].map(u128::from);
    let bytes = Uuid::from_u128(bits[0] << 64 | bits[1]).into_bytes();
    Builder::from_custom_bytes(bytes).into_uuid().to_string()
}
