//! The authorization server's public keys, read by discovery and remembered.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use protocol::Clock;
use protocol::discovery::{ProviderMetadata, WELL_KNOWN};
use protocol::jose::JwkSet;
use serde::de::DeserializeOwned;
use tokio::sync::Mutex;

/// How long keys are used before they are fetched again.
const FRESH: SignedDuration = SignedDuration::from_hours(1);
/// How often an unknown key may make us fetch them before that.
const INTERVAL: SignedDuration = SignedDuration::from_secs(30);
/// The largest document that is read, in bytes.
const LARGEST: usize = 256 << 10;

/// The keys cannot be had.
#[derive(Debug, thiserror::Error)]
#[error("the authorization server's keys cannot be read: {0}")]
pub struct NoKeys(String);

/// The keys of one issuer.
pub struct IssuerKeys {
    issuer: String,
    http: reqwest::Client,
    clock: Arc<dyn Clock>,
    known: Mutex<Option<(Arc<JwkSet>, Timestamp)>>,
}

impl IssuerKeys {
    /// Nothing is fetched before the first token comes.
    pub fn new(issuer: String, http: reqwest::Client, clock: Arc<dyn Clock>) -> Self {
        Self { issuer, http, clock, known: Mutex::default() }
    }

    /// The keys as we know them; fetched at first use and after an hour. Stale keys serve while the issuer is away.
    ///
    /// # Errors
    /// [`NoKeys`] where they were never read and cannot be now.
    pub async fn current(&self) -> Result<Arc<JwkSet>, NoKeys> {
        self.younger_than(FRESH, true).await
    }

    /// The keys fetched again, unless that was done within the last 30 seconds.
    ///
    /// # Errors
    /// [`NoKeys`] where they cannot be read.
    pub async fn renewed(&self) -> Result<Arc<JwkSet>, NoKeys> {
        self.younger_than(INTERVAL, false).await
    }

    async fn younger_than(&self, age: SignedDuration, stale_serves: bool) -> Result<Arc<JwkSet>, NoKeys> {
        let mut known = self.known.lock().await;
        if let Some((keys, at)) = known.as_ref()
            && self.clock.now().duration_since(*at) < age
        {
            return Ok(Arc::clone(keys));
        }
        match (self.fetch().await, known.as_ref()) {
            (Ok(keys), _) => {
                let keys = Arc::new(keys);
                *known = Some((Arc::clone(&keys), self.clock.now()));
                Ok(keys)
            }
            (Err(error), Some((keys, _))) if stale_serves => {
                tracing::warn!(%error, "keys known from before serve on");
                Ok(Arc::clone(keys))
            }
            (Err(error), _) => Err(error),
        }
    }

    async fn fetch(&self) -> Result<JwkSet, NoKeys> {
        let metadata: ProviderMetadata = self.get(&format!("{}{WELL_KNOWN}", self.issuer.trim_end_matches('/'))).await?;
        if metadata.issuer != self.issuer {
            return Err(NoKeys(format!("the metadata is of the issuer {}", metadata.issuer)));
        }
        self.get(&metadata.jwks_uri).await
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
