//! Consents: what users allowed which client.

use async_trait::async_trait;
use jiff::Timestamp;
use protocol::Scope;
use uuid::Uuid;

use crate::Unavailable;

/// What users allowed which client. The subject is one of an account.
#[async_trait]
pub trait Consents: Send + Sync + 'static {
    /// What `subject` allowed `client_id` so far; empty where nothing.
    async fn allowed(&self, subject: Uuid, client_id: &str) -> Result<Scope, Unavailable>;
    /// Adds `scope` to what `subject` allowed `client_id`.
    async fn allow(&self, subject: Uuid, client_id: &str, scope: &Scope, at: Timestamp) -> Result<(), Unavailable>;
}
