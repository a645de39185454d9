//! Proofs: made, and held against the request that they came with (RFC 9449 §4).

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::thumbprint::Thumbprint;
use super::{ALGORITHMS, HEADER, TYPE, endpoint, key};
use crate::Rng;
use crate::entropy::opaque;
use crate::jose::{self, InvalidJwt, JwkSet, SKEW_SECONDS, SigningKey};
use crate::seal::digest;
use crate::secret::{AccessToken, DpopProof};

/// How old a proof may be, in seconds, and how far its clock may be ahead: honest clocks differ no more, and what was
/// overheard is soon worthless.
const WINDOW_SECONDS: i64 = SKEW_SECONDS;

/// No honest proof is longer, in bytes: a key of 4096 bits and its signature take about two thousand.
const LONGEST: usize = 8192;

/// The sizes of an acceptable `jti`, in bytes.
const IDENTIFIER: std::ops::RangeInclusive<usize> = 1..=256;

/// The request that a proof is for.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// Its HTTP method.
    pub method: &'a str,
    /// Its URI; query and fragment do not count. Whoever judges takes it from the configuration, never from `Host`.
    pub uri: &'a str,
    /// The access token that comes with it: at resources, not at the token endpoint.
    pub access_token: Option<&'a AccessToken>,
}

#[derive(Serialize)]
struct Claims<'a> {
    jti: String,
    htm: &'a str,
    htu: &'a str,
    iat: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    ath: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
}

/// Makes a proof for one request; `nonce` is the last that the server gave, if it did.
///
/// # Errors
/// [`InvalidJwt`] should signing fail.
pub fn prove(
    key: &SigningKey,
    target: &Target<'_>,
    nonce: Option<&str>,
    now: Timestamp,
    rng: &dyn Rng,
) -> Result<DpopProof, InvalidJwt> {
    let claims = Claims {
        jti: opaque(rng),
        htm: target.method,
        htu: target.uri.split(['?', '#']).next().unwrap_or_default(),
        iat: now.as_second(),
        ath: target.access_token.map(ath),
        nonce,
    };
    key.sign_with_public_key(TYPE, &claims).map(DpopProof::new)
}

/// `ath`: the hash of the access token (RFC 9449 §4.2).
fn ath(token: &AccessToken) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token.expose().as_bytes()))
}

/// Why a proof is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidProof {
    /// RFC 9449 §4.3, item 1: more than one `DPoP` header.
    #[error("the DPoP header came more than once")]
    Doubled,
    /// Not a JWT, too long, or claims of another shape.
    #[error("the DPoP proof is malformed")]
    Malformed,
    /// The key is missing, of a kind that is not accepted, or too small.
    #[error("the DPoP proof carries no key that is accepted")]
    Key,
    /// The header shows a private or symmetric key.
    #[error("the DPoP proof shows a private key")]
    PrivateKey,
    /// Type, algorithm or signature.
    #[error("the DPoP proof is not acceptable: {0}")]
    Jwt(#[from] InvalidJwt),
    /// `jti` is empty or oversized.
    #[error("jti of the DPoP proof is empty or too long")]
    Identifier,
    /// `htm` is another method.
    #[error("the DPoP proof is for another method")]
    Method,
    /// `htu` is another URI.
    #[error("the DPoP proof is for another URI")]
    Uri,
    /// `iat` is too long ago or lies in the future.
    #[error("the DPoP proof is out of time")]
    Untimely,
    /// `ath` is missing, or of another token.
    #[error("the DPoP proof is for another access token")]
    AccessToken,
}

/// A proof that was accepted, as far as it alone can tell: that it is new, and that its nonce is good, is still to be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// The key that signed it.
    pub key: Thumbprint,
    /// The nonce that it answers.
    pub nonce: Option<String>,
    jti: String,
    /// Seconds of the epoch.
    iat: i64,
}

impl Proven {
    /// The name under which its use is remembered: a hash over key and `jti`, 43 characters.
    pub fn once(&self) -> String {
        digest("dpop proof", format!("{}\0{}", self.key, self.jti).as_bytes())
    }

    /// For how long its use is to be remembered: while it would still be accepted.
    pub fn remembered(&self, now: Timestamp) -> Duration {
        let seconds = self.iat.saturating_add(WINDOW_SECONDS + 1).saturating_sub(now.as_second());
        Duration::from_secs(u64::try_from(seconds).unwrap_or_default())
    }
}

#[derive(Deserialize)]
struct Read {
    jti: String,
    htm: String,
    htu: String,
    iat: i64,
    ath: Option<String>,
    nonce: Option<String>,
}

/// The proof that a request brings, if it does.
///
/// # Errors
/// [`InvalidProof::Doubled`] where it brings several, [`InvalidProof::Malformed`] where the header is not text.
pub fn presented(headers: &HeaderMap) -> Result<Option<DpopProof>, InvalidProof> {
    let mut values = headers.get_all(HEADER).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(InvalidProof::Doubled);
    }
    value.to_str().map(|proof| Some(DpopProof::new(proof))).map_err(|_| InvalidProof::Malformed)
}

/// Holds a proof against the request that it came with (RFC 9449 §4.3, items 2 to 9, 11 and 12a).
///
/// # Errors
/// [`InvalidProof`] tells the first check that failed.
pub fn judge(proof: &DpopProof, target: &Target<'_>, now: Timestamp) -> Result<Proven, InvalidProof> {
    let proof = proof.expose();
    let header = header(proof).ok_or(InvalidProof::Malformed)?;
    if header.get("crit").is_some() {
        // RFC 7515 §4.1.11: we know of no extension.
        return Err(InvalidProof::Malformed);
    }
    let (mut jwk, key) = key::read(header.get("jwk").ok_or(InvalidProof::Key)?)?;
    // The embedded key is the key, whatever it is called.
    jwk.common.key_id = header.get("kid").and_then(Value::as_str).map(str::to_owned);
    let claims: Read = jose::verify(proof, &JwkSet { keys: vec![jwk] }, &ALGORITHMS, Some(TYPE))?;
    if !IDENTIFIER.contains(&claims.jti.len()) {
        return Err(InvalidProof::Identifier);
    }
    if claims.htm != target.method {
        return Err(InvalidProof::Method);
    }
    if !endpoint::is_same(&claims.htu, target.uri) {
        return Err(InvalidProof::Uri);
    }
    let age = now.as_second().saturating_sub(claims.iat);
    if !(-WINDOW_SECONDS..=WINDOW_SECONDS).contains(&age) {
        return Err(InvalidProof::Untimely);
    }
    if target.access_token.is_some_and(|token| claims.ath != Some(ath(token))) {
        return Err(InvalidProof::AccessToken);
    }
    Ok(Proven { key, nonce: claims.nonce, jti: claims.jti, iat: claims.iat })
}

fn header(proof: &str) -> Option<Value> {
    if proof.len() > LONGEST {
        return None;
    }
    let (header, _) = proof.split_once('.')?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()
}

#[cfg(test)]
mod tests;
