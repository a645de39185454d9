//! The authorization code grant (RFC 6749 §4.1.3, RFC 7636 §4.6).

use jiff::Timestamp;
use protocol::secret::{CodeVerifier, RefreshToken};
use protocol::wire::TokenResponse;
use protocol::{Exchange, pkce};
use queue::Event;
use tracing::Instrument as _;
use user_database::{Account, Grant};

use super::{Answer, Asked};
use crate::code::{CODES, CodeRecord, Promise, REMEMBERED, Redemption};
use crate::outage::Outage;
use crate::sealed::Held;
use crate::state::AuthorizationServer;
use crate::token::TokenError;
use crate::token::issuance::{self, Holder, Issuance};
use crate::{claims, exchange};

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
    let resource = issuance::resource(asked.client, asked.parameters.get("resource"), promise.resource.as_deref())?;
    // Whatever may fail comes before the code is used up, so that an outage does not cost it.
    let account = still_welcome(server, &promise).await?;
    let about = claims::about(&account, &promise.id_token_claims, &promise.scope);
    let (grant, refresh_token) = prepare(asked, &promise);
    // The grant is there before the code is used up: a replay that finds the code redeemed finds its grant to revoke, and
    // where the database fails the code is still good. A grant that loses the race below was never handed out.
    server.boxes.grants.add(&grant, refresh_token.as_ref()).await.map_err(Outage::from)?;
    let used_up = use_up(server, code, &held, &grant).await;
    if !matches!(used_up, Ok(true)) {
        let withdrawn = server.boxes.grants.revoke(grant.id, server.now()).await.map_err(Outage::from);
        if !used_up? {
            withdrawn?;
            return match CODES.get(server, code).await?.map(|held| held.value) {
                Some(CodeRecord::Redeemed(redemption)) => replayed(server, &redemption).await,
                _ => Err(TokenError::UnknownCode),
            };
        }
    }
    let (holder, scope, nonce, key) = (Holder::Grant(&grant), &grant.scope, promise.nonce, asked.key);
    let issuance = Issuance { holder, scope, resource, nonce, about, refresh_token, key };
    Ok(issuance.respond(server, asked.client)?)
}

/// The account, unless it was disabled or removed, or given another password, since its user signed in: what ends its grants ends
/// the codes on their way to become some.
async fn still_welcome(server: &AuthorizationServer, promise: &Promise) -> Result<Account, TokenError> {
    let found = server.boxes.accounts.by_subject(promise.subject);
    let account = found.instrument(exchange::span(Exchange::AccountAndConsentRecords)).await.map_err(Outage::from)?;
    let account = account.filter(|account| !account.disabled && promise.auth_time >= account.sessions_since);
    account.ok_or(TokenError::AccountGone)
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
    let verifier = CodeVerifier::new(asked.required("code_verifier")?);
    if !pkce::verifies(&verifier, &promise.code_challenge) {
        return Err(TokenError::WrongVerifier);
    }
    match (&promise.dpop_jkt, asked.key) {
        (Some(_), None) => Err(TokenError::NoProof),
        (Some(bound), Some(key)) if bound != key => Err(TokenError::OtherKey),
        _ => Ok(()),
    }
}

/// The grant that the code promised, with its first refresh token where it has `offline_access` and its client can use one.
fn prepare(asked: &Asked<'_>, promise: &Promise) -> (Grant, Option<RefreshToken>) {
    let server = asked.server;
    let (now, lifetimes) = (server.now(), &server.settings.lifetimes);
    let lasting = promise.scope.contains("offline_access") && asked.client.may_use("refresh_token");
    let refresh_token = lasting.then(|| RefreshToken::new(server.opaque()));
    let lifetime = if refresh_token.is_some() { lifetimes.grant } else { lifetimes.access_token };
    let grant = Grant {
        id: server.uuid(),
        subject: promise.subject,
        client_id: promise.client_id.clone(),
        scope: promise.scope.clone(),
        auth_time: promise.auth_time,
        session: promise.sid.clone(),
        created_at: now,
        expires_at: now.saturating_add(lifetime).unwrap_or(Timestamp::MAX),
        dpop_jkt: asked.key.cloned(),
        resource: promise.resource.clone(),
    };
    (grant, refresh_token)
}

async fn use_up(server: &AuthorizationServer, code: &str, held: &Held<CodeRecord>, grant: &Grant) -> Result<bool, Outage> {
    let redemption = Redemption { grant: grant.id, subject: grant.subject, client_id: grant.client_id.clone() };
    CODES.replace(server, code, held, &CodeRecord::Redeemed(redemption), REMEMBERED).await
}

/// RFC 6749 §4.1.2: whoever redeems a code again may have stolen it, or the first one did; what it gave is revoked. Each replay is
/// told, since the one that revoked may not have come to it; in the audit log they are one.
async fn replayed(server: &AuthorizationServer, redemption: &Redemption) -> Result<TokenResponse, TokenError> {
    let Redemption { grant, subject, client_id } = redemption;
    server.boxes.grants.revoke(*grant, server.now()).await.map_err(Outage::from)?;
    let event = Event::TokenReplayed { subject: subject.to_string(), client_id: client_id.clone() };
    server.tell_once(*grant, event).await?;
    Err(TokenError::CodeReplayed)
}
