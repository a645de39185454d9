//! Consents: what users allowed which client.

use async_trait::async_trait;
use jiff::Timestamp;
use protocol::Scope;
use uuid::Uuid;

use crate::Unavailable;

/// A client that may act for a user: by what the user allowed, or by a grant that is alive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// The client.
    pub client_id: String,
    /// What it may do.
    pub scope: Scope,
    /// Since when.
    pub since: Timestamp,
}

/// What users allowed which client. The subject is one of an account.
#[async_trait]
pub trait Consents: Send + Sync + 'static {
    /// What `subject` allowed `client_id` so far; empty where nothing.
    async fn allowed(&self, subject: Uuid, client_id: &str) -> Result<Scope, Unavailable>;
    /// Adds `scope` to what `subject` allowed `client_id`.
    async fn allow(&self, subject: Uuid, client_id: &str, scope: &Scope, at: Timestamp) -> Result<(), Unavailable>;
    /// The clients that may act for `subject` at `now`, in the order of their identifiers.
    async fn connections(&self, subject: Uuid, now: Timestamp) -> Result<Vec<Connection>, Unavailable>;
    /// Takes back all that `subject` allowed `client_id`, ends the grants that came of it at `now`, and lets the client no longer
    /// hear of the user's sessions: whole or not at all.
    async fn withdraw(&self, subject: Uuid, client_id: &str, now: Timestamp) -> Result<(), Unavailable>;
}
