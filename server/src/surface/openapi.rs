//! `GET /openapi.json`: the surface, described for machines (OpenAPI 3.1).

use axum::Json;
use utoipa::{IntoParams, OpenApi};

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
