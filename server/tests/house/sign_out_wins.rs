//! B16, B17, B18: whatever ends a session amid a hundred requests, on two replicas over Redis: it never comes back, and what was open
//! is closed within a second, on either of them.

use std::time::Duration;

use application_api::proxy::Route;
use axum::Router;
use axum::extract::WebSocketUpgrade;
use axum::routing::any;
use futures::StreamExt as _;
use futures::future::join_all;
use jiff::SignedDuration;
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::support::{Browser, Engines, Running, house_on_with, replica};

/// How soon what is open must be closed.
const SOON: Duration = Duration::from_secs(1);

/// An upstream whose WebSockets say nothing and never end by themselves.
async fn quiet() -> String {
    let socket =
        async |socket: WebSocketUpgrade| socket.on_upgrade(|mut socket| async move { while socket.recv().await.is_some() {} });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/", any(socket))).await });
    format!("http://{address}/")
}

/// Two replicas, a browser that is signed in to both of them, and another one of the same user.
struct Scene {
    house: Running,
    _second: Running,
    urls: [String; 2],
    browser: Browser,
    other: Browser,
    refresh_token: String,
    client: Client,
}

/// What a page has open.
enum Open {
    Stream(reqwest::Response),
    Socket(WebSocketStream<MaybeTlsStream<TcpStream>>),
}

impl Open {
    /// Waits for the end.
    async fn ends(self) {
        match self {
            Self::Stream(mut stream) => {
                let mut told = Vec::new();
                while let Ok(Some(chunk)) = stream.chunk().await {
                    told.extend_from_slice(&chunk);
                }
                assert!(String::from_utf8_lossy(&told).contains("event: signed-out"), "{told:?}");
            }
            Self::Socket(mut socket) => {
                while let Some(Ok(message)) = socket.next().await {
                    if matches!(message, Message::Close(_)) {
                        return;
                    }
                }
            }
        }
    }
}

impl Scene {
    async fn build() -> Option<Self> {
        let sockets = quiet().await;
        let house = house_on_with(Engines::Servers, |configuration| {
            let upstream = &configuration.resource.origin;
            let route = |value: Value| serde_json::from_value::<Route>(value).unwrap();
            configuration.application.routes = vec![
                route(json!({ "path": "/me", "upstream": upstream })),
                route(json!({ "path": "/live", "upstream": sockets, "websocket": true })),
            ];
        })
        .await?;
        let (second, url) = replica(&house).await;
        let origin = house.configuration.application.origin.clone();
        let (mut browser, mut other) = (Browser::default(), Browser::default());
        other.sign_in(&origin, "/").await;
        browser.sign_in(&origin, "/").await;
        let refresh_token = house.last_refresh_token();
        let urls = [origin, url];
        Some(Self { house, _second: second, urls, browser, other, refresh_token, client: Client::new() })
    }

    fn cookie(&self) -> String {
        format!("__Host-session={}", self.browser.cookies["__Host-session"])
    }

    fn request(&self, number: usize, path: &str) -> reqwest::RequestBuilder {
        let request = self.client.get(format!("{}{path}", self.urls[number % 2]));
        request.header("cookie", self.cookie()).header("x-csrf", "1").header("sec-fetch-site", "same-origin")
    }

    fn calls(&self, count: usize, path: &str) -> Vec<tokio::task::JoinHandle<StatusCode>> {
        let call = |number| {
            let request = self.request(number, path);
            tokio::spawn(async move { request.send().await.unwrap().status() })
        };
        (0..count).map(call).collect()
    }

    /// An event stream and a WebSocket on either replica.
    async fn opened(&self) -> Vec<Open> {
        let mut open = Vec::new();
        for (number, url) in self.urls.iter().enumerate() {
            let mut stream = self.request(number, "/session/events").send().await.unwrap();
            assert!(stream.chunk().await.unwrap().unwrap().starts_with(b"event: signed-in"));
            open.push(Open::Stream(stream));
            let mut request = format!("{}/live", url.replace("http:", "ws:")).into_client_request().unwrap();
            request.headers_mut().insert("cookie", self.cookie().parse().unwrap());
            request.headers_mut().insert("origin", self.urls[0].parse().unwrap());
            open.push(Open::Socket(tokio_tungstenite::connect_async(request).await.unwrap().0));
        }
        open
    }

