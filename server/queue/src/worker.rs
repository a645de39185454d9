//! What is done with each event.

use async_trait::async_trait;

use crate::Envelope;

/// Why an event could not be handled this time; it will be tried again.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct HandlerError(pub String);

/// Handles events; idempotent by [`Envelope::id`].
#[async_trait]
pub trait Handler: Send + Sync + 'static {
    /// Handles one event.
    async fn handle(&self, envelope: &Envelope) -> Result<(), HandlerError>;
}
