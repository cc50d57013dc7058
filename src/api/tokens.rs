//! Tokens: secrets for programs at this door.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use hyper::StatusCode;
use jiff::Timestamp as Instant;
use serde_json::{Value, json};

use crate::account::Role;
use crate::account::device::{Scope, Token};
use crate::api::asker::{Asker, NoParams, Params};
use crate::api::contact_json::time;
use crate::api::input::Input;
use crate::api::problem::Problem;
use crate::api::secret::created_with_secret;
use crate::api::{Shared, last_use};
use crate::auth::Authenticator;
use crate::contact::Timestamp;
use crate::directory::{Edit, Request};

/// The longest name of a token.
const NAME_CHARS_MAX: usize = 100;

pub(super) async fn list(
    State(context): State<Shared>,
    asker: Asker,
    _: Params<NoParams>,
) -> Result<Json<Value>, Problem> {
    asker.must_be_admin()?;
    let snapshot = context.directory.snapshot();
    let tokens = snapshot.tokens().filter(|token| is_visible(&asker, token));
    let tokens: Vec<&Token> = tokens.collect();
    let keys = tokens.iter().map(|token| token.key()).collect();
    let items = tokens.iter().map(|token| shown(token)).collect();
    let items = last_use::add(&context, items, keys).await?;
    Ok(Json(json!({ "items": items })))
}

pub(super) async fn add(
    State(context): State<Shared>,
    asker: Asker,
    _: Params<NoParams>,
    mut input: Input,
) -> Result<Response, Problem> {
    asker.must_be_admin()?;
    let name = input.required("name")?;
    if name.chars().count() > NAME_CHARS_MAX {
        let detail = format!("a name has at most {NAME_CHARS_MAX} characters");
        return Err(Problem::field("name", detail));
    }
    let role = input.required("role")?;
    let roles = "role must be user, office-manager, admin or operator";
    let role = Role::parse(&role).ok_or_else(|| Problem::field("role", roles))?;
    if role > asker.principal.role || (role == Role::Operator && !asker.is_operator()) {
        return Err(Problem::forbidden("nobody gives a role above their own"));
    }
    let expires = expires(&mut input, (context.clock)())?;
    let scopes = scopes(&mut input)?;
    if let Some(own) = asker.principal.scopes()
        && (scopes.is_empty() || scopes.iter().any(|scope| !own.contains(scope)))
    {
        return Err(Problem::forbidden("a token gives no scope that it does not have"));
    }
    input.must_be_empty()?;
    let snapshot = context.directory.snapshot();
    let organization = match role {
        Role::Operator => None,
        _ => Some(asker.organization(&snapshot)?.id.clone()),
    };
    let (mut token, secret) = Authenticator::new_token(role, organization, &name)?;
    (token.expires, token.scopes) = (expires, scopes);
    let json = shown(&token);
    context.directory.commit(Request::one(Edit::PutToken(token))).await?;
    Ok(created_with_secret(json, &secret))
}

pub(super) async fn remove(
    State(context): State<Shared>,
    asker: Asker,
    Path(id): Path<String>,
    _: Params<NoParams>,
) -> Result<StatusCode, Problem> {
    asker.must_be_admin()?;
    let snapshot = context.directory.snapshot();
    let token = snapshot.token(&id).filter(|token| is_visible(&asker, token));
    let token = token.ok_or_else(|| Problem::absent("token"))?;
    context.directory.commit(Request::one(Edit::RemoveToken(token.id.clone()))).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Administrators see their organization's tokens, operators' tokens see all.
fn is_visible(asker: &Asker, token: &Token) -> bool {
    match &asker.principal.organization {
        None => asker.is_operator(),
        own => token.organization == *own && token.role <= asker.principal.role,
    }
}

/// All that the role may where none is named.
fn scopes(input: &mut Input) -> Result<Vec<Scope>, Problem> {
    let names = input.list("scopes")?.unwrap_or_default();
    let scope = |name: &String| {
        Scope::parse(name).ok_or_else(|| {
            let names = Scope::ALL.map(Scope::name).join(", ");
            Problem::field("scopes", format!("scopes can be {names}"))
        })
    };
    let mut scopes = names.iter().map(scope).collect::<Result<Vec<Scope>, Problem>>()?;
    scopes.sort();
    scopes.dedup();
    Ok(scopes)
}

fn expires(input: &mut Input, now: Timestamp) -> Result<Option<Timestamp>, Problem> {
    let Some(text) = input.text("expires")? else { return Ok(None) };
    let wrong =
        || Problem::field("expires", "expires must be a future time, as 2030-12-31T00:00:00Z");
    let expires = Timestamp(text.parse::<Instant>().map_err(|_| wrong())?.as_second());
    if expires > now { Ok(Some(expires)) } else { Err(wrong()) }
}

/// The token without its secret, which nobody knows any more.
fn shown(token: &Token) -> Value {
    let scopes: Vec<&str> = token.scopes.iter().map(|scope| scope.name()).collect();
    json!({
        "id": token.id, "name": token.name, "role": token.role.name(), "scopes": scopes,
        "organization": token.organization.as_ref().map(ToString::to_string),
        "created": time(token.created), "expires": token.expires.and_then(time),
    })
}
