//! Clients: who may ask for tokens, beside those of the configuration.

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;

use crate::Unavailable;

/// A client at rest. Secrets are nowhere: what is kept of them are digests, made by their owner.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredClient {
    /// Its identifier.
    pub client_id: String,
    /// What is registered of it, as a JSON object in the words of RFC 7591; the database does not read it.
    pub metadata: Value,
    /// The digest of its secret, where it has one.
    pub secret_digest: Option<String>,
    /// The digest of the token by which it manages its own registration (RFC 7592 §3), where it may.
    pub registration_digest: Option<String>,
    /// Whether the operator added it; if not, it registered itself.
    pub by_operator: bool,
    /// When it was added.
    pub created_at: Timestamp,
}

/// Shows which client it is and no digest.
impl std::fmt::Debug for StoredClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredClient").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// Clients, by identifier.
#[async_trait]
pub trait Clients: Send + Sync + 'static {
    /// The client of `client_id`.
    async fn find(&self, client_id: &str) -> Result<Option<StoredClient>, Unavailable>;
    /// Up to `limit` clients in the order of their identifiers, after `after`.
    async fn list(&self, after: &str, limit: u32) -> Result<Vec<StoredClient>, Unavailable>;
    /// Adds a client; false where the identifier is taken.
    async fn add(&self, client: &StoredClient) -> Result<bool, Unavailable>;
    /// Writes metadata and digests anew; false where there is no such client (any more).
    async fn replace(&self, client: &StoredClient) -> Result<bool, Unavailable>;
    /// Removes a client with all that it was granted, consents and refresh tokens among it; false where there is none.
    async fn remove(&self, client_id: &str) -> Result<bool, Unavailable>;
}
