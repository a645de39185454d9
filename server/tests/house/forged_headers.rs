//! B24, attacks 46 and 60: what a request says of its host, scheme and origin decides nothing.

use reqwest::StatusCode;

use crate::support::{Browser, USERNAME, house, house_with};

const EVIL: &str = "evil.example";
const FORGED: [(&str, &str); 9] = [
    ("host", EVIL),
    ("x-forwarded-host", EVIL),
    ("x-forwarded-server", EVIL),
    ("x-forwarded-proto", "https"),
    ("x-forwarded-port", "6666"),
    ("x-forwarded-prefix", "/evil.example"),
    ("x-original-url", "https://evil.example/"),
    ("x-forwarded-for", "192.0.2.66"),
    ("forwarded", "for=192.0.2.66;host=evil.example;proto=https"),
];

/// B24, attacks 46 and 60: a whole sign-in with forged headers on every request goes where it always goes; no page, redirect or
/// cookie repeats them.
#[tokio::test]
async fn forged_headers_lead_nobody_astray() {
    let house = house().await;
    let origin = house.configuration.application.origin.clone();
    let mut browser = Browser { headers: FORGED.to_vec(), ..Browser::default() };
    let page = browser.sign_in(&origin, "/resource?ask=1").await;
    assert_eq!(page.url.as_str(), format!("{origin}/resource?ask=1"), "{:?}", browser.hops);
    assert!(page.body.contains("token_expires_in_seconds"));
    browser.post(&format!("{origin}/sign-out"), &[]).await;
    for page in ["/", "/flow", "/signed-out", "/no/such/page", "/problem/unavailable"] {
        browser.get(&format!("{origin}{page}")).await;
    }
    for tell in [EVIL, "192.0.2.66", "6666", "https://localhost"] {
        assert!(!browser.seen.contains(tell), "{tell} reached the browser");
    }
}

/// Attacks 46 and 60: metadata, keys and refusals are the same for whoever asks by whatever name.
#[tokio::test]
async fn documents_are_the_same_by_whatever_name() {
    let house = house().await;
    let (application, provider, resource) =
        (&house.configuration.application.origin, &house.configuration.provider.issuer, &house.configuration.resource.origin);
    for url in [
        format!("{provider}/.well-known/openid-configuration"),
        format!("{provider}/.well-known/oauth-authorization-server"),
        format!("{provider}/jwks"),
        format!("{provider}/userinfo"),
        format!("{provider}/"),
        format!("{application}/jwks"),
        format!("{application}/api/current-user"),
        format!("{resource}/"),
        format!("{resource}/profile"),
    ] {
        let mut answers = Vec::new();
        for headers in [&[][..], &FORGED] {
            let request =
                headers.iter().fold(reqwest::Client::new().get(&url), |request, (name, value)| request.header(*name, *value));
            let answer = request.send().await.unwrap();
            assert_ne!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR, "{url}");
            let mut head: Vec<_> = answer.headers().iter().map(|(name, value)| (name.to_string(), value.clone())).collect();
            head.retain(|(name, _)| name != "date");
            head.sort_by(|a, b| a.0.cmp(&b.0));
            answers.push((answer.status(), head, answer.text().await.unwrap()));
        }
        assert_eq!(answers[0], answers[1], "{url}");
    }
}

/// Guesses one password for each of `names` from a browser that says it speaks for `client`; gives the last status.
async fn guess(origin: &str, client: &'static str, names: std::ops::Range<u32>) -> StatusCode {
    let mut status = StatusCode::OK;
    for number in names {
        let mut browser = Browser { headers: vec![("x-forwarded-for", client)], ..Browser::default() };
        let page = browser.get(&format!("{origin}/login")).await;
        let name = format!("{USERNAME}-{number}");
        status = browser.submit(&page, &[("username", &name), ("password", "guess")], "sign-in").await.status;
    }
    status
}

/// Attacks 48 and 60: whoever claims another address with each guess is slowed down all the same.
#[tokio::test]
async fn a_forged_address_escapes_no_slow_down() {
    let house = house_with(|configuration| configuration.provider.slow_down.address.attempts = 3).await;
    let origin = &house.configuration.application.origin;
    assert_eq!(guess(origin, "192.0.2.1", 0..3).await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(guess(origin, "192.0.2.2", 3..4).await, StatusCode::TOO_MANY_REQUESTS);
}

/// Behind a proxy that is trusted, each client is slowed down by itself, and what it wrote into the header is not believed.
#[tokio::test]
async fn a_trusted_proxy_says_for_whom_it_speaks() {
    let house = house_with(|configuration| {
        configuration.provider.slow_down.address.attempts = 3;
        configuration.network.trusted_proxies = vec!["127.0.0.1".parse().unwrap(), "::1".parse().unwrap()];
    })
    .await;
    let origin = &house.configuration.application.origin;
    assert_eq!(guess(origin, "192.0.2.1", 0..3).await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(guess(origin, "192.0.2.1", 3..4).await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(guess(origin, "192.0.2.66, 192.0.2.1", 4..5).await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(guess(origin, "192.0.2.2", 5..6).await, StatusCode::UNPROCESSABLE_ENTITY);
}
