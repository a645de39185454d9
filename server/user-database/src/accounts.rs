//! Accounts: who may sign in.

use std::fmt;

use async_trait::async_trait;
use jiff::Timestamp;
use protocol::Scope;
use uuid::Uuid;

use crate::Unavailable;

/// An account. The password itself is nowhere; `password_hash` is an Argon2id PHC string.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// The subject identifier, never reused.
    pub subject: Uuid,
    /// What the user signs in with, in lower case.
    pub username: String,
    /// PHC string.
    pub password_hash: String,
    /// Full name.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// Whether the address was verified.
    pub email_verified: bool,
    /// When the account was made.
    pub created_at: Timestamp,
    /// A disabled account cannot sign in.
    pub disabled: bool,
    /// The provider's sessions that began before this instant are over.
    pub sessions_since: Timestamp,
}

/// Shows who it is about and never the password hash, which a log must not hold.
impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("subject", &self.subject).field("username", &self.username).finish_non_exhaustive()
    }
}

/// Accounts, by what the user types and by subject.
#[async_trait]
pub trait Accounts: Send + Sync + 'static {
    /// The account that signs in as `login` (compared in lower case; the e-mail address does as well).
    async fn by_login(&self, login: &str) -> Result<Option<Account>, Unavailable>;
    /// The account of `subject`.
    async fn by_subject(&self, subject: Uuid) -> Result<Option<Account>, Unavailable>;
    /// The account of `subject` with what it allowed `client_id` so far, as [`Consents::allowed`](crate::Consents::allowed) tells it:
    /// one question less.
    async fn by_subject_with_consent(&self, subject: Uuid, client_id: &str) -> Result<Option<(Account, Scope)>, Unavailable>;
    /// Adds an account; false where the username or the e-mail address is taken, as either of the two, or the subject.
    async fn add(&self, account: &Account) -> Result<bool, Unavailable>;
}
