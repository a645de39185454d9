//! Signing keys at rest: sealed under the secret of the configuration, added one generation at a time.

use std::sync::{Arc, PoisonError};

use jiff::{SignedDuration, Timestamp};
use protocol::jose::{KeyKind, SigningKey};
use protocol::seal::Sealer;
use protocol::{Clock, Rng};
use queue::{Envelope, Event};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Mutex;
use user_database::{SigningKeys, StoredKey, Unavailable};

use super::{KeySchedule, KeySet};
use crate::settings::Settings;

const PURPOSE: &str = "provider signing key";

/// Why the keys cannot be had, or none be added.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The User Database does not answer.
    #[error(transparent)]
    Users(#[from] Unavailable),
    /// A stored key does not open under the secret from the configuration.
    #[error("the signing key {0} does not open: provider.sealing_key is not the key-sealing secret under which it was stored")]
    Sealed(String),
    /// No usable key came of it.
    #[error("no signing key could be made")]
    NoKey,
}

/// How the next keys come into use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// They are published now and sign after the time that the schedule says; tokens signed before stay good.
    Ahead,
    /// They sign at once, and the keys before them are withdrawn with all that they signed.
    Revoking,
}

/// What a rotation did for one kind of key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotated {
    /// A key was added.
    Added(StoredKey),
    /// The next key waits already.
    Waiting(StoredKey),
    /// Another process added one at the same moment.
    Overtaken(KeyKind),
}

/// A key in use.
#[derive(Debug, Clone)]
pub(super) struct OpenedKey {
    pub(super) stored: StoredKey,
    pub(super) key: SigningKey,
}

/// The signing keys in the User Database, and what opens them.
pub struct KeyStore {
    port: Arc<dyn SigningKeys>,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    sealer: Sealer,
    schedule: KeySchedule,
    longest_signed: SignedDuration,
    /// Making an RSA key takes all of a core for a while; one at a time is enough.
    making: Arc<Mutex<()>>,
    /// What was added here and is still to be told to the audit log.
    untold: std::sync::Mutex<Vec<Envelope>>,
}

impl KeyStore {
    /// `secret` is what the keys are sealed under; it must stay the same over restarts and on every replica.
    pub fn new(
        port: Arc<dyn SigningKeys>,
        clock: Arc<dyn Clock>,
        rng: Arc<dyn Rng>,
        settings: &Settings,
        secret: &SecretString,
    ) -> Self {
        Self {
            port,
            clock,
            rng,
            sealer: Sealer::derive(secret.expose_secret().as_bytes(), PURPOSE),
            schedule: settings.keys,
            longest_signed: settings.lifetimes.longest_signed(),
            making: Arc::default(),
            untold: std::sync::Mutex::default(),
        }
    }

    /// Adds the next key of each kind that there is one of, and says what was done.
    ///
    /// # Errors
    /// [`KeyError`] where the database does not answer, or holds keys that another secret sealed: a key added to those could
    /// not be opened by whoever serves.
    pub async fn rotate(&self, rotation: Rotation) -> Result<Vec<Rotated>, KeyError> {
        let set = self.load(&KeySet::default()).await?;
        let mut done = Vec::new();
        for kind in KeyKind::ALL {
            let Some(newest) = set.newest(kind) else { continue };
            done.push(match rotation {
                Rotation::Ahead if newest.activates_at > self.now() => Rotated::Waiting(newest.clone()),
                Rotation::Ahead => {
                    self.add_after(kind, newest.generation, self.schedule.published_ahead, self.longest_signed).await?
                }
                Rotation::Revoking => self.add_after(kind, newest.generation, SignedDuration::ZERO, SignedDuration::ZERO).await?,
            });
        }
        Ok(done)
    }

