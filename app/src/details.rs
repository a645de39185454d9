//! Trouble as problem details (RFC 9457), for callers that are no people.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use protocol::LocalPath;
use protocol::step_up::{self, Demand};
use serde::Serialize;
use utoipa::ToSchema;

use crate::components::step_up_link;

/// When to come again after what passes by itself.
pub(crate) const RETRY_SECONDS: HeaderValue = HeaderValue::from_static("5");

/// Why there is no answer (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProblemDetails {
    /// `urn:cloakroom:problem:signed-out` and the like.
    #[serde(rename = "type")]
    pub kind: String,
    /// The same in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// With `step-up-required`: the error of RFC 9470.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// With `step-up-required`: classes, in any of which the user must authenticate, parted by spaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acr_values: Option<String>,
    /// With `step-up-required`: how long ago the user may have authenticated at the most, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_age: Option<u32>,
    /// With `step-up-required`: where to lead the browser; `&return_to=` and a path of ours may be added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
}

impl ProblemDetails {
    /// `kind` is the last part of the type.
    pub fn new(status: StatusCode, kind: &str, title: &str) -> Self {
        Self {
            kind: format!("urn:cloakroom:problem:{kind}"),
            title: title.to_owned(),
            status: status.as_u16(),
            error: None,
            acr_values: None,
            max_age: None,
            location: None,
        }
    }

    /// Nobody is signed in: 401.
    pub fn signed_out() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "signed-out", "nobody is signed in: lead the browser to /login")
    }

    /// It cannot be found out who is signed in: 503.
    pub fn unavailable() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "sessions cannot be looked up now, and none is lost")
    }

    /// The user has to authenticate again: 401 with what is demanded and where to lead the browser, in the way of RFC 9470 §3. `anew`
    /// where the session may seem to meet the demand already, and a sign-in must begin all the same.
    pub fn step_up(demand: &Demand, anew: bool) -> Self {
        Self {
            error: Some(step_up::ERROR.to_owned()),
            acr_values: demand.acr_values(),
            max_age: demand.max_age,
            location: Some(step_up_link(demand, anew, &LocalPath::home())),
            ..Self::new(
                StatusCode::UNAUTHORIZED,
                "step-up-required",
                "more is demanded than this sign-in: lead the browser to location",
            )
        }
    }
}

impl IntoResponse for ProblemDetails {
    /// With what passes by itself (502, 503, 504) goes when to come again.
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self)).into_response();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if matches!(status, StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT) {
            response.headers_mut().insert(RETRY_AFTER, RETRY_SECONDS);
        }
        response
    }
}
