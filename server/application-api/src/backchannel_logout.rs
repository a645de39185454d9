//! `POST /backchannel-logout`: the provider tells that a session of its own is over (OpenID Connect Back-Channel Logout 1.0).
//!
//! It first remembers the end, then ends what the book knows: a sign-in that is on its way meanwhile is either found there, or
//! finds what was remembered.

use protocol::seal::digest;
use protocol::wire::Parameters;
use std::time::Duration;

use crate::ApplicationApi;
use crate::provider::ProviderError;
use crate::provider::logout_token::{InvalidLogoutToken, LogoutToken};
use crate::session::book::Whose;

/// Why a logout request is refused (§2.8); every session is as it was.
#[derive(Debug, thiserror::Error)]
pub enum LogoutError {
    /// Not a form with one `logout_token`.
    #[error("the body must be a form with one logout_token")]
    Malformed,
    /// The token does not stand up.
    #[error(transparent)]
    Invalid(#[from] InvalidLogoutToken),
    /// The token came before.
    #[error("the logout token was used before")]
    Replayed,
    /// The provider's keys cannot be had now.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The Cache does not answer.
    #[error(transparent)]
    Unavailable(#[from] cache::Unavailable),
}

impl LogoutError {
    /// Whether the provider should try again later.
    pub fn passes(&self) -> bool {
        matches!(self, Self::Provider(_) | Self::Unavailable(_))
    }
}

impl ApplicationApi {
    /// Ends what the logout token in `body` names; gives how many sessions lived until now.
    ///
    /// # Errors
    /// [`LogoutError`] tells the first check that failed.
    pub async fn backchannel_logout(&self, body: &[u8]) -> Result<usize, LogoutError> {
        let form = Parameters::parse(body).map_err(|_| LogoutError::Malformed)?;
        let token = form.get("logout_token").ok_or(LogoutError::Malformed)?;
        let token = self.providers.judge_logout_token(token).await?;
        let used = format!("logout-token:{}", digest("logout token", format!("{}\n{}", token.issuer, token.jti).as_bytes()));
        if self.cache.get(&used).await?.is_some() {
            return Err(LogoutError::Replayed);
        }
        let whose = whose(&token);
        self.remember_end(whose, token.issued_at).await?;
        let ended = self.end_of(whose, |_| true).await?;
        // Last: where something failed before, the provider may come again with the same token.
        let lifetime = Duration::from_secs(token.remembered_seconds.unsigned_abs());
        self.cache.put(&used, b"", lifetime).await?;
        tracing::info!(ended, "the provider ended a session");
        Ok(ended)
    }
}

/// The session where it is named, else all of the user's (§2.7).
fn whose(token: &LogoutToken) -> Whose<'_> {
    let issuer = &token.issuer;
    match (&token.sid, &token.subject) {
        (Some(sid), _) => Whose::ProviderSession { issuer, sid },
        (None, subject) => Whose::Subject { issuer, subject: subject.as_deref().unwrap_or_default() },
    }
}
