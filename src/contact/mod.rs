//! The contact model: what a contact is, what it is called, and what a search for one means.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use uuid::Uuid;

use crate::contact::book::{BookId, Group};
use crate::contact::card::Card;
use crate::contact::derived::Derived;
use crate::contact::photo::Photo;

pub mod book;
pub mod card;
pub mod casemap;
pub mod collation;
pub mod derived;
pub mod fold;
mod keypad;
mod latin;
pub mod number;
pub mod photo;
pub mod query;
pub mod words;

/// The permanent id of an organization: lower-case letters, digits and hyphens.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OrganizationId(Arc<str>);

impl OrganizationId {
    /// An id as the store has it; texts from outside go through [`OrganizationId::parse`].
    pub fn from(text: &str) -> Self {
        Self(text.into())
    }

    /// Checks an id from outside: 1 to 63 of `a-z`, `0-9` and `-`.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
        ((1..=63).contains(&text.len()) && text.bytes().all(plain)).then(|| Self::from(text))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OrganizationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The permanent identity of a contact: LDAP `entryUUID` in every view (RFC 4530).
///
/// It is not the vCard UID, which belongs to the client that made the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContactId(pub Uuid);

impl ContactId {
    /// Parses the 36-character text form, in either case.
    pub fn parse(text: &str) -> Option<Self> {
        Uuid::try_parse(text).ok().map(Self)
    }
}

impl fmt::Display for ContactId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A user's identity is the contact id of their person card.
pub type UserId = ContactId;

/// One number per store, counted up by each commit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Revision(pub u64);

/// Seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(pub i64);

/// The address book in which a contact is kept: its home.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Book {
    /// The users of the organization ("Coworkers").
    People,
    /// The contacts of the organization.
    Shared,
    /// A further shared book, with readers and writers of its own.
    SharedBook(BookId),
    /// One user's own contacts; nobody else learns that they exist.
    Personal(UserId),
    /// A further book of one user's own contacts.
    PersonalBook(UserId, BookId),
}

impl Book {
    /// Whose book it is, if it is one user's.
    pub fn owner(self) -> Option<UserId> {
        match self {
            Self::Personal(owner) | Self::PersonalBook(owner, _) => Some(owner),
            Self::People | Self::Shared | Self::SharedBook(_) => None,
        }
    }
}

/// What one class of viewers sees of a person's card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rendition {
    /// Everything: for administrators and for the person.
    Full,
    /// Without the organization's `hidden_numbers`: for everybody else.
    Reduced,
}

/// The stored vCard of a contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// No client wrote this card: the vCard is written from the fields when it is asked for.
    Written,
    /// The bytes as the client sent them, up to [`BODY_INLINE_BYTES_MAX`].
    Inline(Arc<[u8]>),
    /// A larger body, of this many bytes, that is read from the store when it is asked for.
    Stored(u32),
    /// The store has the contact but cannot tell all of it. It stays in its book, so that it does not
    /// look deleted, and is found by no search.
    Broken,
}

/// A vCard UID without the prefix that vCard 4.0 clients write: UIDs are compared without it.
pub fn bare_uid(uid: &str) -> &str {
    match uid.split_at_checked(9) {
        Some((prefix, bare)) if prefix.eq_ignore_ascii_case("urn:uuid:") => bare,
        _ => uid,
    }
}

/// The form under which UIDs are the same: bare, and those that are UUIDs in lower case, in which not
/// all clients write them back (RFC 9562 4).
pub fn uid_key(uid: &str) -> Cow<'_, str> {
    let bare = bare_uid(uid);
    let is_upper = bare.len() == 36 && bare.bytes().any(|byte| byte.is_ascii_uppercase());
    match is_upper && Uuid::try_parse(bare).is_ok() {
        true => Cow::Owned(bare.to_ascii_lowercase()),
        false => Cow::Borrowed(bare),
    }
}

