//! The tokens that a grant gives, put together into one answer (RFC 6749 §5.1).

use std::collections::BTreeMap;

use protocol::Scope;
use protocol::dpop::{Scheme, Thumbprint};
use protocol::secret::RefreshToken;
use protocol::wire::{Parameters, TokenResponse};
use serde_json::Value;
use user_database::Grant;

use super::{TokenError, access_token, id_token};
use crate::clients::Client;
use crate::outage::Outage;
use crate::state::AuthorizationServer;

/// What is to be issued.
pub(super) struct Issuance<'a> {
    /// Who will act by it.
    pub(super) holder: Holder<'a>,
    pub(super) scope: &'a Scope,
    /// The resource server that the access token is for.
    pub(super) resource: Option<String>,
    /// For the ID token of a sign-in; a refresh has none.
    pub(super) nonce: Option<String>,
    /// What the ID token of a sign-in tells of its user beside its own claims.
    pub(super) about: BTreeMap<String, Value>,
    pub(super) refresh_token: Option<RefreshToken>,
    /// The DPoP key that the access token is bound to.
    pub(super) key: Option<&'a Thumbprint>,
}

/// In whose name a token lets its client act.
#[derive(Clone, Copy)]
pub(super) enum Holder<'a> {
    /// A user's, by a grant; what is issued ends with it.
    Grant(&'a Grant),
    /// Its own (RFC 6749 §4.4).
    Client,
}

impl<'a> Holder<'a> {
    /// The grant, where there is one.
    pub(super) fn grant(self) -> Option<&'a Grant> {
        match self {
            Self::Grant(grant) => Some(grant),
            Self::Client => None,
        }
    }
}

impl Issuance<'_> {
    /// Signs the tokens.
    pub(super) fn respond(self, server: &AuthorizationServer, client: &Client) -> Result<TokenResponse, Outage> {
        let access_token = access_token::issue(server, client, &self)?;
        let id_token = match self.holder {
            Holder::Grant(grant) if self.scope.contains("openid") => {
                Some(id_token::issue(server, client, grant, &self, &access_token)?)
            }
            _ => None,
        };
        Ok(TokenResponse {
            access_token,
            token_type: if self.key.is_some() { Scheme::Dpop } else { Scheme::Bearer }.name().to_owned(),
            expires_in: Some(server.settings.lifetimes.access_token.unsigned_abs().as_secs()),
            refresh_token: self.refresh_token,
            id_token,
            scope: Some(self.scope.clone()),
        })
    }
}

/// The resource server that an access token is for, one at a time: the one asked for now, which must be among those that were
/// asked for at the authorization where any were; else the first of those, else the client's first (RFC 8707 §2.2). What it may no
/// longer call is not what it gets. `before` are those of the authorization, parted by spaces.
pub(super) fn resource(client: &Client, now: &Parameters, before: Option<&str>) -> Result<Option<String>, TokenError> {
    let (now, mut before) = (now.resources(), before.into_iter().flat_map(|text| text.split(' ')));
    let wanted = match now.as_slice() {
        [] => before.next(),
        [now] => {
            let granted: Vec<&str> = before.collect();
            if !granted.is_empty() && !granted.contains(now) {
                return Err(TokenError::OtherResource);
            }
            Some(*now)
        }
        _ => return Err(TokenError::OtherResource),
    };
    let Some(wanted) = wanted else { return Ok(client.resources.first().cloned()) };
    let registered = client.resources.iter().find(|registered| *registered == wanted);
    registered.cloned().map(Some).ok_or(TokenError::OtherResource)
}
