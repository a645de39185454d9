//! Authorization codes: opaque, short-lived, kept sealed under themselves (RFC 6749 §4.1.2, §10.5).

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use protocol::Scope;
use protocol::dpop::Thumbprint;
use protocol::secret::AuthorizationCode;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::authorize::{AuthorizeRequest, Checked};
use crate::outage::Outage;
use crate::sealed::Shelf;
use crate::session::Session;
use crate::state::AuthorizationServer;

/// The codes, by themselves.
pub(crate) const CODES: Shelf<CodeRecord> = Shelf::new("code");

/// How long a redeemed code is remembered, to know a replay.
pub(crate) const REMEMBERED: SignedDuration = SignedDuration::from_mins(10);

/// A code is issued, then redeemed; nothing else becomes of it but being forgotten.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum CodeRecord {
    Issued(Box<Promise>),
    Redeemed(Redemption),
}

/// What became of a code.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Redemption {
    /// The grant that it gave.
    pub(crate) grant: Uuid,
    pub(crate) subject: Uuid,
    pub(crate) client_id: String,
}

/// What a code is good for, and for whom.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Promise {
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    /// None where the client need not use PKCE, and did not.
    #[serde(default)]
    pub(crate) code_challenge: Option<String>,
    pub(crate) scope: Scope,
    pub(crate) nonce: Option<String>,
    /// The resource servers that were named, parted by spaces.
    pub(crate) resource: Option<String>,
    pub(crate) subject: Uuid,
    pub(crate) auth_time: Timestamp,
    pub(crate) sid: String,
    /// What the ID token is to hold beside its own claims.
    #[serde(default)]
    pub(crate) id_token_claims: BTreeSet<String>,
    /// The key whose holder alone may redeem it.
    #[serde(default)]
    pub(crate) dpop_jkt: Option<Thumbprint>,
}

/// Issues a code for a request that its user has granted.
pub(crate) async fn issue(
    server: &AuthorizationServer,
    request: &AuthorizeRequest<Checked>,
    session: &Session,
) -> Result<AuthorizationCode, Outage> {
    let demand = request.demand();
    let promise = Promise {
        client_id: request.client.client_id.clone(),
        redirect_uri: request.address.redirect_uri.clone(),
        code_challenge: demand.code_challenge.clone(),
        scope: demand.scope.clone(),
        nonce: demand.nonce.clone(),
        resource: demand.resource.clone(),
        subject: session.subject,
        auth_time: session.auth_time,
        sid: session.sid.clone(),
        id_token_claims: demand.id_token_claims.clone(),
        dpop_jkt: demand.dpop_jkt.clone(),
    };
    let code = AuthorizationCode::new(server.opaque());
    let record = CodeRecord::Issued(Box::new(promise));
    CODES.put(server, code.expose(), &record, server.settings.lifetimes.code).await?;
    Ok(code)
}
