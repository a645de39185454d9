//! The near cache: what this replica has read lately, kept true by Redis itself (docs/decisions/0017-the-near-cache.md).
//!
//! A connection of its own reads what is to be kept, and Redis tells it of every change (RESP3 client tracking). With the
//! connection goes all that was read over it; and with the line that everything else is asked over, for that may lead elsewhere from
//! then on. Where Redis does not keep track of reads, nothing is kept near.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use redis::aio::MultiplexedConnection;
use redis::{PushInfo, PushKind, RedisError, Value};
use redis_line::{Line, Standing};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::kept::{Kept, Reading};

/// How often Redis is asked whether it still tells of changes, and leads: often enough that what is kept is trusted without a gap.
const PING_EVERY: Duration = Duration::from_millis(250);

/// How long after a connection ended, or did not come about, the next is tried.
const NEXT_TRY: Duration = Duration::from_millis(500);

/// How many readings are made at once, and how many may wait; what does not fit is read another time.
const AT_ONCE: usize = 64;
const WAITING: usize = 1024;

/// What is kept near, over one connection after the other.
pub(super) struct Near {
    present: Arc<ArcSwapOption<Present>>,
    keeper: AbortHandle,
}

/// What is kept over the present connection.
struct Present {
    kept: Arc<Kept>,
    wanted: mpsc::Sender<Reading>,
}

impl Near {
    /// Connects beside `line`, and keeps connecting.
    pub(super) fn open(line: Line) -> Self {
        let present = Arc::new(ArcSwapOption::empty());
        let keeper = tokio::spawn(keep(line, Arc::clone(&present))).abort_handle();
        Self { present, keeper }
    }

    /// The record under the whole `key`, if it is kept and known to be true.
    pub(super) fn get(&self, key: &str) -> Option<Bytes> {
        self.present.load().as_ref()?.kept.get(key)
    }

    /// Has the record under `key` read, for the next who asks.
    pub(super) fn want(&self, key: &str) {
        if let Some(present) = self.present.load().as_ref()
            && let Some(reading) = present.kept.read(key)
            && let Err(unread) = present.wanted.try_send(reading)
        {
            present.kept.keep(unread.into_inner(), None);
        }
    }

    /// The record under `key` was written to from here.
    pub(super) fn forget(&self, key: &str) {
        if let Some(present) = self.present.load().as_ref() {
            present.kept.forget(key);
        }
    }
}

impl Drop for Near {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

async fn keep(line: Line, present: Arc<ArcSwapOption<Present>>) {
    let mut told = false;
    loop {
        let standing = line.stands().await;
        let kept = Arc::new(Kept::new());
        let (wanted, readings) = mpsc::channel(WAITING);
        match connect(&line, Arc::clone(&kept)).await {
            Ok(connection) => {
                told = false;
                present.store(Some(Arc::new(Present { kept: Arc::clone(&kept), wanted })));
                let reason = until_over(&line, standing, connection, &kept, readings).await;
                tracing::debug!(reason, "Redis tells of no change any more: what was kept near is let go");
            }
            // Once, for the Cache works without.
            Err(error) if !told => {
                told = true;
                tracing::warn!(%error, "Redis does not tell of changes for now: sessions are looked up there every time");
            }
            Err(_) => {}
        }
        kept.end();
        present.store(None);
        tokio::time::sleep(NEXT_TRY).await;
    }
}

/// Attends to the connection until it ends, or the line is given up that stood when it was made.
async fn until_over(
    line: &Line,
    standing: Standing,
    connection: MultiplexedConnection,
    kept: &Kept,
    wanted: mpsc::Receiver<Reading>,
) -> String {
    tokio::select! {
        biased;
        () = line.falls(standing) => "the line was given up".to_owned(),
        error = attend(connection, kept, wanted) => error.to_string(),
    }
}

/// Opens a connection whose reads Redis keeps track of. What it tells goes to `kept` at once, in the order in which it comes.
async fn connect(line: &Line, kept: Arc<Kept>) -> Result<MultiplexedConnection, RedisError> {
    let mut connection = line.beside(move |told| hear(&kept, &told)).await?;
    redis::cmd("CLIENT").arg("TRACKING").arg("ON").exec_async(&mut connection).await?;
    Ok(connection)
}

fn hear(kept: &Kept, told: &PushInfo) {
    match (&told.kind, told.data.first()) {
        (PushKind::Disconnection, _) => kept.end(),
        (PushKind::Invalidate, Some(Value::Array(keys))) => {
            for key in keys {
                match key {
                    Value::BulkString(key) => kept.forget(&String::from_utf8_lossy(key)),
                    Value::SimpleString(key) => kept.forget(key),
                    _ => kept.forget_all(),
                }
            }
        }
        // All keys: FLUSHALL, or more than Redis keeps track of.
        (PushKind::Invalidate, _) => kept.forget_all(),
        _ => {}
    }
}

/// Reads what is wanted and asks whether the connection lives, until it does not.
async fn attend(mut connection: MultiplexedConnection, kept: &Kept, mut wanted: mpsc::Receiver<Reading>) -> RedisError {
    let mut ticks = interval(PING_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut readings = Vec::new();
    loop {
        let done = tokio::select! {
            biased;
            _ = ticks.tick() => ping(&mut connection, kept).await,
            _ = wanted.recv_many(&mut readings, AT_ONCE) => read(&mut connection, kept, &mut readings).await,
        };
        if let Err(error) = done {
            return error;
        }
    }
}

async fn ping(connection: &mut MultiplexedConnection, kept: &Kept) -> Result<(), RedisError> {
    let sent = Instant::now();
    redis_line::leads(connection).await?;
    kept.is_true_at(sent);
    Ok(())
}

async fn read(connection: &mut MultiplexedConnection, kept: &Kept, readings: &mut Vec<Reading>) -> Result<(), RedisError> {
    let mut command = redis::cmd("MGET");
    for reading in readings.iter() {
        command.arg(&reading.key);
    }
    let records: Vec<Option<Vec<u8>>> = command.query_async(connection).await?;
    for (reading, record) in readings.drain(..).zip(records) {
        kept.keep(reading, record.map(Bytes::from));
    }
    Ok(())
}
