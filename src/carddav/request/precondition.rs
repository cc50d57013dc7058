//! Conditional requests: If-Match and If-None-Match (RFC 9110 13), and the If header (RFC 4918 10.4).

use std::sync::Arc;

use hyper::header::{HeaderMap, HeaderName, IF_MATCH, IF_NONE_MATCH};

use crate::carddav::answer::error::{Refusal, precondition_failed};
use crate::carddav::answer::etag::usual;
use crate::carddav::book::path::Resource;
use crate::carddav::book::view::Session;
use crate::carddav::report::token::SyncToken;
use crate::carddav::request::if_header::{IfHeader, State};

/// The conditions of one request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Conditions {
    if_match: Option<Tags>,
    if_none_match: Option<Tags>,
    if_header: Option<IfHeader>,
}

/// The entity tags of a header.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Tags {
    Any,
    These(Vec<Tag>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Tag {
    weak: bool,
    /// With its quotation marks.
    opaque: String,
}

impl Conditions {
    /// # Errors
    /// 400 where an If header cannot be read: doing the write all the same could destroy a card.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Refusal> {
        Ok(Self {
            if_match: tags(headers, &IF_MATCH),
            if_none_match: tags(headers, &IF_NONE_MATCH),
            if_header: IfHeader::of(headers)?,
        })
    }

    /// Whether a write may be done to a card with this entity tag; None: there is no card. Who knows
    /// the card in another version names another tag of it.
    ///
    /// # Errors
    /// 412 where a condition does not hold.
    pub(crate) fn check(&self, etag: Option<&str>, state: &dyn State) -> Result<(), Refusal> {
        let wanted = self.if_match.as_ref().is_none_or(|tags| tags.have_strongly(etag));
        let unwanted =
            self.if_none_match.as_ref().is_some_and(|tags| tags.have_in_any_version(etag));
        let as_if_says = self.if_header.as_ref().is_none_or(|header| header.holds(state));
        if wanted && !unwanted && as_if_says { Ok(()) } else { Err(precondition_failed()) }
    }

    /// As [`Conditions::check`] for a collection, which has no entity tag.
    ///
    /// # Errors
    /// 412 where a condition does not hold.
    pub(crate) fn check_collection(&self, exists: bool, state: &dyn State) -> Result<(), Refusal> {
        let wanted = self.if_match.as_ref().is_none_or(|tags| exists && *tags == Tags::Any);
        let unwanted = self.if_none_match.as_ref().is_some_and(|tags| exists && *tags == Tags::Any);
        let as_if_says = self.if_header.as_ref().is_none_or(|header| header.holds(state));
        if wanted && !unwanted && as_if_says { Ok(()) } else { Err(precondition_failed()) }
    }

    /// Whether a reader has the card already.
    pub(crate) fn is_not_modified(&self, etag: &str) -> bool {
        self.if_none_match.as_ref().is_some_and(|tags| tags.have_weakly(etag))
    }
}

/// What an If header may speak of: resources as a session sees them.
pub(crate) struct Seen<'a> {
    pub(crate) session: &'a Arc<Session>,
    /// The resource of the request.
    pub(crate) resource: &'a Resource,
}

impl Seen<'_> {
    fn named(&self, href: Option<&str>) -> Option<Resource> {
        match href {
            Some(href) => Resource::of_href(href, &**self.session),
            None => Some(self.resource.clone()),
        }
    }
}

impl State for Seen<'_> {
    fn has_token(&self, resource: Option<&str>, token: &str) -> bool {
        let Some(Resource::Book(id, book)) = self.named(resource) else { return false };
        let view = self.session.book(&id, book);
        view.is_some_and(|view| SyncToken::current(&view).to_string() == token)
    }

    fn has_etag(&self, resource: Option<&str>, etag: &str) -> bool {
        let Some(Resource::Card(id, book, name)) = self.named(resource) else { return false };
        let etag = &*usual(etag);
        let view = self.session.book(&id, book);
        view.is_some_and(|view| {
            view.find(&name).is_some_and(|row| view.etag(row.contact()) == etag)
        })
    }
}