    /// All keys that have not expired, opened; those of `known` are not opened again.
    pub(super) async fn load(&self, known: &KeySet) -> Result<KeySet, KeyError> {
        let now = self.now();
        let mut keys = Vec::new();
        for stored in self.port.all().await? {
            if stored.expires_at.is_some_and(|at| at <= now) {
                continue;
            }
            if KeyKind::of_name(&stored.kind).is_none() {
                tracing::warn!(kid = stored.kid, kind = stored.kind, "a signing key of an unknown kind is left alone");
                continue;
            }
            let key = match known.key(&stored.kid) {
                Some(key) => key.clone(),
                None => self.open(&stored)?,
            };
            keys.push(OpenedKey { stored, key });
        }
        Ok(KeySet::of(keys))
    }

    /// Makes the first key of `kind`, which signs at once; another replica may be quicker.
    pub(super) async fn add_first(&self, kind: KeyKind) -> Result<Rotated, KeyError> {
        self.add_after(kind, 0, SignedDuration::ZERO, SignedDuration::ZERO).await
    }

    /// Adds the next key of `kind` where it is due; true where one was added, by whomever.
    pub(super) async fn add_due(&self, kind: KeyKind, newest: &StoredKey) -> Result<bool, KeyError> {
        let due = self.schedule.is_due(newest.activates_at, self.now());
        if due {
            self.add_after(kind, newest.generation, self.schedule.published_ahead, self.longest_signed).await?;
        }
        Ok(due)
    }

    /// Adds the key that follows `generation`. It signs after `ahead`, and those before it are published until `on` after that.
    async fn add_after(
        &self,
        kind: KeyKind,
        generation: i64,
        ahead: SignedDuration,
        on: SignedDuration,
    ) -> Result<Rotated, KeyError> {
        let key = self.make(kind).await?;
        let pem = key.to_pem().map_err(|_| KeyError::NoKey)?;
        // After the making, which takes its time.
        let now = self.now();
        let activates_at = later(now, ahead);
        let stored = StoredKey {
            kind: kind.name().to_owned(),
            generation: generation.saturating_add(1),
            kid: key.kid().to_owned(),
            sealed: self.sealer.seal(&*self.rng, key.kid().as_bytes(), pem.expose_secret().as_bytes()),
            created_at: now,
            activates_at,
            expires_at: None,
        };
        if !self.port.add(&stored, later(activates_at, on)).await? {
            return Ok(Rotated::Overtaken(kind));
        }
        tracing::info!(kid = stored.kid, kind = stored.kind, signs_from = %activates_at, "added a signing key");
        let event = Event::SigningKeyAdded { kid: stored.kid.clone(), key_type: stored.kind.clone(), signs_from: activates_at };
        self.retell(Envelope::new(event, &*self.clock, &*self.rng));
        Ok(Rotated::Added(stored))
    }

    /// What was added since this was asked last.
    pub(super) fn untold(&self) -> Vec<Envelope> {
        std::mem::take(&mut *self.untold.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Keeps what could not be told for the next time.
    pub(super) fn retell(&self, envelope: Envelope) {
        self.untold.lock().unwrap_or_else(PoisonError::into_inner).push(envelope);
    }

    async fn make(&self, kind: KeyKind) -> Result<SigningKey, KeyError> {
        let rng = Arc::clone(&self.rng);
        let alone = Arc::clone(&self.making).lock_owned().await;
        let made = tokio::task::spawn_blocking(move || {
            // The lock goes along: should the asker go away, the core is still busy until here.
            let _alone = alone;
            SigningKey::generate_kind(kind, &*rng)
        });
        made.await.map_err(|_| KeyError::NoKey)
    }

    fn open(&self, stored: &StoredKey) -> Result<SigningKey, KeyError> {
        let locked = || KeyError::Sealed(stored.kid.clone());
        let pem = self.sealer.open(stored.kid.as_bytes(), &stored.sealed).map_err(|_| locked())?;
        let pem = SecretString::from(String::from_utf8(pem).map_err(|_| locked())?);
        SigningKey::from_pem(pem.expose_secret()).map_err(|_| locked())
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

fn later(instant: Timestamp, span: SignedDuration) -> Timestamp {
    instant.saturating_add(span).unwrap_or(Timestamp::MAX)
}
