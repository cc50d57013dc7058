//! The language that a client likes best of those that an answer is there in.

use axum::extract::FromRequestParts;
use hyper::header;
use hyper::http::request::Parts;

use crate::api::problem::Problem;
use crate::file::words::Language;

/// Longer lists of languages are not read to their end.
const LANGUAGES_MAX: usize = 20;

/// What the client accepts, as it says it (`Accept-Language`).
pub(super) struct Accepted(String);

impl Accepted {
    /// The language liked best of those that `spoken` knows by their primary tag in lower case,
    /// `*` among them (RFC 9110, 12.5.4). None where the client likes none of them.
    pub(super) fn best<L>(&self, spoken: impl Fn(&str) -> Option<L>) -> Option<L> {
        let mut best: Option<(f32, L)> = None;
        for range in self.0.split(',').take(LANGUAGES_MAX) {
            let (tag, weight) = range.split_once(';').unwrap_or((range, "q=1"));
            let weight = weight.trim().strip_prefix("q=").and_then(|text| text.parse().ok());
            let weight: f32 = weight.unwrap_or(0.0);
            let primary = tag.trim().split('-').next().unwrap_or_default();
            let Some(language) = spoken(&primary.to_ascii_lowercase()) else { continue };
            if weight > best.as_ref().map_or(0.0, |(most, _)| *most) {
                best = Some((weight, language));
            }
        }
        best.map(|(_, language)| language)
    }
}

impl<S: Sync> FromRequestParts<S> for Accepted {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let accepted = parts.headers.get(header::ACCEPT_LANGUAGE);
        Ok(Self(accepted.and_then(|text| text.to_str().ok()).unwrap_or_default().to_owned()))
    }
}

/// The language that the client reads reports in.
pub(super) struct Reads(pub(super) Language);

impl<S: Sync> FromRequestParts<S> for Reads {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let accepted = Accepted::from_request_parts(parts, state).await?;
        Ok(Self(accepted.best(by_tag).unwrap_or_default()))
    }
}

fn by_tag(primary: &str) -> Option<Language> {
    if primary == "*" { Some(Language::default()) } else { Language::by_code(primary) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_liked_best_is_spoken() {
        let check = |accepted: &str, expected| {
            let best = Accepted(accepted.to_owned()).best(by_tag);
            assert_eq!(best.unwrap_or_default(), expected, "{accepted}");
        };
        check("", Language::English);
        check("de", Language::German);
        check("de-AT,de;q=0.9,en;q=0.8", Language::German);
        check("en-US,en;q=0.9,de;q=0.8", Language::English);
        check("it;q=1, de;q=0.3", Language::German);
        check("en;q=0, DE;q=0.1", Language::German);
        check("de;q=x", Language::English);
        check("de;q=0.4, *;q=0.5", Language::English);
        check("fr-CA, fr;q=0.9", Language::French);
        check("es;q=0.5, ru;q=0.7", Language::Russian);
        check("es-419", Language::Spanish);
        check("tlh", Language::English);
    }

    #[test]
    fn a_list_without_end_is_not_read_to_its_end() {
        let list = "it,".repeat(20) + "de";
        assert!(Accepted(list).best(by_tag).is_none());
    }
}
