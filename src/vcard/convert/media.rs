//! PHOTO, LOGO, SOUND and KEY: `ENCODING=b;TYPE=` in vCard 3.0, `data` URIs (RFC 2397) in 4.0.

use crate::vcard::property::Property;
use crate::vcard::text::has_scheme;

/// Types that say who a value is for, not what data it is.
const NO_MEDIA: [&str; 3] = ["home", "work", "pref"];
const UNKNOWN: &str = "application/octet-stream";
/// Types of 3.0 and media types that are not made of one another.
const NAMES: [(&str, &str, &str); 5] = [
    ("KEY", "PGP", "application/pgp-keys"),
    ("KEY", "X509", "application/pkix-cert"),
    ("SOUND", "WAVE", "audio/wav"),
    ("PHOTO", "JPEG", "image/jpg"),
    ("LOGO", "JPEG", "image/jpg"),
];

pub(in crate::vcard) fn is_media(name: &str) -> bool {
    ["PHOTO", "LOGO", "SOUND", "KEY"].contains(&name)
}

pub(super) fn up(property: &mut Property) {
    let kind = property.value_kind();
    property.take_parameter("VALUE");
    if property.base64 {
        property.base64 = false;
        let media = take_media(property);
        let media = media.or_else(|| sniffed(&property.value));
        let media = media.as_deref().unwrap_or(UNKNOWN);
        property.value = format!("data:{media};base64,{}", property.value);
    } else if has_scheme(&property.value) {
        property.set_uri(&property.text());
        if let Some(media) = take_media(property).filter(|_| !is_data(&property.value)) {
            property.put_parameter("MEDIATYPE", &media);
        }
    } else if !property.value.is_empty() {
        // Keys may be plain text in both versions.
        let kind = if kind.is_empty() || kind == "uri" { "text" } else { &kind };
        property.put_parameter("VALUE", kind);
        property.set_text(&property.text());
    }
}

pub(super) fn down(property: &mut Property) {
    let kind = property.value_kind();
    property.take_parameter("VALUE");
    let media = property.take_parameter("MEDIATYPE");
    if let Some((media, data)) = data(&property.value) {
        let (media, data) = (media.to_ascii_lowercase(), data.to_owned());
        property.base64 = true;
        property.value = data.chars().filter(|c| !c.is_whitespace()).collect();
        put_media(property, &media);
    } else if !property.base64 && has_scheme(&property.value) && kind != "text" {
        property.set_uri(&property.text());
        property.put_parameter("VALUE", "uri");
        put_media(property, &media.unwrap_or_default());
    }
}

/// A value in 3.0 that was a URI in 2.1, or that Google left without `VALUE=uri`.
pub(super) fn modern(property: &mut Property) {
    if !property.base64 && has_scheme(&property.value) {
        property.take_parameter("VALUE");
        property.set_uri(&property.text());
        property.put_parameter("VALUE", "uri");
    }
}

/// The media type that a TYPE of 3.0 means.
fn take_media(property: &mut Property) -> Option<String> {
    let is_media = |kind: &String| !NO_MEDIA.contains(&kind.to_ascii_lowercase().as_str());
    let at = property.types.iter().position(is_media)?;
    let kind = property.types.remove(at);
    if kind.contains('/') {
        return Some(kind.to_ascii_lowercase());
    }
    let mut names = NAMES.iter().filter(|(.., media)| *media != "image/jpg");
    let named = names.find(|(name, own, _)| property.is(name) && kind.eq_ignore_ascii_case(own));
    Some(match named {
        Some((.., media)) => (*media).to_owned(),
        None if kind.eq_ignore_ascii_case("JPG") => "image/jpeg".to_owned(),
        None => format!("{}{}", main_type(&property.name), kind.to_ascii_lowercase()),
    })
}

fn put_media(property: &mut Property, media: &str) {
    if media.is_empty() || media == UNKNOWN {
        return;
    }
    let named = NAMES.iter().find(|(name, _, known)| property.is(name) && media == *known);
    let kind = match (named, media.strip_prefix(main_type(&property.name))) {
        (Some((_, kind, _)), _) => (*kind).to_owned(),
        (None, Some(kind)) => kind.to_ascii_uppercase(),
        (None, None) => media.to_owned(),
    };
    property.types.insert(0, kind);
}

fn main_type(name: &str) -> &'static str {
    match name {
        "SOUND" => "audio/",
        "KEY" => "application/",
        _ => "image/",
    }
}

/// What the first bytes say, as Base64.
fn sniffed(data: &str) -> Option<String> {
    let kinds = [("/9j/", "jpeg"), ("iVBORw0K", "png"), ("R0lGOD", "gif"), ("UklGR", "webp")];
    let kind = kinds.iter().find(|(start, _)| data.starts_with(start));
    kind.map(|(_, kind)| format!("image/{kind}"))
}

/// The media type and the data of a `data` URI in Base64. Some programs write its marks as if they
/// were text.
fn data(value: &str) -> Option<(&str, &str)> {
    let rest = value.get(5..).filter(|_| is_data(value))?;
    let (head, data) = rest.split_once(',')?;
    let head = head.trim_end_matches('\\');
    let (media, encoding) = head.rsplit_once(';')?;
    let media = media.split([';', '\\']).next().unwrap_or_default();
    encoding.eq_ignore_ascii_case("base64").then_some((media, data))
}

fn is_data(value: &str) -> bool {
    value.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("data:"))
}
