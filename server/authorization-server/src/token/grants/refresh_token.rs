//! The refresh token grant, with rotation (RFC 6749 §6, RFC 9700 §4.14.2), but for FAPI 2.0 (§5.3.2.1).

use std::collections::BTreeMap;

use protocol::Scope;
use protocol::secret::RefreshToken;
use protocol::wire::TokenResponse;
use queue::Event;
use tracing::Instrument as _;
use user_database::{Grant, Rotation};

use super::{Answer, Asked};
use crate::exchange;
use crate::outage::Outage;
use crate::token::TokenError;
use crate::token::issuance::{self, Holder, Issuance};

pub(super) fn answer<'a>(asked: &'a Asked<'a>) -> Answer<'a> {
    Box::pin(refresh(asked))
}

/// Judges the token presented, and hands out access tokens, with a successor where refresh tokens rotate.
async fn refresh(asked: &Asked<'_>) -> Result<TokenResponse, TokenError> {
    let (server, client) = (asked.server, asked.client);
    let presented = RefreshToken::new(asked.required("refresh_token")?);
    // All is judged before anything is used up, so that neither a wrong question nor an outage costs the client its token.
    let grants = &server.boxes.grants;
    let known = grants.of_refresh_token(&presented, &client.client_id).await.map_err(Outage::from)?;
    let known = known.ok_or(TokenError::UnknownRefreshToken)?;
    let resource = issuance::resource(client, asked.parameters, known.resource.as_deref())?;
    let scope = narrowed(asked, &known)?;
    holds_key(asked, &known)?;
    still_welcome(asked, &known).await?;
    bind(asked, &known).await?;
    let (grant, refresh_token) = match lasting(asked, &presented).await? {
        Some(grant) => (grant, None),
        None => rotate(asked, &known, &presented).await?,
    };
    let (holder, key) = (Holder::Grant(&grant), asked.key);
    let issuance = Issuance { holder, scope: &scope, resource, nonce: None, about: BTreeMap::new(), refresh_token, key };
    Ok(issuance.respond(server, client)?)
}

/// The live grant of a token that stays as it is; none where it is to be rotated. One that was used up before its client was
/// registered for tokens that stay is still used up.
async fn lasting(asked: &Asked<'_>, presented: &RefreshToken) -> Result<Option<Grant>, TokenError> {
    if asked.client.has_rotating_refresh_tokens() {
        return Ok(None);
    }
    let (grants, now) = (&asked.server.boxes.grants, asked.server.now());
    let grant = grants.of_unused_refresh_token(presented, &asked.client.client_id, now).await;
    Ok(grant.map_err(Outage::from)?)
}

/// Uses up the token presented and gives its successor; parallel requests within the grace get the same one.
async fn rotate(asked: &Asked<'_>, known: &Grant, presented: &RefreshToken) -> Result<(Grant, Option<RefreshToken>), TokenError> {
    let server = asked.server;
    let successor = RefreshToken::new(server.opaque());
    let rotation = server.boxes.grants.rotate_of(known, presented, &successor, server.now()).await;
    match rotation.map_err(Outage::from)? {
        Rotation::Rotated(grant) => Ok((grant, Some(successor))),
        Rotation::Repeated { grant, successor } => Ok((grant, Some(successor))),
        Rotation::Replayed(grant) => {
            let event = Event::TokenReplayed { subject: grant.subject.to_string(), client_id: grant.client_id };
            // Each replay is told, since the one that revoked may not have come to it; in the audit log they are one.
            server.tell_once(grant.id, event).await?;
            Err(TokenError::RefreshTokenReplayed)
        }
        Rotation::Unknown => Err(TokenError::UnknownRefreshToken),
    }
}

/// The scope asked for: within what was granted (RFC 6749 §6), and within what its client may still ask for, whose registration
/// may have become narrower since. The grant itself keeps its scope.
fn narrowed(asked: &Asked<'_>, grant: &Grant) -> Result<Scope, TokenError> {
    let allowed = grant.scope.intersection(&asked.client.scope);
    let scope = match asked.parameters.get("scope") {
        None => allowed,
        Some(scope) => {
            let scope = Scope::parse(scope).map_err(|_| TokenError::WiderScope)?;
            if !scope.is_within(&allowed) {
                return Err(TokenError::WiderScope);
            }
            scope
        }
    };
    if scope.is_empty() { Err(TokenError::WiderScope) } else { Ok(scope) }
}

/// RFC 9449 §5: what was once bound to a key is not given out without one. A public client has nothing but this key to prove
/// itself by, so that it must stay the same; a confidential client may come with a new one.
fn holds_key(asked: &Asked<'_>, grant: &Grant) -> Result<(), TokenError> {
    match (&grant.dpop_jkt, asked.key) {
        (Some(_), None) => Err(TokenError::NoProof),
        (Some(bound), Some(key)) if bound != key && asked.client.is_public() => Err(TokenError::OtherKey),
        _ => Ok(()),
    }
}

/// Binds a grant that began with bearer tokens to the first key that its client proves.
async fn bind(asked: &Asked<'_>, grant: &Grant) -> Result<(), TokenError> {
    let (None, Some(key)) = (&grant.dpop_jkt, asked.key) else { return Ok(()) };
    let bound = asked.server.boxes.grants.bind(grant.id, key).await.map_err(Outage::from)?;
    if bound || !asked.client.is_public() { Ok(()) } else { Err(TokenError::OtherKey) }
}

/// An account that was disabled gets no further tokens.
async fn still_welcome(asked: &Asked<'_>, grant: &Grant) -> Result<(), TokenError> {
    let boxes = &asked.server.boxes;
    let account = boxes.accounts.by_subject(grant.subject);
    let account = account.instrument(exchange::records("the account of the grant, read")).await;
    if account.map_err(Outage::from)?.is_some_and(|account| !account.disabled) {
        return Ok(());
    }
    boxes.grants.revoke(grant.id, asked.server.now()).await.map_err(Outage::from)?;
    Err(TokenError::AccountGone)
}
