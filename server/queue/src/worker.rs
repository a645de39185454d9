//! What is done with each event, and the loop that does it on every engine.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt as _;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::store::{Claim, Claimed, Settlement, Store};
use crate::{Delivery, Envelope};

/// Why an event could not be handled.
#[derive(Debug, thiserror::Error)]
pub enum HandlerError {
    /// It may go better another time: it will be tried again.
    #[error("{0}")]
    Passing(String),
    /// It never will: the event becomes a dead letter at once.
    #[error("{0}")]
    Lasting(String),
    /// What the handler needs is away, which is no fault of the event: it is put back, and the attempt does not count.
    #[error("{0}")]
    Away(String),
}

/// Handles events; idempotent by [`Envelope::id`].
#[async_trait]
pub trait Handler: Send + Sync + 'static {
    /// Handles one event.
    async fn handle(&self, envelope: &Envelope) -> Result<(), HandlerError>;
}

/// Whether what the handlers need is away, and since when.
#[derive(Default)]
struct Outage(Mutex<Option<Instant>>);

impl Outage {
    /// It is away: how long an event waits. The longer it has been away, the longer, between the two `waits`.
    fn goes_on(&self, reason: &str, waits: (Duration, Duration)) -> Duration {
        let mut began = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let since = *began.get_or_insert_with(|| {
            tracing::warn!(reason, "events wait: what handles them is away");
            Instant::now()
        });
        (since.elapsed() / 2).clamp(waits.0, waits.1.max(waits.0))
    }

    fn ends(&self) {
        if self.0.lock().unwrap_or_else(PoisonError::into_inner).take().is_some() {
            tracing::info!("events are handled again");
        }
    }
}

/// How long to wait before asking again an engine that does not answer: from the first, doubled up to the second.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// Takes events off `store` and hands each to `handler`, until `stop` is cancelled; then finishes those in hand.
///
/// Should this future be dropped instead, those in hand are dropped too, and handed out again once their leases end.
pub(crate) async fn run(store: Arc<dyn Store>, handler: Arc<dyn Handler>, delivery: Delivery, stop: CancellationToken) {
    let mut in_hand = JoinSet::new();
    let outage = Arc::new(Outage::default());
    let mut pause = PAUSES.0;
    while !stop.is_cancelled() {
        while in_hand.try_join_next().is_some() {}
        if in_hand.len() >= delivery.at_once.max(1) {
            tokio::select! {
                () = stop.cancelled() => {}
                _ = in_hand.join_next() => {}
            }
            continue;
        }
        // Never dropped half-way, for an event that was just lent to us would lie idle until its lease ends; one that is
        // lent in the very moment of the stop is still handled.
        let wait = match store.claim(delivery.lease).await {
            Ok(Claim::Event(claimed)) => {
                let span = tracing::info_span!("queue.deliver", event.id = claimed.id, event.attempt = claimed.attempts);
                let delivering = deliver(store.clone(), handler.clone(), delivery.clone(), outage.clone(), claimed);
                in_hand.spawn(delivering.instrument(span));
                pause = PAUSES.0;
                continue;
            }
            Ok(Claim::Nothing(until_next)) => {
                pause = PAUSES.0;
                until_next.map_or(delivery.poll, |next| next.min(delivery.poll))
            }
            Err(trouble) => {
                tracing::warn!(error = %trouble, again_in = ?pause, "no events can be taken off the Queue");
                let wait = pause;
                pause = (pause * 2).min(PAUSES.1);
                wait
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = store.pushed() => {}
            () = sleep(wait) => {}
        }
    }
    while in_hand.join_next().await.is_some() {}
}

/// Hands one event to the handler, keeps it lent to us meanwhile, and settles it.
async fn deliver(
    store: Arc<dyn Store>,
    handler: Arc<dyn Handler>,
    delivery: Delivery,
    outage: Arc<Outage>,
    mut claimed: Claimed,
) {
    let settlement = if claimed.attempts > delivery.retry.attempts() {
        // Counted when it was lent: whoever had it ended without a word each time, perhaps because of it.
        claimed.attempts -= 1;
        Settlement::Dead("the worker ended while it handled the event".to_owned())
    } else {
        // A task of its own, so that a handler that blocks its thread keeps its event all the same.
        let mut keeper = JoinSet::new();
        keeper.spawn(keep(store.clone(), claimed.clone(), delivery.lease).in_current_span());
        let outcome = attempt(handler.as_ref(), &claimed.envelope, delivery.time_limit).await;
        keeper.shutdown().await;
        settlement(outcome, claimed.attempts, &delivery, &outage)
    };
    match &settlement {
        Settlement::Done => {}
        Settlement::Again(wait, reason) => tracing::warn!(reason, again_in = ?wait, "an event could not be handled"),
        Settlement::Back(wait, reason) => tracing::debug!(reason, again_in = ?wait, "an event is put back"),
        Settlement::Dead(reason) => {
            tracing::error!(
                reason,
                "an event became a dead letter: `cloakroom queue dead-letters` lists them, `queue retry` puts them back"
            );
        }
    }
    settle(store.as_ref(), &claimed, &settlement, delivery.lease).await;
}

/// Lets the handler try once; a panic or a handler that does not end is a failure like another.
async fn attempt(handler: &dyn Handler, envelope: &str, time_limit: Duration) -> Result<(), HandlerError> {
    let envelope: Envelope =
        serde_json::from_str(envelope).map_err(|error| HandlerError::Lasting(format!("the event cannot be read: {error}")))?;
    match timeout(time_limit, AssertUnwindSafe(handler.handle(&envelope)).catch_unwind()).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(panic)) => Err(HandlerError::Passing(format!("the handler panicked: {}", words_of(panic.as_ref())))),
        Err(_) => Err(HandlerError::Passing(format!("the handler did not end within {time_limit:?}"))),
    }
}

