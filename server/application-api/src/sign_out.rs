//! `POST /sign-out`: ends the session here, its tokens, and the provider's session.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use protocol::entropy::opaque;
use protocol::fetch_metadata;
use protocol::seal::digest;
use queue::{Envelope, Event};
use tower_cookies::Cookie;
use url::Url;

use crate::cookies::{self, SESSION};
use crate::provider::Provider;
use crate::session::{Identity, Session, Tokens, key_of};
use crate::{ApplicationApi, Visit};

/// How long it is known of which provider a session came that was signed out.
const LEFT: Duration = Duration::from_mins(1);

/// Where that is noted; the key of the session's record opens nothing.
fn left(key: &str) -> String {
    format!("left:{}", digest("signed out", key.as_bytes()))
}

/// What `POST /sign-out` comes to.
#[derive(Debug)]
pub enum SignOut {
    /// Go to the provider, which ends its session and sends the browser back.
    AtProvider(Url, Cookie<'static>),
    /// Nobody was signed in: go to our own page.
    Here(Cookie<'static>),
    /// The provider has no place for signing out, or does not answer, so that the user may be signed in there still: go to our own
    /// page, which says so.
    HereOnly(Cookie<'static>),
    /// The request did not come from our own page; nothing was done.
    CrossSite,
    /// The Cache or the Queue does not answer; nothing is known to have ended, so the cookie stays.
    Unavailable,
}

/// Why a session could not be ended.
#[derive(Debug, thiserror::Error)]
enum CannotEnd {
    #[error(transparent)]
    Cache(#[from] cache::Unavailable),
    #[error(transparent)]
    Queue(#[from] queue::Unavailable),
}

impl ApplicationApi {
    /// Ends the session: first the record, so that no request in flight brings it back; then the refresh token. It runs on a
    /// task of its own, so that a browser that hangs up cannot leave it half done.
    pub async fn sign_out(self: &Arc<Self>, visit: &Visit<'_>) -> SignOut {
        if !fetch_metadata::is_same_origin(visit.headers, &self.settings.origin) {
            return SignOut::CrossSite;
        }
        let (api, headers) = (Arc::clone(self), visit.headers.clone());
        self.tasks.spawn(async move { api.ending(&headers).await }).await.unwrap_or(SignOut::Unavailable)
    }

    async fn ending(&self, headers: &HeaderMap) -> SignOut {
        let visit = Visit { headers, query: "", address: None };
        let ended = match self.session(&visit).await {
            Ok(None) => return self.nobody(&visit).await,
            Ok(Some(session)) => self.ended(&session).await.map(|tokens| (session, tokens)),
            Err(error) => Err(error.into()),
        };
        let (session, tokens) = match ended {
            Ok(ended) => ended,
            Err(error) => {
                tracing::error!(%error, "a session could not be ended");
                return SignOut::Unavailable;
            }
        };
        let identity = &session.identity;
        if let Some(tokens) = tokens {
            self.revoke(identity, tokens).await;
        }
        let cookie = cookies::remove(SESSION.to_owned());
        let url = match self.providers.of(identity) {
            Some(provider) => self.end_session_url(provider, identity.provider_session.as_deref()).await,
            None => None,
        };
        match url {
            Some(url) => SignOut::AtProvider(url, cookie),
            None => SignOut::HereOnly(cookie),
        }
    }

    /// Ends the session. Of several providers it is noted which it came of, for the second click of a double click.
    async fn ended(&self, session: &Session) -> Result<Option<Tokens>, CannotEnd> {
        self.audit_end(&session.identity, &session.identity.id).await?;
        if self.providers.only().is_none() {
            self.cache.put(&left(&session.key()), session.identity.provider.as_bytes(), LEFT).await?;
        }
        Ok(self.end(session).await?)
    }

    /// Tells the Queue that the session `id` of the user in `identity` is over, before it is: an audit line too many, where the session
    /// then cannot be ended, is better than one missing. Told again, it is the same line.
    pub(crate) async fn audit_end(&self, identity: &Identity, id: &str) -> Result<(), queue::Unavailable> {
        let event = Event::SignedOut { issuer: identity.issuer.clone(), subject: identity.subject.clone() };
        self.queue.push(&Envelope::once(event, id, self.clock.as_ref())).await
    }

    /// Nobody is signed in here. Who still carries a cookie may be the second click of a double click, or come late: the
    /// provider's session may live, so the provider is asked to end it, and asks its user where it is not sure. Of several
    /// providers it is known for a while which it was.
    async fn nobody(&self, visit: &Visit<'_>) -> SignOut {
        let cookie = cookies::remove(SESSION.to_owned());
        let Some(ticket) = visit.ticket() else { return SignOut::Here(cookie) };
        let noted = match self.cache.get(&left(&key_of(&ticket))).await {
            Ok(noted) => noted.and_then(|name| String::from_utf8(name).ok()),
            Err(error) => {
                tracing::warn!(%error, "it cannot be looked up where a session came of");
                None
            }
        };
        let noted = noted.and_then(|name| self.providers.named(&name));
        let url = match noted.or_else(|| self.providers.only()) {
            Some(provider) => self.end_session_url(provider, None).await,
            None => None,
        };
        match url {
            Some(url) => SignOut::AtProvider(url, cookie),
            None => SignOut::Here(cookie),
        }
    }

    /// Revokes what can be revoked; a provider that is away does not keep the user from signing out.
    pub(crate) async fn revoke(&self, identity: &Identity, tokens: Tokens) {
        if let Some(refresh) = tokens.refresh
            && let Some(provider) = self.providers.of(identity)
            && let Err(error) = provider.revoke(&refresh).await
        {
            tracing::error!(%error, "a refresh token could not be revoked");
        }
    }

    /// RP-Initiated Logout §2. The ID token would have to pass through the browser as `id_token_hint`, so `logout_hint`
    /// carries the provider's own session identifier instead, which only that provider and we know.
    async fn end_session_url(&self, provider: &Provider, provider_session: Option<&str>) -> Option<Url> {
        let metadata = provider.metadata().await.ok()?;
        let mut url = Url::parse(Provider::end_session_endpoint(&metadata)?).ok()?;
        let mut query = url.query_pairs_mut();
        query
            .append_pair("client_id", &provider.settings().client_id)
            .append_pair("post_logout_redirect_uri", &self.settings.post_logout_redirect_uri())
            .append_pair("state", &opaque(self.rng.as_ref()));
        if let Some(session) = provider_session {
            query.append_pair("logout_hint", session);
        }
        drop(query);
        Some(url)
    }
}
