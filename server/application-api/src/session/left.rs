//! What a session leaves that was ended from elsewhere: its tokens, which its own ticket alone opens.
//!
//! Whoever ends a session in another browser cannot read its refresh token, and so cannot have it revoked. The sealed record is put
//! aside, where no request looks for a session, until that browser comes by with its ticket, or the session would have ended by
//! itself. Then the token is revoked (docs/decisions/0015-revoked-when-the-browser-comes-by.md).

use std::sync::Arc;
use std::time::Duration;

use cache::Unavailable;
use jiff::Timestamp;
use protocol::secret::{RefreshToken, Ticket};
use tokio::task::JoinHandle;

use super::record::{key, open, parts};
use super::{Identity, Tokens};
use crate::provider::ProviderError;
use crate::provider::several::Providers;
use crate::{ApplicationApi, Visit};

impl ApplicationApi {
    /// Puts the record of an ended session aside; `key` is where it lay.
    pub(super) async fn put_aside(&self, key: &str, record: &[u8], ends_at: Timestamp) -> Result<(), Unavailable> {
        self.cache.put(&aside(key), record, self.until(ends_at)).await
    }

    /// The same before a sign-in begins, and waits for it: to many providers both sign-ins are one grant, which a revocation that
    /// comes late would end with the new tokens (RFC 7009 §2.1).
    pub(crate) async fn settle_what_was_left(&self, visit: &Visit<'_>) -> Result<(), Unavailable> {
        let Some(ticket) = visit.ticket() else { return Ok(()) };
        if let Some(revocation) = self.revoke_what_was_left(&ticket).await? {
            // What went wrong with it is in the log.
            let _ = revocation.await;
        }
        Ok(())
    }

    /// Somebody came by with a ticket that opens no session: what its session left is revoked, on a task of its own, where there is
    /// something.
    pub(super) async fn revoke_what_was_left(&self, ticket: &Ticket) -> Result<Option<JoinHandle<()>>, Unavailable> {
        let key = key(ticket);
        let aside = aside(&key);
        // Looked at first: a look is cheaper than taking, and nearly always finds nothing.
        if self.cache.get(&aside).await?.is_none() {
            return Ok(None);
        }
        let Some(record) = self.cache.take(&aside).await? else { return Ok(None) };
        let Some((identity, token)) = read(ticket, &key, &record) else { return Ok(None) };
        let (providers, cache, lifetime) = (Arc::clone(&self.providers), Arc::clone(&self.cache), self.until(identity.ends_at));
        Ok(Some(self.tasks.spawn(async move {
            let Err(error) = revoke(&providers, &identity, &token).await else { return };
            tracing::error!(%error, "the refresh token of a session that was ended elsewhere could not be revoked; it is tried again");
            if let Err(error) = cache.put(&aside, &record, lifetime).await {
                tracing::error!(%error, "it will not be tried again");
            }
        })))
    }

    fn until(&self, at: Timestamp) -> Duration {
        Duration::try_from(self.clock.now().duration_until(at)).unwrap_or_default()
    }
}

/// A provider that is configured no more cannot be asked, and neither can its token be used.
async fn revoke(providers: &Providers, identity: &Identity, token: &RefreshToken) -> Result<(), ProviderError> {
    match providers.of(identity) {
        Some(provider) => provider.revoke(token).await,
        None => Ok(()),
    }
}

fn read(ticket: &Ticket, key: &str, record: &[u8]) -> Option<(Identity, RefreshToken)> {
    let (identity, tokens) = parts(record).ok()?;
    let tokens: Tokens = open(ticket, key, "tokens", tokens).ok()?;
    Some((open(ticket, key, "identity", identity).ok()?, tokens.refresh?))
}

fn aside(key: &str) -> String {
    format!("left-{key}")
}
