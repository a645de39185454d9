//! The Resource API: a protected demonstration API, and the bearer layer that protects it.
//!
//! It knows its authorization server by issuer alone and reads keys from its metadata; [`bearer::Guard`] protects any other
//! axum router in the same way. Tokens that are bound to a DPoP key come with its proof; what was proved is remembered by the
//! port [`proofs::UsedProofs`].

use std::sync::Arc;

use axum::extract::{Extension, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router, middleware};
use protocol::Clock;
use protocol::claims::AccessTokenClaims;
use serde_json::json;

pub mod bearer;
pub mod keys;
pub mod proofs;
pub mod refusal;

use bearer::{Guard, Terms};
use proofs::UsedProofs;

/// What the Resource API is told.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The audience that tokens must name: our own origin.
    pub audience: String,
    /// Who issues the tokens.
    pub issuer: String,
}

/// The scope that `/profile` asks for.
const SCOPE: &str = "profile";

/// The API: `GET /` says what it is, `GET /profile` answers whose token came with it. `proofs` is shared by all replicas.
pub fn router(settings: &Settings, http: reqwest::Client, clock: Arc<dyn Clock>, proofs: Arc<dyn UsedProofs>) -> Router {
    let terms = Terms {
        issuer: settings.issuer.clone(),
        audience: settings.audience.clone(),
        scope: SCOPE,
        origin: settings.audience.trim_end_matches('/').to_owned(),
    };
    let guard = Arc::new(Guard::new(terms, http, Arc::clone(&clock), proofs));
    Router::new()
        .route("/profile", get(profile))
        .route_layer(middleware::from_fn_with_state(guard, bearer::require))
        .route("/", get(welcome))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(clock)
}

async fn profile(State(clock): State<Arc<dyn Clock>>, Extension(claims): Extension<AccessTokenClaims>) -> Response {
    let body = json!({
        "message": "This came from the Resource API. It read your access token; your browser never saw it.",
        "subject": claims.sub,
        "client_id": claims.client_id,
        "scope": claims.scope.to_string(),
        "token_expires_in_seconds": claims.exp - clock.now().as_second(),
        "answered_at": clock.now().to_string(),
    });
    ([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

async fn welcome() -> Json<serde_json::Value> {
    Json(
        json!({"name": "Cloakroom Resource API", "endpoints": {"GET /profile": "access token with scope profile, as Bearer or DPoP"}}),
    )
}

async fn not_found() -> Response {
    problem(StatusCode::NOT_FOUND, "There is nothing at this path.")
}

async fn method_not_allowed() -> Response {
    problem(StatusCode::METHOD_NOT_ALLOWED, "This path does not take that method.")
}

/// RFC 9457 problem JSON.
fn problem(status: StatusCode, detail: &str) -> Response {
    let body = json!({"type": "about:blank", "title": status.canonical_reason(), "status": status.as_u16(), "detail": detail});
    (status, [(header::CONTENT_TYPE, "application/problem+json")], body.to_string()).into_response()
}
