//! `POST /backchannel-logout` (OpenID Connect Back-Channel Logout 1.0 §2.5): from the provider, which proves itself by the token.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::json;

use super::{Api, Problem};

/// 200 with nothing where the session is over; 400 where the token does not stand up, 503 where it is worth another try (§2.8).
pub(super) async fn post(State(api): State<Api>, body: Bytes) -> Response {
    match api.backchannel_logout(&body).await {
        Ok(_) => StatusCode::OK.into_response(),
        Err(error) if error.passes() => {
            tracing::error!(%error, "a logout token could not be followed");
            Problem::Unavailable.into_response()
        }
        Err(error) => {
            tracing::warn!(%error, "a logout token was refused");
            let body = json!({ "error": "invalid_request", "error_description": error.to_string() });
            (StatusCode::BAD_REQUEST, Json(body)).into_response()
        }
    }
}
