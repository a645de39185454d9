//! The wiring: opens the engines that the chosen roles need, and puts the boxes on top of them.

use std::sync::Arc;
use std::time::Duration;

use app::Site;
use app::ports::{Attacks, Development, Flows, Ports};
use application_api::proxy::Route;
use application_api::{ApplicationApi, Lines};
use authorization_server::{AuthorizationServer, Boxes, DemoAccount, Lifetimes, Outbound, PrepareError};
use axum::Router;
use cache::Cache;
use jiff::SignedDuration;
use leptos::config::LeptosOptions;
use protocol::{Clock, OsRng, Rng, SystemClock};
use queue::Queue;
use url::Url;
use user_database::SqlDatabase;

use crate::adapters::{Backstage, Desk};
use crate::attacks::Range;
use crate::configuration::{Flow, Role, without_password};
use crate::demonstration::{self, ACCOUNTS};
use crate::flow::{Book, Gallery};
use crate::health::{self, Engines};
use crate::herald::ProviderHerald;
use crate::pages::ProviderPages;
use crate::proofs::ProofsInCache;
use crate::scribe::Scribe;
use crate::worker::Clerk;
use crate::{Configuration, Failure, application, clients, keys, listener, provider, sign_in_providers, site};

/// The route to the Resource API, which the page that asks it goes by. A configuration may declare it otherwise.
pub(crate) const RESOURCE_ROUTE: &str = "/resource-api";

/// How long one of our requests to another box may take, connection included.
const PATIENCE: Duration = Duration::from_secs(10);
const PATIENCE_TO_CONNECT: Duration = Duration::from_secs(3);

/// How long a connection is kept for the next request. Many servers close one that was idle for five seconds: whoever is the first
/// to close can have no request on its way.
const PATIENCE_WHILE_IDLE: Duration = Duration::from_secs(4);

/// The boxes that this process runs, ready to listen.
pub struct House {
    /// The application's origin.
    pub application: Option<Router>,
    /// The provider's origin.
    pub provider: Option<Router>,
    /// The provider itself, whose signing keys want looking after.
    pub authorization_server: Option<Arc<AuthorizationServer>>,
    /// The Resource API's origin.
    pub resource: Option<Router>,
    /// What takes events off the Queue.
    pub worker: Option<(Arc<dyn Queue>, Arc<Clerk>)>,
    /// To be waited for at the end: it may still work for browsers that hung up.
    pub api: Option<Arc<ApplicationApi>>,
    /// For pruning.
    pub cache: Option<Arc<dyn Cache>>,
    /// For pruning, and to be closed at the end.
    pub database: Option<Arc<SqlDatabase>>,
}

/// Time and chance as the whole house has them.
#[derive(Clone)]
pub struct Nature {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub rng: Arc<dyn Rng>,
}

impl Default for Nature {
    fn default() -> Self {
        Self { clock: Arc::new(SystemClock), rng: Arc::new(OsRng) }
    }
}

/// Opens the User Database.
///
/// # Errors
/// [`Failure::Engine`] where it does not answer.
pub async fn open_database(configuration: &Configuration, nature: &Nature) -> Result<Arc<SqlDatabase>, Failure> {
    let url = configuration.engine(&configuration.database, "users.db");
    SqlDatabase::open(&url, Arc::clone(&nature.rng)).await.map_err(|error| engine("the User Database", &url, &error, "database"))
}

/// Opens the Queue.
///
/// # Errors
/// [`Failure::Engine`] where it does not answer.
pub async fn open_queue(configuration: &Configuration) -> Result<Arc<dyn Queue>, Failure> {
    let url = configuration.engine(&configuration.queue, "queue.db");
    queue::open(&url).await.map_err(|error| engine("the Queue", &url, &error, "queue"))
}

async fn open_cache(configuration: &Configuration, nature: &Nature) -> Result<Arc<dyn Cache>, Failure> {
    let url = configuration.engine(&configuration.cache, "cache.db");
    cache::open(&url, Arc::clone(&nature.clock)).await.map_err(|error| engine("the Cache", &url, &error, "cache"))
}

