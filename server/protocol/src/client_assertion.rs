//! `private_key_jwt` client authentication (RFC 7523 §2.2, §3; audience as FAPI 2.0 §5.3.2.1 asks).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Rng;
use crate::entropy::opaque;
use crate::jose::{self, Algorithm, InvalidJwt, JwkSet, SigningKey, Untimely};
use crate::secret::ClientAssertion;

/// `client_assertion_type` of a JWT.
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How long an assertion that we make is good, in seconds.
const LIFETIME_SECONDS: i64 = 60;

/// The longest life we accept in an assertion, in seconds, so that its `jti` need not be remembered for ever.
const LONGEST_LIFETIME_SECONDS: i64 = 600;

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    jti: String,
    iat: i64,
    exp: i64,
}

/// Makes an assertion of `client_id` for the authorization server `issuer`, good for one minute.
///
/// # Errors
/// [`InvalidJwt`] should signing fail.
pub fn assert(
    client_id: &str,
    issuer: &str,
    key: &SigningKey,
    now: Timestamp,
    rng: &dyn Rng,
) -> Result<ClientAssertion, InvalidJwt> {
    let iat = now.as_second();
    let claims = Claims { iss: client_id, sub: client_id, aud: issuer, jti: opaque(rng), iat, exp: iat + LIFETIME_SECONDS };
    key.sign("JWT", &claims).map(ClientAssertion::new)
}

/// Why an assertion does not authenticate its client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The JWT itself is not acceptable.
    #[error(transparent)]
    Jwt(#[from] InvalidJwt),
    /// `iss` and `sub` are not both the client.
    #[error("iss and sub must be the client_id")]
    Subject,
    /// `aud` is not the issuer as a single string.
    #[error("aud must be the issuer, as a single string")]
    Audience,
    /// Expired, not valid yet, or good for too long.
    #[error("the assertion is out of time")]
    Untimely,
    /// `jti` is missing, empty or oversized.
    #[error("jti is missing")]
    Identifier,
}

impl From<Untimely> for Refused {
    fn from(_: Untimely) -> Self {
        Self::Untimely
    }
}

/// What remains to be remembered of an accepted assertion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// Its identifier; a second assertion with it must be refused.
    pub jti: String,
    /// When it may be forgotten, in seconds of the epoch.
    pub forget_after: i64,
}

#[derive(Deserialize)]
struct Read {
    iss: String,
    sub: String,
    aud: Value,
    jti: Option<String>,
    iat: Option<i64>,
    nbf: Option<i64>,
    exp: i64,
}

/// The client that an assertion claims to be, unverified: to know whose keys to verify it with.
pub fn claimed_client(assertion: &ClientAssertion) -> Option<String> {
    use base64::Engine as _;
    let payload = assertion.expose().split('.').nth(1)?;
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).ok()?;
    serde_json::from_slice::<Value>(&bytes).ok()?.get("sub")?.as_str().map(str::to_owned)
}

/// Verifies an assertion of `client_id` with its registered `keys`, signed by one of `algorithms`. Replay of `jti` is the caller's to refuse.
///
/// # Errors
/// [`Refused`] tells the first check that failed.
pub fn verify(
    assertion: &ClientAssertion,
    client_id: &str,
    issuer: &str,
    keys: &JwkSet,
    algorithms: &[Algorithm],
    now: Timestamp,
) -> Result<Accepted, Refused> {
    let claims: Read = jose::verify(assertion.expose(), keys, algorithms, None)?;
    if claims.iss != client_id || claims.sub != client_id {
        return Err(Refused::Subject);
    }
    if claims.aud.as_str() != Some(issuer) {
        return Err(Refused::Audience);
    }
    jose::timely(now, claims.exp, claims.nbf, claims.iat)?;
    if claims.exp > now.as_second() + LONGEST_LIFETIME_SECONDS + jose::SKEW_SECONDS {
        return Err(Refused::Untimely);
    }
    let jti = claims.jti.filter(|jti| (1..=256).contains(&jti.len())).ok_or(Refused::Identifier)?;
    Ok(Accepted { jti, forget_after: claims.exp + jose::SKEW_SECONDS })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::OsRng;
    use serde_json::json;

    const ISSUER: &str = "https://provider.example";

    fn now() -> Timestamp {
        Timestamp::from_second(1_800_000_000).unwrap()
    }

    fn check(key: &SigningKey, assertion: &ClientAssertion) -> Result<Accepted, Refused> {
        verify(assertion, "app", ISSUER, &JwkSet { keys: vec![key.public_jwk().clone()] }, &jose::ACCEPTED, now())
    }

    #[test]
    fn what_we_make_we_accept_and_each_has_its_own_jti() {
        let key = SigningKey::generate(&OsRng);
        let [a, b] = [(); 2].map(|()| assert("app", ISSUER, &key, now(), &OsRng).unwrap());
        assert_ne!(check(&key, &a).unwrap().jti, check(&key, &b).unwrap().jti);
        assert_eq!(claimed_client(&a).as_deref(), Some("app"));
    }

    /// A11: the audience is the issuer as a string only.
    #[test]
    fn every_claim_out_of_line_is_refused() {
        let key = SigningKey::generate(&OsRng);
        let iat = now().as_second();
        let good = json!({"iss": "app", "sub": "app", "aud": ISSUER, "jti": "1", "iat": iat, "exp": iat + 60});
        let with = |name: &str, value: Value| {
            let mut claims = good.clone();
            claims[name] = value;
            check(&key, &ClientAssertion::new(key.sign("JWT", &claims).unwrap()))
        };
        assert!(with("jti", json!("2")).is_ok());
        assert_eq!(with("iss", json!("other")), Err(Refused::Subject));
        assert_eq!(with("sub", json!("other")), Err(Refused::Subject));
        assert_eq!(with("aud", json!([ISSUER])), Err(Refused::Audience));
        assert_eq!(with("aud", json!("https://provider.example/token")), Err(Refused::Audience));
        assert_eq!(with("exp", json!(iat - 61)), Err(Refused::Untimely));
        assert_eq!(with("exp", json!(iat + 86_400)), Err(Refused::Untimely));
        assert_eq!(with("nbf", json!(iat + 61)), Err(Refused::Untimely));
        assert!(with("iat", json!(iat + 10)).is_ok());
        assert_eq!(with("jti", Value::Null), Err(Refused::Identifier));
        assert_eq!(with("jti", json!("")), Err(Refused::Identifier));
    }

    /// A11: an algorithm that the client may not use is refused, however well it verifies.
    #[test]
    fn an_algorithm_that_the_client_may_not_use_is_refused() {
        let key = SigningKey::generate(&OsRng);
        let assertion = assert("app", ISSUER, &key, now(), &OsRng).unwrap();
        let keys = JwkSet { keys: vec![key.public_jwk().clone()] };
        let judged = verify(&assertion, "app", ISSUER, &keys, &[Algorithm::PS256], now());
        assert_eq!(judged, Err(Refused::Jwt(InvalidJwt::Algorithm)));
    }
}
