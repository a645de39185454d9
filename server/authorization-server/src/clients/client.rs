//! A client as it is registered: in the configuration, or in the User Database.

use std::path::Path;

use protocol::Scope;
use protocol::jose::{self, Algorithm};
use protocol::secret::ClientSecret;
use serde::{Deserialize, Serialize};
use url::Url;

use super::secret::{Secret, SecretDigest};
use super::{Authentication, ClientKeys, MalformedClient, redirects};
use crate::token::grants;

/// A client as it is registered.
///
/// A configuration file names what differs from [`Client::new`]; unknown keys are refused.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own, by its registered name")]
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
    /// The resources that it is itself the server of: it may introspect access tokens for them (RFC 7662).
    #[serde(default)]
    pub serves: Vec<String>,
    /// Whether it must push its authorization requests (RFC 9126 §6).
    #[serde(default, alias = "require_par")]
    pub require_pushed_authorization_requests: bool,
    /// Whether its authorization requests must hold a PKCE challenge (RFC 7636). A client that proves who it is may do without
    /// (RFC 9700 §2.1.1), where it cannot do otherwise; one that sends a challenge is held to it in any case.
    #[serde(default = "yes")]
    pub require_pkce: bool,
    /// Whether its access tokens must be bound to a DPoP key (RFC 9449 §5.2).
    #[serde(default)]
    pub dpop_bound_access_tokens: bool,
    /// What its ID tokens are signed with, if it says so; [`Client::id_token_algorithm`] tells what they are.
    #[serde(default)]
    pub id_token_signed_response_alg: Option<Algorithm>,
    /// What its access tokens are signed with; their resource servers have to understand it, so that it is not for the client
    /// to say where nobody vouches for it.
    #[serde(default = "default_access_token_algorithm")]
    pub access_token_signed_response_alg: Algorithm,
    /// A set of rules that it keeps as a whole.
    #[serde(default)]
    pub profile: Profile,
    /// Who vouches for it.
    #[serde(skip)]
    pub voucher: Voucher,
}

/// Where a client runs (OpenID Connect Registration §2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationType {
    /// On a web server or in a page.
    #[default]
    Web,
    /// On a person's machine: its redirects may go to any port of the loopback interface (RFC 8252 §7.3), or to a scheme of its own.
    Native,
}

/// A set of rules that a client keeps as a whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// What its other settings say.
    #[default]
    Plain,
    /// FAPI 2.0 Security Profile: `private_key_jwt` without RS256, pushed requests, and DPoP-bound tokens.
    Fapi2,
}

impl Profile {
    /// Whether it asks for nothing.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
    pub(super) fn is_plain(&self) -> bool {
        *self == Self::Plain
    }
}

/// Who vouches for a client, which decides whose addresses it may make us ask.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Voucher {
    /// The operator, who wrote it into the configuration or added it by command.
    #[default]
    Operator,
    /// Nobody: it registered itself.
    Nobody,
}

fn default_grant_types() -> Vec<String> {
    vec!["authorization_code".to_owned(), "refresh_token".to_owned()]
}

pub(super) fn yes() -> bool {
    true
}

/// Quick to make, short, and allowed by every profile.
pub(super) fn default_access_token_algorithm() -> Algorithm {
    Algorithm::ES256
}

