//! Signing and verifying JSON Web Tokens (RFC 7515, 7517, 7519).

pub use jsonwebtoken::Algorithm;
pub use jsonwebtoken::jwk::{Jwk, JwkSet};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jsonwebtoken::jwk::{
    AlgorithmParameters, CommonParameters, EllipticCurve, EllipticCurveKeyParameters, EllipticCurveKeyType, KeyAlgorithm,
    PublicKeyUse, ThumbprintHash,
};
use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation};
use p256::elliptic_curve::sec1::ToSec1Point as _;
use p256::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Rng;

/// How far two honest clocks may differ, in seconds.
pub const SKEW_SECONDS: i64 = 60;

/// The algorithms whose signatures we accept: asymmetric only, so that no public key ever serves as a shared secret.
pub const ACCEPTED: [Algorithm; 4] = [Algorithm::RS256, Algorithm::PS256, Algorithm::ES256, Algorithm::EdDSA];

/// A private ES256 key with its public half.
#[derive(Clone)]
pub struct SigningKey {
    secret: p256::SecretKey,
    encoding: EncodingKey,
    public: Jwk,
    kid: String,
}

/// The key material cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a P-256 private key in PKCS #8")]
pub struct MalformedKey;

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

impl SigningKey {
    /// Makes a key.
    pub fn generate(rng: &dyn Rng) -> Self {
        loop {
            // Nearly every 32 bytes are a key; those that are not are drawn again.
            if let Ok(secret) = p256::SecretKey::from_slice(&rng.bits_256())
                && let Ok(key) = Self::of(secret)
            {
                return key;
            }
        }
    }

    /// Reads a key in PKCS #8, PEM.
    ///
    /// # Errors
    /// [`MalformedKey`] where the text is not such a key.
    pub fn from_pem(pem: &str) -> Result<Self, MalformedKey> {
        Self::of(p256::SecretKey::from_pkcs8_pem(pem).map_err(|_| MalformedKey)?)
    }

    /// The private key in PKCS #8, PEM: for sealed or mode-600 storage only.
    ///
    /// # Errors
    /// [`MalformedKey`] should the encoder refuse, which a valid key does not cause.
    pub fn to_pem(&self) -> Result<secrecy::SecretString, MalformedKey> {
        let pem = self.secret.to_pkcs8_pem(p256::pkcs8::LineEnding::LF).map_err(|_| MalformedKey)?;
        Ok(secrecy::SecretString::from(pem.to_string()))
    }

    fn of(secret: p256::SecretKey) -> Result<Self, MalformedKey> {
        let pem = secret.to_pkcs8_pem(p256::pkcs8::LineEnding::LF).map_err(|_| MalformedKey)?;
        let encoding = EncodingKey::from_ec_pem(pem.as_bytes()).map_err(|_| MalformedKey)?;
        let point = secret.public_key().to_sec1_point(false);
        let (Some(x), Some(y)) = (point.x(), point.y()) else { return Err(MalformedKey) };
        let mut public = Jwk {
            common: CommonParameters {
                public_key_use: Some(PublicKeyUse::Signature),
                key_algorithm: Some(KeyAlgorithm::ES256),
                ..CommonParameters::default()
            },
            algorithm: AlgorithmParameters::EllipticCurve(EllipticCurveKeyParameters {
                key_type: EllipticCurveKeyType::EC,
                curve: EllipticCurve::P256,
                x: URL_SAFE_NO_PAD.encode(x),
                y: URL_SAFE_NO_PAD.encode(y),
            }),
        };
        let kid = public.thumbprint(ThumbprintHash::SHA256).map_err(|_| MalformedKey)?;
        public.common.key_id = Some(kid.clone());
        Ok(Self { secret, encoding, public, kid })
    }

    /// The key's identifier: its RFC 7638 thumbprint.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public half, for a JWK set; it has no private member.
    pub fn public_jwk(&self) -> &Jwk {
        &self.public
    }

    /// Signs `claims` as a JWT whose header says `typ`.
    ///
    /// # Errors
    /// [`InvalidJwt::Malformed`] where the claims do not serialise.
    pub fn sign<T: Serialize>(&self, typ: &str, claims: &T) -> Result<String, InvalidJwt> {
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some(typ.to_owned());
        header.kid = Some(self.kid.clone());
        jsonwebtoken::encode(&header, claims, &self.encoding).map_err(|_| InvalidJwt::Malformed)
    }

