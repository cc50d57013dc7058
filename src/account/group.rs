//! Departments, sites and further shared books: records of an organization; and what users starred.

use crate::contact::book::{BookId, Group, GroupKind};
use crate::contact::{ContactId, OrganizationId, Revision, Timestamp, UserId};

/// The longest name of a department, site or book, in characters (RFC 4519 `ub` of phones' menus).
pub const NAME_CHARS_MAX: usize = 64;

/// A department or site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupRecord {
    pub organization: OrganizationId,
    pub group: Group,
    /// Unique among the departments, or sites, of the organization under [`same_name`].
    pub name: Box<str>,
}

/// A further shared book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedBook {
    pub organization: OrganizationId,
    pub id: BookId,
    pub name: Box<str>,
    /// Who reads it. None: everybody in the organization.
    pub readers: Option<Vec<Member>>,
    /// Who also writes it, besides office managers and administrators.
    pub writers: Vec<Member>,
    /// When its readers last changed; the directory sets it.
    pub revision: Revision,
}

/// Somebody who is named as reader or writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Member {
    User(UserId),
    /// Everybody of a department or site.
    Group(Group),
}

/// What a user thinks of a contact. Who took a star back keeps the record, so that clients that
/// synchronize later learn of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Star {
    pub user: UserId,
    pub contact: ContactId,
    pub starred: bool,
    /// When it was given or taken back.
    pub revision: Revision,
}

/// A user has at most this many further personal books.
pub const PERSONAL_BOOKS_MAX: usize = 100;

/// A further personal book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonalBook {
    pub organization: OrganizationId,
    pub owner: UserId,
    /// Unique among the owner's.
    pub id: BookId,
    pub name: Box<str>,
    /// The last path segment of its collection in CardDAV, as the client chose it; unique among the
    /// owner's.
    pub segment: Box<str>,
    pub created: Timestamp,
}

/// A UID that a user's contact program named as a favorite before there was a contact with it. The
/// directory gives the star once there is one that the user may see.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PendingStar {
    pub user: UserId,
    /// Without `urn:uuid:`.
    pub uid: Box<str>,
}

/// Of a user, at most this many pending favorites are remembered.
pub const PENDING_STARS_MAX: usize = 1000;

/// The form under which names are the same (caseIgnoreMatch, RFC 4517 section 4.2.11).
pub fn same_name(name: &str) -> String {
    name.split_whitespace().map(str::to_lowercase).collect::<Vec<String>>().join(" ")
}

/// Why a text is no name of a department, site or book; None where it is one.
pub fn wrong_name(name: &str) -> Option<String> {
    let count = name.chars().count();
    if name.trim().is_empty() {
        return Some("a name has at least one letter, digit or sign".to_owned());
    }
    if count > NAME_CHARS_MAX {
        return Some(format!(
            "a name has at most {NAME_CHARS_MAX} characters; this one has {count}"
        ));
    }
    name.contains(char::is_control).then(|| "a name has no control characters".to_owned())
}

/// What the kinds are called in the API and in messages.
pub fn kind_name(kind: GroupKind) -> &'static str {
    match kind {
        GroupKind::Department => "department",
        GroupKind::Site => "site",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_character_may_be_in_a_name() {
        for name in ["R&D, Berlin", "#1", "A/B", "\"quoted\"", "Продажи"] {
            assert_eq!(wrong_name(name), None, "{name}");
        }
        assert!(wrong_name(" ").is_some());
        assert!(wrong_name(&"x".repeat(65)).is_some());
        assert!(wrong_name("a\nb").is_some());
    }

    #[test]
    fn names_are_compared_without_case_and_spaces() {
        assert_eq!(same_name("  R&D,   Berlin"), same_name("r&d, BERLIN"));
        assert_ne!(same_name("Müller"), same_name("Muller"));
    }
}
