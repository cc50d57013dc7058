//! What request bodies ask for: XML trees read into types.

use hyper::StatusCode;

use crate::carddav::error::{Condition, Refusal};
use crate::carddav::property::Asked;
use crate::carddav::xml::{Element, Namespace};

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
    let included = root.dav("include").map(asked).unwrap_or_default();
    let found: Vec<Wanted> = root
        .children
        .iter()
        .filter_map(|child| match (&child.namespace, &*child.local) {
            (Namespace::Dav, "prop") => Some(Wanted::These(asked(child))),
            (Namespace::Dav, "allprop") => Some(Wanted::All(included.clone())),
            (Namespace::Dav, "propname") => Some(Wanted::Names),
            _ => None,
        })
        .collect();
    let mut found = found.into_iter();
    match (found.next(), found.next()) {
        (first, None) => Ok(first),
        (_, Some(_)) => Err(bad_request("a body asks for one of prop, allprop and propname")),
    }
}

fn asked(properties: &Element) -> Vec<Asked> {
    properties.children.iter().map(Asked::of).collect()
}

/// The reports that are answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Report {
    /// RFC 6352 8.7
    Multiget { wanted: Wanted, hrefs: Vec<Box<str>> },
    /// RFC 6578 3.2
    SyncCollection { wanted: Wanted, token: Box<str>, limit: Option<usize> },
}

/// The body of a REPORT.
pub(crate) fn report(body: Option<&Element>) -> Result<Report, Refusal> {
    let root = body.ok_or_else(|| bad_request("a REPORT says in its body what it reports"))?;
    if root.is(&Namespace::CardDav, "addressbook-multiget") {
        return multiget(root);
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
    check_address_data(root)?;
    Ok(Report::Multiget { wanted: wanted(root)?.unwrap_or(Wanted::All(Vec::new())), hrefs })
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
    check_address_data(root)?;
    let token = root.dav("sync-token").map(|token| token.text.trim()).unwrap_or_default();
    let limit = root.dav("limit").and_then(|limit| limit.dav("nresults"));
    let limit = limit.map(|results| match results.text.trim().parse() {
        Ok(0) | Err(_) => Err(bad_request("nresults is a number from 1")),
        Ok(limit) => Ok(limit),
    });
    let wanted = match wanted(root)? {
        Some(Wanted::These(asked)) => Wanted::These(asked),
        _ => return Err(bad_request("a sync-collection asks for prop")),
    };
    Ok(Report::SyncCollection { wanted, token: token.into(), limit: limit.transpose()? })
}

/// Cards are vCards in version 3.0 or 4.0; anything else asked for is refused (RFC 6352 8.7).
fn check_address_data(root: &Element) -> Result<(), Refusal> {
    let properties = root.dav("prop").map(|prop| prop.children.as_slice()).unwrap_or_default();
    for data in properties.iter().filter(|p| p.is(&Namespace::CardDav, "address-data")) {
        let kind = data.attribute("content-type").unwrap_or("text/vcard");
        let version = data.attribute("version").unwrap_or("3.0");
        if !kind.eq_ignore_ascii_case("text/vcard") || !matches!(version, "3.0" | "4.0") {
            let text = "cards are text/vcard in version 3.0 or 4.0";
            return Err(Refusal::violated(Condition::SupportedAddressData, text));
        }
    }
    Ok(())
}

/// The properties that a PROPPATCH sets or removes (RFC 4918 14.19).
pub(crate) fn proppatch(body: Option<&Element>) -> Result<Vec<Asked>, Refusal> {
    let root = body.filter(|root| root.is_dav("propertyupdate"));
    let root = root.ok_or_else(|| bad_request("the body is no DAV:propertyupdate"))?;
    let steps = root.children.iter().filter(|child| child.is_dav("set") || child.is_dav("remove"));
    let named: Vec<Asked> = steps.filter_map(|step| step.dav("prop")).flat_map(asked).collect();
    match named.is_empty() {
        true => Err(bad_request("a propertyupdate names at least one property")),
        false => Ok(named),
    }
}

pub(crate) fn bad_request(text: &str) -> Refusal {
    Refusal::plain(StatusCode::BAD_REQUEST, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::carddav::property::Property;
    use crate::carddav::xml::read;

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
        assert_eq!(proppatch(None).unwrap_err().status, 400);
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
            token: "t".into(),
            limit,
        };
        assert_eq!(read(&body("")).unwrap(), expected(None));
        assert_eq!(read(&limited("5")).unwrap(), expected(Some(5)));
        assert_eq!(read(&limited("0")).unwrap_err().status, 400);
        assert_eq!(read(&limited("x")).unwrap_err().status, 400);
    }
}
