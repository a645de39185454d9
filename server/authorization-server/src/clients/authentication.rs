//! How a client proves who it is, as it is registered.

use protocol::jose::JwkSet;
use serde::{Deserialize, Deserializer};
use url::Url;

use super::Secret;

/// How a client authenticates; each method has its own file in `client_authentication`.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "method", rename_all = "snake_case", deny_unknown_fields)]
pub enum Authentication {
    /// Not at all: a public client, which PKCE alone protects (RFC 6749 §2.1).
    #[serde(deserialize_with = "nothing_more")]
    None,
    /// A secret in the `Authorization` header (RFC 6749 §2.3.1).
    ClientSecretBasic(Secret),
    /// A secret in the form (RFC 6749 §2.3.1).
    ClientSecretPost(Secret),
    /// Signed assertions (RFC 7523 §2.2).
    PrivateKeyJwt {
        /// The keys with which they verify.
        keys: ClientKeys,
    },
}

fn nothing_more<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(), D::Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Nothing {}
    Nothing::deserialize(deserializer).map(|Nothing {}| ())
}

impl Authentication {
    /// The method's registered name (RFC 7591 §2).
    pub fn method(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ClientSecretBasic(_) => "client_secret_basic",
            Self::ClientSecretPost(_) => "client_secret_post",
            Self::PrivateKeyJwt { .. } => "private_key_jwt",
        }
    }

    /// The secret, where the method has one.
    pub fn secret(&self) -> Option<&Secret> {
        match self {
            Self::ClientSecretBasic(secret) | Self::ClientSecretPost(secret) => Some(secret),
            Self::None | Self::PrivateKeyJwt { .. } => None,
        }
    }

    pub(super) fn secret_mut(&mut self) -> Option<&mut Secret> {
        match self {
            Self::ClientSecretBasic(secret) | Self::ClientSecretPost(secret) => Some(secret),
            Self::None | Self::PrivateKeyJwt { .. } => None,
        }
    }
}

/// Where a client's public keys are.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientKeys {
    /// In the registration itself.
    Jwks(JwkSet),
    /// Published by the client.
    JwksUri(Url),
}
