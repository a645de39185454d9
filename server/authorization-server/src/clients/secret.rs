//! Client secrets: kept as digests, compared in constant time.

use std::path::{Path, PathBuf};

use protocol::Rng;
use protocol::entropy::opaque;
use protocol::seal::digest;
use protocol::secret::ClientSecret;
use serde::Deserialize;
use subtle::ConstantTimeEq as _;

/// From this length on, in characters, a secret that somebody thought up counts as one that cannot be guessed.
const SHORTEST: usize = 32;

const PURPOSE: &str = "client secret";

/// A client's secret as it is registered.
///
/// In a configuration file: `secret = "…"`, or `secret_file = "…"` with the path of a file that holds it.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Written")]
pub enum Secret {
    /// By what is compared.
    Known(SecretDigest),
    /// In a file that has not been read yet; [`Client::read_secret`](super::Client::read_secret) reads it.
    InFile(PathBuf),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    secret: Option<ClientSecret>,
    secret_file: Option<PathBuf>,
}

impl TryFrom<Written> for Secret {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        match (written.secret, written.secret_file) {
            (Some(secret), None) => Ok(Self::Known(SecretDigest::of(&secret))),
            (None, Some(file)) => Ok(Self::InFile(file)),
            _ => Err("this method needs either secret or secret_file"),
        }
    }
}

impl Secret {
    /// Makes a secret of 256 random bits: the text, to be shown once, and what is kept.
    pub fn generate(rng: &dyn Rng) -> (ClientSecret, SecretDigest) {
        let secret = ClientSecret::new(opaque(rng));
        let digest = SecretDigest::of(&secret);
        (secret, digest)
    }

    /// What is compared, once it is known.
    pub fn digest(&self) -> Option<&SecretDigest> {
        match self {
            Self::Known(digest) => Some(digest),
            Self::InFile(_) => None,
        }
    }

    /// The file that is still to be read.
    pub(super) fn file(&self) -> Option<&Path> {
        match self {
            Self::Known(_) => None,
            Self::InFile(path) => Some(path),
        }
    }
}

/// SHA-256 of a client's secret, the text being nowhere. A hash without work to it is right for secrets of 256 random bits;
/// whether one that somebody thought up is long enough is remembered beside it.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretDigest {
    digest: String,
    short: bool,
}

impl SecretDigest {
    /// The digest of `secret`.
    pub fn of(secret: &ClientSecret) -> Self {
        let short = secret.expose().chars().count() < SHORTEST;
        Self { digest: digest(PURPOSE, secret.expose().as_bytes()), short }
    }

    /// A digest as it was stored.
    pub fn stored(digest: impl Into<String>) -> Self {
        Self { digest: digest.into(), short: false }
    }

    /// The digest as it is stored: 43 characters of base64url.
    pub fn as_str(&self) -> &str {
        &self.digest
    }

    /// Whether the secret had fewer than 32 characters.
    pub fn is_short(&self) -> bool {
        self.short
    }

    /// Whether `presented` is the secret; where there is none to compare with, the answer is no, by the same steps.
    pub(crate) fn fits(known: Option<&Self>, presented: &ClientSecret) -> bool {
        let presented = digest(PURPOSE, presented.expose().as_bytes());
        // As long as any digest, and none.
        let expected = known.map_or("-------------------------------------------", |known| known.digest.as_str());
        bool::from(presented.as_bytes().ct_eq(expected.as_bytes())) && known.is_some()
    }
}

/// Shows nothing: the digest of a secret that somebody thought up could be guessed.
impl std::fmt::Debug for SecretDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretDigest([REDACTED])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::OsRng;

    /// A23: what is kept of a secret is a digest; attack 19: compared as a whole, in constant time.
    #[test]
    fn a_secret_fits_its_own_digest_only() {
        let (secret, known) = Secret::generate(&OsRng);
        assert!(SecretDigest::fits(Some(&known), &secret));
        assert!(SecretDigest::fits(Some(&SecretDigest::stored(known.as_str())), &secret));
        assert!(!SecretDigest::fits(Some(&known), &ClientSecret::new("")));
        assert!(!SecretDigest::fits(Some(&known), &ClientSecret::new(known.as_str())), "the digest is no secret");
        assert!(!SecretDigest::fits(None, &secret));
        assert!(!format!("{known:?}").contains(known.as_str()));
    }

    #[test]
    fn a_secret_is_short_below_32_characters() {
        assert!(SecretDigest::of(&ClientSecret::new("x".repeat(31))).is_short());
        assert!(!SecretDigest::of(&ClientSecret::new("ü".repeat(32))).is_short());
    }
}
