//! GEO and TZ: pairs and offsets in vCard 3.0, `geo` URIs (RFC 5870) and texts in 4.0.

use crate::vcard::convert::date::offset;
use crate::vcard::property::Property;
use crate::vcard::text::has_scheme;

pub(super) fn geo_up(property: &mut Property) {
    let pair = property.value.replace('\\', "");
    let mut parts = pair.split([';', ',']).map(str::trim);
    if let (Some(latitude), Some(longitude), None) = (parts.next(), parts.next(), parts.next())
        && is_number(latitude)
        && is_number(longitude)
    {
        property.value = format!("geo:{latitude},{longitude}");
    }
    property.take_parameter("VALUE");
}

/// False where the URI says more than a pair.
pub(super) fn geo_down(property: &mut Property) -> bool {
    let text = property.text();
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let pair = rest.split_once(',').filter(|(latitude, longitude)| {
        scheme.eq_ignore_ascii_case("geo") && is_number(latitude) && is_number(longitude)
    });
    let Some((latitude, longitude)) = pair else { return false };
    property.value = format!("{latitude};{longitude}");
    property.take_parameter("VALUE");
    true
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.".contains(&byte))
}

pub(super) fn zone_up(property: &mut Property) {
    property.take_parameter("VALUE");
    match offset(property.value.trim()) {
        Some(offset) => {
            property.put_parameter("VALUE", "utc-offset");
            property.value = offset;
        }
        None if has_scheme(&property.value) => property.put_parameter("VALUE", "uri"),
        None => property.set_text(&property.text()),
    }
}

pub(super) fn zone_down(property: &mut Property) {
    let kind = property.take_parameter("VALUE").unwrap_or_default();
    match offset(property.value.trim()) {
        Some(offset) => {
            let (hours, minutes) = offset.split_at_checked(3).unwrap_or((&offset, ""));
            let minutes = if minutes.is_empty() { "00" } else { minutes };
            property.value = format!("{hours}:{minutes}");
        }
        None if kind.eq_ignore_ascii_case("uri") => property.put_parameter("VALUE", "uri"),
        None => property.put_parameter("VALUE", "text"),
    }
}
