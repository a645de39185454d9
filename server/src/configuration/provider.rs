//! What the provider is told.

use std::net::SocketAddr;
use std::path::PathBuf;

use authorization_server::{Client, KeySchedule, SlowDown};
use jiff::SignedDuration;
use secrecy::SecretString;
use serde::Deserialize;

use super::{Tls, local};

/// Section `[provider]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Provider {
    /// Address and port.
    pub listen: SocketAddr,
    /// TLS of our own; a proxy ends it, or nobody does, where it is not set.
    pub tls: Option<Tls>,
    /// The issuer identifier, which is also the origin; without a trailing slash.
    pub issuer: String,
    /// Seals the signing keys at rest: 32 characters or more.
    pub sealing_key: Option<SecretString>,
    /// The same, from a file; made in the data directory where neither is set.
    pub sealing_key_file: Option<PathBuf>,
    /// Whether to make the demonstration accounts; in development they are made unless this says no.
    pub demo_accounts: Option<bool>,
    /// Whether everybody may open an account, by way of their mailbox; in development they may unless this says no.
    pub sign_up: Option<bool>,
    /// Whether users may choose a new password by way of their mailbox; in development, and in production where `mail.url` is set,
    /// they may unless this says no.
    pub password_reset: Option<bool>,
    /// For how long a link that is sent for one of the two is good.
    pub link_lifetime: SignedDuration,
    /// The slow-down of guessed passwords.
    pub slow_down: SlowDown,
    /// Clients beside our own application.
    pub clients: Vec<Client>,
    /// When signing keys change: section `[provider.keys]`.
    pub keys: KeySchedule,
    /// Whether DPoP proofs must hold a nonce of the provider's.
    pub dpop_nonce: bool,
    /// How long an answer may take before whoever asked is told to come again.
    pub patience: SignedDuration,
    /// Who may register clients at `/register`.
    pub registration: Registration,
    /// The initial access token of `registration = "token"`: 32 characters or more in production.
    pub registration_token: Option<SecretString>,
    /// The same, from a file.
    pub registration_token_file: Option<PathBuf>,
    /// For how long a client that registered itself is kept though nobody allows it anything.
    pub registration_unused_for: SignedDuration,
}

/// Who may register clients at the provider (RFC 7591).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Registration {
    /// Nobody but the operator, by configuration or command.
    Off,
    /// Who has the registration token.
    Token,
    /// Everybody.
    Open,
}

impl Default for Provider {
    fn default() -> Self {
        Self {
            listen: local(4000),
            tls: None,
            issuer: "http://localhost:4000".to_owned(),
            sealing_key: None,
            sealing_key_file: None,
            demo_accounts: None,
            sign_up: None,
            password_reset: None,
            link_lifetime: SignedDuration::from_mins(30),
            slow_down: SlowDown::default(),
            clients: Vec::new(),
            keys: KeySchedule::default(),
            dpop_nonce: false,
            patience: authorization_server::PATIENCE,
            registration: Registration::Off,
            registration_token: None,
            registration_token_file: None,
            registration_unused_for: SignedDuration::from_hours(30 * 24),
        }
    }
}
