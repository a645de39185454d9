//! Private keys: made, kept in PKCS #8, and signed with.
//!
//! The pure Rust implementations make keys and read and write them; ring signs, from a key that is parsed once. It does so in
//! constant time, which matters most for RSA, where the time of the other implementation tells of the key (RUSTSEC-2023-0071).

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Header;
use jsonwebtoken::jwk::{CommonParameters, PublicKeyUse, ThumbprintHash};
use p256::pkcs8::{LineEnding, SecretDocument};
use ring::rand::SystemRandom;
use ring::signature::{EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair};
use serde::Serialize;

use super::{Algorithm, InvalidJwt, Jwk, KeyKind};
use crate::Rng;

mod pkcs8;

const PEM_LABEL: &str = "PRIVATE KEY";

/// A private key with its public half.
#[derive(Clone)]
pub struct SigningKey(Arc<Inner>);

struct Inner {
    pkcs8: SecretDocument,
    pair: Pair,
    public: Jwk,
    kid: String,
}

/// A key as ring holds it, ready to sign.
enum Pair {
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(RsaKeyPair),
}

/// The key material cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a private key in PKCS #8 that is P-256, Ed25519, or RSA of 2048 to 4096 bits")]
pub struct MalformedKey;

impl SigningKey {
    /// Makes a P-256 key.
    pub fn generate(rng: &dyn Rng) -> Self {
        Self::generate_kind(KeyKind::P256, rng)
    }

    /// Makes a key of `kind`. An RSA key takes up to a second of a core: not for an async task.
    pub fn generate_kind(kind: KeyKind, rng: &dyn Rng) -> Self {
        loop {
            // Nearly every draw is a key; those that are not are drawn again.
            if let Ok(key) = pkcs8::make(kind, rng).and_then(Self::of) {
                return key;
            }
        }
    }

    /// Reads a key in PKCS #8, PEM.
    ///
    /// # Errors
    /// [`MalformedKey`] where the text is not such a key.
    pub fn from_pem(pem: &str) -> Result<Self, MalformedKey> {
        let (label, pkcs8) = SecretDocument::from_pem(pem).map_err(|_| MalformedKey)?;
        if label == PEM_LABEL { Self::of(pkcs8) } else { Err(MalformedKey) }
    }

    /// The private key in PKCS #8, PEM: for sealed or mode-600 storage only.
    ///
    /// # Errors
    /// [`MalformedKey`] should the encoder refuse, which a valid key does not cause.
    pub fn to_pem(&self) -> Result<secrecy::SecretString, MalformedKey> {
        let pem = self.0.pkcs8.to_pem(PEM_LABEL, LineEnding::LF).map_err(|_| MalformedKey)?;
        Ok(secrecy::SecretString::from(pem.to_string()))
    }

    fn of(pkcs8: SecretDocument) -> Result<Self, MalformedKey> {
        let (pair, algorithm, parameters) = pkcs8::read(&pkcs8)?;
        let common = CommonParameters {
            public_key_use: Some(PublicKeyUse::Signature),
            key_algorithm: algorithm,
            ..CommonParameters::default()
        };
        let mut public = Jwk { common, algorithm: parameters };
        let kid = public.thumbprint(ThumbprintHash::SHA256).map_err(|_| MalformedKey)?;
        public.common.key_id = Some(kid.clone());
        Ok(Self(Arc::new(Inner { pkcs8, pair, public, kid })))
    }

    /// The key's identifier: its RFC 7638 thumbprint.
    pub fn kid(&self) -> &str {
        &self.0.kid
    }

    /// What kind of key it is.
    pub fn kind(&self) -> KeyKind {
        match self.0.pair {
            Pair::P256(_) => KeyKind::P256,
            Pair::Ed25519(_) => KeyKind::Ed25519,
            Pair::Rsa(_) => KeyKind::Rsa,
        }
    }

    /// The public half, for a JWK set; it has no private member. That of an RSA key names no `alg`, since it serves two.
    pub fn public_jwk(&self) -> &Jwk {
        &self.0.public
    }

    /// Signs `claims` as a JWT whose header says `typ`, with the algorithm of the key; an RSA key signs PS256.
    ///
    /// # Errors
    /// [`InvalidJwt::Malformed`] where the claims do not serialise.
    pub fn sign<T: Serialize>(&self, typ: &str, claims: &T) -> Result<String, InvalidJwt> {
        self.sign_as(self.kind().algorithm(), typ, claims)
    }