impl Tags {
    /// A weak tag never matches (RFC 9110 8.8.3.2).
    fn have_strongly(&self, etag: Option<&str>) -> bool {
        match (self, etag) {
            (_, None) => false,
            (Self::Any, Some(_)) => true,
            (Self::These(tags), Some(etag)) => {
                tags.iter().any(|tag| !tag.weak && usual(&tag.opaque) == etag)
            }
        }
    }

    fn have_in_any_version(&self, etag: Option<&str>) -> bool {
        match (self, etag) {
            (_, None) => false,
            (Self::Any, Some(_)) => true,
            (Self::These(tags), Some(etag)) => tags.iter().any(|tag| usual(&tag.opaque) == etag),
        }
    }

    fn have_weakly(&self, etag: &str) -> bool {
        match self {
            Self::Any => true,
            Self::These(tags) => tags.iter().any(|tag| tag.opaque == etag),
        }
    }
}

/// Our own tags have no comma, so that a header can be cut at each.
fn tags(headers: &HeaderMap, name: &HeaderName) -> Option<Tags> {
    let mut tags = Vec::new();
    for value in headers.get_all(name) {
        let value = value.to_str().unwrap_or_default();
        if value.trim() == "*" {
            return Some(Tags::Any);
        }
        tags.extend(value.split(',').map(tag));
    }
    headers.contains_key(name).then_some(Tags::These(tags))
}

fn tag(text: &str) -> Tag {
    let text = text.trim();
    let (weak, text) = text.strip_prefix("W/").map_or((false, text), |rest| (true, rest));
    // Some clients lose the quotation marks on the way through their database.
    let opaque = if text.starts_with('"') { text.to_owned() } else { format!("\"{text}\"") };
    Tag { weak, opaque }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nothing;

    impl State for Nothing {
        fn has_token(&self, _: Option<&str>, _: &str) -> bool {
            false
        }
        fn has_etag(&self, _: Option<&str>, _: &str) -> bool {
            false
        }
    }

    fn passes(name: HeaderName, value: &'static str, etag: Option<&str>) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        Conditions::of(&headers).unwrap().check(etag, &Nothing).is_ok()
    }

    #[test]
    fn a_write_may_want_the_card_as_it_was() {
        let check = |value, etag| passes(IF_MATCH, value, etag);
        assert!(check("\"1\"", Some("\"1\"")));
        assert!(check("\"0\", \"1\"", Some("\"1\"")));
        assert!(check("1", Some("\"1\"")));
        assert!(check("*", Some("\"1\"")));
        assert!(!check("\"2\"", Some("\"1\"")));
        assert!(!check("W/\"1\"", Some("\"1\"")));
        assert!(!check("\"1\"", None));
        assert!(!check("*", None));
    }

    #[test]
    fn a_write_may_want_no_card() {
        let check = |value, etag| passes(IF_NONE_MATCH, value, etag);
        assert!(check("*", None));
        assert!(!check("*", Some("\"1\"")));
        assert!(!check("W/\"1\"", Some("\"1\"")));
        assert!(check("\"2\"", Some("\"1\"")));
    }

    #[test]
    fn a_collection_is_there_or_not_and_has_no_tag() {
        let check = |name: HeaderName, value: &str, exists| {
            let headers = HeaderMap::from_iter([(name, value.parse().unwrap())]);
            Conditions::of(&headers).unwrap().check_collection(exists, &Nothing).is_ok()
        };
        assert!(check(IF_MATCH, "*", true) && !check(IF_MATCH, "*", false));
        assert!(!check(IF_MATCH, "\"1\"", true));
        assert!(check(IF_NONE_MATCH, "*", false) && !check(IF_NONE_MATCH, "*", true));
        assert!(check(IF_NONE_MATCH, "\"1\"", true));
    }

    #[test]
    fn without_conditions_everything_passes() {
        let conditions = Conditions::of(&HeaderMap::new()).unwrap();
        assert!(conditions.check(None, &Nothing).is_ok());
        assert!(!conditions.is_not_modified("\"1\""));
    }
}
