//! The application's origin: pages, server functions, our public keys, and the files they need.

use std::sync::Arc;

use app::{ForEverybody, Site};
use application_api::ApplicationApi;
use axum::extract::Request;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header};
use leptos::config::LeptosOptions;
use protocol::fetch_metadata::is_our_own;
use tower_http::compression::CompressionLayer;

use crate::flow::{self, Gallery};
use crate::site::files;
use crate::surface;

/// Puts the origin together.
pub(crate) fn router(site: Site, api: &Arc<ApplicationApi>, flows: Option<Gallery>, options: &LeptosOptions) -> Router {
    let keys = api.client_jwks();
    let events = flows.map(|flows| flow::router(flows, &api.settings().origin, api.stopping()));
    site.router()
        .route("/jwks", get(move || async move { Json(keys) }))
        .merge(files(options))
        .fallback(move |request: Request| async move { site.page(request).await })
        .layer(CompressionLayer::new().compress_when(for_everybody))
        .layer(from_fn_with_state(Arc::from(api.settings().origin.as_str()), refuse_other_sites))
        .merge(surface::router(api))
        .merge(events.unwrap_or_default())
        .layer(from_fn_with_state(Arc::clone(api), surface::proxy::first))
        .layer(from_fn(guarded))
}

/// Pages that hold nothing of anybody are compressed, and nothing else: static files lie there compressed already.
fn for_everybody(_: StatusCode, _: Version, _: &HeaderMap, extensions: &Extensions) -> bool {
    extensions.get::<ForEverybody>().is_some()
}

/// B23: what an answer does not say itself, it says as data that is nobody else's.
async fn guarded(request: Request, next: Next) -> Response {
    const DEFAULTS: [(HeaderName, HeaderValue); 4] = [
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
        (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    ];
    let mut response = next.run(request).await;
    for (name, value) in DEFAULTS {
        response.headers_mut().entry(name).or_insert(value);
    }
    response
}

/// B4: what may change state, and every question below `/api`, must come from our own pages.
async fn refuse_other_sites(
    axum::extract::State(origin): axum::extract::State<Arc<str>>,
    request: Request,
    next: Next,
) -> Response {
    let (path, headers) = (request.uri().path(), request.headers());
    let page = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) && !path.starts_with("/api/");
    let ours = page || is_our_own(request.method(), headers, &origin);
    if ours { next.run(request).await } else { Site::refuse_other_site(path, headers) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::{Body, to_bytes};
    use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, LOCATION, VARY};
    use tower::ServiceExt as _;

    async fn asked(method: &str, path: &str, headers: &[(&str, &str)]) -> (StatusCode, String, String) {
        let router = Router::new()
            .fallback(|| async { "answered" })
            .layer(from_fn_with_state(Arc::<str>::from("https://app.example"), refuse_other_sites));
        let request = headers
            .iter()
            .fold(http::Request::builder().method(method).uri(path), |request, (name, value)| request.header(*name, *value));
        let answer = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let location = answer.headers().get(LOCATION).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
        let status = answer.status();
        let body = to_bytes(answer.into_body(), 1 << 10).await.unwrap();
        (status, location, String::from_utf8(body.to_vec()).unwrap())
    }

    /// A length that depends on what only the reader may know would tell of it to whoever counts (BREACH).
    #[tokio::test]
    async fn only_a_page_that_is_the_same_for_everybody_is_compressed() {
        for (public, encoding, vary) in [(true, Some("br"), Some("accept-encoding")), (false, None, None)] {
            let page = move || async move {
                let mut response = Response::new(Body::from("page ".repeat(100)));
                if public {
                    response.extensions_mut().insert(ForEverybody);
                }
                response
            };
            let router = Router::new().fallback(page).layer(CompressionLayer::new().compress_when(for_everybody));
            let request = http::Request::get("/").header(ACCEPT_ENCODING, "gzip, br").body(Body::empty()).unwrap();
            let answer = router.oneshot(request).await.unwrap();
            let told = |name| answer.headers().get(name).map(|value| value.to_str().unwrap());
            assert_eq!((told(CONTENT_ENCODING), told(VARY)), (encoding, vary));
        }
    }

    const CROSS: (&str, &str) = ("sec-fetch-site", "cross-site");

    #[tokio::test]
    async fn a_form_of_another_site_leads_to_the_page_that_says_so() {
        let person = [CROSS, ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
        let (status, location, _) = asked("POST", "/sign-out", &person).await;
        assert_eq!((status, location.as_str()), (StatusCode::SEE_OTHER, "/problem/cross-site"));
        let (status, _, body) = asked("POST", "/sign-out", &[CROSS, ("sec-fetch-mode", "cors")]).await;
        assert_eq!((status, body.as_str()), (StatusCode::FORBIDDEN, "\"CrossSite\""));
    }

    #[tokio::test]
    async fn a_question_of_another_site_is_refused_whatever_its_method() {
        for method in ["GET", "HEAD", "POST", "OPTIONS"] {
            for headers in [&[CROSS][..], &[("sec-fetch-site", "same-site")], &[("origin", "https://other.example")]] {
                assert_eq!(asked(method, "/api/current-user", headers).await.0, StatusCode::FORBIDDEN, "{method} {headers:?}");
            }
        }
        for headers in [&[("sec-fetch-site", "same-origin")][..], &[("sec-fetch-site", "none")], &[]] {
            assert_eq!(asked("GET", "/api/current-user", headers).await.0, StatusCode::OK, "{headers:?}");
        }
        assert_eq!(asked("GET", "/flow", &[CROSS]).await.0, StatusCode::OK, "links from elsewhere are welcome");
    }
}
