//! Answers with the headers that belong to them: pages, JSON, redirects.

use axum::body::Body;
use axum::response::Response;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, HeaderName, LOCATION, PRAGMA, REFERRER_POLICY};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use url::Url;

/// What every page and redirect says. `same-origin` and not `no-referrer`: the latter makes browsers send `Origin: null` with
/// our own forms, and some send no Fetch Metadata beside it.
const PAGE: [(&str, &str); 6] = [
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
    ("x-content-type-options", "nosniff"),
    ("cache-control", "no-store"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
];

fn with_page_headers(mut response: Response) -> Response {
    for (name, value) in PAGE {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}

/// A page. `form_targets` are the origins to which its forms may be led on after us: browsers hold `form-action` against the
/// redirects that follow a form as well.
pub(crate) fn page(status: StatusCode, html: String, form_targets: &[&str]) -> Response {
    let mut response = with_page_headers(Response::new(Body::from(html)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    let own = std::iter::once("'self'".to_owned());
    let targets: Vec<String> = own.chain(form_targets.iter().filter_map(|uri| source(uri))).collect();
    let policy = format!(
        "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self' data:; script-src 'none'; \
         form-action {}; frame-ancestors 'none'; base-uri 'none'",
        targets.join(" ")
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert("content-security-policy", policy);
    }
    response
}

/// `uri` as a source of a content security policy: its origin, or its scheme where it has no origin.
fn source(uri: &str) -> Option<String> {
    let url = Url::parse(uri).ok()?;
    let origin = url.origin();
    Some(if origin.is_tuple() { origin.ascii_serialization() } else { format!("{}:", url.scheme()) })
}

/// A redirect that the browser follows with GET: 302 after a GET, 303 after a form (RFC 9700 §4.12; never 307).
pub(crate) fn redirect(status: StatusCode, location: &str) -> Response {
    let mut response = with_page_headers(Response::new(Body::empty()));
    *response.status_mut() = status;
    match HeaderValue::from_str(location) {
        Ok(location) => {
            response.headers_mut().insert(LOCATION, location);
        }
        // Registered URIs and what is appended to them are visible ASCII; anything else goes nowhere.
        Err(_) => *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR,
    }
    response
}

/// The answer to a URL that holds a secret: wherever it leads, nobody there learns where the browser came from (attack 42).
pub(crate) fn without_referrer(mut response: Response) -> Response {
    response.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// JSON that nobody may keep (RFC 6749 §5.1).
pub(crate) fn json<T: Serialize>(status: StatusCode, body: &T) -> Response {
    let mut response = bare_json(status, body);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert(PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

/// JSON that anybody may read, from a page of any origin, and keep for five minutes.
pub(crate) fn public_json<T: Serialize>(status: StatusCode, body: &T) -> Response {
    public_json_for(status, body, 300)
}

/// JSON that anybody may read, from a page of any origin, and keep for `seconds`.
pub(crate) fn public_json_for<T: Serialize>(status: StatusCode, body: &T, seconds: u64) -> Response {
    let mut response = bare_json(status, body);
    if let Ok(kept) = HeaderValue::from_str(&format!("public, max-age={seconds}")) {
        response.headers_mut().insert(CACHE_CONTROL, kept);
    }
    response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

fn bare_json<T: Serialize>(status: StatusCode, body: &T) -> Response {
    let text = serde_json::to_vec(body);
    let status = if text.is_ok() { status } else { StatusCode::INTERNAL_SERVER_ERROR };
    let mut response = Response::new(Body::from(text.unwrap_or_default()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(HeaderName::from_static("x-content-type-options"), HeaderValue::from_static("nosniff"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_may_lead_to_the_origin_of_the_client_or_to_the_scheme_of_its_app() {
        assert_eq!(source("https://app.example/callback?a=b").as_deref(), Some("https://app.example"));
        assert_eq!(source("http://localhost:3000/callback").as_deref(), Some("http://localhost:3000"));
        assert_eq!(source("com.example.app:/callback").as_deref(), Some("com.example.app:"));
    }
}
