//! The Queue: async events for audit and notifications, and the worker that takes them off.
//!
//! The port is [`Queue`]; both adapters are apalis back ends: [`embedded::EmbeddedQueue`] (SQLite) and
//! [`redis::RedisQueue`]. [`open`] chooses by URL. Delivery is at least once; handlers are idempotent by
//! [`Envelope::id`]; failures are retried with back-off, and after the last attempt kept as dead letters.

use std::sync::Arc;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

pub mod embedded;
pub mod event;
pub mod notification;
pub mod redis;
pub mod worker;

pub use event::{Envelope, Event};
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

/// Where events wait for the worker.
#[async_trait]
pub trait Queue: Send + Sync + 'static {
    /// Pushes an event. Once answered, it survives a crash of this process.
    async fn push(&self, envelope: &Envelope) -> Result<(), Unavailable>;

    /// How many events wait or are being handled.
    async fn depth(&self) -> Result<u64, Unavailable>;

    /// The dead letters, oldest first, `limit` at the most.
    async fn dead_letters(&self, limit: u32) -> Result<Vec<DeadLetter>, Unavailable>;

    /// Takes events off and hands each to `handler`, until `stop` is cancelled; then finishes those in hand.
    async fn work(&self, handler: Arc<dyn Handler>, stop: CancellationToken) -> Result<(), Unavailable>;
}

/// Opens the Queue that `url` names: `sqlite:<path>` (embedded), or `redis://…` and `rediss://…`.
///
/// # Errors
/// [`Unavailable`] where the engine cannot be reached or the URL names none.
pub async fn open(url: &str) -> Result<Arc<dyn Queue>, Unavailable> {
    match url.split_once(':') {
        Some(("sqlite", path)) => Ok(Arc::new(embedded::EmbeddedQueue::open(path.as_ref()).await?)),
        Some(("redis" | "rediss", _)) => Ok(Arc::new(redis::RedisQueue::connect(url).await?)),
        _ => Err(Unavailable("the URL must begin with sqlite:, redis:// or rediss://".into())),
    }
}
