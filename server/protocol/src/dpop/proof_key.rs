//! The key that a client proves with: made for one session, kept beside its tokens, gone with them.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Thumbprint;
use super::proof::{Target, prove};
use crate::Rng;
use crate::jose::{InvalidJwt, MalformedKey, SigningKey};
use crate::secret::DpopProof;

/// A private key of P-256 for proofs, and its thumbprint.
#[derive(Debug, Clone)]
pub struct ProofKey {
    key: SigningKey,
    thumbprint: Thumbprint,
}

impl ProofKey {
    /// Makes a key.
    pub fn generate(rng: &dyn Rng) -> Self {
        loop {
            // The identifier of a signing key is its thumbprint, so that one draw is enough.
            if let Ok(key) = Self::of(SigningKey::generate(rng)) {
                return key;
            }
        }
    }

    fn of(key: SigningKey) -> Result<Self, MalformedKey> {
        let thumbprint = key.kid().parse().map_err(|_| MalformedKey)?;
        Ok(Self { key, thumbprint })
    }

    /// What a token or a code is bound by: `jkt`, `dpop_jkt` (RFC 9449 §6.1, §10).
    pub fn thumbprint(&self) -> &Thumbprint {
        &self.thumbprint
    }

    /// Makes a proof for one request; `nonce` is the last that the server gave, if it did.
    ///
    /// # Errors
    /// [`InvalidJwt`] should signing fail.
    pub fn prove(
        &self,
        target: &Target<'_>,
        nonce: Option<&str>,
        now: Timestamp,
        rng: &dyn Rng,
    ) -> Result<DpopProof, InvalidJwt> {
        prove(&self.key, target, nonce, now, rng)
    }
}

/// The private key itself: for sealed records only.
impl Serialize for ProofKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use secrecy::ExposeSecret as _;
        let pem = self.key.to_pem().map_err(serde::ser::Error::custom)?;
        serializer.serialize_str(pem.expose_secret())
    }
}

impl<'de> Deserialize<'de> for ProofKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let pem = String::deserialize(deserializer)?;
        SigningKey::from_pem(&pem).and_then(Self::of).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::OsRng;
    use crate::dpop::judge;

    /// RFC 9449 §5: a refresh is proven with the very key, so the key survives where it is kept.
    #[test]
    fn a_key_proves_the_same_after_it_was_kept() {
        let key = ProofKey::generate(&OsRng);
        let kept: ProofKey = serde_json::from_str(&serde_json::to_string(&key).unwrap()).unwrap();
        assert_eq!(kept.thumbprint(), key.thumbprint());
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let target = Target { method: "POST", uri: "https://id.example/token", access_token: None };
        let proven = judge(&kept.prove(&target, Some("n"), now, &OsRng).unwrap(), &target, now).unwrap();
        assert_eq!((&proven.key, proven.nonce.as_deref()), (key.thumbprint(), Some("n")));
        assert!(!format!("{key:?}").contains("PRIVATE"));
    }
}
