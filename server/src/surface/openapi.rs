//! `GET /openapi.json`: the surface, described for machines (OpenAPI 3.1).

use axum::Json;
use serde::Serialize;
use utoipa::{IntoParams, OpenApi, ToSchema};

use super::{devices, events, logout, session};

/// What tells our own pages' calls from those of other sites.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it describes a header")]
pub(super) struct CsrfHeader {
    /// Any value: that it is there is what counts.
    #[param(rename = "X-CSRF", example = "1")]
    csrf: String,
}

/// Why there is no answer (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ProblemDetails {
    /// `urn:cloakroom:problem:signed-out` and the like.
    #[serde(rename = "type")]
    pub(super) kind: String,
    /// The same in words.
    pub(super) title: String,
    /// The HTTP status.
    pub(super) status: u16,
    /// With `step-up-required`: the error of RFC 9470.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<&'static str>,
    /// With `step-up-required`: classes, in any of which the user must authenticate, parted by spaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) acr_values: Option<String>,
    /// With `step-up-required`: how long ago the user may have authenticated at the most, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_age: Option<u32>,
    /// With `step-up-required`: where to lead the browser; `&return_to=` and a path of ours may be added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) location: Option<String>,
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Cloakroom: the session of a browser application",
        description = "Calls of a page to its own origin. The browser authenticates by the cookie __Host-session."
    ),
    paths(session::get, events::get, devices::get, devices::delete, devices::delete_others, logout::post)
)]
struct Surface;

pub(super) async fn get() -> Json<utoipa::openapi::OpenApi> {
    Json(Surface::openapi())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_of_the_surface_is_described() {
        let described = serde_json::to_value(Surface::openapi()).unwrap();
        let paths: Vec<&str> = described["paths"].as_object().unwrap().keys().map(String::as_str).collect();
        for path in ["/session", "/session/events", "/session/devices", "/session/devices/{id}", "/logout"] {
            assert!(paths.contains(&path), "{path} in {paths:?}");
        }
        let parameter = &described["paths"]["/session"]["get"]["parameters"][0];
        assert_eq!((parameter["name"].as_str(), parameter["in"].as_str()), (Some("X-CSRF"), Some("header")));
        assert!(described["components"]["schemas"]["ProblemDetails"]["properties"]["type"].is_object());
    }
}
