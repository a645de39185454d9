//! Public keys, decoded once, and what verifies under them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, PublicKeyUse};
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Algorithm, InvalidJwt, Jwk, JwkSet, KeyKind};

/// Keys to verify with. Made from a JWK set; keys in it that cannot verify a signature that we accept are left out.
#[derive(Debug, Clone, Default)]
pub struct Keyring {
    keys: Vec<Verifier>,
}

#[derive(Debug, Clone)]
struct Verifier {
    kid: Option<String>,
    /// Where the key says with which algorithm it goes, it goes with no other.
    algorithm: Option<Algorithm>,
    public: Public,
}

#[derive(Debug, Clone)]
enum Public {
    /// An uncompressed point, 65 bytes.
    P256(Vec<u8>),
    /// 32 bytes.
    Ed25519(Vec<u8>),
    Rsa(PublicKeyComponents<Vec<u8>>),
}

/// What matters of a JWT's header. `jwk`, `jku`, `x5u` and `x5c` do not.
#[derive(Deserialize)]
struct Head {
    alg: String,
    typ: Option<String>,
    kid: Option<String>,
    crit: Option<serde_json::Value>,
}

impl From<&JwkSet> for Keyring {
    fn from(set: &JwkSet) -> Self {
        Self { keys: set.keys.iter().filter_map(Verifier::of).collect() }
    }
}

impl Keyring {
    /// Whether one of the keys is called `kid`.
    pub fn knows(&self, kid: &str) -> bool {
        self.keys.iter().any(|key| key.kid.as_deref() == Some(kid))
    }

    /// Verifies signature and type of `jwt` and gives its claims; the caller judges issuer, audience and times.
    ///
    /// Keys come from the ring only: `jwk`, `jku`, `x5u` and `x5c` of the header are never followed. A token without `kid` is
    /// accepted where exactly one key fits its algorithm.
    ///
    /// # Errors
    /// [`InvalidJwt`] tells the first check that failed.
    pub fn verify<T: DeserializeOwned>(&self, jwt: &str, algorithms: &[Algorithm], typ: Option<&str>) -> Result<T, InvalidJwt> {
        let (message, signature) = jwt.rsplit_once('.').ok_or(InvalidJwt::Malformed)?;
        let (head, claims) = message.split_once('.').ok_or(InvalidJwt::Malformed)?;
        let head = Head::read(head)?;
        let algorithm = Algorithm::of_header(&head.alg).filter(|algorithm| algorithms.contains(algorithm));
        let algorithm = algorithm.ok_or(InvalidJwt::Algorithm)?;
        if typ.is_some_and(|expected| !head.is_of(expected)) {
            return Err(InvalidJwt::Type);
        }
        // RFC 7515 §4.1.11: we understand no extension, so a token that needs one is not for us.
        if head.crit.is_some() {
            return Err(InvalidJwt::Malformed);
        }
        let key = self.select(head.kid.as_deref(), algorithm).ok_or(InvalidJwt::UnknownKey)?;
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| InvalidJwt::Malformed)?;
        if !key.public.verifies(algorithm, message.as_bytes(), &signature) {
            return Err(InvalidJwt::Signature);
        }
        let claims = URL_SAFE_NO_PAD.decode(claims).map_err(|_| InvalidJwt::Malformed)?;
        serde_json::from_slice(&claims).map_err(|_| InvalidJwt::Malformed)
    }

    fn select(&self, kid: Option<&str>, algorithm: Algorithm) -> Option<&Verifier> {
        let mut fitting = self.keys.iter().filter(|key| key.fits(algorithm));
        match kid {
            Some(kid) => fitting.find(|key| key.kid.as_deref() == Some(kid)),
            None => fitting.next().filter(|_| fitting.next().is_none()),
        }
    }
}

