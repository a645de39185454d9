//! The memory of the Resource API's layer, in the Cache that all replicas share.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cache::Cache;
use resource_api::proofs::{Unavailable, UsedProofs};

/// Remembers used DPoP proofs in the Cache.
pub struct ProofsInCache(pub Arc<dyn Cache>);

#[async_trait]
impl UsedProofs for ProofsInCache {
    async fn note(&self, name: &str, lifetime: Duration) -> Result<bool, Unavailable> {
        let noted = self.0.add(&format!("resource:dpop:{name}"), &[1], lifetime).await;
        noted.map_err(|error| Unavailable(error.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cache::embedded::EmbeddedCache;
    use cache::redis::RedisCache;
    use jiff::{SignedDuration, Timestamp};
    use protocol::ManualClock;

    async fn is_noted_once(clock: &ManualClock, replicas: [Arc<dyn Cache>; 2]) {
        let [a, b] = replicas.map(ProofsInCache);
        let minute = Duration::from_secs(60);
        assert!(a.note("one", minute).await.unwrap());
        assert!(!b.note("one", minute).await.unwrap());
        assert!(b.note("another", minute).await.unwrap());
        clock.advance(SignedDuration::from_secs(60));
        assert!(b.note("one", minute).await.unwrap());
    }

    fn clock() -> Arc<ManualClock> {
        Arc::new(ManualClock::at(Timestamp::from_second(1_800_000_000).unwrap()))
    }

    /// A12: a proof is noted once, whichever replica is asked.
    #[tokio::test]
    async fn a_proof_is_noted_once_in_the_embedded_cache() {
        let (directory, clock) = (tempfile::tempdir().unwrap(), clock());
        let cache = EmbeddedCache::open(&directory.path().join("cache.db"), Arc::clone(&clock) as _).await.unwrap();
        let cache: Arc<dyn Cache> = Arc::new(cache);
        is_noted_once(&clock, [Arc::clone(&cache), cache]).await;
    }

    /// A12: the same over Redis, with a connection for each replica.
    #[tokio::test]
    async fn a_proof_is_noted_once_over_redis() {
        if std::env::var("CLOAKROOM_TEST_ENGINES").is_ok_and(|engines| engines == "embedded") {
            eprintln!("left out: CLOAKROOM_TEST_ENGINES=embedded asks for the embedded engines only");
            return;
        }
        let url = std::env::var("CLOAKROOM_TEST_REDIS").expect("CLOAKROOM_TEST_REDIS is not set: `make test` sets it");
        let (clock, prefix) = (clock(), format!("cloakroom-test:{}:", uuid::Uuid::new_v4()));
        let open = async || {
            let cache = RedisCache::connect_with_prefix(&url, &prefix, Arc::clone(&clock) as _).await.unwrap();
            Arc::new(cache) as Arc<dyn Cache>
        };
        is_noted_once(&clock, [open().await, open().await]).await;
    }
}
