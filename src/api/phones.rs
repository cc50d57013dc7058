//! Phone accounts: what desk phones sign in with at LDAP.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use hyper::StatusCode;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::account::SecretHash;
use crate::account::device::PhoneAccount;
use crate::api::asker::{Asker, NoParams, Params};
use crate::api::input::Input;
use crate::api::phone_edit::{PhoneEdit, shown};
use crate::api::problem::Problem;
use crate::api::secret::created_with_secret;
use crate::api::{Context, Shared, last_use};
use crate::auth::Authenticator;
use crate::directory::{Edit, Request};

/// The longest name of a phone account: some phones have short input fields.
const NAME_CHARS_MAX: usize = 64;
/// The old secret and the new one, while phones go from one to the other.
const SECRETS_MAX: usize = 2;

pub(super) async fn list(
    State(context): State<Shared>,
    asker: Asker,
    _: Params<NoParams>,
) -> Result<Json<Value>, Problem> {
    asker.must_be_admin()?;
    let snapshot = context.directory.snapshot();
    let organization = asker.organization(&snapshot)?;
    let phones: Vec<&PhoneAccount> = snapshot.phones(&organization.id).collect();
    let keys = phones.iter().map(|phone| phone.key()).collect();
    let items = phones.iter().map(|phone| shown(phone, &snapshot, organization)).collect();
    let items = last_use::add(&context, items, keys).await?;
    Ok(Json(json!({ "items": items })))
}

pub(super) async fn show(
    State(context): State<Shared>,
    asker: Asker,
    Path(name): Path<String>,
    _: Params<NoParams>,
) -> Result<Json<Value>, Problem> {
    asker.must_be_admin()?;
    let snapshot = context.directory.snapshot();
    let organization = asker.organization(&snapshot)?;
    let phone = snapshot.phone(&organization.id, &name).ok_or_else(|| Problem::absent("phone"))?;
    let shown = shown(phone, &snapshot, organization);
    Ok(Json(last_use::add_one(&context, shown, phone.key()).await?))
}

pub(super) async fn add(
    State(context): State<Shared>,
    asker: Asker,
    _: Params<NoParams>,
    mut input: Input,
) -> Result<Response, Problem> {
    asker.must_be_admin()?;
    let name = name(&mut input)?;
    let edit = PhoneEdit::read(&mut input)?;
    let (secret, hash) = secret(&context, &mut input).await?;
    input.must_be_empty()?;
    let _turn = context.authenticator.account_changes().await;
    let snapshot = context.directory.snapshot();
    let organization = asker.organization(&snapshot)?;
    if snapshot.phone(&organization.id, &name).is_some() {
        let detail = "there is a phone account with this name; remove it first";
        let conflict = Problem::new(StatusCode::CONFLICT, detail);
        return Err(conflict.with("field", json!("name")));
    }
    let mut phone = PhoneAccount::new(organization.id.clone(), &name, vec![hash]);
    edit.apply(&mut phone, &snapshot, organization)?;
    let json = shown(&phone, &snapshot, organization);
    context.directory.commit(Request::one(Edit::PutPhone(phone))).await?;
    Ok(created_with_secret(json, &secret))
}

/// Changes all but name and secrets. Connections from networks that are no longer allowed end.
pub(super) async fn change(
    State(context): State<Shared>,
    asker: Asker,
    Path(name): Path<String>,
    _: Params<NoParams>,
    mut input: Input,
) -> Result<Json<Value>, Problem> {
    asker.must_be_admin()?;
    let edit = PhoneEdit::read(&mut input)?;
    input.must_be_empty()?;
    let changed = change_phone(&context, &asker, &name, |phone, snapshot, organization| {
        edit.apply(phone, snapshot, organization)
    });
    Ok(Json(changed.await?))
}

/// Adds a secret. Both count until the older one is removed.
pub(super) async fn add_secret(
    State(context): State<Shared>,
    asker: Asker,
    Path(name): Path<String>,
    _: Params<NoParams>,
    mut input: Input,
) -> Result<Response, Problem> {
    asker.must_be_admin()?;
    let replace = input.flag("replace_oldest")?.unwrap_or(false);
    let (secret, hash) = secret(&context, &mut input).await?;
    input.must_be_empty()?;
    let changed = change_phone(&context, &asker, &name, |phone, _, _| {
        if phone.secrets.len() >= SECRETS_MAX {
            if !replace {
                let detail = "the account has two secrets already: remove the older one first, or \
                              say replace_oldest";
                return Err(Problem::new(StatusCode::CONFLICT, detail));
            }
            let surplus = phone.secrets.len() + 1 - SECRETS_MAX;
            phone.secrets.drain(..surplus);
        }
        phone.secrets.push(hash);
        Ok(())
    });
    Ok(created_with_secret(changed.await?, &secret))
}

/// Removes the older of two secrets. Phones that signed in with it are disconnected.
pub(super) async fn remove_oldest_secret(
    State(context): State<Shared>,
    asker: Asker,
    Path(name): Path<String>,
    _: Params<NoParams>,
) -> Result<Json<Value>, Problem> {
    asker.must_be_admin()?;
    let changed = change_phone(&context, &asker, &name, |phone, _, _| {
        if phone.secrets.len() < SECRETS_MAX {
            let detail = "the account has one secret only: add another one first";
            return Err(Problem::new(StatusCode::CONFLICT, detail));
        }
        phone.secrets.remove(0);
        Ok(())
    });
    Ok(Json(changed.await?))
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
    let phone = snapshot.phone(&organization.id, &name).ok_or_else(|| Problem::absent("phone"))?;
    let edit = Edit::RemovePhone(organization.id.clone(), phone.name.clone());
    context.directory.commit(Request::one(edit)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Changes an account and shows what came out.
async fn change_phone(
    context: &Context,
    asker: &Asker,
    name: &str,
    edit: impl FnOnce(
        &mut PhoneAccount,
        &crate::index::Snapshot,
        &crate::account::Organization,
    ) -> Result<(), Problem>,
) -> Result<Value, Problem> {
    let _turn = context.authenticator.account_changes().await;
    let snapshot = context.directory.snapshot();
    let organization = asker.organization(&snapshot)?;
    let phone = snapshot.phone(&organization.id, name).ok_or_else(|| Problem::absent("phone"))?;
    let mut phone = phone.clone();
    edit(&mut phone, &snapshot, organization)?;
    let json = shown(&phone, &snapshot, organization);
    context.directory.commit(Request::one(Edit::PutPhone(phone))).await?;
    Ok(json)
}

/// The secret that was sent, or a new one, with what is kept of it.
async fn secret(
    context: &Context,
    input: &mut Input,
) -> Result<(Zeroizing<String>, SecretHash), Problem> {
    let secret = match input.secret("secret")?.filter(|secret| !secret.is_empty()) {
        Some(secret) => secret,
        None => Authenticator::new_secret()?,
    };
    let bytes = Zeroizing::new(secret.as_bytes().to_vec());
    let hash = context.authenticator.hash(bytes).await?;
    Ok((secret, hash))
}

fn name(input: &mut Input) -> Result<String, Problem> {
    let name = input.required("name")?.to_lowercase();
    let allowed = |c: char| c.is_alphanumeric() || "-_. ".contains(c);
    if name.chars().count() > NAME_CHARS_MAX || !name.chars().all(allowed) {
        let detail =
            format!("a name has at most {NAME_CHARS_MAX} letters, digits, - _ . or spaces");
        return Err(Problem::field("name", detail));
    }
    Ok(name)
}
