//! What request bodies ask for: XML trees read into types.

use hyper::StatusCode;
use rustc_hash::FxHashSet;

use crate::carddav::answer::error::{Condition, Refusal};
use crate::carddav::answer::property::Asked;
use crate::carddav::request::address_data::AddressData;
use crate::carddav::request::xml::{Element, Namespace};

/// Requests for more properties are refused: each is answered for each resource, found or not.
const PROPERTIES_MAX: usize = 1000;
/// The names of all of them together, in bytes.
const NAMES_BYTES_MAX: usize = 16 << 10;

/// Which properties a request wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// What RFC 4918 defines, and these.
    All(Vec<Asked>),
    /// The names of all there are.
    Names,
    These(Vec<Asked>),
}

/// The body of a PROPFIND (RFC 4918 14.20); none is the same as `allprop`.
pub(crate) fn propfind(body: Option<&Element>) -> Result<Wanted, Refusal> {
    let Some(root) = body else { return Ok(Wanted::All(Vec::new())) };
    if !root.is_dav("propfind") {
        return Err(bad_request("the body is no DAV:propfind"));
    }
    wanted(root)?.ok_or_else(|| bad_request("a propfind asks for prop, allprop or propname"))
}

fn wanted(root: &Element) -> Result<Option<Wanted>, Refusal> {
    let is_list = |child: &&Element| {
        child.namespace == Namespace::Dav
            && matches!(&*child.local, "prop" | "allprop" | "propname")
    };
    let mut lists = root.children.iter().filter(is_list);
    let list = match (lists.next(), lists.next()) {
        (None, _) => return Ok(None),
        (Some(list), None) => list,
        (_, Some(_)) => {
            return Err(bad_request("a body asks for one of prop, allprop and propname"));
        }
    };
    Ok(Some(match &*list.local {
        "prop" => Wanted::These(asked(list)?),
        "allprop" => {
            let included = root.dav("include").map(asked).transpose()?;
            Wanted::All(included.unwrap_or_default())
        }
        _ => Wanted::Names,
    }))
}

/// The properties that a list names, each once.
///
/// # Errors
/// 400 where it is very long.
pub(crate) fn asked(list: &Element) -> Result<Vec<Asked>, Refusal> {
    let mut known = FxHashSet::default();
    let mut bytes = 0;
    let mut all = Vec::new();
    for asked in list.children.iter().map(Asked::of) {
        if known.contains(&asked) {
            continue;
        }
        bytes += asked.name_bytes();
        if all.len() == PROPERTIES_MAX || bytes > NAMES_BYTES_MAX {
            let text = format!(
                "a request names at most {PROPERTIES_MAX} properties, in {NAMES_BYTES_MAX} bytes"
            );
            return Err(bad_request(&text));
        }
        known.insert(asked.clone());
        all.push(asked);
    }
    Ok(all)
}

/// The reports that are answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Report {
    /// RFC 6352 8.7
    Multiget { wanted: Wanted, data: AddressData, hrefs: Vec<Box<str>> },
    /// RFC 6352 8.6. Without a filter, all cards.
    Query { wanted: Wanted, data: AddressData, filter: Option<Element>, limit: Option<usize> },
    /// RFC 6578 3.2
    SyncCollection { wanted: Wanted, data: AddressData, token: Box<str>, limit: Option<usize> },
}

/// The body of a REPORT.
pub(crate) fn report(body: Option<&Element>) -> Result<Report, Refusal> {
    let root = body.ok_or_else(|| bad_request("a REPORT says in its body what it reports"))?;
    if root.is(&Namespace::CardDav, "addressbook-multiget") {
        return multiget(root);
    }
    if root.is(&Namespace::CardDav, "addressbook-query") {
        return query(root);
    }
    if root.is_dav("sync-collection") {
        return sync_collection(root);
    }
    let text = format!("the report {} is not answered here", root.local);
    Err(Refusal::violated(Condition::SupportedReport, text))
}

fn multiget(root: &Element) -> Result<Report, Refusal> {
    let hrefs = root.children.iter().filter(|child| child.is_dav("href"));
    let hrefs: Vec<Box<str>> = hrefs.map(|href| href.text.trim().into()).collect();
    if hrefs.is_empty() {
        return Err(bad_request("a multiget names at least one href"));
    }
    let (wanted, data) = (wanted_or_all(root)?, AddressData::of(root)?);
    Ok(Report::Multiget { wanted, data, hrefs })
}

