//! A client as it is registered: in the configuration, or in the User Database.

use protocol::Scope;
use protocol::jose::JwkSet;
use serde::Deserialize;
use url::Url;

use super::MalformedClient;
use crate::token::grants;

/// A client as it is registered.
///
/// A configuration file names what differs from [`Client::new`]; unknown keys are refused.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// Its identifier.
    pub client_id: String,
    /// What people see it called.
    pub name: String,
    /// Where it runs, which decides what its redirect URIs may look like.
    #[serde(default)]
    pub application_type: ApplicationType,
    /// Where authorization responses may go, compared as exact strings; for native clients the loopback port aside.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// Where the browser may go after signing out, compared as exact strings.
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    /// Where it wants to be told of sign-outs (Back-Channel Logout §2.2).
    #[serde(default)]
    pub backchannel_logout_uri: Option<Url>,
    /// Whether it must be told which session ended, and not only whose (Back-Channel Logout §2.2).
    #[serde(default)]
    pub backchannel_logout_session_required: bool,
    /// How it proves who it is.
    pub authentication: Authentication,
    /// The grants that it may use at the token endpoint, by their registered names (RFC 7591 §2).
    #[serde(default = "default_grant_types")]
    pub grant_types: Vec<String>,
    /// The most that it may ever ask for.
    pub scope: Scope,
    /// The resource servers for which it may have access tokens (RFC 8707); the first where it names none.
    #[serde(default)]
    pub resources: Vec<String>,
    /// Whether it must push its authorization requests (RFC 9126 §6).
    #[serde(default, alias = "require_par")]
    pub require_pushed_authorization_requests: bool,
    /// Whether its access tokens must be bound to a DPoP key (RFC 9449 §5.2).
    #[serde(default)]
    pub dpop_bound_access_tokens: bool,
    /// A set of rules that it keeps as a whole.
    #[serde(default)]
    pub profile: Profile,
}

/// Where a client runs (OpenID Connect Registration §2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationType {
    /// On a web server or in a page.
    #[default]
    Web,
    /// On a person's machine: its redirects may go to any port of the loopback interface (RFC 8252 §7.3), or to a scheme of its own.
    Native,
}

/// A set of rules that a client keeps as a whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// What its other settings say.
    #[default]
    Plain,
    /// FAPI 2.0 Security Profile: `private_key_jwt` without RS256, pushed requests, and DPoP-bound tokens.
    Fapi2,
}

/// How a client authenticates; each method has its own file in `client_authentication`.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "method", rename_all = "snake_case", deny_unknown_fields)]
pub enum Authentication {
    /// Signed assertions (RFC 7523 §2.2).
    PrivateKeyJwt {
        /// The keys with which they verify.
        keys: ClientKeys,
    },
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

fn default_grant_types() -> Vec<String> {
    vec!["authorization_code".to_owned(), "refresh_token".to_owned()]
}

impl Client {
    /// A web client that signs people in, with nothing registered yet but how it proves who it is.
    pub fn new(client_id: impl Into<String>, name: impl Into<String>, authentication: Authentication) -> Self {
        Self {
            client_id: client_id.into(),
            name: name.into(),
            application_type: ApplicationType::default(),
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            backchannel_logout_uri: None,
            backchannel_logout_session_required: false,
            authentication,
            grant_types: default_grant_types(),
            scope: Scope::default(),
            resources: Vec::new(),
            require_pushed_authorization_requests: false,
            dpop_bound_access_tokens: false,
            profile: Profile::default(),
        }
    }

    /// The client with what its profile asks for switched on.
    #[must_use]
    pub(crate) fn settled(mut self) -> Self {
        if self.profile == Profile::Fapi2 {
            self.require_pushed_authorization_requests = true;
            self.dpop_bound_access_tokens = true;
        }
        self
    }

    /// Whether it may use the grant of `name`.
    pub(crate) fn may_use(&self, name: &str) -> bool {
        self.grant_types.iter().any(|registered| registered == name)
    }

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
        if let Some(unknown) = self.grant_types.iter().find(|name| !grants::names().contains(name)) {
            return Err(MalformedClient::GrantType(unknown.clone()));
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

    /// RFC 7591 §2: only grants that there are can be registered.
    #[test]
    fn an_unknown_grant_type_is_refused() {
        let registered = client(|value| value["grant_types"] = json!(["password"])).unwrap();
        assert_eq!(registered.check(), Err(MalformedClient::GrantType("password".to_owned())));
    }

    /// A10, FAPI 2.0 §5.3.2: the profile asks for pushed requests and sender-constrained tokens, whatever else is said.
    #[test]
    fn the_profile_switches_on_what_it_asks_for() {
        let registered = client(|value| value["profile"] = json!("fapi2")).unwrap().settled();
        assert!(registered.require_pushed_authorization_requests && registered.dpop_bound_access_tokens);
        let plain = client(|_| ()).unwrap().settled();
        assert!(!plain.require_pushed_authorization_requests && !plain.dpop_bound_access_tokens);
    }
}
