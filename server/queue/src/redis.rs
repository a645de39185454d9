//! The Queue in Redis: shared by any number of replicas.

mod scripts;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use protocol::{OsRng, entropy};
use redis::{Script, ScriptInvocation};
use redis_line::{Line, Trouble};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::store::{Claim, Claimed, Settlement, Store, milliseconds};
use crate::{DeadLetter, Delivery, Envelope, Handler, Queue, Unavailable, worker};

/// The keys, in the order in which every script gets them.
const KEYS: [&str; 6] = ["due", "events", "attempts", "claims", "dead", "reasons"];

/// Keeps the events in Redis (6.2 or newer, or what speaks its protocol), over a line that heals itself.
///
/// Each operation is one script, and Redis's own clock times the leases, so that replicas whose clocks differ agree.
/// A push that has answered is as durable as that server is told to be (`appendonly yes` for one that loses nothing).
#[derive(Clone)]
pub struct RedisQueue {
    line: Line,
    keys: Arc<[String]>,
    delivery: Delivery,
    pushes: Arc<Notify>,
}

impl RedisQueue {
    /// Connects to the Redis at `url`; the keys begin with `{cloakroom:queue}:`, which keeps them together in a cluster.
    ///
    /// # Errors
    /// [`Unavailable`] where the URL cannot be read, nothing answers within three seconds, or what answers is a replica.
    pub async fn connect(url: &str) -> Result<Self, Unavailable> {
        Self::connect_with_prefix(url, "{cloakroom:queue}:").await
    }

    /// Connects to the Redis at `url`, for keys that begin with `prefix`: several deployments can share one server.
    ///
    /// # Errors
    /// [`Unavailable`] where the URL cannot be read, nothing answers within three seconds, or what answers is a replica.
    pub async fn connect_with_prefix(url: &str, prefix: &str) -> Result<Self, Unavailable> {
        let line = Line::open(url).await?;
        let keys = KEYS.map(|key| format!("{prefix}{key}")).into();
        Ok(Self { line, keys, delivery: Delivery::default(), pushes: Arc::default() })
    }

    /// The same Queue, whose workers go by `delivery`.
    #[must_use]
    pub fn with_delivery(self, delivery: Delivery) -> Self {
        Self { delivery, ..self }
    }

    fn script<'a>(&self, script: &'a Script) -> ScriptInvocation<'a> {
        let mut invocation = script.prepare_invoke();
        for key in self.keys.iter() {
            invocation.key(key);
        }
        invocation
    }
}

#[async_trait]
impl Queue for RedisQueue {
    async fn push(&self, envelope: &Envelope) -> Result<(), Unavailable> {
        let text = serde_json::to_string(envelope).map_err(|error| Unavailable(Box::new(error)))?;
        // Pushed twice it is there once, or handled twice at the worst, as it may be anyway.
        self.line.at_least_once::<()>(self.script(&scripts::PUSH).arg(envelope.id.to_string()).arg(text)).await?;
        self.pushes.notify_one();
        Ok(())
    }

    async fn depth(&self) -> Result<u64, Unavailable> {
        Ok(self.line.at_least_once(&self.script(&scripts::DEPTH)).await?)
    }

    async fn dead_letters(&self, limit: u32) -> Result<Vec<DeadLetter>, Unavailable> {
        let letters: Vec<(String, u32, String)> = self.line.at_least_once(self.script(&scripts::DEAD_LETTERS).arg(limit)).await?;
        Ok(letters.into_iter().filter_map(|(text, attempts, reason)| DeadLetter::read(&text, attempts, reason)).collect())
    }

    async fn retry_dead_letters(&self) -> Result<u64, Unavailable> {
        let revived = self.line.once(&self.script(&scripts::RETRY_DEAD_LETTERS)).await?;
        self.pushes.notify_one();
        Ok(revived)
    }

    async fn work(&self, handler: Arc<dyn Handler>, stop: CancellationToken) -> Result<(), Unavailable> {
        worker::run(Arc::new(self.clone()), handler, self.delivery.clone(), stop).await;
        Ok(())
    }
}

#[async_trait]
impl Store for RedisQueue {
    async fn claim(&self, lease: Duration) -> Result<Claim, Unavailable> {
        let token = entropy::opaque(&OsRng);
        let mut invocation = self.script(&scripts::CLAIM);
        let answer: Vec<String> = self.line.once(invocation.arg(milliseconds(lease)).arg(&token)).await?;
        let mut answer = answer.into_iter();
        match (answer.next(), answer.next(), answer.next()) {
            (Some(id), Some(envelope), Some(attempts)) => {
                let attempts = attempts.parse().map_err(|error| Unavailable(Box::new(error)))?;
                Ok(Claim::Event(Claimed { id, token, envelope, attempts }))
            }
            (Some(wait), None, None) => {
                let wait = wait.parse().map_err(|error| Unavailable(Box::new(error)))?;
                Ok(Claim::Nothing(Some(Duration::from_millis(wait))))
            }
            _ => Ok(Claim::Nothing(None)),
        }
    }

    async fn renew(&self, claimed: &Claimed, lease: Duration) -> Result<bool, Unavailable> {
        let mut invocation = self.script(&scripts::RENEW);
        Ok(self.line.at_least_once(invocation.arg(&claimed.id).arg(&claimed.token).arg(milliseconds(lease))).await?)
    }

    async fn settle(&self, claimed: &Claimed, settlement: &Settlement) -> Result<bool, Unavailable> {
        let script = match settlement {
            Settlement::Done => &scripts::DONE,
            Settlement::Again(..) => &scripts::AGAIN,
            Settlement::Back(..) => &scripts::BACK,
            Settlement::Dead(_) => &scripts::DEAD,
        };
        let mut invocation = self.script(script);
        invocation.arg(&claimed.id).arg(&claimed.token);
        match settlement {
            Settlement::Done => {}
            Settlement::Again(wait, reason) | Settlement::Back(wait, reason) => {
                invocation.arg(milliseconds(*wait)).arg(reason);
            }
            Settlement::Dead(reason) => {
                invocation.arg(claimed.attempts).arg(reason);
            }
        }
        Ok(self.line.once(&invocation).await?)
    }

    async fn pushed(&self) {
        self.pushes.notified().await;
    }
}

impl From<Trouble> for Unavailable {
    fn from(trouble: Trouble) -> Self {
        Self(Box::new(trouble))
    }
}
