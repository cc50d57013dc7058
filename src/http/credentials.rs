//! The Authorization header: Basic (RFC 7617) and Bearer (RFC 6750).

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hyper::HeaderMap;
use hyper::header::AUTHORIZATION;
use zeroize::Zeroizing;

/// Some clients leave out the padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What a request says of its sender.
#[derive(PartialEq, Eq)]
pub(super) enum Credentials {
    None,
    Basic {
        name: String,
        password: Zeroizing<Vec<u8>>,
    },
    Bearer(Zeroizing<String>),
    /// Not to be read, or of a scheme that is not offered.
    Unusable,
}

/// Reads the credentials of a request. Two different headers prove nothing.
pub(super) fn read(headers: &HeaderMap) -> Credentials {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Credentials::None };
    if values.next().is_some() {
        return Credentials::Unusable;
    }
    value.to_str().ok().and_then(parse).unwrap_or(Credentials::Unusable)
}

fn parse(value: &str) -> Option<Credentials> {
    let (scheme, rest) = value.trim().split_once(' ')?;
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(Credentials::Bearer(Zeroizing::new(rest.to_owned())));
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = Zeroizing::new(BASE64.decode(rest).ok()?);
    let pair = Zeroizing::new(utf8(&pair));
    let (name, password) = pair.split_once(':')?;
    let password = Zeroizing::new(password.as_bytes().to_vec());
    Some(Credentials::Basic { name: name.to_owned(), password })
}

/// Older clients send names and passwords in ISO 8859-1, whatever the challenge says.
fn utf8(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().copied().map(char::from).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&str]) -> Credentials {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, value.parse().unwrap());
        }
        read(&headers)
    }

    fn check_basic(value: &str, name: &str, password: &str) {
        let expected = Credentials::Basic {
            name: name.to_owned(),
            password: Zeroizing::new(password.as_bytes().to_vec()),
        };
        assert!(of(&[value]) == expected, "{value}");
    }

    #[test]
    fn basic_credentials_are_read() {
        check_basic("Basic MjA0OnNlY3JldA==", "204", "secret");
        check_basic("basic  MjA0OnNlY3JldA", "204", "secret");
        check_basic("Basic MjA0OmE6Yg==", "204", "a:b");
        check_basic("Basic bcO8bGxlcjpncsO8bg==", "müller", "grün");
        check_basic("Basic bfxsbGVyOmdy/G4=", "müller", "grün");
    }

    #[test]
    fn a_token_is_read() {
        assert!(of(&["Bearer rb_1_2"]) == Credentials::Bearer(Zeroizing::new("rb_1_2".to_owned())));
    }

    #[test]
    fn anything_else_proves_nothing() {
        assert!(of(&[]) == Credentials::None);
        let two = ["Basic MjA0OnNlY3JldA==", "Basic MjA0OnNlY3JldA=="];
        for values in [&["Basic"][..], &["Basic !"], &["Basic MjA0"], &["Digest x"], &two] {
            assert!(of(values) == Credentials::Unusable, "{values:?}");
        }
    }
}
