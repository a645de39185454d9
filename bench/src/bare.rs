//! What an answer costs that nothing was done for: an axum handler in a process of its own, built as the server is. It is also
//! the upstream that the application's proxy calls.

use std::collections::HashSet;
use std::net::Ipv4Addr;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use axum::body::Bytes;
use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;
use tokio::process::Command;

use crate::connection::Origin;
use crate::failure::Failure;
use crate::process::Process;

/// As large as the metadata of the provider.
static DOCUMENT: LazyLock<Value> = LazyLock::new(|| json!({ "members": vec!["as long as an address of an endpoint"; 60] }));
/// As large as an answer with a token.
static TOKEN: LazyLock<Value> =
    LazyLock::new(|| json!({ "access_token": "a".repeat(700), "token_type": "Bearer", "expires_in": 300 }));

/// As large as an answer of `GET /session`.
static SESSION: LazyLock<Value> =
    LazyLock::new(|| json!({ "subject": "a".repeat(36), "members": vec!["as long as an instant of time"; 10] }));

/// The access tokens that the upstream was called with.
#[derive(Default)]
struct Tokens {
    all: HashSet<HeaderValue>,
    refused: Option<HeaderValue>,
    last: Option<HeaderValue>,
}

type Seen = Arc<Mutex<Tokens>>;

/// Serves until its input ends, and says where.
pub(crate) async fn serve() -> Result<(), Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(Failure::io("no port"))?;
    println!("{}", listener.local_addr().map_err(Failure::io("no port"))?);
    let router = Router::new()
        .route("/", get(document).post(token))
        .route("/session", get(async || Json(&*SESSION)))
        .route("/upstream/document", get(document))
        .route("/upstream/guarded", get(guarded))
        .route("/tokens", get(tokens).post(refuse))
        .with_state(Seen::default());
    tokio::select! {
        served = axum::serve(listener, router) => served.map_err(Failure::io("the bare handler")),
        _ = async { tokio::io::stdin().read_to_end(&mut Vec::new()).await } => Ok(()),
    }
}

async fn document() -> Json<&'static Value> {
    Json(&DOCUMENT)
}

/// Reads the form that it is sent, as whoever answers it has to.
async fn token(form: Bytes) -> Json<&'static Value> {
    std::hint::black_box(&form);
    Json(&TOKEN)
}

/// Answers, unless the token is the one that it was told to refuse.
async fn guarded(State(seen): State<Seen>, headers: HeaderMap) -> Result<Json<&'static Value>, StatusCode> {
    let token = headers.get(AUTHORIZATION).cloned().ok_or(StatusCode::FORBIDDEN)?;
    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    seen.all.insert(token.clone());
    let refused = seen.refused.as_ref() == Some(&token);
    seen.last = Some(token);
    if refused { Err(StatusCode::UNAUTHORIZED) } else { Ok(Json(&DOCUMENT)) }
}

/// Refuses the token that it saw last from now on, and begins to count anew.
async fn refuse(State(seen): State<Seen>) {
    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    seen.all.clear();
    seen.refused = seen.last.take();
}

/// How many tokens it has seen since then, the refused one among them.
async fn tokens(State(seen): State<Seen>) -> String {
    seen.lock().unwrap_or_else(PoisonError::into_inner).all.len().to_string()
}

/// The bare handler at work.
pub(crate) struct Bare {
    pub(crate) origin: Origin,
    pub(crate) process: Process,
}

impl Bare {
    /// Starts it: this program again, with another word.
    pub(crate) async fn start() -> Result<Self, Failure> {
        let what = "the bare handler";
        let itself = std::env::current_exe().map_err(Failure::io(what))?;
        let (process, line) = Process::announced(what, Command::new(itself).arg("bare")).await?;
        let address = line.parse().map_err(|_| Failure::Ended(what, line))?;
        Ok(Self { origin: Origin::local(address), process })
    }
}
