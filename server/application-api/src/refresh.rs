//! Keeping the access token alive: one refresh grant however many requests ask at once.
//!
//! Whoever writes the lease refreshes; the others watch the session record until it changes. The new tokens are written by
//! compare-and-set, so a session that was ended meanwhile stays ended (and the new refresh token is revoked). A holder that
//! crashes delays the others by the lease's lifetime at most.

use std::time::Duration;

use jiff::SignedDuration;
use protocol::secret::AccessToken;

use crate::ApplicationApi;
use crate::provider::ProviderError;
use crate::session::{Session, Tokens};

/// Tokens that expire sooner than this are refreshed ahead.
const AHEAD: SignedDuration = SignedDuration::from_secs(30);
/// How long a refresh may take before another request may try.
const LEASE: Duration = Duration::from_secs(15);
/// How often those who wait look again, and how many times.
const LOOK: Duration = Duration::from_millis(50);
const LOOKS: u32 = 320;

/// Why there is no usable access token.
#[derive(Debug, thiserror::Error)]
pub enum NoToken {
    /// The session has ended, or ends now because its refresh token is dead.
    #[error("the session has ended")]
    Ended,
    /// The provider does not answer.
    #[error("the provider does not answer")]
    ProviderUnreachable,
    /// The Cache does not answer.
    #[error(transparent)]
    Unavailable(#[from] cache::Unavailable),
}

impl ApplicationApi {
    /// An access token of `session` that is good for a while; `refused` is one that the Resource API did not take.
    ///
    /// # Errors
    /// [`NoToken`] where there is none to be had.
    pub async fn access_token(&self, session: &Session, refused: Option<&AccessToken>) -> Result<AccessToken, NoToken> {
        let mut tokens = session.tokens().map_err(|_| NoToken::Ended)?;
        for _ in 0..LOOKS {
            if self.is_usable(&tokens, refused) {
                return Ok(tokens.access);
            }
            if self.cache.add(&lease(session), b"held", LEASE).await? {
                let refreshed = self.refresh_held(session, refused).await;
                self.cache.remove(&lease(session)).await?;
                return refreshed;
            }
            tokio::time::sleep(LOOK).await;
            let current = self.reread(session).await?.ok_or(NoToken::Ended)?;
            tokens = current.tokens().map_err(|_| NoToken::Ended)?;
        }
        Err(NoToken::ProviderUnreachable)
    }

    fn is_usable(&self, tokens: &Tokens, refused: Option<&AccessToken>) -> bool {
        let lives = tokens.access_expires_at.is_none_or(|at| self.clock.now().duration_until(at) > AHEAD);
        lives && refused != Some(&tokens.access)
    }

    /// Refreshes under the lease; another holder may have been quicker, so the record is read again first.
    async fn refresh_held(&self, session: &Session, refused: Option<&AccessToken>) -> Result<AccessToken, NoToken> {
        let current = self.reread(session).await?.ok_or(NoToken::Ended)?;
        let tokens = current.tokens().map_err(|_| NoToken::Ended)?;
        if self.is_usable(&tokens, refused) {
            return Ok(tokens.access);
        }
        let Some(refresh) = &tokens.refresh else {
            self.end(&current).await?;
            return Err(NoToken::Ended);
        };
        match self.provider.refresh(refresh).await {
            Ok(renewed) => {
                if self.renew(&current, &renewed).await? {
                    return Ok(renewed.access);
                }
                self.revoke(renewed).await;
                Err(NoToken::Ended)
            }
            Err(ProviderError::Refused(code)) if code == "invalid_grant" => {
                tracing::info!("a session ends because its refresh token is dead");
                self.end(&current).await?;
                Err(NoToken::Ended)
            }
            Err(error) => {
                tracing::error!(%error, "an access token could not be refreshed");
                Err(NoToken::ProviderUnreachable)
            }
        }
    }
}

fn lease(session: &Session) -> String {
    format!("refresh:{}", session.key())
}
