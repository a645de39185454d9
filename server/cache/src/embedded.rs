//! The Cache in a SQLite file: one machine, no server to run, and a restart forgets nothing.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use protocol::Clock;
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use crate::{Cache, Unavailable, expiry};

/// How many readers look at the file at once.
const READERS: u32 = 4;

/// How many expired records one statement removes, so that writers never wait long for a prune.
const PRUNED_AT_ONCE: i64 = 1_000;

/// How long an operation waits for its turn before it answers [`Unavailable`].
const PATIENCE: Duration = Duration::from_secs(5);

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS records (key TEXT PRIMARY KEY, value BLOB NOT NULL, expires_at INTEGER NOT NULL) STRICT;
    CREATE INDEX IF NOT EXISTS records_by_expiry ON records (expires_at);
";

/// Keeps the records in a SQLite file, with one writer and a few readers that never wait for it (write-ahead log).
///
/// Each operation is one statement, so of many at once exactly one wins. A write that has answered stands in the log and
/// survives the end of the process, however sudden; the last moments before a power cut may be lost (`synchronous=NORMAL`).
#[derive(Clone)]
pub struct EmbeddedCache {
    writer: SqlitePool,
    readers: SqlitePool,
    clock: Arc<dyn Clock>,
}

impl EmbeddedCache {
    /// Opens the file at `path`; makes it, and the directories above it, where there is none. Only its owner may read it.
    ///
    /// # Errors
    /// [`Unavailable`] where the file cannot be made, or is no database.
    pub async fn open(path: &Path, clock: Arc<dyn Clock>) -> Result<Self, Unavailable> {
        make_private_file(path).map_err(|error| cannot_open(path, &error))?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(PATIENCE);
        let pool = || SqlitePoolOptions::new().acquire_timeout(PATIENCE).idle_timeout(None).max_lifetime(None);
        let opened = async {
            let writer = pool().max_connections(1).connect_with(options.clone()).await?;
            sqlx::raw_sql(SCHEMA).execute(&writer).await?;
            let readers = pool().max_connections(READERS).connect_with(options.pragma("query_only", "ON")).await?;
            Ok::<_, sqlx::Error>(Self { writer, readers, clock })
        };
        opened.await.map_err(|error| cannot_open(path, &error))
    }

    fn now(&self) -> i64 {
        self.clock.now().as_millisecond()
    }
}

#[async_trait]
impl Cache for EmbeddedCache {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Unavailable> {
        sqlx::query_scalar("SELECT value FROM records WHERE key = ? AND expires_at > ?")
            .bind(key)
            .bind(self.now())
            .fetch_optional(&self.readers)
            .await
            .map_err(unavailable)
    }

    async fn put(&self, key: &str, value: &[u8], lifetime: Duration) -> Result<(), Unavailable> {
        sqlx::query(
            "INSERT INTO records (key, value, expires_at) VALUES (?, ?, ?)
             ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at",
        )
        .bind(key)
        .bind(value)
        .bind(expiry(self.clock.as_ref(), lifetime))
        .execute(&self.writer)
        .await
        .map(drop)
        .map_err(unavailable)
    }

    async fn add(&self, key: &str, value: &[u8], lifetime: Duration) -> Result<bool, Unavailable> {
        sqlx::query(
            "INSERT INTO records (key, value, expires_at) VALUES (?, ?, ?)
             ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at
             WHERE records.expires_at <= ?",
        )
        .bind(key)
        .bind(value)
        .bind(expiry(self.clock.as_ref(), lifetime))
        .bind(self.now())
        .execute(&self.writer)
        .await
        .map(|done| done.rows_affected() == 1)
        .map_err(unavailable)
    }

    async fn replace(&self, key: &str, expected: &[u8], value: &[u8], lifetime: Duration) -> Result<bool, Unavailable> {
        sqlx::query("UPDATE records SET value = ?, expires_at = ? WHERE key = ? AND value = ? AND expires_at > ?")
            .bind(value)
            .bind(expiry(self.clock.as_ref(), lifetime))
            .bind(key)
            .bind(expected)
            .bind(self.now())
            .execute(&self.writer)
            .await
            .map(|done| done.rows_affected() == 1)
            .map_err(unavailable)
    }

    async fn take(&self, key: &str) -> Result<Option<Vec<u8>>, Unavailable> {
        // Fetched to the end, for only then is a DELETE … RETURNING sure to be committed.
        sqlx::query_scalar("DELETE FROM records WHERE key = ? AND expires_at > ? RETURNING value")
            .bind(key)
            .bind(self.now())
            .fetch_all(&self.writer)
            .await
            .map(|mut taken| taken.pop())
            .map_err(unavailable)
    }

    async fn remove(&self, key: &str) -> Result<(), Unavailable> {
        sqlx::query("DELETE FROM records WHERE key = ?").bind(key).execute(&self.writer).await.map(drop).map_err(unavailable)
    }

    async fn prune(&self) -> Result<u64, Unavailable> {
        let now = self.now();
        let mut pruned = 0;
        loop {
            let done = sqlx::query(
                "DELETE FROM records WHERE rowid IN (SELECT rowid FROM records WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)",
            )
            .bind(now)
            .bind(PRUNED_AT_ONCE)
            .execute(&self.writer)
            .await
            .map_err(unavailable)?
            .rows_affected();
            if done == 0 {
                return Ok(pruned);
            }
            pruned += done;
        }
    }
}

/// Makes the file before SQLite does, so that no other user of the machine can ever read it; its log gets the same mode.
fn make_private_file(path: &Path) -> io::Result<()> {
    if path.as_os_str().is_empty() || path == Path::new(":memory:") {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it has to be a file, for what is kept must survive a restart"));
    }
    let mut directories = std::fs::DirBuilder::new();
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    {
        std::os::unix::fs::DirBuilderExt::mode(&mut directories, 0o700);
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    if let Some(directory) = path.parent() {
        directories.recursive(true).create(directory)?;
    }
    options.open(path).map(drop)
}

fn cannot_open(path: &Path, error: &dyn std::error::Error) -> Unavailable {
    Unavailable(format!("{} cannot be opened: {error}", path.display()).into())
}

fn unavailable(error: sqlx::Error) -> Unavailable {
    Unavailable(Box::new(error))
}
