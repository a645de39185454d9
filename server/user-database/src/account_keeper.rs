//! What an operator does with accounts, and users with their own.

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

use crate::{Account, Unavailable};

/// Keeps the accounts. Each change is whole or not at all, with what it ends.
#[async_trait]
pub trait AccountKeeper: Send + Sync + 'static {
    /// Up to `limit` accounts in the order of their usernames, after `after`.
    async fn list(&self, after: &str, limit: u32) -> Result<Vec<Account>, Unavailable>;
    /// Gives an account another full name; false where there is no such account.
    async fn set_name(&self, subject: Uuid, name: &str) -> Result<bool, Unavailable>;
    /// Gives an account another password and ends its sessions and grants at `now`, and the links that were sent for it; false where
    /// there is no such account.
    async fn set_password(&self, subject: Uuid, password_hash: &str, now: Timestamp) -> Result<bool, Unavailable>;
    /// Disables an account, which ends its sessions, grants and links at `now`, or enables it again, which revives none of them;
    /// false where there is no such account.
    async fn set_disabled(&self, subject: Uuid, disabled: bool, now: Timestamp) -> Result<bool, Unavailable>;
    /// Removes an account with its consents and grants; false where there is none. Its audit records stay.
    async fn remove(&self, subject: Uuid) -> Result<bool, Unavailable>;
}
