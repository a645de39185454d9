//! Private keys in PKCS #8, a kind after the other: made by the pure Rust implementations, read for ring to sign with.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{
    AlgorithmParameters, EllipticCurve, EllipticCurveKeyParameters, EllipticCurveKeyType, KeyAlgorithm, OctetKeyPairParameters,
    OctetKeyPairType, RSAKeyParameters, RSAKeyType,
};
use p256::elliptic_curve::sec1::ToSec1Point as _;
use p256::pkcs8::der::asn1::OctetStringRef;
use p256::pkcs8::spki::AlgorithmIdentifierRef;
use p256::pkcs8::{EncodePrivateKey as _, ObjectIdentifier, PrivateKeyInfoRef, SecretDocument};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RsaKeyPair};

use super::{MalformedKey, Pair};
use crate::Rng;
use crate::jose::KeyKind;

/// The size of the RSA keys that we make, in bits; those that we read may have up to twice as many.
const RSA_BITS: usize = 2048;
/// RFC 8410 §3.
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
/// RFC 5480 §2.1.1.
const ELLIPTIC_CURVE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
/// RFC 8017 appendix C.
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
/// What stands before the 32 bytes of an Ed25519 key: it is an octet string within the octet string (RFC 8410 §7).
const OCTET_STRING_OF_32: [u8; 2] = [0x04, 0x20];

/// Makes a key of `kind`. It fails for 32 bytes in about 2^32 that are no P-256 key, and may be asked again.
pub(super) fn make(kind: KeyKind, rng: &dyn Rng) -> Result<SecretDocument, MalformedKey> {
    match kind {
        KeyKind::P256 => p256(rng),
        KeyKind::Ed25519 => ed25519(rng),
        KeyKind::Rsa => rsa(rng),
    }
}

fn p256(rng: &dyn Rng) -> Result<SecretDocument, MalformedKey> {
    let secret = p256::SecretKey::from_slice(&rng.bits_256()).map_err(|_| MalformedKey)?;
    secret.to_pkcs8_der().map_err(|_| MalformedKey)
}

fn ed25519(rng: &dyn Rng) -> Result<SecretDocument, MalformedKey> {
    let octets = [OCTET_STRING_OF_32.as_slice(), &rng.bits_256()].concat();
    let algorithm = AlgorithmIdentifierRef { oid: ED25519, parameters: None };
    let octets = OctetStringRef::new(&octets).map_err(|_| MalformedKey)?;
    let info = PrivateKeyInfoRef::new(algorithm, octets);
    SecretDocument::encode_msg(&info).map_err(|_| MalformedKey)
}

fn rsa(rng: &dyn Rng) -> Result<SecretDocument, MalformedKey> {
    use rsa::pkcs8::EncodePrivateKey as _;
    let secret = rsa::RsaPrivateKey::new(&mut Chance(rng), RSA_BITS).map_err(|_| MalformedKey)?;
    let pkcs8 = secret.to_pkcs8_der().map_err(|_| MalformedKey)?;
    SecretDocument::try_from(pkcs8.as_bytes()).map_err(|_| MalformedKey)
}

/// A key ready to sign, the only algorithm that it makes where there is but one, and its public half.
type Read = (Pair, Option<KeyAlgorithm>, AlgorithmParameters);

/// Reads a key of whichever kind it is.
pub(super) fn read(pkcs8: &SecretDocument) -> Result<Read, MalformedKey> {
    let info = PrivateKeyInfoRef::try_from(pkcs8.as_bytes()).map_err(|_| MalformedKey)?;
    match info.algorithm.oid {
        ELLIPTIC_CURVE => elliptic(info),
        ED25519 => edwards(&info),
        RSA => rivest(pkcs8.as_bytes()),
        _ => Err(MalformedKey),
    }
}

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
pub(super) struct Chance<'a>(pub(super) &'a dyn Rng);

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
