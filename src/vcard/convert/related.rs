//! RELATED of vCard 4.0, and Apple's X-ABRELATEDNAMES with labels, X-MANAGER and X-ASSISTANT in 3.0.

use crate::vcard::convert::groups::Groups;
use crate::vcard::property::Property;
use crate::vcard::text::has_scheme;

/// The labels of Apple's address books.
const APPLE: [&str; 13] = [
    "Assistant",
    "Brother",
    "Child",
    "Daughter",
    "Father",
    "Friend",
    "Manager",
    "Mother",
    "Parent",
    "Partner",
    "Sister",
    "Son",
    "Spouse",
];
/// The types of RFC 6350 6.6.6.
const TYPES: [&str; 19] = [
    "contact",
    "acquaintance",
    "friend",
    "met",
    "co-worker",
    "colleague",
    "co-resident",
    "neighbor",
    "child",
    "parent",
    "sibling",
    "spouse",
    "kin",
    "muse",
    "crush",
    "date",
    "sweetheart",
    "me",
    "emergency",
];

/// X-ABRELATEDNAMES as RELATED, and the label's place where the type says the same.
pub(super) fn names_up(mut property: Property, groups: &Groups) -> (Property, Option<usize>) {
    let kind = groups.label(&property).and_then(|label| type_of(label, &property));
    let label = kind.as_ref().and_then(|_| groups.own_label(&property));
    if let Some(kind) = kind.filter(|kind| label.is_some() && !property.has_type(kind)) {
        property.types.insert(0, kind);
    }
    (text_up(property), label)
}

/// X-MANAGER and the like as RELATED.
pub(super) fn role_up(mut property: Property, kind: &str) -> Property {
    if !property.has_type(kind) {
        property.types.insert(0, kind.to_owned());
    }
    text_up(property)
}

fn text_up(mut property: Property) -> Property {
    property.name = "RELATED".to_owned();
    property.take_parameter("VALUE");
    if is_uuid_uri(&property.value) {
        property.set_uri(&property.text());
    } else {
        property.put_parameter("VALUE", "text");
        property.set_text(&property.text());
    }
    property
}

/// RELATED stands in cards of 3.0 too: ours name colleagues by their id.
pub(super) fn up(mut property: Property) -> Property {
    let kind = property.value_kind();
    property.take_parameter("VALUE");
    if kind == "text" || !has_scheme(&property.value) {
        property.put_parameter("VALUE", "text");
        property.set_text(&property.text());
    } else {
        property.set_uri(&property.text());
    }
    property
}

/// RELATED in 3.0, with the label where it gets one.
pub(super) fn down(mut property: Property, groups: &mut Groups) -> (Property, Option<Property>) {
    let kind = property.value_kind();
    property.take_parameter("VALUE");
    if kind != "text" && has_scheme(&property.value) {
        if property.types.len() == 1 && property.take_type("agent") {
            property.name = "AGENT".to_owned();
        }
        property.put_parameter("VALUE", "uri");
        property.set_uri(&property.text());
        return (property, None);
    }
    property.set_text(&property.text());
    for (kind, name) in [("x-manager", "X-MANAGER"), ("x-assistant", "X-ASSISTANT")] {
        if property.group.is_empty() && property.take_type(kind) {
            property.name = name.to_owned();
            return (property, None);
        }
    }
    property.name = "X-ABRELATEDNAMES".to_owned();
    if groups.label(&property).is_some() || property.types.is_empty() {
        return (property, None);
    }
    let kind = property.types.remove(0);
    let label = label_of(&kind);
    if type_of(&label, &property).is_none() {
        property.types.insert(0, kind);
    }
    let label = groups.give_label(&mut property, &label);
    (property, Some(label))
}

/// The type that a label says.
fn type_of(label: &str, property: &Property) -> Option<String> {
    let inner = label.strip_prefix("_$!<").and_then(|rest| rest.strip_suffix(">!$_"));
    if let Some(inner) = inner {
        let apple = APPLE.contains(&inner).then(|| inner.to_ascii_lowercase())?;
        let known = TYPES.contains(&apple.as_str());
        return Some(if known { apple } else { format!("x-{apple}") });
    }
    let mut kinds = TYPES.iter().copied().chain(property.types.iter().map(String::as_str));
    kinds.find(|kind| label_of(kind) == label).map(str::to_owned)
}

fn label_of(kind: &str) -> String {
    let (start, rest) = kind.split_at_checked(2).unwrap_or(("", kind));
    let plain = if start.eq_ignore_ascii_case("x-") { rest } else { kind };
    let mut letters = plain.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    let label: String = first.into_iter().chain(letters).collect();
    if APPLE.contains(&label.as_str()) { format!("_$!<{label}>!$_") } else { label }
}

fn is_uuid_uri(value: &str) -> bool {
    value.trim().get(..9).is_some_and(|start| start.eq_ignore_ascii_case("urn:uuid:"))
}
