//! A client in the words of RFC 7591: as it registers itself, as the User Database keeps it, and as commands show it.

use jiff::Timestamp;
use protocol::Scope;
use protocol::jose::{Algorithm, JwkSet};
use protocol::secret::{AccessToken, ClientSecret};
use serde::{Deserialize, Serialize};
use url::Url;

use super::client::default_access_token_algorithm;
use super::{ApplicationType, Authentication, Client, ClientKeys, MalformedClient, Profile, Secret, SecretDigest, Voucher};

/// Client metadata (RFC 7591 §2, OpenID Connect Registration §2, RP-Initiated Logout §3.1, Back-Channel Logout §2.2, RFC 9126 §6,
/// RFC 9449 §5.2). Unknown members are ignored when read, as RFC 7591 §2 asks.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the members are those of the specifications, by their own names")]
pub struct ClientMetadata {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application_type: Option<ApplicationType>,
    pub redirect_uris: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub post_logout_redirect_uris: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backchannel_logout_uri: Option<Url>,
    pub backchannel_logout_session_required: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_method: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks: Option<JwkSet>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<Url>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_types: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_types: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    pub require_pushed_authorization_requests: bool,
    /// A word of ours, there where it is false; never taken from a client itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_pkce: Option<bool>,
    pub dpop_bound_access_tokens: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token_signed_response_alg: Option<Algorithm>,
    /// A word of ours; never taken from a client itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token_signed_response_alg: Option<Algorithm>,
    /// A word of ours; never taken from a client itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// A word of ours; never taken from a client itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub serves: Vec<String>,
    /// A word of ours.
    #[serde(skip_serializing_if = "Profile::is_plain")]
    pub profile: Profile,
}

/// A client as it is told what is registered of it (RFC 7591 §3.2.1, RFC 7592 §3).
#[derive(Debug, Clone, Serialize)]
pub struct Registration {
    /// Its identifier.
    pub client_id: String,
    /// When it was registered, in seconds of the epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id_issued_at: Option<i64>,
    /// Its secret, in the only answer that ever holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<ClientSecret>,
    /// 0 where there is a secret: it does not expire.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret_expires_at: Option<i64>,
    /// By which it manages its registration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registration_access_token: Option<AccessToken>,
    /// Where it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registration_client_uri: Option<String>,
    /// The rest.
    #[serde(flatten)]
    pub metadata: ClientMetadata,
}

impl Registration {
    /// What is registered of `client`; its secret is not in it.
    pub fn of(client: &Client) -> Self {
        Self {
            client_id: client.client_id.clone(),
            client_id_issued_at: None,
            client_secret: None,
            client_secret_expires_at: None,
            registration_access_token: None,
            registration_client_uri: None,
            metadata: ClientMetadata::of(client),
        }
    }

    /// With the secret that was just made, if one was.
    #[must_use]
    pub fn with_secret(mut self, secret: Option<ClientSecret>) -> Self {
        self.client_secret_expires_at = secret.as_ref().map(|_| 0);
        self.client_secret = secret;
        self
    }

    /// With the token by which it manages its registration, and where.
    #[must_use]
    pub(crate) fn managed(mut self, token: AccessToken, uri: String) -> Self {
        self.registration_access_token = Some(token);
        self.registration_client_uri = Some(uri);
        self
    }

    /// With the time at which it was registered.
    #[must_use]
    pub fn issued(mut self, at: Timestamp) -> Self {
        self.client_id_issued_at = Some(at.as_second());
        self
    }
}

/// The methods that need a secret.
pub(crate) const WITH_SECRET: [&str; 2] = ["client_secret_basic", "client_secret_post"];

impl ClientMetadata {
    /// What is registered of `client`, every default spelled out; no secret is in it.
    pub fn of(client: &Client) -> Self {
        let (jwks, jwks_uri) = match &client.authentication {
            Authentication::PrivateKeyJwt { keys: ClientKeys::Jwks(set) } => (Some(set.clone()), None),
            Authentication::PrivateKeyJwt { keys: ClientKeys::JwksUri(uri) } => (None, Some(uri.clone())),
            _ => (None, None),
        };
        let response_types = if client.may_use("authorization_code") { vec!["code".to_owned()] } else { Vec::new() };
        Self {
            client_name: Some(client.name.clone()),
            application_type: Some(client.application_type),
            redirect_uris: client.redirect_uris.clone(),
            post_logout_redirect_uris: client.post_logout_redirect_uris.clone(),
            backchannel_logout_uri: client.backchannel_logout_uri.clone(),
            backchannel_logout_session_required: client.backchannel_logout_session_required,
            token_endpoint_auth_method: Some(client.authentication.method().to_owned()),
            jwks,
            jwks_uri,
            grant_types: Some(client.grant_types.clone()),
            response_types: Some(response_types),
            scope: Some(client.scope.clone()),
            require_pushed_authorization_requests: client.require_pushed_authorization_requests,
            require_pkce: (!client.require_pkce).then_some(false),
            dpop_bound_access_tokens: client.dpop_bound_access_tokens,
            id_token_signed_response_alg: Some(client.id_token_algorithm()),
            access_token_signed_response_alg: Some(client.access_token_signed_response_alg),
            resources: client.resources.clone(),
            serves: client.serves.clone(),
            profile: client.profile,
        }
    }

    /// The method by which the client is going to authenticate; `client_secret_basic` where it says nothing (RFC 7591 §2).
    pub fn method(&self) -> &str {
        self.token_endpoint_auth_method.as_deref().unwrap_or("client_secret_basic")
    }

