//! Who made the browser send this request (W3C Fetch Metadata, and `Origin` where it is missing).

use http::header::{ACCEPT, ORIGIN};
use http::{HeaderMap, Method};

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Whether a request that changes state comes from a page of `own_origin` itself.
///
/// `Sec-Fetch-Site` decides where present; else `Origin` must be `own_origin`. A request that carries neither is
/// refused: every browser that keeps our cookies sends one of them with a POST.
pub fn is_same_origin(headers: &HeaderMap, own_origin: &str) -> bool {
    match text(headers, "sec-fetch-site") {
        Some(site) => site == "same-origin",
        None => headers.get(ORIGIN).and_then(|value| value.to_str().ok()).is_some_and(|origin| origin == own_origin),
    }
}

/// Whether the request is a top-level navigation, to which a redirect or a page is the right answer.
///
/// A fetch, an image or a frame is not; where the browser sends no Fetch Metadata, one that accepts HTML is.
pub fn is_navigation(headers: &HeaderMap) -> bool {
    match (text(headers, "sec-fetch-mode"), text(headers, "sec-fetch-dest")) {
        (None, None) => {
            headers.get(ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|accept| accept.contains("text/html"))
        }
        (mode, dest) => mode.is_none_or(|mode| mode == "navigate") && dest.is_none_or(|dest| dest == "document"),
    }
}

/// Whether another site made the browser send this request.
pub fn is_cross_site(headers: &HeaderMap) -> bool {
    text(headers, "sec-fetch-site").is_some_and(|site| matches!(site, "cross-site" | "same-site"))
}

/// Whether a page of another origin made the browser send this request: as the browser says, or by `Origin` where it does not say.
pub fn is_foreign(headers: &HeaderMap, own_origin: &str) -> bool {
    match headers.get("sec-fetch-site") {
        Some(_) => is_cross_site(headers),
        None => headers.get(ORIGIN).is_some_and(|origin| origin != own_origin),
    }
}

/// Whether a call is of our own origin's pages (B4): none of another site's, and one that may change state says where it comes from.
pub fn is_our_own(method: &Method, headers: &HeaderMap, own_origin: &str) -> bool {
    let safe = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    if safe { !is_foreign(headers, own_origin) } else { is_same_origin(headers, own_origin) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (http::HeaderName::from_static(name), http::HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn a_post_counts_as_ours_by_fetch_metadata_first_and_origin_where_it_is_missing() {
        let own = "https://app.example";
        for (pairs, expected) in [
            (&[("sec-fetch-site", "same-origin")][..], true),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("sec-fetch-site", "cross-site"), ("origin", "https://app.example")], false),
            (&[("sec-fetch-site", "none")], false),
            (&[("origin", "https://app.example")], true),
            (&[("origin", "https://app.example.evil")], false),
            (&[("origin", "null")], false),
            (&[], false),
        ] {
            assert_eq!(is_same_origin(&headers(pairs), own), expected, "{pairs:?}");
        }
    }

    #[test]
    fn a_call_that_changes_state_says_where_it_comes_from_and_a_question_need_not() {
        let own = "https://app.example";
        for (pairs, asks, changes) in [
            (&[("sec-fetch-site", "same-origin")][..], true, true),
            (&[], true, false),
            (&[("sec-fetch-site", "none")], true, false),
            (&[("sec-fetch-site", "cross-site")], false, false),
            (&[("origin", "https://other.example")], false, false),
            (&[("origin", "https://app.example")], true, true),
        ] {
            for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
                assert_eq!(is_our_own(&method, &headers(pairs), own), asks, "{method} {pairs:?}");
            }
            for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
                assert_eq!(is_our_own(&method, &headers(pairs), own), changes, "{method} {pairs:?}");
            }
        }
    }

    #[test]
    fn only_a_top_level_navigation_is_one() {
        assert!(is_navigation(&headers(&[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")])));
        assert!(is_navigation(&headers(&[("accept", "text/html,*/*")])));
        assert!(!is_navigation(&headers(&[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")])));
        assert!(!is_navigation(&headers(&[("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty"), ("accept", "text/html")])));
        assert!(!is_navigation(&headers(&[("accept", "application/json")])));
        assert!(!is_navigation(&headers(&[])));
    }
}
