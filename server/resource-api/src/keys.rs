//! The authorization server's public keys, read by discovery and remembered.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use protocol::Clock;
use protocol::discovery::{ProviderMetadata, WELL_KNOWN};
use protocol::jose::{JwkSet, Keyring};
use serde::de::DeserializeOwned;

/// How long keys are used before they are fetched again.
const FRESH: SignedDuration = SignedDuration::from_hours(1);
/// How long after a fetch, failed or not, the next one may come: a flood of unknown keys costs one request.
const INTERVAL: SignedDuration = SignedDuration::from_secs(30);
/// The same while there are no keys at all, so that an issuer that starts later is found soon.
const INTERVAL_WITHOUT_KEYS: SignedDuration = SignedDuration::from_secs(1);
/// The largest document that is read, in bytes.
const LARGEST: usize = 256 << 10;

/// The keys cannot be had.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the authorization server's keys cannot be read: {0}")]
pub struct NoKeys(String);

#[derive(Default)]
struct Held {
    keys: Option<(Arc<Keyring>, Timestamp)>,
    /// When they were last asked for, and why in vain.
    tried: Option<(Timestamp, Option<NoKeys>)>,
}

/// The keys of one issuer. The lock on what is held is never kept across a wait; the other lets one fetch serve all who wait.
pub struct IssuerKeys {
    issuer: String,
    http: reqwest::Client,
    clock: Arc<dyn Clock>,
    held: Mutex<Held>,
    fetching: tokio::sync::Mutex<()>,
}

impl IssuerKeys {
    /// Nothing is fetched before the first token comes.
    pub fn new(issuer: String, http: reqwest::Client, clock: Arc<dyn Clock>) -> Self {
        Self { issuer, http, clock, held: Mutex::default(), fetching: tokio::sync::Mutex::default() }
    }

    /// The keys as we know them; fetched at first use and after an hour. Stale keys serve while the issuer is away, and
    /// everybody but the one who fetches.
    ///
    /// # Errors
    /// [`NoKeys`] where they were never read and cannot be now.
    pub async fn current(&self) -> Result<Arc<Keyring>, NoKeys> {
        let Some((keys, at)) = self.held().keys.clone() else { return self.renewed().await };
        if self.clock.now().duration_since(at) < FRESH || self.tried_lately().is_some() {
            return Ok(keys);
        }
        let Ok(_alone) = self.fetching.try_lock() else { return Ok(keys) };
        Ok(self.ask().await.unwrap_or_else(|error| {
            tracing::warn!(%error, "keys known from before serve on");
            keys
        }))
    }

    /// The keys fetched again, unless that was tried within the last 30 seconds.
    ///
    /// # Errors
    /// [`NoKeys`] where the last try failed.
    pub async fn renewed(&self) -> Result<Arc<Keyring>, NoKeys> {
        // Whoever comes while a fetch is under way waits for what it brings.
        let _alone = self.fetching.lock().await;
        match self.tried_lately() {
            Some(answer) => answer,
            None => self.ask().await,
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the last fetch came to, where it is too early for another.
    fn tried_lately(&self) -> Option<Result<Arc<Keyring>, NoKeys>> {
        let held = self.held();
        let (at, failure) = held.tried.as_ref()?;
        let interval = if held.keys.is_some() { INTERVAL } else { INTERVAL_WITHOUT_KEYS };
        if self.clock.now().duration_since(*at) >= interval {
            return None;
        }
        let known = held.keys.as_ref().map(|(keys, _)| Arc::clone(keys));
        match (failure, known) {
            (None, Some(keys)) => Some(Ok(keys)),
            (Some(failure), _) => Some(Err(failure.clone())),
            (None, None) => None,
        }
    }

    async fn ask(&self) -> Result<Arc<Keyring>, NoKeys> {
        // Counted before it is waited for: a caller who goes away meanwhile has tried all the same.
        self.held().tried = Some((self.clock.now(), Some(NoKeys("the last try was broken off".to_owned()))));
        let fetched = self.fetch().await.map(Arc::new);
        let now = self.clock.now();
        let mut held = self.held();
        held.tried = Some((now, fetched.as_ref().err().cloned()));
        if let Ok(keys) = &fetched {
            held.keys = Some((Arc::clone(keys), now));
        }
        fetched
    }

    async fn fetch(&self) -> Result<Keyring, NoKeys> {
        let metadata: ProviderMetadata = self.get(&format!("{}{WELL_KNOWN}", self.issuer.trim_end_matches('/'))).await?;
        if metadata.issuer != self.issuer {
            return Err(NoKeys(format!("the metadata is of the issuer {}", metadata.issuer)));
        }
        let set: JwkSet = self.get(&metadata.jwks_uri).await?;
        Ok(Keyring::from(&set))
    }

    async fn get<T: DeserializeOwned>(&self, url: &str) -> Result<T, NoKeys> {
        let unread = |error: reqwest::Error| NoKeys(error.to_string());
        let mut answer = self.http.get(url).send().await.and_then(reqwest::Response::error_for_status).map_err(unread)?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(unread)? {
            body.extend_from_slice(&chunk);
            if body.len() > LARGEST {
                return Err(NoKeys(format!("{url} is too large")));
            }
        }
        serde_json::from_slice(&body).map_err(|error| NoKeys(format!("{url}: {error}")))
    }
}
