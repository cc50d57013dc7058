//! Entity tags of one card in several versions: other bytes, another tag (RFC 9110 8.8.3).
//!
//! `getetag` and the answers to writes tell the tag of the usual version, 3.0.

use std::borrow::Cow;

use crate::vcard::convert::Version;

/// Ends the tag of a card in 4.0. Usual tags end in the epoch, which is longer.
const FOUR: &str = "-4\"";

/// The tag of a version, made of the usual one.
pub(crate) fn in_version(usual: String, version: Version) -> String {
    match (version, usual.strip_suffix('"')) {
        (Version::V40, Some(rest)) => format!("{rest}{FOUR}"),
        _ => usual,
    }
}

/// The usual tag of the card that a tag of any version is about.
pub(crate) fn usual(tag: &str) -> Cow<'_, str> {
    match tag.strip_suffix(FOUR) {
        Some(rest) => Cow::Owned(format!("{rest}\"")),
        None => Cow::Borrowed(tag),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_version_has_its_tag() {
        let tag = || "\"12-f-0000000a\"".to_owned();
        assert_eq!(in_version(tag(), Version::V30), tag());
        let four = in_version(tag(), Version::V40);
        assert_eq!(four, "\"12-f-0000000a-4\"");
        assert_eq!((usual(&four), usual(&tag())), (Cow::from(tag()), Cow::from(tag())));
    }
}
