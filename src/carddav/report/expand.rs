//! The report `expand-property` (RFC 3253 3.8): properties, and in place of the hrefs in them the
//! properties of what they name.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use hyper::Response;
use hyper::header::HeaderMap;

use crate::carddav::answer::error::{Condition, Refusal};
use crate::carddav::answer::multistatus::{self, BEGIN, END, status_row};
use crate::carddav::answer::place::Place;
use crate::carddav::answer::property::Asked;
use crate::carddav::answer::row::{Data, Missing, Plan};
use crate::carddav::book::path::Resource;
use crate::carddav::book::view::Session;
use crate::carddav::request::depth::Depth;
use crate::carddav::request::elements::{Wanted, bad_request};
use crate::carddav::request::prefer::Preferences;
use crate::carddav::request::xml::{self, CALENDARSERVER, CARDDAV, Element, Namespace};
use crate::http::Body;
use crate::http::answer::full;

/// More resources in one answer are refused.
const RESOURCES_MAX: usize = 1000;
/// Longer answers are refused, in bytes.
const BYTES_MAX: usize = 4 << 20;
/// Requests for more properties are refused: each is looked for among all others.
const PROPERTIES_MAX: usize = 500;
/// What is declared around each row of a multistatus.
const SCOPE: [(&str, &str); 3] = [("", "DAV:"), ("C", CARDDAV), ("CS", CALENDARSERVER)];

/// A property that is wanted, and what of the resources that it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expanded {
    asked: Asked,
    inside: Vec<Self>,
}

/// Reads the body; None where it asks for another report.
///
/// # Errors
/// 400 where a property has no name, or there are very many.
pub(crate) fn of(root: &Element) -> Result<Option<Vec<Expanded>>, Refusal> {
    let mut left = PROPERTIES_MAX;
    root.is_dav("expand-property").then(|| properties(root, &mut left)).transpose()
}

fn properties(element: &Element, left: &mut usize) -> Result<Vec<Expanded>, Refusal> {
    let named = element.children.iter().filter(|child| child.is_dav("property"));
    let property = |property: &Element| {
        let many = || bad_request("a report names at most 500 properties");
        *left = left.checked_sub(1).ok_or_else(many)?;
        let name = property.attribute("name").filter(|name| xml::is_name(name));
        let name = name.ok_or_else(|| bad_request("a property has a name"))?;
        let namespace = property.attribute("namespace").unwrap_or("DAV:");
        let asked = Asked::named(&Namespace::of(namespace), name);
        Ok(Expanded { asked, inside: properties(property, left)? })
    };
    named.map(property).collect()
}

pub(crate) async fn answer(
    session: &Arc<Session>,
    resource: &Resource,
    headers: &HeaderMap,
    wanted: &[Expanded],
) -> Result<Response<Body>, Refusal> {
    if !session.sees(resource) {
        return Err(Refusal::not_found());
    }
    Depth::must_be_zero(headers)?;
    let preferences = Preferences::of(headers);
    let mut expansion = Expansion { session, missing: preferences.missing, count: 0, bytes: 0 };
    let row = expansion.row(resource, &resource.href(&**session), wanted).await?;
    let mut out = BEGIN.to_vec();
    if let Some(row) = row {
        xml::write(&row, &SCOPE, &mut out);
    }
    out.extend_from_slice(END);
    let mut response = multistatus::response(full(out));
    preferences.tell(&mut response);
    Ok(response)
}

/// An answer that grows.
struct Expansion<'a> {
    session: &'a Arc<Session>,
    missing: Missing,
    count: usize,
    bytes: usize,
}

type Row<'a> = Pin<Box<dyn Future<Output = Result<Option<Element>, Refusal>> + Send + 'a>>;

impl Expansion<'_> {
    /// The `response` of a resource, with those of others in it.
    fn row<'a>(
        &'a mut self,
        resource: &'a Resource,
        href: &'a str,
        wanted: &'a [Expanded],
    ) -> Row<'a> {
        Box::pin(async move {
            self.count += 1;
            if self.count > RESOURCES_MAX {
                let text = format!("an answer has at most {RESOURCES_MAX} resources");
                return Err(Refusal::violated(Condition::NumberOfMatchesWithinLimits, text));
            }
            let asked = wanted.iter().map(|wanted| wanted.asked.clone()).collect();
            let mut text = BEGIN.to_vec();
            self.plain_row(resource, href, &Wanted::These(asked), &mut text).await;
            self.bytes += text.len();
            if self.bytes > BYTES_MAX {
                let text = format!("an answer has at most {BYTES_MAX} bytes");
                return Err(Refusal::violated(Condition::NumberOfMatchesWithinLimits, text));
            }
            text.extend_from_slice(END);
            // Others have their turn.
            tokio::task::yield_now().await;
            let Some(mut row) = xml::read(&text)?.and_then(|mut root| root.children.pop()) else {
                return Ok(None);
            };
            for propstat in row.children.iter_mut().filter(|child| child.is_dav("propstat")) {
                for prop in propstat.children.iter_mut().filter(|child| child.is_dav("prop")) {
                    for property in &mut prop.children {
                        let inside =
                            wanted.iter().find(|wanted| wanted.asked == Asked::of(property));
                        let inside = inside.map(|wanted| wanted.inside.as_slice());
                        if let Some(inside) = inside.filter(|inside| !inside.is_empty()) {
                            self.expand(property, inside).await?;
                        }
                    }
                }
            }
            Ok(Some(row))
        })
    }

    /// Puts the rows of the resources that a property names in the place of their hrefs.
    async fn expand(&mut self, property: &mut Element, inside: &[Expanded]) -> Result<(), Refusal> {
        for child in property.children.iter_mut().filter(|child| child.is_dav("href")) {
            let href = std::mem::take(&mut child.text);
            let named = Resource::of_href(&href, &**self.session);
            // What is no resource of this server, such as a UUID, stays as it is.
            let row = match &named {
                Some(named) => self.row(named, &href, inside).await?,
                None => None,
            };
            match row {
                Some(row) => *child = Element { position: child.position, ..row },
                None => child.text = href,
            }
        }
        Ok(())
    }

    async fn plain_row(&self, resource: &Resource, href: &str, wanted: &Wanted, out: &mut Vec<u8>) {
        let session = self.session;
        let missing = self.missing;
        match resource {
            Resource::Card(id, book, name) => {
                let view = session.book(id, *book);
                let row = view.as_ref().and_then(|view| Some((view, view.find(name)?)));
                if let Some((view, row)) = row {
                    let plan = Plan::new(view, wanted, missing, Data::Unknown);
                    return plan.row_as(view, row.contact(), href, out).await;
                }
            }
            Resource::Book(id, book) => {
                if let Some(view) = session.book(id, *book) {
                    return Place::Book(&view).row(wanted, missing, out);
                }
            }
            other if session.sees(other) => {
                return Place::Other(session, other).row(wanted, missing, out);
            }
            _ => {}
        }
        status_row(href, hyper::StatusCode::NOT_FOUND, out);
    }
}
