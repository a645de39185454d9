//! Chance as an argument, so that a test can say which numbers come.

use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

/// Gives random bytes.
pub trait Rng: Send + Sync + 'static {
    /// Fills `bytes` with random bytes.
    fn fill(&self, bytes: &mut [u8]);

    /// 256 random bits.
    fn bits_256(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.fill(&mut bytes);
        bytes
    }
}

/// 256 random bits as 43 characters of unpadded base64url: the shape of every opaque value we hand out.
pub fn opaque(rng: &dyn Rng) -> String {
    URL_SAFE_NO_PAD.encode(rng.bits_256())
}

/// Whether `text` has the shape of what [`opaque`] gives; what has not was never handed out.
pub fn is_opaque(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// The operating system's generator.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsRng;

impl Rng for OsRng {
    #[expect(clippy::disallowed_methods, reason = "the one place where real chance enters")]
    fn fill(&self, bytes: &mut [u8]) {
        if getrandom::fill(bytes).is_err() {
            // Without randomness nothing that follows would be safe; there is no answer to give.
            std::process::abort();
        }
    }
}

/// A generator that gives the same bytes in every run. For tests only: nothing it gives is secret.
#[derive(Debug, Default)]
pub struct CountingRng(AtomicU64);

impl Rng for CountingRng {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let count = self.0.fetch_add(1, Ordering::Relaxed);
            let block = Sha256::digest(count.to_be_bytes());
            for (byte, random) in chunk.iter_mut().zip(block) {
                *byte = random;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_opaque_is_known_by_its_shape() {
        let given = opaque(&CountingRng::default());
        assert!(is_opaque(&given), "{given}");
        let (short, long) = (&given[1..], format!("{given}A"));
        for other in ["", short, &long, &given.replace(&given[..1], "."), &given.replace(&given[..2], "ü"), "no-token-of-anybody"]
        {
            assert!(!is_opaque(other), "{other}");
        }
    }
}
