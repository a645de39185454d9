//! A grant as it begins: what the code and the device code have in common.

use jiff::Timestamp;
use protocol::secret::RefreshToken;
use protocol::{Exchange, Scope};
use queue::Event;
use tracing::Instrument as _;
use user_database::{Account, Grant};
use uuid::Uuid;

use super::Asked;
use crate::code::Redemption;
use crate::exchange;
use crate::outage::Outage;
use crate::state::AuthorizationServer;
use crate::token::TokenError;

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

/// The account, unless it was disabled or removed, or given another password, since its user signed in: what ends its grants ends
/// the codes on their way to become some.
pub(super) async fn still_welcome(
    server: &AuthorizationServer,
    subject: Uuid,
    auth_time: Timestamp,
) -> Result<Account, TokenError> {
    let found = server.boxes.accounts.by_subject(subject);
    let account = found.instrument(exchange::span(Exchange::AccountAndConsentRecords)).await.map_err(Outage::from)?;
    let account = account.filter(|account| !account.disabled && auth_time >= account.sessions_since);
    account.ok_or(TokenError::AccountGone)
}

/// RFC 6749 §4.1.2: whoever redeems a code again may have stolen it, or the first one did; what it gave is revoked. Each replay is
/// told, since the one that revoked may not have come to it; in the audit log they are one.
pub(super) async fn replayed(server: &AuthorizationServer, redemption: &Redemption) -> Result<(), Outage> {
    let Redemption { grant, subject, client_id } = redemption;
    server.boxes.grants.revoke(*grant, server.now()).await?;
    let event = Event::TokenReplayed { subject: subject.to_string(), client_id: client_id.clone() };
    server.tell_once(*grant, event).await
}
