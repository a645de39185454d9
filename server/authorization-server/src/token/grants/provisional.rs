//! A grant that is there before its code is used up for it.
//!
//! So a replay that finds the code used up finds its grant to revoke, and where the User Database fails the code is still good. A
//! grant whose code was used up for another, or for none, was never handed out, and is revoked; also where whoever asked has hung
//! up, or was told to come again, in between.

use std::future::Future;
use std::sync::Arc;

use jiff::Timestamp;
use protocol::secret::RefreshToken;
use tokio::runtime::Handle;
use user_database::{Grant, Grants};
use uuid::Uuid;

use super::first;
use crate::outage::Outage;
use crate::state::AuthorizationServer;
use crate::token::TokenError;

/// A grant that is revoked where it is dropped.
pub(super) struct Provisional {
    grants: Arc<dyn Grants>,
    id: Uuid,
    now: Timestamp,
    decided: bool,
}

impl Provisional {
    /// Keeps `grant`, with its first refresh token if it has one, as [`first::keep`] does.
    pub(super) async fn add(
        server: &AuthorizationServer,
        grant: &Grant,
        refresh_token: Option<&RefreshToken>,
    ) -> Result<Self, TokenError> {
        let grants = Arc::clone(&server.boxes.grants);
        // Before it is there, for it may be there though nobody waits for the answer any more.
        let mut provisional = Self { grants, id: grant.id, now: server.now(), decided: false };
        let kept = first::keep(server, grant, refresh_token).await;
        provisional.decided = matches!(kept, Err(TokenError::AccountGone));
        kept.map(|()| provisional)
    }

    /// Keeps the grant where `spending` says that its code was used up for it, and else revokes it; tells which.
    pub(super) async fn settle(mut self, spending: impl Future<Output = Result<bool, Outage>>) -> Result<bool, Outage> {
        let used_up = spending.await;
        if matches!(used_up, Ok(true)) {
            self.decided = true;
            return Ok(true);
        }
        let withdrawn = self.grants.revoke(self.id, self.now).await;
        self.decided = true;
        used_up?;
        withdrawn?;
        Ok(false)
    }
}

impl Drop for Provisional {
    fn drop(&mut self) {
        if self.decided {
            return;
        }
        let Ok(runtime) = Handle::try_current() else { return };
        let (grants, id, now) = (Arc::clone(&self.grants), self.id, self.now);
        runtime.spawn(async move {
            if let Err(error) = grants.revoke(id, now).await {
                tracing::warn!(%error, grant = %id, "a grant that nobody was given stays until it expires");
            }
        });
    }
}
