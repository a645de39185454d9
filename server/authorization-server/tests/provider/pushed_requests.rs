use crate::app::{App, borrowed, with};
use crate::house::{House, form};

/// A10, RFC 9126 §2.2: 201, a request_uri of the registered kind, and its lifetime.
#[tokio::test]
async fn a_pushed_request_gets_a_request_uri() {
    let house = House::build().await;
    let answer = house.app.push(&house, &[]).await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.header("cache-control"), "no-store");
    let body = answer.json();
    assert!(body["request_uri"].as_str().unwrap().starts_with("urn:ietf:params:oauth:request_uri:"));
    assert!((60..=120).contains(&body["expires_in"].as_u64().unwrap()));
}

/// A10: nobody pushes without proving who they are.
#[tokio::test]
async fn nobody_pushes_anonymously() {
    let house = House::build().await;
    let request = house.app.request();
    let anonymous = house.post("/par", &borrowed(&request)).await;
    assert_eq!((anonymous.status.as_u16(), anonymous.error().as_str()), (401, "invalid_client"));
    let nameless = house.post("/par", &borrowed(&with(&request, &[("client_id", "")]))).await;
    assert_eq!((nameless.status.as_u16(), nameless.error().as_str()), (401, "invalid_client"));
    let stranger = App::new("app").push(&house, &[]).await;
    assert_eq!((stranger.status.as_u16(), stranger.error().as_str()), (401, "invalid_client"));
}

/// A10, RFC 9126 §2.1: POST only.
#[tokio::test]
async fn a_request_cannot_be_pushed_by_get() {
    let house = House::build().await;
    assert_eq!(house.get("/par").await.status, 405);
}

/// A6, A9, A10; RFC 9126 §2.3: the checks of the authorization endpoint, told as JSON.
#[tokio::test]
async fn what_the_authorization_endpoint_refuses_is_refused_when_it_is_pushed() {
    let house = House::build().await;
    for (changes, expected) in [
        (&[("redirect_uri", "https://app.example.evil/callback")][..], "invalid_request"),
        (&[("redirect_uri", "")], "invalid_request"),
        (&[("response_type", "token")], "unsupported_response_type"),
        (&[("response_type", "")], "invalid_request"),
        (&[("code_challenge", "")], "invalid_request"),
        (&[("code_challenge_method", "plain")], "invalid_request"),
        (&[("code_challenge_method", "")], "invalid_request"),
        (&[("response_mode", "form_post")], "invalid_request"),
        (&[("scope", "unheard-of")], "invalid_scope"),
        (&[("prompt", "none login")], "invalid_request"),
        (&[("max_age", "-1")], "invalid_request"),
        (&[("resource", "https://elsewhere.example")], "invalid_target"),
        (&[("request", "a.b.c")], "request_not_supported"),
        (&[("request_uri", "urn:ietf:params:oauth:request_uri:x")], "invalid_request"),
        (&[("request_uri", "https://app.example/request")], "invalid_request"),
        (&[("client_id", "plain")], "invalid_request"),
    ] {
        let answer = house.app.push(&house, changes).await;
        assert_eq!((answer.status.as_u16(), answer.error().as_str()), (400, expected), "{changes:?}");
    }
}

/// Attack 6: a parameter that comes twice is refused.
#[tokio::test]
async fn a_parameter_cannot_be_pushed_twice() {
    let house = House::build().await;
    let mut parameters = house.app.request();
    parameters.push(("state", "another".to_owned()));
    let answer = house.app.post(&house, "/par", &parameters).await;
    assert_eq!(answer.error(), "invalid_request");
}

/// A10: with a client that must push, a plain request is refused, and the client is told.
#[tokio::test]
async fn a_client_that_must_push_cannot_send_a_plain_request() {
    let house = House::build().await;
    let answer = house.browser().get(&house.app.plainly(&[])).await;
    assert_eq!(answer.status, 302);
    assert!(answer.location().as_str().starts_with(&house.app.redirect_uri()));
    assert_eq!(answer.sent("error").as_deref(), Some("invalid_request"));
    assert_eq!(answer.sent("state").as_deref(), Some("the-state"));
}

/// A10, RFC 9126 §2.2: a request_uri is bound to the client that pushed it.
#[tokio::test]
async fn the_request_uri_of_another_client_is_refused_on_a_page() {
    let house = House::build().await;
    let url = house.app.begin(&house, &[]).await.replace("client_id=app", "client_id=plain");
    let answer = house.browser().get(&url).await;
    assert_eq!((answer.status.as_u16(), answer.page()), (400, "problem RequestInvalid"));
}

/// A10, RFC 9126 §4: unknown and expired request_uris lead nowhere.
#[tokio::test]
async fn a_request_uri_that_is_unknown_or_expired_is_explained() {
    let house = House::build().await;
    let unknown = [("client_id", "app"), ("request_uri", "urn:ietf:params:oauth:request_uri:nonsense")];
    let answer = house.browser().get(&format!("/authorize?{}", form(&unknown))).await;
    assert_eq!((answer.status.as_u16(), answer.page()), (400, "problem RequestExpired"));
    let url = house.app.begin(&house, &[]).await;
    house.wait(120);
    assert_eq!(house.browser().get(&url).await.page(), "problem RequestExpired");
}

/// A10: a request_uri is used up when the request is completed, so that its pages may be loaded again before.
#[tokio::test]
async fn a_request_uri_can_be_loaded_again_until_it_is_completed_and_never_after() {
    let house = House::build().await;
    let mut browser = house.browser();
    let url = house.app.begin(&house, &[]).await;
    let first = browser.open(&url).await;
    let second = browser.open(&url).await;
    assert_eq!((first.page(), second.page()), ("login", "login"));
    assert_ne!(first.field("action"), second.field("action"));
    let consent = browser.log_in(&second).await;
    let done = browser.press(&consent, "allow").await;
    assert!(done.sent("code").is_some());
    // The same URL, and the page that was left open, are both too late.
    assert_eq!(browser.open(&url).await.page(), "problem RequestExpired");
    assert_eq!(browser.open(&first.field("action")).await.page(), "problem RequestExpired");
}

/// The parameters beside a request_uri do not count (RFC 9126 §4).
#[tokio::test]
async fn what_stands_beside_a_request_uri_changes_nothing() {
    let house = House::build().await;
    let mut browser = house.browser();
    let url = house.app.begin(&house, &[]).await;
    let page = browser.open(&format!("{url}&{}", form(&[("redirect_uri", "https://evil.example"), ("state", "evil")]))).await;
    let consent = browser.log_in(&page).await;
    let done = browser.press(&consent, "allow").await;
    assert!(done.location().as_str().starts_with(&house.app.redirect_uri()));
    assert_eq!(done.sent("state").as_deref(), Some("the-state"));
}

/// What is pushed is kept sealed: whoever reads the Cache learns neither state nor nonce.
#[tokio::test]
async fn the_cache_shows_nothing_of_a_pushed_request() {
    let house = House::build().await;
    let parameters = with(&house.app.request(), &[("state", "a-state-to-look-for"), ("nonce", "a-nonce-to-look-for")]);
    assert_eq!(house.app.post(&house, "/par", &parameters).await.status, 201);
    for entry in std::fs::read_dir(house.directory.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        for needle in ["a-state-to-look-for", "a-nonce-to-look-for"] {
            assert!(!bytes.windows(needle.len()).any(|window| window == needle.as_bytes()));
        }
    }
}