    /// Signs `claims` as a JWT whose header says `typ`, with `algorithm`.
    ///
    /// # Errors
    /// [`InvalidJwt::Algorithm`] where it is not one of this kind of key, [`InvalidJwt::Malformed`] where the claims do not
    /// serialise.
    pub fn sign_as<T: Serialize>(&self, algorithm: Algorithm, typ: &str, claims: &T) -> Result<String, InvalidJwt> {
        let mut header = Header::new(algorithm.registered());
        header.typ = Some(typ.to_owned());
        header.kid = Some(self.0.kid.clone());
        self.encoded(algorithm, &header, claims)
    }

    /// Signs `claims` as a JWT whose header says `typ` and shows the public key (RFC 7515 §4.1.3), for whoever knows no key of
    /// ours yet; with the algorithm of the key, as [`SigningKey::sign`].
    ///
    /// # Errors
    /// [`InvalidJwt::Malformed`] where the claims do not serialise.
    pub fn sign_with_public_key<T: Serialize>(&self, typ: &str, claims: &T) -> Result<String, InvalidJwt> {
        let algorithm = self.kind().algorithm();
        let mut header = Header::new(algorithm.registered());
        header.typ = Some(typ.to_owned());
        header.jwk = Some(Jwk { common: CommonParameters::default(), algorithm: self.0.public.algorithm.clone() });
        self.encoded(algorithm, &header, claims)
    }

