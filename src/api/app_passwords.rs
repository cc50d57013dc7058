//! App passwords: one secret for each device of a user.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use hyper::StatusCode;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::account::device::{AppPassword, Door, Doors};
use crate::api::asker::{Asker, NoParams, Params};
use crate::api::contact_json::time;
use crate::api::input::Input;
use crate::api::problem::Problem;
use crate::api::secret::created_with_secret;
use crate::api::{Context, Shared, last_use, users};
use crate::auth::{Authenticator, sign_in_dn};
use crate::contact::UserId;
use crate::directory::{Edit, Request};
use crate::index::Snapshot;

/// The longest name of an app password.
const NAME_CHARS_MAX: usize = 100;
/// App passwords of one user.
const OWN_MAX: usize = 50;

pub(super) async fn list_own(
    State(context): State<Shared>,
    asker: Asker,
    _: Params<NoParams>,
) -> Result<Json<Value>, Problem> {
    let user = owner(&asker)?;
    list(&context, user).await
}

pub(super) async fn add_own(
    State(context): State<Shared>,
    asker: Asker,
    _: Params<NoParams>,
    input: Input,
) -> Result<Response, Problem> {
    let user = owner(&asker)?;
    add(&context, user, input).await
}

pub(super) async fn remove_own(
    State(context): State<Shared>,
    asker: Asker,
    Path(id): Path<String>,
    _: Params<NoParams>,
) -> Result<StatusCode, Problem> {
    let user = owner(&asker)?;
    remove(&context, user, &id).await
}

pub(super) async fn list_of(
    State(context): State<Shared>,
    asker: Asker,
    Path(name): Path<String>,
    _: Params<NoParams>,
) -> Result<Json<Value>, Problem> {
    let user = subordinate(&context, &asker, &name)?;
    list(&context, user).await
}

pub(super) async fn add_of(
    State(context): State<Shared>,
    asker: Asker,
    Path(name): Path<String>,
    _: Params<NoParams>,
    input: Input,
) -> Result<Response, Problem> {
    let user = subordinate(&context, &asker, &name)?;
    add(&context, user, input).await
}

pub(super) async fn remove_of(
    State(context): State<Shared>,
    asker: Asker,
    Path((name, id)): Path<(String, String)>,
    _: Params<NoParams>,
) -> Result<StatusCode, Problem> {
    let user = subordinate(&context, &asker, &name)?;
    remove(&context, user, &id).await
}

/// Whose app passwords `/me` are.
///
/// # Errors
/// 403 for all but users who showed their password: a lost device must not make itself another key.
pub(super) fn owner(asker: &Asker) -> Result<UserId, Problem> {
    asker.principal.owner_of_credentials().ok_or_else(|| {
        Problem::forbidden("sign in with your login name and password to change credentials")
    })
}

/// A user whose app passwords an administrator changes.
fn subordinate(context: &Context, asker: &Asker, name: &str) -> Result<UserId, Problem> {
    asker.must_be_admin()?;
    let snapshot = context.directory.snapshot();
    let organization = asker.organization(&snapshot)?;
    let user = users::find(&snapshot, organization, name)?;
    users::may_change(asker, user)?;
    Ok(user.id)
}

async fn list(context: &Context, user: UserId) -> Result<Json<Value>, Problem> {
    let snapshot = context.directory.snapshot();
    let apps = snapshot.app_passwords(user);
    let keys = apps.iter().map(AppPassword::key).collect();
    let items = last_use::add(context, apps.iter().map(shown).collect(), keys).await?;
    Ok(Json(json!({ "items": items })))
}

async fn add(context: &Context, user: UserId, mut input: Input) -> Result<Response, Problem> {
    let name = input.required("name")?;
    if name.chars().count() > NAME_CHARS_MAX {
        let detail = format!("a name has at most {NAME_CHARS_MAX} characters");
        return Err(Problem::field("name", detail));
    }
    let doors = doors(&mut input)?;
    input.must_be_empty()?;
    let (app, secret) = make(context, user, &name, doors).await?;
    let mut json = shown(&app);
    if let Value::Object(json) = &mut json {
        let dn = dn(&context.directory.snapshot(), user);
        json.extend(dn.map(|dn| ("dn".to_owned(), Value::from(dn))));
    }
    Ok(created_with_secret(json, &secret))
}

/// Makes an app password; its secret is known only here.
///
/// # Errors
/// 409 where the user has as many as allowed.
pub(super) async fn make(
    context: &Context,
    user: UserId,
    name: &str,
    doors: Doors,
) -> Result<(AppPassword, Zeroizing<String>), Problem> {
    let _turn = context.authenticator.account_changes().await;
    if context.directory.snapshot().app_passwords(user).len() >= OWN_MAX {
        let detail = format!("a user has at most {OWN_MAX} app passwords; remove one first");
        return Err(Problem::new(StatusCode::CONFLICT, detail));
    }
    let (app, secret) = Authenticator::new_app_password(user, name, doors)?;
    context.directory.commit(Request::one(Edit::PutAppPassword(app.clone()))).await?;
    Ok((app, secret))
}

async fn remove(context: &Context, user: UserId, id: &str) -> Result<StatusCode, Problem> {
    let snapshot = context.directory.snapshot();
    let app = snapshot.app_passwords(user).iter().find(|app| &*app.id == id);
    let app = app.ok_or_else(|| Problem::absent("app password"))?;
    let edit = Edit::RemoveAppPassword(user, app.id.clone());
    context.directory.commit(Request::one(edit)).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn doors(input: &mut Input) -> Result<Doors, Problem> {
    let wrong = || {
        let names = Door::ALL.map(Door::name).join(", ");
        Problem::field("doors", format!("doors must be a list of {names}"))
    };
    let names = input.list("doors")?.unwrap_or_default();
    let doors = names.iter().map(|name| Door::parse(name).ok_or_else(wrong));
    let doors = Doors::of(doors.collect::<Result<Vec<Door>, Problem>>()?);
    if doors.is_empty() { Err(wrong()) } else { Ok(doors) }
}

/// What phones that want a DN sign in with at LDAP.
fn dn(snapshot: &Snapshot, user: UserId) -> Option<String> {
    let user = snapshot.user(user)?;
    let organization = snapshot.organization(&user.organization)?;
    Some(sign_in_dn(user, organization))
}

/// The app password without its secret, which nobody knows any more.
fn shown(app: &AppPassword) -> Value {
    let doors: Vec<&str> = app.doors.iter().map(Door::name).collect();
    json!({ "id": app.id, "name": app.name, "doors": doors, "created": time(app.created) })
}
