//! Accounts as JSON texts.

use serde_json::json;
use uuid::Uuid;

use crate::account::{
    AnonymousAccess, BaseAlias, Layout, OrganizationSettings, PEOPLE_ON_DEVICES_MAX,
    PresenceVisibility, RefusedWrites, Role, SecretHash, User,
};
use crate::contact::card::{Field, FieldSet};
use crate::contact::{ContactId, OrganizationId};
use crate::store::RetiredPrincipal;
use crate::store::codec::object::Object;
use crate::store::codec::word::{name_order, name_order_text};
use crate::store::codec::{Decoded, Undecodable, word};

pub(super) fn organization_text(of: &OrganizationSettings) -> String {
    json!({
        "name": of.name,
        "domain": of.domain,
        "suffix": of.suffix,
        "region": of.region,
        "area_code": of.area_code,
        "outside_line": of.outside_line,
        "language": of.language,
        "name_order": name_order_text(of.name_order),
        "hidden_numbers": fields_text(of.hidden_numbers),
        "inter_organization_prefix": of.inter_organization_prefix,
        "self_edit": fields_text(of.self_edit),
        "self_edit_photo": of.self_edit_photo,
        "shares_with": of.shares_with.iter().map(OrganizationId::as_str).collect::<Vec<_>>(),
        "anonymous": of.anonymous.as_ref().map(|anonymous| json!({
            "networks": anonymous.networks.to_string(),
            "books": word::books_text(&anonymous.books),
        })),
        "listed_books": word::books_text(&of.listed_books),
        "base_aliases": of.base_aliases.iter().map(|alias| json!({
            "base": alias.base,
            "book": word::book_text(alias.book),
        })).collect::<Vec<_>>(),
        "keypad_search": of.keypad_search,
        "carddav_layout": of.carddav_layout.name(),
        "people_on_devices_max": of.people_on_devices_max,
        "refused_writes": of.refused_writes.name(),
    })
    .to_string()
}

pub(super) fn organization(id: &str, text: &str) -> Decoded<OrganizationSettings> {
    let object = Object::parse(text)?;
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
        hidden_numbers: fields(object.text("hidden_numbers")?),
        inter_organization_prefix: object.text_or_empty("inter_organization_prefix").to_owned(),
        self_edit: fields(object.text_or_empty("self_edit")),
        self_edit_photo: object.flag("self_edit_photo").unwrap_or_default(),
        shares_with: object
            .texts_or_none("shares_with")?
            .into_iter()
            .map(OrganizationId::from)
            .collect(),
        anonymous: object.inner("anonymous").map(|inner| anonymous(&inner)).transpose()?,
        listed_books: word::books(object.texts_or_none("listed_books")?.into_iter())?,
        base_aliases: object
            .inner_list("base_aliases")
            .map(|o| base_alias(&o))
            .collect::<Decoded<_>>()?,
        keypad_search: object.flag("keypad_search").unwrap_or_default(),
        carddav_layout: object
            .optional("carddav_layout")
            .map_or(Ok(Layout::Auto), |text| word::layout(&text))?,
        people_on_devices_max: match object.has("people_on_devices_max") {
            true => object.small_number("people_on_devices_max")?,
            false => PEOPLE_ON_DEVICES_MAX,
        },
        refused_writes: object
            .optional("refused_writes")
            .map_or(Ok(RefusedWrites::Deny), |text| {
                RefusedWrites::parse(&text).ok_or(Undecodable("refused_writes"))
            })?,
    })
}

fn anonymous(object: &Object) -> Decoded<AnonymousAccess> {
    Ok(AnonymousAccess {
        networks: word::networks(object.text("networks")?)?,
        books: word::books(object.texts("books")?)?,
    })
}

fn base_alias(object: &Object) -> Decoded<BaseAlias> {
    let book = word::address_book(object.text("book")?)?;
    Ok(BaseAlias { base: object.text("base")?.to_owned(), book })
}

fn fields_text(fields: FieldSet) -> String {
    fields.iter().map(Field::as_char).collect()
}

fn fields(text: &str) -> FieldSet {
    FieldSet::of(&text.chars().filter_map(Field::from_char).collect::<Vec<Field>>())
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
        "listed_books": user.listed_books.as_ref().map(|books| word::books_text(books)),
        "carddav_layout": user.carddav_layout.map(Layout::name),
        "presence_shown": user.presence.is_shown(),
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
        listed_books: object.texts("listed_books").ok().map(word::books).transpose()?,
        carddav_layout: object.optional("carddav_layout").map(|t| word::layout(&t)).transpose()?,
        presence: PresenceVisibility::of(object.flag("presence_shown").unwrap_or(true)),
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
