//! The file and the connections to it, which are asked where the question comes up.
//!
//! An answer takes microseconds; handing a question to another thread and its answer back would take ten times as long
//! (docs/decisions/0011-the-embedded-cache-answers-at-once.md). What may take longer is kept from whoever asks: nobody waits
//! inside SQLite for another process, and the log is carried over into the file by a thread of its own.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};
use tokio::time::Instant;

use crate::Unavailable;

/// How many readers look at the file at once.
const READERS: usize = 4;

/// How long an operation waits for its turn before it answers [`Unavailable`].
const PATIENCE: Duration = Duration::from_secs(5);

/// How long another process that holds the file is waited for before the next try.
const NEXT_TRY: Duration = Duration::from_millis(5);

/// After how many writes the log is carried over: a few megabytes of it.
const WRITES_IN_THE_LOG: u32 = 500;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS records (key TEXT PRIMARY KEY, value BLOB NOT NULL, expires_at INTEGER NOT NULL) STRICT;
    CREATE INDEX IF NOT EXISTS records_by_expiry ON records (expires_at);
";

/// An open file. SQLite lets one connection write at a time, so that there is one.
pub(super) struct File {
    writer: Arc<tokio::sync::Mutex<Connection>>,
    readers: [Mutex<Connection>; READERS],
    carrier: Arc<Mutex<Connection>>,
    writes: AtomicU32,
}

impl File {
    /// Opens the file at `path`, and makes it where there is none.
    pub(super) async fn open(path: &Path) -> Result<Self, Unavailable> {
        let owned = path.to_owned();
        let opened = tokio::task::spawn_blocking(move || Self::open_now(&owned)).await.map_err(io::Error::other);
        match opened {
            Ok(Ok(file)) => Ok(file),
            Ok(Err(error)) => Err(cannot_open(path, &*error)),
            Err(error) => Err(cannot_open(path, &error)),
        }
    }

    fn open_now(path: &Path) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        make_private_file(path)?;
        let writer = connect(path)?;
        // Nobody carries the log over in the middle of an answer.
        writer.pragma_update(None, "wal_autocheckpoint", 0)?;
        writer.execute_batch(SCHEMA)?;
        writer.busy_timeout(Duration::ZERO)?;
        let reader = || {
            let reader = connect(path)?;
            reader.pragma_update(None, "query_only", true)?;
            reader.busy_timeout(Duration::ZERO)?;
            Ok::<_, rusqlite::Error>(Mutex::new(reader))
        };
        Ok(Self {
            writer: Arc::new(tokio::sync::Mutex::new(writer)),
            readers: [reader()?, reader()?, reader()?, reader()?],
            carrier: Arc::new(Mutex::new(connect(path)?)),
            writes: AtomicU32::new(0),
        })
    }

    /// Asks the writer where it is free, since it knows what it has written; else a reader, who has to look it up in the log.
    pub(super) async fn read<T>(&self, question: impl Fn(&Connection) -> rusqlite::Result<T>) -> Result<T, Unavailable> {
        let began = Instant::now();
        loop {
            // Whoever was asked is given back before anybody waits.
            let answer = match self.writer.try_lock() {
                Ok(writer) => question(&writer),
                Err(_) => question(&self.reader()),
            };
            if !must_wait(&answer, began) {
                return answer.map_err(unavailable);
            }
            tokio::time::sleep(NEXT_TRY).await;
        }
    }

    /// Lets the writer do something, once it is its turn.
    pub(super) async fn write<T>(&self, deed: impl Fn(&Connection) -> rusqlite::Result<T>) -> Result<T, Unavailable> {
        let began = Instant::now();
        loop {
            let turn = tokio::time::timeout(PATIENCE, self.writer.lock());
            let writer = turn.await.map_err(|error| Unavailable(error.into()))?;
            let done = deed(&writer);
            drop(writer);
            if !must_wait(&done, began) {
                self.carry_over_in_time();
                return done.map_err(unavailable);
            }
            tokio::time::sleep(NEXT_TRY).await;
        }
    }

    /// A reader that is free, or the first that becomes so, which it does within microseconds.
    fn reader(&self) -> MutexGuard<'_, Connection> {
        let free = self.readers.iter().find_map(|reader| match reader.try_lock() {
            Ok(reader) => Some(reader),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        });
        let [first, ..] = &self.readers;
        free.unwrap_or_else(|| first.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Has the log carried over into the file, every so many writes. It waits for the disk, so that it is done beside the others;
    /// only what was written meanwhile is carried over while the writer rests, so that the log begins anew and does not grow for
    /// ever.
    fn carry_over_in_time(&self) {
        if self.writes.fetch_add(1, Ordering::Relaxed) % WRITES_IN_THE_LOG != WRITES_IN_THE_LOG - 1 {
            return;
        }
        let (writer, carrier) = (Arc::clone(&self.writer), Arc::clone(&self.carrier));
        tokio::task::spawn_blocking(move || {
            let Ok(carrier) = carrier.try_lock() else { return };
            let done = carry_over(&carrier).and_then(|()| {
                let _resting = writer.blocking_lock();
                carry_over(&carrier)
            });
            if let Err(error) = done {
                tracing::warn!(%error, "the Cache's log is not carried over for now");
            }
        });
    }
}

fn carry_over(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    // Each connection has a lock of ours, and needs none of SQLite's.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    Ok(connection)
}

/// Whether another process holds the file, and may still let go of it in time.
fn must_wait<T>(outcome: &rusqlite::Result<T>, began: Instant) -> bool {
    let code = outcome.as_ref().err().and_then(rusqlite::Error::sqlite_error_code);
    matches!(code, Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)) && began.elapsed() < PATIENCE
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

fn unavailable(error: rusqlite::Error) -> Unavailable {
    Unavailable(Box::new(error))
}
