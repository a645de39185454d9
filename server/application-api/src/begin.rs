//! `GET /login` (exchanges 1 to 4): begins a sign-in and sends the browser to the authorization endpoint.

use protocol::entropy::opaque;
use protocol::fetch_metadata;
use protocol::secret::{CodeVerifier, Ticket};
use protocol::wire::Parameters;
use protocol::{Exchange, LocalPath};
use tower_cookies::Cookie;
use tracing::Instrument as _;
use url::Url;

use crate::cookies::{self, SIGN_IN};
use crate::provider::ProviderError;
use crate::provider::push::Asked;
use crate::transaction::{Transaction, flow};
use crate::{ApplicationApi, Visit};

/// What `GET /login` comes to.
#[derive(Debug)]
pub enum Begin {
    /// Send the browser there, with these cookies.
    Redirect(Url, Vec<Cookie<'static>>),
    /// Somebody is signed in already: go there.
    SignedInAlready(LocalPath),
    /// Another site sent the browser here: ask the user first, then come back with the same target (login CSRF).
    AskFirst(LocalPath),
    /// Not a top-level navigation: 401 and no redirect.
    NotANavigation,
    /// The provider does not answer.
    ProviderUnreachable(LocalPath),
    /// The provider does not take our request.
    ProviderRefused(LocalPath),
    /// The Cache does not answer.
    Unavailable(LocalPath),
}

impl ApplicationApi {
    /// Begins a sign-in; `return_to` of the query says where the user wanted to go, and is dropped where it is not ours.
    pub async fn begin(&self, visit: &Visit<'_>) -> Begin {
        let span = tracing::info_span!("exchange", number = Exchange::Login.number());
        self.beginning(visit).instrument(span).await
    }

    async fn beginning(&self, visit: &Visit<'_>) -> Begin {
        if !fetch_metadata::is_navigation(visit.headers) {
            return Begin::NotANavigation;
        }
        let return_to = return_to(visit.query);
        match self.session(visit).await {
            Ok(Some(_)) if !asks_anew(visit.query) => return Begin::SignedInAlready(return_to),
            Ok(_) => {}
            Err(error) => return unavailable(&error, return_to),
        }
        if fetch_metadata::is_cross_site(visit.headers) {
            return Begin::AskFirst(return_to);
        }
        let metadata = match self.provider.metadata().await {
            Ok(metadata) => metadata,
            Err(error) => return no_provider(&error, return_to),
        };
        let rng = self.rng.as_ref();
        let (state, nonce, verifier) = (opaque(rng), opaque(rng), CodeVerifier::new(opaque(rng)));
        let ticket = Ticket::issue(rng);
        let asked = Asked { state: &state, nonce: &nonce, verifier: &verifier, scope: &self.settings.scope };

        let transaction = Transaction {
            issuer: self.provider.issuer().to_owned(),
            nonce: nonce.clone(),
            verifier: verifier.clone(),
            return_to: return_to.clone(),
        };
        let span = tracing::info_span!("exchange", number = Exchange::TemporaryState.number());
        let lifetime = self.settings.transaction_lifetime;
        let remembered = transaction.remember(self.cache.as_ref(), rng, &state, &ticket, lifetime).instrument(span).await;
        if let Err(error) = remembered {
            return unavailable(&error, return_to);
        }
        match self.provider.authorization_url(&metadata, &asked).await {
            Ok(url) => {
                let _span =
                    tracing::info_span!("exchange", number = Exchange::RedirectToAuthorizationEndpoint.number()).entered();
                let surplus = SIGN_IN.surplus(visit.cookies().map(|(name, _)| name));
                let mut set: Vec<_> = surplus.into_iter().map(cookies::remove).collect();
                set.push(cookies::carry(SIGN_IN.name(self.clock.now(), &flow(&state)), &ticket, Some(lifetime)));
                Begin::Redirect(url, set)
            }
            Err(error) => no_provider(&error, return_to),
        }
    }
}

/// Whether a signed-in user wants fresh tokens: `renew=1`.
fn asks_anew(query: &str) -> bool {
    Parameters::parse(query.as_bytes()).is_ok_and(|parameters| parameters.get("renew") == Some("1"))
}

/// `return_to` of a query, or home where it is missing or not ours (B6).
pub fn return_to(query: &str) -> LocalPath {
    let parameters = Parameters::parse(query.as_bytes()).unwrap_or_default();
    parameters.get("return_to").and_then(|text| LocalPath::parse(text).ok()).unwrap_or_else(LocalPath::home)
}

fn unavailable(error: &cache::Unavailable, return_to: LocalPath) -> Begin {
    tracing::error!(%error, "a sign-in could not be begun");
    Begin::Unavailable(return_to)
}

fn no_provider(error: &ProviderError, return_to: LocalPath) -> Begin {
    tracing::error!(%error, "a sign-in could not be begun");
    match error {
        ProviderError::Unreachable(_) => Begin::ProviderUnreachable(return_to),
        ProviderError::Refused(_) | ProviderError::Unacceptable(_) => Begin::ProviderRefused(return_to),
    }
}
