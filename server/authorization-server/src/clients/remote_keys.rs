//! Key sets that clients publish: fetched when first needed, kept, and fetched again for an unknown `kid`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use protocol::Clock;
use protocol::jose::JwkSet;
use url::Url;

/// How long a set serves before an unknown key makes us ask again, so that a flood of made-up `kid`s costs one request.
const REFETCH_AFTER: SignedDuration = SignedDuration::from_secs(30);
/// How long to wait after a failure while there is no set at all, so that a client that starts later is found soon.
const RETRY_AFTER: SignedDuration = SignedDuration::from_secs(1);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const TOTAL_TIMEOUT: Duration = Duration::from_secs(5);
/// No honest key set is larger, in bytes.
const LARGEST: usize = 64 * 1024;

/// The client's keys cannot be had now.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeysUnavailable {
    #[error("the key set cannot be fetched")]
    Http(#[from] reqwest::Error),
    #[error("the key set is answered with status {0}")]
    Status(u16),
    #[error("the key set is larger than {LARGEST} bytes")]
    TooLarge,
    #[error("the key set is not a JWK set")]
    Malformed(#[from] serde_json::Error),
    #[error("the key set could not be fetched a moment ago")]
    Lately,
}

/// Makes the HTTP client for what the Authorization Server asks of others: quick to give up, and never led elsewhere by a
/// redirect.
///
/// # Errors
/// [`reqwest::Error`] where no TLS provider is installed in this process.
pub fn outbound_client() -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(TOTAL_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .build()
}

#[derive(Default)]
struct Held {
    keys: Option<Arc<JwkSet>>,
    tried: Option<Timestamp>,
}

/// One published set. The outer lock is never held across a wait; the inner one lets a single fetch serve all who wait.
#[derive(Default)]
struct Entry {
    held: Mutex<Held>,
    fetching: tokio::sync::Mutex<()>,
}

/// The published key sets of all clients.
pub(crate) struct RemoteKeys {
    http: reqwest::Client,
    clock: Arc<dyn Clock>,
    entries: Mutex<HashMap<Url, Arc<Entry>>>,
}

impl RemoteKeys {
    pub(crate) fn new(http: reqwest::Client, clock: Arc<dyn Clock>) -> Self {
        Self { http, clock, entries: Mutex::default() }
    }

    /// The set at `uri`, asked for again where it has no key `kid`.
    pub(crate) async fn get(&self, uri: &Url, kid: Option<&str>) -> Result<Arc<JwkSet>, KeysUnavailable> {
        let entry = Arc::clone(self.entries.lock().unwrap_or_else(PoisonError::into_inner).entry(uri.clone()).or_default());
        if let Some(answer) = self.without_asking(&entry, kid) {
            return answer;
        }
        let _alone = entry.fetching.lock().await;
        if let Some(answer) = self.without_asking(&entry, kid) {
            return answer;
        }
        let fetched = self.fetch(uri).await;
        let mut held = entry.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.tried = Some(self.clock.now());
        match (fetched, &held.keys) {
            (Ok(keys), _) => {
                let keys = Arc::new(keys);
                held.keys = Some(Arc::clone(&keys));
                Ok(keys)
            }
            // The old keys are as good as they were.
            (Err(_), Some(keys)) => Ok(Arc::clone(keys)),
            (Err(error), None) => Err(error),
        }
    }

    fn without_asking(&self, entry: &Entry, kid: Option<&str>) -> Option<Result<Arc<JwkSet>, KeysUnavailable>> {
        let held = entry.held.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = held.tried.map(|tried| self.clock.now().duration_since(tried));
        match &held.keys {
            Some(keys) => {
                let known = kid.is_none_or(|kid| keys.find(kid).is_some());
                (known || waited.is_some_and(|waited| waited < REFETCH_AFTER)).then(|| Ok(Arc::clone(keys)))
            }
            None => waited.is_some_and(|waited| waited < RETRY_AFTER).then_some(Err(KeysUnavailable::Lately)),
        }
    }

    async fn fetch(&self, uri: &Url) -> Result<JwkSet, KeysUnavailable> {
        let mut response = self.http.get(uri.clone()).timeout(TOTAL_TIMEOUT).send().await?;
        if !response.status().is_success() {
            return Err(KeysUnavailable::Status(response.status().as_u16()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > LARGEST {
                return Err(KeysUnavailable::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(serde_json::from_slice(&body)?)
    }
}
