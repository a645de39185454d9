//! `GET /login` (exchanges 1 to 4): begins a sign-in and sends the browser to the authorization endpoint.

use http::StatusCode;
use protocol::entropy::opaque;
use protocol::fetch_metadata;
use protocol::flow::{Shown, Trace, tell};
use protocol::secret::{CodeVerifier, Ticket};
use protocol::step_up::Demand;
use protocol::wire::Parameters;
use protocol::{Exchange, LocalPath};
use tower_cookies::Cookie;
use tracing::Instrument as _;
use url::Url;

use crate::cookies::{self, SIGN_IN};
use crate::provider::push::{Asked, UNMET};
use crate::provider::{Provider, ProviderError};
use crate::transaction::{Transaction, flow};
use crate::{ApplicationApi, Session, Visit, flow as telling};

/// What `GET /login` comes to.
#[derive(Debug)]
pub enum Begin {
    /// Send the browser there, with these cookies.
    Redirect(Url, Vec<Cookie<'static>>),
    /// Somebody is signed in already: go there.
    SignedInAlready(LocalPath),
    /// Another site sent the browser here: ask the user first, then come back with the same target (login CSRF).
    AskFirst(LocalPath),
    /// There are several providers, and none was named: ask the user, then come back with the same target.
    Choose(LocalPath),
    /// No provider is called so.
    UnknownProvider(LocalPath),
    /// Not a top-level navigation: 401 and no redirect.
    NotANavigation,
    /// The provider does not answer.
    ProviderUnreachable(LocalPath),
    /// The provider does not take our request.
    ProviderRefused(LocalPath),
    /// The provider cannot have the user authenticate as is demanded.
    Insufficient(LocalPath),
    /// The Cache does not answer.
    Unavailable(LocalPath),
}

impl ApplicationApi {
    /// Begins a sign-in with the `provider` of the query, or with the only one; `return_to` says where the user wanted to go, and
    /// is dropped where it is not ours. Who is signed in already signs in anew where `acr_values` or `max_age` demand more than
    /// that sign-in was (step-up), or where `renew=1` says so. `viewer` is who may see how it goes, by
    /// [`viewer_of`](telling::viewer_of).
    pub async fn begin(&self, visit: &Visit<'_>, viewer: Option<&str>) -> Begin {
        let span = tracing::info_span!("exchange", number = Exchange::Login.number());
        async {
            let begin = self.beginning(visit, viewer).await;
            telling::begin(&begin);
            begin
        }
        .instrument(span)
        .await
    }

    async fn beginning(&self, visit: &Visit<'_>, viewer: Option<&str>) -> Begin {
        if !fetch_metadata::is_navigation(visit.headers) {
            return Begin::NotANavigation;
        }
        let return_to = return_to(visit.query);
        let demand = Demand::read(&Parameters::parse(visit.query.as_bytes()).unwrap_or_default());
        if let Err(error) = self.settle_what_was_left(visit).await {
            return unavailable(&error, return_to);
        }
        let session = match self.session(visit).await {
            Ok(Some(session)) if !asks_anew(visit.query) && self.meets(&session, &demand) => {
                return Begin::SignedInAlready(return_to);
            }
            Ok(session) => session,
            Err(error) => return unavailable(&error, return_to),
        };
        if fetch_metadata::is_cross_site(visit.headers) {
            return Begin::AskFirst(return_to);
        }
        let provider = match self.chosen(visit.query, session.as_ref(), &return_to) {
            Ok(provider) => provider,
            Err(otherwise) => return otherwise,
        };
        let state = opaque(self.rng.as_ref());
        let trace = Trace::of_state(&state);
        telling::begun(trace, viewer, provider.issuer());
        telling::asked(&self.settings.origin, "/login", visit);
        telling::within(trace, self.leading(visit, provider, &state, return_to, demand)).await
    }

    /// Remembers the sign-in (2), has the provider take the request (3), and leads to it (4).
    async fn leading(&self, visit: &Visit<'_>, provider: &Provider, state: &str, return_to: LocalPath, demand: Demand) -> Begin {
        let metadata = match provider.metadata().await {
            Ok(metadata) => metadata,
            Err(error) => return no_provider(&error, return_to),
        };
        let rng = self.rng.as_ref();
        let (nonce, verifier) = (opaque(rng), CodeVerifier::new(opaque(rng)));
        let ticket = Ticket::issue(rng);
        let proof_key = provider.proof_key(&metadata);
        let bound = proof_key.as_ref().map(|key| key.thumbprint().clone());
        let asked = Asked { state, nonce: &nonce, verifier: &verifier, proof_key: bound.as_ref(), demand: &demand };

        let transaction = Transaction {
            provider: provider.name().to_owned(),
            issuer: provider.issuer().to_owned(),
            nonce: nonce.clone(),
            verifier: verifier.clone(),
            proof_key,
            return_to: return_to.clone(),
            demand: demand.clone(),
        };
        let span = tracing::info_span!("exchange", number = Exchange::TemporaryState.number());
        let lifetime = self.settings.transaction_lifetime;
        let remembered = async {
            tell(|told| {
                told.with("state", Shown::beginning(state)).with("nonce", Shown::beginning(&nonce));
                told.with("code_verifier", verifier.shown()).plain("return_to", return_to.as_str());
                told.plain("expires_in", &lifetime.as_secs().to_string());
            });
            let remembered = transaction.remember(self.cache.as_ref(), rng, state, &ticket, lifetime).await;
            telling::trouble(&remembered);
            remembered
        };
        if let Err(error) = remembered.instrument(span).await {
            return unavailable(&error, return_to);
        }
        match provider.authorization_url(&metadata, &asked).await {
            Ok(url) => {
                let _span =
                    tracing::info_span!("exchange", number = Exchange::RedirectToAuthorizationEndpoint.number()).entered();
                let surplus = SIGN_IN.surplus(visit.cookies().map(|(name, _)| name));
                let mut set: Vec<_> = surplus.into_iter().map(cookies::remove).collect();
                let name = SIGN_IN.name(self.clock.now(), &flow(state));
                tell(|told| {
                    told.request("GET", url.as_str()).status(StatusCode::FOUND).form(url.query().unwrap_or_default().as_bytes());
                    telling::cookie(told, &name, &ticket);
                });
                set.push(cookies::carry(name, &ticket, Some(lifetime)));
                Begin::Redirect(url, set)
            }
            Err(error) => no_provider(&error, return_to),
        }
    }
}

impl ApplicationApi {
    /// The provider that the query names; else that of the session which is to be renewed; else the only one.
    fn chosen(&self, query: &str, session: Option<&Session>, return_to: &LocalPath) -> Result<&Provider, Begin> {
        let named = Parameters::parse(query.as_bytes()).unwrap_or_default().owned("provider");
        if let Some(name) = named {
            return self.providers.named(&name).ok_or_else(|| Begin::UnknownProvider(return_to.clone()));
        }
        let of_session = session.and_then(|session| self.providers.of(&session.identity));
        of_session.or_else(|| self.providers.only()).ok_or_else(|| Begin::Choose(return_to.clone()))
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
        ProviderError::Refused(code) if code == UNMET => Begin::Insufficient(return_to),
        ProviderError::Refused(_) | ProviderError::Unacceptable(_) => Begin::ProviderRefused(return_to),
    }
}