impl Client {
    /// No identifier is longer, in bytes.
    pub const LONGEST_IDENTIFIER: usize = 256;

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
            serves: Vec::new(),
            require_pushed_authorization_requests: false,
            require_pkce: true,
            dpop_bound_access_tokens: false,
            id_token_signed_response_alg: None,
            access_token_signed_response_alg: default_access_token_algorithm(),
            profile: Profile::default(),
            voucher: Voucher::default(),
        }
    }

    /// The client with what its profile asks for switched on.
    #[must_use]
    pub fn settled(mut self) -> Self {
        if self.profile == Profile::Fapi2 {
            self.require_pushed_authorization_requests = true;
            self.require_pkce = true;
            self.dpop_bound_access_tokens = true;
        }
        self
    }

    /// What its ID tokens and logout tokens are signed with; where it does not say, RS256 (OpenID Connect Registration §2), which
    /// FAPI 2.0 does not know (§5.4.1), so that there it is ES256.
    pub fn id_token_algorithm(&self) -> Algorithm {
        let unsaid = if self.profile == Profile::Fapi2 { Algorithm::ES256 } else { Algorithm::RS256 };
        self.id_token_signed_response_alg.unwrap_or(unsaid)
    }

    /// Whether it has nothing to prove itself by (RFC 6749 §2.1).
    pub(crate) fn is_public(&self) -> bool {
        matches!(self.authentication, Authentication::None)
    }

    /// Whether a refresh gives it another refresh token in place of the old one (RFC 9700 §4.14.2). Not in FAPI 2.0 (§5.3.2.1):
    /// there a refresh token is worth nothing without the keys of its client, and a client that lost an answer keeps it.
    pub(crate) fn has_rotating_refresh_tokens(&self) -> bool {
        self.profile != Profile::Fapi2
    }

    /// Whether it may use the grant of `name`.
    pub(crate) fn may_use(&self, name: &str) -> bool {
        self.grant_types.iter().any(|registered| registered == name)
    }

    /// Judges what holds for every client.
    ///
    /// # Errors
    /// [`MalformedClient`] names the first setting that makes no sense.
    pub fn check(&self) -> Result<(), MalformedClient> {
        let length = 1..=Self::LONGEST_IDENTIFIER;
        if !length.contains(&self.client_id.len()) || !self.client_id.bytes().all(|byte| (0x20..=0x7e).contains(&byte)) {
            return Err(MalformedClient::Identifier);
        }
        for uri in self.redirect_uris.iter().chain(&self.post_logout_redirect_uris) {
            redirects::check(uri)?;
        }
        if let Some(uri) = &self.backchannel_logout_uri
            && (!matches!(uri.scheme(), "http" | "https") || uri.fragment().is_some())
        {
            return Err(MalformedClient::BackChannel(uri.to_string()));
        }
        if let Some(unknown) = self.grant_types.iter().find(|name| !grants::names().contains(name)) {
            return Err(MalformedClient::GrantType(unknown.clone()));
        }
        let signed = [self.id_token_algorithm(), self.access_token_signed_response_alg];
        if self.profile == Profile::Fapi2 && signed.contains(&Algorithm::RS256) {
            return Err(MalformedClient::Fapi2Algorithm);
        }
        if self.profile == Profile::Fapi2 && !matches!(self.authentication, Authentication::PrivateKeyJwt { .. }) {
            return Err(MalformedClient::Fapi2);
        }
        match &self.authentication {
            Authentication::PrivateKeyJwt { keys: ClientKeys::Jwks(set) } if set.keys.is_empty() => Err(MalformedClient::NoKeys),
            Authentication::None if self.may_use("client_credentials") => Err(MalformedClient::PublicWithCredentials),
            Authentication::None if !self.require_pkce => Err(MalformedClient::Pkce),
            _ => Ok(()),
        }
    }

    /// Judges what holds besides where people sign in: no redirect goes over a wire in the clear.
    ///
    /// # Errors
    /// [`MalformedClient`] names the first URI that does.
    pub fn check_strictly(&self) -> Result<(), MalformedClient> {
        self.check_redirects_strictly(false)?;
        self.check_returns_strictly(false)
    }

    /// Judges the redirect URIs of a client that nobody vouches for.
    pub(crate) fn check_redirects_strictly(&self, development: bool) -> Result<(), MalformedClient> {
        self.redirect_uris.iter().try_for_each(|uri| redirects::check_strictly(uri, self.application_type, development))
    }

    /// Judges the same client's ways home after signing out.
    pub(crate) fn check_returns_strictly(&self, development: bool) -> Result<(), MalformedClient> {
        let uris = &self.post_logout_redirect_uris;
        uris.iter().try_for_each(|uri| redirects::check_strictly(uri, self.application_type, development))
    }

    /// Where its keys are published, if they are.
    pub(crate) fn published_keys(&self) -> Option<&Url> {
        match &self.authentication {
            Authentication::PrivateKeyJwt { keys: ClientKeys::JwksUri(uri) } => Some(uri),
            _ => None,
        }
    }

    /// Reads the secret where it is in a file; `read` gives the file's text.
    ///
    /// # Errors
    /// What `read` fails with.
    pub fn read_secret<E>(&mut self, read: impl FnOnce(&Path) -> Result<ClientSecret, E>) -> Result<(), E> {
        if let Some(secret) = self.authentication.secret_mut()
            && let Some(file) = secret.file()
        {
            *secret = Secret::Known(SecretDigest::of(&read(file)?));
        }
        Ok(())
    }

    /// The algorithms in which its assertions may be signed; RS256 is none of FAPI 2.0 (§5.4.1).
    pub(crate) fn assertion_algorithms(&self) -> Vec<Algorithm> {
        let refused = |algorithm: &Algorithm| self.profile == Profile::Fapi2 && *algorithm == Algorithm::RS256;
        jose::ACCEPTED.into_iter().filter(|algorithm| !refused(algorithm)).collect()
    }

    /// Whether `uri` is registered for authorization responses.
    pub(crate) fn redirects_to(&self, uri: &str) -> bool {
        self.redirect_uris.iter().any(|registered| redirects::is_same(registered, uri, self.application_type))
    }

    /// Whether it redirects to a page of `origin`.
    pub(crate) fn lives_at(&self, origin: &str) -> bool {
        let origins = self.redirect_uris.iter().filter_map(|uri| Some(Url::parse(uri).ok()?.origin()));
        origins.filter(url::Origin::is_tuple).any(|own| own.ascii_serialization() == origin)
    }

    /// Whether `uri` is registered for the way home after signing out.
    pub(crate) fn returns_to(&self, uri: &str) -> bool {
        self.post_logout_redirect_uris.iter().any(|registered| registered == uri)
    }
}

#[cfg(test)]
mod tests;
