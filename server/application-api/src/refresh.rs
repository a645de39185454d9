//! Keeping the access token alive: one refresh grant however many requests ask at once.
//!
//! There is one access token for each resource server that routes name, and one refresh token behind all of them: so there is one
//! lease for each session, and no two refreshes of a session are ever under way at once, whatever they are for.
//!
//! Whoever writes the lease refreshes; the others watch the session record until it changes. The refresh itself runs on a
//! task of its own, so that a browser that hangs up cannot lose the rotated token half-way. The new tokens are written by
//! compare-and-set: a session that was ended meanwhile stays ended, and what another holder wrote first is used. A holder
//! that crashes delays the others by the lease's lifetime.

use std::sync::Arc;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _};
use protocol::entropy::opaque;
use protocol::secret::{AccessToken, RefreshToken};
use tokio::time::timeout;

use crate::ApplicationApi;
use crate::provider::ProviderError;
use crate::provider::token::Renewed;
use crate::session::{Access, Session, Tokens};

/// How long one refresh grant may take. One that was not answered in time may have been carried out, so it is sent once
/// more while the provider still gives the same successor (ours: for ten seconds after the first use).
const PATIENCE: Duration = Duration::from_secs(3);
/// How long a refresh with its repetition may take before another request may try.
const LEASE: Duration = Duration::from_secs(7);
/// How often those who wait look again, and how many times.
const LOOK: Duration = Duration::from_millis(50);
const LOOKS: u32 = 320;

/// Why there is no usable access token.
#[derive(Debug, thiserror::Error)]
pub enum NoToken {
    /// The session has ended, or ends now because its refresh token is dead.
    #[error("the session has ended")]
    Ended,
    /// The access token has expired, and the provider gave no refresh token: the user must come by again.
    #[error("the access token has expired, and there is no refresh token")]
    Expired,
    /// The provider is not asked for tokens for that resource server, or gives none.
    #[error("the provider gives no token for that resource server")]
    NotFor,
    /// The provider does not answer.
    #[error("the provider does not answer")]
    ProviderUnreachable,
    /// The Cache does not answer.
    #[error(transparent)]
    Unavailable(#[from] cache::Unavailable),
}

impl ApplicationApi {
    /// An access token of `session` that is good for a while: for `resource` alone, where one is named, else the sign-in's own;
    /// `refused` is one that the API did not take.
    ///
    /// # Errors
    /// [`NoToken`] where there is none to be had.
    pub async fn access_token(
        self: &Arc<Self>,
        session: &Session,
        resource: Option<&str>,
        refused: Option<&AccessToken>,
    ) -> Result<AccessToken, NoToken> {
        let mut tokens = session.tokens().map_err(|_| NoToken::Ended)?;
        let other = self.other(session, resource)?;
        let (lease, owner) = (format!("refresh:{}", session.key()), opaque(self.rng.as_ref()));
        for _ in 0..LOOKS {
            if let Some(access) = self.usable(&tokens, other, refused) {
                return Ok(access.token.clone());
            }
            if self.cache.add(&lease, owner.as_bytes(), LEASE).await? {
                let (api, session, refused) = (Arc::clone(self), session.clone(), refused.cloned());
                let other = other.map(str::to_owned);
                let held = self.tasks.spawn(async move {
                    let refreshed = api.refresh_held(&session, other.as_deref(), refused.as_ref()).await;
                    // Only our own lease is given back: another holder may have followed a slow one.
                    if let Err(error) = api.cache.replace(&lease, owner.as_bytes(), b"", Duration::ZERO).await {
                        tracing::warn!(%error, "a lease runs out by itself");
                    }
                    refreshed
                });
                return held.await.unwrap_or(Err(NoToken::ProviderUnreachable));
            }
            tokio::time::sleep(LOOK).await;
            let current = self.reread(session).await?.ok_or(NoToken::Ended)?;
            tokens = current.tokens().map_err(|_| NoToken::Ended)?;
        }
        Err(NoToken::ProviderUnreachable)
    }

