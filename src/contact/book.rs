//! Address books by their ids: the homes of contacts, and the views that are computed.

use std::fmt;

use any_ascii::any_ascii;

use crate::contact::{Book, UserId};

/// The longest id of a book, in bytes.
const ID_BYTES_MAX: usize = 32;

/// The permanent id of a shared book, a department or a site within its organization: 1 to 32 of
/// `a-z`, `0-9` and `-`. The name that people see lives in its record.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BookId([u8; ID_BYTES_MAX]);

impl BookId {
    /// Checks an id from outside.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
        if text.is_empty() || !text.bytes().all(plain) {
            return None;
        }
        let mut id = [0; ID_BYTES_MAX];
        id.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        Some(Self(id))
    }

    /// An id made of a name, in Latin letters; with a number behind it where that is taken.
    pub fn of_name(name: &str, taken: impl Fn(Self) -> bool) -> Self {
        let mut text = String::new();
        for c in any_ascii(name).to_ascii_lowercase().chars() {
            match c {
                'a'..='z' | '0'..='9' => text.push(c),
                _ if !text.is_empty() && !text.ends_with('-') => text.push('-'),
                _ => {}
            }
        }
        // Room for a number.
        text.truncate(ID_BYTES_MAX - 8);
        let text = text.trim_end_matches('-');
        let text = if text.is_empty() { "book" } else { text };
        let numbered = (2_u32..).map(|n| format!("{text}-{n}"));
        let mut ids =
            std::iter::once(text.to_owned()).chain(numbered).filter_map(|t| Self::parse(&t));
        ids.find(|id| !taken(*id)).unwrap_or(Self([b'0'; ID_BYTES_MAX]))
    }

    pub fn as_str(&self) -> &str {
        let end = self.0.iter().position(|byte| *byte == 0).unwrap_or(ID_BYTES_MAX);
        self.0.get(..end).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }
}

impl fmt::Display for BookId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for BookId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A part of the organization to which a person's card says that they belong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Group {
    Department(BookId),
    Site(BookId),
}

impl Group {
    pub fn id(self) -> BookId {
        match self {
            Self::Department(id) | Self::Site(id) => id,
        }
    }

    pub fn kind(self) -> GroupKind {
        match self {
            Self::Department(_) => GroupKind::Department,
            Self::Site(_) => GroupKind::Site,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GroupKind {
    Department,
    Site,
}

impl GroupKind {
    pub const ALL: [Self; 2] = [Self::Department, Self::Site];

    pub fn group(self, id: BookId) -> Group {
        match self {
            Self::Department => Group::Department(id),
            Self::Site => Group::Site(id),
        }
    }
}

/// Whether somebody can be called now. Who is in none of these is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Availability {
    Available,
    /// In a call, in a meeting, or not to be disturbed.
    Busy,
    /// Without a registered device and without a client that is signed in.
    Offline,
}

impl Availability {
    pub const ALL: [Self; 3] = [Self::Available, Self::Busy, Self::Offline];

    pub fn name(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Busy => "busy",
            Self::Offline => "offline",
        }
    }
}

/// Any address book: what LDAP shows as an `ou`, CardDAV as a collection, HTTP as a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AddressBook {
    Home(Book),
    /// The people of a department or site.
    Group(Group),
    /// The people of this organization and of those that share with it.
    All,
    /// What the asker starred.
    Favorites,
    /// People, shared and own contacts in one.
    Contacts,
    /// The people who can, or cannot, be called now.
    Status(Availability),
}

impl AddressBook {
    pub const PEOPLE: Self = Self::Home(Book::People);
    pub const SHARED: Self = Self::Home(Book::Shared);

    /// The book with this id. `personal` is that of `owner`, as are `personal-ID`.
    pub fn parse(text: &str, owner: Option<UserId>) -> Option<Self> {
        let fixed = match text {
            "people" => Some(Self::PEOPLE),
            "shared" => Some(Self::SHARED),
            "personal" => Some(Self::Home(Book::Personal(owner?))),
            "all" => Some(Self::All),
            "favorites" => Some(Self::Favorites),
            "contacts" => Some(Self::Contacts),
            _ => None,
        };
        fixed.or_else(|| {
            let (kind, id) = text.split_once('-')?;
            match kind {
                "shared" => Some(Self::Home(Book::SharedBook(BookId::parse(id)?))),
                "personal" => Some(Self::Home(Book::PersonalBook(owner?, BookId::parse(id)?))),
                "department" => Some(Self::Group(Group::Department(BookId::parse(id)?))),
                "site" => Some(Self::Group(Group::Site(BookId::parse(id)?))),
                "status" => {
                    let known = Availability::ALL.into_iter().find(|known| known.name() == id);
                    known.map(Self::Status)
                }
                _ => None,
            }
        })
    }
}

impl From<Book> for AddressBook {
    fn from(book: Book) -> Self {
        Self::Home(book)
    }
}

impl From<Group> for AddressBook {
    fn from(group: Group) -> Self {
        Self::Group(group)
    }
}

/// The permanent id, such as `department-support`. All personal books are `personal`, or
/// `personal-ID`: whose, follows from who asks.
impl fmt::Display for AddressBook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Home(Book::People) => f.write_str("people"),
            Self::Home(Book::Shared) => f.write_str("shared"),
            Self::Home(Book::SharedBook(id)) => write!(f, "shared-{id}"),
            Self::Home(Book::Personal(_)) => f.write_str("personal"),
            Self::Home(Book::PersonalBook(_, id)) => write!(f, "personal-{id}"),
            Self::Group(Group::Department(id)) => write!(f, "department-{id}"),
            Self::Group(Group::Site(id)) => write!(f, "site-{id}"),
            Self::All => f.write_str("all"),
            Self::Favorites => f.write_str("favorites"),
            Self::Contacts => f.write_str("contacts"),
            Self::Status(availability) => write!(f, "status-{}", availability.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_made_of_names() {
        let id = |name: &str| BookId::of_name(name, |_| false).to_string();
        assert_eq!(id("Support"), "support");
        assert_eq!(id("R&D, Berlin"), "r-d-berlin");
        assert_eq!(id("#1"), "1");
        assert_eq!(id("Продажи"), "prodazhi");
        assert_eq!(id("!!"), "book");
        assert!(BookId::parse(&id(&"long name ".repeat(20))).is_some());
        let support = BookId::parse("support").unwrap();
        assert_eq!(BookId::of_name("Support", |id| id == support).as_str(), "support-2");
    }

    #[test]
    fn ids_from_outside_are_checked() {
        for wrong in ["", "Support", "a b", "ü", &"x".repeat(33)] {
            assert_eq!(BookId::parse(wrong), None, "{wrong}");
        }
        assert_eq!(BookId::parse(&"x".repeat(32)).unwrap().as_str(), "x".repeat(32));
    }

    #[test]
    fn a_book_is_found_by_its_id() {
        let owner = UserId::parse("00000000-0000-0000-0000-000000000001");
        for id in [
            "people",
            "shared",
            "shared-suppliers",
            "personal",
            "personal-clients",
            "all",
            "favorites",
            "contacts",
            "department-r-d-berlin",
            "site-berlin",
            "status-busy",
        ] {
            let book = AddressBook::parse(id, owner).unwrap();
            assert_eq!(book.to_string(), id);
        }
        for id in ["", "shared-", "status-away", "department-X", "personal-", "People"] {
            assert_eq!(AddressBook::parse(id, owner), None, "{id}");
        }
        assert_eq!(AddressBook::parse("personal", None), None);
        assert_eq!(AddressBook::parse("personal-clients", None), None);
    }
}
