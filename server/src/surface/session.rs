//! `GET /session`: who is signed in, and until when.

use app::details::ProblemDetails;
use axum::Json;
use axum::extract::State;
use http::request::Parts;
use serde::Serialize;
use utoipa::ToSchema;

use super::openapi::CsrfHeader;
use super::{Api, Problem, visit};

/// The session of the request.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionView {
    /// The user, as the provider names them.
    pub(crate) subject: String,
    /// The provider that vouched.
    pub(crate) issuer: String,
    /// Full name, or what stands for it.
    pub(crate) name: String,
    /// E-mail address, where the provider told.
    pub(crate) email: Option<String>,
    /// What the provider granted, parted by spaces.
    pub(crate) scope: String,
    /// The class in which the user authenticated, where the provider told (`acr`).
    pub(crate) acr: Option<String>,
    /// When the user authenticated, where the provider told (`auth_time`), RFC 3339.
    pub(crate) authenticated_at: Option<String>,
    /// When the user signed in, RFC 3339.
    pub(crate) signed_in_at: String,
    /// When the session ends, however busy, RFC 3339.
    pub(crate) ends_at: String,
    /// When it ends without being used again, RFC 3339; the same or earlier.
    pub(crate) idle_ends_at: String,
}

/// Who is signed in, and until when.
#[utoipa::path(
    get,
    path = "/session",
    params(CsrfHeader),
    responses(
        (status = 200, description = "The session of the cookie", body = SessionView),
        (status = 401, description = "Nobody is signed in", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 403, description = "From another site, or without the header", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 503, description = "Sessions cannot be looked up now", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(super) async fn get(State(api): State<Api>, parts: Parts) -> Result<Json<SessionView>, Problem> {
    let session = api.session(&visit(&parts.headers, &parts)).await?.ok_or(Problem::SignedOut)?;
    let idle_ends_at = api.idle_end(&session.identity);
    let identity = session.identity;
    Ok(Json(SessionView {
        subject: identity.subject,
        issuer: identity.issuer,
        name: identity.name,
        email: identity.email,
        scope: identity.scope.to_string(),
        acr: identity.acr,
        authenticated_at: identity.authenticated_at.map(|at| at.to_string()),
        signed_in_at: identity.signed_in_at.to_string(),
        ends_at: identity.ends_at.to_string(),
        idle_ends_at: idle_ends_at.to_string(),
    }))
}
