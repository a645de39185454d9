//! Sealing of records at rest: authenticated encryption under a key derived from a secret.
//!
//! A record is sealed with XChaCha20-Poly1305 under HKDF-SHA-256 of the secret; the purpose separates keys, and the
//! context (where the record is kept) is authenticated, so that a record moved elsewhere does not open.
//! Shape: 24 bytes of nonce, then the ciphertext with its 16-byte tag.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use sha2::{Digest as _, Sha256};

use crate::Rng;
use crate::secret::Ticket;

const NONCE: usize = 24;

/// Seals and opens records of one purpose under one secret.
#[derive(Clone)]
pub struct Sealer(XChaCha20Poly1305);

/// The record does not open: another key, another place, or altered bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sealed record does not open")]
pub struct DoesNotOpen;

impl Sealer {
    /// Derives the key for `purpose` from `secret`.
    pub fn derive(secret: &[u8], purpose: &str) -> Self {
        let mut key = [0; 32];
        let filled = Hkdf::<Sha256>::new(None, secret).expand(purpose.as_bytes(), &mut key);
        debug_assert!(filled.is_ok(), "32 bytes are within HKDF's length");
        Self(XChaCha20Poly1305::new(&Key::from(key)))
    }

    /// Seals `plain`, bound to `context`.
    pub fn seal(&self, rng: &dyn Rng, context: &[u8], plain: &[u8]) -> Vec<u8> {
        let mut nonce = [0; NONCE];
        rng.fill(&mut nonce);
        let payload = Payload { msg: plain, aad: context };
        let mut sealed = nonce.to_vec();
        // Encryption fails only past 256 GiB, which no record here reaches; an empty ciphertext never opens.
        sealed.extend(self.0.encrypt(&XNonce::from(nonce), payload).unwrap_or_default());
        sealed
    }

    /// Opens what [`seal`](Self::seal) made under the same secret, purpose and context.
    ///
    /// # Errors
    /// [`DoesNotOpen`] for anything else.
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, DoesNotOpen> {
        let (nonce, cipher) = sealed.split_first_chunk::<NONCE>().ok_or(DoesNotOpen)?;
        let payload = Payload { msg: cipher, aad: context };
        self.0.decrypt(&XNonce::from(*nonce), payload).map_err(|_| DoesNotOpen)
    }
}

/// The name under which the record of a ticket is kept: a hash, so that whoever reads the store learns no ticket.
pub fn handle(purpose: &str, ticket: &Ticket) -> String {
    digest(purpose, ticket.expose().as_bytes())
}

/// SHA-256 of `secret` for `purpose`, as 43 characters of base64url: how secrets are looked up at rest.
pub fn digest(purpose: &str, secret: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(hash(purpose, secret))
}

/// The first 16 bytes of the same, for an identity that is one however often it is made.
pub fn fingerprint(purpose: &str, of: &[u8]) -> [u8; 16] {
    hash(purpose, of).first_chunk().copied().unwrap_or_default()
}

fn hash(purpose: &str, secret: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(purpose.as_bytes()).chain_update([0]).chain_update(secret).finalize().into()
}

/// 256 bits that only `secret` gives for `purpose` and `context` (HKDF-SHA-256), as 43 characters of base64url: what need not be kept,
/// because it can be made again.
pub fn derived(secret: &[u8], purpose: &str, context: &[u8]) -> String {
    let mut bytes = [0; 32];
    let filled = Hkdf::<Sha256>::new(None, secret).expand_multi_info(&[purpose.as_bytes(), &[0], context], &mut bytes);
    debug_assert!(filled.is_ok(), "32 bytes are within HKDF's length");
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::CountingRng;

    #[test]
    fn what_is_derived_depends_on_secret_purpose_and_context() {
        let one = derived(b"secret", "link", b"event");
        assert_eq!((one.len(), &one), (43, &derived(b"secret", "link", b"event")));
        for (secret, purpose, context) in
            [(&b"other"[..], "link", &b"event"[..]), (b"secret", "lin", b"kevent"), (b"secret", "link", b"another")]
        {
            assert_ne!(derived(secret, purpose, context), one);
        }
    }

    #[test]
    fn a_record_opens_only_with_its_secret_purpose_and_context() {
        let rng = CountingRng::default();
        let sealed = Sealer::derive(b"secret", "session").seal(&rng, b"here", b"tokens");
        assert_eq!(Sealer::derive(b"secret", "session").open(b"here", &sealed).as_deref(), Ok(&b"tokens"[..]));
        assert_eq!(Sealer::derive(b"other", "session").open(b"here", &sealed), Err(DoesNotOpen));
        assert_eq!(Sealer::derive(b"secret", "transaction").open(b"here", &sealed), Err(DoesNotOpen));
        assert_eq!(Sealer::derive(b"secret", "session").open(b"there", &sealed), Err(DoesNotOpen));
    }

    #[test]
    fn no_byte_of_a_sealed_record_can_be_changed_or_cut() {
        let ours = Sealer::derive(b"secret", "session");
        let sealed = ours.seal(&CountingRng::default(), b"", b"tokens");
        for i in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[i] ^= 1;
            assert_eq!(ours.open(b"", &altered), Err(DoesNotOpen));
            assert_eq!(ours.open(b"", &sealed[..i]), Err(DoesNotOpen));
        }
    }
}
