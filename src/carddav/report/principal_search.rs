//! The answers to the reports about principals (RFC 3744 9.2 to 9.5).

use std::sync::Arc;

use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use hyper::{Response, StatusCode};

use crate::account::User;
use crate::auth::sight::nobody_is_present;
use crate::carddav::answer::error::{Condition, Refusal};
use crate::carddav::answer::multistatus::{self, BEGIN, DECLARATION, END};
use crate::carddav::answer::place::Place;
use crate::carddav::answer::property::{Asked, Property};
use crate::carddav::book::path::Resource;
use crate::carddav::book::view::Session;
use crate::carddav::report::principal_report::{
    PrincipalReport, SEARCHABLE, Search, Term, TextPlace,
};
use crate::carddav::request::depth::Depth;
use crate::carddav::request::prefer::Preferences;
use crate::carddav::request::xml::{self, CARDDAV};
use crate::contact::Book;
use crate::contact::card::{Field, FieldSet};
use crate::contact::query::{Query, TextPattern, Truth};
use crate::http::Body;
use crate::http::answer::full;
use crate::index::Step;

/// More principals are not told; the answer says that there are more.
const FOUND_MAX: usize = 1000;
/// Nor are more where so much is told already: an answer is held whole.
const ANSWER_BYTES_MAX: usize = 8 << 20;
/// Other requests are looked after when so many people were looked at.
const ROWS_PER_STEP: usize = 2000;
/// How many people are looked at where the index does not help: a whole organization.
const LOOK_THROUGH: usize = 200_000;

pub(crate) async fn answer(
    session: &Arc<Session>,
    resource: &Resource,
    headers: &HeaderMap,
    report: &PrincipalReport,
) -> Result<Response<Body>, Refusal> {
    if !session.sees(resource) {
        return Err(Refusal::not_found());
    }
    Depth::must_be_zero(headers)?;
    let preferences = Preferences::of(headers);
    let (found, wanted) = match report {
        PrincipalReport::Searchable => return searchable(resource),
        PrincipalReport::AclPrincipals { wanted } => (vec![own(session)], wanted),
        PrincipalReport::Match { by, wanted } => (matching(session, resource, by.as_ref()), wanted),
        PrincipalReport::Search(search) => {
            let users = found(session, resource, search).await;
            let of = |user: &User| Resource::Principal(user.principal.clone());
            (users.into_iter().map(of).collect(), &search.wanted)
        }
    };
    let mut out = BEGIN.to_vec();
    let mut told = 0;
    for resource in found.iter().take(FOUND_MAX) {
        if out.len() > ANSWER_BYTES_MAX {
            break;
        }
        with_place(session, resource, |place| place.row(wanted, preferences.missing, &mut out));
        told += 1;
    }
    if told < found.len() {
        multistatus::cut_row(&resource.href(&**session), &mut out);
    }
    out.extend_from_slice(END);
    let mut response = multistatus::response(full(out));
    preferences.tell(&mut response);
    Ok(response)
}

fn own(session: &Session) -> Resource {
    Resource::Principal(session.user.principal.clone())
}

