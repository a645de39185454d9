//! Links that are sent by e-mail: whoever opens one has the mailbox.

use std::fmt;

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

use crate::{Account, Unavailable};

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkPurpose {
    /// To open an account with the address that it was sent to.
    SignUp,
    /// To choose a new password.
    PasswordReset,
}

/// A link, found by the digest of its token, which is nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct Link {
    /// What it is for.
    pub purpose: LinkPurpose,
    /// SHA-256 of the token for a purpose of its own, as base64url.
    pub digest: String,
    /// The e-mail address that it was sent to.
    pub address: String,
    /// The account; for a sign-up the one that is to be.
    pub subject: Uuid,
    /// The sign-in that was under way in the browser that asked for it.
    pub sign_in: Option<String>,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// From this instant on it is worth nothing.
    pub expires_at: Timestamp,
    /// When it was used; then it is worth nothing any more.
    pub used_at: Option<Timestamp>,
}

/// Shows what it is for, and never the digest or the address.
impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("purpose", &self.purpose).field("subject", &self.subject).finish_non_exhaustive()
    }
}

/// What came of opening an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// There is the account, and the link is used.
    Opened,
    /// The username or the address is another account's; the link can still be used.
    Taken,
    /// The link was used, was replaced, or has expired.
    Spent,
}

/// Keeps the links. Each use is whole or not at all, together with what it changes.
#[async_trait]
pub trait Links: Send + Sync + 'static {
    /// Keeps a link in place of one with the same purpose and address that was asked for earlier. Kept again, it stays as it is. False
    /// where one was asked for later: then this one is worth nothing.
    async fn issue(&self, link: &Link) -> Result<bool, Unavailable>;
    /// The link of `digest`, used or not, unless it was replaced or has expired at `now`.
    async fn find(&self, digest: &str, now: Timestamp) -> Result<Option<Link>, Unavailable>;
    /// Uses a link for a sign-up and adds `account`. Of many at once, one does.
    async fn open_account(&self, digest: &str, account: &Account, now: Timestamp) -> Result<Opening, Unavailable>;
    /// Uses a link for a password: its account, unless that is disabled or gone, has the password from now on, and its address is
    /// verified; its sessions and grants are over at `now`. False where the link cannot be used. Of many at once, one does.
    async fn reset_password(&self, digest: &str, password_hash: &str, now: Timestamp) -> Result<bool, Unavailable>;
}
