//! The ports of `app`, answered from the boxes.

use std::sync::Arc;

use app::error::PageError;
use app::model::{CurrentUser, OutboxMessage, ProviderChoice, ResourceAnswer};
use app::ports::{Development, Outcome, Resource, Sessions, SignIn, Visit};
use application_api::resource::ResourceError;
use application_api::{ApplicationApi, Provider, Session};
use async_trait::async_trait;
use protocol::Clock;

use crate::outcome;

/// The Application API, as pages see it.
pub struct Desk {
    /// The box.
    pub api: Arc<ApplicationApi>,
    /// For ages.
    pub clock: Arc<dyn Clock>,
}

fn seen(visit: &Visit) -> application_api::Visit<'_> {
    application_api::Visit { headers: &visit.headers, query: &visit.query, address: visit.address }
}

#[async_trait]
impl SignIn for Desk {
    async fn begin(&self, visit: &Visit) -> Outcome {
        outcome::of_begin(self.api.begin(&seen(visit)).await)
    }

    async fn complete(&self, visit: &Visit, provider: Option<&str>) -> Outcome {
        outcome::of_completion(self.api.complete(&seen(visit), provider).await)
    }

    async fn sign_out(&self, visit: &Visit) -> Outcome {
        outcome::of_sign_out(self.api.sign_out(&seen(visit)).await)
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
        match self.api.ask_resource(&seen(visit)).await {
            Ok(answer) => Ok(ResourceAnswer {
                request: format!("GET {}", answer.url),
                status: answer.status.as_u16(),
                body: serde_json::to_string_pretty(&answer.body).unwrap_or_default(),
                milliseconds: u64::try_from(answer.took.as_millis()).unwrap_or(u64::MAX),
            }),
            Err(error) => Err(told(&error)),
        }
    }
}

fn told(error: &ResourceError) -> PageError {
    let page = match error {
        ResourceError::SignedOut => return PageError::SignedOut,
        ResourceError::AccessExpired => return PageError::AccessExpired,
        ResourceError::CrossSite => return PageError::CrossSite,
        ResourceError::ProviderUnreachable => PageError::ProviderUnreachable,
        ResourceError::Unreachable(_) => PageError::ResourceUnreachable,
        ResourceError::Unavailable(_) => PageError::Unavailable,
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
