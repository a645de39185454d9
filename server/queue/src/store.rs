//! What the worker needs of an engine, besides the port.

use std::time::Duration;

use async_trait::async_trait;

use crate::Unavailable;

/// An event lent to this worker.
#[derive(Debug, Clone)]
pub(crate) struct Claimed {
    /// The identity of the event, as text.
    pub(crate) id: String,
    /// What proves that it is still lent to us, and not to another meanwhile.
    pub(crate) token: String,
    /// The envelope as JSON.
    pub(crate) envelope: String,
    /// How often it was handed out, this time included.
    pub(crate) attempts: u32,
}

/// What asking for an event gives.
#[derive(Debug)]
pub(crate) enum Claim {
    /// This one.
    Event(Claimed),
    /// None now; the next one is due in this time, unless others are pushed.
    Nothing(Option<Duration>),
}

/// How the handling of an event ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Settlement {
    /// It was handled.
    Done,
    /// It failed, and is tried again after this time.
    Again(Duration, String),
    /// It is tried again after this time, as if this attempt had not been.
    Back(Duration, String),
    /// It failed for good.
    Dead(String),
}

/// An engine that lends events to workers.
#[async_trait]
pub(crate) trait Store: Send + Sync + 'static {
    /// Lends the event that has been due the longest; of many workers at once, one gets it.
    async fn claim(&self, lease: Duration) -> Result<Claim, Unavailable>;

    /// Lends it anew from now; `false` where it is no longer ours.
    async fn renew(&self, claimed: &Claimed, lease: Duration) -> Result<bool, Unavailable>;

    /// Ends the loan; `false`, and nothing is done, where it is no longer ours.
    async fn settle(&self, claimed: &Claimed, settlement: &Settlement) -> Result<bool, Unavailable>;

    /// Waits until this process pushes an event.
    async fn pushed(&self);
}

/// Whole milliseconds, as the engines count.
pub(crate) fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;
    use crate::embedded::EmbeddedQueue;
    use crate::redis::RedisQueue;
    use crate::{Envelope, Event, Queue};

    const LEASE: Duration = Duration::from_secs(60);

    async fn lent(store: &dyn Store, lease: Duration) -> Claimed {
        match store.claim(lease).await.unwrap() {
            Claim::Event(claimed) => claimed,
            Claim::Nothing(wait) => panic!("nothing is due for {wait:?}"),
        }
    }

    /// Whoever lost the event to another can neither keep it, nor say that it was handled, nor that it failed.
    async fn only_the_last_borrower_has_a_say<S: Store + Queue>(queue: Arc<S>) {
        let event = Event::ConsentDenied { subject: "subject".to_owned(), client_id: "client".to_owned() };
        queue.push(&Envelope { id: Uuid::from_u128(1), at: Timestamp::UNIX_EPOCH, event }).await.unwrap();
        let first = lent(queue.as_ref(), Duration::ZERO).await;
        let second = lent(queue.as_ref(), LEASE).await;
        assert_eq!((first.attempts, second.attempts), (1, 2));
        assert!(matches!(queue.claim(LEASE).await.unwrap(), Claim::Nothing(Some(wait)) if wait <= LEASE && wait > LEASE / 2));
        assert!(!queue.renew(&first, LEASE).await.unwrap());
        for late in [
            Settlement::Done,
            Settlement::Again(Duration::ZERO, "late".into()),
            Settlement::Back(Duration::ZERO, "late".into()),
            Settlement::Dead("late".into()),
        ] {
            assert!(!queue.settle(&first, &late).await.unwrap(), "{late:?}");
        }
        assert_eq!((queue.depth().await.unwrap(), queue.dead_letters(1).await.unwrap().len()), (1, 0));
        assert!(queue.renew(&second, LEASE).await.unwrap());
        assert!(queue.settle(&second, &Settlement::Done).await.unwrap());
        assert!(!queue.settle(&second, &Settlement::Done).await.unwrap(), "it is settled once");
        assert_eq!(queue.depth().await.unwrap(), 0);
        assert!(matches!(queue.claim(LEASE).await.unwrap(), Claim::Nothing(None)));
    }

    #[tokio::test]
    async fn only_the_last_borrower_has_a_say_embedded() {
        let directory = tempfile::tempdir().unwrap();
        let queue = EmbeddedQueue::open(&directory.path().join("queue.db")).await.unwrap();
        only_the_last_borrower_has_a_say(Arc::new(queue)).await;
    }

    #[tokio::test]
    async fn only_the_last_borrower_has_a_say_redis() {
        if std::env::var("CLOAKROOM_TEST_ENGINES").is_ok_and(|engines| engines == "embedded") {
            eprintln!("left out: CLOAKROOM_TEST_ENGINES=embedded asks for the embedded engines only");
            return;
        }
        let url = std::env::var("CLOAKROOM_TEST_REDIS")
            .expect("CLOAKROOM_TEST_REDIS is not set: `make test` starts a Redis and sets it");
        let prefix = format!("{{cloakroom-test:{}}}:", Uuid::new_v4());
        only_the_last_borrower_has_a_say(Arc::new(RedisQueue::connect_with_prefix(&url, &prefix).await.unwrap())).await;
    }
}
