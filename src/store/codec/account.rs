//! Accounts and reports as JSON texts.

use serde_json::json;
use uuid::Uuid;

use crate::account::{
    ImportReport, OrganizationSettings, PhoneAccount, Role, SecretHash, Token, User,
};
use crate::contact::card::{Field, FieldSet};
use crate::contact::{ContactId, OrganizationId};
use crate::store::RetiredPrincipal;
use crate::store::codec::object::Object;
use crate::store::codec::word::{book, book_text, name_order, name_order_text};
use crate::store::codec::{Decoded, Undecodable};

pub(super) fn organization_text(of: &OrganizationSettings) -> String {
    let hidden: String = of.hidden_numbers.iter().map(Field::as_char).collect();
    json!({
        "name": of.name,
        "domain": of.domain,
        "suffix": of.suffix,
        "region": of.region,
        "area_code": of.area_code,
        "outside_line": of.outside_line,
        "language": of.language,
        "name_order": name_order_text(of.name_order),
        "hidden_numbers": hidden,
    })
    .to_string()
}

pub(super) fn organization(id: &str, text: &str) -> Decoded<OrganizationSettings> {
    let object = Object::parse(text)?;
    let hidden: Vec<Field> =
        object.text("hidden_numbers")?.chars().filter_map(Field::from_char).collect();
    Ok(OrganizationSettings {
        id: OrganizationId::from(id),
        name: object.text("name")?.to_owned(),
        domain: object.text("domain")?.to_owned(),
        suffix: object.text("suffix")?.to_owned(),
        region: object.text("region")?.to_owned(),
        area_code: object.text("area_code")?.to_owned(),
        outside_line: object.text("outside_line")?.to_owned(),
        language: object.text("language")?.to_owned(),
        name_order: name_order(object.text("name_order")?),
        hidden_numbers: FieldSet::of(&hidden),
    })
}

pub(super) fn user_text(user: &User) -> String {
    json!({
        "organization": user.organization.as_str(),
        "extension": user.extension,
        "login": user.login,
        "email": user.email,
        "role": user.role.name(),
        "password": user.password.as_ref().map(|hash| &hash.0),
        "principal": user.principal,
        "created": user.created.0,
    })
    .to_string()
}

pub(super) fn user(id: &str, text: &str) -> Decoded<User> {
    let object = Object::parse(text)?;
    Ok(User {
        id: ContactId(Uuid::try_parse(id).map_err(|_| Undecodable("id"))?),
        organization: OrganizationId::from(object.text("organization")?),
        extension: object.optional("extension"),
        login: object.optional("login"),
        email: object.optional("email"),
        role: Role::parse(object.text("role")?).ok_or(Undecodable("role"))?,
        password: object.optional("password").map(SecretHash),
        principal: object.text("principal")?.into(),
        created: object.time("created")?,
    })
}

pub(super) fn retired_text(retired: &RetiredPrincipal) -> String {
    json!({ "user": retired.user.to_string() }).to_string()
}

pub(super) fn retired(segment: &str, text: &str) -> Decoded<RetiredPrincipal> {
    let object = Object::parse(text)?;
    let user = ContactId::parse(object.text("user")?).ok_or(Undecodable("user"))?;
    Ok(RetiredPrincipal { segment: segment.into(), user })
}

pub(super) fn phone_text(phone: &PhoneAccount) -> String {
    let secrets: Vec<&str> = phone.secrets.iter().map(|hash| &*hash.0).collect();
    let books: Vec<String> = phone.books.iter().map(|book| book_text(*book)).collect();
    json!({"secrets": secrets, "books": books}).to_string()
}

pub(super) fn phone(organization: &str, name: &str, text: &str) -> Decoded<PhoneAccount> {
    let object = Object::parse(text)?;
    Ok(PhoneAccount {
        organization: OrganizationId::from(organization),
        name: name.into(),
        secrets: object.texts("secrets")?.map(|hash| SecretHash(hash.into())).collect(),
        books: object.texts("books")?.map(book).collect::<Decoded<_>>()?,
    })
}

pub(super) fn token_text(token: &Token) -> String {
    json!({
        "name": token.name,
        "role": token.role.name(),
        "organization": token.organization.as_ref().map(OrganizationId::as_str),
        "hash": token.hash,
        "created": token.created.0,
        "expires": token.expires.map(|time| time.0),
    })
    .to_string()
}

pub(super) fn token(id: &str, text: &str) -> Decoded<Token> {
    let object = Object::parse(text)?;
    Ok(Token {
        id: id.into(),
        name: object.text("name")?.into(),
        role: Role::parse(object.text("role")?).ok_or(Undecodable("role"))?,
        organization: object.optional("organization").map(|id| OrganizationId::from(&id)),
        hash: object.text("hash")?.into(),
        created: object.time("created")?,
        expires: object.optional_time("expires"),
    })
}

pub(super) fn import_text(report: &ImportReport) -> String {
    json!({
        "organization": report.organization.as_str(),
        "created": report.created.0,
        "report": report.json,
    })
    .to_string()
}

pub(super) fn import(id: &str, text: &str) -> Decoded<ImportReport> {
    let object = Object::parse(text)?;
    Ok(ImportReport {
        id: id.into(),
        organization: OrganizationId::from(object.text("organization")?),
        created: object.time("created")?,
        json: object.text("report")?.into(),
    })
}
