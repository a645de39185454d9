//! What the layer has to remember: which DPoP proofs were used (RFC 9449 §11.1).

use std::time::Duration;

use async_trait::async_trait;

/// Nothing is known about whether a proof was used: it is not taken.
#[derive(Debug, thiserror::Error)]
#[error("whether a DPoP proof was used before cannot be told: {0}")]
pub struct Unavailable(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Remembers the proofs that were used. All replicas of an API share one memory, or a proof that was overheard on its way to
/// one of them is good at the next; behind a single replica a map in the process will do.
#[async_trait]
pub trait UsedProofs: Send + Sync + 'static {
    /// Notes the use of the proof of this `name` (43 characters) for `lifetime`; false where it was noted before. Of many
    /// at once, one is the first.
    async fn note(&self, name: &str, lifetime: Duration) -> Result<bool, Unavailable>;
}