fn query(root: &Element) -> Result<Report, Refusal> {
    let mut filters = root.children.iter().filter(|c| c.is(&Namespace::CardDav, "filter"));
    let filter = filters.next().cloned();
    if filters.next().is_some() {
        return Err(bad_request("a query has one filter"));
    }
    let limit = root.children.iter().find(|child| child.is(&Namespace::CardDav, "limit"));
    let results = limit.map(|limit| {
        let results = limit.children.iter().find(|c| c.is(&Namespace::CardDav, "nresults"));
        results.ok_or_else(|| bad_request("a limit names its nresults"))
    });
    let limit = results.transpose()?.map(nresults).transpose()?;
    let (wanted, data) = (wanted_or_all(root)?, AddressData::of(root)?);
    Ok(Report::Query { wanted, data, filter, limit })
}

fn nresults(results: &Element) -> Result<usize, Refusal> {
    match results.text.trim().parse() {
        Ok(0) | Err(_) => Err(bad_request("nresults is a number from 1")),
        Ok(limit) => Ok(limit),
    }
}

fn wanted_or_all(root: &Element) -> Result<Wanted, Refusal> {
    Ok(wanted(root)?.unwrap_or(Wanted::All(Vec::new())))
}

fn sync_collection(root: &Element) -> Result<Report, Refusal> {
    // Depth said what the level says before RFC 6578; some clients send neither.
    let level = root.dav("sync-level").map_or("1", |level| level.text.trim());
    if matches!(level, "infinite" | "infinity") {
        let text = "an address book has no collections in it: the sync-level is 1";
        return Err(Refusal::violated(Condition::SyncTraversalSupported, text));
    }
    if level != "1" {
        return Err(bad_request("a sync-level is 1 or infinite"));
    }
    let data = AddressData::of(root)?;
    let token = root.dav("sync-token").map(|token| token.text.trim()).unwrap_or_default();
    let limit = root.dav("limit").and_then(|limit| limit.dav("nresults"));
    let limit = limit.map(nresults).transpose()?;
    let wanted = match wanted(root)? {
        Some(Wanted::These(asked)) => Wanted::These(asked),
        _ => return Err(bad_request("a sync-collection asks for prop")),
    };
    Ok(Report::SyncCollection { wanted, data, token: token.into(), limit })
}

pub(crate) fn bad_request(text: &str) -> Refusal {
    Refusal::plain(StatusCode::BAD_REQUEST, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::carddav::answer::property::Property;
    use crate::carddav::request::xml::read;

    fn tree(body: &str) -> Option<Element> {
        read(body.as_bytes()).unwrap()
    }

    #[test]
    fn a_propfind_asks_for_properties() {
        let body = "<propfind xmlns='DAV:'><prop><getetag/><x xmlns='urn:x'/></prop></propfind>";
        let Wanted::These(asked) = propfind(tree(body).as_ref()).unwrap() else { panic!() };
        assert_eq!(asked[0], Asked::Known(Property::GetETag));
        assert!(matches!(&asked[1], Asked::Unknown { namespace, .. } if **namespace == *"urn:x"));
        assert_eq!(propfind(None).unwrap(), Wanted::All(Vec::new()));
        let body = "<propfind xmlns='DAV:'><allprop/><include><owner/></include></propfind>";
        let owner = vec![Asked::Known(Property::Owner)];
        assert_eq!(propfind(tree(body).as_ref()).unwrap(), Wanted::All(owner));
    }

    #[test]
    fn bodies_that_ask_for_nothing_are_bad() {
        for body in [
            "<propfind xmlns='DAV:'/>",
            "<propfind/>",
            "<x xmlns='DAV:'/>",
            "<propfind xmlns='DAV:'><prop/><allprop/></propfind>",
        ] {
            assert_eq!(propfind(tree(body).as_ref()).unwrap_err().status, 400, "{body}");
        }
        assert_eq!(report(None).unwrap_err().status, 400);
    }

    #[test]
    fn a_sync_may_have_a_limit() {
        let body = |limit: &str| {
            format!(
                "<sync-collection xmlns='DAV:'><sync-token> t </sync-token><sync-level>1</sync-level>{limit}<prop/></sync-collection>"
            )
        };
        let limited = |n| body(&format!("<limit><nresults>{n}</nresults></limit>"));
        let read = |body: &str| report(tree(body).as_ref());
        let expected = |limit| Report::SyncCollection {
            wanted: Wanted::These(vec![]),
            data: AddressData::USUAL,
            token: "t".into(),
            limit,
        };
        assert_eq!(read(&body("")).unwrap(), expected(None));
        assert_eq!(read(&limited("5")).unwrap(), expected(Some(5)));
        assert_eq!(read(&limited("0")).unwrap_err().status, 400);
        assert_eq!(read(&limited("x")).unwrap_err().status, 400);
    }
}
