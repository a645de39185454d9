//! The Application API: the backend-for-frontend that starts OAuth and exchanges the code for tokens.
//!
//! Every token stays here, sealed in the Cache; the browser carries a ticket. The exchanges of the diagram, in order:
//! [`begin`] (1 to 4), [`complete`] (8 to 13), then [`proxy`], [`refresh`] and [`sign_out`]. It speaks HTTP to its
//! providers, ours or anyone's, and depends on nothing of them but `protocol`.

use std::sync::Arc;

use cache::Cache;
use protocol::jose::{Jwk, JwkSet};
use protocol::{Clock, Rng};
use queue::{Envelope, Event, Queue};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use proof::Prover;
use provider::several::Providers;

pub mod backchannel_logout;
pub mod begin;
pub mod complete;
pub mod cookies;
pub mod devices;
pub mod flow;
pub mod proof;
pub mod provider;
pub mod proxy;
pub mod refresh;
pub mod session;
pub mod settings;
pub mod sign_out;
pub mod transaction;
pub mod visit;

pub use begin::Begin;
pub use complete::Completion;
pub use provider::Provider;
pub use provider::settings::ProviderSettings;
pub use session::{Identity, Session};
pub use settings::Settings;
pub use sign_out::SignOut;
pub use visit::Visit;

/// The box, with the boxes it talks to.
pub struct ApplicationApi {
    settings: Settings,
    providers: Arc<Providers>,
    prover: Arc<Prover>,
    cache: Arc<dyn Cache>,
    queue: Arc<dyn Queue>,
    upstream: reqwest::Client,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    tasks: TaskTracker,
    stopping: CancellationToken,
}

/// The HTTP clients of the box. Neither follows redirects.
#[derive(Debug, Clone)]
pub struct Lines {
    /// To the providers.
    pub http: reqwest::Client,
    /// For the proxy: without a time for a whole answer, and by HTTP/1.1, which alone switches protocols.
    pub upstream: reqwest::Client,
}

impl ApplicationApi {
    /// Puts the box together; nothing is fetched before the first sign-in.
    pub fn new(
        settings: Settings,
        providers: Vec<ProviderSettings>,
        cache: Arc<dyn Cache>,
        queue: Arc<dyn Queue>,
        lines: Lines,
        clock: Arc<dyn Clock>,
        rng: Arc<dyn Rng>,
    ) -> Self {
        let Lines { http, upstream } = lines;
        let prover = Arc::new(Prover::new(Arc::clone(&clock), Arc::clone(&rng)));
        let provider = |provider: ProviderSettings| {
            let (clock, rng) = (Arc::clone(&clock), Arc::clone(&rng));
            Provider::new(provider, &settings.origin, http.clone(), Arc::clone(&prover), clock, rng)
        };
        let providers = Arc::new(Providers::new(providers.into_iter().map(provider).collect()));
        Self {
            settings,
            providers,
            prover,
            cache,
            queue,
            upstream,
            clock,
            rng,
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
        }
    }

    /// Our public keys, for providers to verify our assertions with; each once.
    pub fn client_jwks(&self) -> JwkSet {
        let mut keys: Vec<Jwk> = Vec::new();
        for key in self.providers.iter().filter_map(Provider::public_key) {
            if !keys.contains(key) {
                keys.push(key.clone());
            }
        }
        JwkSet { keys }
    }

    /// The providers that people may sign in with.
    pub fn providers(&self) -> &Providers {
        &self.providers
    }

    /// The origins to which signing out may lead, for pages to allow it.
    pub async fn sign_out_origins(&self) -> Vec<String> {
        let mut origins = Vec::new();
        for provider in self.providers.iter() {
            origins.extend(provider.sign_out_origin().await);
        }
        origins.sort();
        origins.dedup();
        origins
    }

    /// The settings it was made with.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Lets go of open event streams, and waits for what was begun for browsers that hung up meanwhile: refreshes, sign-outs and revocations.
    pub async fn finish(&self) {
        self.stopping.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Cancelled when open event streams are let go of.
    pub fn stopping(&self) -> CancellationToken {
        self.stopping.clone()
    }

    /// 256 random bits as text.
    fn opaque(&self) -> String {
        protocol::entropy::opaque(self.rng.as_ref())
    }

    async fn audit(&self, event: Event) -> Result<(), queue::Unavailable> {
        self.queue.push(&Envelope::new(event, self.clock.as_ref(), self.rng.as_ref())).await
    }
}
