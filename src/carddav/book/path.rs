//! Paths: which resource a URL means, and the one spelling under which we hand it out.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::carddav::book::view::Session;
use crate::contact::book::AddressBook;
use crate::contact::{Book, ContactId};

/// The path that clients are redirected to and where discovery begins.
pub(crate) const ROOT: &str = "/dav/";
/// What the path segment of a home has behind the principal's where it shows all contacts as one book.
pub(crate) const MERGED: &str = ".merged";
/// Stands in [`Resource::Book`] for the home of the search-only book. No user's path segment has an `@`.
pub(crate) const DIRECTORY: &str = "@directory";
/// Longer names of cards are refused: file systems of clients hold no more.
const NAME_BYTES_MAX: usize = 255;

/// What stays as it is in a path segment. Clients compare hrefs as strings and most write these
/// without encoding.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'@')
    .remove(b':')
    .remove(b'(')
    .remove(b')');

/// The path segments of one user's books: those of further personal books were chosen by clients.
pub(crate) trait Segments {
    /// The book that CardDAV shows under a segment.
    fn book_at(&self, segment: &str) -> Option<AddressBook>;
    /// The segment of a book.
    fn segment_of(&self, book: AddressBook) -> String;
}

/// A resource by its place; whether it exists, and for whom, is another question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Resource {
    /// `/`: clients that are given no path ask here who the user is.
    Top,
    Root,
    Principals,
    Principal(Box<str>),
    Homes,
    Home(Box<str>),
    Book(Box<str>, AddressBook),
    Card(Box<str>, AddressBook, Box<str>),
}

impl Resource {
    /// The resource at the path of a request, in any percent-encoding. Collections are also found
    /// without their trailing slash. `books` are the asker's: other users' homes are not there.
    pub(crate) fn at(path: &str, books: &dyn Segments) -> Option<Self> {
        let segments = path.strip_prefix('/')?;
        if segments.is_empty() {
            return Some(Self::Top);
        }
        let segments = segments.strip_suffix('/').map_or((segments, false), |rest| (rest, true));
        let (segments, slash) = segments;
        let decoded: Option<Vec<Cow<'_, str>>> = segments.split('/').map(segment).collect();
        let decoded = decoded?;
        let segments: Vec<&str> = decoded.iter().map(AsRef::as_ref).collect();
        Some(match segments.as_slice() {
            ["dav"] => Self::Root,
            ["dav", "principals"] => Self::Principals,
            ["dav", "principals", id] => Self::Principal((*id).into()),
            ["dav", "homes"] => Self::Homes,
            ["dav", "directory"] => Self::Book(DIRECTORY.into(), AddressBook::All),
            ["dav", "directory", card] if !slash => {
                Self::Card(DIRECTORY.into(), AddressBook::All, (*card).into())
            }
            ["dav", "homes", id, ..] if *id == DIRECTORY => return None,
            ["dav", "homes", id] => Self::Home((*id).into()),
            ["dav", "homes", id, book] => Self::Book((*id).into(), books.book_at(book)?),
            ["dav", "homes", id, book, card] if !slash => {
                Self::Card((*id).into(), books.book_at(book)?, (*card).into())
            }
            _ => return None,
        })
    }

    /// The resource that an href in a request body means: a path, or a URL of whatever host (behind
    /// a proxy, ours has several names).
    pub(crate) fn of_href(href: &str, books: &dyn Segments) -> Option<Self> {
        let href = href.trim();
        let path = match href.split_once("://") {
            Some(("http" | "https", rest)) => rest.get(rest.find('/')?..)?,
            _ => href,
        };
        Self::at(path.split(['?', '#']).next()?, books)
    }

