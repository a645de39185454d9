//! Signing keys: what the provider's tokens are signed with.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::Unavailable;

/// A signing key at rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredKey {
    /// Its identifier.
    pub kid: String,
    /// The private key, sealed; the database cannot read it.
    pub sealed: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// The provider's signing keys.
#[async_trait]
pub trait SigningKeys: Send + Sync + 'static {
    /// All keys, newest first.
    async fn all(&self) -> Result<Vec<StoredKey>, Unavailable>;
    /// Adds the very first key; false where there is one already (another replica was quicker).
    async fn add_first(&self, key: &StoredKey) -> Result<bool, Unavailable>;
}
