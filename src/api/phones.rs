//! Phone accounts: what desk phones sign in with at LDAP.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use hyper::StatusCode;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::account::Organization;
use crate::account::device::PhoneAccount;
use crate::api::Shared;
use crate::api::asker::{Asker, NoParams, Params};
use crate::api::input::Input;
use crate::api::problem::Problem;
use crate::api::secret::created_with_secret;
use crate::auth::Authenticator;
use crate::contact::book::AddressBook;
use crate::directory::{Edit, Request};

/// The longest name of a phone account: some phones have short input fields.
const NAME_CHARS_MAX: usize = 64;

pub(super) async fn list(
    State(context): State<Shared>,
    asker: Asker,
    _: Params<NoParams>,
) -> Result<Json<Value>, Problem> {
    asker.must_be_admin()?;
    let snapshot = context.directory.snapshot();
    let organization = asker.organization(&snapshot)?;
    let phones = snapshot.phones(&organization.id);
    let items: Vec<Value> = phones.map(|phone| shown(phone, organization)).collect();
    Ok(Json(json!({ "items": items })))
}

pub(super) async fn add(
    State(context): State<Shared>,
    asker: Asker,
    _: Params<NoParams>,
    mut input: Input,
) -> Result<Response, Problem> {
    asker.must_be_admin()?;
    let name = name(&mut input)?;
    let books = books(&mut input)?;
    let secret = match input.secret("secret")?.filter(|secret| !secret.is_empty()) {
        Some(secret) => secret,
        None => Authenticator::new_secret()?,
    };
    input.must_be_empty()?;
    let bytes = Zeroizing::new(secret.as_bytes().to_vec());
    let hash = context.authenticator.hash(bytes).await?;
    let _turn = context.account_changes.lock().await;
    let snapshot = context.directory.snapshot();
    let organization = asker.organization(&snapshot)?;
    if snapshot.phone(&organization.id, &name).is_some() {
        let detail = "there is a phone account with this name; remove it first";
        let conflict = Problem::new(StatusCode::CONFLICT, detail);
        return Err(conflict.with("field", json!("name")));
    }
    let id = organization.id.clone();
    let phone = PhoneAccount { books, ..PhoneAccount::new(id, &name, vec![hash]) };
    let json = shown(&phone, organization);
    context.directory.commit(Request::one(Edit::PutPhone(phone))).await?;
    Ok(created_with_secret(json, &secret))
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

fn books(input: &mut Input) -> Result<Vec<AddressBook>, Problem> {
    let names = input.list("books")?.unwrap_or_default();
    let wrong = || Problem::field("books", "books can be people, shared, all, department-ID …");
    names.iter().map(|name| AddressBook::parse(name, None).ok_or_else(wrong)).collect()
}

fn shown(phone: &PhoneAccount, organization: &Organization) -> Value {
    let books: Vec<String> = phone.books.iter().map(ToString::to_string).collect();
    json!({
        "name": phone.name, "books": books, "organization": organization.id.as_str(),
        "dn": format!("cn={},ou=services,{}", phone.name, organization.suffix),
    })
}