/// What a panic said.
fn words_of(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a word")
}

fn settlement(outcome: Result<(), HandlerError>, attempts: u32, delivery: &Delivery, outage: &Outage) -> Settlement {
    match outcome {
        Ok(()) => {
            outage.ends();
            Settlement::Done
        }
        Err(HandlerError::Away(reason)) => Settlement::Back(outage.goes_on(&reason, delivery.outage), reason),
        Err(HandlerError::Lasting(reason)) => Settlement::Dead(reason),
        Err(HandlerError::Passing(reason)) => match delivery.retry.wait_after(attempts) {
            Some(wait) => Settlement::Again(wait, reason),
            None => Settlement::Dead(reason),
        },
    }
}

/// Renews the loan until it is told to stop, or the event is in other hands.
async fn keep(store: Arc<dyn Store>, claimed: Claimed, lease: Duration) {
    loop {
        sleep(lease / 3).await;
        match store.renew(&claimed, lease).await {
            Ok(true) => {}
            Ok(false) => return tracing::warn!("the event was handed to another worker before this one was done with it"),
            Err(trouble) => tracing::warn!(error = %trouble, "the event could not be kept"),
        }
    }
}

/// Settles the event, again and again while the engine does not answer, until another worker has it anyway.
async fn settle(store: &dyn Store, claimed: &Claimed, settlement: &Settlement, lease: Duration) {
    let give_up = Instant::now() + lease;
    let mut pause = PAUSES.0;
    loop {
        match store.settle(claimed, settlement).await {
            Ok(true) => return,
            Ok(false) => return tracing::warn!("the event is no longer in this worker's hands; it is handled once more"),
            Err(trouble) if Instant::now() + pause >= give_up => {
                return tracing::warn!(error = %trouble, "the event could not be settled; it is handled once more");
            }
            Err(_) => sleep(pause).await,
        }
        pause = (pause * 2).min(PAUSES.1);
    }
}
