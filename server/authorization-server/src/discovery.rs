//! The provider's metadata (OpenID Connect Discovery §4, RFC 8414 §3).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use protocol::discovery::ProviderMetadata;
use protocol::jose::{self, Algorithm};
use protocol::{dpop, pkce};

use crate::state::AuthorizationServer;
use crate::{authorize, client_authentication, headers, token};

/// The scopes that mean something to this provider itself.
pub(crate) const SCOPES: [&str; 4] = ["openid", "profile", "email", "offline_access"];
const CLAIMS: [&str; 13] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "auth_time",
    "nonce",
    "at_hash",
    "sid",
    "name",
    "preferred_username",
    "email",
    "email_verified",
];

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Answers the metadata; every URL in it begins with the configured issuer, whatever `Host` says.
pub(crate) async fn get(State(server): State<Arc<AuthorizationServer>>) -> Response {
    let clients = &server.settings.clients;
    let algorithms = owned(&jose::ACCEPTED.map(Algorithm::name));
    headers::public_json(
        StatusCode::OK,
        &ProviderMetadata {
            issuer: server.issuer().to_owned(),
            authorization_endpoint: server.url("/authorize"),
            token_endpoint: server.url("/token"),
            jwks_uri: server.url("/jwks"),
            userinfo_endpoint: Some(server.url("/userinfo")),
            pushed_authorization_request_endpoint: Some(server.url("/par")),
            device_authorization_endpoint: Some(server.url("/device_authorization")),
            introspection_endpoint: Some(server.url("/introspect")),
            revocation_endpoint: Some(server.url("/revoke")),
            registration_endpoint: server.settings.registration.is_on().then(|| server.url("/register")),
            end_session_endpoint: Some(server.url("/end_session")),
            response_types_supported: owned(&["code"]),
            subject_types_supported: owned(&["public"]),
            id_token_signing_alg_values_supported: algorithms.clone(),
            scopes_supported: owned(&SCOPES),
            claims_supported: owned(&CLAIMS),
            grant_types_supported: token::grants::names(),
            response_modes_supported: owned(&["query"]),
            prompt_values_supported: owned(&authorize::PROMPTS),
            code_challenge_methods_supported: owned(&[pkce::METHOD]),
            token_endpoint_auth_methods_supported: client_authentication::names(),
            introspection_endpoint_auth_methods_supported: client_authentication::proofs(),
            revocation_endpoint_auth_methods_supported: client_authentication::names(),
            token_endpoint_auth_signing_alg_values_supported: algorithms.clone(),
            introspection_endpoint_auth_signing_alg_values_supported: algorithms.clone(),
            revocation_endpoint_auth_signing_alg_values_supported: algorithms,
            // Clients that register themselves may do otherwise.
            require_pushed_authorization_requests: !server.settings.registration.is_on()
                && !clients.is_empty()
                && clients.iter().all(|client| client.require_pushed_authorization_requests),
            authorization_response_iss_parameter_supported: true,
            request_parameter_supported: false,
            request_uri_parameter_supported: false,
            claims_parameter_supported: true,
            backchannel_logout_supported: true,
            backchannel_logout_session_supported: true,
            dpop_signing_alg_values_supported: dpop::algorithm_names(),
        },
    )
}
