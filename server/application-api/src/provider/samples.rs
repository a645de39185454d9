//! A provider for tests, and what its discovery told.

use std::sync::Arc;

use jiff::Timestamp;
use openidconnect::core::CoreJsonWebKeySet;
use protocol::jose::{Algorithm, SigningKey};
use protocol::{Clock, ManualClock, OsRng, Rng};
use serde_json::json;

use super::settings::{DEFAULT, ProviderSettings};
use super::{Metadata, Provider};
use crate::proof::Prover;

pub(super) const ISSUER: &str = "https://id.example";
pub(super) const NOW: i64 = 1_800_000_000;

pub(super) fn now() -> Timestamp {
    Timestamp::from_second(NOW).unwrap()
}

pub(super) fn provider() -> Provider {
    provider_with(|_| ())
}

pub(super) fn provider_with(change: impl FnOnce(&mut ProviderSettings)) -> Provider {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut settings = ProviderSettings::new(DEFAULT, ISSUER, "app", SigningKey::generate(&OsRng));
    change(&mut settings);
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(now()));
    let rng: Arc<dyn Rng> = Arc::new(OsRng);
    let prover = Arc::new(Prover::new(Arc::clone(&clock), Arc::clone(&rng)));
    Provider::new(settings, "https://app.example", reqwest::Client::new(), prover, clock, rng)
}

pub(super) fn metadata(key: &SigningKey) -> Metadata {
    let metadata: Metadata = serde_json::from_value(json!({
        "issuer": ISSUER, "authorization_endpoint": format!("{ISSUER}/authorize"), "token_endpoint": format!("{ISSUER}/token"),
        "jwks_uri": format!("{ISSUER}/jwks"), "response_types_supported": ["code"], "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": Algorithm::ALL,
    }))
    .unwrap();
    let keys: CoreJsonWebKeySet = serde_json::from_value(json!({"keys": [key.public_jwk()]})).unwrap();
    metadata.set_jwks(keys)
}
