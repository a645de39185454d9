//! The provider's signing keys: made on the first start, sealed at rest, changed on schedule, the same on every replica.
//!
//! Each kind of key has a line of generations. Whoever finds the next one due adds it, and the User Database lets one replica
//! win; all others pick it up within [`LOOK_EVERY`], and sooner where a token comes that it signed. From when on a key signs is
//! part of it, so that replicas change over by the clock and not when they happen to look.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use jiff::{SignedDuration, Timestamp};
use protocol::Clock;
use protocol::jose::{self, Algorithm, InvalidJwt, KeyKind};
use queue::Queue;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::outage::Outage;

mod schedule;
mod set;
mod store;

pub use schedule::{InvalidSchedule, KeySchedule, KeyState, LOOK_EVERY};
use set::KeySet;
pub use store::{KeyError, KeyStore, Rotated, Rotation};

/// How soon after a look at the database an unknown key may make us look again (attack 21).
const LOOK_AGAIN_AFTER: SignedDuration = SignedDuration::from_secs(30);
/// The same where the last look failed.
const RETRY_AFTER: SignedDuration = SignedDuration::from_secs(1);
/// How long others may keep the published set at the most.
const LONGEST_KEPT: SignedDuration = SignedDuration::from_mins(5);

/// The keys in use. They are swapped as a whole; no lock is held while anybody waits for anything but the next set itself.
pub(crate) struct Keys {
    store: KeyStore,
    clock: Arc<dyn Clock>,
    /// How long others may keep the published set.
    kept: SignedDuration,
    held: RwLock<Arc<KeySet>>,
    looked: Mutex<Looked>,
    looking: tokio::sync::Mutex<()>,
}

/// When the database was last asked for keys.
#[derive(Clone, Copy, Default)]
struct Looked {
    at: Option<Timestamp>,
    failed: bool,
}

impl Keys {
    /// Loads the keys, and makes those that are missing and quickly made; the first RSA key is left to [`Keys::tend`]. Of several
    /// replicas that start at once one makes each, and all load that one.
    pub(crate) async fn prepare(store: KeyStore, clock: Arc<dyn Clock>, schedule: KeySchedule) -> Result<Self, KeyError> {
        let keys = Self {
            store,
            clock,
            kept: schedule.published_ahead.min(LONGEST_KEPT),
            held: RwLock::default(),
            looked: Mutex::default(),
            looking: tokio::sync::Mutex::default(),
        };
        let set = keys.look().await?;
        let missing: Vec<KeyKind> =
            [KeyKind::P256, KeyKind::Ed25519].into_iter().filter(|kind| set.newest(*kind).is_none()).collect();
        for kind in &missing {
            keys.store.add_first(*kind).await?;
        }
        if !missing.is_empty() {
            keys.look().await?;
        }
        Ok(keys)
    }

    /// One round of looking after the keys: picks up those that other replicas added, makes what is missing, and publishes the
    /// next where it is time.
    pub(crate) async fn tend(&self) -> Result<(), KeyError> {
        let set = self.look().await?;
        let mut added = false;
        for kind in KeyKind::ALL {
            added |= match set.newest(kind) {
                None => self.store.add_first(kind).await.map(|_| true)?,
                Some(newest) => self.store.add_due(kind, newest).await?,
            };
        }
        if added {
            self.look().await?;
        }
        Ok(())
    }

    /// Tells of the keys that this replica added. What the Queue does not take now is told at the next round.
    pub(crate) async fn tell(&self, queue: &dyn Queue) {
        for envelope in self.store.untold() {
            if let Err(error) = queue.push(&envelope).await {
                tracing::warn!(%error, "that a signing key was added is told later");
                self.store.retell(envelope);
            }
        }
    }

    /// Looks for keys that others added or revoked, where nobody calls [`Keys::tend`].
    pub(crate) async fn renew(&self) -> Result<(), Outage> {
        self.look().await?;
        Ok(())
    }

    /// Sees to it that there is a key for `algorithm`. There nearly always is.
    pub(crate) async fn ready_for(&self, algorithm: Algorithm) -> Result<(), Outage> {
        if self.held().newest(algorithm.kind()).is_some() {
            return Ok(());
        }
        let set = self.look().await?;
        if set.newest(algorithm.kind()).is_none() {
            self.store.add_first(algorithm.kind()).await?;
            self.look().await?;
        }
        Ok(())
    }

    /// Signs `claims` as a JWT whose header says `typ`.
    pub(crate) fn sign<T: Serialize>(&self, algorithm: Algorithm, typ: &str, claims: &T) -> Result<String, Outage> {
        let set = self.held();
        let key = set.signing(algorithm.kind(), self.clock.now());
        let key = key.ok_or(Outage::Internal("there is no key for the algorithm of a token"))?;
        key.sign_as(algorithm, typ, claims).map_err(|_| Outage::Internal("a token could not be signed"))
    }

    /// The claims of a token that we ourselves signed as `typ`; times and audience are still to be judged. A token that another
    /// replica signed with its newest key is read after [`Keys::acquaint`].
    pub(crate) fn read<T: DeserializeOwned>(&self, jwt: &str, typ: &str) -> Result<T, InvalidJwt> {
        self.held().ring.verify(jwt, &jose::ACCEPTED, Some(typ))
    }

    /// Looks for the key of `jwt` in the database, where it is not known; a flood of made-up ones makes one look in 30 seconds.
    pub(crate) async fn acquaint(&self, jwt: &str) -> Result<(), Outage> {
        let Some(kid) = jose::key_id(jwt).filter(|kid| !self.held().ring.knows(kid)) else { return Ok(()) };
        let _alone = self.looking.lock().await;
        let Looked { at, failed } = *self.looked();
        let interval = if failed { RETRY_AFTER } else { LOOK_AGAIN_AFTER };
        let lately = at.is_some_and(|at| self.clock.now().duration_since(at) < interval);
        if self.held().ring.knows(&kid) || (lately && !failed) {
            return Ok(());
        }
        if lately {
            return Err(Outage::Keys);
        }
        self.look_alone().await?;
        Ok(())
    }

    /// Answers with the public halves of all keys, and how long they may be kept: never longer than the next key is published
    /// ahead, and not at all before there is a key for each algorithm.
    pub(crate) fn published<T>(&self, answer: impl FnOnce(&set::Published<'_>, u64) -> T) -> T {
        let set = self.held();
        let kept = if set.is_complete() { self.kept.unsigned_abs().as_secs() } else { 0 };
        answer(&set.published(self.clock.now()), kept)
    }

    fn held(&self) -> Arc<KeySet> {
        Arc::clone(&self.held.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn looked(&self) -> MutexGuard<'_, Looked> {
        self.looked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the keys from the database, one reader at a time, so that no older answer replaces a newer one.
    async fn look(&self) -> Result<Arc<KeySet>, KeyError> {
        let _alone = self.looking.lock().await;
        self.look_alone().await
    }

    async fn look_alone(&self) -> Result<Arc<KeySet>, KeyError> {
        let loaded = self.store.load(&self.held()).await;
        *self.looked() = Looked { at: Some(self.clock.now()), failed: loaded.is_err() };
        let set = Arc::new(loaded?);
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&set);
        Ok(set)
    }
}
