//! Step-up (RFC 9470): pages and routes that demand how, or how lately, their user has authenticated.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use application_api::proxy::Route;
use axum::Router;
use axum::extract::State;
use http::{HeaderMap, StatusCode};
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use crate::strange::{Change, Manner};
use crate::strange_provider::{Place, change, with};
use crate::support::{Browser, Page, Running, house_with};

/// An upstream that counts its calls, and answers 401 with the challenge that it is given.
#[derive(Default)]
struct Upstream {
    calls: AtomicUsize,
    challenge: std::sync::Mutex<Option<&'static str>>,
}

impl Upstream {
    async fn open() -> (String, Arc<Self>) {
        let upstream = Arc::new(Self::default());
        let router = Router::new().fallback(answer).with_state(Arc::clone(&upstream));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        (format!("http://{address}"), upstream)
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

async fn answer(State(upstream): State<Arc<Upstream>>) -> (StatusCode, HeaderMap) {
    upstream.calls.fetch_add(1, Ordering::SeqCst);
    let challenge = *upstream.challenge.lock().unwrap();
    let headers = challenge.map(|challenge| (http::header::WWW_AUTHENTICATE, challenge.parse().unwrap()));
    (if challenge.is_some() { StatusCode::UNAUTHORIZED } else { StatusCode::OK }, headers.into_iter().collect())
}

fn route(path: &str, upstream: &str, demands: &Value) -> Route {
    let mut route = json!({ "path": path, "upstream": upstream });
    route.as_object_mut().unwrap().extend(demands.as_object().unwrap().clone());
    serde_json::from_value(route).unwrap()
}

/// A house with our own provider, and routes that demand something.
async fn demanding() -> (Running, Arc<Upstream>, Browser) {
    let (url, upstream) = Upstream::open().await;
    let house = house_with(|configuration| {
        configuration.application.routes = vec![
            route("/lately", &url, &json!({ "max_age": 60, "websocket": true })),
            route("/gold", &url, &json!({ "acr": ["gold", "silver"], "max_age": 60 })),
            route("/open", &url, &json!({})),
        ];
    })
    .await;
    let mut browser = Browser::default();
    browser.sign_in(&house.configuration.application.origin, "/").await;
    (house, upstream, browser)
}

async fn ask(browser: &mut Browser, origin: &str, path: &str) -> Page {
    browser.fetch(Method::GET, &format!("{origin}{path}")).await
}

fn json_of(page: &Page) -> Value {
    serde_json::from_str(&page.body).unwrap_or_else(|_| panic!("not JSON: {} {}", page.status, page.body))
}

fn ticket(browser: &Browser) -> String {
    browser.cookies["__Host-session"].clone()
}

/// A session that is as it was: the same ticket, and alive.
async fn is_as_it_was(browser: &mut Browser, origin: &str, before: &str) -> bool {
    ticket(browser) == before && ask(browser, origin, "/session").await.status == StatusCode::OK
}

/// OpenID Connect Core §3.1.2.1, B3: a sign-in that is too old for a page is made anew, and leads back to it with its query. The
/// session is another one then, and the former is over.
#[tokio::test]
async fn a_guarded_page_has_its_user_authenticate_again_and_comes_back() {
    let (house, _, mut browser) = demanding().await;
    let origin = house.configuration.application.origin.clone();
    assert_eq!(browser.get(&format!("{origin}/identity")).await.status, StatusCode::OK, "just signed in");
    let authenticated_at = |page: &Page| json_of(page)["authenticated_at"].as_str().unwrap().parse::<Timestamp>().unwrap();
    let before = (ticket(&browser), authenticated_at(&ask(&mut browser, &origin, "/session").await));
    house.clock.advance(SignedDuration::from_secs(301));
    let page = browser.get(&format!("{origin}/identity?tab=%2F")).await;
    assert!(page.body.contains("id=\"password\""), "the provider asks again: {:?}", browser.hops);
    let page = browser.log_in(page).await;
    assert_eq!((page.url.path(), page.url.query(), page.status), ("/identity", Some("tab=%2F"), StatusCode::OK));
    assert_ne!(ticket(&browser), before.0);
    let after = authenticated_at(&ask(&mut browser, &origin, "/session").await);
    assert_eq!(after.duration_since(before.1), SignedDuration::from_secs(301));
    browser.cookies.insert("__Host-session".to_owned(), before.0);
    assert_eq!(ask(&mut browser, &origin, "/session").await.status, StatusCode::UNAUTHORIZED);
}

/// RFC 9470: a call on a sign-in that is too old is not made; it is told what is demanded, and where to lead the browser.
#[tokio::test]
async fn a_call_on_too_old_a_sign_in_is_told_where_to_authenticate_again() {
    let (house, upstream, mut browser) = demanding().await;
    let origin = house.configuration.application.origin.clone();
    assert_eq!(ask(&mut browser, &origin, "/lately/orders").await.status, StatusCode::OK);
    house.clock.advance(SignedDuration::from_secs(61));
    let refused = ask(&mut browser, &origin, "/lately/orders").await;
    assert_eq!(
        (refused.status, refused.headers["content-type"].to_str().unwrap(), refused.headers.contains_key("location")),
        (StatusCode::UNAUTHORIZED, "application/problem+json", false)
    );
    let told = json_of(&refused);
    assert_eq!(told["type"], "urn:cloakroom:problem:step-up-required");
    assert_eq!((&told["error"], &told["max_age"]), (&json!("insufficient_user_authentication"), &json!(60)));
    assert_eq!((told.get("acr_values"), &told["location"]), (None, &json!("/login?max_age=60")));
    assert_eq!(upstream.calls(), 1, "it was not called");
    assert_eq!(ask(&mut browser, &origin, "/open/orders").await.status, StatusCode::OK, "another route demands nothing");
    let before = ticket(&browser);
    let page = browser.get(&format!("{origin}{}&return_to=/flow", told["location"].as_str().unwrap())).await;
    let page = browser.log_in(page).await;
    assert_eq!((page.url.path(), page.status), ("/flow", StatusCode::OK), "{:?}", browser.hops);
    assert_ne!(ticket(&browser), before);
    assert_eq!(ask(&mut browser, &origin, "/lately/orders").await.status, StatusCode::OK);
    // Who meets the demand is not sent to the provider again.
    let hops = browser.hops.len();
    assert_eq!(browser.get(&format!("{origin}/login?max_age=60&return_to=/flow")).await.url.path(), "/flow");
    assert_eq!(browser.hops.len(), hops + 2, "{:?}", browser.hops);
}

/// A WebSocket is a call like any other: on too old a sign-in there is no handshake.
#[tokio::test]
async fn a_web_socket_on_too_old_a_sign_in_is_not_joined() {
    let (house, upstream, browser) = demanding().await;
    let origin = &house.configuration.application.origin;
    let handshake = || {
        let mut request = format!("{}/lately/feed", origin.replace("http:", "ws:")).into_client_request().unwrap();
        request.headers_mut().insert("cookie", format!("__Host-session={}", ticket(&browser)).parse().unwrap());
        request.headers_mut().insert("origin", origin.parse().unwrap());
        request
    };
    for (seconds, status, calls) in [(60, StatusCode::OK, 1), (1, StatusCode::UNAUTHORIZED, 1)] {
        house.clock.advance(SignedDuration::from_secs(seconds));
        let answer = tokio_tungstenite::connect_async(handshake()).await.unwrap_err();
        assert!(matches!(&answer, Error::Http(answer) if answer.status() == status), "{answer}");
        assert_eq!(upstream.calls(), calls);
    }
}

/// OpenID Connect Core §5.5.1.1: a class that the provider does not have leads to the page that says so, and costs nobody a session.
#[tokio::test]
async fn a_class_that_the_provider_does_not_have_leads_to_the_page_that_says_so() {
    let (house, upstream, mut browser) = demanding().await;
    let origin = house.configuration.application.origin.clone();
    let before = ticket(&browser);
    let told = json_of(&ask(&mut browser, &origin, "/gold/orders").await);
    assert_eq!((&told["acr_values"], &told["max_age"]), (&json!("gold silver"), &json!(60)));
    let page = browser.get(&format!("{origin}{}", told["location"].as_str().unwrap())).await;
    assert_eq!((page.url.path(), page.status), ("/problem/step-up", StatusCode::FORBIDDEN), "{:?}", browser.hops);
    assert!(is_as_it_was(&mut browser, &origin, &before).await);
    assert_eq!(upstream.calls(), 0);
}

/// B5: a step-up is a navigation of our own, or it is asked first.
#[tokio::test]
async fn another_site_does_not_begin_a_step_up_unasked() {
    let (house, _, mut browser) = demanding().await;
    let origin = house.configuration.application.origin.clone();
    let url = format!("{origin}/login?max_age=1&return_to=/flow").parse().unwrap();
    house.clock.advance(SignedDuration::from_secs(61));
    let page = browser.hop(Method::GET, &url, None, "cross-site").await;
    assert_eq!(page.headers["location"], "/sign-in?return_to=%2Fflow");
    let script = browser.fetch(Method::GET, url.as_str()).await;
    assert_eq!((script.status, script.headers.contains_key("location")), (StatusCode::UNAUTHORIZED, false));
}

/// RFC 9470 §3: what an upstream demands of the user passes on as the same problem; neither a fresh token nor a second call would
/// help. A challenge that names no demand is the upstream's own answer.
#[tokio::test]
async fn what_an_upstream_demands_passes_on() {
    let (house, upstream, mut browser) = demanding().await;
    let origin = house.configuration.application.origin.clone();
    let grants = house.token_requests.load(Ordering::SeqCst);
    *upstream.challenge.lock().unwrap() =
        Some("Bearer error=\"insufficient_user_authentication\", acr_values=\"gold\", max_age=5");
    let refused = ask(&mut browser, &origin, "/open/orders").await;
    let told = json_of(&refused);
    assert_eq!((refused.status, &told["acr_values"], &told["max_age"]), (StatusCode::UNAUTHORIZED, &json!("gold"), &json!(5)));
    assert_eq!(told["location"], "/login?renew=1&acr_values=gold&max_age=5");
    assert_eq!((upstream.calls(), house.token_requests.load(Ordering::SeqCst)), (1, grants));
    *upstream.challenge.lock().unwrap() = Some("Bearer error=\"insufficient_user_authentication\"");
    let answer = ask(&mut browser, &origin, "/open/orders").await;
    assert_eq!((answer.status, answer.body.as_str(), upstream.calls()), (StatusCode::UNAUTHORIZED, "", 3));
}

fn claims(changes: Value) -> Manner {
    let claims: Change = change(move |claims| {
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
    });
    Manner { claims, ..Manner::default() }
}

/// B12, B13: what a provider makes of a step-up, row by row. None leads in a circle, and a session is never lost by it.
#[tokio::test]
async fn the_id_token_of_a_step_up_is_held_against_the_demand() {
    const NOW: i64 = 1_800_000_000;
    let place = Place::open(json!({})).await;
    let origin = place.origin();
    let (met, closed, invalid) = ("/flow", "/problem/step-up", "/problem/invalid-response");
    let refusal = |code: &'static str| Manner {
        response: change(move |response| {
            response.as_object_mut().unwrap().remove("code");
            response["error"] = json!(code);
        }),
        ..Manner::default()
    };
    for (told, demand, manner, expected) in [
        ("one of the classes", "acr_values=gold+silver", claims(json!({"acr": "silver"})), met),
        ("another class", "acr_values=gold+silver", claims(json!({"acr": "bronze"})), closed),
        ("no class", "acr_values=gold", Manner::default(), closed),
        ("the provider says that it cannot", "acr_values=gold", refusal("unmet_authentication_requirements"), closed),
        ("just now", "max_age=60", claims(json!({"auth_time": NOW})), met),
        ("within the age", "max_age=60", claims(json!({"auth_time": NOW - 60})), met),
        ("too old: the provider did not ask", "max_age=60", claims(json!({"auth_time": NOW - 61})), closed),
        ("a clock that runs late, by its own words", "max_age=60", claims(json!({"iat": NOW - 50, "auth_time": NOW - 110})), met),
        ("the same, and too old", "max_age=60", claims(json!({"iat": NOW - 50, "auth_time": NOW - 111})), closed),
        ("no auth_time", "max_age=60", Manner::default(), invalid),
        ("auth_time to come", "max_age=60", claims(json!({"auth_time": NOW + 61})), invalid),
        ("both", "max_age=60&acr_values=gold", claims(json!({"acr": "gold", "auth_time": NOW - 1})), met),
        ("the age alone", "max_age=60&acr_values=gold", claims(json!({"auth_time": NOW - 1})), closed),
        ("the class alone", "max_age=60&acr_values=gold", claims(json!({"acr": "gold", "auth_time": NOW - 61})), closed),
    ] {
        place.strange.behave(Manner::default());
        let mut browser = Browser::default();
        browser.get(&format!("{origin}/login")).await;
        let before = ticket(&browser);
        let (hops, revoked) = (browser.hops.len(), place.strange.asked("/revoke"));
        place.strange.behave(manner);
        let page = browser.get(&format!("{origin}/login?{demand}&return_to=/flow")).await;
        assert_eq!(page.url.path(), expected, "{told}: {:?}", browser.hops);
        assert!(browser.hops.len() <= hops + 4, "{told}: {:?}", browser.hops);
        let kept = is_as_it_was(&mut browser, origin, &before).await;
        assert_eq!(kept, expected != met, "{told}: the session changes with a sign-in, and stays without");
        // Both sign-ins may be one grant to the provider (RFC 7009 §2.1): revoking what one of them was given would end what goes on.
        assert_eq!(place.strange.asked("/revoke"), revoked + usize::from(expected == invalid), "{told}");
        let asked = browser.hops.iter().rfind(|hop| hop.contains("/authorize?")).unwrap();
        // A little less is asked for, so that what comes is not too old by then.
        assert_eq!(asked.contains("&max_age=55"), demand.contains("max_age=60"), "{told}: {asked}");
        assert_eq!(asked.contains("&acr_values=gold"), demand.contains("acr_values=gold"), "{told}: {asked}");
    }
    // Where no session goes on, or another user's, what was given does not lie about.
    for another in [false, true] {
        let mut browser = Browser::default();
        place.strange.behave(Manner { userinfo: with("sub", json!("ada")), ..claims(json!({"sub": "ada"})) });
        if another {
            browser.get(&format!("{origin}/login")).await;
        }
        place.strange.behave(Manner::default());
        let revoked = place.strange.asked("/revoke");
        let page = browser.get(&format!("{origin}/login?acr_values=gold&return_to=/flow")).await;
        assert_eq!((page.url.path(), browser.cookies.contains_key("__Host-session")), (closed, another), "{:?}", browser.hops);
        assert_eq!(place.strange.asked("/revoke"), revoked + 1, "another user: {another}");
    }
}

/// OpenID Connect Core §5.5: a provider that reads `claims` is told that the class is essential.
#[tokio::test]
async fn the_class_is_an_essential_claim_where_the_provider_reads_claims() {
    let place = Place::open(json!({})).await;
    let manner = || Manner { metadata: with("claims_parameter_supported", json!(true)), ..claims(json!({"acr": "gold"})) };
    place.strange.behave(manner());
    let mut browser = Browser::default();
    let page = browser.get(&format!("{}/login?acr_values=gold&return_to=/flow", place.origin())).await;
    assert_eq!(page.url.path(), "/flow", "{:?}", browser.hops);
    let asked = browser.hops.iter().find(|hop| hop.contains("/authorize?")).unwrap();
    let url = asked.split(' ').nth(1).unwrap().parse::<reqwest::Url>().unwrap();
    let parameter = |name: &str| url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned());
    assert_eq!(parameter("claims").as_deref(), Some(r#"{"id_token":{"acr":{"essential":true,"values":["gold"]}}}"#));
    assert_eq!(parameter("acr_values"), None);
    let session = json_of(&ask(&mut browser, place.origin(), "/session").await);
    assert_eq!((&session["acr"], &session["authenticated_at"]), (&json!("gold"), &Value::Null));
}
