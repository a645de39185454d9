//! The ports of `app`, answered from the boxes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use app::error::PageError;
use app::model::{CurrentUser, OutboxMessage, ProviderChoice, ResourceAnswer};
use app::ports::{Development, Outcome, Resource, Sessions, SignIn, Visit};
use application_api::proxy::{Fetched, ProxyError};
use application_api::{ApplicationApi, Provider, Session, SignOut};
use async_trait::async_trait;
use axum::body::{Body, to_bytes};
use http::Response;
use protocol::Clock;

use crate::flow::Gallery;
use crate::house::RESOURCE_ROUTE;
use crate::outcome;

/// The largest answer that is shown, in bytes.
const LARGEST: usize = 64 << 10;

/// How long it may take to come.
const PATIENCE: Duration = Duration::from_secs(10);

/// The Application API, as pages see it.
pub struct Desk {
    /// The box.
    pub api: Arc<ApplicationApi>,
    /// For ages.
    pub clock: Arc<dyn Clock>,
    /// The flows, where they are recorded.
    pub(crate) flows: Option<Gallery>,
}

/// The request as the box looks at it.
pub(crate) fn seen(visit: &Visit) -> application_api::Visit<'_> {
    application_api::Visit { headers: &visit.headers, query: &visit.query, address: visit.address }
}

#[async_trait]
impl SignIn for Desk {
    async fn begin(&self, visit: &Visit) -> Outcome {
        let viewer = self.flows.as_ref().map(|flows| flows.viewer(visit));
        let begin = self.api.begin(&seen(visit), viewer.as_ref().map(|viewer| viewer.name.as_str())).await;
        let mut outcome = outcome::of_begin(begin);
        if outcome.location.is_some() {
            outcome.cookies.extend(viewer.and_then(|viewer| viewer.cookie));
        }
        outcome
    }

    async fn complete(&self, visit: &Visit, provider: Option<&str>) -> Outcome {
        outcome::of_completion(self.api.complete(&seen(visit), provider).await)
    }

    async fn sign_out(&self, visit: &Visit) -> Outcome {
        let ended = self.api.sign_out(&seen(visit)).await;
        // Where nothing is known to have ended, no cookie is taken back.
        let is_over = !matches!(ended, SignOut::CrossSite | SignOut::Unavailable);
        let mut outcome = outcome::of_sign_out(ended);
        if let (Some(flows), true) = (&self.flows, is_over) {
            outcome.cookies.extend(flows.leave(visit).await);
        }
        outcome
    }

    fn providers(&self) -> Vec<ProviderChoice> {
        let choice = |provider: &Provider| {
            let settings = provider.settings();
            ProviderChoice { name: settings.name.clone(), title: settings.title.clone() }
        };
        self.api.providers().iter().map(choice).collect()
    }

    async fn sign_out_origins(&self) -> Vec<String> {
        self.api.sign_out_origins().await
    }
}

#[async_trait]
impl Sessions for Desk {
    async fn current_user(&self, visit: &Visit) -> Result<Option<CurrentUser>, PageError> {
        let session = self.api.session(&seen(visit)).await.map_err(|error| {
            tracing::error!(%error, "a session could not be read");
            PageError::Unavailable
        })?;
        Ok(session.map(|session| self.shown(&session)))
    }
}

impl Desk {
    fn shown(&self, session: &Session) -> CurrentUser {
        let (identity, now) = (&session.identity, self.clock.now());
        CurrentUser {
            subject: identity.subject.clone(),
            name: identity.name.clone(),
            email: identity.email.clone(),
            issuer: identity.issuer.clone(),
            signed_in_at: identity.signed_in_at.to_string(),
            age_seconds: now.duration_since(identity.signed_in_at).as_secs(),
            acr: identity.acr.clone(),
            scopes: identity.scope.iter().map(str::to_owned).collect(),
            authenticated_seconds_ago: identity.age(now).map(|age| age.as_secs()),
        }
    }
}

#[async_trait]
impl Resource for Desk {
    async fn ask(&self, visit: &Visit) -> Result<ResourceAnswer, PageError> {
        let began = Instant::now();
        let path = format!("{RESOURCE_ROUTE}/profile");
        let Fetched { url, response } = self.api.fetch(&seen(visit), &path).await.map_err(|error| told(&error))?;
        let status = response.status().as_u16();
        let body = json(response).await.map_err(|error| {
            tracing::error!(%error, "the Resource API's answer could not be read");
            PageError::ResourceUnreachable
        })?;
        Ok(ResourceAnswer {
            request: format!("GET {url}"),
            status,
            body: serde_json::to_string_pretty(&body).unwrap_or_default(),
            milliseconds: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        })
    }
}

/// The body of an answer that is shown.
async fn json(response: Response<Body>) -> Result<serde_json::Value, String> {
    let read = tokio::time::timeout(PATIENCE, to_bytes(response.into_body(), LARGEST)).await;
    let body = read.map_err(|_| "it does not end".to_owned())?.map_err(|error| error.to_string())?;
    serde_json::from_slice(&body).map_err(|error| error.to_string())
}

fn told(error: &ProxyError) -> PageError {
    let page = match error {
        ProxyError::SignedOut => return PageError::SignedOut,
        ProxyError::AccessExpired => return PageError::AccessExpired,
        ProxyError::OtherSite | ProxyError::NoHeader => return PageError::CrossSite,
        ProxyError::StepUp(demand, _) => return PageError::Stale { max_age: demand.max_age },
        ProxyError::NoAccess => PageError::NoAccess,
        ProxyError::ProviderUnreachable => PageError::ProviderUnreachable,
        ProxyError::NoRoute | ProxyError::Method(_) | ProxyError::Path(_) | ProxyError::Unreachable(_) | ProxyError::Silent => {
            PageError::ResourceUnreachable
        }
        ProxyError::Unavailable(_) => PageError::Unavailable,
    };
    tracing::error!(%error, "the Resource API could not be asked");
    page
}

/// What only development mode shows.
pub struct Backstage {
    /// Where e-mails are kept instead of being sent.
    pub outbox: std::path::PathBuf,
    /// (username, password).
    pub demo_accounts: Vec<(String, String)>,
}

#[async_trait]
impl Development for Backstage {
    async fn outbox(&self) -> Result<Vec<OutboxMessage>, PageError> {
        crate::worker::outbox(&self.outbox).await.map_err(|error| {
            tracing::error!(%error, "the outbox cannot be read");
            PageError::Unavailable
        })
    }

    fn demo_accounts(&self) -> Vec<(String, String)> {
        self.demo_accounts.clone()
    }
}
