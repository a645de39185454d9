//! B22: each API gets access tokens that are for it alone (RFC 8707), however many calls are under way.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use application_api::proxy::Route;
use axum::Router;
use axum::extract::State;
use base64::Engine as _;
use futures::future::join_all;
use http::{HeaderMap, StatusCode};
use jiff::SignedDuration;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use server::Configuration;
use server::configuration::When;
use tokio::net::TcpListener;

use crate::strange::Manner;
use crate::strange_provider::{Place, with};
use crate::support::{Browser, Engines, Running, house_on_with, replica};

const ORDERS: &str = "https://orders.example";
const BILLS: &str = "https://bills.example/v1";

/// An API that notes the tokens that it is called with, and refuses as many calls as it is told.
#[derive(Default)]
struct Api {
    tokens: Mutex<Vec<String>>,
    refusals: AtomicUsize,
}

impl Api {
    async fn open() -> (String, Arc<Self>) {
        let api = Arc::new(Self::default());
        let router = Router::new().fallback(answer).with_state(Arc::clone(&api));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        (format!("http://{address}"), api)
    }

    fn calls(&self) -> usize {
        self.tokens.lock().unwrap().len()
    }

    fn last(&self) -> String {
        self.tokens.lock().unwrap().last().unwrap().clone()
    }

    /// For whom the tokens were that it has seen so far.
    fn audiences(&self) -> Vec<Value> {
        let mut seen: Vec<Value> = self.tokens.lock().unwrap().iter().map(|token| claims(token)["aud"].clone()).collect();
        seen.dedup();
        seen
    }
}

fn claims(token: &str) -> Value {
    let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice(&claims).unwrap()
}

async fn answer(State(api): State<Arc<Api>>, headers: HeaderMap) -> StatusCode {
    let (scheme, token) = headers["authorization"].to_str().unwrap().split_once(' ').unwrap();
    assert_eq!(scheme == "DPoP", headers.contains_key("dpop"));
    api.tokens.lock().unwrap().push(token.to_owned());
    let refused = api.refusals.try_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
    if refused { StatusCode::UNAUTHORIZED } else { StatusCode::OK }
}

fn route(path: &str, upstream: &str, resource: Option<&str>) -> Route {
    serde_json::from_value(json!({ "path": path, "upstream": upstream, "resource": resource })).unwrap()
}

/// A house with an API for orders, one for bills, and one that is called with the sign-in's own token; and a browser.
struct Shop {
    house: Running,
    _second: Option<Running>,
    urls: [String; 2],
    orders: Arc<Api>,
    bills: Arc<Api>,
    plain: Arc<Api>,
    browser: Browser,
    client: Client,
}

impl Shop {
    async fn open(engines: Engines) -> Option<Self> {
        Self::open_with(engines, |_| ()).await
    }

    async fn open_with(engines: Engines, change: impl FnOnce(&mut Configuration)) -> Option<Self> {
        let ((orders_url, orders), (bills_url, bills), (plain_url, plain)) =
            (Api::open().await, Api::open().await, Api::open().await);
        let house = house_on_with(engines, |configuration| {
            configuration.application.routes = vec![
                route("/orders", &orders_url, Some(ORDERS)),
                route("/bills", &bills_url, Some(BILLS)),
                route("/plain", &plain_url, None),
                // The same as the sign-in's own.
                route("/named", &plain_url, Some(&configuration.resource.origin)),
            ];
            change(configuration);
        })
        .await?;
        let origin = house.configuration.application.origin.clone();
        // Embedded engines are for one process.
        let (second, url) = match engines {
            Engines::Servers => {
                let (second, url) = replica(&house).await;
                (Some(second), url)
            }
            Engines::Embedded => (None, origin.clone()),
        };
        let mut browser = Browser::default();
        browser.sign_in(&origin, "/").await;
        Some(Self { house, _second: second, urls: [origin, url], orders, bills, plain, browser, client: Client::new() })
    }

    fn call(&self, number: usize, path: &str) -> impl Future<Output = StatusCode> + use<> {
        let cookie = format!("__Host-session={}", self.browser.cookies["__Host-session"]);
        let request = self.client.request(Method::GET, format!("{}{path}", self.urls[number % 2]));
        let request = request.header("cookie", cookie).header("x-csrf", "1").header("sec-fetch-site", "same-origin");
        async move { request.send().await.unwrap().status() }
    }

    fn grants(&self) -> usize {
        self.house.token_requests.load(Ordering::SeqCst)
    }
}

/// B22: a route's API sees tokens for itself and for nobody else, and is fetched one when it is first called.
#[tokio::test]
async fn each_api_sees_its_own_audience_and_no_other() {
    let shop = Shop::open(Engines::Embedded).await.unwrap();
    let before = shop.grants();
    for path in ["/orders/1", "/bills/1", "/plain/1", "/named/1", "/orders/2", "/bills/2"] {
        assert_eq!(shop.call(0, path).await, StatusCode::OK, "{path}");
    }
    assert_eq!(shop.grants(), before + 2, "one for orders and one for bills; the sign-in's own was there");
    let us = &shop.house.configuration.provider.issuer;
    assert_eq!(shop.orders.audiences(), [json!([ORDERS, us])]);
    assert_eq!(shop.bills.audiences(), [json!([BILLS, us])]);
    assert_eq!(shop.plain.audiences(), [json!([shop.house.configuration.resource.origin, us])]);
    assert_eq!((shop.orders.calls(), shop.bills.calls(), shop.plain.calls()), (2, 2, 2));
}

