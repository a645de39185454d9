//! The client credentials grant (RFC 6749 §4.4): a client acts for itself; there is no user, no ID token and no refresh token.

use std::collections::BTreeMap;

use protocol::Scope;
use protocol::wire::TokenResponse;

use super::{Answer, Asked};
use crate::token::TokenError;
use crate::token::issuance::{self, Holder, Issuance};

/// Scopes that are about a person, of whom there is none.
const PERSONAL: [&str; 6] = ["openid", "profile", "email", "address", "phone", "offline_access"];

pub(super) fn answer<'a>(asked: &'a Asked<'a>) -> Answer<'a> {
    Box::pin(async move { grant(asked) })
}

fn grant(asked: &Asked<'_>) -> Result<TokenResponse, TokenError> {
    if asked.client.is_public() {
        return Err(TokenError::ForeignGrantType);
    }
    let scope = scope(asked)?;
    let resource = issuance::resource(asked.client, asked.parameters, None)?;
    let issuance = Issuance {
        holder: Holder::Client,
        scope: &scope,
        resource,
        nonce: None,
        about: BTreeMap::new(),
        refresh_token: None,
        key: asked.key,
    };
    Ok(issuance.respond(asked.server, asked.client)?)
}

/// What is asked for, within what is registered; all that is registered where nothing is asked for.
fn scope(asked: &Asked<'_>) -> Result<Scope, TokenError> {
    let impersonal =
        Scope::parse(&asked.client.scope.iter().filter(|token| !PERSONAL.contains(token)).collect::<Vec<_>>().join(" "));
    let registered = impersonal.map_err(|_| TokenError::NothingToGrant)?;
    let scope = match asked.parameters.get("scope") {
        None => registered,
        Some(scope) => {
            let scope = Scope::parse(scope).map_err(|_| TokenError::NothingToGrant)?;
            if !scope.is_within(&registered) {
                return Err(TokenError::NothingToGrant);
            }
            scope
        }
    };
    if scope.is_empty() { Err(TokenError::NothingToGrant) } else { Ok(scope) }
}
