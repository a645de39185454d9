//! What the rules are held against: a Queue of its own for every test, which can be opened as often as by many processes.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::future::BoxFuture;
use jiff::Timestamp;
use queue::embedded::EmbeddedQueue;
use queue::redis::RedisQueue;
use queue::{Delivery, Envelope, Event, Handler, HandlerError, Queue, RetryPolicy};
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Where the events of one test are kept.
pub(crate) enum Subject {
    Embedded(TempDir),
    Redis { url: String, prefix: String },
}

pub(crate) fn embedded() -> Subject {
    Subject::Embedded(tempfile::tempdir().unwrap())
}

pub(crate) fn redis() -> Option<Subject> {
    let url = redis_url()?;
    Some(Subject::Redis { url, prefix: format!("{{cloakroom-test:{}}}:", Uuid::new_v4()) })
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

impl Subject {
    /// Opens it anew, as another process would.
    pub(crate) async fn open(&self, delivery: Delivery) -> Arc<dyn Queue> {
        match self {
            Self::Embedded(directory) => {
                Arc::new(EmbeddedQueue::open(&directory.path().join("new/queue.db")).await.unwrap().with_delivery(delivery))
            }
            Self::Redis { url, prefix } => {
                Arc::new(RedisQueue::connect_with_prefix(url, prefix).await.unwrap().with_delivery(delivery))
            }
        }
    }
}

/// Tries so often, with waits of so many milliseconds between.
pub(crate) fn retrying<const N: usize>(waits: [u64; N]) -> Delivery {
    Delivery { retry: RetryPolicy::after(waits.map(Duration::from_millis)), ..Delivery::default() }
}

/// An event that is told from others by its number.
pub(crate) fn event(number: u128) -> Envelope {
    Envelope {
        id: Uuid::from_u128(number),
        at: Timestamp::from_microsecond(1_750_000_000_123_456).unwrap(),
        event: Event::SignedIn {
            issuer: "https://provider.example".to_owned(),
            subject: format!("subject \"{number}\" ☂\0"),
            email: None,
            name: Some(String::new()),
            user_agent: None,
            address: None,
        },
    }
}

/// Waits for what is sure to come, on a machine however busy.
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), what).await.expect("it should have come within twenty seconds")
}

type Act = dyn Fn(Envelope) -> BoxFuture<'static, Result<(), HandlerError>> + Send + Sync;

/// Tells what it was handed, then does as it was told.
pub(crate) struct Probe {
    told: UnboundedSender<Envelope>,
    act: Box<Act>,
}

/// A handler, and what tells of each event that it is handed.
pub(crate) fn probe<F>(act: impl Fn(Envelope) -> F + Send + Sync + 'static) -> (Arc<Probe>, UnboundedReceiver<Envelope>)
where
    F: Future<Output = Result<(), HandlerError>> + Send + 'static,
{
    let (told, handed) = unbounded_channel();
    (Arc::new(Probe { told, act: Box::new(move |envelope| Box::pin(act(envelope))) }), handed)
}

/// A handler that succeeds.
pub(crate) fn succeeding() -> (Arc<Probe>, UnboundedReceiver<Envelope>) {
    probe(|_| async { Ok(()) })
}

/// A handler that fails.
pub(crate) fn failing(reason: &'static str) -> (Arc<Probe>, UnboundedReceiver<Envelope>) {
    probe(move |_| async move { Err(HandlerError::Passing(reason.to_owned())) })
}

#[async_trait]
impl Handler for Probe {
    async fn handle(&self, envelope: &Envelope) -> Result<(), HandlerError> {
        let _ = self.told.send(envelope.clone());
        (self.act)(envelope.clone()).await
    }
}

/// A worker at work.
pub(crate) struct Worker {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Worker {
    pub(crate) fn start(queue: &Arc<dyn Queue>, handler: Arc<dyn Handler>) -> Self {
        let stop = CancellationToken::new();
        let (queue, stopped) = (queue.clone(), stop.clone());
        Self { stop, task: tokio::spawn(async move { queue.work(handler, stopped).await.unwrap() }) }
    }

    /// Asks it to stop; it may still have events in hand.
    pub(crate) fn ask_to_stop(&self) {
        self.stop.cancel();
    }

    /// Whether it has returned.
    pub(crate) fn has_ended(&self) -> bool {
        self.task.is_finished()
    }

    /// Stops it, and waits until those in hand are settled.
    pub(crate) async fn end(self) {
        self.stop.cancel();
        soon(self.task).await.unwrap();
    }

    /// Ends it as a crash does: whatever it was at stays undone.
    pub(crate) async fn crash(self) {
        self.task.abort();
        assert!(soon(self.task).await.unwrap_err().is_cancelled());
    }
}

/// Waits until nothing waits and nothing is in hand.
pub(crate) async fn drained(queue: &Arc<dyn Queue>) {
    soon(async {
        while queue.depth().await.unwrap() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}
