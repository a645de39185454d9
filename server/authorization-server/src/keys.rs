//! The provider's signing keys: made on the first start, sealed at rest, the same on every replica.

use protocol::jose::{self, Algorithm, JwkSet, SigningKey};
use protocol::seal::Sealer;
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use user_database::StoredKey;

use crate::state::{Boxes, PrepareError};

const PURPOSE: &str = "provider signing key";

/// The keys in use: the newest signs, all are published.
pub(crate) struct Keys {
    signing: SigningKey,
    published: JwkSet,
}

impl Keys {
    /// Loads the keys; where there are none, makes the first. Of several replicas that start at once one makes it, and all
    /// load that one.
    pub(crate) async fn load(boxes: &Boxes, secret: &SecretString) -> Result<Self, PrepareError> {
        let sealer = Sealer::derive(secret.expose_secret().as_bytes(), PURPOSE);
        let mut stored = boxes.signing_keys.all().await?;
        if stored.is_empty() {
            let key = SigningKey::generate(&*boxes.rng);
            let pem = key.to_pem().map_err(|_| PrepareError::NoKey)?;
            let at_rest = sealer.seal(&*boxes.rng, key.kid().as_bytes(), pem.expose_secret().as_bytes());
            let first = StoredKey { kid: key.kid().to_owned(), sealed: at_rest, created_at: boxes.clock.now() };
            if boxes.signing_keys.add_first(&first).await? {
                tracing::info!(kid = first.kid, "made the first signing key");
            }
            stored = boxes.signing_keys.all().await?;
        }
        let mut opened = stored.iter().map(|key| open(&sealer, key));
        let signing = opened.next().ok_or(PrepareError::NoKey)??;
        let mut published = JwkSet { keys: vec![signing.public_jwk().clone()] };
        for older in opened {
            published.keys.push(older?.public_jwk().clone());
        }
        Ok(Self { signing, published })
    }

    /// The key that signs.
    pub(crate) fn signing(&self) -> &SigningKey {
        &self.signing
    }

    /// The public halves of all keys.
    pub(crate) fn published(&self) -> &JwkSet {
        &self.published
    }

    /// The claims of a token that we ourselves signed as `typ`; times and audience are still to be judged.
    pub(crate) fn read<T: DeserializeOwned>(&self, jwt: &str, typ: &str) -> Result<T, jose::InvalidJwt> {
        jose::verify(jwt, &self.published, &[Algorithm::ES256], Some(&typ.to_ascii_lowercase()))
    }
}

fn open(sealer: &Sealer, stored: &StoredKey) -> Result<SigningKey, PrepareError> {
    let locked = || PrepareError::Sealed(stored.kid.clone());
    let pem = sealer.open(stored.kid.as_bytes(), &stored.sealed).map_err(|_| locked())?;
    let pem = SecretString::from(String::from_utf8(pem).map_err(|_| locked())?);
    SigningKey::from_pem(pem.expose_secret()).map_err(|_| locked())
}
