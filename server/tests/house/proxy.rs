//! B21: calls through the proxy, to an upstream that tells what it got.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use application_api::proxy::{Route, TokenUse};
use axum::body::{Body, Bytes};
use axum::extract::{Request, State, WebSocketUpgrade, ws};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Json, Router};
use futures::{SinkExt as _, StreamExt as _, stream};
use http::{HeaderMap, HeaderValue, StatusCode};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::support::{Browser, Page, Running, house_with};

/// What the upstream remembers.
#[derive(Default)]
struct Seen {
    /// How many calls it had.
    calls: AtomicUsize,
    /// How many of them it refuses as unauthorised.
    refusals: AtomicUsize,
}

async fn tell(State(seen): State<Arc<Seen>>, request: Request) -> Response {
    seen.calls.fetch_add(1, Ordering::SeqCst);
    if seen.refusals.try_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let headers: serde_json::Map<String, Value> =
        parts.headers.iter().map(|(name, value)| (name.to_string(), json!(value.to_str().unwrap()))).collect();
    let told =
        json!({ "method": parts.method.as_str(), "uri": parts.uri.to_string(), "headers": headers, "body": body.as_ref() });
    ([("set-cookie", "__Host-session=tossed; Path=/; Secure; HttpOnly")], Json(told)).into_response()
}

async fn echo(socket: WebSocketUpgrade, headers: HeaderMap) -> Response {
    let token = headers.get("authorization").map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
    socket.on_upgrade(move |mut socket| async move {
        let _ = socket.send(ws::Message::text(token)).await;
        while let Some(Ok(message)) = socket.recv().await {
            if socket.send(message).await.is_err() {
                return;
            }
        }
    })
}

/// Says one thing, and then no more without ending.
async fn events() -> Response {
    let body = stream::iter([Ok::<_, std::convert::Infallible>(Bytes::from_static(b"data: first\n\n"))]).chain(stream::pending());
    ([("content-type", "text/event-stream")], Body::from_stream(body)).into_response()
}

async fn count(body: Body) -> String {
    let mut stream = body.into_data_stream();
    let mut bytes = 0;
    while let Some(chunk) = stream.next().await {
        bytes += chunk.unwrap().len();
    }
    bytes.to_string()
}

async fn flood() -> Body {
    Body::from_stream(stream::iter((0..256).map(|_| Ok::<_, std::convert::Infallible>(Bytes::from(vec![7; 256 << 10])))))
}

/// An upstream on a port of its own.
async fn upstream() -> (String, Arc<Seen>) {
    let seen = Arc::new(Seen::default());
    let router = Router::new()
        .route("/v1/events", get(events))
        .route("/v1/echo", any(echo))
        .route("/v1/count", post(count))
        .route("/v1/flood", get(flood))
        .route("/v1/silent", get(std::future::pending::<()>))
        .fallback(tell)
        .with_state(Arc::clone(&seen));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (format!("http://{address}/v1"), seen)
}

fn route(path: &str, upstream: &str) -> Route {
    serde_json::from_value(json!({ "path": path, "upstream": upstream, "methods": ["GET", "POST", "PUT"], "websocket": true }))
        .unwrap()
}

struct App {
    house: Running,
    origin: String,
    seen: Arc<Seen>,
    browser: Browser,
}

impl App {
    async fn build() -> Self {
        let (url, seen) = upstream().await;
        let house = house_with(|configuration| {
            let open = Route { token: TokenUse::None, anti_forgery: false, ..route("/open", &url) };
            let hasty = Route { timeout: jiff::SignedDuration::from_millis(300), ..route("/hasty", &url) };
            configuration.application.routes = vec![route("/shop", &url), open, hasty, route("/gone", "http://127.0.0.1:9")];
        })
        .await;
        let origin = house.configuration.application.origin.clone();
        let mut browser = Browser::default();
        browser.sign_in(&origin, "/").await;
        Self { house, origin, seen, browser }
    }

    async fn ask(&mut self, method: Method, path: &str) -> Page {
        self.browser.fetch(method, &format!("{}{path}", self.origin)).await
    }

    /// A request with the session's cookie, to be sent as it is.
    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let cookie = format!("__Host-session={}", self.browser.cookies["__Host-session"]);
        let request = reqwest::Client::new().request(method, format!("{}{path}", self.origin));
        request.header("cookie", cookie).header("x-csrf", "1").header("sec-fetch-site", "same-origin")
    }

    fn calls(&self) -> usize {
        self.seen.calls.load(Ordering::SeqCst)
    }
}

