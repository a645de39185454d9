//! What Cloakroom is told: `cloakroom.toml`, then `CLOAKROOM__SECTION__KEY`, then flags; runs with none of them.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::ValueEnum;
use protocol::client_address::{ForwardingHeader, ProxyNetwork, TrustedProxies};
use secrecy::SecretString;
use serde::Deserialize;

mod application;
mod load;
mod masked;
mod provider;
mod providers;
mod refusals;

pub use application::Application;
pub use masked::without_password;
pub use provider::{Provider, Registration};
pub use providers::{Claims, ListedProvider, Method, When};

/// Everything that can be set. Printed for debugging, the engines' URLs come without their passwords.
#[derive(Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Configuration {
    /// `development` has demonstration accounts and an outbox folder; `production` refuses them.
    pub mode: Mode,
    /// Which boxes this process runs.
    pub roles: Vec<Role>,
    /// Where the embedded engines, generated keys and the outbox lie.
    pub data_directory: PathBuf,
    /// The User Database: `sqlite:<path>` or `postgres://…`; `embedded` is SQLite in the data directory.
    pub database: String,
    /// The Cache: `embedded`, `sqlite:<path>`, or `redis://…`.
    pub cache: String,
    /// The Queue: `embedded`, `sqlite:<path>`, or `redis://…`.
    pub queue: String,
    /// What `/flow` knows of sign-ins; in development they are recorded, in production counted, unless this says otherwise.
    pub flow: Option<Flow>,
    /// The Application API and its pages.
    pub application: Application,
    /// The Authorization Server.
    pub provider: Provider,
    /// The Resource API.
    pub resource: Resource,
    /// What stands between us and others: proxies, authorities.
    pub network: Network,
    /// E-mail.
    pub mail: Mail,
    /// Log lines.
    pub log: Log,
}

/// What kind of place this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// A developer's machine.
    Development,
    /// Where people sign in.
    Production,
}

/// What becomes of the exchanges of sign-ins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Flow {
    /// They are kept for a quarter of an hour, and each browser sees its own at `/flow`.
    Recorded,
    /// They are counted, and the log tells how many there were.
    Counted,
    /// Nothing.
    Off,
}

/// A box that this process may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The Application API with its pages.
    Application,
    /// The Authorization Server.
    Provider,
    /// The Resource API.
    Resource,
    /// What takes events off the Queue.
    Worker,
}

/// Section `[resource]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Resource {
    /// Address and port.
    pub listen: SocketAddr,
    /// TLS of our own; a proxy ends it, or nobody does, where it is not set.
    pub tls: Option<Tls>,
    /// The origin, which is also the audience of its tokens; without a trailing slash.
    pub origin: String,
    /// Whose tokens it takes; our own provider's where it is not set.
    pub issuer: Option<String>,
}

/// The key `tls` of a section that listens. The files are read again while we run, so that certificates can be replaced.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The certificate, and below it those between it and its authority, in PEM.
    pub certificate: PathBuf,
    /// Its private key in PEM, without a passphrase.
    pub key: PathBuf,
}

/// Section `[network]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Network {
    /// The proxies that are believed when they say for whom they speak: `10.0.0.0/8`, `::1`. Nobody, where it is empty.
    pub trusted_proxies: Vec<ProxyNetwork>,
    /// In which header they say it: `x-forwarded-for` or `forwarded`.
    pub client_address_header: ForwardingHeader,
    /// Certificates of authorities, in PEM, that our own requests trust beside those of the system.
    pub certificate_authorities: Vec<PathBuf>,
}

/// Section `[mail]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mail {
    /// `smtp://…` or `smtps://…`; development writes .eml files into the data directory where it is not set.
    pub url: Option<SecretString>,
    /// The sender.
    pub from: String,
}

/// Section `[log]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// What is logged, as `tracing` filters say it: `info`, `info,application_api=debug`.
    pub filter: String,
    /// `text` or `json`.
    pub format: LogFormat,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Where one of the boxes listens.
#[derive(Debug, Clone, Copy)]
pub struct Door<'a> {
    /// The section of the configuration, which is also the name of the role.
    pub section: &'static str,
    /// The key of that section that holds the origin.
    pub key: &'static str,
    /// Address and port.
    pub listen: SocketAddr,
    /// The address that others use.
    pub origin: &'a str,
    /// TLS of our own.
    pub tls: Option<&'a Tls>,
}

