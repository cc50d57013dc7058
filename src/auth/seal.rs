//! A seal for what clients keep for the server and bring back: a keyed hash whose key lives and dies
//! with the process.

use blake2::Blake2bMac512;
use blake2::digest::{FixedOutput, KeyInit, Update};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Bytes of a seal.
pub const SEAL_BYTES: usize = 32;

/// Seals, and tells its own seals from others.
pub struct Sealer {
    /// None where the operating system gave no random bytes: then nothing is sealed.
    key: Option<Zeroizing<[u8; 64]>>,
}

impl Default for Sealer {
    /// A sealer with a key of its own.
    fn default() -> Self {
        let mut key = Zeroizing::new([0; 64]);
        Self { key: getrandom::fill(key.as_mut()).ok().map(|()| key) }
    }
}

impl Sealer {
    /// The seal of these parts; where one ends and the next begins is part of it.
    pub fn seal(&self, parts: &[&[u8]]) -> Option<[u8; SEAL_BYTES]> {
        let key = self.key.as_ref()?;
        let mut mac = <Blake2bMac512 as KeyInit>::new_from_slice(key.as_slice()).ok()?;
        for part in parts {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part);
        }
        mac.finalize_fixed().first_chunk().copied()
    }

    /// Whether this is the seal of these parts.
    pub fn is_genuine(&self, seal: &[u8], parts: &[&[u8]]) -> bool {
        self.seal(parts).is_some_and(|own| own.ct_eq(seal).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_is_of_one_key_and_of_all_parts() {
        let sealer = Sealer::default();
        let seal = sealer.seal(&[b"user:1", b"query"]).unwrap();
        assert!(sealer.is_genuine(&seal, &[b"user:1", b"query"]));
        for parts in [&[&b"user:1q"[..], b"uery"][..], &[b"user:2", b"query"], &[b"user:1"]] {
            assert!(!sealer.is_genuine(&seal, parts));
        }
        assert!(!sealer.is_genuine(&seal[..31], &[b"user:1", b"query"]));
        assert!(!sealer.is_genuine(b"", &[b"user:1", b"query"]));
        assert!(!Sealer::default().is_genuine(&seal, &[b"user:1", b"query"]));
    }
}
