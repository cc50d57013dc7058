//! Users: for administrators the accounts, for everybody the listed people and one's own card.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use hyper::{StatusCode, header};
use serde_json::{Map, Value, json};

use crate::account::{Organization, PresenceVisibility, Role, SecretHash, User};
use crate::api::asker::{Asker, NoParams, Params};
use crate::api::contact_json::Shower;
use crate::api::input::Input;
use crate::api::listing::{LOOK_THROUGH, ListParams, Listing};
use crate::api::problem::Problem;
use crate::api::user_edit::{self, UserEdit};
use crate::api::{Context, Shared};
use crate::contact::card::FieldSet;
use crate::contact::{Book, ContactId, UserId};
use crate::directory::{CommitError, Edit, Precondition, Request, new_id};
use crate::import::person::{self, NewUser, is_taken_in};
use crate::index::{Extent, Search, Snapshot};

/// How often a change is tried again because another one came first.
const ATTEMPTS_MAX: usize = 5;

pub(super) async fn list(
    State(context): State<Shared>,
    asker: Asker,
    Params(params): Params<ListParams>,
) -> Result<Json<Value>, Problem> {
    asker.must_be_admin()?;
    let snapshot = context.directory.snapshot();
    let sight = asker.sight(&snapshot)?;
    let organization = sight.organization;
    let listing = Listing::of(&params, organization)?;
    let query = params.query(&organization.derivation.numbering);
    let extent = Extent::of(&[Book::People]);
    let search = Search {
        organization: &organization.id,
        extent: &extent,
        query: &query,
        viewer: asker.principal.viewer(),
        unlisted: true,
        look_through: LOOK_THROUGH,
    };
    let find = |id: ContactId| snapshot.contact(&organization.id, id);
    let part = listing.part(snapshot.search(&search), |_| FieldSet::EMPTY, find);
    let users = part.rows.iter().filter_map(|row| snapshot.user(row.id));
    let shower = Shower { sight: &sight, presence: &context.presence };
    let items = users.filter_map(|user| shown(&asker, shower, user)).collect();
    Ok(Json(part.answer(items)))
}

pub(super) async fn show(
    State(context): State<Shared>,
    asker: Asker,
    Path(name): Path<String>,
    _: Params<NoParams>,
) -> Result<Json<Value>, Problem> {
    let snapshot = context.directory.snapshot();
    let sight = asker.sight(&snapshot)?;
    let user = find(&snapshot, sight.organization, &name)?;
    let shower = Shower { sight: &sight, presence: &context.presence };
    shown(&asker, shower, user).map(Json).ok_or_else(|| Problem::absent("user"))
}

pub(super) async fn add(
    State(context): State<Shared>,
    asker: Asker,
    _: Params<NoParams>,
    input: Input,
) -> Result<Response, Problem> {
    asker.must_be_admin()?;
    let edit = UserEdit::read(input, &asker)?;
    let password = edit.hashed_password(&context.authenticator).await?.flatten();
    let id = new_id();
    let _turn = context.authenticator.account_changes().await;
    for _ in 0..ATTEMPTS_MAX {
        let snapshot = context.directory.snapshot();
        let organization = asker.organization(&snapshot)?;
        let new = NewUser {
            id,
            organization: organization.id.clone(),
            card: edit.new_card()?,
            login: edit.login.clone().flatten(),
            password: password.clone(),
            role: edit.role.unwrap_or(Role::User),
            listed: edit.listed.unwrap_or(true),
            presence: PresenceVisibility::of(edit.presence_shown.unwrap_or(true)),
            created: (context.clock)(),
        };
        let (user, draft) = new.make(is_taken_in(&snapshot));
        let segment = user.principal.clone();
        let edits = vec![Edit::PutContact { id, draft }, Edit::PutUser(user)];
        match context.directory.commit(Request { edits, preconditions: Vec::new() }).await {
            // Somebody else got the path segment first: the next one is free.
            Err(CommitError::LoginTaken { login }) if login == segment => {}
            done => {
                done?;
                return Ok(created(&context, &asker, id));
            }
        }
    }
    Err(user_edit::contended())
}

/// 201 with the user as it is now.
fn created(context: &Context, asker: &Asker, id: UserId) -> Response {
    let snapshot = context.directory.snapshot();
    let shown = asker.sight(&snapshot).ok().zip(snapshot.user(id)).and_then(|(sight, user)| {
        let key = user.extension.as_deref().map_or_else(|| id.to_string(), str::to_owned);
        let key = percent_encoding::utf8_percent_encode(&key, percent_encoding::NON_ALPHANUMERIC);
        let shower = Shower { sight: &sight, presence: &context.presence };
        Some((format!("/api/v1/users/{key}"), shown(asker, shower, user)?))
    });
    match shown {
        Some((place, json)) => {
            (StatusCode::CREATED, [(header::LOCATION, place)], Json(json)).into_response()
        }
        // Removed again in the meantime.
        None => StatusCode::CREATED.into_response(),
    }
}