/// B21, B22: an API that refuses its token gets another of its own, and the other API's token stays as it is.
#[tokio::test]
async fn a_refused_token_is_refreshed_for_its_own_audience_alone() {
    let shop = Shop::open(Engines::Embedded).await.unwrap();
    for path in ["/orders/1", "/bills/1"] {
        assert_eq!(shop.call(0, path).await, StatusCode::OK);
    }
    let (before, kept, refused) = (shop.grants(), shop.bills.last(), shop.orders.last());
    shop.orders.refusals.store(1, Ordering::SeqCst);
    assert_eq!(shop.call(0, "/orders/2").await, StatusCode::OK);
    assert_eq!((shop.grants(), shop.orders.calls()), (before + 1, 3));
    assert_ne!(shop.orders.last(), refused);
    assert_eq!(shop.call(0, "/bills/2").await, StatusCode::OK);
    assert_eq!((shop.grants(), shop.bills.last()), (before + 1, kept));
    let us = &shop.house.configuration.provider.issuer;
    assert_eq!(shop.orders.audiences(), [json!([ORDERS, us])]);
}

/// B10, B22: where tokens are bound to the session's key, those for one API alone are, and are proven at it.
#[tokio::test]
async fn a_token_for_one_api_is_bound_like_the_others() {
    let shop = Shop::open_with(Engines::Embedded, |configuration| configuration.application.dpop = When::Always).await.unwrap();
    for path in ["/orders/1", "/bills/1", "/plain/1"] {
        assert_eq!(shop.call(0, path).await, StatusCode::OK, "{path}");
    }
    let keys = [&shop.orders, &shop.bills, &shop.plain].map(|api| claims(&api.last())["cnf"]["jkt"].as_str().unwrap().to_owned());
    assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
}

/// B16, B22: a hundred calls at once to each of two APIs make one grant for each audience, in one process and on two replicas; the
/// refresh token that both rotate is never used twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn however_many_calls_make_one_grant_for_each_audience() {
    for engines in [Engines::Embedded, Engines::Servers] {
        let Some(shop) = Shop::open(engines).await else { continue };
        // With nothing fetched yet, and twice with tokens that have expired.
        for round in 0..3 {
            let before = shop.grants();
            let calls = (0..200).map(|number| {
                let path = if number % 4 < 2 { "/orders/1" } else { "/bills/1" };
                tokio::spawn(shop.call(number, path))
            });
            let statuses: Vec<_> = join_all(calls).await.into_iter().map(Result::unwrap).collect();
            assert!(statuses.iter().all(|status| *status == StatusCode::OK), "{engines:?} {round}: {statuses:?}");
            assert_eq!(shop.grants(), before + 2, "{engines:?} {round}");
            shop.house.clock.advance(SignedDuration::from_mins(6));
        }
        let us = &shop.house.configuration.provider.issuer;
        assert_eq!((shop.orders.audiences(), shop.bills.audiences()), (vec![json!([ORDERS, us])], vec![json!([BILLS, us])]));
        assert_eq!((shop.orders.calls(), shop.bills.calls()), (300, 300), "{engines:?}");
    }
}

/// B22: a session whose provider is not asked for the API, or gives no token for it, does not call it with another token; and lives on.
#[tokio::test]
async fn without_a_token_for_it_an_api_is_not_called() {
    for (resources, manner, grants) in [
        (json!([]), Manner::default(), 0),
        (json!(["https://first.example"]), Manner::default(), 0),
        (
            json!(["https://first.example", ORDERS]),
            Manner { token: with("error", json!("invalid_target")), ..Manner::default() },
            1,
        ),
    ] {
        let (url, api) = Api::open().await;
        let place = Place::open_with(json!({ "resources": resources }), vec![route("/orders", &url, Some(ORDERS))]).await;
        let mut browser = Browser::default();
        browser.get(&format!("{}/login", place.origin())).await;
        let asked = browser.hops.iter().find(|hop| hop.contains("/authorize?")).unwrap();
        assert_eq!(asked.matches("&resource=").count(), resources.as_array().unwrap().len(), "RFC 8707 §2.1: {asked}");
        place.strange.behave(manner);
        let before = place.strange.asked("/token");
        let refused = browser.fetch(Method::GET, &format!("{}/orders/1", place.origin())).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{resources}: {}", refused.body);
        assert!(refused.body.contains("urn:cloakroom:problem:no-access"), "{}", refused.body);
        assert_eq!((api.calls(), place.strange.asked("/token")), (0, before + grants), "{resources}");
        let session = browser.fetch(Method::GET, &format!("{}/session", place.origin())).await;
        assert_eq!(session.status, StatusCode::OK, "{resources}: the session lives on");
    }
}
