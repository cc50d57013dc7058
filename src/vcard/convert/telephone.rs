//! TEL: `tel` URIs (RFC 3966) in vCard 4.0, texts in 3.0.

use std::borrow::Cow;

use crate::vcard::property::Property;

/// What stood behind the number in a `tel` URI, such as `ext=12`.
pub(in crate::vcard) const TEL_PARAMETERS: &str = "X-TEL";

pub(super) fn down(property: &mut Property) {
    let kind = property.value_kind();
    let text = property.text();
    let uri = text.split_at_checked(4).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("tel:"));
    let Some((_, rest)) = uri else {
        if kind == "text" {
            property.take_parameter("VALUE");
        }
        return;
    };
    property.take_parameter("VALUE");
    let (number, parameters) = rest.split_once(';').unwrap_or((rest, ""));
    if parameters.is_empty() {
        return property.set_text(number);
    }
    property.put_parameter(TEL_PARAMETERS, &format!("\"{}\"", parameters.replace('"', "")));
    property.set_text(&[number, &suffix(parameters)].concat());
}

pub(super) fn up(property: &mut Property) {
    let kind = property.value_kind();
    let is_text = ["phone-number", "text"].contains(&kind.as_str());
    if is_text {
        property.take_parameter("VALUE");
    }
    let Some(parameters) = property.take_parameter(TEL_PARAMETERS) else { return };
    let text = property.text();
    let number = text.strip_suffix(&suffix(&parameters)).unwrap_or_default();
    // A number that was changed meanwhile stays as the text that it is.
    let allowed = |byte: u8| byte.is_ascii_hexdigit() || b"+*#-.()".contains(&byte);
    if !number.is_empty() && number.bytes().all(allowed) {
        property.take_parameter("VALUE");
        property.put_parameter("VALUE", "uri");
        property.set_uri(&format!("tel:{number};{parameters}"));
    }
}

/// How people write an extension behind a number.
fn suffix(parameters: &str) -> String {
    let mut parameters = parameters.split(';').filter_map(|parameter| parameter.split_once('='));
    let extension = parameters.find(|(name, _)| name.eq_ignore_ascii_case("ext"));
    extension.map(|(_, value)| format!(" ext. {value}")).unwrap_or_default()
}

/// A number in 3.0 without the extension that conversion wrote behind it.
pub(in crate::vcard) fn without_extension<'a>(
    number: Cow<'a, str>,
    parameters: Option<&str>,
) -> Cow<'a, str> {
    let extension = parameters.map(suffix).unwrap_or_default();
    match number.strip_suffix(&extension).filter(|_| !extension.is_empty()) {
        Some(bare) => Cow::Owned(bare.to_owned()),
        None => number,
    }
}