    /// The path as it is handed out.
    pub(crate) fn href(&self, books: &dyn Segments) -> String {
        match self {
            Self::Top => "/".to_owned(),
            Self::Root => ROOT.to_owned(),
            Self::Principals => format!("{ROOT}principals/"),
            Self::Principal(id) => format!("{ROOT}principals/{}/", encoded(id)),
            Self::Homes => format!("{ROOT}homes/"),
            Self::Home(id) => format!("{ROOT}homes/{}/", encoded(id)),
            Self::Book(id, _) if **id == *DIRECTORY => format!("{ROOT}directory/"),
            Self::Card(id, _, name) if **id == *DIRECTORY => {
                format!("{ROOT}directory/{}", encoded(name))
            }
            Self::Book(id, book) => {
                let segment = books.segment_of(*book);
                format!("{ROOT}homes/{}/{}/", encoded(id), encoded(&segment))
            }
            Self::Card(id, book, name) => {
                let segment = books.segment_of(*book);
                format!("{ROOT}homes/{}/{}/{}", encoded(id), encoded(&segment), encoded(name))
            }
        }
    }
}

/// Whether this is `/.well-known/carddav` (RFC 6764), which needs no sign-in.
pub(crate) fn is_well_known(path: &str) -> bool {
    path.strip_suffix('/').unwrap_or(path) == "/.well-known/carddav"
}

impl Segments for Session {
    fn book_at(&self, segment: &str) -> Option<AddressBook> {
        match AddressBook::parse(segment, Some(self.user.id)) {
            Some(AddressBook::Home(Book::PersonalBook(..))) | None => {
                let book = self.snapshot.personal_book_at(self.user.id, segment)?;
                Some(Book::PersonalBook(book.owner, book.id).into())
            }
            // Presence changes too often for clients that keep copies.
            Some(AddressBook::Status(_)) => None,
            fixed => fixed,
        }
    }

    fn segment_of(&self, book: AddressBook) -> String {
        let AddressBook::Home(Book::PersonalBook(owner, id)) = book else {
            return book.to_string();
        };
        let record = self.snapshot.personal_book(owner, id);
        record.map_or_else(|| book.to_string(), |record| record.segment.to_string())
    }
}

/// The path of the collection in which a path's last segment is, and that segment decoded; None where
/// there is none.
pub(crate) fn parent_and_segment(path: &str) -> Option<(&str, String)> {
    let path = path.strip_suffix('/').unwrap_or(path);
    let (parent, last) = path.split_at(path.rfind('/')? + 1);
    Some((parent, segment(last)?.into_owned()))
}

/// One decoded segment; None where it could be taken for another path.
fn segment(encoded: &str) -> Option<Cow<'_, str>> {
    let decoded = percent_decode_str(encoded).decode_utf8().ok()?;
    let misleading = |c: char| c == '/' || c == '\\' || c.is_control();
    let plain = !decoded.is_empty() && !decoded.contains(misleading);
    (plain && decoded.len() <= NAME_BYTES_MAX && !matches!(&*decoded, "." | ".."))
        .then_some(decoded)
}

/// A segment as it is handed out.
pub(crate) fn encoded(segment: &str) -> impl std::fmt::Display {
    utf8_percent_encode(segment, SEGMENT)
}

/// Appends the last segment of the path of a card whose name a client chose.
pub(crate) fn write_name(name: &str, out: &mut Vec<u8>) {
    for part in utf8_percent_encode(name, SEGMENT) {
        out.extend_from_slice(part.as_bytes());
    }
}

/// Appends the last segment of the path of a card whose name is made of its id.
pub(crate) fn write_id(id: ContactId, out: &mut Vec<u8>) {
    let mut buffer = uuid::Uuid::encode_buffer();
    out.extend_from_slice(id.0.hyphenated().encode_lower(&mut buffer).as_bytes());
    out.extend_from_slice(b".vcf");
}

#[cfg(test)]
mod tests {
    use proptest::{prop_assert_eq, proptest};

    use super::*;
    use crate::contact::UserId;

    const ME: UserId = ContactId(uuid::Uuid::from_u128(1));

    /// A user who has further books under their ids.
    struct Mine;

