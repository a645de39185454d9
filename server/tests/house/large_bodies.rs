//! B21: a body of a gibibyte passes the proxy, in both directions, and never lies in memory: whoever reads slowly holds up the sender.

use std::sync::Arc;
use std::time::Duration;

use application_api::proxy::Route;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::routing::get;
use futures::StreamExt as _;
use futures::stream;
use reqwest::{Client, Method};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::support::{Browser, Gate, Running, house_with};

const BODY: u64 = 1 << 30;
static CHUNK: [u8; 256 << 10] = [7; 256 << 10];

/// How far the sender may be ahead of the reader, in bytes: what the kernel keeps for two connections, some megabytes each, and what
/// the proxy holds; a sixteenth of the body.
const AHEAD: u64 = 64 << 20;

/// Nothing has moved for so long: the sender is held.
const STILL: Duration = Duration::from_secs(1);

/// How far a body has come.
struct Progress {
    sent: watch::Sender<u64>,
    read: watch::Sender<u64>,
    /// Closed, it keeps the reader from reading.
    gate: Gate,
}

impl Progress {
    fn new() -> Arc<Self> {
        let progress = Self { sent: watch::Sender::new(0), read: watch::Sender::new(0), gate: Gate::default() };
        progress.gate.close();
        Arc::new(progress)
    }

    /// A body of a gibibyte; what is taken of it counts as sent, and must not be far ahead of what was read.
    fn body(self: &Arc<Self>) -> impl futures::Stream<Item = Result<Bytes, std::io::Error>> + use<> {
        let progress = Arc::clone(self);
        stream::iter(0..BODY / CHUNK.len() as u64).map(move |_| {
            progress.sent.send_modify(|sent| *sent += CHUNK.len() as u64);
            let ahead = *progress.sent.borrow() - *progress.read.borrow();
            assert!(ahead <= AHEAD, "{} MiB are under way", ahead >> 20);
            Ok(Bytes::from_static(&CHUNK))
        })
    }

    /// Reads a body to its end, while the gate is open.
    async fn read<E: std::fmt::Debug>(&self, body: impl futures::Stream<Item = Result<Bytes, E>>) {
        let mut body = std::pin::pin!(body);
        self.gate.pass().await;
        while let Some(chunk) = body.next().await {
            self.read.send_modify(|read| *read += chunk.as_ref().unwrap().len() as u64);
        }
    }

    /// Waits until the sender is held by the reader, who has read nothing yet.
    async fn is_held(&self) {
        let mut sent = self.sent.subscribe();
        sent.wait_for(|sent| *sent > 0).await.unwrap();
        while tokio::time::timeout(STILL, sent.changed()).await.is_ok() {}
        let (sent, read) = (*self.sent.borrow(), *self.read.borrow());
        assert!(sent > 0 && sent <= AHEAD && read == 0, "{sent} bytes sent, {read} read");
    }

    fn totals(&self) -> (u64, u64) {
        (*self.sent.borrow(), *self.read.borrow())
    }
}

async fn upload(State(progress): State<Arc<Progress>>, body: Body) -> &'static str {
    progress.read(body.into_data_stream()).await;
    "all of it"
}

async fn download(State(progress): State<Arc<Progress>>) -> Body {
    Body::from_stream(progress.body())
}

/// A house whose proxy leads to an upstream that takes and gives such bodies, and a request of its signed-in user.
async fn open(method: Method, progress: &Arc<Progress>) -> (Running, reqwest::RequestBuilder) {
    let router = Router::new().route("/body", get(download).put(upload)).with_state(Arc::clone(progress));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let upstream = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let house = house_with(|configuration| {
        let route = json!({ "path": "/large", "upstream": upstream, "methods": ["GET", "PUT"] });
        configuration.application.routes = vec![serde_json::from_value::<Route>(route).unwrap()];
    })
    .await;
    let origin = &house.configuration.application.origin;
    let mut browser = Browser::default();
    browser.sign_in(origin, "/").await;
    let request = Client::new().request(method, format!("{origin}/large/body"));
    let cookie = format!("__Host-session={}", browser.cookies["__Host-session"]);
    let request = request.header("cookie", cookie).header("x-csrf", "1").header("sec-fetch-site", "same-origin");
    (house, request)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gibibyte_goes_up_in_bounded_memory() {
    let progress = Progress::new();
    let (_house, request) = open(Method::PUT, &progress).await;
    let request = request.body(reqwest::Body::wrap_stream(progress.body()));
    let sending = tokio::spawn(async move { request.send().await.unwrap().text().await.unwrap() });
    progress.is_held().await;
    progress.gate.open();
    assert_eq!(sending.await.unwrap(), "all of it");
    assert_eq!(progress.totals(), (BODY, BODY));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gibibyte_comes_down_in_bounded_memory() {
    let progress = Progress::new();
    let (_house, request) = open(Method::GET, &progress).await;
    let answer = request.send().await.unwrap();
    progress.is_held().await;
    progress.gate.open();
    progress.read(answer.bytes_stream()).await;
    assert_eq!(progress.totals(), (BODY, BODY));
}
