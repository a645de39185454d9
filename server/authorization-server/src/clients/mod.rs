//! The registered clients: who may ask, where answers may go, and how a client proves who it is.

use std::collections::HashMap;
use std::sync::Arc;

use protocol::Scope;
use protocol::jose::{Algorithm, JwkSet};
use serde::{Deserialize, Serialize};
use url::Url;

pub(crate) mod remote_keys;

pub use remote_keys::outbound_client;

/// A client as it is registered.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// Its identifier.
    pub client_id: String,
    /// What people see it called.
    pub name: String,
    /// Where authorization responses may go, compared as exact strings.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// Where the browser may go after signing out, compared as exact strings.
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    /// How it proves who it is.
    pub authentication: Authentication,
    /// The most that it may ever ask for.
    pub scope: Scope,
    /// Whether it must push its authorization requests (RFC 9126 §6).
    #[serde(default)]
    pub require_par: bool,
    /// The resource servers for which it may have access tokens (RFC 8707); the first where it names none.
    #[serde(default)]
    pub resources: Vec<String>,
    /// What its ID tokens are signed with; RS256 where it does not say (OpenID Connect Registration §2).
    #[serde(default)]
    pub id_token_signed_response_alg: Algorithm,
}

/// How a client authenticates; each method has its own file in `client_authentication`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "snake_case", deny_unknown_fields)]
pub enum Authentication {
    /// Signed assertions (RFC 7523 §2.2).
    PrivateKeyJwt {
        /// The keys with which they verify.
        keys: ClientKeys,
    },
}

/// Where a client's public keys are.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientKeys {
    /// In the registration itself.
    Jwks(JwkSet),
    /// Published by the client.
    JwksUri(Url),
}

/// Why a registration does not make sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MalformedClient {
    /// The identifier is empty or holds characters that RFC 6749 appendix A.1 does not allow.
    #[error("the client_id must be visible ASCII")]
    Identifier,
    /// A URI is not absolute, or has a fragment (RFC 6749 §3.1.2).
    #[error("{0} is not an absolute URI without fragment")]
    Uri(String),
    /// A redirect to a scheme that runs in the browser.
    #[error("{0} would run in the browser")]
    Scheme(String),
    /// There is no key to verify with.
    #[error("the key set is empty")]
    NoKeys,
}

impl Client {
    pub(crate) fn check(&self) -> Result<(), MalformedClient> {
        if self.client_id.is_empty() || !self.client_id.bytes().all(|byte| (0x20..=0x7e).contains(&byte)) {
            return Err(MalformedClient::Identifier);
        }
        for uri in self.redirect_uris.iter().chain(&self.post_logout_redirect_uris) {
            let parsed = Url::parse(uri).map_err(|_| MalformedClient::Uri(uri.clone()))?;
            let visible = uri.bytes().all(|byte| (0x21..=0x7e).contains(&byte));
            if uri.contains('#') || !visible {
                return Err(MalformedClient::Uri(uri.clone()));
            }
            if matches!(parsed.scheme(), "javascript" | "data" | "vbscript" | "blob" | "file") {
                return Err(MalformedClient::Scheme(uri.clone()));
            }
        }
        match &self.authentication {
            Authentication::PrivateKeyJwt { keys: ClientKeys::Jwks(set) } if set.keys.is_empty() => Err(MalformedClient::NoKeys),
            Authentication::PrivateKeyJwt { .. } => Ok(()),
        }
    }

    /// Whether `uri` is registered for authorization responses (RFC 9700 §2.1: exact comparison).
    pub(crate) fn redirects_to(&self, uri: &str) -> bool {
        self.redirect_uris.iter().any(|registered| registered == uri)
    }

    /// Whether `uri` is registered for the way home after signing out.
    pub(crate) fn returns_to(&self, uri: &str) -> bool {
        self.post_logout_redirect_uris.iter().any(|registered| registered == uri)
    }
}

/// All clients, by identifier.
pub(crate) struct Clients(HashMap<String, Arc<Client>>);

impl Clients {
    pub(crate) fn new(clients: &[Client]) -> Self {
        Self(clients.iter().map(|client| (client.client_id.clone(), Arc::new(client.clone()))).collect())
    }

    /// The client of `client_id`.
    pub(crate) fn find(&self, client_id: &str) -> Option<Arc<Client>> {
        self.0.get(client_id).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn client(change: impl FnOnce(&mut serde_json::Value)) -> Result<Client, serde_json::Error> {
        let mut value = json!({
            "client_id": "app", "name": "Application", "scope": "openid", "redirect_uris": ["https://app.example/callback"],
            "authentication": { "method": "private_key_jwt", "keys": { "jwks_uri": "https://app.example/jwks" } },
        });
        change(&mut value);
        serde_json::from_value(value)
    }

    #[test]
    fn an_unknown_key_in_a_registration_is_refused() {
        assert!(client(|_| ()).unwrap().check().is_ok());
        assert!(client(|value| value["redirect_urls"] = json!([])).is_err());
        assert!(client(|value| value["authentication"]["secret"] = json!("s")).is_err());
        assert!(client(|value| value["authentication"]["method"] = json!("none")).is_err());
    }

    /// RFC 6749 §3.1.2: an absolute URI without fragment.
    #[test]
    fn a_redirect_uri_with_a_fragment_or_a_script_is_refused() {
        for uri in ["/callback", "https://app.example/#", "https://app.example/#a", "javascript:alert(1)", "https://a b/"] {
            let registered = client(|value| value["redirect_uris"] = json!([uri])).unwrap();
            assert!(registered.check().is_err(), "{uri}");
        }
    }

    #[test]
    fn an_empty_key_set_is_refused() {
        let registered = client(|value| value["authentication"]["keys"] = json!({ "jwks": { "keys": [] } })).unwrap();
        assert_eq!(registered.check(), Err(MalformedClient::NoKeys));
    }
}
