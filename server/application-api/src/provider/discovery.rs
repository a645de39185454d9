//! What a provider tells of itself (OpenID Connect Discovery): metadata and keys, fetched together and kept for an hour.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use openidconnect::core::{
    CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreGrantType, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreResponseMode, CoreResponseType,
    CoreSubjectIdentifierType,
};
use openidconnect::{AdditionalProviderMetadata, IssuerUrl, ProviderMetadata};
use serde::{Deserialize, Serialize};

use super::{Provider, ProviderError};

/// How long metadata and keys are used before they are fetched again.
const FRESH: SignedDuration = SignedDuration::from_hours(1);

/// How often an unknown key may make us fetch them before that (B7).
const INTERVAL: SignedDuration = SignedDuration::from_secs(30);

/// How long fetching both may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Members of the metadata beyond OpenID Connect Discovery (RFC 9126 §5, RFC 9207 §3, RFC 7009, RP-Initiated Logout §2.1).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Extensions {
    pub(super) pushed_authorization_request_endpoint: Option<String>,
    #[serde(default)]
    pub(super) authorization_response_iss_parameter_supported: bool,
    pub(super) end_session_endpoint: Option<String>,
    pub(super) revocation_endpoint: Option<String>,
    /// RFC 9449 §5.1.
    pub(super) dpop_signing_alg_values_supported: Option<Vec<String>>,
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

#[derive(Clone)]
pub(super) struct Known {
    metadata: Arc<Metadata>,
    fetched_at: Timestamp,
    tried_at: Timestamp,
    /// When an unknown key last made us fetch.
    renewed_at: Option<Timestamp>,
}

impl Provider {
    /// Metadata and keys; fetched at first use and after an hour. While the provider is away, what we know serves on.
    ///
    /// # Errors
    /// [`ProviderError`] where they were never fetched and cannot be now.
    pub async fn metadata(&self) -> Result<Arc<Metadata>, ProviderError> {
        let now = self.clock.now();
        let Some(known) = self.known().await else { return self.first().await };
        if now.duration_since(known.fetched_at) < FRESH || now.duration_since(known.tried_at) < INTERVAL {
            return Ok(known.metadata);
        }
        // One fetches; the others are served what we know, at once.
        match self.fetching.try_lock() {
            Ok(_fetching) => Ok(self.fetch().await.unwrap_or(known.metadata)),
            Err(_) => Ok(known.metadata),
        }
    }

    /// Metadata and keys in place of those that were `used` and lack a key: fetched again, unless an unknown key made us do so
    /// within the last 30 seconds (B7, attack 21). Who comes while others fetch has what those get.
    ///
    /// # Errors
    /// [`ProviderError`] where they were never fetched and cannot be now.
    pub async fn renewed_metadata(&self, used: &Arc<Metadata>) -> Result<Arc<Metadata>, ProviderError> {
        let _fetching = self.fetching.lock().await;
        let now = self.clock.now();
        let known = match self.known.write().await.as_mut() {
            None => None,
            Some(known) => {
                let lately = known.renewed_at.is_some_and(|at| now.duration_since(at) < INTERVAL);
                if lately || !Arc::ptr_eq(&known.metadata, used) {
                    return Ok(Arc::clone(&known.metadata));
                }
                known.renewed_at = Some(now);
                Some(Arc::clone(&known.metadata))
            }
        };
        match (self.fetch().await, known) {
            (Err(error), Some(known)) => {
                tracing::warn!(%error, "a provider's keys could not be fetched again");
                Ok(known)
            }
            (fetched, _) => fetched,
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
        let mut renewed_at = None;
        if let Some(known) = self.known.write().await.as_mut() {
            known.tried_at = tried_at;
            renewed_at = known.renewed_at;
        }
        let metadata = Arc::new(self.discover().await?);
        let known = Known { metadata: Arc::clone(&metadata), fetched_at: tried_at, tried_at, renewed_at };
        *self.known.write().await = Some(known);
        Ok(metadata)
    }

    async fn discover(&self) -> Result<Metadata, ProviderError> {
        let issuer =
            IssuerUrl::new(self.settings.issuer.clone()).map_err(|error| ProviderError::Unacceptable(error.to_string()))?;
        let discovered = tokio::time::timeout(PATIENCE, Metadata::discover_async(issuer, &self.wire)).await;
        let metadata = discovered.map_err(|_| ProviderError::Unreachable("no metadata in time".to_owned()))?;
        let metadata = metadata.map_err(|error| match error {
            openidconnect::DiscoveryError::Request(error) => ProviderError::Unreachable(error.to_string()),
            other => ProviderError::Unacceptable(other.to_string()),
        })?;
        self.refuse_plain_http(&metadata)?;
        Ok(metadata)
    }

    /// A provider that is reached by https leads nobody to plain http.
    fn refuse_plain_http(&self, metadata: &Metadata) -> Result<(), ProviderError> {
        let Extensions { pushed_authorization_request_endpoint, end_session_endpoint, revocation_endpoint, .. } =
            metadata.additional_metadata();
        let endpoints = [
            Some(metadata.authorization_endpoint().as_str()),
            metadata.token_endpoint().map(|endpoint| endpoint.as_str()),
            metadata.userinfo_endpoint().map(|endpoint| endpoint.as_str()),
            Some(metadata.jwks_uri().as_str()),
            pushed_authorization_request_endpoint.as_deref(),
            end_session_endpoint.as_deref(),
            revocation_endpoint.as_deref(),
        ];
        let plain = endpoints.into_iter().flatten().find(|endpoint| !endpoint.starts_with("https:"));
        match plain.filter(|_| self.issuer().starts_with("https:")) {
            Some(endpoint) => Err(ProviderError::Unacceptable(format!("its endpoint {endpoint} is not https"))),
            None => Ok(()),
        }
    }

    /// Takes `metadata` as if it had been fetched now.
    #[cfg(test)]
    pub(super) async fn learn(&self, metadata: Metadata) {
        let now = self.clock.now();
        let metadata = Arc::new(metadata);
        *self.known.write().await = Some(Known { metadata, fetched_at: now, tried_at: now, renewed_at: Some(now) });
    }

    /// The origin to which signing out leads, as far as it is known without asking: else that of the issuer.
    pub(crate) async fn sign_out_origin(&self) -> Option<String> {
        let known = self.known().await;
        let endpoint = known.as_ref().and_then(|known| Self::end_session_endpoint(&known.metadata));
        let url = url::Url::parse(endpoint.unwrap_or(self.issuer())).ok()?;
        Some(url.origin().ascii_serialization())
    }
}
