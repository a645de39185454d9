//! "Try to break it": what `/flow` offers in development is really made against the running server, and each attack stops where it says.

use std::sync::{Arc, Mutex};

use app::attack::Attack;
use app::ports::Attacks as _;
use axum::Router;
use axum::http::HeaderMap;
use axum::http::header::{LOCATION, SET_COOKIE};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use cache::embedded::EmbeddedCache;
use protocol::OsRng;
use reqwest::{Method, StatusCode};
use serde_json::json;
use server::attacks::Range;
use tokio::net::TcpListener;

use crate::strange_provider::Place;
use crate::support::{Browser, Page, house, house_with};

async fn make(browser: &mut Browser, origin: &str, attack: &str) -> Page {
    browser.post(&format!("{origin}/flow/attack"), &[("attack", attack)]).await
}

/// Each attack is stopped, by the answers of the running server, and the page says where and by what.
#[tokio::test]
async fn each_attack_is_stopped_where_the_page_says() {
    let house = house().await;
    let origin = &house.configuration.application.origin;
    let mut browser = Browser::default();
    let page = browser.get(&format!("{origin}/flow")).await;
    for attack in Attack::ALL {
        let described = attack.description();
        assert!(page.body.contains(&format!("id=\"{}\"", described.name)), "there is a button for {attack:?}");
        let page = make(&mut browser, origin, described.name).await;
        assert_eq!((page.status, page.url.path()), (StatusCode::OK, "/flow"), "{attack:?}");
        let verdict = format!("Stopped at exchange {}<", described.exchange.number());
        assert!(page.body.contains(&verdict), "{attack:?}: {}", page.body);
        assert!(page.body.contains(described.clause) && !page.body.contains("It got through"), "{attack:?}");
        assert!(!browser.cookies.contains_key("__Host-session"), "whoever presses the button is signed in by none of it");
    }
}

/// What an attack leaves behind is nobody's session, and shows nothing that would open one.
#[tokio::test]
async fn an_attack_leaves_no_session_and_shows_no_secret() {
    let house = house().await;
    let origin = &house.configuration.application.origin;
    let mut browser = Browser::default();
    let page = make(&mut browser, origin, "replayed-code").await;
    assert!(page.body.contains("/callback?code=…&amp;state=…"), "{}", page.body);
    assert!(page.body.contains("/problem/provider-error"), "{}", page.body);
    browser.sign_in(origin, "/").await;
    for username in ["ada", "grace"] {
        assert!(!page.body.contains(&format!("{username}-")), "no password");
    }
    let devices = browser.fetch(Method::GET, &format!("{origin}/session/devices")).await;
    let devices: serde_json::Value = serde_json::from_str(&devices.body).unwrap();
    assert_eq!(devices.as_array().map(Vec::len), Some(1), "this browser's alone: {devices}");
}

/// A report is found by its name alone, which nobody guesses; what is no attack makes none.
#[tokio::test]
async fn a_report_that_is_not_known_and_an_attack_that_is_none_are_told() {
    let house = house().await;
    let origin = &house.configuration.application.origin;
    let mut browser = Browser::default();
    let page = browser.get(&format!("{origin}/flow?attack=made-up")).await;
    assert!(page.body.contains("is not remembered any more"), "{}", page.body);
    let page = make(&mut browser, origin, "no-such-attack").await;
    assert_eq!((page.url.path(), page.url.query(), page.status), ("/flow", None, StatusCode::OK));
}

/// Attack 53: nobody has somebody else's browser make them.
#[tokio::test]
async fn another_site_makes_no_attack() {
    let house = house().await;
    let url = format!("{}/flow/attack", house.configuration.application.origin).parse().unwrap();
    let page = Browser::default().hop(Method::POST, &url, Some("attack=forged-cookie".to_owned()), "cross-site").await;
    assert_eq!(page.headers[LOCATION], "/problem/cross-site");
}

/// Where nobody's password is known, or the provider is not ours, nothing is offered and nothing answers.
#[tokio::test]
async fn attacks_are_offered_on_a_provider_of_ours_with_demonstration_accounts_alone() {
    let foreign = Place::open(json!({})).await;
    let without = house_with(|configuration| configuration.provider.demo_accounts = Some(false)).await;
    for origin in [foreign.origin(), &without.configuration.application.origin] {
        let mut browser = Browser::default();
        let page = browser.get(&format!("{origin}/flow")).await;
        assert!(page.status == StatusCode::OK && !page.body.contains("Try to break it"));
        assert_eq!(make(&mut browser, origin, "forged-cookie").await.status, StatusCode::NOT_FOUND);
    }
}

/// An application that believes everything.
async fn gullible() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let back = format!("{origin}/callback?code=c&state=s&iss=i");
    let router = Router::new()
        .route("/login", get(async move || (StatusCode::FOUND, [(LOCATION, back)])))
        .route(
            "/callback",
            get(async || (StatusCode::FOUND, [(LOCATION, "/flow"), (SET_COOKIE, "__Host-session=anybody; Path=/; Secure")])),
        )
        .route(
            "/session",
            get(async |headers: HeaderMap| if headers.contains_key("cookie") { "you" } else { "nobody" }.into_response()),
        )
        .route("/sign-out", post(async || (StatusCode::SEE_OTHER, [(LOCATION, "/signed-out")])));
    tokio::spawn(async move { axum::serve(listener, router).await });
    origin
}

/// The verdict is no foregone one: against a server without defences each attack gets through, and that is told.
#[tokio::test]
async fn against_a_server_that_believes_everything_each_attack_gets_through() {
    let directory = tempfile::tempdir().unwrap();
    let clock = crate::support::clock();
    let account = |name: &str| (name.to_owned(), format!("{name}-password"));
    let origin = gullible().await;
    let range = Range {
        provider: "http://localhost:1".to_owned(),
        application: origin,
        accounts: [account("mallory"), account("victim")],
        http: reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap(),
        cache: Arc::new(EmbeddedCache::open(&directory.path().join("cache"), clock).await.unwrap()),
        rng: Arc::new(OsRng),
        reports: Mutex::default(),
    };
    for attack in Attack::ALL {
        let outcome = range.make(attack.description().name).await;
        let location = outcome.location.unwrap().to_str().unwrap().to_owned();
        let name = location.strip_prefix("/flow?attack=").and_then(|rest| rest.strip_suffix("#attack")).unwrap().to_owned();
        let report = range.report(&name).unwrap();
        assert_eq!((report.attack, report.repelled), (attack, false), "{report:?}");
        assert_ne!(report.steps, [], "what was sent is told");
    }
}