    impl Segments for Mine {
        fn book_at(&self, segment: &str) -> Option<AddressBook> {
            AddressBook::parse(segment, Some(ME))
        }
        fn segment_of(&self, book: AddressBook) -> String {
            book.to_string()
        }
    }

    fn at(path: &str) -> Option<Resource> {
        Resource::at(path, &Mine)
    }

    fn card(name: &str) -> Option<Resource> {
        let mine = AddressBook::Home(Book::Personal(ME));
        Some(Resource::Card("204.acme".into(), mine, name.into()))
    }

    #[test]
    fn any_encoding_of_a_path_means_the_same() {
        for path in [
            "/dav/homes/204.acme/personal/a@b.vcf",
            "/dav/homes/204%2Eacme/%70ersonal/a%40b.vcf",
            "/d%61v/homes/204.acme/personal/a@b%2evcf",
        ] {
            assert_eq!(at(path), card("a@b.vcf"), "{path}");
        }
        assert_eq!(at("/dav/homes/204.acme/personal/%C3%BC.vcf"), card("ü.vcf"));
    }

    #[test]
    fn collections_are_found_without_their_slash() {
        assert_eq!(at("/dav"), Some(Resource::Root));
        assert_eq!(
            at("/dav/principals/204.acme").map(|r| r.href(&Mine)).as_deref(),
            Some("/dav/principals/204.acme/")
        );
        assert!(is_well_known("/.well-known/carddav/") && is_well_known("/.well-known/carddav"));
        assert!(!is_well_known("/.well-known/carddav/x"));
    }

    #[test]
    fn every_book_has_a_path() {
        for id in [
            "personal",
            "shared",
            "shared-suppliers",
            "people",
            "favorites",
            "all",
            "department-r-d",
            "site-berlin",
            "contacts",
        ] {
            let path = format!("/dav/homes/204.acme/{id}/");
            let found = at(&path).map(|book| book.href(&Mine));
            assert_eq!(found.as_deref(), Some(path.as_str()));
        }
    }

    #[test]
    fn misleading_paths_mean_nothing() {
        for path in [
            "",
            "dav",
            "/dav//",
            "/dav/homes//personal/",
            "/dav/homes/../personal/",
            "/dav/homes/a/personal/%2e%2e",
            "/dav/homes/a/personal/x%2Fy.vcf",
            "/dav/homes/a/other/",
            "/dav/homes/a/department-/",
            "/dav/homes/a/Department-x/",
            "/dav/homes/a/personal/x.vcf/",
            "/dav/homes/a/personal/%FF.vcf",
            "/dav/homes/a/personal/%0a",
            "/dav/homes/a/personal/b/c",
            "/DAV/",
        ] {
            assert_eq!(at(path), None, "{path}");
        }
    }

    #[test]
    fn hrefs_are_paths_or_urls() {
        for href in [
            " /dav/homes/204.acme/personal/x.vcf\n",
            "https://pbx.example:8443/dav/homes/204.acme/personal/x.vcf",
            "/dav/homes/204.acme/personal/x.vcf?a#b",
        ] {
            assert_eq!(Resource::of_href(href, &Mine), card("x.vcf"), "{href}");
        }
        assert_eq!(Resource::of_href("x.vcf", &Mine), None);
        assert_eq!(Resource::of_href("ftp://h/dav/", &Mine), None);
        assert_eq!(Resource::of_href("http://host", &Mine), None);
    }

    proptest! {
        #[test]
        fn what_is_handed_out_is_found_again(name in "[^/\\\\\\pC]{1,60}") {
            proptest::prop_assume!(name != "." && name != "..");
            let resource = Resource::Card("204.acme".into(), AddressBook::SHARED, name.into());
            prop_assert_eq!(at(&resource.href(&Mine)), Some(resource));
        }

        #[test]
        fn no_path_fails_badly(path in ".{0,100}") {
            drop(Resource::of_href(&path, &Mine));
        }
    }
}
