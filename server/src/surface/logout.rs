//! `POST /logout`: signs out, and tells where the browser must go so that the provider's session ends as well.

use app::details::ProblemDetails;
use application_api::visit::set_cookie;
use application_api::{SignOut, cookies, flow};
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderValue, header};
use serde::Serialize;
use utoipa::ToSchema;

use super::openapi::CsrfHeader;
use super::{Api, Problem, visit};

/// Where to go on.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GoTo {
    /// The URL to lead the browser to: the provider's, which ends its session and leads back, or a page of ours.
    pub(crate) location: String,
}

/// Signs out here; the browser is to be led to `location`, where the provider's session ends.
#[utoipa::path(
    post,
    path = "/logout",
    params(CsrfHeader),
    responses(
        (status = 200, description = "The session is over, or there was none", body = GoTo),
        (status = 503, description = "Nothing is known to have ended", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(super) async fn post(State(api): State<Api>, parts: Parts) -> Result<Response, Problem> {
    let visit = visit(&parts.headers, &parts);
    let (location, cookie) = match api.sign_out(&visit).await {
        SignOut::AtProvider(url, cookie) => (url.into(), cookie),
        SignOut::Here(cookie) => ("/signed-out".to_owned(), cookie),
        SignOut::HereOnly(cookie) => ("/signed-out?provider=open".to_owned(), cookie),
        SignOut::CrossSite => return Err(Problem::OtherSite),
        SignOut::Unavailable => return Err(Problem::Unavailable),
    };
    let mut response = Json(GoTo { location }).into_response();
    // Whoever comes to this browser afterwards is not shown the flow of whoever was signed in.
    let flow = visit.cookies().any(|(name, _)| name == flow::COOKIE).then(|| cookies::remove(flow::COOKIE.to_owned()));
    for cookie in std::iter::once(cookie).chain(flow) {
        if let Ok(cookie) = HeaderValue::from_str(&set_cookie(&cookie)) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    Ok(response)
}
