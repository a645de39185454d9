//! A count of wrong guesses in the Cache, which all replicas share; it expires there.

use jiff::{SignedDuration, Timestamp};
use protocol::seal::digest;
use serde::{Deserialize, Serialize};

use super::settings::Limit;
use crate::outage::Outage;
use crate::state::AuthorizationServer;

/// What is counted, and for whom; only a hash of whom is kept.
pub(super) struct Counter {
    kind: &'static str,
    key: String,
    limit: Limit,
}

/// Nobody has to wait.
const FREE: Timestamp = Timestamp::UNIX_EPOCH;

/// How long until the next try.
pub(super) struct Wait(pub(super) SignedDuration);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Count {
    /// How many were wrong, or are being looked at.
    wrong: u32,
    /// From when on the next one is let through; the epoch where none has to wait. Never merely the present: the clocks of
    /// replicas, and tries at once, differ by a little.
    free_at: Timestamp,
    /// When all of this is forgotten.
    ends_at: Timestamp,
}

impl Counter {
    pub(super) fn new(kind: &'static str, whose: &[u8], limit: Limit) -> Self {
        Self { kind, key: format!("provider:slow-down:{kind}:{}", digest("slow-down", whose)), limit }
    }

    /// What is counted: `name`, `device` or `address`; `user-code` or `user-code-address`; `mailbox`, `mailing` or `link`;
    /// `registration`, `device-client`, `device-address` or `authorization-request`.
    pub(super) fn kind(&self) -> &'static str {
        self.kind
    }

    /// Counts one more, unless it has to wait. Of many at once each is counted.
    pub(super) async fn take(&self, server: &AuthorizationServer) -> Result<Result<(), Wait>, Outage> {
        loop {
            let now = server.now();
            let (count, raw) = self.read(server).await?;
            let count = count.unwrap_or_else(|| Count { wrong: 0, free_at: FREE, ends_at: after(now, self.limit.window) });
            let wait = count.free_at.duration_since(now);
            if wait.is_positive() {
                return Ok(Err(Wait(wait)));
            }
            if self.write(server, raw.as_deref(), count.one_more(&self.limit, now), now).await? {
                return Ok(Ok(()));
            }
        }
    }

    /// Takes one back.
    pub(super) async fn give_back(&self, server: &AuthorizationServer) -> Result<(), Outage> {
        loop {
            let now = server.now();
            let (Some(count), raw) = self.read(server).await? else { return Ok(()) };
            let less = Count { wrong: count.wrong.saturating_sub(1), free_at: FREE, ..count };
            if self.write(server, raw.as_deref(), less, now).await? {
                return Ok(());
            }
        }
    }

    /// Forgets all.
    pub(super) async fn clear(&self, server: &AuthorizationServer) -> Result<(), Outage> {
        Ok(server.boxes.cache.remove(&self.key).await?)
    }

    async fn read(&self, server: &AuthorizationServer) -> Result<(Option<Count>, Option<Vec<u8>>), Outage> {
        let raw = server.boxes.cache.get(&self.key).await?;
        Ok((raw.as_deref().and_then(|raw| serde_json::from_slice(raw).ok()), raw))
    }

    /// Writes `count` only where nobody else wrote since `raw` was read; tells whether it did.
    async fn write(
        &self,
        server: &AuthorizationServer,
        raw: Option<&[u8]>,
        count: Count,
        now: Timestamp,
    ) -> Result<bool, Outage> {
        let value = serde_json::to_vec(&count).map_err(|_| Outage::Internal("a count does not serialise"))?;
        let lifetime = count.ends_at.duration_since(now).unsigned_abs();
        let cache = &server.boxes.cache;
        Ok(match raw {
            None => cache.add(&self.key, &value, lifetime).await?,
            Some(raw) => cache.replace(&self.key, raw, &value, lifetime).await?,
        })
    }
}

impl Count {
    fn one_more(self, limit: &Limit, now: Timestamp) -> Self {
        let wrong = self.wrong.saturating_add(1);
        let delay = limit.delay(wrong);
        let free_at = if delay.is_positive() { after(now, delay) } else { FREE };
        // Who has to wait is not let off by the end of the window.
        Self { wrong, free_at, ends_at: self.ends_at.max(free_at) }
    }
}

fn after(now: Timestamp, duration: SignedDuration) -> Timestamp {
    now.saturating_add(duration).unwrap_or(Timestamp::MAX)
}
