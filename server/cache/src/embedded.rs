//! The Cache in a SQLite file: one machine, no server to run, and a restart forgets nothing.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use protocol::Clock;
use rusqlite::{Connection, OptionalExtension as _, Params, params};

use crate::{Cache, Unavailable, expiry};

mod file;

use file::File;

/// How many expired records one statement removes, so that writers never wait long for a prune.
const PRUNED_AT_ONCE: i64 = 200;

/// Keeps the records in a SQLite file, with one writer and a few readers that never wait for it (write-ahead log).
///
/// Each operation is one statement, so of many at once exactly one wins. A write that has answered stands in the log and
/// survives the end of the process, however sudden; the last moments before a power cut may be lost (`synchronous=NORMAL`).
#[derive(Clone)]
pub struct EmbeddedCache {
    file: Arc<File>,
    clock: Arc<dyn Clock>,
}

impl EmbeddedCache {
    /// Opens the file at `path`; makes it, and the directories above it, where there is none. Only its owner may read it.
    ///
    /// # Errors
    /// [`Unavailable`] where the file cannot be made, or is no database.
    pub async fn open(path: &Path, clock: Arc<dyn Clock>) -> Result<Self, Unavailable> {
        Ok(Self { file: Arc::new(File::open(path).await?), clock })
    }

    fn now(&self) -> i64 {
        self.clock.now().as_millisecond()
    }

    fn expiry(&self, lifetime: Duration) -> i64 {
        expiry(self.clock.as_ref(), lifetime)
    }

    /// Runs a statement; tells whether it changed a record.
    async fn change(&self, sql: &'static str, parameters: impl Params + Copy + Send + Sync) -> Result<bool, Unavailable> {
        let changed = self.file.write(|writer| writer.prepare_cached(sql)?.execute(parameters)).await?;
        Ok(changed == 1)
    }
}

#[async_trait]
impl Cache for EmbeddedCache {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Unavailable> {
        let now = self.now();
        let found = |reader: &Connection| {
            let mut statement = reader.prepare_cached("SELECT value FROM records WHERE key = ?1 AND expires_at > ?2")?;
            statement.query_row(params![key, now], |row| row.get(0)).optional()
        };
        self.file.read(found).await
    }

    async fn put(&self, key: &str, value: &[u8], lifetime: Duration) -> Result<(), Unavailable> {
        let sql = "INSERT INTO records (key, value, expires_at) VALUES (?1, ?2, ?3)
             ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at";
        self.change(sql, (key, value, self.expiry(lifetime))).await.map(drop)
    }

    async fn add(&self, key: &str, value: &[u8], lifetime: Duration) -> Result<bool, Unavailable> {
        let sql = "INSERT INTO records (key, value, expires_at) VALUES (?1, ?2, ?3)
             ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at
             WHERE records.expires_at <= ?4";
        self.change(sql, (key, value, self.expiry(lifetime), self.now())).await
    }

    async fn replace(&self, key: &str, expected: &[u8], value: &[u8], lifetime: Duration) -> Result<bool, Unavailable> {
        let sql = "UPDATE records SET value = ?1, expires_at = ?2 WHERE key = ?3 AND value = ?4 AND expires_at > ?5";
        self.change(sql, (value, self.expiry(lifetime), key, expected, self.now())).await
    }

    async fn take(&self, key: &str) -> Result<Option<Vec<u8>>, Unavailable> {
        let now = self.now();
        let taken = |writer: &Connection| {
            let mut statement =
                writer.prepare_cached("DELETE FROM records WHERE key = ?1 AND expires_at > ?2 RETURNING value")?;
            // Fetched to the end, for only then is a DELETE … RETURNING sure to be committed.
            let values: Result<Vec<Vec<u8>>, _> = statement.query_map(params![key, now], |row| row.get(0))?.collect();
            values
        };
        self.file.write(taken).await.map(|mut taken| taken.pop())
    }

    async fn remove(&self, key: &str) -> Result<(), Unavailable> {
        self.change("DELETE FROM records WHERE key = ?1", (key,)).await.map(drop)
    }

    async fn prune(&self) -> Result<u64, Unavailable> {
        let sql = "DELETE FROM records WHERE rowid IN
             (SELECT rowid FROM records WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)";
        let now = self.now();
        let mut pruned = 0;
        loop {
            let done = self.file.write(|writer| writer.prepare_cached(sql)?.execute((now, PRUNED_AT_ONCE))).await?;
            if done == 0 {
                return Ok(pruned);
            }
            pruned += u64::try_from(done).unwrap_or(u64::MAX);
            tokio::task::yield_now().await;
        }
    }
}
