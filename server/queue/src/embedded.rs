//! The Queue in a SQLite file: one machine, no server to run, and a restart forgets nothing.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use protocol::{Clock as _, OsRng, SystemClock, entropy};
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::store::{Claim, Claimed, Settlement, Store, milliseconds};
use crate::{DeadLetter, Delivery, Envelope, Handler, Queue, Unavailable, worker};

/// How long an operation waits for its turn before it answers [`Unavailable`].
const PATIENCE: Duration = Duration::from_secs(5);

/// An event is due when it is pushed, when it is to be tried again, and when the lease of the worker that has it ends.
const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS events (
        id TEXT NOT NULL UNIQUE,
        envelope TEXT NOT NULL,
        due_at INTEGER NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        claim TEXT,
        reason TEXT,
        dead_at INTEGER
    ) STRICT;
    CREATE INDEX IF NOT EXISTS living_events ON events (due_at) WHERE dead_at IS NULL;
    CREATE INDEX IF NOT EXISTS dead_events ON events (dead_at) WHERE dead_at IS NOT NULL;
";

/// Keeps the events in a SQLite file, with one writer and a few readers that never wait for it (write-ahead log).
///
/// A push that has answered stands in the log and survives the end of the process, however sudden; the last moments
/// before a power cut may be lost (`synchronous=NORMAL`). Several processes of one machine may share the file.
#[derive(Clone)]
pub struct EmbeddedQueue {
    writer: SqlitePool,
    readers: SqlitePool,
    delivery: Delivery,
    pushes: Arc<Notify>,
}

impl EmbeddedQueue {
    /// Opens the file at `path`; makes it, and the directories above it, where there is none. Only its owner may read it.
    ///
    /// # Errors
    /// [`Unavailable`] where the file cannot be made, or is no database.
    pub async fn open(path: &Path) -> Result<Self, Unavailable> {
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
            let readers = pool().max_connections(2).connect_with(options.pragma("query_only", "ON")).await?;
            Ok::<_, sqlx::Error>(Self { writer, readers, delivery: Delivery::default(), pushes: Arc::default() })
        };
        opened.await.map_err(|error| cannot_open(path, &error))
    }

    /// The same Queue, whose workers go by `delivery`.
    #[must_use]
    pub fn with_delivery(self, delivery: Delivery) -> Self {
        Self { delivery, ..self }
    }
}

#[async_trait]
impl Queue for EmbeddedQueue {
    async fn push(&self, envelope: &Envelope) -> Result<(), Unavailable> {
        let text = serde_json::to_string(envelope).map_err(|error| Unavailable(Box::new(error)))?;
        sqlx::query("INSERT INTO events (id, envelope, due_at) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING")
            .bind(envelope.id.to_string())
            .bind(text)
            .bind(now())
            .execute(&self.writer)
            .await
            .map_err(unavailable)?;
        self.pushes.notify_one();
        Ok(())
    }

    async fn depth(&self) -> Result<u64, Unavailable> {
        let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM events WHERE dead_at IS NULL")
            .fetch_one(&self.readers)
            .await
            .map_err(unavailable)?;
        Ok(u64::try_from(count).unwrap_or_default())
    }

    async fn dead_letters(&self, limit: u32) -> Result<Vec<DeadLetter>, Unavailable> {
        let letters: Vec<(String, u32, String)> = sqlx::query_as(
            "SELECT envelope, attempts, COALESCE(reason, '') FROM events
             WHERE dead_at IS NOT NULL ORDER BY dead_at, rowid LIMIT ?",
        )
        .bind(limit)
        .fetch_all(&self.readers)
        .await
        .map_err(unavailable)?;
        Ok(letters.into_iter().filter_map(|(text, attempts, reason)| DeadLetter::read(&text, attempts, reason)).collect())
    }

    async fn retry_dead_letters(&self) -> Result<u64, Unavailable> {
        let revived =
            sqlx::query("UPDATE events SET dead_at = NULL, reason = NULL, attempts = 0, due_at = ? WHERE dead_at IS NOT NULL")
                .bind(now())
                .execute(&self.writer)
                .await
                .map_err(unavailable)?
                .rows_affected();
        self.pushes.notify_one();
        Ok(revived)
    }

