//! What the application's origin is told.

use std::net::SocketAddr;
use std::path::PathBuf;

use application_api::proxy::Route;
use jiff::SignedDuration;
use protocol::Scope;
use serde::Deserialize;

use super::{ListedProvider, Tls, When, local, providers};

/// Section `[application]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Application {
    /// Address and port.
    pub listen: SocketAddr,
    /// TLS of our own; a proxy ends it, or nobody does, where it is not set.
    pub tls: Option<Tls>,
    /// The origin as browsers see it, without a trailing slash.
    pub origin: String,
    /// The issuer to sign in with; our own provider where it is not set.
    pub issuer: Option<String>,
    /// How that provider knows us.
    pub client_id: String,
    /// What people see it called, where there are others.
    pub provider_title: String,
    /// What we ask for.
    pub scope: Scope,
    /// Whether that provider's tokens are bound to a key.
    pub dpop: When,
    /// Other providers to sign in with.
    pub providers: Vec<ListedProvider>,
    /// Whether only those are offered, and not the one above.
    pub listed_providers_only: bool,
    /// The Resource API that we call; our own where it is not set.
    pub resource: Option<String>,
    /// The private key of `private_key_jwt`, PKCS #8 PEM of P-256, Ed25519 or RSA; made in the data directory where it is not set.
    pub client_key_file: Option<PathBuf>,
    /// How long a session may last, however busy: `12h`.
    pub session_lifetime: SignedDuration,
    /// How long a session may last without being used: `2h`.
    pub session_idle: SignedDuration,
    /// How long a begun sign-in may take: `10m`.
    pub sign_in_lifetime: SignedDuration,
    /// What the proxy may call, as `[[application.routes]]`.
    pub routes: Vec<Route>,
}

impl Default for Application {
    fn default() -> Self {
        Self {
            listen: local(3000),
            tls: None,
            origin: "http://localhost:3000".to_owned(),
            issuer: None,
            client_id: "cloakroom".to_owned(),
            provider_title: "Cloakroom".to_owned(),
            scope: providers::ordinary_scope(),
            dpop: When::Never,
            providers: Vec::new(),
            listed_providers_only: false,
            resource: None,
            client_key_file: None,
            session_lifetime: SignedDuration::from_hours(12),
            session_idle: SignedDuration::from_hours(2),
            sign_in_lifetime: SignedDuration::from_mins(10),
            routes: Vec::new(),
        }
    }
}