fn json_of(page: &Page) -> Value {
    serde_json::from_str(&page.body).unwrap_or_else(|_| panic!("not JSON: {} {}", page.status, page.body))
}

/// B21, attack 55: the user's token goes upstream, and the browser's cookies and a caller's own token do not; no cookie comes back.
#[tokio::test]
async fn the_token_goes_on_and_neither_cookies_nor_a_callers_own_token() {
    let mut app = App::build().await;
    let before = app.browser.cookies.clone();
    let url = format!("{}/shop/orders/a%20b?x=1&y=%2F", app.origin);
    let headers = [
        ("x-csrf", "1"),
        ("sec-fetch-site", "same-origin"),
        ("authorization", "Bearer made-up"),
        ("x-forwarded-for", "192.0.2.9"),
    ];
    let page = app.browser.call(Method::GET, &url, &headers).await;
    let told = json_of(&page);
    assert_eq!((told["method"].as_str(), told["uri"].as_str()), (Some("GET"), Some("/v1/orders/a%20b?x=1&y=%2F")));
    let token = told["headers"]["authorization"].as_str().unwrap();
    assert!(token.starts_with("Bearer ey"), "{token}");
    assert_eq!(told["headers"]["x-forwarded-for"], "127.0.0.1");
    assert!(told["headers"].get("cookie").is_none() && told["headers"].get("x-csrf").is_none());
    assert_eq!(app.browser.cookies, before);
    assert_eq!(page.headers["cache-control"], "no-store");
    let open = json_of(&app.ask(Method::GET, "/open/orders").await);
    assert!(open["headers"].get("authorization").is_none() && open["headers"].get("cookie").is_none());
}

/// Attack 55: what no route names is not called, and no path leaves its route.
#[tokio::test]
async fn nothing_but_the_routes_is_in_reach() {
    let mut app = App::build().await;
    assert_eq!(app.ask(Method::GET, "/shopping/orders").await.status, StatusCode::NOT_FOUND);
    let refused = app.ask(Method::DELETE, "/shop/orders").await;
    assert_eq!(
        (refused.status, &refused.headers["allow"]),
        (StatusCode::METHOD_NOT_ALLOWED, &HeaderValue::from_static("GET, POST, PUT"))
    );
    for path in ["/shop/a%2f..%2f..%2fadmin", "/shop//evil.example", "/shop/a%5cb"] {
        assert_eq!(app.ask(Method::GET, path).await.status, StatusCode::BAD_REQUEST, "{path}");
    }
    assert_eq!(app.calls(), 0);
}

/// B4, B5, attack 53: without a session, from another site, or without the header, there is no call.
#[tokio::test]
async fn a_call_needs_a_session_and_must_be_our_own() {
    let mut app = App::build().await;
    let url = format!("{}/shop/orders", app.origin);
    let nobody = Browser::default().fetch(Method::GET, &url).await;
    assert_eq!((nobody.status, nobody.headers.contains_key("location")), (StatusCode::UNAUTHORIZED, false));
    for headers in [
        &[("sec-fetch-site", "same-origin")][..],
        &[("sec-fetch-site", "cross-site"), ("x-csrf", "1")],
        &[("origin", "https://evil.example"), ("x-csrf", "1")],
    ] {
        assert_eq!(app.browser.call(Method::GET, &url, headers).await.status, StatusCode::FORBIDDEN, "{headers:?}");
    }
    assert_eq!(app.browser.call(Method::POST, &url, &[("x-csrf", "1")]).await.status, StatusCode::FORBIDDEN);
    let open = app.browser.call(Method::POST, &format!("{}/open/orders", app.origin), &[("sec-fetch-site", "cross-site")]).await;
    assert_eq!(open.status, StatusCode::FORBIDDEN, "the header can be waived, the origin cannot");
    assert_eq!(app.calls(), 0);
}

