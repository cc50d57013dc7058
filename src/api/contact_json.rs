//! A card as JSON: the field names of the documentation's table.

use jiff::Timestamp as Instant;
use serde_json::{Map, Value, json};

use crate::account::Organization;
use crate::contact::book::AddressBook;
use crate::contact::card::{Card, Field, FieldSet, PostalAddress};
use crate::contact::number::Numbering;
use crate::contact::{Contact, Timestamp};
use crate::index::Viewer;
use crate::table::fields;

/// Fields with one value in JSON.
const SINGLE: FieldSet = FieldSet::of(&[
    Field::FormattedName,
    Field::GivenName,
    Field::FamilyName,
    Field::MiddleName,
    Field::NamePrefix,
    Field::NameSuffix,
    Field::Nickname,
    Field::PhoneticGivenName,
    Field::PhoneticFamilyName,
    Field::Company,
    Field::Department,
    Field::Site,
    Field::Title,
    Field::Role,
    Field::Extension,
    Field::VoicemailBox,
    Field::Assistant,
    Field::Note,
    Field::Url,
    Field::Birthday,
    Field::Language,
]);

/// Fields that are lists of texts in JSON, with their names.
pub(super) const LISTS: [(Field, &str); 4] = [
    (Field::Email, "emails"),
    (Field::Address, "addresses"),
    (Field::Manager, "managers"),
    (Field::Category, "categories"),
];

/// The contact as a viewer sees it.
pub(super) fn contact(
    contact: &Contact,
    organization: &Organization,
    viewer: Viewer,
) -> Map<String, Value> {
    let rendition = viewer.rendition(contact);
    let card = contact.card.without(organization.hidden(rendition));
    let mut json = card_json(&card, &organization.derivation.numbering);
    json.insert("id".to_owned(), json!(contact.id.to_string()));
    json.insert("group".to_owned(), json!(AddressBook::Home(contact.book).to_string()));
    json.insert("vcard_uid".to_owned(), json!(contact.vcard_uid()));
    json.insert("created".to_owned(), json!(time(contact.created)));
    json.insert("modified".to_owned(), json!(time(contact.modified)));
    json
}

/// A time in the form of RFC 3339.
pub(super) fn time(time: Timestamp) -> Option<String> {
    Instant::from_second(time.0).ok().map(|instant| instant.to_string())
}

fn card_json(card: &Card, numbering: &Numbering) -> Map<String, Value> {
    let mut json = Map::new();
    for field in SINGLE.iter() {
        if let (Some(name), Some(value)) = (fields::json_name(field), card.first(field)) {
            json.insert(name.to_owned(), json!(value));
        }
    }
    for (field, name) in LISTS {
        let values: Vec<&str> = card.all(field).collect();
        if !values.is_empty() || field == Field::Email {
            json.insert(name.to_owned(), json!(values));
        }
    }
    let outside = Field::NUMBERS.without(FieldSet::of(&[Field::Extension]));
    let numbers = card.iter().filter(|(field, _)| outside.contains(*field));
    let numbers: Vec<Value> = numbers
        .map(|(field, value)| {
            let e164 = numbering.e164(value);
            json!({ "type": fields::json_name(field), "value": value, "e164": e164 })
        })
        .collect();
    json.insert("numbers".to_owned(), Value::Array(numbers));
    let postal: Vec<Value> = card.all(Field::Postal).map(postal).collect();
    if !postal.is_empty() {
        json.insert("postal".to_owned(), Value::Array(postal));
    }
    json
}

fn postal(value: &str) -> Value {
    let PostalAddress { kind, street, locality, region, code, country } =
        PostalAddress::parse(value);
    json!({
        "type": kind, "street": street, "locality": locality, "region": region, "code": code,
        "country": country,
    })
}