    /// Whether the method needs a secret.
    pub fn needs_secret(&self) -> bool {
        WITH_SECRET.contains(&self.method())
    }

    /// The client, with `secret` where its method needs one. It is not judged yet; [`Client::check`] does.
    ///
    /// # Errors
    /// [`MalformedClient`] where method, keys, secret and response types do not go together.
    pub fn into_client(self, client_id: &str, secret: Option<SecretDigest>, voucher: Voucher) -> Result<Client, MalformedClient> {
        let authentication = match (self.method(), secret) {
            ("none", _) => Authentication::None,
            ("private_key_jwt", _) => Authentication::PrivateKeyJwt {
                keys: match (self.jwks, self.jwks_uri) {
                    (Some(set), None) => ClientKeys::Jwks(set),
                    (None, Some(uri)) => ClientKeys::JwksUri(uri),
                    (Some(_), Some(_)) => return Err(MalformedClient::TwoKeySets),
                    (None, None) => return Err(MalformedClient::NoKeys),
                },
            },
            ("client_secret_basic", Some(secret)) => Authentication::ClientSecretBasic(Secret::Known(secret)),
            ("client_secret_post", Some(secret)) => Authentication::ClientSecretPost(Secret::Known(secret)),
            ("client_secret_basic" | "client_secret_post", None) => return Err(MalformedClient::NoSecret),
            _ => return Err(MalformedClient::Method),
        };
        // RFC 7591 §2 has these defaults, and §2.1 the correspondence.
        let grant_types = self.grant_types.unwrap_or_else(|| vec!["authorization_code".to_owned()]);
        let by_code = grant_types.iter().any(|name| name == "authorization_code");
        if self.response_types.is_some_and(|types| types.iter().any(|name| name != "code") || types.is_empty() == by_code) {
            return Err(MalformedClient::ResponseTypes);
        }
        Ok(Client {
            application_type: self.application_type.unwrap_or_default(),
            redirect_uris: self.redirect_uris,
            post_logout_redirect_uris: self.post_logout_redirect_uris,
            backchannel_logout_uri: self.backchannel_logout_uri,
            backchannel_logout_session_required: self.backchannel_logout_session_required,
            grant_types,
            scope: self.scope.unwrap_or_default(),
            resources: self.resources,
            serves: self.serves,
            require_pushed_authorization_requests: self.require_pushed_authorization_requests,
            require_pkce: self.require_pkce.unwrap_or(true),
            dpop_bound_access_tokens: self.dpop_bound_access_tokens,
            id_token_signed_response_alg: self.id_token_signed_response_alg,
            access_token_signed_response_alg: self
                .access_token_signed_response_alg
                .unwrap_or_else(default_access_token_algorithm),
            profile: self.profile,
            voucher,
            ..Client::new(client_id, self.client_name.unwrap_or_else(|| client_id.to_owned()), authentication)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::secret::ClientSecret;
    use serde_json::json;

    fn read(document: serde_json::Value) -> Result<Client, MalformedClient> {
        let metadata: ClientMetadata = serde_json::from_value(document).unwrap();
        metadata.into_client("id", Some(SecretDigest::of(&ClientSecret::new("s"))), Voucher::Nobody)
    }

    /// RFC 7591 §2: what a client does not say, it has by default.
    #[test]
    fn the_defaults_are_those_of_the_specification() {
        let client = read(json!({ "redirect_uris": ["https://app.example/cb"], "unknown": 1 })).unwrap();
        assert_eq!(client.authentication.method(), "client_secret_basic");
        assert_eq!(client.grant_types, ["authorization_code"]);
        assert_eq!((client.name.as_str(), client.application_type), ("id", ApplicationType::Web));
    }

    #[test]
    fn a_client_is_the_same_after_it_was_stored() {
        let document = json!({
            "client_name": "Shop", "application_type": "native", "redirect_uris": ["http://127.0.0.1/cb"],
            "post_logout_redirect_uris": ["https://app.example/out"], "backchannel_logout_uri": "https://app.example/bye",
            "backchannel_logout_session_required": true, "token_endpoint_auth_method": "private_key_jwt",
            "jwks_uri": "https://app.example/jwks", "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"], "scope": "email openid", "require_pushed_authorization_requests": true, "require_pkce": false,
            "dpop_bound_access_tokens": true, "id_token_signed_response_alg": "ES256", "access_token_signed_response_alg": "EdDSA", "resources": ["https://api.example"], "serves": ["https://own.example"],
            "profile": "fapi2",
        });
        let client = read(document.clone()).unwrap();
        assert_eq!(serde_json::to_value(ClientMetadata::of(&client)).unwrap(), document);
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        let method = |method: &str| json!({ "token_endpoint_auth_method": method });
        assert_eq!(read(method("private_key_jwt")).unwrap_err(), MalformedClient::NoKeys);
        assert_eq!(read(method("client_secret_jwt")).unwrap_err(), MalformedClient::Method);
        let mut both = method("private_key_jwt");
        both["jwks"] = json!({ "keys": [] });
        both["jwks_uri"] = json!("https://app.example/jwks");
        assert_eq!(read(both).unwrap_err(), MalformedClient::TwoKeySets);
        for (grants, responses) in [
            (json!(["authorization_code"]), json!([])),
            (json!(["client_credentials"]), json!(["code"])),
            (json!(["authorization_code"]), json!(["token"])),
        ] {
            let document = json!({ "grant_types": grants, "response_types": responses });
            assert_eq!(read(document).unwrap_err(), MalformedClient::ResponseTypes);
        }
    }
}
