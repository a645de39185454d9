//! What a signature costs by itself, made or verified with ring, as the server does.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use protocol::OsRng;
use protocol::jose::{KeyKind, SigningKey};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RsaKeyPair, UnparsedPublicKey,
};
use secrecy::ExposeSecret as _;

use crate::failure::Failure;
use crate::process::own_processor_time;

/// How long each is repeated.
const LONG_ENOUGH: Duration = Duration::from_secs(1);
/// As long as the head and the claims of an access token.
const MESSAGE: [u8; 500] = [b'a'; 500];

/// A signature that an operation cannot do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signature {
    MakeEs256,
    MakeEdDsa,
    MakeRs256,
    VerifyEs256,
}

/// What each of them costs, in processor time.
pub(crate) struct Costs(Vec<(Signature, Duration)>);

impl Signature {
    pub(crate) const ALL: [Self; 4] = [Self::MakeEs256, Self::MakeEdDsa, Self::MakeRs256, Self::VerifyEs256];

    /// How it is called in the table.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::MakeEs256 => "ES256 signature made",
            Self::MakeEdDsa => "EdDSA signature made",
            Self::MakeRs256 => "RS256 signature made",
            Self::VerifyEs256 => "ES256 signature verified",
        }
    }

    fn measure(self) -> Result<Duration, Failure> {
        let failed = Failure::Key(self.name());
        let random = SystemRandom::new();
        match self {
            Self::MakeEs256 => {
                let pair = p256(&random).ok_or(failed)?;
                repeat(self, || pair.sign(&random, &MESSAGE).is_ok())
            }
            Self::MakeEdDsa => {
                let key = Ed25519KeyPair::generate_pkcs8(&random).ok();
                let pair = key.and_then(|key| Ed25519KeyPair::from_pkcs8(key.as_ref()).ok()).ok_or(failed)?;
                repeat(self, || !pair.sign(&MESSAGE).as_ref().is_empty())
            }
            Self::MakeRs256 => {
                let pair = rsa().ok_or(failed)?;
                let mut signature = vec![0; pair.public().modulus_len()];
                repeat(self, || pair.sign(&RSA_PKCS1_SHA256, &random, &MESSAGE, &mut signature).is_ok())
            }
            Self::VerifyEs256 => {
                let pair = p256(&random).ok_or(failed)?;
                let signature = pair.sign(&random, &MESSAGE).map_err(|_| Failure::Key(self.name()))?;
                let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref());
                repeat(self, || public.verify(&MESSAGE, signature.as_ref()).is_ok())
            }
        }
    }
}

impl Costs {
    /// Measures all of them, while nothing else runs here.
    pub(crate) fn measure() -> Result<Self, Failure> {
        Signature::ALL.into_iter().map(|signature| Ok((signature, signature.measure()?))).collect::<Result<_, _>>().map(Self)
    }

    /// What `signature` costs.
    pub(crate) fn of(&self, signature: Signature) -> Duration {
        self.0.iter().find(|(one, _)| *one == signature).map(|(_, cost)| *cost).unwrap_or_default()
    }
}

fn p256(random: &SystemRandom) -> Option<EcdsaKeyPair> {
    let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let key = EcdsaKeyPair::generate_pkcs8(algorithm, random).ok()?;
    EcdsaKeyPair::from_pkcs8(algorithm, key.as_ref(), random).ok()
}

/// ring makes no RSA keys; the server's own way does.
fn rsa() -> Option<RsaKeyPair> {
    let pem = SigningKey::generate_kind(KeyKind::Rsa, &OsRng).to_pem().ok()?;
    let base64: String = pem.expose_secret().lines().filter(|line| !line.starts_with('-')).collect();
    RsaKeyPair::from_pkcs8(&STANDARD.decode(base64).ok()?).ok()
}

fn repeat(signature: Signature, mut once: impl FnMut() -> bool) -> Result<Duration, Failure> {
    let (began, before) = (Instant::now(), own_processor_time()?);
    let mut times = 0;
    while began.elapsed() < LONG_ENOUGH {
        if !once() {
            return Err(Failure::Key(signature.name()));
        }
        times += 1;
    }
    Ok((own_processor_time()?.saturating_sub(before)) / times)
}
