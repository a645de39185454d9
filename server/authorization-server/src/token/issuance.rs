//! The tokens that a grant gives, put together into one answer (RFC 6749 §5.1).

use protocol::Scope;
use protocol::secret::RefreshToken;
use protocol::wire::TokenResponse;
use user_database::Grant;

use super::{TokenError, access_token, id_token};
use crate::clients::Client;
use crate::outage::Outage;
use crate::state::AuthorizationServer;

/// What is to be issued.
pub(super) struct Issuance<'a> {
    pub(super) grant: &'a Grant,
    pub(super) scope: &'a Scope,
    /// The resource server that the access token is for.
    pub(super) resource: Option<String>,
    /// For the ID token of a sign-in; a refresh has none.
    pub(super) nonce: Option<String>,
    pub(super) refresh_token: Option<RefreshToken>,
}

impl Issuance<'_> {
    /// Signs the tokens.
    pub(super) fn respond(self, server: &AuthorizationServer, client: &Client) -> Result<TokenResponse, Outage> {
        let access_token = access_token::issue(server, client, &self)?;
        let id_token =
            if self.scope.contains("openid") { Some(id_token::issue(server, client, &self, &access_token)?) } else { None };
        Ok(TokenResponse {
            access_token,
            token_type: "Bearer".to_owned(),
            expires_in: Some(server.settings.lifetimes.access_token.unsigned_abs().as_secs()),
            refresh_token: self.refresh_token,
            id_token,
            scope: Some(self.scope.clone()),
        })
    }
}

/// The resource server that an access token is for: the one asked for now, else the one asked for at the authorization, else
/// the client's first (RFC 8707 §2.2).
pub(super) fn resource(client: &Client, now: Option<&str>, before: Option<&str>) -> Result<Option<String>, TokenError> {
    match (now, before) {
        (Some(now), Some(before)) if now != before => Err(TokenError::OtherResource),
        (Some(now), _) if !client.resources.iter().any(|registered| registered == now) => Err(TokenError::OtherResource),
        (Some(resource), _) | (None, Some(resource)) => Ok(Some(resource.to_owned())),
        (None, None) => Ok(client.resources.first().cloned()),
    }
}
