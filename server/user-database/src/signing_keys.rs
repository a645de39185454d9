//! Signing keys: what the provider's tokens are signed with.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::Unavailable;

/// A signing key at rest.
///
/// It is published from the moment it is added, signs from `activates_at` on until the next generation of its kind does, and
/// stays published until `expires_at`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredKey {
    /// What kind of key it is, by a name that its owner gives it.
    pub kind: String,
    /// Its number among its kind, from 1 on.
    pub generation: i64,
    /// Its identifier.
    pub kid: String,
    /// The private key, sealed; the database cannot read it.
    pub sealed: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it signs.
    pub activates_at: Timestamp,
    /// Until when it is published; without an end while it has no successor.
    pub expires_at: Option<Timestamp>,
}

/// The provider's signing keys.
#[async_trait]
pub trait SigningKeys: Send + Sync + 'static {
    /// All keys, by kind, the newest of each first. Those that have expired are among them until they are pruned.
    async fn all(&self) -> Result<Vec<StoredKey>, Unavailable>;

    /// Adds `key` as the newest of its kind, and lets all before it expire at `predecessors_expire_at` unless they do so
    /// earlier. One step: other readers see both or neither.
    ///
    /// False, and nothing is changed, where there is a key of that kind and generation already: another replica was quicker.
    async fn add(&self, key: &StoredKey, predecessors_expire_at: Timestamp) -> Result<bool, Unavailable>;
}
