//! `GET /jwks`: the public keys (RFC 7517 §5).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use crate::headers;
use crate::state::AuthorizationServer;

/// Answers the key set; anybody may read it, from any origin.
pub(crate) async fn get(State(server): State<Arc<AuthorizationServer>>) -> Response {
    server.keys.published(|set, seconds| headers::public_json_for(StatusCode::OK, set, seconds))
}
