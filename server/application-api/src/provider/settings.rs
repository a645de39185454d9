//! What we are told of a provider.

use std::collections::BTreeMap;

use protocol::Scope;
use protocol::jose::SigningKey;
use protocol::secret::ClientSecret;

/// The name of the provider that has no entry of its own: the one whose redirect URI is `/callback`.
pub const DEFAULT: &str = "default";

/// Parameters of an authorization request that are ours alone to set.
pub const RESERVED: [&str; 18] = [
    "response_type",
    "response_mode",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "request",
    "request_uri",
    "resource",
    "dpop_jkt",
    "client_secret",
    "client_assertion",
    "client_assertion_type",
    "id_token_hint",
    "grant_type",
];

/// Settings of one provider.
#[derive(Debug, Clone)]
pub struct ProviderSettings {
    /// Its name in our URLs: `[a-z0-9-]+`, unique; [`DEFAULT`] has `/callback` to itself.
    pub name: String,
    /// What people see it called.
    pub title: String,
    /// Its issuer identifier.
    pub issuer: String,
    /// How it knows us.
    pub client_id: String,
    /// How we prove who we are.
    pub authentication: Authentication,
    /// What we ask for.
    pub scope: Scope,
    /// Whether authorization requests are pushed (RFC 9126); `Auto`: where the provider offers it.
    pub par: Use,
    /// Whether tokens are bound to a key (RFC 9449); `Auto`: where the provider says that it can.
    pub dpop: Use,
    /// Whether userinfo is asked (OpenID Connect Core §5.3); `Auto`: where there is such a place.
    pub userinfo: Use,
    /// The resource servers that access tokens are asked for (RFC 8707); many providers want to hear of none.
    pub resources: Vec<String>,
    /// Parameters that go along with every authorization request; none of [`RESERVED`].
    pub parameters: BTreeMap<String, String>,
    /// Which claims say who the user is.
    pub claims: ClaimNames,
}

/// How we authenticate to a provider (OpenID Connect Core §9).
#[derive(Debug, Clone)]
pub enum Authentication {
    /// `private_key_jwt`: by an assertion that this key signs.
    PrivateKeyJwt(SigningKey),
    /// `client_secret_basic`: by a secret in the `Authorization` header.
    SecretBasic(ClientSecret),
    /// `client_secret_post`: by a secret in the form.
    SecretPost(ClientSecret),
    /// `none`: not at all; PKCE alone binds the code to us.
    None,
}

/// Whether something that a provider may or may not know is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Where the provider offers it.
    Auto,
    /// Always: a provider without it is no provider for us.
    Always,
    /// Never.
    Never,
}

/// The claims that say who the user is; of each list the first that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimNames {
    /// Full name, or what stands for it.
    pub name: Vec<String>,
    /// E-mail address.
    pub email: Vec<String>,
}

impl Default for ClaimNames {
    fn default() -> Self {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Self { name: names(&["name", "preferred_username"]), email: names(&["email"]) }
    }
}

impl ProviderSettings {
    /// A provider that is told nothing more: `private_key_jwt`, no resource indicator, bearer tokens.
    pub fn new(name: &str, issuer: &str, client_id: &str, key: SigningKey) -> Self {
        Self {
            name: name.to_owned(),
            title: name.to_owned(),
            issuer: issuer.to_owned(),
            client_id: client_id.to_owned(),
            authentication: Authentication::PrivateKeyJwt(key),
            scope: Scope::parse("openid profile email offline_access").unwrap_or_default(),
            par: Use::Auto,
            dpop: Use::Never,
            userinfo: Use::Auto,
            resources: Vec::new(),
            parameters: BTreeMap::new(),
            claims: ClaimNames::default(),
        }
    }
}

/// The path of the redirect URI of the provider `name`: each has its own, so that no response is taken for another's
/// (RFC 9700 §4.4.2.2).
pub fn callback_path(name: &str) -> String {
    if name == DEFAULT { "/callback".to_owned() } else { format!("/callback/{name}") }
}
