//! Which representation of a card a GET wants: `Accept` (RFC 9110 12.5.1, RFC 6352 5.1.1).

use hyper::StatusCode;
use hyper::header::{ACCEPT, HeaderMap};

use crate::carddav::answer::error::{Condition, Refusal};
use crate::vcard::convert::Version;

/// What is chosen for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chosen {
    pub(crate) version: Version,
    pub(crate) content_type: &'static str,
}

/// Cards are given as these.
const OFFERED: [Version; 2] = [Version::V30, Version::V40];

/// Chooses what the client likes best; of two as good, vCard 3.0, which all read.
///
/// # Errors
/// 406 where a card can be nothing that the client accepts.
pub(crate) fn choose(headers: &HeaderMap) -> Result<Chosen, Refusal> {
    let values = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let ranges: Vec<Range> =
        values.flat_map(|value| value.split(',')).filter_map(Range::of).collect();
    if ranges.is_empty() {
        return Ok(chosen(Version::V30, false));
    }
    // The most specific range says what a representation is worth.
    let worth = |version: Version| {
        let matching = ranges.iter().filter(|range| range.is_of(version));
        let best = matching.max_by_key(|range| (range.specificity, range.quality))?;
        (best.quality > 0).then_some((best.quality, best.specificity))
    };
    let worths = OFFERED.iter().rev().filter_map(|version| Some((worth(*version)?, *version)));
    match worths.max_by_key(|(worth, _)| *worth) {
        Some(((_, specificity), version)) => {
            Ok(chosen(version, specificity == Specificity::Version))
        }
        None => {
            let text = "cards are text/vcard in version 3.0 or 4.0";
            let refusal = Refusal::violated(Condition::SupportedAddressDataConversion, text);
            Err(refusal.with_status(StatusCode::NOT_ACCEPTABLE))
        }
    }
}

fn chosen(version: Version, named: bool) -> Chosen {
    let content_type = match version {
        Version::V40 => "text/vcard; charset=utf-8; version=4.0",
        _ if named => "text/vcard; charset=utf-8; version=3.0",
        _ => "text/vcard; charset=utf-8",
    };
    Chosen { version, content_type }
}

/// What a client accepts.
#[derive(Clone, Copy, Debug)]
struct Range {
    specificity: Specificity,
    /// None: any.
    version: Option<Version>,
    /// In thousandths; 0 is not acceptable.
    quality: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Specificity {
    Anything,
    Text,
    Card,
    Version,
}

impl Range {
    /// None for kinds of documents that no card is.
    fn of(text: &str) -> Option<Self> {
        let mut parts = text.split(';').map(|part| part.trim().to_ascii_lowercase());
        let kind = parts.next()?;
        let mut range = match kind.as_str() {
            // Old Java programs write a single star.
            "*/*" | "*" => {
                Self { specificity: Specificity::Anything, version: None, quality: 1000 }
            }
            "text/*" => Self { specificity: Specificity::Text, version: None, quality: 1000 },
            "text/vcard" => Self { specificity: Specificity::Card, version: None, quality: 1000 },
            // The names that vCard 3.0 had.
            "text/directory" | "text/x-vcard" => {
                Self { specificity: Specificity::Card, version: Some(Version::V30), quality: 1000 }
            }
            "" => return None,
            _ => Self { specificity: Specificity::Card, version: Some(Version::V21), quality: 0 },
        };
        for part in parts {
            let (name, value) = part.split_once('=').unwrap_or((&part, ""));
            let value = value.trim().trim_matches('"');
            match name.trim() {
                "q" => range.quality = thousandths(value),
                "version" if kind == "text/vcard" => {
                    range.specificity = Specificity::Version;
                    range.version = Some(match value {
                        "3.0" => Version::V30,
                        "4.0" => Version::V40,
                        // None that is offered.
                        _ => Version::V21,
                    });
                }
                _ => {}
            }
        }
        Some(range)
    }

    fn is_of(&self, version: Version) -> bool {
        self.version.is_none_or(|only| only == version)
    }
}

/// A quality such as `0.5`; what is none counts as 1, as if it were not told.
fn thousandths(text: &str) -> u16 {
    match text.parse::<f32>() {
        // Both ends are exact, and what is between is not negative.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1000")]
        Ok(quality) if (0.0..=1.0).contains(&quality) => (quality * 1000.0) as u16,
        _ => 1000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accept(values: &[&str]) -> Option<Version> {
        let values = values.iter().map(|value| (ACCEPT, value.parse().unwrap()));
        choose(&HeaderMap::from_iter(values)).ok().map(|chosen| chosen.version)
    }

    #[test]
    fn version_3_is_given_unless_another_is_liked_better() {
        for (value, version) in [
            ("*/*", Version::V30),
            ("text/html, *; q=.2, */*; q=.2", Version::V30),
            ("text/vcard", Version::V30),
            ("text/x-vcard, text/directory;profile=vcard", Version::V30),
            ("text/vcard; version=3.0", Version::V30),
            ("text/vcard;version=4.0", Version::V40),
            ("Text/VCard ; Version=\"4.0\"", Version::V40),
            ("text/vcard;version=4.0, */*", Version::V40),
            ("text/vcard;version=4.0, text/vcard;charset=utf-8;q=0.8", Version::V40),
            ("text/vcard;version=4.0;q=0.5, text/vcard;q=0.8", Version::V30),
            ("text/vcard;version=3.0;q=0.1, text/vcard;q=0.8", Version::V40),
            ("text/vcard;version=3.0;q=0, text/*", Version::V40),
            ("text/vcard;q=none", Version::V30),
        ] {
            assert_eq!(accept(&[value]), Some(version), "{value}");
        }
        assert_eq!(accept(&[]), Some(Version::V30));
        assert_eq!(accept(&["text/html", "text/vcard;version=4.0"]), Some(Version::V40));
    }

    #[test]
    fn what_cards_are_not_is_not_acceptable() {
        for value in [
            "text/html",
            "application/vcard+json",
            "text/vcard;version=2.1",
            "text/vcard;q=0",
            "text/*;q=0.5, text/vcard;q=0.0",
            "image/*",
        ] {
            assert_eq!(accept(&[value]), None, "{value}");
        }
    }
}