fn engine(what: &'static str, url: &str, error: &dyn std::error::Error, setting: &'static str) -> Failure {
    let reason = error.source().map_or_else(|| error.to_string(), ToString::to_string);
    let reason = reason.lines().next().unwrap_or_default().to_owned();
    Failure::Engine { what, url: without_password(url), reason, setting }
}

/// The client for requests to other boxes. It follows no redirects: none of them is to be followed blindly.
///
/// # Errors
/// [`Failure::Configuration`] names an authority's file that cannot be used, [`Failure::Command`] is TLS that cannot be set up.
pub fn http(configuration: &Configuration) -> Result<reqwest::Client, Failure> {
    reqwest::Client::builder()
        .tls_certs_merge(authorities(configuration)?)
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(PATIENCE_TO_CONNECT)
        .pool_idle_timeout(PATIENCE_WHILE_IDLE)
        .timeout(PATIENCE)
        .user_agent(concat!("cloakroom/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| no_client(&error))
}

/// The client for calls through the proxy. An answer may take as long as it likes once it has begun, and it may switch protocols,
/// which HTTP/1.1 alone can.
///
/// # Errors
/// Those of [`http`].
pub fn upstream(configuration: &Configuration) -> Result<reqwest::Client, Failure> {
    reqwest::Client::builder()
        .tls_certs_merge(authorities(configuration)?)
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(PATIENCE_TO_CONNECT)
        .pool_idle_timeout(PATIENCE_WHILE_IDLE)
        .http1_only()
        .build()
        .map_err(|error| no_client(&error))
}

/// What asks others for a client's sake.
///
/// # Errors
/// Those of [`http`].
pub fn outbound(configuration: &Configuration) -> Result<Outbound, Failure> {
    Outbound::new(configuration.is_development(), &authorities(configuration)?).map_err(|error| no_client(&error))
}

/// The authorities that the configuration trusts beside the system's.
fn authorities(configuration: &Configuration) -> Result<Vec<reqwest::Certificate>, Failure> {
    let ders = listener::read_authorities(&configuration.network.certificate_authorities)?;
    ders.iter().map(|der| reqwest::Certificate::from_der(der).map_err(|error| no_client(&error))).collect()
}

fn no_client(error: &reqwest::Error) -> Failure {
    Failure::Command(format!("no HTTP client: {error}"))
}

impl House {
    /// Builds what the roles ask for. Nothing listens yet. `options` say where the site's files are.
    ///
    /// # Errors
    /// [`Failure`] names the engine, file or setting that is in the way.
    pub async fn build(configuration: &Configuration, nature: &Nature, options: &LeptosOptions) -> Result<Self, Failure> {
        let runs = |role| configuration.runs(role);
        let (application, provider) = (runs(Role::Application), runs(Role::Provider));
        let needs_cache = application || provider || runs(Role::Resource);
        let cache = if needs_cache { Some(open_cache(configuration, nature).await?) } else { None };
        let needs_queue = application || provider || runs(Role::Worker);
        let queue = if needs_queue { Some(open_queue(configuration).await?) } else { None };
        let needs_database = provider || runs(Role::Worker);
        let database = if needs_database { Some(open_database(configuration, nature).await?) } else { None };
        let http = http(configuration)?;

        let mut house = Self {
            application: None,
            api: None,
            provider: None,
            authorization_server: None,
            resource: None,
            worker: None,
            cache: cache.clone(),
            database: database.clone(),
        };
        if let (true, Some(cache)) = (runs(Role::Resource), &cache) {
            let engines = Engines { cache: Some(Arc::clone(cache)), ..Engines::default() };
            let router = resource(configuration, &http, nature, cache).merge(health::router(engines));
            house.resource = Some(site::strictly(router, &configuration.resource.origin));
        }
        if let (true, Some(cache), Some(queue)) = (application, &cache, &queue) {
            let (router, api) = application_origin(configuration, nature, cache, queue, &http, options)?;
            house.api = Some(api);
            let engines = Engines { cache: Some(Arc::clone(cache)), queue: Some(Arc::clone(queue)), database: None };
            house.application = Some(site::strictly(router.merge(health::router(engines)), &configuration.application.origin));
        }
        if let (true, Some(cache), Some(queue), Some(database)) = (provider, &cache, &queue, &database) {
            let server = provider_origin(configuration, nature, cache, queue, database, options).await?;
            let engines =
                Engines { cache: Some(Arc::clone(cache)), queue: Some(Arc::clone(queue)), database: Some(Arc::clone(database)) };
            let router = provider::router(Arc::clone(&server), options).merge(health::router(engines));
            house.authorization_server = Some(server);
            house.provider = Some(site::strictly(router, &configuration.provider.issuer));
        }
        if let (true, Some(queue), Some(database)) = (runs(Role::Worker), queue, database) {
            let herald = Arc::new(ProviderHerald::new(configuration, nature, Arc::clone(&database)));
            let scribe = Scribe::new(configuration, nature, Arc::clone(&database));
            house.worker = Some((queue, Arc::new(Clerk::new(database, configuration, herald, scribe)?)));
        }
        Ok(house)
    }
}

fn application_origin(
    configuration: &Configuration,
    nature: &Nature,
    cache: &Arc<dyn Cache>,
    queue: &Arc<dyn Queue>,
    http: &reqwest::Client,
    options: &LeptosOptions,
) -> Result<(Router, Arc<ApplicationApi>), Failure> {
    let settings = application_settings(configuration)?;
    let api = Arc::new(ApplicationApi::new(
        settings,
        sign_in_providers::configured(configuration)?,
        Arc::clone(cache),
        Arc::clone(queue),
        Lines { http: http.clone(), upstream: upstream(configuration)? },
        Arc::clone(&nature.clock),
        Arc::clone(&nature.rng),
    ));
    let gallery = (configuration.flow() == Flow::Recorded)
        .then(|| Gallery { book: Book::new(Arc::clone(cache), &configuration.provider.issuer), rng: Arc::clone(&nature.rng) });
    let desk = Arc::new(Desk { api: Arc::clone(&api), clock: Arc::clone(&nature.clock), flows: gallery.clone() });
    let ports = Ports {
        sign_in: desk.clone(),
        sessions: desk.clone(),
        devices: desk.clone(),
        resource: desk,
        flows: gallery.clone().map(|gallery| Arc::new(gallery) as Arc<dyn Flows>),
        development: configuration.is_development().then(|| {
            let demo_accounts = demo_accounts(configuration);
            Arc::new(Backstage { outbox: configuration.outbox(), demo_accounts }) as Arc<dyn Development>
        }),
        attacks: range(configuration, nature, cache, http),
    };
    let site = Site::new(options.clone(), ports);
    let router = application::router(site, &api, gallery, options);
    Ok((router, api))
}

/// Where attacks can be tried: in development, at a provider of ours with demonstration accounts.
fn range(
    configuration: &Configuration,
    nature: &Nature,
    cache: &Arc<dyn Cache>,
    http: &reqwest::Client,
) -> Option<Arc<dyn Attacks>> {
    let ours = configuration.application.issuer.is_none() && !configuration.application.listed_providers_only;
    let accounts = <[_; 2]>::try_from(demo_accounts(configuration)).ok();
    let accounts = accounts.filter(|_| configuration.is_development() && ours)?;
    Some(Arc::new(Range {
        application: configuration.application.origin.clone(),
        provider: configuration.provider.issuer.clone(),
        accounts,
        http: http.clone(),
        cache: Arc::clone(cache),
        rng: Arc::clone(&nature.rng),
        reports: std::sync::Mutex::default(),
    }))
}

fn demo_accounts(configuration: &Configuration) -> Vec<(String, String)> {
    let accounts = ACCOUNTS.iter().map(|account| (account.username.to_owned(), account.password.to_owned()));
    if configuration.has_demo_accounts() { accounts.collect() } else { Vec::new() }
}

/// The application's section as the Application API is told it.
///
/// # Errors
/// [`Failure::Configuration`] where a value cannot be.
pub(crate) fn application_settings(configuration: &Configuration) -> Result<application_api::Settings, Failure> {
    let wrong = |error: &dyn std::fmt::Display| Failure::Configuration(format!("application: {error}"));
    let section = &configuration.application;
    let mut routes = section.routes.clone();
    if !routes.iter().any(|route| route.path == RESOURCE_ROUTE) {
        let resource = Url::parse(configuration.resource()).map_err(|error| wrong(&error))?;
        routes.push(Route { timeout: SignedDuration::from_secs(10), ..Route::new(RESOURCE_ROUTE, resource) });
    }
    Ok(application_api::Settings {
        origin: section.origin.clone(),
        session_lifetime: section.session_lifetime.try_into().map_err(|error| wrong(&error))?,
        session_idle: section.session_idle.try_into().map_err(|error| wrong(&error))?,
        transaction_lifetime: section.sign_in_lifetime.try_into().map_err(|error| wrong(&error))?,
        routes,
    })
}

async fn provider_origin(
    configuration: &Configuration,
    nature: &Nature,
    cache: &Arc<dyn Cache>,
    queue: &Arc<dyn Queue>,
    database: &Arc<SqlDatabase>,
    options: &LeptosOptions,
) -> Result<Arc<AuthorizationServer>, Failure> {
    if configuration.has_demo_accounts() {
        demonstration::furnish(database.as_ref(), nature.clock.as_ref(), nature.rng.as_ref()).await?;
    } else {
        demonstration::refuse_leftovers(database.as_ref()).await?;
    }
    let boxes = Boxes {
        cache: Arc::clone(cache),
        queue: Arc::clone(queue),
        accounts: database.clone(),
        account_keeper: database.clone(),
        audit: database.clone(),
        consents: database.clone(),
        grants: database.clone(),
        links: database.clone(),
        sessions: database.clone(),
        signing_keys: database.clone(),
        clients: database.clone(),
        pages: Arc::new(ProviderPages::new(
            app::stylesheet_path(options),
            &configuration.application.origin,
            configuration.is_development(),
        )),
        clock: Arc::clone(&nature.clock),
        rng: Arc::clone(&nature.rng),
        outbound: outbound(configuration)?,
    };
    let sealing_key = keys::sealing_key(configuration)?;
    let prepared = AuthorizationServer::prepare(provider_settings(configuration)?, boxes, &sealing_key).await;
    prepared.map_err(|error| match error {
        PrepareError::Users(error) => {
            engine("the User Database", &configuration.engine(&configuration.database, "users.db"), &error, "database")
        }
        error => Failure::Configuration(format!("provider: {error}")),
    })
}

/// The provider's section as the Authorization Server is told it, checked.
///
/// # Errors
/// [`Failure::Configuration`] names what cannot be.
pub(crate) fn provider_settings(configuration: &Configuration) -> Result<authorization_server::Settings, Failure> {
    let settings = authorization_server::Settings {
        issuer: Url::parse(&configuration.provider.issuer).map_err(|error| Failure::Configuration(error.to_string()))?,
        lifetimes: Lifetimes { link: configuration.provider.link_lifetime, ..Lifetimes::default() },
        sign_up: configuration.has_sign_up(),
        password_reset: configuration.has_password_reset(),
        dpop_nonce: configuration.provider.dpop_nonce,
        patience: configuration.provider.patience,
        slow_down: configuration.provider.slow_down,
        clients: clients::configured(configuration)?,
        registration: clients::registration(configuration)?,
        demo_accounts: demo_accounts(configuration)
            .into_iter()
            .map(|(username, password)| DemoAccount { username, password })
            .collect(),
        keys: configuration.provider.keys,
    };
    settings.check().map_err(|error| Failure::Configuration(format!("provider: {error}")))?;
    Ok(settings)
}

fn resource(configuration: &Configuration, http: &reqwest::Client, nature: &Nature, cache: &Arc<dyn Cache>) -> Router {
    let section = &configuration.resource;
    let settings = resource_api::Settings {
        audience: section.origin.clone(),
        issuer: section.issuer.clone().unwrap_or_else(|| configuration.provider.issuer.clone()),
    };
    let proofs = Arc::new(ProofsInCache(Arc::clone(cache)));
    resource_api::router(&settings, http.clone(), Arc::clone(&nature.clock), proofs)
}
