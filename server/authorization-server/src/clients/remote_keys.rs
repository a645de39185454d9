//! Key sets that clients publish: fetched when first needed, kept, and fetched again for an unknown `kid`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use http::Method;
use jiff::{SignedDuration, Timestamp};
use protocol::Clock;
use protocol::jose::JwkSet;
use url::Url;

use super::Voucher;
use crate::outbound::{self, Forbidden, Outbound, Unreadable};

/// How long a set serves before an unknown key makes us ask again, so that a flood of made-up `kid`s costs one request.
const REFETCH_AFTER: SignedDuration = SignedDuration::from_secs(30);
/// How long to wait after a failure while there is no set at all, so that a client that starts later is found soon.
const RETRY_AFTER: SignedDuration = SignedDuration::from_secs(1);
/// No honest key set is larger, in bytes.
const LARGEST: usize = 64 * 1024;
/// How many sets are kept.
const MOST: usize = 1024;

/// The client's keys cannot be had now.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeysUnavailable {
    #[error("the key set cannot be fetched")]
    Http(#[from] reqwest::Error),
    #[error("the key set is answered with status {0}")]
    Status(u16),
    #[error("the key set cannot be read")]
    Unreadable(#[from] Unreadable),
    #[error("the key set is not asked for: {0}")]
    Forbidden(#[from] Forbidden),
    #[error("the key set is not a JWK set")]
    Malformed(#[from] serde_json::Error),
    #[error("the key set could not be fetched a moment ago")]
    Lately,
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
    outbound: Outbound,
    clock: Arc<dyn Clock>,
    entries: Mutex<HashMap<Url, Arc<Entry>>>,
}

impl RemoteKeys {
    pub(crate) fn new(outbound: Outbound, clock: Arc<dyn Clock>) -> Self {
        Self { outbound, clock, entries: Mutex::default() }
    }

    /// The set at `uri` of a client that `voucher` vouches for, asked for again where it has no key `kid`.
    pub(crate) async fn get(&self, uri: &Url, voucher: Voucher, kid: Option<&str>) -> Result<Arc<JwkSet>, KeysUnavailable> {
        let entry = self.entry(uri);
        if let Some(answer) = self.without_asking(&entry, kid) {
            return answer;
        }
        let _alone = entry.fetching.lock().await;
        if let Some(answer) = self.without_asking(&entry, kid) {
            return answer;
        }
        let fetched = self.fetch(uri, voucher).await;
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

    /// The entry of `uri`. Where clients register themselves there is no end of them: when there are too many, those go that
    /// nobody is waiting for.
    fn entry(&self, uri: &Url) -> Arc<Entry> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= MOST && !entries.contains_key(uri) {
            entries.retain(|_, entry| Arc::strong_count(entry) > 1);
        }
        Arc::clone(entries.entry(uri.clone()).or_default())
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

    async fn fetch(&self, uri: &Url, voucher: Voucher) -> Result<JwkSet, KeysUnavailable> {
        let response = self.outbound.request(Method::GET, uri, voucher)?.send().await?;
        if !response.status().is_success() {
            return Err(KeysUnavailable::Status(response.status().as_u16()));
        }
        Ok(serde_json::from_slice(&outbound::read(response, LARGEST).await?)?)
    }
}