    fn encoded<T: Serialize>(&self, algorithm: Algorithm, header: &Header, claims: &T) -> Result<String, InvalidJwt> {
        let mut jwt = String::with_capacity(1024);
        URL_SAFE_NO_PAD.encode_string(serde_json::to_vec(header).map_err(|_| InvalidJwt::Malformed)?, &mut jwt);
        jwt.push('.');
        URL_SAFE_NO_PAD.encode_string(serde_json::to_vec(claims).map_err(|_| InvalidJwt::Malformed)?, &mut jwt);
        let signature = self.signature(algorithm, jwt.as_bytes())?;
        jwt.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut jwt);
        Ok(jwt)
    }

    /// Signs a message that a test wrote itself.
    #[cfg(test)]
    pub(super) fn signed(&self, message: &str) -> String {
        let signature = self.signature(self.kind().algorithm(), message.as_bytes()).unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn signature(&self, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, InvalidJwt> {
        let failed = |_| InvalidJwt::Signature;
        match (&self.0.pair, algorithm) {
            // The nonce is drawn by ring itself, which takes nobody else's chance for it.
            (Pair::P256(pair), Algorithm::ES256) => {
                pair.sign(&SystemRandom::new(), message).map(|signature| signature.as_ref().to_vec()).map_err(failed)
            }
            (Pair::Ed25519(pair), Algorithm::EdDSA) => Ok(pair.sign(message).as_ref().to_vec()),
            (Pair::Rsa(pair), Algorithm::RS256 | Algorithm::PS256) => {
                let padding: &dyn RsaEncoding = if algorithm == Algorithm::PS256 { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(padding, &SystemRandom::new(), message, &mut signature).map_err(failed)?;
                Ok(signature)
            }
            _ => Err(InvalidJwt::Algorithm),
        }
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("kind", &self.kind()).field("kid", &self.0.kid).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::rsa_key;
    use crate::{OsRng, jose};
    use jsonwebtoken::{DecodingKey, Validation};
    use secrecy::ExposeSecret as _;
    use serde_json::{Value, json};

    fn of_each_kind() -> [SigningKey; 3] {
        [SigningKey::generate(&OsRng), SigningKey::generate_kind(KeyKind::Ed25519, &OsRng), rsa_key()]
    }

    /// A2: RS256, PS256, ES256 and `EdDSA`; another implementation takes what we sign.
    #[test]
    fn another_implementation_verifies_each_algorithm() {
        for key in of_each_kind() {
            for algorithm in key.kind().algorithms() {
                let jwt = key.sign_as(*algorithm, "at+jwt", &json!({"sub": "1"})).unwrap();
                let header = jsonwebtoken::decode_header(&jwt).unwrap();
                assert_eq!(format!("{:?}", header.alg), algorithm.name());
                assert_eq!((header.typ.as_deref(), header.kid.as_deref()), (Some("at+jwt"), Some(key.kid())));
                let mut validation = Validation::new(header.alg);
                validation.required_spec_claims.clear();
                validation.validate_exp = false;
                let theirs = DecodingKey::from_jwk(key.public_jwk()).unwrap();
                let read = jsonwebtoken::decode::<Value>(&jwt, &theirs, &validation).unwrap();
                assert_eq!(read.claims["sub"], "1");
            }
        }
    }

    #[test]
    fn a_token_may_show_the_public_key_and_nothing_else_of_it() {
        for key in of_each_kind() {
            let jwt = key.sign_with_public_key("dpop+jwt", &json!({"jti": "1"})).unwrap();
            let header = jsonwebtoken::decode_header(&jwt).unwrap();
            assert_eq!((header.kid, header.typ.as_deref()), (None, Some("dpop+jwt")));
            let shown = header.jwk.unwrap();
            assert_eq!(shown.algorithm, key.public_jwk().algorithm);
            let members = serde_json::to_value(&shown).unwrap();
            assert!(["d", "p", "q", "dp", "dq", "qi", "kid", "use", "alg"].iter().all(|name| members.get(name).is_none()));
            assert!(jose::verify::<Value>(&jwt, &jose::JwkSet { keys: vec![shown] }, &jose::ACCEPTED, None).is_ok());
        }
    }

    #[test]
    fn a_key_signs_with_algorithms_of_its_own_kind_only() {
        for key in of_each_kind() {
            for algorithm in Algorithm::ALL {
                let signed = key.sign_as(algorithm, "JWT", &json!({}));
                assert_eq!(signed.is_ok(), algorithm.kind() == key.kind(), "{key:?} {algorithm:?}");
            }
            let own = jsonwebtoken::decode_header(key.sign("JWT", &json!({})).unwrap()).unwrap();
            assert_eq!(own.alg, key.kind().algorithm().registered());
        }
    }

    /// Attack 20: no private and no symmetric member in what is published.
    #[test]
    fn a_key_survives_its_pem_and_publishes_no_private_member() {
        for key in of_each_kind() {
            let read = SigningKey::from_pem(key.to_pem().unwrap().expose_secret()).unwrap();
            assert_eq!((read.kid(), read.kind()), (key.kid(), key.kind()));
            let jwt = read.sign("JWT", &json!({"sub": "1"})).unwrap();
            let set = jose::JwkSet { keys: vec![key.public_jwk().clone()] };
            assert!(jose::verify::<Value>(&jwt, &set, &jose::ACCEPTED, None).is_ok());
            let published = serde_json::to_value(key.public_jwk()).unwrap();
            for private in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
                assert!(published.get(private).is_none(), "{private}");
            }
            assert!(!format!("{key:?}").contains("PRIVATE"));
        }
    }

    /// The example keys of RFC 8410 §10.3: without, and with, an attribute and the public half.
    #[test]
    fn an_edwards_key_that_others_wrote_is_read() {
        let plain = "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC";
        let full = "MHICAQEwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
                    oB8wHQYKKoZIhvcNAQkJFDEPDA1DdXJkbGUgQ2hhaXJzgSEAGb9ECWmEzf6FQbrB\n\
                    Z9w7lshQhqowtrbLDFw4rXAxZuE=";
        for body in [plain, full] {
            let pem = format!("-----BEGIN {PEM_LABEL}-----\n{body}\n-----END {PEM_LABEL}-----\n");
            let public = serde_json::to_value(SigningKey::from_pem(&pem).unwrap().public_jwk()).unwrap();
            assert_eq!(public["x"], "Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE");
        }
    }

    #[test]
    fn what_is_no_such_key_is_refused() {
        use rsa::pkcs8::{EncodePrivateKey as _, LineEnding};
        let short = rsa::RsaPrivateKey::new(&mut pkcs8::Chance(&OsRng), 1024).unwrap().to_pkcs8_pem(LineEnding::LF).unwrap();
        let public = SigningKey::generate(&OsRng).to_pem().unwrap().expose_secret().replace("PRIVATE", "PUBLIC");
        for pem in ["nonsense", "", short.as_str(), public.as_str()] {
            assert_eq!(SigningKey::from_pem(pem).unwrap_err(), MalformedKey);
        }
    }
}