/// Stored vCards up to this size stay in memory.
pub const BODY_INLINE_BYTES_MAX: usize = 4096;

/// What a door wants kept as one contact: everything but what the directory itself adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    pub organization: OrganizationId,
    pub book: Book,
    /// Last path segment in CardDAV, where a client chose one; else it is made of the id.
    pub name: Option<Box<str>>,
    /// vCard UID, where a client chose one; else it is the id.
    pub uid: Option<Box<str>>,
    pub card: Card,
    /// The vCard as a client sent it, kept byte for byte. None: written from the fields.
    pub body: Option<Arc<[u8]>>,
    /// "List in Directory"; means something for people only.
    pub listed: bool,
}

/// One contact as the directory keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    pub id: ContactId,
    pub organization: OrganizationId,
    pub book: Book,
    /// See [`Draft::name`] and [`Contact::resource_name`].
    pub name: Option<Box<str>>,
    /// See [`Draft::uid`] and [`Contact::vcard_uid`].
    pub uid: Option<Box<str>>,
    pub card: Card,
    pub body: Body,
    pub photo: Option<Photo>,
    pub listed: bool,
    /// The departments and sites that a person is a member of; the directory sets them.
    pub groups: Arc<[Group]>,
    pub created: Timestamp,
    pub modified: Timestamp,
    /// Revision of the last change of the full rendition.
    pub revision: Revision,
    /// Revision of the last change that the reduced rendition shows.
    pub reduced_revision: Revision,
    /// Search and sort keys made from the card.
    pub derived: Derived,
}

impl Contact {
    /// The last segment of the contact's CardDAV path, unique in its book.
    pub fn resource_name(&self) -> String {
        match &self.name {
            Some(name) => name.to_string(),
            None => format!("{}.vcf", self.id),
        }
    }

    /// The vCard UID, unique in its book.
    pub fn vcard_uid(&self) -> String {
        match &self.uid {
            Some(uid) => uid.to_string(),
            None => self.id.to_string(),
        }
    }

    /// The revision that wrote the contact last. A setting of the organization may have changed the
    /// reduced rendition alone.
    pub fn written(&self) -> Revision {
        self.revision.max(self.reduced_revision)
    }

    /// The revision of the last change that a viewer with this rendition sees.
    pub fn revision_for(&self, rendition: Rendition) -> Revision {
        match rendition {
            Rendition::Full => self.revision,
            Rendition::Reduced => self.reduced_revision,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A contact without fields, for tests that need any.
    pub(crate) fn nobody() -> Contact {
        Contact {
            id: ContactId(Uuid::nil()),
            organization: OrganizationId::from("main"),
            book: Book::Shared,
            name: None,
            uid: None,
            card: Card::default(),
            body: Body::Written,
            photo: None,
            listed: true,
            groups: Arc::default(),
            created: Timestamp(0),
            modified: Timestamp(0),
            revision: Revision(1),
            reduced_revision: Revision(1),
            derived: Derived::default(),
        }
    }

    #[test]
    fn uids_are_the_same_without_prefix_and_uuids_without_case() {
        let uuid = "3b5e0f8d-3d2a-4c9b-8f33-0c6f7e6f1a11";
        for same in [uuid, &uuid.to_uppercase(), &format!("URN:UUID:{}", uuid.to_uppercase())] {
            assert_eq!(uid_key(same), uuid);
        }
        assert_eq!(uid_key("urn:uuid:Ab"), "Ab", "no UUID");
        assert_ne!(uid_key("AB@example"), uid_key("ab@example"));
    }

    #[test]
    fn names_are_made_of_the_id_where_no_client_chose_one() {
        let mut contact = nobody();
        assert_eq!(contact.resource_name(), "00000000-0000-0000-0000-000000000000.vcf");
        assert_eq!(contact.vcard_uid(), "00000000-0000-0000-0000-000000000000");
        contact.name = Some("a.vcf".into());
        assert_eq!(contact.resource_name(), "a.vcf");
    }
}
