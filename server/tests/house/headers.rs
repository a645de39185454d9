//! B23: what every answer of the application's origin tells the browser.

use reqwest::{Method, StatusCode};

use crate::support::{Browser, Page, house};

fn header<'a>(page: &'a Page, name: &str) -> &'a str {
    page.headers.get(name).map_or("", |value| value.to_str().unwrap())
}

/// B23, attacks 34 and 42: pages, data, redirects, refusals and unknown paths alike; nothing of a user is ever stored.
#[tokio::test]
async fn every_answer_has_its_security_headers() {
    let house = house().await;
    let origin = &house.configuration.application.origin;
    let (mut ada, mut nobody) = (Browser::default(), Browser::default());
    ada.sign_in(origin, "/").await;
    for (method, path, status) in [
        (Method::GET, "/", StatusCode::OK),
        (Method::GET, "/sessions", StatusCode::OK),
        (Method::GET, "/resource", StatusCode::OK),
        (Method::GET, "/session", StatusCode::OK),
        (Method::GET, "/session/devices", StatusCode::OK),
        (Method::GET, "/api/current-user", StatusCode::OK),
        (Method::GET, "/openapi.json", StatusCode::OK),
        (Method::GET, "/jwks", StatusCode::OK),
        (Method::GET, "/nowhere", StatusCode::NOT_FOUND),
        (Method::GET, "/api/nowhere", StatusCode::NOT_FOUND),
        (Method::GET, "/problem/denied", StatusCode::FORBIDDEN),
        (Method::GET, "/sign-out", StatusCode::METHOD_NOT_ALLOWED),
        (Method::GET, "/login", StatusCode::UNAUTHORIZED),
        (Method::GET, "/flow/", StatusCode::PERMANENT_REDIRECT),
        (Method::POST, "/backchannel-logout", StatusCode::BAD_REQUEST),
    ] {
        let call = format!("{method} {path}");
        for (who, browser) in [("ada", &mut ada), ("nobody", &mut nobody)] {
            let page = browser.fetch(method.clone(), &format!("{origin}{path}")).await;
            if who == "ada" {
                assert_eq!(page.status, status, "{call}");
            }
            assert_eq!(header(&page, "x-content-type-options"), "nosniff", "{call}");
            assert_eq!(header(&page, "cross-origin-resource-policy"), "same-origin", "{call}");
            assert!(matches!(header(&page, "referrer-policy"), "no-referrer" | "same-origin"), "{call}");
            assert!(header(&page, "content-security-policy").contains("frame-ancestors 'none'"), "{call}");
            assert!(header(&page, "content-security-policy").contains("default-src 'none'"), "{call}");
            assert!(!header(&page, "content-security-policy").contains("unsafe-inline"), "{call}");
            if path != "/jwks" {
                assert_eq!(header(&page, "cache-control"), "no-store", "{call}");
            }
            if header(&page, "content-type").starts_with("text/html") {
                assert_eq!(header(&page, "cross-origin-opener-policy"), "same-origin", "{call}");
            }
        }
    }
}
