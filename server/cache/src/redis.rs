//! The Cache in Redis: shared by any number of replicas.

use std::future::Future;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use protocol::Clock;
use redis::Script;
use redis_line::{Line, Trouble};

use crate::{Cache, Unavailable, expiry};

mod kept;
mod near;

use near::Near;

/// How much longer than its lifetime Redis itself keeps a record, so that it is the injected clock that says when it is gone.
const GRACE: Duration = Duration::from_secs(60);

/// The longest time to live that Redis is asked for: a hundred years, in milliseconds.
const LONGEST_TIME_TO_LIVE: u64 = 100 * 365 * 24 * 60 * 60 * 1_000;

/// What stands before every payload: its expiry, in milliseconds since 1970, big-endian.
const EXPIRY_BYTES: usize = 8;

/// `KEYS[1]` the record; `ARGV` the present instant, the new record, its time to live in Redis (ms).
static ADD: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local record = redis.call('GET', KEYS[1])
         if record and struct.unpack('>I8', record) > tonumber(ARGV[1]) then return 0 end
         redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
         return 1",
    )
});

/// As [`ADD`], and last the payload that has to be there.
static REPLACE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local record = redis.call('GET', KEYS[1])
         if not record or struct.unpack('>I8', record) <= tonumber(ARGV[1]) then return 0 end
         if string.sub(record, 9) ~= ARGV[4] then return 0 end
         redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
         return 1",
    )
});

/// Keeps the records in Redis (6.2 or newer, or what speaks its protocol), over a line that heals itself. What is looked
/// at is kept near, over a second connection by which Redis tells of changes.
///
/// Each record carries its expiry, which the injected clock judges, and a time to live a minute longer, by which Redis
/// frees the memory. Each operation is one command or one script: of many at once exactly one wins.
#[derive(Clone)]
pub struct RedisCache {
    line: Line,
    near: Arc<Near>,
    prefix: String,
    clock: Arc<dyn Clock>,
}

impl RedisCache {
    /// Connects to the Redis at `url`; the keys begin with `cloakroom:`.
    ///
    /// # Errors
    /// [`Unavailable`] where the URL cannot be read, nothing answers within three seconds, or what answers is a replica.
    pub async fn connect(url: &str, clock: Arc<dyn Clock>) -> Result<Self, Unavailable> {
        Self::connect_with_prefix(url, "cloakroom:", clock).await
    }

    /// Connects to the Redis at `url`, for keys that begin with `prefix`: several deployments can share one server.
    ///
    /// # Errors
    /// [`Unavailable`] where the URL cannot be read, nothing answers within three seconds, or what answers is a replica.
    pub async fn connect_with_prefix(url: &str, prefix: &str, clock: Arc<dyn Clock>) -> Result<Self, Unavailable> {
        let line = Line::open(url).await?;
        Ok(Self { near: Arc::new(Near::open(line.clone())), line, prefix: prefix.to_owned(), clock })
    }

    fn key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    /// The record as Redis keeps it, and its time to live there in milliseconds.
    fn record(&self, value: &[u8], lifetime: Duration) -> (Vec<u8>, u64) {
        let mut record = Vec::with_capacity(EXPIRY_BYTES + value.len());
        record.extend_from_slice(&expiry(self.clock.as_ref(), lifetime).to_be_bytes());
        record.extend_from_slice(value);
        (record, u64::try_from(lifetime.saturating_add(GRACE).as_millis()).unwrap_or(u64::MAX).min(LONGEST_TIME_TO_LIVE))
    }

    /// The payload of a record as Redis keeps it, unless it is expired.
    fn payload(&self, record: Option<Vec<u8>>) -> Result<Option<Vec<u8>>, Unavailable> {
        let Some(mut record) = record else { return Ok(None) };
        if !self.is_live(&record)? {
            return Ok(None);
        }
        record.drain(..EXPIRY_BYTES);
        Ok(Some(record))
    }

    /// Whether a record as Redis keeps it is not expired.
    fn is_live(&self, record: &[u8]) -> Result<bool, Unavailable> {
        match record.first_chunk::<EXPIRY_BYTES>().copied().map(i64::from_be_bytes) {
            Some(expiry) => Ok(expiry > self.clock.now().as_millisecond()),
            None => Err(Unavailable("a record in Redis is not ours: it has no expiry".into())),
        }
    }

    /// Has what is kept near under `key` forgotten once a write has ended, however it ended: whoever looks from here sees it.
    async fn forgetting<T>(&self, key: &str, write: impl Future<Output = T>) -> T {
        let done = write.await;
        self.near.forget(&self.key(key));
        done
    }
}

#[async_trait]
impl Cache for RedisCache {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Unavailable> {
        self.payload(self.line.at_least_once(redis::cmd("GET").arg(self.key(key))).await?)
    }

    async fn look(&self, key: &str) -> Result<Option<Bytes>, Unavailable> {
        let whole = self.key(key);
        if let Some(record) = self.near.get(&whole)
            && self.is_live(&record)?
        {
            return Ok(Some(record.slice(EXPIRY_BYTES..)));
        }
        let found = self.get(key).await?;
        if found.is_some() {
            self.near.want(&whole);
        }
        Ok(found.map(Bytes::from))
    }

    async fn put(&self, key: &str, value: &[u8], lifetime: Duration) -> Result<(), Unavailable> {
        let (record, time_to_live) = self.record(value, lifetime);
        let mut command = redis::cmd("SET");
        command.arg(self.key(key)).arg(record).arg("PX").arg(time_to_live);
        Ok(self.forgetting(key, self.line.at_least_once(&command)).await?)
    }

    async fn add(&self, key: &str, value: &[u8], lifetime: Duration) -> Result<bool, Unavailable> {
        let (record, time_to_live) = self.record(value, lifetime);
        let mut script = ADD.key(self.key(key));
        script.arg(self.clock.now().as_millisecond()).arg(record).arg(time_to_live);
        Ok(self.forgetting(key, self.line.once(&script)).await?)
    }

    async fn replace(&self, key: &str, expected: &[u8], value: &[u8], lifetime: Duration) -> Result<bool, Unavailable> {
        let (record, time_to_live) = self.record(value, lifetime);
        let mut script = REPLACE.key(self.key(key));
        script.arg(self.clock.now().as_millisecond()).arg(record).arg(time_to_live).arg(expected);
        Ok(self.forgetting(key, self.line.once(&script)).await?)
    }

    async fn take(&self, key: &str) -> Result<Option<Vec<u8>>, Unavailable> {
        let mut command = redis::cmd("GETDEL");
        command.arg(self.key(key));
        self.payload(self.forgetting(key, self.line.once(&command)).await?)
    }

    async fn remove(&self, key: &str) -> Result<(), Unavailable> {
        let mut command = redis::cmd("DEL");
        command.arg(self.key(key));
        Ok(self.forgetting(key, self.line.at_least_once(&command)).await?)
    }

    async fn prune(&self) -> Result<u64, Unavailable> {
        Ok(0)
    }
}

impl From<Trouble> for Unavailable {
    fn from(trouble: Trouble) -> Self {
        Self(Box::new(trouble))
    }
}
