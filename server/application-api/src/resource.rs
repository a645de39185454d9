//! The call to the Resource API, with `Bearer JWT`, or the token's proof; its JSON response goes to the page, the token does not.

use std::sync::Arc;
use std::time::Instant;

use http::{Method, StatusCode};
use protocol::dpop::ProofKey;
use protocol::fetch_metadata;
use protocol::secret::AccessToken;
use url::Url;

use crate::proof::wants_nonce;
use crate::refresh::NoToken;
use crate::{ApplicationApi, Visit};

/// The largest answer that is shown, in bytes.
const LARGEST: usize = 64 << 10;

/// What the Resource API answered.
#[derive(Debug)]
pub struct Answer {
    /// What was asked.
    pub url: Url,
    /// HTTP status.
    pub status: StatusCode,
    /// The body, which is JSON.
    pub body: serde_json::Value,
    /// How long it took.
    pub took: std::time::Duration,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ResourceError {
    /// Nobody is signed in, or the session has ended.
    #[error("nobody is signed in")]
    SignedOut,
    /// The access token has expired and cannot be refreshed; signing in once more gives another.
    #[error("the access token has expired")]
    AccessExpired,
    /// Another site made the browser ask.
    #[error("the request came from another site")]
    CrossSite,
    /// The provider does not answer, and the access token has expired.
    #[error("the provider does not answer")]
    ProviderUnreachable,
    /// The Resource API does not answer, or not in JSON.
    #[error("the Resource API does not answer: {0}")]
    Unreachable(String),
    /// The Cache does not answer.
    #[error(transparent)]
    Unavailable(#[from] cache::Unavailable),
}

impl From<NoToken> for ResourceError {
    fn from(error: NoToken) -> Self {
        match error {
            NoToken::Ended => Self::SignedOut,
            NoToken::Expired => Self::AccessExpired,
            NoToken::NotFor => Self::Unreachable("there is no token for it".to_owned()),
            NoToken::ProviderUnreachable => Self::ProviderUnreachable,
            NoToken::Unavailable(error) => Self::Unavailable(error),
        }
    }
}

impl ApplicationApi {
    /// Asks the Resource API for the user's profile; a 401 leads to one refresh and one more try (B21).
    ///
    /// # Errors
    /// [`ResourceError`] where there is nothing to show.
    pub async fn ask_resource(self: &Arc<Self>, visit: &Visit<'_>) -> Result<Answer, ResourceError> {
        // A navigation from elsewhere (back from the provider, for one) shows a page to its user and nobody else.
        if fetch_metadata::is_cross_site(visit.headers) && !fetch_metadata::is_navigation(visit.headers) {
            return Err(ResourceError::CrossSite);
        }
        let session = self.session(visit).await?.ok_or(ResourceError::SignedOut)?;
        let url = self.settings.resource.join("profile").map_err(|error| ResourceError::Unreachable(error.to_string()))?;
        let began = Instant::now();
        let key = session.tokens().map_err(|_| ResourceError::SignedOut)?.proof_key;
        let token = self.access_token(&session, None, None).await?;
        let mut answer = self.call(&url, &token, key.as_ref()).await?;
        if answer.status() == StatusCode::UNAUTHORIZED {
            let token = self.access_token(&session, None, Some(&token)).await?;
            answer = self.call(&url, &token, key.as_ref()).await?;
        }
        let status = answer.status();
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| unreachable(&error))? {
            body.extend_from_slice(&chunk);
            if body.len() > LARGEST {
                return Err(ResourceError::Unreachable("the answer is too large".to_owned()));
            }
        }
        let body = serde_json::from_slice(&body).map_err(|error| ResourceError::Unreachable(error.to_string()))?;
        Ok(Answer { url, status, body, took: began.elapsed() })
    }

    /// One call; where the Resource API wants a nonce of its own in the proof, one more.
    async fn call(&self, url: &Url, token: &AccessToken, key: Option<&ProofKey>) -> Result<reqwest::Response, ResourceError> {
        let answer = self.call_once(url, token, key).await?;
        if wants_nonce(answer.status(), answer.headers()) { self.call_once(url, token, key).await } else { Ok(answer) }
    }

    async fn call_once(
        &self,
        url: &Url,
        token: &AccessToken,
        key: Option<&ProofKey>,
    ) -> Result<reqwest::Response, ResourceError> {
        let mut request = reqwest::Request::new(Method::GET, url.clone());
        let authorized = self.prover.authorize(request.headers_mut(), "GET", url, token, key);
        authorized.map_err(|error| ResourceError::Unreachable(error.to_string()))?;
        let answer = self.http.execute(request).await.map_err(|error| unreachable(&error))?;
        self.prover.heed(url, answer.headers());
        Ok(answer)
    }
}

fn unreachable(error: &reqwest::Error) -> ResourceError {
    ResourceError::Unreachable(error.to_string())
}