impl Head {
    fn read(encoded: &str) -> Result<Self, InvalidJwt> {
        let json = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| InvalidJwt::Malformed)?;
        serde_json::from_slice(&json).map_err(|_| InvalidJwt::Malformed)
    }

    /// RFC 7515 §4.1.9: a media type, whose case does not matter, with or without its prefix.
    fn is_of(&self, expected: &str) -> bool {
        const PREFIX: &str = "application/";
        let found = self.typ.as_deref().unwrap_or_default();
        let prefixed = found.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX));
        let short = if prefixed { found.get(PREFIX.len()..).unwrap_or_default() } else { found };
        short.eq_ignore_ascii_case(expected)
    }
}

/// `kid` of a token's header, without verifying anything: to know whether a key set must be fetched again.
pub fn key_id(jwt: &str) -> Option<String> {
    Head::read(jwt.split_once('.')?.0).ok()?.kid
}

impl Verifier {
    fn of(jwk: &Jwk) -> Option<Self> {
        if jwk.common.public_key_use.as_ref().is_some_and(|usage| *usage != PublicKeyUse::Signature) {
            return None;
        }
        let algorithm = match &jwk.common.key_algorithm {
            Some(declared) => Some(Algorithm::of_name(&declared.to_string())?),
            None => None,
        };
        let public = Public::of(&jwk.algorithm)?;
        let consistent = algorithm.is_none_or(|algorithm| algorithm.kind() == public.kind());
        consistent.then(|| Self { kid: jwk.common.key_id.clone(), algorithm, public })
    }

    fn fits(&self, algorithm: Algorithm) -> bool {
        self.algorithm.is_none_or(|own| own == algorithm) && self.public.kind() == algorithm.kind()
    }
}

