//! The application's plain HTTP surface: what front ends ask that are not our own pages.
//!
//! `GET /session`, `GET /session/events`, `GET` and `DELETE /session/devices`, `DELETE /session/devices/{id}` and `POST /logout`
//! answer JSON and never redirect; trouble is told as problem details (RFC 9457). All but the event stream ask for the header
//! [`CSRF_HEADER`], which a page of another site cannot send without the browser asking us first. `POST /backchannel-logout` is the
//! provider's. `GET /openapi.json` says all this to machines.

use std::sync::Arc;

use application_api::visit::CSRF_HEADER;
use application_api::{ApplicationApi, Visit};
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, header};
use protocol::{ClientAddress, fetch_metadata};

mod backchannel_logout;
mod devices;
mod events;
mod logout;
mod openapi;
mod problem;
pub mod proxy;
mod session;

use problem::Problem;

type Api = Arc<ApplicationApi>;

/// The routes for front ends, and the provider's.
pub fn router(api: &Api) -> Router {
    let called = Router::new()
        .route("/session", get(session::get))
        .route("/session/devices", get(devices::get).delete(devices::delete_others))
        .route("/session/devices/{id}", delete(devices::delete))
        .route("/logout", post(logout::post))
        .layer(from_fn(require_header));
    Router::new()
        .route("/session/events", get(events::get))
        .merge(called)
        .method_not_allowed_fallback(async || Problem::MethodNotAllowed)
        .layer(from_fn_with_state(Arc::clone(api), refuse_other_sites))
        .route("/openapi.json", get(openapi::get))
        .route("/backchannel-logout", post(backchannel_logout::post))
        .layer(from_fn(never_kept))
        .with_state(Arc::clone(api))
}

/// B4: what is asked and done here is of our own origin's pages only.
async fn refuse_other_sites(State(api): State<Api>, request: Request, next: Next) -> Response {
    let ours = fetch_metadata::is_our_own(request.method(), request.headers(), &api.settings().origin);
    if ours { next.run(request).await } else { Problem::OtherSite.into_response() }
}

async fn require_header(request: Request, next: Next) -> Response {
    if request.headers().contains_key(CSRF_HEADER) { next.run(request).await } else { Problem::NoHeader.into_response() }
}

async fn never_kept(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    response
}

/// The request as the Application API looks at it.
fn visit<'a>(headers: &'a HeaderMap, parts: &Parts) -> Visit<'a> {
    Visit { headers, query: "", address: parts.extensions.get::<ClientAddress>().copied() }
}
