//! Tokens: `rb_<id>_<random>`, of which only a hash is kept.

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::account::Role;
use crate::account::device::Token;
use crate::auth::secret::{hash, hex};
use crate::contact::{OrganizationId, Timestamp};
use crate::directory::system_clock;

/// Random bytes of the public id and of the secret part.
const ID_BYTES: usize = 8;
const SECRET_BYTES: usize = 24;

/// A new token and its secret, which is shown once and never kept.
///
/// # Errors
/// Where the operating system gives no random bytes.
pub(super) fn make(
    role: Role,
    organization: Option<OrganizationId>,
    name: &str,
) -> Result<(Token, Zeroizing<String>), getrandom::Error> {
    let id = id()?;
    let mut random = Zeroizing::new([0; SECRET_BYTES]);
    getrandom::fill(random.as_mut())?;
    let random = Zeroizing::new(hex(random.as_slice()));
    let token = Token {
        id: id.as_str().into(),
        name: name.into(),
        role,
        scopes: Vec::new(),
        organization,
        hash: hash(&random),
        created: system_clock(),
        expires: None,
    };
    Ok((token, Zeroizing::new(format!("rb_{id}_{}", random.as_str()))))
}

/// A public id.
pub(super) fn id() -> Result<String, getrandom::Error> {
    let mut id = [0; ID_BYTES];
    getrandom::fill(&mut id)?;
    Ok(hex(&id))
}

/// The public id and the secret part of a token as it was sent.
pub(super) fn split(secret: &str) -> Option<(&str, &str)> {
    let (id, random) = secret.strip_prefix("rb_")?.split_once('_')?;
    let plain = |text: &str, bytes: usize| {
        text.len() == bytes * 2 && text.bytes().all(|c| c.is_ascii_hexdigit())
    };
    (plain(id, ID_BYTES) && plain(random, SECRET_BYTES)).then_some((id, random))
}

/// Whether a secret part is the token's, and the token still counts.
pub(super) fn accepts(token: &Token, random: &str, now: Timestamp) -> bool {
    let right: bool = hash(random).as_bytes().ct_eq(token.hash.as_bytes()).into();
    right && !expired(token, now)
}

pub(super) fn expired(token: &Token, now: Timestamp) -> bool {
    token.expires.is_some_and(|expires| expires <= now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> (Token, Zeroizing<String>) {
        make(Role::Operator, None, "test").unwrap()
    }

    #[test]
    fn a_token_accepts_its_own_secret_only() {
        let (token, secret) = token();
        let (id, random) = split(&secret).unwrap();
        assert_eq!(id, &*token.id);
        assert!(accepts(&token, random, Timestamp(0)));
        assert!(!accepts(&token, &random.replace(['0', '1'], "2"), Timestamp(0)));
        assert!(!token.hash.contains(random));
    }

    #[test]
    fn a_token_ends_when_it_expires() {
        let (mut token, secret) = token();
        let (_, random) = split(&secret).unwrap();
        token.expires = Some(Timestamp(100));
        assert!(accepts(&token, random, Timestamp(99)));
        assert!(!accepts(&token, random, Timestamp(100)));
    }

    #[test]
    fn anything_else_is_no_token() {
        for text in ["", "rb_", "rb__", "rb_0011223344556677_", "0011223344556677", "rb_é_é"] {
            assert_eq!(split(text), None, "{text}");
        }
    }
}