    async fn work(&self, handler: Arc<dyn Handler>, stop: CancellationToken) -> Result<(), Unavailable> {
        worker::run(Arc::new(self.clone()), handler, self.delivery.clone(), stop).await;
        Ok(())
    }
}

#[async_trait]
impl Store for EmbeddedQueue {
    async fn claim(&self, lease: Duration) -> Result<Claim, Unavailable> {
        // A look first, so that idle workers never stand in the writer's way.
        let next: Option<i64> = sqlx::query_scalar("SELECT MIN(due_at) FROM events WHERE dead_at IS NULL")
            .fetch_one(&self.readers)
            .await
            .map_err(unavailable)?;
        let now = now();
        match next {
            None => return Ok(Claim::Nothing(None)),
            Some(next) if next > now => return Ok(Claim::Nothing(Some(Duration::from_millis(next.abs_diff(now))))),
            Some(_) => {}
        }
        let token = entropy::opaque(&OsRng);
        let claimed: Vec<(String, String, u32)> = sqlx::query_as(
            "UPDATE events SET claim = ?, due_at = ?, attempts = attempts + 1
             WHERE rowid = (SELECT rowid FROM events WHERE dead_at IS NULL AND due_at <= ? ORDER BY due_at, rowid LIMIT 1)
             RETURNING id, envelope, attempts",
        )
        .bind(&token)
        .bind(now.saturating_add(milliseconds(lease)))
        .bind(now)
        .fetch_all(&self.writer)
        .await
        .map_err(unavailable)?;
        Ok(match claimed.into_iter().next() {
            Some((id, envelope, attempts)) => Claim::Event(Claimed { id, token, envelope, attempts }),
            None => Claim::Nothing(Some(Duration::ZERO)),
        })
    }

    async fn renew(&self, claimed: &Claimed, lease: Duration) -> Result<bool, Unavailable> {
        sqlx::query("UPDATE events SET due_at = ? WHERE id = ? AND claim = ?")
            .bind(now().saturating_add(milliseconds(lease)))
            .bind(&claimed.id)
            .bind(&claimed.token)
            .execute(&self.writer)
            .await
            .map(|done| done.rows_affected() == 1)
            .map_err(unavailable)
    }

    async fn settle(&self, claimed: &Claimed, settlement: &Settlement) -> Result<bool, Unavailable> {
        let statement = match settlement {
            Settlement::Done => sqlx::query("DELETE FROM events WHERE id = ? AND claim = ?"),
            Settlement::Again(wait, reason) => {
                sqlx::query("UPDATE events SET claim = NULL, due_at = ?, reason = ? WHERE id = ? AND claim = ?")
                    .bind(now().saturating_add(milliseconds(*wait)))
                    .bind(reason)
            }
            Settlement::Back(wait, reason) => sqlx::query(
                "UPDATE events SET claim = NULL, due_at = ?, reason = ?, attempts = attempts - 1 WHERE id = ? AND claim = ?",
            )
            .bind(now().saturating_add(milliseconds(*wait)))
            .bind(reason),
            Settlement::Dead(reason) => {
                sqlx::query("UPDATE events SET claim = NULL, dead_at = ?, reason = ?, attempts = ? WHERE id = ? AND claim = ?")
                    .bind(now())
                    .bind(reason)
                    .bind(claimed.attempts)
            }
        };
        statement
            .bind(&claimed.id)
            .bind(&claimed.token)
            .execute(&self.writer)
            .await
            .map(|done| done.rows_affected() == 1)
            .map_err(unavailable)
    }

    async fn pushed(&self) {
        self.pushes.notified().await;
    }
}

/// The present instant in milliseconds since 1970: what is timed here is the worker's own waiting, no rule of the protocol.
fn now() -> i64 {
    SystemClock.now().as_millisecond()
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