    /// Signs `claims` as a JWT whose header says `typ` and shows the public key (RFC 7515 §4.1.3), for whoever knows no key of
    /// ours yet.
    ///
    /// # Errors
    /// [`InvalidJwt::Malformed`] where the claims do not serialise.
    pub fn sign_with_public_key<T: Serialize>(&self, typ: &str, claims: &T) -> Result<String, InvalidJwt> {
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some(typ.to_owned());
        header.jwk = Some(Jwk { common: CommonParameters::default(), algorithm: self.public.algorithm.clone() });
        jsonwebtoken::encode(&header, claims, &self.encoding).map_err(|_| InvalidJwt::Malformed)
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// Verifies signature and type of `jwt` and gives its claims; the caller judges issuer, audience and times.
///
/// Keys come from `keys` only: `jwk`, `jku`, `x5u` and `x5c` of the header are never followed. A token without `kid`
/// is accepted where exactly one key of the set fits its algorithm.
///
/// # Errors
/// [`InvalidJwt`] tells the first check that failed.
pub fn verify<T: DeserializeOwned>(
    jwt: &str,
    keys: &JwkSet,
    algorithms: &[Algorithm],
    typ: Option<&str>,
) -> Result<T, InvalidJwt> {
    let header = jsonwebtoken::decode_header(jwt).map_err(|error| match error.kind() {
        // `none`, and names that are not registered, do not even parse.
        jsonwebtoken::errors::ErrorKind::Json(_) if jwt.matches('.').count() == 2 => InvalidJwt::Algorithm,
        _ => InvalidJwt::Malformed,
    })?;
    if !algorithms.contains(&header.alg) || !ACCEPTED.contains(&header.alg) {
        return Err(InvalidJwt::Algorithm);
    }
    if let Some(expected) = typ {
        const PREFIX: &str = "application/";
        let found = header.typ.as_deref().unwrap_or_default();
        let prefixed = found.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX));
        let short = if prefixed { found.get(PREFIX.len()..).unwrap_or_default() } else { found };
        if !short.eq_ignore_ascii_case(expected) {
            return Err(InvalidJwt::Type);
        }
    }
    let key = select(keys, header.kid.as_deref(), header.alg).ok_or(InvalidJwt::UnknownKey)?;
    let key = DecodingKey::from_jwk(key).map_err(|_| InvalidJwt::UnknownKey)?;
    let mut validation = Validation::new(header.alg);
    // Times and audiences are judged by the caller, with the caller's clock.
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    match jsonwebtoken::decode::<T>(jwt, &key, &validation) {
        Ok(token) => Ok(token.claims),
        Err(error) => Err(match error.kind() {
            jsonwebtoken::errors::ErrorKind::InvalidSignature => InvalidJwt::Signature,
            jsonwebtoken::errors::ErrorKind::InvalidAlgorithm => InvalidJwt::Algorithm,
            _ => InvalidJwt::Malformed,
        }),
    }
}

/// `kid` of a token's header, without verifying anything: to know whether a key set must be fetched again.
pub fn key_id(jwt: &str) -> Option<String> {
    jsonwebtoken::decode_header(jwt).ok()?.kid
}

fn select<'a>(keys: &'a JwkSet, kid: Option<&str>, algorithm: Algorithm) -> Option<&'a Jwk> {
    let mut fitting = keys.keys.iter().filter(|key| {
        let for_signatures = key.common.public_key_use.as_ref().is_none_or(|usage| *usage == PublicKeyUse::Signature);
        for_signatures && fits(key, algorithm)
    });
    match kid {
        Some(kid) => fitting.find(|key| key.common.key_id.as_deref() == Some(kid)),
        None => fitting.next().filter(|_| fitting.next().is_none()),
    }
}

