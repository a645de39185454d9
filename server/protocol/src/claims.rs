//! Claims of the tokens that cross the wire.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256, Sha512};

use crate::Scope;
use crate::dpop::Thumbprint;
use crate::jose::Algorithm;
use crate::secret::AccessToken;

/// `typ` of a JWT access token (RFC 9068 §2.1).
pub const ACCESS_TOKEN_TYPE: &str = "at+jwt";
/// `typ` of an ID token.
pub const ID_TOKEN_TYPE: &str = "JWT";

/// `typ` of a logout token (OpenID Connect Back-Channel Logout §2.4).
pub const LOGOUT_TOKEN_TYPE: &str = "logout+jwt";
/// The member of `events` that makes a token a logout token (OpenID Connect Back-Channel Logout §2.4).
pub const LOGOUT_EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// `aud`: one value or several (RFC 7519 §4.1.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Audience {
    /// A single string.
    One(String),
    /// An array of strings.
    Many(Vec<String>),
}

impl Audience {
    /// Whether `name` is among the audiences.
    pub fn contains(&self, name: &str) -> bool {
        match self {
            Self::One(one) => one == name,
            Self::Many(many) => many.iter().any(|one| one == name),
        }
    }
}

/// Claims of a JWT access token (RFC 9068 §2.2). Times are seconds of the epoch.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AccessTokenClaims {
    /// The issuer.
    pub iss: String,
    /// Expiry.
    pub exp: i64,
    /// The resource servers it is for.
    pub aud: Audience,
    /// The resource owner.
    pub sub: String,
    /// The client it was issued to.
    pub client_id: String,
    /// When it was issued.
    pub iat: i64,
    /// Its own identifier.
    pub jti: String,
    /// What it allows.
    #[serde(default)]
    pub scope: Scope,
    /// When the resource owner last authenticated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// The grant behind it, so that revoking the grant silences the token at our own endpoints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gid: Option<String>,
    /// The key that its bearer must hold; none for a bearer token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
}

/// What a token is bound to (RFC 7800 §3.1). One that is bound in a way that is not known here is good for nothing here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// The thumbprint of a DPoP key (RFC 9449 §6.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jkt: Option<Thumbprint>,
}

/// Claims of an ID token (OpenID Connect Core §2). Times are seconds of the epoch.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct IdTokenClaims {
    /// The issuer.
    pub iss: String,
    /// The end user.
    pub sub: String,
    /// The clients it is for.
    pub aud: Audience,
    /// Expiry.
    pub exp: i64,
    /// When it was issued.
    pub iat: i64,
    /// When the end user authenticated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// The client's nonce.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// Hash of the access token (§3.1.3.6).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_hash: Option<String>,
    /// The provider's session (Back-Channel Logout §2.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
}

/// Claims of a logout token (OpenID Connect Back-Channel Logout §2.4). Times are seconds of the epoch. There is no `nonce` in it,
/// so that none can be taken for an ID token.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LogoutTokenClaims {
    /// The issuer.
    pub iss: String,
    /// The end user whose session is over.
    pub sub: String,
    /// The client that is told.
    pub aud: Audience,
    /// When it was issued.
    pub iat: i64,
    /// Expiry.
    pub exp: i64,
    /// Its own identifier.
    pub jti: String,
    /// Holds [`LOGOUT_EVENT`] with an empty object.
    pub events: BTreeMap<String, BTreeMap<String, String>>,
    /// The session, as the ID token named it.
    pub sid: String,
}

/// What userinfo answers (OpenID Connect Core §5.3.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserInfo {
    /// The end user.
    pub sub: String,
    /// Full name; scope `profile`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Short name; scope `profile`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preferred_username: Option<String>,
    /// Address; scope `email`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Whether the address was verified; scope `email`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_verified: Option<bool>,
}

/// `at_hash` of an access token: the left half of its hash, by the hash function of the algorithm that signs the ID token
/// (OpenID Connect Core §3.1.3.6).
///
/// `EdDSA` names no hash function; that of Ed25519 is SHA-512 (RFC 8032 §5.1), which is what the OpenID Connect working group
/// settled on in its issue 1125 and what client libraries compare with.
pub fn at_hash(access_token: &AccessToken, algorithm: Algorithm) -> String {
    let token = access_token.expose().as_bytes();
    match algorithm {
        Algorithm::RS256 | Algorithm::PS256 | Algorithm::ES256 => left_half(&Sha256::digest(token)),
        Algorithm::EdDSA => left_half(&Sha512::digest(token)),
    }
}

fn left_half(hash: &[u8]) -> String {
    let left: Vec<u8> = hash.iter().take(hash.len() / 2).copied().collect();
    URL_SAFE_NO_PAD.encode(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// OpenID Connect Core §3.1.3.6. The first token and hash are those of its appendix A.3, which another party computed.
    #[test]
    fn at_hash_follows_the_algorithm_of_the_id_token() {
        let token = AccessToken::new("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y");
        for algorithm in [Algorithm::RS256, Algorithm::PS256, Algorithm::ES256] {
            assert_eq!(at_hash(&token, algorithm), "77QmUPtjPfzWtF2AnpK9RQ");
        }
        // Half of the 64 bytes that SHA-512 gives.
        let expected = URL_SAFE_NO_PAD.encode(&Sha512::digest(token.expose().as_bytes())[..32]);
        assert_eq!(at_hash(&token, Algorithm::EdDSA), expected);
        assert_eq!(expected.len(), 43);
    }
}
