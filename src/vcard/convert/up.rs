//! From vCard 3.0 to 4.0.

use std::collections::HashSet;

use crate::vcard::convert::date::Date;
use crate::vcard::convert::groups::Groups;
use crate::vcard::convert::{ONLY_IN_4, date, media, name, place, postal, related, telephone};
use crate::vcard::property::Property;
use crate::vcard::text::{has_scheme, split};

/// Properties of messengers, and the scheme of the same address as a URI (RFC 4770).
const MESSENGERS: [(&str, &str); 11] = [
    ("X-AIM", "aim"),
    ("X-GADUGADU", "gg"),
    ("X-GOOGLE-TALK", "xmpp"),
    ("X-GTALK", "xmpp"),
    ("X-ICQ", "icq"),
    ("X-JABBER", "xmpp"),
    ("X-MSN", "msnim"),
    ("X-SIP", "sip"),
    ("X-SKYPE", "skype"),
    ("X-SKYPE-USERNAME", "skype"),
    ("X-YAHOO", "ymsgr"),
];

/// The scheme of the addresses that a messenger's property holds.
pub(in crate::vcard) fn messaging_scheme(name: &str) -> Option<&'static str> {
    let mut messengers = MESSENGERS.iter();
    messengers.find(|(known, _)| name.eq_ignore_ascii_case(known)).map(|(_, scheme)| *scheme)
}

pub(super) fn up(mut properties: Vec<Property>) -> Vec<Property> {
    let groups = Groups::of(&properties);
    let mut said_by_types = HashSet::new();
    let mut out: Vec<(usize, Property)> = Vec::with_capacity(properties.len());
    for (at, property) in properties.drain(..).enumerate() {
        let (property, label) = with_label(property, &groups);
        said_by_types.extend(label);
        out.extend(one(property).map(|property| (at, property)));
    }
    out.retain(|(at, _)| !said_by_types.contains(at));
    let mut properties: Vec<Property> = out.into_iter().map(|(_, property)| property).collect();
    postal::up(&mut properties);
    name::up(&mut properties);
    properties.iter_mut().for_each(prefer);
    properties
}

/// Properties whose meaning a label says; and the label's place where it is needed no more.
fn with_label(mut property: Property, groups: &Groups) -> (Property, Option<usize>) {
    if property.is("X-ABRELATEDNAMES") {
        return related::names_up(property, groups);
    }
    if !property.is("X-ABDATE") || groups.label(&property) != Some(date::ANNIVERSARY_LABEL) {
        return (property, None);
    }
    let label = groups.own_label(&property);
    if label.is_some() {
        property.name = "ANNIVERSARY".to_owned();
    }
    (property, label)
}

/// One property in 4.0; None where 4.0 has no need of it.
fn one(mut property: Property) -> Option<Property> {
    let name = property.name.to_ascii_uppercase();
    if let Some(own) = name.strip_prefix(ONLY_IN_4) {
        // Conversion to 3.0 left its value as it was.
        property.name = own.to_owned();
        return Some(property);
    }
    if let Some(scheme) = messaging_scheme(&name) {
        messenger(&mut property, scheme);
        return Some(property);
    }
    if media::is_media(&name) {
        media::up(&mut property);
        return Some(property);
    }
    match name.as_str() {
        "X-MANAGER" | "X-MS-MANAGER" | "X-EVOLUTION-MANAGER" => {
            return Some(related::role_up(property, "x-manager"));
        }
        "X-ASSISTANT" | "X-MS-ASSISTANT" | "X-EVOLUTION-ASSISTANT" => {
            return Some(related::role_up(property, "x-assistant"));
        }
        "X-SPOUSE" | "X-MS-SPOUSE" | "X-EVOLUTION-SPOUSE" => {
            return Some(related::role_up(property, "spouse"));
        }
        "RELATED" => return Some(related::up(property)),
        "AGENT" if property.value_kind() == "uri" && property.types.is_empty() => {
            property.name = "RELATED".to_owned();
            property.types.insert(0, "agent".to_owned());
            return Some(related::up(property));
        }
        "X-ANNIVERSARY" | "X-EVOLUTION-ANNIVERSARY" | "ANNIVERSARY" => {
            property.name = "ANNIVERSARY".to_owned();
            return date::up(&mut property).then_some(property);
        }
        "BDAY" => return date::up(&mut property).then_some(property),
        "REV" => revision(&mut property),
        "TEL" => telephone::up(&mut property),
        "EMAIL" => {
            property.take_type("INTERNET");
        }
        "UID" => identity(&mut property),
        "GEO" => place::geo_up(&mut property),
        "TZ" => place::zone_up(&mut property),
        "X-GENDER" => gender(&mut property),
        "X-ADDRESSBOOKSERVER-KIND" => property.name = "KIND".to_owned(),
        "X-ADDRESSBOOKSERVER-MEMBER" | "MEMBER" => member(&mut property),
        "URL" | "IMPP" | "SOURCE" | "FBURL" | "CALURI" | "CALADRURI"
            if property.value_kind() == "uri" =>
        {
            property.take_parameter("VALUE");
        }
        _ => {}
    }
    Some(property)
}

/// `TYPE=pref` as PREF, and what conversion to 3.0 made of further preferences.
fn prefer(property: &mut Property) {
    let pref = property.take_type("pref");
    let other = property.take_parameter("X-PREF");
    if property.parameter("PREF").is_some() {
        return;
    }
    match other {
        Some(other) => property.put_parameter("PREF", &other),
        None if pref => property.put_parameter("PREF", "1"),
        None => {}
    }
}

fn messenger(property: &mut Property, scheme: &str) {
    property.name = "IMPP".to_owned();
    property.take_parameter("VALUE");
    let address = property.text();
    let address = address.trim();
    if has_scheme(address) || address.is_empty() {
        property.set_uri(address);
    } else {
        property.set_uri(&format!("{scheme}:{address}"));
    }
}

fn revision(property: &mut Property) {
    if let Some(date) = Date::parse(&property.value) {
        property.take_parameter("VALUE");
        property.value = date.basic();
    }
}

fn identity(property: &mut Property) {
    property.take_parameter("VALUE");
    let uid = property.text();
    let uid = uid.trim();
    if uuid::Uuid::try_parse(uid).is_ok_and(|id| uid.eq_ignore_ascii_case(&id.to_string())) {
        property.set_uri(&format!("urn:uuid:{uid}"));
    } else if has_scheme(uid) {
        property.set_uri(uid);
    } else {
        property.put_parameter("VALUE", "text");
    }
}

fn member(property: &mut Property) {
    property.name = "MEMBER".to_owned();
    property.take_parameter("VALUE");
    let uid = property.text();
    let uid = uid.trim();
    if has_scheme(uid) {
        property.set_uri(uid);
    } else {
        property.set_uri(&format!("urn:uuid:{uid}"));
    }
}

/// Windows and KDE write words.
fn gender(property: &mut Property) {
    property.name = "GENDER".to_owned();
    let first = split(&property.value, ';').next().unwrap_or_default().trim().to_ascii_uppercase();
    match first.as_str() {
        "" | "M" | "F" | "O" | "N" | "U" => {}
        "MALE" => property.value = "M".to_owned(),
        "FEMALE" => property.value = "F".to_owned(),
        _ => property.value.insert(0, ';'),
    }
}
