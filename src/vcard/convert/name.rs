//! FN and N: 3.0 must have one of each, 4.0 may have several FN and need not have N.

use crate::vcard::convert::{ONLY_IN_4, Version};
use crate::vcard::property::Property;
use crate::vcard::read::read;
use crate::vcard::text::{escape, parameter_text, parameter_value, split, unescaped};

/// Marks an N that was made of FN.
pub(in crate::vcard) const DERIVED: &str = "X-DERIVED";

/// Adds what the version requires: FN, and in 3.0 N.
pub(super) fn complete(properties: &mut Vec<Property>, card: &[u8], version: Version) {
    let named = properties.iter().position(|p| p.is("FN") && !p.value.trim().is_empty());
    if named.is_none() {
        properties.retain(|property| !property.is("FN"));
        let made = read(card).map(|reading| reading.card.formatted_name().to_owned());
        let mut property = Property::new("", "FN", String::new());
        property.set_text(&made.unwrap_or_default());
        properties.insert(0, property);
    }
    if version == Version::V40 || properties.iter().any(|property| property.is("N")) {
        return;
    }
    let is = |name: &str, value: &str| {
        properties.iter().any(|p| p.is(name) && p.value.trim().eq_ignore_ascii_case(value))
    };
    let kind = match () {
        () if is("X-ADDRESSBOOKSERVER-KIND", "group") => Kind::Group,
        () if is("KIND", "org") || is("X-ABSHOWAS", "COMPANY") => Kind::Company,
        () => Kind::Person,
    };
    let at = properties.iter().position(|property| property.is("FN")).unwrap_or_default();
    let name = properties.get(at).map(Property::text).unwrap_or_default();
    let mut property = Property::new("", "N", derived(&name, kind));
    property.put_parameter(DERIVED, "TRUE");
    properties.insert(at + 1, property);
}

#[derive(Clone, Copy)]
enum Kind {
    Person,
    Group,
    Company,
}

/// The value of N for a formatted name: the last word is the family's, or what
/// stands before a comma, as address books guess.
fn derived(name: &str, kind: Kind) -> String {
    let name = name.trim();
    let (family, given) = match kind {
        Kind::Company => ("", ""),
        Kind::Group => (name, ""),
        Kind::Person => match (name.split_once(", "), name.rsplit_once(' ')) {
            (Some((family, given)), _) => (family, given.trim_start()),
            (None, Some((given, family))) => (family, given.trim_end()),
            (None, None) => ("", name),
        },
    };
    let mut value = String::with_capacity(name.len() + 8);
    escape(family, &mut value);
    value.push(';');
    escape(given, &mut value);
    value.push_str(";;;");
    value
}

/// Whether an N marked [`DERIVED`] still is what was made of this formatted name: a client may have
/// kept the mark and changed the name.
pub(in crate::vcard) fn is_derived(value: &str, formatted_name: &str) -> bool {
    // Programs leave empty components out and escape as they like.
    let plain = |value: &str| unescaped(value.trim_end_matches(';')).into_owned();
    let kinds = [Kind::Person, Kind::Group, Kind::Company];
    kinds.iter().any(|kind| plain(&derived(formatted_name, *kind)) == plain(value))
}

/// Takes the mark off an N that is no longer what was made of FN.
pub(super) fn settle(properties: &mut [Property]) {
    let name = properties.iter().find(|property| property.is("FN")).map(Property::text);
    let name = name.unwrap_or_default();
    for property in properties.iter_mut().filter(|property| property.is("N")) {
        if !is_derived(&property.value, &name) {
            property.take_parameter(DERIVED);
        }
    }
}

/// Takes out the N that was made for 3.0, and puts SORT-STRING into N.
pub(super) fn up(properties: &mut Vec<Property>) {
    properties.retain(|property| !property.is("N") || property.parameter(DERIVED).is_none());
    let mut sorts = properties.iter().enumerate().filter(|(_, p)| p.is("SORT-STRING"));
    let (Some((sort, _)), None) = (sorts.next(), sorts.next()) else { return };
    let text = properties.get(sort).map(Property::text).unwrap_or_default();
    let target = properties.iter_mut().find(|property| property.is("N"));
    if let Some(target) = target.filter(|target| target.parameter("SORT-AS").is_none()) {
        // The commas between the family's and the given name are no part of either.
        let quoted = parameter_value(&text);
        target.put_parameter("SORT-AS", &quoted);
        properties.remove(sort);
    }
}

/// Chooses the FN and the N that 3.0 shows. Further ones are kept under another name.
pub(super) fn down(properties: &mut [Property]) {
    let chosen = |found: &(usize, &Property)| !found.1.value.trim().is_empty() && found.1.is("FN");
    let shown = properties
        .iter()
        .enumerate()
        .filter(chosen)
        .min_by_key(|(_, p)| p.preference().unwrap_or(u8::MAX));
    let shown = shown.map(|(at, _)| at);
    let says = |part: &str| !unescaped(part).trim().is_empty();
    let is_name = |p: &Property| {
        p.is("N") && split(&p.value, ';').take(5).flat_map(|part| split(part, ',')).any(says)
    };
    let name = properties.iter().position(is_name);
    let name = name.or_else(|| properties.iter().position(|p| p.is("N")));
    for (at, property) in properties.iter_mut().enumerate() {
        let other = (property.is("FN") && shown.is_some_and(|shown| shown != at))
            || (property.is("N") && name != Some(at));
        if other {
            property.name = [ONLY_IN_4, &property.name].concat();
        }
    }
}

/// SORT-AS of N as the SORT-STRING of 3.0.
pub(super) fn sort_string(property: &mut Property) -> Option<Property> {
    let sort = property.take_parameter("SORT-AS")?;
    let mut line = Property::new(&property.group, "SORT-STRING", String::new());
    line.set_text(&parameter_text(&sort));
    Some(line)
}