    /// The resource server beside the sign-in's own that `resource` is; none where it is that one, or none is named. A provider
    /// that was not asked for it gives no token that is for it alone, and one for anything else must not go there.
    fn other<'r>(&self, session: &Session, resource: Option<&'r str>) -> Result<Option<&'r str>, NoToken> {
        let Some(resource) = resource else { return Ok(None) };
        let provider = self.providers.of(&session.identity).ok_or(NoToken::Ended)?;
        match provider.settings().resources.iter().position(|asked| asked == resource) {
            Some(0) => Ok(None),
            Some(_) => Ok(Some(resource)),
            None => Err(NoToken::NotFor),
        }
    }

    fn usable<'t>(&self, tokens: &'t Tokens, other: Option<&str>, refused: Option<&AccessToken>) -> Option<&'t Access> {
        let fresh = |access: &&Access| access.refresh_at.is_none_or(|at| self.clock.now() < at);
        tokens.of(other).filter(fresh).filter(|access| refused != Some(&access.token))
    }

    /// Refreshes under the lease; another holder may have been quicker, so the record is read again first.
    async fn refresh_held(
        &self,
        session: &Session,
        other: Option<&str>,
        refused: Option<&AccessToken>,
    ) -> Result<AccessToken, NoToken> {
        let current = self.reread(session).await?.ok_or(NoToken::Ended)?;
        let tokens = current.tokens().map_err(|_| NoToken::Ended)?;
        if let Some(access) = self.usable(&tokens, other, refused) {
            return Ok(access.token.clone());
        }
        let lives = |access: &&Access| access.expires_at.is_none_or(|at| self.clock.now() < at);
        let still_good = tokens.of(other).filter(lives).map(|access| &access.token).filter(|token| refused != Some(*token));
        let or = |error| still_good.cloned().ok_or(error);
        let Some(refresh) = &tokens.refresh else {
            return or(if other.is_some() { NoToken::NotFor } else { NoToken::Expired });
        };
        match self.grant(&current, &tokens, refresh, other).await {
            Ok(renewed) => self.keep(&current, tokens.with(other, renewed), other).await,
            Err(ProviderError::Refused(code)) if code == "invalid_grant" => {
                tracing::info!("a session ends because its refresh token is dead");
                // Only the record that held this token: what another holder wrote meanwhile lives.
                self.end_unchanged(&current).await?;
                Err(NoToken::Ended)
            }
            Err(ProviderError::Refused(code)) if code == "invalid_target" && other.is_some() => {
                tracing::error!(resource = other, "the provider gives no token for a resource server that a route names");
                Err(NoToken::NotFor)
            }
            Err(error) => {
                tracing::error!(%error, "an access token could not be refreshed");
                or(NoToken::ProviderUnreachable)
            }
        }
    }

    /// One refresh grant, repeated once where no answer came.
    async fn grant(
        &self,
        session: &Session,
        tokens: &Tokens,
        refresh: &RefreshToken,
        other: Option<&str>,
    ) -> Result<Renewed, ProviderError> {
        let provider = self.providers.of(&session.identity);
        let provider = provider.ok_or_else(|| ProviderError::Unacceptable("it is configured no more".to_owned()))?;
        let key = tokens.proof_key.as_ref();
        match timeout(PATIENCE, provider.refresh(refresh, key, other)).await {
            Ok(Err(ProviderError::Unreachable(_))) | Err(_) => {}
            Ok(answered) => return answered,
        }
        let late = |_| Err(ProviderError::Unreachable("no answer in time".to_owned()));
        timeout(PATIENCE, provider.refresh(refresh, key, other)).await.unwrap_or_else(late)
    }

    /// Writes the tokens, which exist nowhere else: a Cache that blinks is asked again.
    async fn keep(&self, session: &Session, renewed: Tokens, other: Option<&str>) -> Result<AccessToken, NoToken> {
        let wanted = |tokens: &Tokens| tokens.of(other).map(|access| access.token.clone()).ok_or(NoToken::ProviderUnreachable);
        let again = ExponentialBuilder::default().with_min_delay(Duration::from_millis(100)).with_max_times(5);
        if (|| self.renew(session, &renewed)).retry(again).await? {
            return wanted(&renewed);
        }
        // Another holder was quicker, or our own write was carried out and its answer lost.
        if let Some(newer) = self.reread(session).await? {
            return newer.tokens().map_err(|_| NoToken::Ended).and_then(|tokens| wanted(&tokens));
        }
        self.revoke(&session.identity, renewed).await;
        Err(NoToken::Ended)
    }
}

impl Tokens {
    /// The same after a refresh of the access token for `other`, or of the sign-in's own.
    fn with(&self, other: Option<&str>, renewed: Renewed) -> Self {
        let mut tokens = self.clone();
        match other {
            None => tokens.access = renewed.access,
            Some(resource) => drop(tokens.others.insert(resource.to_owned(), renewed.access)),
        }
        tokens.refresh = renewed.refresh.or(tokens.refresh);
        tokens
    }
}
