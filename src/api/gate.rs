//! What happens around every request: a token needs the scope, and what changes something is
//! entered into the audit log.

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use hyper::{Method, StatusCode, header};

use crate::account::Role;
use crate::account::audit::AuditEntry;
use crate::account::device::Door;
use crate::api::asker::Named;
use crate::api::problem::Problem;
use crate::api::scope::{Needs, is_read, needs};
use crate::api::{Context, PREFIX, Shared};
use crate::auth::{Principal, actor};
use crate::contact::OrganizationId;
use crate::directory::system_clock;
use crate::http::Caller;

/// What the audit log shows of a long path.
const PATH_CHARS_MAX: usize = 200;
/// Changes that users make to their own credentials.
const OWN_CREDENTIALS: [&str; 3] = ["/me/password", "/me/app-passwords", "/setup"];

/// What a telephone system tells all day long is no administrative act.
const FEED: &str = "/presence";

/// What a handler made, for the audit log.
#[derive(Clone)]
pub(super) struct Made(pub(super) String);

/// Lets a request through to its handler.
pub(super) async fn pass(
    State(context): State<Shared>,
    route: MatchedPath,
    request: Request,
    next: Next,
) -> Response {
    let caller = request.extensions().get::<Caller>();
    let Some((caller, principal)) = caller.and_then(|c| Some((c.clone(), c.principal.clone()?)))
    else {
        return next.run(request).await;
    };
    let route = route.as_str().strip_prefix(PREFIX).unwrap_or(route.as_str()).to_owned();
    let method = request.method().clone();
    let act =
        is_act(&principal, &method, &route).then(|| Act::of(&request, principal.clone(), caller));
    let response = match refused(&principal, &method, &route) {
        Some(problem) => problem.into_response(),
        None => next.run(request).await,
    };
    if let Some(act) = act {
        act.note(&context, &response);
    }
    response
}

fn refused(principal: &Principal, method: &Method, route: &str) -> Option<Problem> {
    principal.scopes()?;
    let detail = match needs(method, route) {
        Some(Needs::Nothing) => return None,
        Some(Needs::Scope(scope)) if principal.allows(scope) => return None,
        Some(Needs::Scope(scope)) => {
            format!("this token does not have the scope `{}`", scope.name())
        }
        // No scope opens what the table does not name.
        None => "this is not for tokens with scopes".to_owned(),
    };
    Some(Problem::forbidden(detail))
}

/// Who can be called is told many times a minute, and is nobody's administrative act.
fn is_act(principal: &Principal, method: &Method, route: &str) -> bool {
    if route.starts_with(FEED) {
        return false;
    }
    let own = OWN_CREDENTIALS.iter().any(|path| route.starts_with(path));
    !is_read(method) && (own || principal.role >= Role::Admin)
}

/// A request that changes something.
struct Act {
    principal: Principal,
    caller: Caller,
    action: String,
    /// The organization that an operator names.
    named: Option<OrganizationId>,
}

impl Act {
    fn of(request: &Request, principal: Principal, caller: Caller) -> Self {
        let path = request.uri().path();
        let path = path.strip_prefix(PREFIX).unwrap_or(path);
        let action = format!("{} {}", request.method(), shortened(path));
        let named = Named::of(request.uri()).and_then(|id| OrganizationId::parse(&id));
        Self { principal, caller, action, named }
    }

    fn note(self, context: &Context, response: &Response) {
        let snapshot = context.directory.snapshot();
        let mut all = snapshot.organizations();
        let only = match (all.next(), all.next()) {
            (Some(only), None) => Some(only.id.clone()),
            _ => None,
        };
        let mut action = self.action;
        if let Some(made) = made(response) {
            action = format!("{action} -> {}", shortened(&made));
        }
        context.directory.note(AuditEntry {
            time: system_clock(),
            organization: self.principal.organization.clone().or(self.named).or(only),
            actor: actor(&snapshot, &self.principal).into(),
            address: Some(self.caller.peer.ip().to_canonical()),
            door: Door::Http.to_string().into(),
            action: action.into(),
            outcome: response.status().as_u16().to_string().into(),
            count: 1,
        });
    }
}

fn made(response: &Response) -> Option<String> {
    if let Some(Made(made)) = response.extensions().get() {
        return Some(made.clone());
    }
    let created = response.status() == StatusCode::CREATED;
    let place = response.headers().get(header::LOCATION).filter(|_| created)?.to_str().ok()?;
    Some(place.strip_prefix(PREFIX).unwrap_or(place).to_owned())
}

/// What is after the `?` is never shown: it may hold names.
fn shortened(path: &str) -> String {
    path.chars().filter(|c| !c.is_control()).take(PATH_CHARS_MAX).collect()
}
