//! Who asks, and about which organization.

use axum::extract::{FromRequestParts, Query};
use hyper::http::request::Parts;
use hyper::{StatusCode, Uri};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::account::{Organization, Role};
use crate::api::problem::Problem;
use crate::auth::sight::Sight;
use crate::auth::{Principal, Who};
use crate::contact::OrganizationId;
use crate::contact::book::AddressBook;
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
pub(super) struct Named {
    organization: Option<String>,
}

impl Named {
    /// The organization that a request names.
    pub(super) fn of(uri: &Uri) -> Option<String> {
        Query::<Self>::try_from_uri(uri).ok().and_then(|query| query.0.organization)
    }
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
        Ok(Self { principal, named: Named::of(&parts.uri) })
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

    /// What the asker sees of the organization asked about.
    ///
    /// # Errors
    /// 404 where there is no such organization for the asker.
    pub(super) fn sight<'a>(&'a self, snapshot: &'a Snapshot) -> Result<Sight<'a>, Problem> {
        let organization = &self.organization(snapshot)?.id;
        let sight = Sight::of(snapshot, &self.principal, organization);
        sight.ok_or_else(|| Problem::absent("organization"))
    }
}

/// The book that a path names, where the asker may read it.
///
/// # Errors
/// 404, whether there is none or the asker may not see it.
pub(super) fn book(sight: &Sight<'_>, name: &str) -> Result<AddressBook, Problem> {
    let book = AddressBook::parse(name, sight.owner()).filter(|book| sight.reads(*book));
    book.ok_or_else(|| Problem::absent("group"))
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
