//! Access tokens that were revoked one by one: those of clients that act for themselves, behind which there is no grant.

use std::time::Duration;

use protocol::claims::AccessTokenClaims;
use protocol::seal::digest;

use crate::outage::Outage;
use crate::state::AuthorizationServer;

fn key(claims: &AccessTokenClaims) -> String {
    format!("provider:revoked:{}", digest("revoked", claims.jti.as_bytes()))
}

/// Remembers the token as revoked until it expires.
pub(crate) async fn note(server: &AuthorizationServer, claims: &AccessTokenClaims) -> Result<(), Outage> {
    let left = claims.exp.saturating_sub(server.now().as_second());
    let Ok(left @ 1..) = u64::try_from(left) else { return Ok(()) };
    Ok(server.boxes.cache.put(&key(claims), &[1], Duration::from_secs(left)).await?)
}

/// Whether the token was revoked.
pub(crate) async fn includes(server: &AuthorizationServer, claims: &AccessTokenClaims) -> Result<bool, Outage> {
    Ok(server.boxes.cache.get(&key(claims)).await?.is_some())
}
