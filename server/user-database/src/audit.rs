//! The audit log: what happened.

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

use crate::Unavailable;

/// A line of the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRecord {
    /// The event's identity.
    pub id: Uuid,
    /// When it happened.
    pub at: Timestamp,
    /// Its kind, `signed_in` for one.
    pub kind: String,
    /// The user it is about.
    pub subject: Option<String>,
    /// The rest, as JSON.
    pub details: serde_json::Value,
}

/// The audit log: it only grows.
#[async_trait]
pub trait AuditTrail: Send + Sync + 'static {
    /// Records an event once; false where it was recorded before.
    async fn record(&self, record: &AuditRecord) -> Result<bool, Unavailable>;
    /// The newest records, `limit` at the most, of `subject` where one is given.
    async fn recent(&self, subject: Option<&str>, limit: u32) -> Result<Vec<AuditRecord>, Unavailable>;
}
