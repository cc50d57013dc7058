//! Secrets that the server makes for devices: random, shown once, and easy to type.

use blake2::{Blake2b256, Digest};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::account::device::AppPassword;

/// Letters and digits that are not mistaken for others: there is no i, l, o and x.
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstuvwyz";
/// Characters of a phone's secret; each has five random bits.
const PHONE_CHARS: usize = 26;
/// Characters of an app password: 140 random bits in groups of four.
const APP_CHARS: usize = 28;
const GROUP_CHARS: usize = 4;

/// A secret for a phone account, in one piece: many phones have no dash.
///
/// # Errors
/// Where the operating system gives no random bytes.
pub(super) fn of_phone() -> Result<Zeroizing<String>, getrandom::Error> {
    random::<PHONE_CHARS>()
}

/// An app password as it is shown, such as `7k2m-…`, and what is kept of it.
///
/// # Errors
/// Where the operating system gives no random bytes.
pub(super) fn of_app() -> Result<(Zeroizing<String>, Box<str>), getrandom::Error> {
    let plain = random::<APP_CHARS>()?;
    let mut shown = Zeroizing::new(String::with_capacity(APP_CHARS + APP_CHARS / GROUP_CHARS));
    for (at, c) in plain.chars().enumerate() {
        if at > 0 && at % GROUP_CHARS == 0 {
            shown.push('-');
        }
        shown.push(c);
    }
    Ok((shown, hash(&plain)))
}

/// The app password that was typed, among those of a user. However they differ, all of them are
/// compared, each in constant time.
pub(super) fn find_app<'a>(apps: &'a [AppPassword], typed: &[u8]) -> Option<&'a AppPassword> {
    let typed = hash(&plain(typed)?);
    apps.iter().fold(None, |found, app| {
        let same: bool = app.hash.as_bytes().ct_eq(typed.as_bytes()).into();
        if same { Some(app) } else { found }
    })
}

/// An app password without dashes and spaces and with what people take for another letter put
/// right; None where it cannot be one.
fn plain(typed: &[u8]) -> Option<Zeroizing<String>> {
    let mut plain = Zeroizing::new(String::with_capacity(APP_CHARS));
    for byte in typed {
        let letter = match byte.to_ascii_lowercase() {
            b'-' | b' ' => continue,
            b'o' => b'0',
            b'i' | b'l' => b'1',
            letter => letter,
        };
        if plain.len() == APP_CHARS || !LETTERS.contains(&letter) {
            return None;
        }
        plain.push(char::from(letter));
    }
    (plain.len() == APP_CHARS).then_some(plain)
}

fn random<const CHARS: usize>() -> Result<Zeroizing<String>, getrandom::Error> {
    let mut random = Zeroizing::new([0_u8; CHARS]);
    getrandom::fill(random.as_mut())?;
    let letter = |byte: &u8| LETTERS.get(usize::from(byte % 32)).copied().map_or('0', char::from);
    Ok(Zeroizing::new(random.iter().map(letter).collect()))
}

/// A random secret needs no slow hash.
pub(super) fn hash(random: &str) -> Box<str> {
    hex(&Blake2b256::digest(random.as_bytes())).into()
}

pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::device::{Door, Doors};
    use crate::contact::{ContactId, Timestamp};

    fn app(id: &str, hash: Box<str>) -> AppPassword {
        AppPassword {
            carddav_layout: None,
            user: ContactId(uuid::Uuid::from_u128(1)),
            id: id.into(),
            name: id.into(),
            doors: Doors::of(Door::ALL),
            hash,
            created: Timestamp(0),
        }
    }

    #[test]
    fn an_app_password_is_found_however_it_is_typed() {
        let (first, first_hash) = of_app().unwrap();
        let (second, second_hash) = of_app().unwrap();
        let apps = [app("first", first_hash), app("second", second_hash)];
        let found = |typed: &str| find_app(&apps, typed.as_bytes()).map(|app| &*app.id);
        assert_eq!(found(&first), Some("first"));
        assert_eq!(found(&second), Some("second"));
        assert_eq!(found(&second.to_uppercase().replace('-', " ")), Some("second"));
        assert_eq!(
            found(&second.replace('-', "").replace('0', "O").replace('1', "l")),
            Some("second")
        );
        assert_eq!(found(&format!("{}{}", &second[1..], &second[..1])), None);
        assert_eq!(found(&second[1..]), None);
        assert_eq!(found(&format!("{}z", &*second)), None);
        assert_eq!(found(""), None);
    }

    #[test]
    fn a_secret_has_128_random_bits_and_nothing_of_it_is_kept() {
        let (shown, hash) = of_app().unwrap();
        assert_eq!(shown.split('-').map(str::len).collect::<Vec<_>>(), [GROUP_CHARS; 7]);
        const { assert!(APP_CHARS * 5 >= 128 && PHONE_CHARS * 5 >= 128) };
        assert!(!hash.contains(&shown.replace('-', "")));
        assert_ne!(*of_phone().unwrap(), *of_phone().unwrap());
    }
}