fn local(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

impl Default for Configuration {
    fn default() -> Self {
        Self {
            mode: Mode::Development,
            roles: vec![Role::Application, Role::Provider, Role::Resource, Role::Worker],
            data_directory: "data".into(),
            database: "embedded".to_owned(),
            cache: "embedded".to_owned(),
            queue: "embedded".to_owned(),
            flow: None,
            application: Application::default(),
            provider: Provider::default(),
            resource: Resource::default(),
            network: Network::default(),
            mail: Mail::default(),
            log: Log::default(),
        }
    }
}

impl Default for Resource {
    fn default() -> Self {
        Self { listen: local(5000), tls: None, origin: "http://localhost:5000".to_owned(), issuer: None }
    }
}

impl Default for Mail {
    fn default() -> Self {
        Self { url: None, from: "Cloakroom <no-reply@localhost>".to_owned() }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { filter: "info".to_owned(), format: LogFormat::Text }
    }
}

impl std::fmt::Debug for Configuration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Configuration")
            .field("mode", &self.mode)
            .field("roles", &self.roles)
            .field("data_directory", &self.data_directory)
            .field("database", &without_password(&self.database))
            .field("cache", &without_password(&self.cache))
            .field("queue", &without_password(&self.queue))
            .field("flow", &self.flow)
            .field("application", &self.application)
            .field("provider", &self.provider)
            .field("resource", &self.resource)
            .field("network", &self.network)
            .field("mail", &self.mail)
            .field("log", &self.log)
            .finish()
    }
}

impl Configuration {
    /// Whether this process runs `role`.
    pub fn runs(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Whether this is a developer's machine.
    pub fn is_development(&self) -> bool {
        self.mode == Mode::Development
    }

    /// What becomes of the exchanges of sign-ins.
    pub fn flow(&self) -> Flow {
        self.flow.unwrap_or(if self.is_development() { Flow::Recorded } else { Flow::Counted })
    }

    /// Whether demonstration accounts are made.
    pub fn has_demo_accounts(&self) -> bool {
        self.provider.demo_accounts.unwrap_or(self.is_development())
    }

    /// Whether everybody may open an account.
    pub fn has_sign_up(&self) -> bool {
        self.provider.sign_up.unwrap_or(self.is_development())
    }

    /// Whether users may choose a new password by way of their mailbox.
    pub fn has_password_reset(&self) -> bool {
        self.provider.password_reset.unwrap_or(self.is_development() || self.mail.url.is_some())
    }

    /// Whether the application signs in with the provider that has no entry of its own.
    pub fn offers_default_provider(&self) -> bool {
        !self.application.listed_providers_only
    }

    /// Whether a provider knows the application by its key.
    pub fn needs_client_key(&self) -> bool {
        let by_key =
            |provider: &ListedProvider| provider.authentication == Method::PrivateKeyJwt && provider.client_key_file.is_none();
        self.offers_default_provider() || self.application.providers.iter().any(by_key)
    }

    /// The issuer of the provider that has no entry of its own.
    pub fn issuer(&self) -> &str {
        self.application.issuer.as_deref().unwrap_or(&self.provider.issuer)
    }

    /// The Resource API that the application calls.
    pub fn resource(&self) -> &str {
        self.application.resource.as_deref().unwrap_or(&self.resource.origin)
    }

    /// The resource servers that our own provider, or whichever stands in its place, is asked for (RFC 8707): the Resource API, then
    /// those that routes name.
    pub fn resources(&self) -> Vec<String> {
        let mut resources = vec![self.resource().trim_end_matches('/').to_owned()];
        for resource in self.application.routes.iter().filter_map(|route| route.resource.as_ref()) {
            if !resources.contains(resource) {
                resources.push(resource.clone());
            }
        }
        resources
    }

    /// The URL of an engine, `embedded` resolved to its file in the data directory.
    pub fn engine(&self, url: &str, file: &str) -> String {
        if url == "embedded" { format!("sqlite:{}", self.data_directory.join(file).display()) } else { url.to_owned() }
    }

    /// Where the chosen roles listen, in the order of the boxes: application, provider, resource.
    pub fn doors(&self) -> Vec<Door<'_>> {
        let (application, provider, resource) = (&self.application, &self.provider, &self.resource);
        let all = [
            (Role::Application, "application", "origin", application.listen, &application.origin, &application.tls),
            (Role::Provider, "provider", "issuer", provider.listen, &provider.issuer, &provider.tls),
            (Role::Resource, "resource", "origin", resource.listen, &resource.origin, &resource.tls),
        ];
        let run = all.into_iter().filter(|(role, ..)| self.runs(*role));
        run.map(|(_, section, key, listen, origin, tls)| Door { section, key, listen, origin, tls: tls.as_ref() }).collect()
    }

    /// The proxies that are believed.
    pub fn trusted_proxies(&self) -> TrustedProxies {
        let Network { trusted_proxies, client_address_header, .. } = &self.network;
        TrustedProxies { networks: trusted_proxies.clone(), header: *client_address_header }
    }

    /// Where development mode keeps e-mails instead of sending them.
    pub fn outbox(&self) -> PathBuf {
        self.data_directory.join("outbox")
    }
}