    /// Whether the session is over, on both replicas.
    async fn is_over(&self) -> bool {
        let first = self.request(0, "/session").send().await.unwrap().status();
        let second = self.request(1, "/session").send().await.unwrap().status();
        [first, second] == [StatusCode::UNAUTHORIZED; 2]
    }
}

#[derive(Debug, Clone, Copy)]
enum Way {
    SignOut,
    Device,
    EverywhereElse,
    BackChannel,
}

impl Way {
    /// Ends the session of `scene.browser`; the replica that is asked is not the one that the browser signed in at, where there is a
    /// choice.
    async fn go(self, scene: &mut Scene) {
        let [origin, second] = scene.urls.clone();
        match self {
            Self::SignOut => {
                let answer = scene.browser.fetch(Method::POST, &format!("{second}/logout")).await;
                assert_eq!(answer.status, StatusCode::OK);
            }
            Self::Device => {
                let devices = scene.other.fetch(Method::GET, &format!("{second}/session/devices")).await;
                let devices: Value = serde_json::from_str(&devices.body).unwrap();
                let id = devices.as_array().unwrap().iter().find(|device| device["current"] == false).unwrap()["id"].clone();
                let path = format!("{second}/session/devices/{}", id.as_str().unwrap());
                assert_eq!(scene.other.fetch(Method::DELETE, &path).await.status, StatusCode::NO_CONTENT);
            }
            Self::EverywhereElse => {
                let answer = scene.other.fetch(Method::DELETE, &format!("{second}/session/devices")).await;
                assert!(answer.body.contains("\"signed_out\":1"), "{}", answer.body);
            }
            Self::BackChannel => {
                let issuer = scene.house.configuration.provider.issuer.clone();
                let page = scene.browser.get(&format!("{issuer}/end_session")).await;
                scene.browser.submit(&page, &[], "sign-out").await;
                // The logout token travels by way of the Queue. The cookie is the application's, and stays.
                let over = async {
                    while scene.request(0, "/session").send().await.unwrap().status() != StatusCode::UNAUTHORIZED {
                        tokio::time::sleep(Duration::from_millis(10)).await;
                    }
                };
                timeout(Duration::from_secs(20), over).await.unwrap_or_else(|_| panic!("{origin} ends the session"));
            }
        }
    }
}

/// 60 calls wait for a refresh that is under way; 40 questions that note the session's use are asked while it ends.
async fn wins(way: Way) {
    let Some(mut scene) = Box::pin(Scene::build()).await else { return };
    let open = scene.opened().await;
    scene.house.clock.advance(SignedDuration::from_mins(6));
    let before = scene.house.token_requests.load(std::sync::atomic::Ordering::SeqCst);
    scene.house.token_gate.close();
    let waiting = scene.calls(60, "/me/profile");
    scene.house.token_requests_reach(before + 1).await;
    let cookie = scene.browser.cookies["__Host-session"].clone();
    let mut asked = scene.calls(20, "/session");
    asked.extend(scene.calls(20, "/session/devices"));
    way.go(&mut scene).await;
    scene.browser.cookies.insert("__Host-session".to_owned(), cookie);
    let closed = timeout(SOON, join_all(open.into_iter().map(Open::ends))).await;
    assert!(closed.is_ok(), "{way:?}: something stays open for longer than {SOON:?}");
    assert!(scene.is_over().await, "{way:?}");
    scene.house.token_gate.open();
    for call in waiting {
        assert_eq!(call.await.unwrap(), StatusCode::UNAUTHORIZED, "{way:?}: a call that waited for the refresh");
    }
    for call in asked {
        assert!(matches!(call.await.unwrap(), StatusCode::OK | StatusCode::UNAUTHORIZED), "{way:?}");
    }
    assert!(scene.is_over().await, "{way:?}: it came back");
    // Attack 58: what it held, and what the refresh under way brought, is of no use any more.
    scene.house.is_revoked(&scene.refresh_token).await;
    scene.house.is_revoked(&scene.house.last_refresh_token()).await;
    assert_eq!(scene.other.fetch(Method::GET, &format!("{}/session", scene.urls[1])).await.status, StatusCode::OK, "{way:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_out_amid_a_hundred_requests_wins() {
    wins(Way::SignOut).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_that_is_signed_out_amid_a_hundred_requests_stays_out() {
    wins(Way::Device).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_out_everywhere_else_amid_a_hundred_requests_wins() {
    wins(Way::EverywhereElse).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_logout_token_amid_a_hundred_requests_wins() {
    wins(Way::BackChannel).await;
}
