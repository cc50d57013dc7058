//! A contact as JSON, as one asker sees it: the field names of the documentation's table.

use jiff::Timestamp as Instant;
use serde_json::{Map, Value, json};

use crate::api::PREFIX;
use crate::auth::sight::Sight;
use crate::contact::book::{AddressBook, Availability};
use crate::contact::card::{Card, CardBuilder, Field, FieldSet, PostalAddress};
use crate::contact::number::Numbering;
use crate::contact::{Book, Contact, ContactId, Timestamp};
use crate::file::fields;
use crate::presence::{Agent, Client, Phone, Presence};

/// Fields whose values may be the ids of people.
const REFERENCES: FieldSet = FieldSet::of(&[Field::Manager, Field::Assistant]);

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

/// Shows contacts to one asker.
#[derive(Clone, Copy)]
pub(super) struct Shower<'a> {
    pub(super) sight: &'a Sight<'a>,
    pub(super) presence: &'a Presence,
}

impl Shower<'_> {
    /// The contact as the asker sees it.
    pub(super) fn contact(&self, contact: &Contact) -> Map<String, Value> {
        let card = self.card(contact);
        let numbering = &self.sight.organization.derivation.numbering;
        let mut json = card_json(&card, numbering);
        let own = contact.organization == self.sight.organization.id;
        let group = if own { contact.book.into() } else { AddressBook::All };
        json.insert("id".to_owned(), json!(contact.id.to_string()));
        json.insert("group".to_owned(), json!(group.to_string()));
        json.insert("vcard_uid".to_owned(), json!(contact.vcard_uid()));
        json.insert("created".to_owned(), json!(time(contact.created)));
        json.insert("modified".to_owned(), json!(time(contact.modified)));
        let photo = contact.photo.map(|_| format!("{PREFIX}/contacts/{}/photo", contact.id));
        json.insert("photo".to_owned(), json!(photo));
        if !own {
            json.insert("organization".to_owned(), json!(contact.organization.as_str()));
        }
        if let Some(owner) = self.sight.owner() {
            let star = self.sight.snapshot.star(owner, contact.id);
            let starred = star.is_some_and(|star| star.starred);
            json.insert("favorite".to_owned(), json!(starred));
        }
        if let Some(presence) = self.presence(contact) {
            json.insert("presence".to_owned(), Value::Object(presence));
        }
        json
    }

    /// The card without the fields that the asker does not see, and without references to people who
    /// are not there for them.
    pub(super) fn card(&self, contact: &Contact) -> Card {
        seen_card(self.sight, contact)
    }

    /// Who somebody is, in few words.
    pub(super) fn person(&self, contact: &Contact) -> Value {
        let card = self.card(contact);
        json!({
            "id": contact.id.to_string(), "name": card.formatted_name(),
            "extension": card.first(Field::Extension), "title": card.first(Field::Title),
            "department": card.first(Field::Department),
        })
    }

    /// What is known of a listed person of this organization.
    pub(super) fn presence(&self, contact: &Contact) -> Option<Map<String, Value>> {
        let organization = &self.sight.organization.id;
        let person = contact.book == Book::People && contact.listed;
        if !person || contact.organization != *organization {
            return None;
        }
        if !self.sight.knows_presence(contact.id) {
            return None;
        }
        let seen = self.presence.seen(organization, contact.id)?;
        let mut json = Map::new();
        let mut put = |name: &str, value: Option<&str>| {
            json.insert(name.to_owned(), json!(value));
        };
        put("availability", seen.availability.map(Availability::name));
        put("client", seen.client.map(Client::name));
        put("phone", seen.phone.map(Phone::name));
        put("agent", seen.agent.map(Agent::name));
        put("text", seen.text.as_deref());
        put("last_seen", seen.last_seen.and_then(time).as_deref());
        Some(json)
    }
}

/// See [`Shower::card`].
pub(super) fn seen_card(sight: &Sight<'_>, contact: &Contact) -> Card {
    let shown = contact.card.without(sight.hidden(contact));
    // Administrators refer to whom they like; the unlisted are there for them.
    let visible = |id| sight.viewer.full || sight.contact(id).is_some();
    let known = |value: &str| ContactId::parse(value).is_none_or(visible);
    let gone = |(field, value): &(Field, &str)| REFERENCES.contains(*field) && !known(value);
    if !shown.iter().any(|value| gone(&value)) {
        return shown;
    }
    let mut kept = CardBuilder::default();
    for (field, value) in shown.iter().filter(|value| !gone(value)) {
        kept.push(field, value);
    }
    // Its name is no reference.
    kept.finish().unwrap_or_default()
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
