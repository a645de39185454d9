//! The authorization code grant (RFC 6749 §4.1.3, RFC 7636 §4.6).

use protocol::pkce;
use protocol::secret::CodeVerifier;
use protocol::wire::TokenResponse;
use user_database::Grant;

use super::first::{self, Allowed};
use super::provisional::Provisional;
use super::{Answer, Asked};
use crate::code::{CODES, CodeRecord, Promise, REMEMBERED, Redemption};
use crate::outage::Outage;
use crate::sealed::Held;
use crate::state::AuthorizationServer;
use crate::token::TokenError;
use crate::token::issuance::{self, Holder, Issuance};

pub(super) fn answer<'a>(asked: &'a Asked<'a>) -> Answer<'a> {
    Box::pin(redeem(asked))
}

/// Redeems a code: of any number of requests at once, one.
async fn redeem(asked: &Asked<'_>) -> Result<TokenResponse, TokenError> {
    let server = asked.server;
    let code = asked.required("code")?;
    let held = CODES.get(server, code).await?.ok_or(TokenError::UnknownCode)?;
    let promise = match &held.value {
        CodeRecord::Issued(promise) => (**promise).clone(),
        CodeRecord::Redeemed(redemption) => return replayed(server, redemption).await,
    };
    check(asked, &promise)?;
    let resource = issuance::resource(asked.client, asked.parameters, promise.resource.as_deref())?;
    // Whatever may fail comes before the code is used up, so that an outage does not cost it.
    let about = first::about(server, promise.subject, &promise.id_token_claims, &promise.scope).await?;
    let allowed = Allowed {
        subject: promise.subject,
        scope: promise.scope.clone(),
        auth_time: promise.auth_time,
        session: promise.sid.clone(),
        resource: promise.resource.clone(),
    };
    let (grant, refresh_token) = first::grant(asked, allowed);
    let provisional = Provisional::add(server, &grant, refresh_token.as_ref()).await?;
    if !provisional.settle(use_up(server, code, &held, &grant)).await? {
        return match CODES.get(server, code).await?.map(|held| held.value) {
            Some(CodeRecord::Redeemed(redemption)) => replayed(server, &redemption).await,
            _ => Err(TokenError::UnknownCode),
        };
    }
    let (holder, scope, nonce, key) = (Holder::Grant(&grant), &grant.scope, promise.nonce, asked.key);
    let issuance = Issuance { holder, scope, resource, nonce, about, refresh_token, key };
    Ok(issuance.respond(server, asked.client)?)
}

/// The code is bound to its client, its redirect URI, its verifier and its key; a request that has them wrong does not use it
/// up.
fn check(asked: &Asked<'_>, promise: &Promise) -> Result<(), TokenError> {
    if promise.client_id != asked.client.client_id {
        return Err(TokenError::UnknownCode);
    }
    if asked.required("redirect_uri")? != promise.redirect_uri {
        return Err(TokenError::OtherRedirectUri);
    }
    verify(asked, promise.code_challenge.as_deref())?;
    match (&promise.dpop_jkt, asked.key) {
        (Some(_), None) => Err(TokenError::NoProof),
        (Some(bound), Some(key)) if bound != key => Err(TokenError::OtherKey),
        _ => Ok(()),
    }
}

/// RFC 7636 §4.6; RFC 9700 §4.8.2: a verifier without a challenge means that somebody took the challenge out of the request.
fn verify(asked: &Asked<'_>, challenge: Option<&str>) -> Result<(), TokenError> {
    match (challenge, asked.parameters.get("code_verifier")) {
        (Some(challenge), Some(verifier)) if pkce::verifies(&CodeVerifier::new(verifier), challenge) => Ok(()),
        (Some(_), Some(_)) => Err(TokenError::WrongVerifier),
        (None, Some(_)) => Err(TokenError::UnexpectedVerifier),
        (None, None) if !asked.client.require_pkce => Ok(()),
        (_, None) => Err(TokenError::Missing("code_verifier")),
    }
}

async fn use_up(server: &AuthorizationServer, code: &str, held: &Held<CodeRecord>, grant: &Grant) -> Result<bool, Outage> {
    let redemption = Redemption { grant: grant.id, subject: grant.subject, client_id: grant.client_id.clone() };
    CODES.replace(server, code, held, &CodeRecord::Redeemed(redemption), REMEMBERED).await
}

async fn replayed(server: &AuthorizationServer, redemption: &Redemption) -> Result<TokenResponse, TokenError> {
    first::replayed(server, redemption).await?;
    Err(TokenError::CodeReplayed)
}