/// B21: 401 from upstream leads to one refresh and one more try, the body included; a second 401 is the answer.
#[tokio::test]
async fn a_refused_token_is_refreshed_once_and_the_call_made_again() {
    let app = App::build().await;
    let grants = || app.house.token_requests.load(Ordering::SeqCst);
    let before = grants();
    app.seen.refusals.store(1, Ordering::SeqCst);
    let answer = app.request(Method::POST, "/shop/orders").body("once and again").send().await.unwrap();
    let told: Value = answer.json().await.unwrap();
    assert_eq!(told["body"], json!(b"once and again"));
    assert_eq!((app.calls(), grants()), (2, before + 1));
    app.seen.refusals.store(5, Ordering::SeqCst);
    let answer = app.request(Method::GET, "/shop/orders").send().await.unwrap();
    assert_eq!((answer.status(), app.calls()), (StatusCode::UNAUTHORIZED, 4));
}

/// B21: bodies stream both ways; neither is kept.
#[tokio::test]
async fn large_bodies_stream_both_ways() {
    let app = App::build().await;
    let chunk = Bytes::from(vec![1; 256 << 10]);
    let body = stream::iter((0..256).map(move |_| Ok::<_, std::io::Error>(chunk.clone())));
    let answer = app.request(Method::POST, "/shop/count").body(reqwest::Body::wrap_stream(body)).send().await.unwrap();
    assert_eq!(answer.text().await.unwrap(), (64 << 20).to_string());
    let mut answer = app.request(Method::GET, "/shop/flood").send().await.unwrap();
    let mut bytes = 0;
    while let Some(chunk) = answer.chunk().await.unwrap() {
        bytes += chunk.len();
    }
    assert_eq!(bytes, 64 << 20);
}

/// B21: an upstream that is away or silent is told apart, in JSON.
#[tokio::test]
async fn an_upstream_that_does_not_answer_is_a_problem_and_no_wait_for_ever() {
    let mut app = App::build().await;
    let gone = app.ask(Method::GET, "/gone/orders").await;
    assert_eq!(
        (gone.status, &gone.headers["content-type"]),
        (StatusCode::BAD_GATEWAY, &HeaderValue::from_static("application/problem+json"))
    );
    let silent = app.ask(Method::GET, "/hasty/silent").await;
    assert_eq!(silent.status, StatusCode::GATEWAY_TIMEOUT);
    for answer in [gone, silent] {
        assert_eq!(answer.headers["retry-after"], "5", "{}", answer.body);
    }
}

/// B18: an event stream through the proxy ends with its session.
#[tokio::test]
async fn an_event_stream_ends_with_its_session() {
    let mut app = App::build().await;
    let mut answer = app.request(Method::GET, "/shop/events").send().await.unwrap();
    assert_eq!(answer.chunk().await.unwrap().unwrap(), "data: first\n\n");
    app.ask(Method::POST, "/logout").await;
    let rest = tokio::time::timeout(Duration::from_secs(10), answer.chunk()).await.expect("the stream ends");
    assert!(matches!(rest, Ok(None) | Err(_)), "{rest:?}");
}

/// B21, B18: a WebSocket is joined with the user's token, and ends with its session.
#[tokio::test]
async fn a_web_socket_is_joined_and_ends_with_its_session() {
    let mut app = App::build().await;
    let handshake = |app: &App, origin: &str| {
        let mut request = format!("{}/shop/echo", app.origin.replace("http:", "ws:")).into_client_request().unwrap();
        let cookie = format!("__Host-session={}", app.browser.cookies["__Host-session"]);
        request.headers_mut().insert("cookie", cookie.parse().unwrap());
        request.headers_mut().insert("origin", origin.parse().unwrap());
        request
    };
    for foreign in ["https://evil.example", "null"] {
        let refused = tokio_tungstenite::connect_async(handshake(&app, foreign)).await.unwrap_err();
        assert!(matches!(&refused, Error::Http(answer) if answer.status() == StatusCode::FORBIDDEN), "{refused}");
    }
    let (mut socket, _) = tokio_tungstenite::connect_async(handshake(&app, &app.origin)).await.unwrap();
    let token = socket.next().await.unwrap().unwrap().into_text().unwrap();
    assert!(token.starts_with("Bearer ey"), "{token}");
    socket.send(Message::text("there and back")).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap().into_text().unwrap(), "there and back");
    app.ask(Method::POST, "/logout").await;
    let end = tokio::time::timeout(Duration::from_secs(10), socket.next()).await.expect("the socket ends");
    assert!(matches!(end, None | Some(Err(_) | Ok(Message::Close(_)))), "{end:?}");
}
