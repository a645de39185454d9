//! Public clients that run in a page: what may be read from another origin (the Fetch standard, §3.3; RFC 9700 §2.6 on browsers).
//!
//! Metadata and keys may be read from anywhere. What `/token` and its like answer may be read by pages of the origins that the public
//! client redirects to, and by no other; a client with a secret has none in a page. Nothing is ever answered to cookies.

use axum::body::Body;
use axum::response::Response;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS,
    ACCESS_CONTROL_MAX_AGE, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::form;
use crate::state::AuthorizationServer;

/// What a page needs of an answer beside its body.
const EXPOSED: HeaderValue = HeaderValue::from_static("www-authenticate, dpop-nonce, retry-after");

/// `OPTIONS`: whether a page may ask (a preflight). It may, from anywhere: what it brings with it is a token or a proof of its own, and
/// never a cookie. Whether it may read the answer is said by [`readable`], once the client is known.
pub(crate) async fn preflight() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    for (name, value) in [
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
        (ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type, dpop"),
        (ACCESS_CONTROL_MAX_AGE, "600"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// The client that a form names as its own, where a page of some origin sent it.
pub(crate) fn named(headers: &HeaderMap, body: &[u8]) -> Option<String> {
    headers.get(ORIGIN)?;
    form::read(headers, body).ok()?.owned("client_id")
}

/// Lets the page that asked read the answer, where `client_id` names a public client that redirects to the page's origin.
pub(crate) async fn readable(
    server: &AuthorizationServer,
    headers: &HeaderMap,
    client_id: Option<&str>,
    mut response: Response,
) -> Response {
    let Some(origin) = headers.get(ORIGIN) else { return response };
    response.headers_mut().append(VARY, HeaderValue::from_static("origin"));
    let Some(client_id) = client_id else { return response };
    // Without the database nobody reads anything, the outage among it.
    let client = server.clients.find(client_id).await.ok().flatten();
    if client.is_some_and(|client| client.is_public() && origin.to_str().is_ok_and(|origin| client.lives_at(origin))) {
        response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        response.headers_mut().insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }
    response
}