/// Hands on a resource that is no card, if it is there.
fn with_place(session: &Arc<Session>, resource: &Resource, use_it: impl FnOnce(&Place<'_>)) {
    match resource {
        Resource::Book(id, book) => {
            if let Some(view) = session.book(id, *book) {
                use_it(&Place::Book(&view));
            }
        }
        other => use_it(&Place::Other(session, other)),
    }
}

/// What is asked of the principals below a resource is asked of none below a home.
fn holds_principals(resource: &Resource) -> bool {
    matches!(resource, Resource::Top | Resource::Root | Resource::Principals)
}

/// The asker's principal, or the collections that are the asker's by one of their properties.
fn matching(session: &Arc<Session>, resource: &Resource, by: Option<&Asked>) -> Vec<Resource> {
    let Some(by) = by else {
        let own = own(session);
        let here = holds_principals(resource) || *resource == own;
        return here.then_some(own).into_iter().collect();
    };
    // Below a home its own books, above the homes those of the one that this program is told of.
    let id = match resource {
        Resource::Home(id) => id.clone(),
        _ => session.home(),
    };
    let home = || Resource::Home(id.clone());
    let books = || {
        let books = session.listed_books(&id).into_iter();
        books.map(|book| Resource::Book(id.clone(), book))
    };
    let candidates: Vec<Resource> = match resource {
        Resource::Top | Resource::Root => {
            [own(session), home()].into_iter().chain(books()).collect()
        }
        Resource::Principals => vec![own(session)],
        Resource::Homes => [home()].into_iter().chain(books()).collect(),
        Resource::Home(_) => books().collect(),
        _ => Vec::new(),
    };
    let own = own(session);
    let names_asker = |candidate: &Resource| {
        let mut value = format!("<value xmlns='DAV:' xmlns:C='{CARDDAV}' xmlns:CS='{CARDDAV}'>");
        let mut property = Vec::new();
        with_place(session, candidate, |place| {
            place.asked(by, &place.kept(), &mut property);
        });
        value.push_str(&String::from_utf8_lossy(&property));
        value.push_str("</value>");
        let value = xml::read(value.as_bytes()).ok().flatten();
        let hrefs = value.iter().flat_map(|value| &value.children).flat_map(|p| &p.children);
        let mut hrefs = hrefs.filter(|child| child.is_dav("href"));
        hrefs.any(|href| Resource::of_href(&href.text, &**session).as_ref() == Some(&own))
    };
    candidates.into_iter().filter(names_asker).collect()
}

/// One more than are told, where there are more.
async fn found<'s>(
    session: &'s Arc<Session>,
    resource: &Resource,
    search: &Search,
) -> Vec<&'s User> {
    if !search.everywhere && !holds_principals(resource) {
        return Vec::new();
    }
    let Some(sight) = session.sight() else { return Vec::new() };
    let Some(extent) = sight.extent(Book::People.into(), &nobody_is_present) else {
        return Vec::new();
    };
    let terms = search.terms.iter().map(meaning).collect();
    let query = if search.all { Query::And(terms) } else { Query::Or(terms) };
    let mut matches = sight.search(&extent, &query, LOOK_THROUGH);
    let mut users = Vec::new();
    while users.len() <= FOUND_MAX {
        match matches.step(ROWS_PER_STEP) {
            Step::Found(row) => users.extend(session.snapshot.user(row.id)),
            Step::Paused => tokio::task::yield_now().await,
            Step::End => break,
        }
    }
    users
}

/// What a term means for the cards of people. By any other property nobody is found.
fn meaning(term: &Term) -> Query {
    let text = &*term.text;
    let pattern = || match term.place {
        TextPlace::Anywhere => TextPattern::contains(text),
        TextPlace::Start => TextPattern::starts_with(text),
        TextPlace::End => TextPattern::ends_with(text),
        TextPlace::Whole => TextPattern::equals(text),
    };
    let each = term.properties.iter().map(|property| {
        let field = match property {
            Asked::Known(Property::DisplayName) => Field::FormattedName,
            Asked::Known(Property::EmailAddressSet) => Field::Email,
            Asked::Known(Property::FirstName) => Field::GivenName,
            Asked::Known(Property::LastName) => Field::FamilyName,
            _ => return Query::Constant(Truth::False),
        };
        Query::Text(FieldSet::of(&[field]), pattern())
    });
    Query::And(each.collect())
}

fn searchable(resource: &Resource) -> Result<Response<Body>, Refusal> {
    if *resource != Resource::Principals {
        let text = "this report is asked of the collection of principals";
        return Err(Refusal::violated(Condition::SupportedReport, text));
    }
    let mut out = DECLARATION.to_vec();
    out.extend_from_slice(
        b"<principal-search-property-set xmlns=\"DAV:\" \
        xmlns:CS=\"http://calendarserver.org/ns/\">\n",
    );
    for (property, description) in SEARCHABLE {
        let name = property.name();
        let row = format!(
            "<principal-search-property><prop><{name}/></prop>\
            <description xml:lang=\"en\">{description}</description></principal-search-property>\n"
        );
        out.extend_from_slice(row.as_bytes());
    }
    out.extend_from_slice(b"</principal-search-property-set>\n");
    let mut response = Response::new(full(out));
    *response.status_mut() = StatusCode::OK;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(multistatus::XML));
    Ok(response)
}