fn fits(key: &Jwk, algorithm: Algorithm) -> bool {
    if let Some(declared) = key.common.key_algorithm
        && declared.to_string() != format!("{algorithm:?}")
    {
        return false;
    }
    match &key.algorithm {
        AlgorithmParameters::EllipticCurve(ec) => algorithm == Algorithm::ES256 && ec.curve == EllipticCurve::P256,
        AlgorithmParameters::RSA(_) => matches!(algorithm, Algorithm::RS256 | Algorithm::PS256),
        AlgorithmParameters::OctetKeyPair(_) => algorithm == Algorithm::EdDSA,
        _ => false,
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::OsRng;
    use serde_json::{Value, json};

    fn set(keys: &[&SigningKey]) -> JwkSet {
        JwkSet { keys: keys.iter().map(|key| key.public_jwk().clone()).collect() }
    }

    fn with_header(jwt: &str, header: &Value) -> String {
        let rest = jwt.split_once('.').unwrap().1;
        format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header.to_string()))
    }

    /// RFC 7515 §4.1.9: a media type, whose case does not matter, with or without its prefix.
    #[test]
    fn the_type_is_compared_without_case() {
        let key = SigningKey::generate(&OsRng);
        let judged = |typ: &str, expected: &str| {
            verify::<Value>(&key.sign(typ, &json!({})).unwrap(), &set(&[&key]), &ACCEPTED, Some(expected)).is_ok()
        };
        for (typ, expected) in [("JWT", "JWT"), ("jwt", "JWT"), ("AT+JWT", "at+jwt"), ("Application/AT+jwt", "at+jwt")] {
            assert!(judged(typ, expected), "{typ}");
        }
        assert!(!judged("JWT", "at+jwt") && !judged("application/", "at+jwt"));
    }

    #[test]
    fn a_signed_token_verifies_under_its_own_key_only() {
        let (ours, other) = (SigningKey::generate(&OsRng), SigningKey::generate(&OsRng));
        let jwt = ours.sign("at+jwt", &json!({"sub": "1"})).unwrap();
        let claims: Value = verify(&jwt, &set(&[&other, &ours]), &ACCEPTED, Some("at+jwt")).unwrap();
        assert_eq!(claims["sub"], "1");
        assert_eq!(verify::<Value>(&jwt, &set(&[&other]), &ACCEPTED, None), Err(InvalidJwt::UnknownKey));
        assert_eq!(verify::<Value>(&jwt, &set(&[&ours]), &ACCEPTED, Some("jwt")), Err(InvalidJwt::Type));
        let mut forged = jwt.clone();
        forged.replace_range(forged.len() - 4.., "AAAA");
        assert_eq!(verify::<Value>(&forged, &set(&[&ours]), &ACCEPTED, None), Err(InvalidJwt::Signature));
    }

    /// RFC 8725 §2.1, §3.1; attacks 14 and 15.
    #[test]
    fn none_symmetric_unknown_and_embedded_keys_are_refused() {
        let (ours, attacker) = (SigningKey::generate(&OsRng), SigningKey::generate(&OsRng));
        let jwt = ours.sign("JWT", &json!({"sub": "1"})).unwrap();
        for alg in ["none", "None", "HS256", "HS512", "XX999", "ES384"] {
            let forged = with_header(&jwt, &json!({"alg": alg, "kid": ours.kid()}));
            assert_eq!(verify::<Value>(&forged, &set(&[&ours]), &ACCEPTED, None), Err(InvalidJwt::Algorithm), "{alg}");
        }
        let embedded = attacker.sign("JWT", &json!({"sub": "1"})).unwrap();
        let header =
            json!({"alg": "ES256", "jwk": attacker.public_jwk(), "jku": "http://localhost/keys", "kid": "../../dev/null"});
        assert_eq!(
            verify::<Value>(&with_header(&embedded, &header), &set(&[&ours]), &ACCEPTED, None),
            Err(InvalidJwt::UnknownKey)
        );
    }

    /// OpenID Connect Core §10.1: `kid` may be missing where one key fits.
    #[test]
    fn a_token_without_kid_needs_a_single_fitting_key() {
        let (ours, other) = (SigningKey::generate(&OsRng), SigningKey::generate(&OsRng));
        let mut header = Header::new(Algorithm::ES256);
        header.kid = None;
        let jwt = jsonwebtoken::encode(&header, &json!({"sub": "1"}), &ours.encoding).unwrap();
        assert!(verify::<Value>(&jwt, &set(&[&ours]), &ACCEPTED, None).is_ok());
        assert_eq!(verify::<Value>(&jwt, &set(&[&ours, &other]), &ACCEPTED, None), Err(InvalidJwt::UnknownKey));
    }

    #[test]
    fn a_key_survives_its_pem_and_publishes_no_private_member() {
        use secrecy::ExposeSecret as _;
        let key = SigningKey::generate(&OsRng);
        let read = SigningKey::from_pem(key.to_pem().unwrap().expose_secret()).unwrap();
        assert_eq!(read.kid(), key.kid());
        assert!(serde_json::to_value(key.public_jwk()).unwrap().get("d").is_none());
        assert_eq!(SigningKey::from_pem("nonsense").unwrap_err(), MalformedKey);
    }

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
