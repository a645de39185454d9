//! Which headers go on, each way.
//!
//! Upstream never sees the browser's cookies, nor an `Authorization` that a caller made up, nor `X-Forwarded-*` of a caller's own. The
//! browser never gets a cookie from upstream, which would be one of our origin; and what upstream sends is data, never a page of our
//! origin with a page's rights.

use http::header::{
    AUTHORIZATION, CONNECTION, COOKIE, FORWARDED, HOST, HeaderName, ORIGIN, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, REFERER,
    SET_COOKIE, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, HeaderValue};
use protocol::ClientAddress;

use crate::visit::CSRF_HEADER;

/// Headers of one connection (RFC 9110 §7.6.1), beside those that `Connection` names.
const OF_THE_CONNECTION: [HeaderName; 9] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// What is ours, and what callers could make up.
const KEPT_BACK: [HeaderName; 8] = [
    COOKIE,
    AUTHORIZATION,
    HOST,
    FORWARDED,
    ORIGIN,
    REFERER,
    HeaderName::from_static(CSRF_HEADER),
    HeaderName::from_static("dpop"),
];

/// What goes upstream.
pub(super) fn request(headers: &HeaderMap, origin: &str, address: Option<ClientAddress>) -> HeaderMap {
    let mut onward = without_hops(headers);
    for name in KEPT_BACK {
        onward.remove(name);
    }
    let made_up: Vec<HeaderName> = onward
        .keys()
        .filter(|name| name.as_str().starts_with("x-forwarded-") || name.as_str().starts_with("sec-"))
        .cloned()
        .collect();
    for name in made_up {
        onward.remove(name);
    }
    let (scheme, host) = origin.split_once("://").unwrap_or(("https", origin));
    let address = address.map(|address| address.to_string());
    for (name, value) in
        [("x-forwarded-proto", Some(scheme)), ("x-forwarded-host", Some(host)), ("x-forwarded-for", address.as_deref())]
    {
        if let Some(Ok(value)) = value.map(HeaderValue::from_str) {
            onward.insert(HeaderName::from_static(name), value);
        }
    }
    onward
}

/// What comes back. Answers about a user are nobody else's: where upstream says nothing of caching, they are not kept.
pub(super) fn response(headers: &HeaderMap, is_users: bool) -> HeaderMap {
    let mut back = without_hops(headers);
    back.remove(SET_COOKIE);
    if is_users && !back.contains_key(http::header::CACHE_CONTROL) {
        back.insert(http::header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    back.insert(
        http::header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; sandbox"),
    );
    back.insert(http::header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    back
}

fn without_hops(headers: &HeaderMap) -> HeaderMap {
    let mut onward = headers.clone();
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in OF_THE_CONNECTION.into_iter().chain(named) {
        onward.remove(name);
    }
    onward
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests stop at surprises")]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    /// B21, attack 55: neither cookies nor a caller's `Authorization` go on, nor what only concerns the connection.
    #[test]
    fn what_is_ours_or_of_the_connection_stays_here() {
        let onward = request(
            &headers(&[
                ("cookie", "__Host-session=ticket"),
                ("authorization", "Bearer made-up"),
                ("x-csrf", "1"),
                ("dpop", "made-up"),
                ("x-forwarded-for", "192.0.2.9"),
                ("x-forwarded-user", "root"),
                ("forwarded", "for=192.0.2.9"),
                ("host", "evil.example"),
                ("connection", "close, x-private"),
                ("x-private", "1"),
                ("te", "trailers"),
                ("transfer-encoding", "chunked"),
                ("proxy-authorization", "Basic x"),
                ("sec-fetch-site", "same-origin"),
                ("accept", "application/json"),
                ("content-type", "text/plain"),
            ]),
            "https://app.example",
            Some(ClientAddress::new("2001:db8::1".parse().unwrap())),
        );
        let mut names: Vec<&str> = onward.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["accept", "content-type", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"]);
        assert_eq!(
            (&onward["x-forwarded-proto"], &onward["x-forwarded-host"]),
            (&"https".parse().unwrap(), &"app.example".parse().unwrap())
        );
        assert_eq!(onward["x-forwarded-for"], "2001:db8::1");
    }

    /// Attack 52: upstream sets no cookie at our origin.
    #[test]
    fn no_cookie_comes_back_and_what_is_a_users_is_not_kept() {
        let upstream = headers(&[("set-cookie", "__Host-session=tossed"), ("connection", "close"), ("etag", "\"1\"")]);
        let back = response(&upstream, true);
        assert!(!back.contains_key("set-cookie") && !back.contains_key("connection"));
        assert_eq!((&back["etag"], &back["cache-control"]), (&"\"1\"".parse().unwrap(), &"no-store".parse().unwrap()));
        assert!(back["content-security-policy"].to_str().unwrap().contains("sandbox"), "a page from upstream has no rights here");
        assert!(!response(&upstream, false).contains_key("cache-control"));
        assert_eq!(response(&headers(&[("cache-control", "max-age=5")]), true)["cache-control"], "max-age=5");
    }
}
