//! Private keys: made, kept in PKCS #8, and signed with.
//!
//! The pure Rust implementations make keys and read and write them; ring signs, from a key that is parsed once. It does so in
//! constant time, which matters most for RSA, where the time of the other implementation tells of the key (RUSTSEC-2023-0071).

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Header;
use jsonwebtoken::jwk::{
    AlgorithmParameters, CommonParameters, EllipticCurve, EllipticCurveKeyParameters, EllipticCurveKeyType, KeyAlgorithm,
    OctetKeyPairParameters, OctetKeyPairType, PublicKeyUse, RSAKeyParameters, RSAKeyType, ThumbprintHash,
};
use p256::elliptic_curve::sec1::ToSec1Point as _;
use p256::pkcs8::der::asn1::OctetStringRef;
use p256::pkcs8::spki::AlgorithmIdentifierRef;
use p256::pkcs8::{EncodePrivateKey as _, LineEnding, ObjectIdentifier, PrivateKeyInfoRef, SecretDocument};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding,
    RsaKeyPair,
};
use serde::Serialize;

use super::{Algorithm, InvalidJwt, Jwk, KeyKind};
use crate::Rng;

/// The size of the RSA keys that we make, in bits; those that we read may have up to twice as many.
const RSA_BITS: usize = 2048;
const PEM_LABEL: &str = "PRIVATE KEY";
/// RFC 8410 §3.
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
/// RFC 5480 §2.1.1.
const ELLIPTIC_CURVE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
/// RFC 8017 appendix C.
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
/// What stands before the 32 bytes of an Ed25519 key: it is an octet string within the octet string (RFC 8410 §7).
const OCTET_STRING_OF_32: [u8; 2] = [0x04, 0x20];

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
        loop {
            // Nearly every 32 bytes are a key; those that are not are drawn again.
            if let Ok(key) = p256(rng) {
                return key;
            }
        }
    }

    /// Makes a key of `kind`. An RSA key takes up to a second of a core: not for an async task.
    pub fn generate_kind(kind: KeyKind, rng: &dyn Rng) -> Self {
        loop {
            let made = match kind {
                KeyKind::P256 => p256(rng),
                KeyKind::Ed25519 => ed25519(rng),
                KeyKind::Rsa => rsa(rng),
            };
            if let Ok(key) = made {
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
        let info = PrivateKeyInfoRef::try_from(pkcs8.as_bytes()).map_err(|_| MalformedKey)?;
        let (pair, algorithm, parameters) = match info.algorithm.oid {
            ELLIPTIC_CURVE => elliptic(info)?,
            ED25519 => edwards(&info)?,
            RSA => rivest(pkcs8.as_bytes())?,
            _ => return Err(MalformedKey),
        };
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

fn p256(rng: &dyn Rng) -> Result<SigningKey, MalformedKey> {
    let secret = p256::SecretKey::from_slice(&rng.bits_256()).map_err(|_| MalformedKey)?;
    SigningKey::of(secret.to_pkcs8_der().map_err(|_| MalformedKey)?)
}

fn ed25519(rng: &dyn Rng) -> Result<SigningKey, MalformedKey> {
    let octets = [OCTET_STRING_OF_32.as_slice(), &rng.bits_256()].concat();
    let algorithm = AlgorithmIdentifierRef { oid: ED25519, parameters: None };
    let octets = OctetStringRef::new(&octets).map_err(|_| MalformedKey)?;
    let info = PrivateKeyInfoRef::new(algorithm, octets);
    SigningKey::of(SecretDocument::encode_msg(&info).map_err(|_| MalformedKey)?)
}

fn rsa(rng: &dyn Rng) -> Result<SigningKey, MalformedKey> {
    use rsa::pkcs8::EncodePrivateKey as _;
    let secret = rsa::RsaPrivateKey::new(&mut Chance(rng), RSA_BITS).map_err(|_| MalformedKey)?;
    let pkcs8 = secret.to_pkcs8_der().map_err(|_| MalformedKey)?;
    SigningKey::of(SecretDocument::try_from(pkcs8.as_bytes()).map_err(|_| MalformedKey)?)
}

type Read = (Pair, Option<KeyAlgorithm>, AlgorithmParameters);

fn elliptic(info: PrivateKeyInfoRef<'_>) -> Result<Read, MalformedKey> {
    let secret = p256::SecretKey::try_from(info).map_err(|_| MalformedKey)?;
    let point = secret.public_key().to_sec1_point(false);
    let (Some(x), Some(y)) = (point.x(), point.y()) else { return Err(MalformedKey) };
    let pair = EcdsaKeyPair::from_private_key_and_public_key(
        &ECDSA_P256_SHA256_FIXED_SIGNING,
        &secret.to_bytes(),
        point.as_bytes(),
        &SystemRandom::new(),
    );
    let parameters = EllipticCurveKeyParameters {
        key_type: EllipticCurveKeyType::EC,
        curve: EllipticCurve::P256,
        x: URL_SAFE_NO_PAD.encode(x),
        y: URL_SAFE_NO_PAD.encode(y),
    };
    let pair = Pair::P256(pair.map_err(|_| MalformedKey)?);
    Ok((pair, Some(KeyAlgorithm::ES256), AlgorithmParameters::EllipticCurve(parameters)))
}

fn edwards(info: &PrivateKeyInfoRef<'_>) -> Result<Read, MalformedKey> {
    let seed = info.private_key.as_bytes().strip_prefix(OCTET_STRING_OF_32.as_slice()).ok_or(MalformedKey)?;
    let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| MalformedKey)?;
    let parameters = OctetKeyPairParameters {
        key_type: OctetKeyPairType::OctetKeyPair,
        curve: EllipticCurve::Ed25519,
        x: URL_SAFE_NO_PAD.encode(pair.public_key()),
    };
    Ok((Pair::Ed25519(pair), Some(KeyAlgorithm::EdDSA), AlgorithmParameters::OctetKeyPair(parameters)))
}

fn rivest(pkcs8: &[u8]) -> Result<Read, MalformedKey> {
    let pair = RsaKeyPair::from_pkcs8(pkcs8).map_err(|_| MalformedKey)?;
    let public = ring::rsa::PublicKeyComponents::<Vec<u8>>::from(pair.public());
    let parameters =
        RSAKeyParameters { key_type: RSAKeyType::RSA, n: URL_SAFE_NO_PAD.encode(public.n), e: URL_SAFE_NO_PAD.encode(public.e) };
    Ok((Pair::Rsa(pair), None, AlgorithmParameters::RSA(parameters)))
}

/// Our chance in the shape that the maker of RSA keys asks for.
struct Chance<'a>(&'a dyn Rng);

impl rsa::rand_core::RngCore for Chance<'_> {
    fn next_u32(&mut self) -> u32 {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        u32::from_le_bytes(bytes)
    }

    fn next_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.0.fill(bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rsa::rand_core::Error> {
        self.0.fill(bytes);
        Ok(())
    }
}

impl rsa::rand_core::CryptoRng for Chance<'_> {}

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
        let short = rsa::RsaPrivateKey::new(&mut Chance(&OsRng), 1024).unwrap().to_pkcs8_pem(LineEnding::LF).unwrap();
        let public = SigningKey::generate(&OsRng).to_pem().unwrap().expose_secret().replace("PRIVATE", "PUBLIC");
        for pem in ["nonsense", "", short.as_str(), public.as_str()] {
            assert_eq!(SigningKey::from_pem(pem).unwrap_err(), MalformedKey);
        }
    }
}
