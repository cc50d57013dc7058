//! From vCard 4.0 to 3.0, and what 3.0 makes of 2.1.

use std::collections::HashMap;

use crate::vcard::convert::date::Date;
use crate::vcard::convert::groups::Groups;
use crate::vcard::convert::up::messaging_scheme;
use crate::vcard::convert::{ONLY_IN_4, date, media, name, place, postal, related, telephone};
use crate::vcard::property::Property;
use crate::vcard::read::bare_uid;
use crate::vcard::text::{has_scheme, split};

/// The components of N and ADR.
const PARTS: [(&str, usize); 2] = [("N", 5), ("ADR", 7)];
/// Where 3.0 knows `TYPE=pref`, by their [`family`].
const PREFERRED: [&str; 7] = ["TEL", "EMAIL", "ADR", "LABEL", "URL", "IMPP", "RELATED"];

pub(super) fn down(mut properties: Vec<Property>) -> Vec<Property> {
    let mut groups = Groups::of(&properties);
    let best = best(&properties);
    name::down(&mut properties);
    let is_company = |p: &Property| p.is("KIND") && p.value.trim().eq_ignore_ascii_case("org");
    let company = properties.iter().any(is_company);
    let mut out = Vec::with_capacity(properties.len());
    for property in properties {
        let rank = rank(&property, &best);
        let from = out.len();
        one(property, &mut groups, &mut out);
        let made = out.get_mut(from..).unwrap_or_default();
        made.iter_mut().for_each(|property| prefer(property, &rank));
    }
    if company && !out.iter().any(|property| property.is("X-ABSHOWAS")) {
        out.push(Property::new("", "X-ABShowAs", "COMPANY".to_owned()));
    }
    out
}

/// Cards of 2.1 in 3.0: encodings are gone already.
pub(super) fn modern(mut properties: Vec<Property>) -> Vec<Property> {
    name::down(&mut properties);
    let modern = |mut property: Property| {
        match property.name.as_str() {
            name if media::is_media(name) => media::modern(&mut property),
            "BDAY" if property.value.trim().is_empty() => return None,
            "BDAY" => {
                date::down(&mut property);
            }
            "REV" => revision(&mut property),
            "EMAIL" => internet(&mut property),
            _ => {}
        }
        pad(&mut property);
        Some(property)
    };
    properties.into_iter().filter_map(modern).collect()
}

/// Appends what 3.0 has for a property.
fn one(mut property: Property, groups: &mut Groups, out: &mut Vec<Property>) {
    match property.name.as_str() {
        name if media::is_media(name) => media::down(&mut property),
        "RELATED" => {
            let (property, label) = related::down(property, groups);
            out.push(property);
            return out.extend(label);
        }
        "ANNIVERSARY" => return anniversary(property, groups, out),
        "ADR" => {
            pad(&mut property);
            return out.extend(postal::down(property));
        }
        "N" => {
            pad(&mut property);
            let sort = name::sort_string(&mut property);
            out.push(property);
            return out.extend(sort);
        }
        "BDAY" if property.value.trim().is_empty() => return,
        "BDAY" => only_in_4_unless(date::down, &mut property),
        "GEO" => only_in_4_unless(place::geo_down, &mut property),
        "TZ" => place::zone_down(&mut property),
        "REV" => revision(&mut property),
        "TEL" => telephone::down(&mut property),
        "EMAIL" => internet(&mut property),
        "UID" => {
            property.take_parameter("VALUE");
            let uid = property.text();
            property.set_text(bare_uid(uid.trim()));
        }
        "GENDER" => property.name = "X-GENDER".to_owned(),
        "KIND" if property.value.trim().eq_ignore_ascii_case("individual") => return,
        "KIND" if property.value.trim().eq_ignore_ascii_case("group") => {
            property.name = "X-ADDRESSBOOKSERVER-KIND".to_owned();
            property.value = "group".to_owned();
        }
        "MEMBER" => {
            property.name = "X-ADDRESSBOOKSERVER-MEMBER".to_owned();
            property.take_parameter("VALUE");
            if !has_scheme(&property.value) {
                property.value.insert_str(0, "urn:uuid:");
            }
        }
        _ => {}
    }
    out.push(property);
}

fn only_in_4_unless(down: fn(&mut Property) -> bool, property: &mut Property) {
    if !down(property) {
        property.name = [ONLY_IN_4, &property.name].concat();
    }
}

/// As Apple's and Google's address books have it: a date with a label.
fn anniversary(mut property: Property, groups: &mut Groups, out: &mut Vec<Property>) {
    if property.value.trim().is_empty() {
        return;
    }
    let kept = property.clone();
    if !date::down(&mut property) {
        let name = [ONLY_IN_4, "ANNIVERSARY"].concat();
        return out.push(Property { name, ..kept });
    }
    property.name = "X-ABDATE".to_owned();
    let label = groups.give_label(&mut property, date::ANNIVERSARY_LABEL);
    out.extend([property, label]);
}

fn revision(property: &mut Property) {
    if let Some(date) = Date::parse(&property.value) {
        property.take_parameter("VALUE");
        property.value = date.extended();
    }
}

/// 3.0 says of e-mail addresses that they are those of the Internet.
fn internet(property: &mut Property) {
    if !property.has_type("INTERNET") && !property.has_type("X400") {
        property.types.insert(0, "INTERNET".to_owned());
    }
}

/// Fills the components of N and ADR up: strict programs count them.
fn pad(property: &mut Property) {
    let Some((_, parts)) = PARTS.iter().find(|(name, _)| property.is(name)) else { return };
    let has = split(&property.value, ';').count();
    property.value.push_str(&";".repeat(parts.saturating_sub(has)));
}

/// The properties whose preferences are compared: those that say one thing under several names count
/// as one.
fn family(property: &Property) -> &str {
    match property.name.as_str() {
        name if messaging_scheme(name).is_some() => "IMPP",
        "X-MANAGER"
        | "X-MS-MANAGER"
        | "X-EVOLUTION-MANAGER"
        | "X-ASSISTANT"
        | "X-MS-ASSISTANT"
        | "X-EVOLUTION-ASSISTANT"
        | "X-ABRELATEDNAMES" => "RELATED",
        name => name,
    }
}

/// The best preference of each family.
fn best(properties: &[Property]) -> HashMap<String, u8> {
    let mut best = HashMap::new();
    for property in properties {
        if let Some(preference) = property.preference() {
            let found = best.entry(family(property).to_owned()).or_insert(preference);
            *found = preference.min(*found);
        }
    }
    best
}

/// What 3.0 says of a preference.
enum Rank {
    None,
    First,
    /// `PREF` as it came.
    Other(String),
}

fn rank(property: &Property, best: &HashMap<String, u8>) -> Rank {
    let Some(text) = property.parameter("PREF") else { return Rank::None };
    let is_best = property.preference().is_some_and(|p| best.get(family(property)) == Some(&p));
    if is_best { Rank::First } else { Rank::Other(text.to_owned()) }
}

fn prefer(property: &mut Property, rank: &Rank) {
    let text = property.take_parameter("PREF");
    match (rank, text) {
        (Rank::First, _) if PREFERRED.contains(&family(property)) => {
            property.take_type("pref");
            property.types.push("pref".to_owned());
        }
        (Rank::First, Some(text)) => property.put_parameter("X-PREF", &text),
        (Rank::Other(text), Some(_)) => property.put_parameter("X-PREF", text),
        _ => {}
    }
}