impl Public {
    fn of(parameters: &AlgorithmParameters) -> Option<Self> {
        let decoded = |text: &str| URL_SAFE_NO_PAD.decode(text).ok();
        match parameters {
            AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
                let point = [&[4][..], &decoded(&key.x)?, &decoded(&key.y)?].concat();
                (point.len() == 65).then_some(Self::P256(point))
            }
            AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
                decoded(&key.x).filter(|x| x.len() == 32).map(Self::Ed25519)
            }
            AlgorithmParameters::RSA(key) => {
                // Some write a zero before the number, which it does not have (RFC 7518 §6.3.1.1).
                let number = |text: &str| Some(decoded(text)?.into_iter().skip_while(|byte| *byte == 0).collect());
                Some(Self::Rsa(PublicKeyComponents { n: number(&key.n)?, e: number(&key.e)? }))
            }
            _ => None,
        }
    }

    fn kind(&self) -> KeyKind {
        match self {
            Self::P256(_) => KeyKind::P256,
            Self::Ed25519(_) => KeyKind::Ed25519,
            Self::Rsa(_) => KeyKind::Rsa,
        }
    }

    fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        let verified = match (self, algorithm) {
            (Self::P256(point), Algorithm::ES256) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature)
            }
            (Self::Ed25519(point), Algorithm::EdDSA) => UnparsedPublicKey::new(&ED25519, point).verify(message, signature),
            (Self::Rsa(key), Algorithm::RS256) => key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature),
            (Self::Rsa(key), Algorithm::PS256) => key.verify(&RSA_PSS_2048_8192_SHA256, message, signature),
            _ => return false,
        };
        verified.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ACCEPTED, SigningKey, rsa_key, verify};
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

    /// A key and an algorithm of it, for each algorithm.
    fn each() -> Vec<(SigningKey, Algorithm)> {
        let keys = [SigningKey::generate(&OsRng), SigningKey::generate_kind(KeyKind::Ed25519, &OsRng), rsa_key()];
        keys.into_iter().flat_map(|key| key.kind().algorithms().iter().map(move |algorithm| (key.clone(), *algorithm))).collect()
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
        for (ours, algorithm) in each() {
            let other = if algorithm.kind() == KeyKind::Rsa {
                // Another number of the same size is quicker than another key.
                let mut jwk = ours.public_jwk().clone();
                let AlgorithmParameters::RSA(rsa) = &mut jwk.algorithm else { unreachable!() };
                rsa.n = rsa.n.replace('A', "B");
                jwk.common.key_id = Some("other".to_owned());
                jwk
            } else {
                SigningKey::generate_kind(algorithm.kind(), &OsRng).public_jwk().clone()
            };
            let jwt = ours.sign_as(algorithm, "at+jwt", &json!({"sub": "1"})).unwrap();
            let both = JwkSet { keys: vec![other.clone(), ours.public_jwk().clone()] };
            let claims: Value = verify(&jwt, &both, &ACCEPTED, Some("at+jwt")).unwrap();
            assert_eq!(claims["sub"], "1");
            let mut disguised = other.clone();
            disguised.common.key_id = Some(ours.kid().to_owned());
            for (key, expected) in [(other, InvalidJwt::UnknownKey), (disguised, InvalidJwt::Signature)] {
                let judged = verify::<Value>(&jwt, &JwkSet { keys: vec![key] }, &ACCEPTED, None);
                assert_eq!(judged, Err(expected), "{algorithm:?}");
            }
            assert_eq!(verify::<Value>(&jwt, &set(&[&ours]), &ACCEPTED, Some("jwt")), Err(InvalidJwt::Type));
            let mut forged = jwt.clone();
            forged.replace_range(forged.len() - 8..forged.len() - 4, "AAAA");
            assert_eq!(verify::<Value>(&forged, &set(&[&ours]), &ACCEPTED, None), Err(InvalidJwt::Signature));
            let altered = jwt.replacen('.', &format!(".{}", URL_SAFE_NO_PAD.encode(r#"{"sub":"2"}  "#)), 1);
            assert!(verify::<Value>(&altered, &set(&[&ours]), &ACCEPTED, None).is_err());
        }
    }

    /// Other implementations' signatures are as good as ours.
    #[test]
    fn what_another_implementation_signs_verifies() {
        use secrecy::ExposeSecret as _;
        for (key, algorithm) in each() {
            let pem = key.to_pem().unwrap();
            let pem = pem.expose_secret().as_bytes();
            let theirs = match key.kind() {
                KeyKind::P256 => jsonwebtoken::EncodingKey::from_ec_pem(pem),
                KeyKind::Ed25519 => jsonwebtoken::EncodingKey::from_ed_pem(pem),
                KeyKind::Rsa => jsonwebtoken::EncodingKey::from_rsa_pem(pem),
            };
            let header = jsonwebtoken::Header::new(algorithm.registered());
            let jwt = jsonwebtoken::encode(&header, &json!({"sub": "1"}), &theirs.unwrap()).unwrap();
            assert!(verify::<Value>(&jwt, &set(&[&key]), &ACCEPTED, None).is_ok(), "{algorithm:?}");
        }
    }

    /// RFC 8725 §2.1, §3.1; attacks 14 and 15.
    #[test]
    fn none_symmetric_unknown_and_embedded_keys_are_refused() {
        for (ours, algorithm) in each() {
            let jwt = ours.sign_as(algorithm, "JWT", &json!({"sub": "1"})).unwrap();
            for alg in ["none", "None", "HS256", "HS512", "XX999", "ES384", "RS512", ""] {
                let forged = with_header(&jwt, &json!({"alg": alg, "kid": ours.kid()}));
                assert_eq!(verify::<Value>(&forged, &set(&[&ours]), &ACCEPTED, None), Err(InvalidJwt::Algorithm), "{alg}");
            }
            let attacker = SigningKey::generate(&OsRng);
            let embedded = attacker.sign("JWT", &json!({"sub": "1"})).unwrap();
            for kid in ["../../dev/null", "' OR 1=1 --", "http://localhost/keys"] {
                let header = json!({"alg": "ES256", "jwk": attacker.public_jwk(), "jku": "http://localhost/keys",
                    "x5u": "http://localhost/keys", "kid": kid});
                let judged = verify::<Value>(&with_header(&embedded, &header), &set(&[&ours]), &ACCEPTED, None);
                assert_eq!(judged, Err(InvalidJwt::UnknownKey));
            }
        }
    }

    /// Attack 14: a token that is authenticated with our public key as if it were a shared secret.
    #[test]
    fn a_public_key_is_never_a_shared_secret() {
        for (ours, _) in each() {
            let published = serde_json::to_string(ours.public_jwk()).unwrap();
            let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
            header.kid = Some(ours.kid().to_owned());
            let secret = jsonwebtoken::EncodingKey::from_secret(published.as_bytes());
            let forged = jsonwebtoken::encode(&header, &json!({"sub": "1"}), &secret).unwrap();
            assert_eq!(verify::<Value>(&forged, &set(&[&ours]), &ACCEPTED, None), Err(InvalidJwt::Algorithm));
            let mut symmetric = set(&[]);
            symmetric.keys.push(serde_json::from_value(json!({"kty": "oct", "k": "AAAA", "kid": ours.kid()})).unwrap());
            assert!(Keyring::from(&symmetric).keys.is_empty());
        }
    }

    /// Attack 14: a good signature does not count under another algorithm than the key's, the header's and the caller's.
    #[test]
    fn an_algorithm_does_not_pass_for_another() {
        for (ours, algorithm) in each() {
            let jwt = ours.sign_as(algorithm, "JWT", &json!({"sub": "1"})).unwrap();
            for other in ACCEPTED.into_iter().filter(|other| *other != algorithm) {
                assert_eq!(verify::<Value>(&jwt, &set(&[&ours]), &[other], None), Err(InvalidJwt::Algorithm));
                let relabelled = with_header(&jwt, &json!({"alg": other, "kid": ours.kid()}));
                assert!(verify::<Value>(&relabelled, &set(&[&ours]), &ACCEPTED, None).is_err());
                let mut declared = ours.public_jwk().clone();
                declared.common.key_algorithm = other.name().parse().ok();
                assert!(declared.common.key_algorithm.is_some());
                let judged = verify::<Value>(&jwt, &JwkSet { keys: vec![declared] }, &ACCEPTED, None);
                assert_eq!(judged, Err(InvalidJwt::UnknownKey), "{algorithm:?} under a key for {other:?}");
            }
        }
    }

    /// OpenID Connect Core §10.1: `kid` may be missing where one key fits.
    #[test]
    fn a_token_without_kid_needs_a_single_fitting_key() {
        let (ours, other) = (SigningKey::generate(&OsRng), SigningKey::generate(&OsRng));
        let edwards = SigningKey::generate_kind(KeyKind::Ed25519, &OsRng);
        let sent = format!("{}.{}", URL_SAFE_NO_PAD.encode(r#"{"alg":"ES256"}"#), URL_SAFE_NO_PAD.encode(r#"{"sub":"1"}"#));
        let jwt = ours.signed(&sent);
        assert!(verify::<Value>(&jwt, &set(&[&edwards, &ours]), &ACCEPTED, None).is_ok());
        assert_eq!(verify::<Value>(&jwt, &set(&[&ours, &other]), &ACCEPTED, None), Err(InvalidJwt::UnknownKey));
    }

    /// RFC 7515 §4.1.11: a token that needs an extension that we do not know is refused; RFC 7797's `b64` is such a one.
    #[test]
    fn a_critical_extension_is_refused() {
        let ours = SigningKey::generate(&OsRng);
        let head = json!({"alg": "ES256", "kid": ours.kid(), "crit": ["b64"], "b64": true}).to_string();
        let jwt = ours.signed(&format!("{}.{}", URL_SAFE_NO_PAD.encode(head), URL_SAFE_NO_PAD.encode("{}")));
        assert_eq!(verify::<Value>(&jwt, &set(&[&ours]), &ACCEPTED, None), Err(InvalidJwt::Malformed));
    }

    #[test]
    fn what_is_no_jwt_is_malformed_and_shows_no_key() {
        let ours = SigningKey::generate(&OsRng);
        let good = ours.sign("JWT", &json!({})).unwrap();
        for jwt in ["", ".", "..", "...", "a.b.c", "a.b", &format!("{good}="), &format!("{good}.x"), &format!(" {good}")] {
            assert_eq!(verify::<Value>(jwt, &set(&[&ours]), &ACCEPTED, None), Err(InvalidJwt::Malformed), "{jwt:?}");
        }
        assert_eq!(key_id(&good).as_deref(), Some(ours.kid()));
        assert_eq!((key_id("a.b.c"), key_id("")), (None, None));
    }
}
