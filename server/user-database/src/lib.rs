//! The User Database: account and consent records, and what must outlive a restart of the Authorization Server.
//!
//! The ports are small: [`Accounts`], [`Consents`], [`Grants`], [`SigningKeys`], [`AuditTrail`]. One adapter,
//! [`SqlDatabase`], answers them over sqlx on SQLite and on PostgreSQL; the contract suite runs on both.

use async_trait::async_trait;
use jiff::Timestamp;
use protocol::Scope;
use protocol::secret::RefreshToken;
use uuid::Uuid;

mod sql;

pub use sql::SqlDatabase;

/// The User Database does not answer; nothing is known about what was asked.
#[derive(Debug, thiserror::Error)]
#[error("the User Database is unavailable: {0}")]
pub struct Unavailable(#[source] pub Box<dyn std::error::Error + Send + Sync>);

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
}

/// Accounts, by what the user types and by subject.
#[async_trait]
pub trait Accounts: Send + Sync + 'static {
    /// The account that signs in as `username` (compared in lower case; the e-mail address does as well).
    async fn by_login(&self, login: &str) -> Result<Option<Account>, Unavailable>;
    /// The account of `subject`.
    async fn by_subject(&self, subject: Uuid) -> Result<Option<Account>, Unavailable>;
    /// Adds an account; false where the username or the e-mail address is taken.
    async fn add(&self, account: &Account) -> Result<bool, Unavailable>;
}

/// What users allowed which client.
#[async_trait]
pub trait Consents: Send + Sync + 'static {
    /// What `subject` allowed `client_id` so far; empty where nothing.
    async fn allowed(&self, subject: Uuid, client_id: &str) -> Result<Scope, Unavailable>;
    /// Adds `scope` to what `subject` allowed `client_id`.
    async fn allow(&self, subject: Uuid, client_id: &str, scope: &Scope, at: Timestamp) -> Result<(), Unavailable>;
}

/// What a user's authorization gave a client: the family of refresh tokens and access tokens that came of one code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Its identity.
    pub id: Uuid,
    /// The user.
    pub subject: Uuid,
    /// The client.
    pub client_id: String,
    /// What was granted.
    pub scope: Scope,
    /// When the user authenticated.
    pub auth_time: Timestamp,
    /// The provider's session it came of, by its `sid`.
    pub session: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// After this instant no refresh token of it works.
    pub expires_at: Timestamp,
}

/// What came of presenting a refresh token.
#[derive(Debug)]
pub enum Rotation {
    /// The token was live and is used up now; `successor` is live.
    Rotated(Grant),
    /// The token was used within the grace: the same successor again, so that parallel refreshes agree.
    Repeated {
        /// The grant.
        grant: Grant,
        /// The successor that the first use gave.
        successor: RefreshToken,
    },
    /// The token was used before the grace: the whole grant was revoked now.
    Replayed(Grant),
    /// No such token, expired, revoked, or another client's; nothing changed.
    Unknown,
}

/// Grants and their refresh tokens. Tokens are stored hashed; a successor is kept sealed under its predecessor.
#[async_trait]
pub trait Grants: Send + Sync + 'static {
    /// Adds a grant with its first refresh token, if it has one.
    async fn add(&self, grant: &Grant, first: Option<&RefreshToken>) -> Result<(), Unavailable>;
    /// The grant, unless revoked or expired at `now`.
    async fn live(&self, id: Uuid, now: Timestamp) -> Result<Option<Grant>, Unavailable>;
    /// Uses up `presented` of `client_id` and makes `successor` live, atomically; of many at once, one rotates and the
    /// others repeat.
    async fn rotate(
        &self,
        presented: &RefreshToken,
        client_id: &str,
        successor: &RefreshToken,
        now: Timestamp,
    ) -> Result<Rotation, Unavailable>;
    /// Revokes a grant; false where it was not live.
    async fn revoke(&self, id: Uuid, now: Timestamp) -> Result<bool, Unavailable>;
    /// The grant of a refresh token of `client_id`, used up or not.
    async fn of_refresh_token(&self, token: &RefreshToken, client_id: &str) -> Result<Option<Grant>, Unavailable>;
}

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
