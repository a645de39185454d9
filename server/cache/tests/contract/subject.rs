//! What the rules are held against: an adapter of its own for every test.

use std::sync::Arc;

use cache::Cache;
use cache::embedded::EmbeddedCache;
use cache::redis::RedisCache;
use jiff::Timestamp;
use protocol::ManualClock;

/// One adapter, the clock that it asks, and what has to live as long.
pub(crate) struct Subject {
    pub(crate) cache: Arc<dyn Cache>,
    /// Another handle on the same records, as another process has it.
    pub(crate) other: Arc<dyn Cache>,
    pub(crate) clock: Arc<ManualClock>,
    _directory: Option<tempfile::TempDir>,
}

/// A clock that stands at an instant with fractions, as real ones do.
pub(crate) fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(Timestamp::from_millisecond(1_750_000_000_123).unwrap()))
}

/// The embedded adapter on a new file.
pub(crate) async fn embedded() -> Subject {
    let directory = tempfile::tempdir().unwrap();
    let clock = clock();
    let file = directory.path().join("new/cache.db");
    let cache = Arc::new(EmbeddedCache::open(&file, clock.clone()).await.unwrap());
    let other = Arc::new(EmbeddedCache::open(&file, clock.clone()).await.unwrap());
    Subject { cache, other, clock, _directory: Some(directory) }
}

/// The Redis adapter with keys of its own on the server that the tests were given.
pub(crate) async fn redis() -> Option<Subject> {
    let url = redis_url()?;
    let clock = clock();
    let prefix = format!("cloakroom-test:{}:", uuid::Uuid::new_v4());
    let cache = Arc::new(RedisCache::connect_with_prefix(&url, &prefix, clock.clone()).await.unwrap());
    let other = Arc::new(RedisCache::connect_with_prefix(&url, &prefix, clock.clone()).await.unwrap());
    Some(Subject { cache, other, clock, _directory: None })
}

/// Where the tests' Redis listens; nothing where it was asked to leave Redis out.
pub(crate) fn redis_url() -> Option<String> {
    if std::env::var("CLOAKROOM_TEST_ENGINES").is_ok_and(|engines| engines == "embedded") {
        eprintln!("left out: CLOAKROOM_TEST_ENGINES=embedded asks for the embedded engines only");
        return None;
    }
    Some(std::env::var("CLOAKROOM_TEST_REDIS").expect(
        "CLOAKROOM_TEST_REDIS is not set: `make test` starts a Redis and sets it \
         (CLOAKROOM_TEST_ENGINES=embedded leaves the tests on Redis out)",
    ))
}
