//! The Queue: async events for audit and notifications, and the worker that takes them off.
//!
//! The port is [`Queue`]; its adapters are [`embedded::EmbeddedQueue`] (SQLite) and [`redis::RedisQueue`].
//! [`open`] chooses by URL. Delivery is at least once; handlers are idempotent by [`Envelope::id`]; failures are
//! retried with back-off, and after the last attempt kept as dead letters ([`Delivery`] has the figures). Where what handles events is
//! away, they wait for it, however long.
//!
//! An event in a worker's hands is only lent: the loan is renewed while the worker lives, and once it has run out the
//! event is handed to another. So nothing has to notice that a worker died.

use std::sync::Arc;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

pub mod delivery;
pub mod embedded;
pub mod event;
pub mod letter;
pub mod mailer;
pub mod notification;
pub mod outbox;
pub mod redis;
mod store;
pub mod worker;

pub use delivery::{Delivery, RetryPolicy};
pub use event::{Envelope, Event};
pub use mailer::Mailer;
pub use worker::{Handler, HandlerError};

/// The Queue does not answer; nothing is known about what was pushed.
#[derive(Debug, thiserror::Error)]
#[error("the Queue is unavailable: {0}")]
pub struct Unavailable(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// An event that failed its last attempt, kept until somebody looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// The event.
    pub envelope: Envelope,
    /// How often it was tried.
    pub attempts: u32,
    /// Why the last attempt failed.
    pub reason: String,
}

impl DeadLetter {
    /// Reads one as the engines keep it; one that cannot be read (an older version wrote it, or a newer) is kept but not listed.
    fn read(envelope: &str, attempts: u32, reason: String) -> Option<Self> {
        match serde_json::from_str(envelope) {
            Ok(envelope) => Some(Self { envelope, attempts, reason }),
            Err(error) => {
                tracing::warn!(%error, reason, "a dead letter cannot be read");
                None
            }
        }
    }
}

/// Where events wait for the worker.
#[async_trait]
pub trait Queue: Send + Sync + 'static {
    /// Pushes an event. Once answered, it survives a crash of this process. An event that is there already is not doubled.
    async fn push(&self, envelope: &Envelope) -> Result<(), Unavailable>;

    /// How many events wait or are being handled.
    async fn depth(&self) -> Result<u64, Unavailable>;

    /// The dead letters, oldest first, `limit` at the most.
    async fn dead_letters(&self, limit: u32) -> Result<Vec<DeadLetter>, Unavailable>;

    /// Makes every dead letter an event again, with all its attempts before it; tells how many.
    async fn retry_dead_letters(&self) -> Result<u64, Unavailable>;

    /// Takes events off and hands each to `handler`, until `stop` is cancelled; then finishes those in hand. An outage of
    /// the engine is waited out.
    async fn work(&self, handler: Arc<dyn Handler>, stop: CancellationToken) -> Result<(), Unavailable>;
}

/// Opens the Queue that `url` names: `sqlite:<path>` (embedded), or `redis://…` and `rediss://…`.
///
/// `sqlite://<path>` means the same file: whatever follows the slashes is the path, relative unless it begins with one.
///
/// # Errors
/// [`Unavailable`] where the engine cannot be reached or the URL names none.
pub async fn open(url: &str) -> Result<Arc<dyn Queue>, Unavailable> {
    match url.split_once(':') {
        Some(("sqlite", path)) => {
            let path = path.strip_prefix("//").unwrap_or(path);
            Ok(Arc::new(embedded::EmbeddedQueue::open(path.as_ref()).await?))
        }
        Some(("redis" | "rediss", _)) => Ok(Arc::new(redis::RedisQueue::connect(url).await?)),
        _ => Err(Unavailable("the URL must begin with sqlite:, redis:// or rediss://".into())),
    }
}
