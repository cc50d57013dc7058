//! The reports about principals (RFC 3744 9.2 to 9.5), read from request bodies.

use crate::carddav::answer::error::Refusal;
use crate::carddav::answer::property::{Asked, Property};
use crate::carddav::request::elements::{Wanted, asked, bad_request};
use crate::carddav::request::xml::Element;

/// More conditions in one search are refused.
const TERMS_MAX: usize = 20;

/// A report about principals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PrincipalReport {
    /// Who is named in the rights of a resource.
    AclPrincipals {
        wanted: Wanted,
    },
    /// What in a collection is the asker, or is the asker's by one of its properties.
    Match {
        by: Option<Asked>,
        wanted: Wanted,
    },
    Search(Search),
    /// By which properties one may search.
    Searchable,
}

/// A search for principals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Search {
    /// All must hold, or else any.
    pub(crate) all: bool,
    pub(crate) terms: Vec<Term>,
    /// Everywhere, not only below the resource of the request.
    pub(crate) everywhere: bool,
    pub(crate) wanted: Wanted,
}

/// A text in properties: in each of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Term {
    pub(crate) properties: Vec<Asked>,
    pub(crate) text: Box<str>,
    pub(crate) place: TextPlace,
}

/// Where a text must be in a value: RFC 3744 knows `contains` only, Apple's clients say the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextPlace {
    Anywhere,
    Start,
    End,
    Whole,
}

impl PrincipalReport {
    /// None where a body asks for another report.
    ///
    /// # Errors
    /// 400 where it asks for one of these in a way that cannot be answered.
    pub(crate) fn of(root: &Element) -> Result<Option<Self>, Refusal> {
        Ok(Some(match &*root.local {
            _ if !root.is_dav(&root.local) => return Ok(None),
            "acl-principal-prop-set" => {
                let wanted = wanted(root)?;
                Self::AclPrincipals {
                    wanted: wanted.ok_or_else(|| bad_request("this report asks for prop"))?,
                }
            }
            "principal-match" => Self::Match { by: by(root)?, wanted: or_nothing(wanted(root)?) },
            "principal-property-search" => Self::Search(search(root)?),
            "principal-search-property-set" => Self::Searchable,
            _ => return Ok(None),
        }))
    }
}

/// The properties wanted; at most one list of them.
fn wanted(root: &Element) -> Result<Option<Wanted>, Refusal> {
    let mut lists = root.children.iter().filter(|child| child.is_dav("prop"));
    match (lists.next(), lists.next()) {
        (_, Some(_)) => Err(bad_request("a report has one prop")),
        (list, None) => Ok(list.map(asked).transpose()?.map(Wanted::These)),
    }
}

fn or_nothing(wanted: Option<Wanted>) -> Wanted {
    wanted.unwrap_or(Wanted::These(Vec::new()))
}

fn by(root: &Element) -> Result<Option<Asked>, Refusal> {
    match (root.dav("self"), root.dav("principal-property")) {
        (Some(_), None) => Ok(None),
        (None, Some(named)) => match named.children.as_slice() {
            [property] => Ok(Some(Asked::of(property))),
            _ => Err(bad_request("a principal-property names one property")),
        },
        _ => Err(bad_request("a principal-match asks for self or for a principal-property")),
    }
}

fn search(root: &Element) -> Result<Search, Refusal> {
    let terms = root.children.iter().filter(|child| child.is_dav("property-search"));
    let terms: Vec<Term> = terms.map(term).collect::<Result<_, _>>()?;
    let count: usize = terms.iter().map(|term| term.properties.len()).sum();
    if count == 0 || count > TERMS_MAX {
        return Err(bad_request("a search names 1 to 20 properties"));
    }
    Ok(Search {
        all: root.attribute("test") != Some("anyof"),
        terms,
        everywhere: root.dav("apply-to-principal-collection-set").is_some(),
        wanted: or_nothing(wanted(root)?),
    })
}

fn term(element: &Element) -> Result<Term, Refusal> {
    let both = element.dav("prop").zip(element.dav("match"));
    let (list, text) = both.ok_or_else(|| bad_request("a property-search has prop and match"))?;
    let place = text.attribute("match-type").or_else(|| element.attribute("match-type"));
    let place = match place {
        None | Some("contains") => TextPlace::Anywhere,
        Some("starts-with") => TextPlace::Start,
        Some("ends-with") => TextPlace::End,
        Some("equals") => TextPlace::Whole,
        Some(_) => return Err(bad_request("the match-type is not known")),
    };
    Ok(Term { properties: asked(list)?, text: text.text.trim().into(), place })
}

/// The properties by which principals are found, and what people call them.
pub(crate) const SEARCHABLE: [(Property, &str); 4] = [
    (Property::DisplayName, "Full name"),
    (Property::EmailAddressSet, "E-mail address"),
    (Property::FirstName, "First name"),
    (Property::LastName, "Last name"),
];
