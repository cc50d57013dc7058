//! The If header of WebDAV (RFC 4918 10.4): lists of states, one of which must be true.

use hyper::StatusCode;
use hyper::header::{HeaderMap, HeaderName};

use crate::carddav::answer::error::Refusal;

const IF: HeaderName = HeaderName::from_static("if");
/// Headers with more conditions are refused: each may ask for the state of a whole book.
const CONDITIONS_MAX: usize = 20;

/// What the conditions are compared with.
pub(crate) trait State {
    /// Whether a state token is the current one of a resource: the sync tokens of RFC 6578 5. None:
    /// the request's own resource.
    fn has_token(&self, resource: Option<&str>, token: &str) -> bool;
    /// Whether a resource has this entity tag; None: the request's own resource.
    fn has_etag(&self, resource: Option<&str>, etag: &str) -> bool;
}

/// A header as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IfHeader(Vec<List>);

/// Conditions that must be true together.
#[derive(Clone, Debug, PartialEq, Eq)]
struct List {
    resource: Option<String>,
    conditions: Vec<Condition>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Condition {
    negated: bool,
    what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    Token(String),
    ETag(String),
}

impl IfHeader {
    /// # Errors
    /// 400 where the header cannot be read.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Option<Self>, Refusal> {
        let Some(value) = headers.get(IF) else { return Ok(None) };
        let read = value.to_str().ok().and_then(parse);
        let bad = || Refusal::plain(StatusCode::BAD_REQUEST, "the If header cannot be read");
        read.map(Some).ok_or_else(bad)
    }

    pub(crate) fn holds(&self, state: &dyn State) -> bool {
        self.0.iter().any(|list| {
            let resource = list.resource.as_deref();
            list.conditions.iter().all(|condition| {
                let is_true = match &condition.what {
                    What::Token(token) => state.has_token(resource, token),
                    What::ETag(etag) => state.has_etag(resource, etag),
                };
                is_true != condition.negated
            })
        })
    }
}

fn parse(header: &str) -> Option<IfHeader> {
    let mut lists = Vec::new();
    let mut resource = None;
    let mut count = 0;
    let mut rest = header.trim_start();
    while !rest.is_empty() {
        if let Some(tagged) = rest.strip_prefix('<') {
            let (uri, after) = tagged.split_once('>')?;
            resource = Some(uri.to_owned());
            rest = after.trim_start();
        }
        let (conditions, after) = list(rest.strip_prefix('(')?)?;
        count += conditions.len();
        if conditions.is_empty() || count > CONDITIONS_MAX {
            return None;
        }
        lists.push(List { resource: resource.clone(), conditions });
        rest = after.trim_start();
    }
    (!lists.is_empty()).then_some(IfHeader(lists))
}

/// The conditions up to the closing bracket, and what is behind it.
fn list(mut rest: &str) -> Option<(Vec<Condition>, &str)> {
    let mut conditions = Vec::new();
    loop {
        rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix(')') {
            return Some((conditions, after));
        }
        let not = rest.get(..3).filter(|word| word.eq_ignore_ascii_case("not"));
        let negated = not.is_some();
        rest = rest.get(not.map_or(0, str::len)..)?.trim_start();
        let (what, after) = if let Some(token) = rest.strip_prefix('<') {
            let (token, after) = token.split_once('>')?;
            (What::Token(token.to_owned()), after)
        } else {
            let (etag, after) = rest.strip_prefix('[')?.split_once(']')?;
            (What::ETag(etag.trim().to_owned()), after)
        };
        conditions.push(Condition { negated, what });
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use proptest::proptest;

    use super::*;

    struct Now;

    impl State for Now {
        fn has_token(&self, resource: Option<&str>, token: &str) -> bool {
            resource.is_none_or(|resource| resource == "/a") && token == "urn:now"
        }
        fn has_etag(&self, resource: Option<&str>, etag: &str) -> bool {
            resource.is_none_or(|resource| resource == "/a") && etag == "\"1\""
        }
    }

    fn holds(header: &str) -> bool {
        parse(header).unwrap().holds(&Now)
    }

    #[test]
    fn one_list_must_be_true() {
        assert!(holds("(<urn:now>)"));
        assert!(holds("(<urn:now> [\"1\"])"));
        assert!(!holds("(<urn:now> [\"2\"])"));
        assert!(holds("(<urn:old>) ([\"1\"])"));
        assert!(!holds("(<urn:old>) (Not [\"1\"])"));
        assert!(holds("(Not <urn:old> [\"1\"])"));
        assert!(holds("(<urn:old>)(not <DAV:no-lock>)"));
    }

    #[test]
    fn lists_may_be_about_other_resources() {
        assert!(holds("</a> ([\"1\"])"));
        assert!(!holds("</b> ([\"1\"])"));
        assert!(holds("</b> ([\"1\"]) </a> ([\"2\"]) ([\"1\"])"));
        assert!(holds("</a> (<urn:now>)"));
        assert!(!holds("</b> (<urn:now>)"));
    }

    #[test]
    fn what_is_no_list_is_not_read() {
        for header in ["", "()", "(", "<a>", "(a)", "([\"1\")", "(<a)", "x(<a>)", "(<a>) x"] {
            assert_eq!(parse(header), None, "{header}");
        }
    }

    proptest! {
        #[test]
        fn no_header_fails_badly(header in "([()<>\\[\\]\" ]|Not|a){0,30}") {
            drop(parse(&header));
        }
    }
}
