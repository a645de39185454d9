//! A grant as it begins: what the code and the device code have in common.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use protocol::Scope;
use protocol::secret::RefreshToken;
use queue::Event;
use serde_json::Value;
use tracing::Instrument as _;
use user_database::Grant;
use uuid::Uuid;

use super::Asked;
use crate::code::Redemption;
use crate::outage::Outage;
use crate::state::AuthorizationServer;
use crate::token::TokenError;
use crate::{claims, exchange};

/// What a user has allowed.
pub(super) struct Allowed {
    pub(super) subject: Uuid,
    pub(super) scope: Scope,
    pub(super) auth_time: Timestamp,
    /// The session as the client knows it, its `sid`.
    pub(super) session: String,
    pub(super) resource: Option<String>,
}

/// The grant for it, with its first refresh token where it has `offline_access` and its client can use one.
pub(super) fn grant(asked: &Asked<'_>, allowed: Allowed) -> (Grant, Option<RefreshToken>) {
    let server = asked.server;
    let (now, lifetimes) = (server.now(), &server.settings.lifetimes);
    let lasting = allowed.scope.contains("offline_access") && asked.client.may_use("refresh_token");
    let refresh_token = lasting.then(|| RefreshToken::new(server.opaque()));
    let lifetime = if refresh_token.is_some() { lifetimes.grant } else { lifetimes.access_token };
    let grant = Grant {
        id: server.uuid(),
        subject: allowed.subject,
        client_id: asked.client.client_id.clone(),
        scope: allowed.scope,
        auth_time: allowed.auth_time,
        session: allowed.session,
        created_at: now,
        expires_at: now.saturating_add(lifetime).unwrap_or(Timestamp::MAX),
        dpop_jkt: asked.key.cloned(),
        resource: allowed.resource,
    };
    (grant, refresh_token)
}

/// Keeps the grant, unless the account was disabled or removed, or given another password, since its user signed in: what ends its
/// grants ends the codes on their way to become some.
pub(super) async fn keep(
    server: &AuthorizationServer,
    grant: &Grant,
    refresh_token: Option<&RefreshToken>,
) -> Result<(), TokenError> {
    let kept = server.boxes.grants.add(grant, refresh_token);
    let kept = kept.instrument(exchange::records("the grant, written")).await.map_err(Outage::from)?;
    if kept { Ok(()) } else { Err(TokenError::AccountGone) }
}

/// What the ID token tells of its user, where it was asked to tell anything.
pub(super) async fn about(
    server: &AuthorizationServer,
    subject: Uuid,
    wanted: &BTreeSet<String>,
    scope: &Scope,
) -> Result<BTreeMap<String, Value>, TokenError> {
    if wanted.is_empty() {
        return Ok(BTreeMap::new());
    }
    let found = server.boxes.accounts.by_subject(subject);
    let account = found.instrument(exchange::records("the account, for claims, read")).await.map_err(Outage::from)?;
    Ok(claims::about(&account.ok_or(TokenError::AccountGone)?, wanted, scope))
}

/// RFC 6749 §4.1.2: whoever redeems a code again may have stolen it, or the first one did; what it gave is revoked. Each replay is
/// told, since the one that revoked may not have come to it; in the audit log they are one.
pub(super) async fn replayed(server: &AuthorizationServer, redemption: &Redemption) -> Result<(), Outage> {
    let Redemption { grant, subject, client_id } = redemption;
    server.boxes.grants.revoke(*grant, server.now()).await?;
    let event = Event::TokenReplayed { subject: subject.to_string(), client_id: client_id.clone() };
    server.tell_once(*grant, event).await
}
