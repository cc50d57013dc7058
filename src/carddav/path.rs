//! Paths: which resource a URL means, and the one spelling under which we hand it out.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::contact::Contact;

/// The path that clients are redirected to and where discovery begins.
pub(crate) const ROOT: &str = "/dav/";
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

/// A resource by its place; whether it exists, and for whom, is another question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Resource {
    /// `/.well-known/carddav` (RFC 6764).
    WellKnown,
    /// `/`: clients that are given no path ask here who the user is.
    Top,
    Root,
    Principals,
    Principal(Box<str>),
    Homes,
    Home(Box<str>),
    Book(Box<str>, BookName),
    Card(Box<str>, BookName, Box<str>),
}

/// The last segment of a book's path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BookName {
    Personal,
    Shared,
    People,
}

impl BookName {
    /// In the order of the home's listing: macOS uses only the first.
    pub(crate) const ALL: [Self; 3] = [Self::Personal, Self::Shared, Self::People];

    pub(crate) fn segment(self) -> &'static str {
        match self {
            Self::Personal => "personal",
            Self::Shared => "shared",
            Self::People => "people",
        }
    }
}

impl Resource {
    /// The resource at the path of a request, in any percent-encoding. Collections are also found
    /// without their trailing slash.
    pub(crate) fn at(path: &str) -> Option<Self> {
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
            [".well-known", "carddav"] => Self::WellKnown,
            ["dav"] => Self::Root,
            ["dav", "principals"] => Self::Principals,
            ["dav", "principals", id] => Self::Principal((*id).into()),
            ["dav", "homes"] => Self::Homes,
            ["dav", "homes", id] => Self::Home((*id).into()),
            ["dav", "homes", id, book] => Self::Book((*id).into(), book_name(book)?),
            ["dav", "homes", id, book, card] if !slash => {
                Self::Card((*id).into(), book_name(book)?, (*card).into())
            }
            _ => return None,
        })
    }

    /// The resource that an href in a request body means: a path, or a URL of whatever host (behind
    /// a proxy, ours has several names).
    pub(crate) fn of_href(href: &str) -> Option<Self> {
        let href = href.trim();
        let path = match href.split_once("://") {
            Some(("http" | "https", rest)) => rest.get(rest.find('/')?..)?,
            _ => href,
        };
        Self::at(path.split(['?', '#']).next()?)
    }

    /// The path as it is handed out.
    pub(crate) fn href(&self) -> String {
        match self {
            Self::WellKnown => "/.well-known/carddav".to_owned(),
            Self::Top => "/".to_owned(),
            Self::Root => ROOT.to_owned(),
            Self::Principals => format!("{ROOT}principals/"),
            Self::Principal(id) => format!("{ROOT}principals/{}/", encoded(id)),
            Self::Homes => format!("{ROOT}homes/"),
            Self::Home(id) => format!("{ROOT}homes/{}/", encoded(id)),
            Self::Book(id, book) => format!("{ROOT}homes/{}/{}/", encoded(id), book.segment()),
            Self::Card(id, book, name) => {
                format!("{ROOT}homes/{}/{}/{}", encoded(id), book.segment(), encoded(name))
            }
        }
    }
}

fn book_name(segment: &str) -> Option<BookName> {
    BookName::ALL.into_iter().find(|book| book.segment() == segment)
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

/// Appends the last segment of a card's path.
pub(crate) fn write_name(contact: &Contact, out: &mut Vec<u8>) {
    match &contact.name {
        Some(name) => {
            for part in utf8_percent_encode(name, SEGMENT) {
                out.extend_from_slice(part.as_bytes());
            }
        }
        None => {
            let mut buffer = uuid::Uuid::encode_buffer();
            out.extend_from_slice(contact.id.0.hyphenated().encode_lower(&mut buffer).as_bytes());
            out.extend_from_slice(b".vcf");
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::{prop_assert_eq, proptest};

    use super::*;

    fn card(name: &str) -> Option<Resource> {
        Some(Resource::Card("204.acme".into(), BookName::Personal, name.into()))
    }

    #[test]
    fn any_encoding_of_a_path_means_the_same() {
        for path in [
            "/dav/homes/204.acme/personal/a@b.vcf",
            "/dav/homes/204%2Eacme/%70ersonal/a%40b.vcf",
            "/d%61v/homes/204.acme/personal/a@b%2evcf",
        ] {
            assert_eq!(Resource::at(path), card("a@b.vcf"), "{path}");
        }
        assert_eq!(Resource::at("/dav/homes/204.acme/personal/%C3%BC.vcf"), card("ü.vcf"));
    }

    #[test]
    fn collections_are_found_without_their_slash() {
        assert_eq!(Resource::at("/dav"), Some(Resource::Root));
        assert_eq!(
            Resource::at("/dav/principals/204.acme").map(|r| r.href()).as_deref(),
            Some("/dav/principals/204.acme/")
        );
        assert_eq!(Resource::at("/.well-known/carddav/"), Some(Resource::WellKnown));
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
            "/dav/homes/a/personal/x.vcf/",
            "/dav/homes/a/personal/%FF.vcf",
            "/dav/homes/a/personal/%0a",
            "/dav/homes/a/personal/b/c",
            "/DAV/",
        ] {
            assert_eq!(Resource::at(path), None, "{path}");
        }
    }

    #[test]
    fn hrefs_are_paths_or_urls() {
        for href in [
            " /dav/homes/204.acme/personal/x.vcf\n",
            "https://pbx.example:8443/dav/homes/204.acme/personal/x.vcf",
            "/dav/homes/204.acme/personal/x.vcf?a#b",
        ] {
            assert_eq!(Resource::of_href(href), card("x.vcf"), "{href}");
        }
        assert_eq!(Resource::of_href("x.vcf"), None);
        assert_eq!(Resource::of_href("ftp://h/dav/"), None);
        assert_eq!(Resource::of_href("http://host"), None);
    }

    proptest! {
        #[test]
        fn what_is_handed_out_is_found_again(name in "[^/\\\\\\pC]{1,60}") {
            proptest::prop_assume!(name != "." && name != "..");
            let resource = Resource::Card("204.acme".into(), BookName::Shared, name.into());
            prop_assert_eq!(Resource::at(&resource.href()), Some(resource));
        }

        #[test]
        fn no_path_fails_badly(path in ".{0,100}") {
            drop(Resource::of_href(&path));
        }
    }
}
