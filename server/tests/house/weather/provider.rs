//! A provider that does not answer.

use jiff::SignedDuration;
use reqwest::{Method, StatusCode};

use crate::support::{Browser, house};

/// The provider's token endpoint hangs: sessions live, access that has expired is to be asked for again, and with the provider
/// everything comes back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_hangs_ends_no_session() {
    let house = house().await;
    let origin = house.configuration.application.origin.clone();
    let mut browser = Browser::default();
    browser.sign_in(&origin, "/").await;
    let cookies = browser.cookies.clone();
    house.clock.advance(SignedDuration::from_mins(6));
    house.token_gate.close();
    let mut stranger = Browser::default();
    let calling = async {
        let call = browser.fetch(Method::GET, &format!("{origin}/resource-api/profile")).await;
        assert_eq!((call.status, call.headers["retry-after"].to_str().unwrap()), (StatusCode::BAD_GATEWAY, "5"), "{}", call.body);
        let session = browser.fetch(Method::GET, &format!("{origin}/session")).await;
        assert_eq!(session.status, StatusCode::OK);
        assert_eq!(browser.get(&origin).await.status, StatusCode::OK);
    };
    let signing_in = async {
        let page = stranger.sign_in(&origin, "/").await;
        assert_eq!((page.status, page.url.path()), (StatusCode::SERVICE_UNAVAILABLE, "/problem/provider-unreachable"));
        assert!(page.headers.contains_key("retry-after"));
        assert!(!stranger.cookies.contains_key("__Host-session"));
    };
    tokio::join!(calling, signing_in);
    assert_eq!(browser.cookies, cookies, "no cookie is taken back");
    house.token_gate.open();
    let call = browser.fetch(Method::GET, &format!("{origin}/resource-api/profile")).await;
    assert_eq!(call.status, StatusCode::OK, "{}", call.body);
    assert_eq!(stranger.sign_in(&origin, "/").await.status, StatusCode::OK);
}
