//! What pages may ask. `server` answers from the boxes; tests answer from a fake.

use std::sync::Arc;

use async_trait::async_trait;
use http::{HeaderMap, HeaderValue, StatusCode};
use protocol::ClientAddress;
use protocol::flow::Flow;

use crate::attack::AttackReport;
use crate::error::PageError;
use crate::model::{CurrentUser, Device, OutboxMessage, ProviderChoice, ResourceAnswer};

/// The request a page or a server function answers, as the boxes need it.
#[derive(Debug, Clone, Default)]
pub struct Visit {
    /// All request headers, cookies among them.
    pub headers: HeaderMap,
    /// The raw query, without `?`.
    pub query: String,
    /// Where the browser is, where that is known.
    pub address: Option<ClientAddress>,
}

/// What a server function does to the response. One helper applies it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// `Set-Cookie` values.
    pub cookies: Vec<HeaderValue>,
    /// Where to go: a path of this origin, or a URL of the provider; checked by whoever made the outcome.
    pub location: Option<HeaderValue>,
    /// The status; with a location 302 where nothing is said.
    pub status: Option<StatusCode>,
}

/// Signing in and out (exchanges 1 to 13).
#[async_trait]
pub trait SignIn: Send + Sync {
    /// `GET /login?provider=&return_to=`: begins a sign-in.
    async fn begin(&self, visit: &Visit) -> Outcome;
    /// `GET /callback?code=&state=&iss=`, or `GET /callback/<provider>`: completes it, or leads to the page that explains.
    async fn complete(&self, visit: &Visit, provider: Option<&str>) -> Outcome;
    /// `POST /sign-out`: ends the session here and at the provider.
    async fn sign_out(&self, visit: &Visit) -> Outcome;
    /// The providers to choose from, in the order in which they are offered.
    fn providers(&self) -> Vec<ProviderChoice>;
    /// The origins to which signing out may lead.
    async fn sign_out_origins(&self) -> Vec<String>;
}

/// Who is here.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// The signed-in user of this request.
    async fn current_user(&self, visit: &Visit) -> Result<Option<CurrentUser>, PageError>;
}

/// Where the user is signed in.
#[async_trait]
pub trait Devices: Send + Sync {
    /// The browsers in which the user of this request is signed in, the newest first.
    async fn list(&self, visit: &Visit) -> Result<Vec<Device>, PageError>;
    /// `POST /sessions/sign-out`: signs out the one that is called `device`, and leads back to the list.
    async fn sign_out(&self, visit: &Visit, device: &str) -> Outcome;
    /// `POST /sessions/sign-out-others`: signs out all but this one, and leads back to the list.
    async fn sign_out_others(&self, visit: &Visit) -> Outcome;
}

/// The Resource API, called with the user's access token.
#[async_trait]
pub trait Resource: Send + Sync {
    /// Asks for the user's data.
    async fn ask(&self, visit: &Visit) -> Result<ResourceAnswer, PageError>;
}

/// What sign-ins were.
#[async_trait]
pub trait Flows: Send + Sync {
    /// Has a browser known as a viewer that is none yet, by a cookie: the `Set-Cookie` value.
    fn welcome(&self, visit: &Visit) -> Option<HeaderValue>;
    /// The newest sign-in that the browser of this request began, as far as it has come.
    async fn newest(&self, visit: &Visit) -> Result<Option<Flow>, PageError>;
}

/// What only development mode shows.
#[async_trait]
pub trait Development: Send + Sync {
    /// The e-mails in the outbox, newest first.
    async fn outbox(&self) -> Result<Vec<OutboxMessage>, PageError>;
    /// The demonstration accounts, as (username, password).
    fn demo_accounts(&self) -> Vec<(String, String)>;
}

/// The classic attacks on a sign-in, made against the running server; in development alone.
#[async_trait]
pub trait Attacks: Send + Sync {
    /// `POST /flow/attack`: makes the one that is called `name`, remembers what came of it for a while, and leads there.
    async fn make(&self, name: &str) -> Outcome;
    /// What came of one, by the name in the address that [`Attacks::make`] leads to.
    fn report(&self, name: &str) -> Option<AttackReport>;
}

/// All ports, given to pages by context.
#[derive(Clone)]
pub struct Ports {
    /// Signing in and out.
    pub sign_in: Arc<dyn SignIn>,
    /// Who is here.
    pub sessions: Arc<dyn Sessions>,
    /// Where else.
    pub devices: Arc<dyn Devices>,
    /// The Resource API.
    pub resource: Arc<dyn Resource>,
    /// Absent where sign-ins are not recorded.
    pub flows: Option<Arc<dyn Flows>>,
    /// Absent in production mode.
    pub development: Option<Arc<dyn Development>>,
    /// Absent in production mode, and where nobody's password is known.
    pub attacks: Option<Arc<dyn Attacks>>,
}
