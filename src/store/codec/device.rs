//! Credentials of devices and programs as JSON texts.

use serde_json::json;

use crate::account::device::{AppPassword, Door, Doors, PhoneAccount, Scope, Token};
use crate::account::{Layout, Role, SecretHash};
use crate::contact::number::NumberFormat;
use crate::contact::{ContactId, OrganizationId, UserId};
use crate::store::codec::object::Object;
use crate::store::codec::{Decoded, Undecodable, word};

pub(super) fn phone_text(phone: &PhoneAccount) -> String {
    let secrets: Vec<&str> = phone.secrets.iter().map(|hash| &*hash.0).collect();
    let acts_for: Vec<String> = phone.acts_for.iter().map(ToString::to_string).collect();
    json!({
        "secrets": secrets,
        "books": word::books_text(&phone.books),
        "networks": phone.networks.to_string(),
        "acts_for": acts_for,
        "number_format": phone.number_format.name(),
        "name_order": phone.name_order.map(word::name_order_text),
    })
    .to_string()
}

pub(super) fn phone(organization: &str, name: &str, text: &str) -> Decoded<PhoneAccount> {
    let object = Object::parse(text)?;
    let user = |text| ContactId::parse(text).ok_or(Undecodable("acts_for"));
    let format = match object.text_or_empty("number_format") {
        "" => Some(NumberFormat::AsWritten),
        name => NumberFormat::parse(name),
    };
    Ok(PhoneAccount {
        organization: OrganizationId::from(organization),
        name: name.into(),
        secrets: object.texts("secrets")?.map(|hash| SecretHash(hash.into())).collect(),
        networks: word::networks(object.text_or_empty("networks"))?,
        books: word::books(object.texts("books")?)?,
        acts_for: object
            .texts_or_none("acts_for")?
            .into_iter()
            .map(user)
            .collect::<Decoded<_>>()?,
        number_format: format.ok_or(Undecodable("number_format"))?,
        name_order: object.optional("name_order").map(|order| word::name_order(&order)),
    })
}

pub(super) fn token_text(token: &Token) -> String {
    let scopes: Vec<&str> = token.scopes.iter().map(|scope| scope.name()).collect();
    json!({
        "name": token.name,
        "role": token.role.name(),
        "scopes": scopes,
        "organization": token.organization.as_ref().map(OrganizationId::as_str),
        "hash": token.hash,
        "created": token.created.0,
        "expires": token.expires.map(|time| time.0),
    })
    .to_string()
}

pub(super) fn token(id: &str, text: &str) -> Decoded<Token> {
    let object = Object::parse(text)?;
    // A scope that is not known here must not widen the token to everything.
    let scope = |name| Scope::parse(name).ok_or(Undecodable("scopes"));
    Ok(Token {
        id: id.into(),
        name: object.text("name")?.into(),
        role: Role::parse(object.text("role")?).ok_or(Undecodable("role"))?,
        scopes: object.texts_or_none("scopes")?.into_iter().map(scope).collect::<Decoded<_>>()?,
        organization: object.optional("organization").map(|id| OrganizationId::from(&id)),
        hash: object.text("hash")?.into(),
        created: object.time("created")?,
        expires: object.optional_time("expires"),
    })
}

pub(super) fn app_password_text(app: &AppPassword) -> String {
    let doors: Vec<&str> = app.doors.iter().map(Door::name).collect();
    json!({
        "name": app.name,
        "doors": doors,
        "hash": app.hash,
        "carddav_layout": app.carddav_layout.map(Layout::name),
        "created": app.created.0,
    })
    .to_string()
}

pub(super) fn app_password(user: UserId, id: &str, text: &str) -> Decoded<AppPassword> {
    let object = Object::parse(text)?;
    let doors: Vec<&str> = object.texts("doors")?.collect();
    let doors = Door::ALL.into_iter().filter(|door| doors.contains(&door.name()));
    Ok(AppPassword {
        user,
        id: id.into(),
        name: object.text("name")?.into(),
        doors: Doors::of(doors),
        hash: object.text("hash")?.into(),
        carddav_layout: object.optional("carddav_layout").map(|t| word::layout(&t)).transpose()?,
        created: object.time("created")?,
    })
}
