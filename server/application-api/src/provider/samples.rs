//! A provider for tests, and what its discovery told.

use std::sync::Arc;

use jiff::Timestamp;
use openidconnect::core::CoreJsonWebKeySet;
use protocol::jose::{Algorithm, SigningKey};
use protocol::{ManualClock, OsRng, Scope};
use serde_json::json;

use super::{Metadata, Provider};
use crate::Settings;

pub(super) const ISSUER: &str = "https://id.example";
pub(super) const NOW: i64 = 1_800_000_000;

pub(super) fn provider() -> Provider {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let settings = Settings {
        origin: "https://app.example".to_owned(),
        issuer: ISSUER.to_owned(),
        client_id: "app".to_owned(),
        scope: Scope::parse("openid").unwrap(),
        resource: "https://api.example/".parse().unwrap(),
        session_lifetime: std::time::Duration::from_secs(3600),
        session_idle: std::time::Duration::from_secs(3600),
        transaction_lifetime: std::time::Duration::from_secs(600),
        routes: Vec::new(),
    };
    let clock = Arc::new(ManualClock::at(Timestamp::from_second(NOW).unwrap()));
    Provider::new(&settings, SigningKey::generate(&OsRng), reqwest::Client::new(), clock, Arc::new(OsRng))
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
