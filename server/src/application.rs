//! The application's origin: pages, server functions, our public keys, and the files they need.

use std::sync::Arc;

use app::Site;
use application_api::ApplicationApi;
use axum::extract::Request;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::{Method, StatusCode};
use leptos::config::LeptosOptions;
use protocol::fetch_metadata;

use crate::site::files;

/// Puts the origin together.
pub fn router(site: Site, api: &Arc<ApplicationApi>, options: &LeptosOptions) -> Router {
    let keys = api.client_jwks();
    site.router()
        .route("/jwks", get(move || async move { Json(keys) }))
        .merge(files(options))
        .fallback(move |request: Request| async move { site.page(request).await })
        .layer(from_fn_with_state(Arc::from(api.settings().origin.as_str()), refuse_other_sites))
}

/// B4: what may change state must come from our own pages.
async fn refuse_other_sites(
    axum::extract::State(origin): axum::extract::State<Arc<str>>,
    request: Request,
    next: Next,
) -> Response {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if safe || fetch_metadata::is_same_origin(request.headers(), &origin) {
        next.run(request).await
    } else {
        (StatusCode::FORBIDDEN, "This request did not come from this site, so nothing was done.\n").into_response()
    }
}
