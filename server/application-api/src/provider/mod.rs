//! A provider as we see it: its metadata and keys by discovery, and our authentication towards it.

use std::sync::Arc;

use protocol::dpop::ProofKey;
use protocol::jose::{Algorithm, Jwk};
use protocol::{Clock, Rng};
use tokio::sync::{Mutex, RwLock};

use crate::proof::Prover;
use discovery::Known;
use settings::{Authentication, ProviderSettings, Use, callback_path};
use wire::Wire;

pub use discovery::{Extensions, Metadata};

mod authentication;
mod client;
mod demanded;
mod discovery;
mod id_token;
pub mod logout_token;
pub mod push;
pub mod revoke;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests stop at surprises")]
mod samples;
pub mod settings;
pub mod several;
pub mod token;
mod userinfo;
pub mod wire;

/// Why the provider did not give what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// It does not answer, or answers 5xx: try again.
    #[error("the provider does not answer: {0}")]
    Unreachable(String),
    /// It says no, with this code.
    #[error("the provider says {0}")]
    Refused(String),
    /// It answers something that the specifications do not allow, so nothing of it is used.
    #[error("the provider's answer is not acceptable: {0}")]
    Unacceptable(String),
}

/// One provider.
pub struct Provider {
    settings: ProviderSettings,
    redirect_uri: String,
    wire: Wire,
    prover: Arc<Prover>,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    known: RwLock<Option<Known>>,
    fetching: Mutex<()>,
}

impl Provider {
    /// `origin` is our own, without a trailing slash.
    pub(crate) fn new(
        settings: ProviderSettings,
        origin: &str,
        http: reqwest::Client,
        prover: Arc<Prover>,
        clock: Arc<dyn Clock>,
        rng: Arc<dyn Rng>,
    ) -> Self {
        Self {
            redirect_uri: format!("{origin}{}", callback_path(&settings.name)),
            settings,
            wire: Wire(http),
            prover,
            clock,
            rng,
            known: RwLock::default(),
            fetching: Mutex::default(),
        }
    }

    /// What we are told of it.
    pub fn settings(&self) -> &ProviderSettings {
        &self.settings
    }

    /// Its name in our URLs.
    pub fn name(&self) -> &str {
        &self.settings.name
    }

    /// The issuer identifier.
    pub fn issuer(&self) -> &str {
        &self.settings.issuer
    }

    /// The public half of the key that signs our assertions, where one does.
    pub fn public_key(&self) -> Option<&Jwk> {
        match &self.settings.authentication {
            Authentication::PrivateKeyJwt(key) => Some(key.public_jwk()),
            Authentication::SecretBasic(_) | Authentication::SecretPost(_) | Authentication::None => None,
        }
    }

    /// A key for the tokens of a sign-in that begins, where they are to be bound to one.
    pub(crate) fn proof_key(&self, metadata: &Metadata) -> Option<ProofKey> {
        let able = || {
            let named = metadata.additional_metadata().dpop_signing_alg_values_supported.as_ref();
            named.is_some_and(|named| named.iter().any(|name| name == Algorithm::ES256.name()))
        };
        let bound = match self.settings.dpop {
            Use::Always => true,
            Use::Auto => able(),
            Use::Never => false,
        };
        bound.then(|| ProofKey::generate(self.rng.as_ref()))
    }

    /// Whether the provider promises `iss` in its responses (RFC 9207 §3).
    pub fn promises_issuer(metadata: &Metadata) -> bool {
        metadata.additional_metadata().authorization_response_iss_parameter_supported
    }

    /// Where to send the browser to end the provider's session, where the provider has such a place.
    pub fn end_session_endpoint(metadata: &Metadata) -> Option<&str> {
        metadata.additional_metadata().end_session_endpoint.as_deref()
    }
}
