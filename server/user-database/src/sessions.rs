//! Sessions at the Authorization Server, as users and clients know them.

use std::collections::BTreeSet;

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

use crate::Unavailable;

/// A session at the Authorization Server. What the browser's ticket opens lies in the Cache; this is its entry in the book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// What clients know it by (Back-Channel Logout §2.1).
    pub sid: String,
    /// The user: the subject of an account.
    pub subject: Uuid,
    /// Where the Cache keeps what the ticket opens; it opens nothing by itself.
    pub record: String,
    /// When the user signed in last.
    pub began_at: Timestamp,
    /// From this instant on it is over in any case.
    pub ends_at: Timestamp,
    /// The browser, by its own words.
    pub user_agent: Option<String>,
    /// Where the browser was, where that is known.
    pub address: Option<String>,
    /// The clients that were given a code in it.
    pub clients: BTreeSet<String>,
}

/// The book of sessions.
#[async_trait]
pub trait Sessions: Send + Sync + 'static {
    /// Enters a session; where there is one of the same `sid` (its user signed in once more), it is brought up to date and keeps
    /// its clients besides those of `session`.
    async fn enter(&self, session: &Session) -> Result<(), Unavailable>;
    /// Notes that `client_id` is given a code in it; false where there is no such session (any more).
    async fn join(&self, sid: &str, client_id: &str) -> Result<bool, Unavailable>;
    /// The session, unless it has ended.
    async fn get(&self, sid: &str) -> Result<Option<Session>, Unavailable>;
    /// The sessions of `subject` that have not ended at `now`, the newest first.
    async fn of_subject(&self, subject: Uuid, now: Timestamp) -> Result<Vec<Session>, Unavailable>;
    /// Strikes a session out and gives it as it was last; of many at once, to one.
    async fn strike(&self, sid: &str) -> Result<Option<Session>, Unavailable>;
}
