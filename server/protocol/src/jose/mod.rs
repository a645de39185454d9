//! Signing and verifying JSON Web Tokens (RFC 7515, 7517, 7519).

use jiff::Timestamp;
pub use jsonwebtoken::jwk::Jwk;
use serde::de::DeserializeOwned;

mod algorithm;
mod key_set;
mod keyring;
mod signing_key;

pub use algorithm::{Algorithm, KeyKind};
pub use key_set::JwkSet;
pub use keyring::{Keyring, key_id};
pub use signing_key::{MalformedKey, SigningKey};

/// How far two honest clocks may differ, in seconds.
pub const SKEW_SECONDS: i64 = 60;

/// The algorithms whose signatures we accept: asymmetric only, so that no public key ever serves as a shared secret.
pub const ACCEPTED: [Algorithm; 4] = Algorithm::ALL;

/// Why a JWT is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidJwt {
    /// Not three parts of base64url JSON, or claims of another shape.
    #[error("the token is malformed")]
    Malformed,
    /// `alg` is `none`, symmetric, unknown, or not accepted here.
    #[error("the token's algorithm is not accepted")]
    Algorithm,
    /// `typ` is not the expected one (RFC 8725 §3.11).
    #[error("the token is of another type")]
    Type,
    /// No key of the set fits `kid` and `alg`.
    #[error("no key fits the token")]
    UnknownKey,
    /// The signature does not verify.
    #[error("the token's signature does not verify")]
    Signature,
}

/// Verifies `jwt` with `keys`, as [`Keyring::verify`] does; whoever keeps a set keeps a [`Keyring`] instead, which is decoded
/// once.
///
/// # Errors
/// [`InvalidJwt`] tells the first check that failed.
pub fn verify<T: DeserializeOwned>(
    jwt: &str,
    keys: &JwkSet,
    algorithms: &[Algorithm],
    typ: Option<&str>,
) -> Result<T, InvalidJwt> {
    Keyring::from(keys).verify(jwt, algorithms, typ)
}

/// Why a token's times are not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Untimely {
    /// `exp` is past.
    #[error("the token has expired")]
    Expired,
    /// `nbf` or `iat` lies in the future by more than the clocks may differ.
    #[error("the token is not valid yet")]
    NotYet,
}

/// Judges `exp`, and `nbf` and `iat` where present, in seconds of the epoch, allowing [`SKEW_SECONDS`].
///
/// # Errors
/// [`Untimely`] tells which way the token is out of time.
pub fn timely(now: Timestamp, exp: i64, nbf: Option<i64>, iat: Option<i64>) -> Result<(), Untimely> {
    let now = now.as_second();
    if exp.saturating_add(SKEW_SECONDS) <= now {
        return Err(Untimely::Expired);
    }
    let future = |second: i64| second > now.saturating_add(SKEW_SECONDS);
    if nbf.is_some_and(future) || iat.is_some_and(future) {
        return Err(Untimely::NotYet);
    }
    Ok(())
}

/// An RSA key for tests, made once.
#[cfg(test)]
fn rsa_key() -> SigningKey {
    static KEY: std::sync::LazyLock<SigningKey> =
        std::sync::LazyLock::new(|| SigningKey::generate_kind(KeyKind::Rsa, &crate::OsRng));
    KEY.clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_may_differ_by_a_minute() {
        let now = Timestamp::from_second(1_000_000).unwrap();
        assert_eq!(timely(now, 1_000_000 - 59, None, None), Ok(()));
        assert_eq!(timely(now, 1_000_000 - 60, None, None), Err(Untimely::Expired));
        assert_eq!(timely(now, i64::MAX, Some(1_000_060), Some(1_000_060)), Ok(()));
        assert_eq!(timely(now, i64::MAX, Some(1_000_061), None), Err(Untimely::NotYet));
        assert_eq!(timely(now, i64::MAX, None, Some(1_000_061)), Err(Untimely::NotYet));
    }
}