pub(super) async fn change(
    State(context): State<Shared>,
    asker: Asker,
    Path(name): Path<String>,
    _: Params<NoParams>,
    input: Input,
) -> Result<Json<Value>, Problem> {
    may_change_card(&asker, &context.directory.snapshot(), &name)?;
    let edit = UserEdit::read(input, &asker)?;
    let password = edit.hashed_password(&context.authenticator).await?;
    let _turn = context.authenticator.account_changes().await;
    for _ in 0..ATTEMPTS_MAX {
        let request = changed(&context.directory.snapshot(), &asker, (&name, &edit), &password)?;
        match context.directory.commit(request).await {
            Err(CommitError::Changed) => {}
            done => {
                done?;
                let snapshot = context.directory.snapshot();
                let sight = asker.sight(&snapshot)?;
                let user = find(&snapshot, sight.organization, &name)?;
                let shower = Shower { sight: &sight, presence: &context.presence };
                let shown = shown(&asker, shower, user);
                return shown.map(Json).ok_or_else(|| Problem::absent("user"));
            }
        }
    }
    Err(user_edit::contended())
}

/// The user and the card with what was sent in its place.
fn changed(
    snapshot: &Snapshot,
    asker: &Asker,
    (name, edit): (&str, &UserEdit),
    password: &Option<Option<SecretHash>>,
) -> Result<Request, Problem> {
    let organization = asker.organization(snapshot)?;
    let old = find(snapshot, organization, name)?;
    may_change(asker, old)?;
    let row = snapshot.contact(&organization.id, old.id).ok_or_else(|| Problem::absent("user"))?;
    if !asker.is_admin() {
        edit.may_be_own(&row.card, organization)?;
    }
    let card = edit.changed_card(&row.card)?;
    let user = User {
        extension: old.extension.clone().or_else(|| edit.extension.clone()),
        login: edit.login.clone().unwrap_or_else(|| old.login.clone()),
        email: person::email(&card),
        role: edit.role.unwrap_or(old.role),
        password: password.clone().unwrap_or_else(|| old.password.clone()),
        presence: edit.presence_shown.map_or(old.presence, PresenceVisibility::of),
        ..old.clone()
    };
    let listed = edit.listed.unwrap_or(row.listed);
    let mut draft = person::person_draft(organization.id.clone(), card, listed);
    (draft.name, draft.uid) = (row.name.clone(), row.uid.clone());
    let condition = Precondition::AtRevision { id: row.id, revision: row.revision };
    let edits = vec![Edit::PutContact { id: row.id, draft }, Edit::PutUser(user)];
    Ok(Request { edits, preconditions: vec![condition] })
}

/// Administrators change everybody, others some fields of their own card.
fn may_change_card(asker: &Asker, snapshot: &Snapshot, name: &str) -> Result<(), Problem> {
    if asker.is_admin() {
        return Ok(());
    }
    let sight = asker.sight(snapshot)?;
    let user = find(snapshot, sight.organization, name)?;
    let own = asker.principal.user() == Some(user.id);
    match sight.contact(user.id) {
        _ if own => Ok(()),
        Some(_) => Err(Problem::forbidden("only administrators change the cards of others")),
        None => Err(Problem::absent("user")),
    }
}

pub(super) async fn remove(
    State(context): State<Shared>,
    asker: Asker,
    Path(name): Path<String>,
    _: Params<NoParams>,
) -> Result<StatusCode, Problem> {
    asker.must_be_admin()?;
    let snapshot = context.directory.snapshot();
    let organization = asker.organization(&snapshot)?;
    let user = find(&snapshot, organization, &name)?;
    may_change(&asker, user)?;
    context.directory.commit(Request::one(Edit::RemoveUser(user.id))).await?;
    context.presence.forget(&organization.id, user.id);
    Ok(StatusCode::NO_CONTENT)
}

/// A user by extension, or by id where there is none.
pub(super) fn find<'a>(
    snapshot: &'a Snapshot,
    organization: &Organization,
    name: &str,
) -> Result<&'a User, Problem> {
    let has_extension =
        |user: &&User| user.extension.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(name));
    let by_extension = snapshot.user_by_login(&organization.id, name).filter(has_extension);
    let by_id = || ContactId::parse(name).and_then(|id| snapshot.user(id));
    let user = by_extension.or_else(by_id).filter(|user| user.organization == organization.id);
    user.ok_or_else(|| Problem::absent("user"))
}

/// Nobody changes who stands above them.
pub(super) fn may_change(asker: &Asker, user: &User) -> Result<(), Problem> {
    if user.role > asker.principal.role {
        return Err(Problem::forbidden("this user has a higher role than you"));
    }
    Ok(())
}

/// The user as the asker sees them; administrators and the user also see the account.
fn shown(asker: &Asker, shower: Shower<'_>, user: &User) -> Option<Value> {
    let sight = shower.sight;
    let row = sight.snapshot.contact(&sight.organization.id, user.id)?;
    let account = asker.principal.user() == Some(user.id) || asker.is_admin();
    if !(account || sight.sees(row.contact())) {
        return None;
    }
    let mut json: Map<String, Value> = shower.contact(row.contact());
    if account {
        let account = json!({
            "organization": sight.organization.id.as_str(), "role": user.role.name(),
            "listed": row.listed, "login": user.login, "email": user.email,
            "principal": user.principal, "signs_in": user.password.is_some(),
            "presence_shown": user.presence.is_shown(),
        });
        json.extend(account.as_object().cloned().unwrap_or_default());
    }
    json.entry("extension").or_insert(Value::Null);
    Some(Value::Object(json))
}
