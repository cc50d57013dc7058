//! What a client would rather have: `Prefer` (RFC 7240, RFC 8144) and `Brief`.

use hyper::Response;
use hyper::header::{HeaderMap, HeaderValue, VARY};

use crate::carddav::answer::row::Missing;
use crate::http::Body;

/// The preferences that are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Preferences {
    /// Whether properties that are missing are told: not where `return=minimal` is preferred.
    pub(crate) missing: Missing,
    /// At Depth 1, the resource itself is left out.
    pub(crate) without_root: bool,
    /// A write answers with the card as it is afterwards.
    pub(crate) representation: bool,
}

impl Preferences {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let values = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
        let listed: Vec<String> = values.flat_map(|value| value.split(',')).map(plain).collect();
        // Of two wishes for the same thing the first one counts (RFC 7240 2).
        let returned = listed.iter().find_map(|listed| listed.strip_prefix("return="));
        // iOS says the same with a header of Microsoft's.
        let brief = headers.get("brief").is_some_and(|v| v.as_bytes().eq_ignore_ascii_case(b"t"));
        let minimal = returned == Some("minimal") || brief;
        Self {
            missing: if minimal { Missing::LeftOut } else { Missing::Told },
            without_root: listed.iter().any(|listed| listed == "depth-noroot"),
            representation: returned == Some("representation"),
        }
    }

    pub(crate) fn is_minimal(self) -> bool {
        self.missing == Missing::LeftOut
    }

    /// Says in an answer which preferences were followed.
    pub(crate) fn tell(self, response: &mut Response<Body>) {
        let applied = match (self.missing, self.without_root) {
            (Missing::LeftOut, true) => "return=minimal, depth-noroot",
            (Missing::LeftOut, false) => "return=minimal",
            (Missing::Told, true) => "depth-noroot",
            (Missing::Told, false) => return,
        };
        applied_in(response, applied);
    }
}

/// Says in an answer that a preference was followed (RFC 7240 3).
pub(crate) fn applied_in(response: &mut Response<Body>, applied: &'static str) {
    let headers = response.headers_mut();
    headers.insert("preference-applied", HeaderValue::from_static(applied));
    headers.insert(VARY, HeaderValue::from_static("Prefer, Brief"));
}

/// One preference without its parameters, quotation marks and white space, in lower case.
fn plain(listed: &str) -> String {
    let preference = listed.split(';').next().unwrap_or_default();
    let kept = preference.chars().filter(|c| *c != '"' && !c.is_whitespace());
    kept.map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &'static str, values: &[&'static str]) -> Preferences {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name, HeaderValue::from_static(value));
        }
        Preferences::of(&headers)
    }

    #[test]
    fn minimal_is_said_in_many_ways() {
        for values in [
            &["return=minimal"][..],
            &["Return = \"Minimal\""],
            &["depth-noroot, return=minimal; foo=bar"],
            &["respond-async", "return=minimal, return=representation"],
        ] {
            assert!(of("prefer", values).is_minimal(), "{values:?}");
        }
        assert!(of("brief", &["t"]).is_minimal() && of("brief", &["T"]).is_minimal());
        assert!(!of("brief", &["f"]).is_minimal());
        assert!(!of("prefer", &["return=representation, return=minimal"]).is_minimal());
        assert!(!of("prefer", &["x; return=minimal"]).is_minimal());
    }

    #[test]
    fn preferences_are_independent() {
        let both = of("prefer", &["return=representation", "depth-noroot"]);
        assert!(both.representation && both.without_root && !both.is_minimal());
        let none = of("prefer", &[]);
        assert!(!none.representation && !none.without_root && !none.is_minimal());
    }
}
