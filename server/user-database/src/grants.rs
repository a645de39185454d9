//! Grants: what a user's authorization gave a client, and its refresh tokens.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use protocol::Scope;
use protocol::dpop::Thumbprint;
use protocol::secret::RefreshToken;
use uuid::Uuid;

use crate::Unavailable;

/// How long a refresh token that was used up still answers with its successor: 10 s.
///
/// Long enough for tabs and replicas that refresh at once, and for a client that lost the response and asks again;
/// short enough that a stolen token which its owner has used is worth nothing. From this age on, presenting it is a
/// replay (RFC 9700 §4.14.2).
pub const ROTATION_GRACE: SignedDuration = SignedDuration::from_secs(10);

/// What a user's authorization gave a client: the family of refresh tokens and access tokens that came of one code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Its identity.
    pub id: Uuid,
    /// The user: the subject of an account.
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
    /// From this instant on neither it nor a refresh token of it works.
    pub expires_at: Timestamp,
    /// The key that its tokens were bound to first (RFC 9449 §5); none while they are bearer tokens.
    pub dpop_jkt: Option<Thumbprint>,
    /// The resource servers that were asked for at the authorization (RFC 8707 §2.1), parted by spaces, if any were.
    pub resource: Option<String>,
}

/// What came of presenting a refresh token.
#[derive(Debug)]
pub enum Rotation {
    /// The token was live and is used up now; `successor` is live.
    Rotated(Grant),
    /// The token was used within the [`ROTATION_GRACE`]: the same successor again, so that parallel refreshes agree.
    Repeated {
        /// The grant.
        grant: Grant,
        /// The successor that the first use gave.
        successor: RefreshToken,
    },
    /// The token was used before the grace: the whole grant is revoked, by now at the latest. Told each time until the grant
    /// expires or is pruned, so that an alarm which did not come through is raised by the next replay.
    Replayed(Grant),
    /// No such token, expired, revoked without having been used, or another client's; nothing changed.
    Unknown,
}

/// Grants and their refresh tokens. Tokens are stored hashed; a successor is kept sealed under its predecessor.
#[async_trait]
pub trait Grants: Send + Sync + 'static {
    /// Adds a grant with its first refresh token, if it has one; false where its user may not have it: the account is gone or
    /// disabled, or was given another password, since they authenticated.
    async fn add(&self, grant: &Grant, first: Option<&RefreshToken>) -> Result<bool, Unavailable>;
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
    /// The same for a token whose grant was found by [`of_refresh_token`](Self::of_refresh_token) just now; one question less.
    async fn rotate_of(
        &self,
        grant: &Grant,
        presented: &RefreshToken,
        successor: &RefreshToken,
        now: Timestamp,
    ) -> Result<Rotation, Unavailable>;
    /// Binds a grant to a key, unless it is bound already; tells whether it is bound to this key now. Of many keys at once,
    /// one is.
    async fn bind(&self, id: Uuid, key: &Thumbprint) -> Result<bool, Unavailable>;
    /// Revokes a grant; false where it was not live.
    async fn revoke(&self, id: Uuid, now: Timestamp) -> Result<bool, Unavailable>;
    /// The live grant of a refresh token of `client_id` that is still to be used.
    async fn of_unused_refresh_token(
        &self,
        token: &RefreshToken,
        client_id: &str,
        now: Timestamp,
    ) -> Result<Option<Grant>, Unavailable>;
    /// The grant of a refresh token of `client_id`, the token used up or not, the grant live or not: whether it is,
    /// [`live`](Self::live) tells.
    async fn of_refresh_token(&self, token: &RefreshToken, client_id: &str) -> Result<Option<Grant>, Unavailable>;
}
