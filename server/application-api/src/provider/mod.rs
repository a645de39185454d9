//! The provider as we see it: its metadata and keys by discovery, and our authentication towards it.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use openidconnect::core::{
    CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreGrantType, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreResponseMode, CoreResponseType,
    CoreSubjectIdentifierType,
};
use openidconnect::{AdditionalProviderMetadata, IssuerUrl, ProviderMetadata};
use protocol::jose::SigningKey;
use protocol::{Clock, Rng, client_assertion};
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, RwLock};

use crate::Settings;
use wire::Wire;

mod client;
pub mod logout_token;
pub mod push;
pub mod revoke;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests stop at surprises")]
mod samples;
pub mod token;
pub mod wire;

/// How long metadata and keys are used before they are fetched again.
const FRESH: SignedDuration = SignedDuration::from_hours(1);

/// How often an unknown key may make us fetch them before that (B7).
const INTERVAL: SignedDuration = SignedDuration::from_secs(30);

/// How long fetching both may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Members of the metadata beyond OpenID Connect Discovery (RFC 9126 §5, RFC 9207 §3, RFC 7009, RP-Initiated Logout §2.1).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Extensions {
    pushed_authorization_request_endpoint: Option<String>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
    end_session_endpoint: Option<String>,
    revocation_endpoint: Option<String>,
}

impl AdditionalProviderMetadata for Extensions {}

/// What discovery told, keys included.
pub type Metadata = ProviderMetadata<
    Extensions,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// Why the provider did not give what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// It does not answer, or answers 5xx: try again.
    #[error("the provider does not answer: {0}")]
    Unreachable(String),
    /// It says no, with this code.
    #[error("the provider says {0}")]
    Refused(String),
    /// It answers something that the specifications do not allow, so nothing of it is used.
    #[error("the provider's answer is not acceptable: {0}")]
    Unacceptable(String),
}

#[derive(Clone)]
struct Known {
    metadata: Arc<Metadata>,
    fetched_at: Timestamp,
    tried_at: Timestamp,
}

/// One provider.
pub struct Provider {
    issuer: String,
    client_id: String,
    redirect_uri: String,
    audience: String,
    wire: Wire,
    client_key: SigningKey,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    known: RwLock<Option<Known>>,
    fetching: Mutex<()>,
}

impl Provider {
    pub(crate) fn new(
        settings: &Settings,
        client_key: SigningKey,
        http: reqwest::Client,
        clock: Arc<dyn Clock>,
        rng: Arc<dyn Rng>,
    ) -> Self {
        Self {
            issuer: settings.issuer.clone(),
            client_id: settings.client_id.clone(),
            redirect_uri: settings.redirect_uri(),
            audience: settings.audience().to_owned(),
            wire: Wire(http),
            client_key,
            clock,
            rng,
            known: RwLock::default(),
            fetching: Mutex::default(),
        }
    }

    /// The issuer identifier.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Metadata and keys; fetched at first use and after an hour. While the provider is away, what we know serves on.
    ///
    /// # Errors
    /// [`ProviderError`] where they were never fetched and cannot be now.
    pub async fn metadata(&self) -> Result<Arc<Metadata>, ProviderError> {
        self.younger_than(FRESH).await
    }

    /// Metadata and keys, fetched again unless that was tried within the last 30 seconds: for a key we do not know (B7).
    ///
    /// # Errors
    /// [`ProviderError`] where they were never fetched and cannot be now.
    pub async fn renewed_metadata(&self) -> Result<Arc<Metadata>, ProviderError> {
        self.younger_than(INTERVAL).await
    }

    async fn younger_than(&self, age: SignedDuration) -> Result<Arc<Metadata>, ProviderError> {
        let now = self.clock.now();
        let Some(known) = self.known().await else { return self.first().await };
        if now.duration_since(known.fetched_at) < age || now.duration_since(known.tried_at) < INTERVAL {
            return Ok(known.metadata);
        }
        // One fetches; the others are served what we know, at once.
        match self.fetching.try_lock() {
            Ok(_fetching) => Ok(self.fetch().await.unwrap_or(known.metadata)),
            Err(_) => Ok(known.metadata),
        }
    }

    async fn first(&self) -> Result<Arc<Metadata>, ProviderError> {
        let _fetching = self.fetching.lock().await;
        match self.known().await {
            Some(known) => Ok(known.metadata),
            None => self.fetch().await,
        }
    }

    async fn known(&self) -> Option<Known> {
        self.known.read().await.clone()
    }

    async fn fetch(&self) -> Result<Arc<Metadata>, ProviderError> {
        let tried_at = self.clock.now();
        if let Some(known) = self.known.write().await.as_mut() {
            known.tried_at = tried_at;
        }
        let metadata = Arc::new(self.discover().await?);
        *self.known.write().await = Some(Known { metadata: Arc::clone(&metadata), fetched_at: tried_at, tried_at });
        Ok(metadata)
    }

    async fn discover(&self) -> Result<Metadata, ProviderError> {
        let issuer = IssuerUrl::new(self.issuer.clone()).map_err(|error| ProviderError::Unacceptable(error.to_string()))?;
        let discovered = tokio::time::timeout(PATIENCE, Metadata::discover_async(issuer, &self.wire)).await;
        discovered.map_err(|_| ProviderError::Unreachable("no metadata in time".to_owned()))?.map_err(|error| match error {
            openidconnect::DiscoveryError::Request(error) => ProviderError::Unreachable(error.to_string()),
            other => ProviderError::Unacceptable(other.to_string()),
        })
    }

    /// Whether the provider promises `iss` in its responses (RFC 9207 §3).
    pub fn promises_issuer(metadata: &Metadata) -> bool {
        metadata.additional_metadata().authorization_response_iss_parameter_supported
    }

    /// Where to send the browser to end the provider's session, where the provider has such a place.
    pub fn end_session_endpoint(metadata: &Metadata) -> Option<&str> {
        metadata.additional_metadata().end_session_endpoint.as_deref()
    }

    /// The parameters that authenticate us (`private_key_jwt`, RFC 7523 §2.2); the audience is the issuer.
    fn authentication(&self) -> Result<[(&'static str, String); 3], ProviderError> {
        let assertion =
            client_assertion::assert(&self.client_id, &self.issuer, &self.client_key, self.clock.now(), self.rng.as_ref())
                .map_err(|error| ProviderError::Unacceptable(error.to_string()))?;
        Ok([
            ("client_id", self.client_id.clone()),
            ("client_assertion_type", client_assertion::ASSERTION_TYPE.to_owned()),
            ("client_assertion", assertion.expose().to_owned()),
        ])
    }
}
