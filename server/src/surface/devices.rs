//! `/session/devices`: where the user is signed in, and signing out there.

use app::details::ProblemDetails;
use application_api::devices::Device;
use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use http::request::Parts;
use serde::Serialize;
use utoipa::ToSchema;

use super::openapi::CsrfHeader;
use super::{Api, Problem, visit};

/// A browser in which the user is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeviceView {
    /// What signs it out: `DELETE /session/devices/{id}`.
    pub(crate) id: String,
    /// Whether it is this very browser.
    pub(crate) current: bool,
    /// When the user signed in there, RFC 3339.
    pub(crate) signed_in_at: String,
    /// When it was used last, to within a few minutes, RFC 3339.
    pub(crate) seen_at: String,
    /// The browser, by its own words.
    pub(crate) user_agent: Option<String>,
    /// Where it was, where that is known.
    pub(crate) address: Option<String>,
}

/// How many devices were signed out.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SignedOut {
    /// The number.
    pub(crate) signed_out: usize,
}

impl From<Device> for DeviceView {
    fn from(Device { entry, current }: Device) -> Self {
        Self {
            id: entry.id,
            current,
            signed_in_at: entry.signed_in_at.to_string(),
            seen_at: entry.seen_at.to_string(),
            user_agent: entry.user_agent,
            address: entry.address,
        }
    }
}

/// Where the user is signed in, the newest first.
#[utoipa::path(
    get,
    path = "/session/devices",
    params(CsrfHeader),
    responses(
        (status = 200, description = "The user's devices", body = Vec<DeviceView>),
        (status = 401, description = "Nobody is signed in", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(super) async fn get(State(api): State<Api>, parts: Parts) -> Result<Json<Vec<DeviceView>>, Problem> {
    let devices = api.devices(&visit(&parts.headers, &parts)).await?;
    Ok(Json(devices.into_iter().map(DeviceView::from).collect()))
}

/// Signs the user out on one device.
#[utoipa::path(
    delete,
    path = "/session/devices/{id}",
    params(CsrfHeader, ("id" = String, Path, description = "A device of GET /session/devices")),
    responses(
        (status = 204, description = "It is signed out"),
        (status = 401, description = "Nobody is signed in", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 404, description = "It is not signed in", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(super) async fn delete(State(api): State<Api>, Path(id): Path<String>, parts: Parts) -> Result<StatusCode, Problem> {
    let ended = api.sign_out_device(&visit(&parts.headers, &parts), &id).await?;
    if ended { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::NoSuchDevice) }
}

/// Signs the user out everywhere else.
#[utoipa::path(
    delete,
    path = "/session/devices",
    params(CsrfHeader),
    responses(
        (status = 200, description = "They are signed out", body = SignedOut),
        (status = 401, description = "Nobody is signed in", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(super) async fn delete_others(State(api): State<Api>, parts: Parts) -> Result<Json<SignedOut>, Problem> {
    let signed_out = api.sign_out_others(&visit(&parts.headers, &parts)).await?;
    Ok(Json(SignedOut { signed_out }))
}
