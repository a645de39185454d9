//! The Cache: temporary state, nonce and session data, with expiry.
//!
//! The port is [`Cache`]; its adapters are [`embedded::EmbeddedCache`] (a SQLite file, survives a restart) and
//! [`redis::RedisCache`]. [`open`] chooses by URL. Whatever is secret is sealed before it comes here.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use protocol::Clock;

pub mod embedded;
pub mod redis;

/// The Cache does not answer; nothing is known about what was asked. Users see 503, never a lost session.
#[derive(Debug, thiserror::Error)]
#[error("the Cache is unavailable: {0}")]
pub struct Unavailable(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Where short-lived records are kept. Keys are text without control characters, values are bytes; every record expires.
///
/// Once a write has answered, it survives a crash of this process (with Redis: as far as that server is told to persist).
/// Expiry is judged by the injected clock on every adapter: a record is gone at its last instant, not after it.
#[async_trait]
pub trait Cache: Send + Sync + 'static {
    /// The record under `key`, unless absent or expired.
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Unavailable>;

    /// The record under `key` for somebody who only looks at it: what stood there a moment ago will do.
    ///
    /// What this handle has written it sees at once. What another process writes it sees as soon as the engine has told, and in
    /// no case later than a second after; an engine that does not answer is [`Unavailable`] no later than that either. For whatever
    /// is used once, counted, held or about to be replaced, use [`Cache::get`].
    async fn look(&self, key: &str) -> Result<Option<Bytes>, Unavailable> {
        Ok(self.get(key).await?.map(Bytes::from))
    }

    /// Writes the record under `key`, whatever was there.
    async fn put(&self, key: &str, value: &[u8], lifetime: Duration) -> Result<(), Unavailable>;

    /// Writes the record under `key` only where there is none; tells whether it did. Of many at once, one does.
    async fn add(&self, key: &str, value: &[u8], lifetime: Duration) -> Result<bool, Unavailable>;

    /// Replaces the record under `key` only where it still equals `expected`; tells whether it did. Never creates one:
    /// what was removed stays removed.
    async fn replace(&self, key: &str, expected: &[u8], value: &[u8], lifetime: Duration) -> Result<bool, Unavailable>;

    /// Removes the record under `key` and gives it. Of many at once, one gets it.
    async fn take(&self, key: &str) -> Result<Option<Vec<u8>>, Unavailable>;

    /// Removes the record under `key`, if there is one.
    async fn remove(&self, key: &str) -> Result<(), Unavailable>;

    /// Removes what has expired; tells how many records (0 where the engine does it by itself).
    async fn prune(&self) -> Result<u64, Unavailable>;
}

/// The instant, in milliseconds since 1970, from which a record that is written now is gone.
fn expiry(clock: &dyn Clock, lifetime: Duration) -> i64 {
    let lifetime = i64::try_from(lifetime.as_millis()).unwrap_or(i64::MAX);
    clock.now().as_millisecond().saturating_add(lifetime)
}

/// Opens the Cache that `url` names: `sqlite:<path>` (embedded), or `redis://…` and `rediss://…`.
///
/// `sqlite://<path>` means the same file: whatever follows the slashes is the path, relative unless it begins with one.
///
/// # Errors
/// [`Unavailable`] where the engine cannot be reached or the URL names none.
pub async fn open(url: &str, clock: Arc<dyn Clock>) -> Result<Arc<dyn Cache>, Unavailable> {
    match url.split_once(':') {
        Some(("sqlite", path)) => {
            let path = path.strip_prefix("//").unwrap_or(path);
            Ok(Arc::new(embedded::EmbeddedCache::open(path.as_ref(), clock).await?))
        }
        Some(("redis" | "rediss", _)) => Ok(Arc::new(redis::RedisCache::connect(url, clock).await?)),
        _ => Err(Unavailable("the URL must begin with sqlite:, redis:// or rediss://".into())),
    }
}
