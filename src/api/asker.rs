//! Who asks, and about which organization.

use axum::extract::{FromRequestParts, Query};
use hyper::StatusCode;
use hyper::http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::account::{Organization, Role};
use crate::api::problem::Problem;
use crate::auth::rights::{self, Operation};
use crate::auth::{Principal, Who};
use crate::contact::{Book, OrganizationId};
use crate::http::Caller;
use crate::index::Snapshot;

/// Who signed in, with the organization that an operator names.
#[derive(Debug)]
pub(super) struct Asker {
    pub(super) principal: Principal,
    named: Option<String>,
}

/// The parameter that every path takes.
#[derive(Deserialize)]
struct Named {
    organization: Option<String>,
}

impl<S: Sync> FromRequestParts<S> for Asker {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let caller = parts.extensions.get::<Caller>();
        let principal = caller.and_then(|caller| caller.principal.clone());
        let signed_in = principal.filter(|principal| principal.who != Who::Anonymous);
        let principal = signed_in.ok_or_else(|| {
            let detail = "sign in with a name and a password, or with a token";
            Problem::new(StatusCode::UNAUTHORIZED, detail)
        })?;
        let named = Query::<Named>::try_from_uri(&parts.uri).ok();
        Ok(Self { principal, named: named.and_then(|query| query.0.organization) })
    }
}

impl Asker {
    /// The organization asked about: the asker's own; operators name one where there are several.
    pub(super) fn organization<'a>(
        &self,
        snapshot: &'a Snapshot,
    ) -> Result<&'a Organization, Problem> {
        let absent = || Problem::absent("organization").with("field", json!("organization"));
        let named = match (&self.principal.organization, &self.named) {
            (Some(own), None) => own.clone(),
            (own, Some(named)) => {
                let id = OrganizationId::parse(named).ok_or_else(absent)?;
                if own.as_ref().is_some_and(|own| *own != id) {
                    return Err(absent());
                }
                id
            }
            (None, None) => {
                let mut all = snapshot.organizations();
                return match (all.next(), all.next()) {
                    (Some(only), None) => Ok(only),
                    _ => Err(Problem::field("organization", "say which: organization=ID")),
                };
            }
        };
        snapshot.organization(&named).ok_or_else(absent)
    }

    pub(super) fn is_admin(&self) -> bool {
        self.principal.role >= Role::Admin
    }

    /// Acts in all organizations. Whoever belongs to one is at most its administrator.
    pub(super) fn is_operator(&self) -> bool {
        self.principal.role >= Role::Operator && self.principal.organization.is_none()
    }

    /// # Errors
    /// 403 for all but administrators and operators.
    pub(super) fn must_be_admin(&self) -> Result<(), Problem> {
        if self.is_admin() { Ok(()) } else { Err(Problem::forbidden("only administrators may")) }
    }

    /// # Errors
    /// 403 for all but operators.
    pub(super) fn must_be_operator(&self) -> Result<(), Problem> {
        if self.is_operator() { Ok(()) } else { Err(Problem::forbidden("only operators may")) }
    }

    pub(super) fn may(
        &self,
        organization: &OrganizationId,
        book: Book,
        operation: Operation,
    ) -> bool {
        rights::may(&self.principal, organization, book, operation)
    }

    /// The book that a path names, where the asker may read it.
    ///
    /// # Errors
    /// 404, whether there is none or the asker may not see it.
    pub(super) fn book(&self, organization: &OrganizationId, name: &str) -> Result<Book, Problem> {
        let own = || self.principal.user().map(Book::Personal);
        let book = match name {
            "people" => Some(Book::People),
            "shared" => Some(Book::Shared),
            "personal" => own(),
            _ => None,
        };
        let readable = book.filter(|book| self.may(organization, *book, Operation::Read));
        readable.ok_or_else(|| Problem::absent("group"))
    }
}

/// The id of a book in paths.
pub(super) fn book_id(book: Book) -> &'static str {
    match book {
        Book::People => "people",
        Book::Shared => "shared",
        Book::Personal(_) => "personal",
    }
}

/// The parameters of a request; unknown ones are refused, for a misspelt one would change what is
/// done.
pub(super) struct Params<T>(pub(super) T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let params = Query::<T>::try_from_uri(&parts.uri);
        params.map(|query| Self(query.0)).map_err(|refused| Problem::bad(refused.body_text()))
    }
}

/// The parameters of paths that take none but `organization`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NoParams {
    #[serde(rename = "organization")]
    _organization: Option<String>,
}
