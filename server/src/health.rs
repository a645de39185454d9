//! `GET /health` and `GET /health/ready` on each origin: what load balancers and orchestrators ask.
//!
//! The first says that the process answers, whatever its engines do: to start it anew would not bring them back. The second asks the
//! engines that the origin needs, and is 503 with `Retry-After` where one of them does not answer; it names the box, and no more.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use cache::Cache;
use http::{HeaderValue, StatusCode, header};
use queue::Queue;
use serde::Serialize;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};
use user_database::SqlDatabase;

/// How long an engine may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// For how long an answer is given again: who asks all the time asks the engines once a second.
const FRESH: Duration = Duration::from_secs(1);
/// Seconds after which it may be asked again.
const RETRY: HeaderValue = HeaderValue::from_static("5");

/// The engines that an origin stands on.
#[derive(Clone, Default)]
pub struct Engines {
    /// The Cache.
    pub cache: Option<Arc<dyn Cache>>,
    /// The Queue.
    pub queue: Option<Arc<dyn Queue>>,
    /// The User Database.
    pub database: Option<Arc<SqlDatabase>>,
}

/// How a box is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Condition {
    Ok,
    Unavailable,
}

/// How all of them are; one that the origin does not need is left out.
#[derive(Debug, Clone, Serialize)]
struct Health {
    status: Condition,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache: Option<Condition>,
    #[serde(skip_serializing_if = "Option::is_none")]
    queue: Option<Condition>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_database: Option<Condition>,
}

/// What was found out last.
struct Asked {
    engines: Engines,
    last: Mutex<Option<(Instant, Health)>>,
}

/// The two paths, for an origin that stands on `engines`.
pub fn router(engines: Engines) -> Router {
    let asked = Arc::new(Asked { engines, last: Mutex::default() });
    Router::new().route("/health", get(alive)).route("/health/ready", get(ready)).with_state(asked)
}

async fn alive() -> Response {
    told(Health { status: Condition::Ok, cache: None, queue: None, user_database: None })
}

async fn ready(State(asked): State<Arc<Asked>>) -> Response {
    let mut last = asked.last.lock().await;
    let known = last.as_ref().filter(|(at, _)| at.elapsed() < FRESH).map(|(_, health)| health.clone());
    if let Some(health) = known {
        return told(health);
    }
    let health = asked.engines.health().await;
    *last = Some((Instant::now(), health.clone()));
    told(health)
}

fn told(health: Health) -> Response {
    let status = match health.status {
        Condition::Ok => StatusCode::OK,
        Condition::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    };
    let mut response = (status, Json(health)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(header::RETRY_AFTER, RETRY);
    }
    response
}

impl Engines {
    async fn health(&self) -> Health {
        let (cache, queue, user_database) = tokio::join!(
            found_out(
                self.cache.as_ref().map(|cache| async { cache.get("health").await.map(drop).map_err(|error| error.to_string()) })
            ),
            found_out(
                self.queue.as_ref().map(|queue| async { queue.depth().await.map(drop).map_err(|error| error.to_string()) })
            ),
            found_out(self.database.as_ref().map(|database| async { database.ping().await.map_err(|error| error.to_string()) })),
        );
        let well = [cache, queue, user_database].into_iter().flatten().all(|condition| condition == Condition::Ok);
        let status = if well { Condition::Ok } else { Condition::Unavailable };
        Health { status, cache, queue, user_database }
    }
}

async fn found_out(question: Option<impl Future<Output = Result<(), String>>>) -> Option<Condition> {
    match timeout(PATIENCE, question?).await {
        Ok(Ok(())) => Some(Condition::Ok),
        Ok(Err(error)) => {
            tracing::warn!(error, "a box does not answer");
            Some(Condition::Unavailable)
        }
        Err(_) => {
            tracing::warn!("a box does not answer in time");
            Some(Condition::Unavailable)
        }
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use axum::body::{Body, to_bytes};
    use cache::Unavailable;
    use http::Request;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tower::ServiceExt as _;

    use super::*;

    /// A Cache that does not answer, or never does; it counts how often it is asked.
    struct Away {
        silent: bool,
        asked: AtomicUsize,
    }

    impl Away {
        async fn away<T>(&self) -> Result<T, Unavailable> {
            self.asked.fetch_add(1, Ordering::SeqCst);
            if self.silent {
                std::future::pending::<()>().await;
            }
            Err(Unavailable("it is away".into()))
        }
    }

    #[async_trait]
    impl Cache for Away {
        async fn get(&self, _: &str) -> Result<Option<Vec<u8>>, Unavailable> {
            self.away().await
        }
        async fn put(&self, _: &str, _: &[u8], _: Duration) -> Result<(), Unavailable> {
            self.away().await
        }
        async fn add(&self, _: &str, _: &[u8], _: Duration) -> Result<bool, Unavailable> {
            self.away().await
        }
        async fn replace(&self, _: &str, _: &[u8], _: &[u8], _: Duration) -> Result<bool, Unavailable> {
            self.away().await
        }
        async fn take(&self, _: &str) -> Result<Option<Vec<u8>>, Unavailable> {
            self.away().await
        }
        async fn remove(&self, _: &str) -> Result<(), Unavailable> {
            self.away().await
        }
        async fn prune(&self) -> Result<u64, Unavailable> {
            self.away().await
        }
    }

    async fn asked(router: &Router, path: &str) -> (StatusCode, String, Option<HeaderValue>) {
        let response = router.clone().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
        let (status, wait) = (response.status(), response.headers().get(header::RETRY_AFTER).cloned());
        let body = to_bytes(response.into_body(), 1 << 10).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap(), wait)
    }

    /// A box that is away, or silent, is named in time; the process lives on. Who asks all the time does not ask the box as often.
    #[tokio::test(start_paused = true)]
    async fn a_box_that_does_not_answer_is_named_in_time() {
        for silent in [false, true] {
            let cache = Arc::new(Away { silent, asked: AtomicUsize::new(0) });
            let router = router(Engines { cache: Some(Arc::clone(&cache) as _), ..Engines::default() });
            let told =
                (StatusCode::SERVICE_UNAVAILABLE, r#"{"status":"unavailable","cache":"unavailable"}"#.to_owned(), Some(RETRY));
            for _ in 0..10 {
                assert_eq!(asked(&router, "/health/ready").await, told);
            }
            assert_eq!(cache.asked.load(Ordering::SeqCst), 1);
            tokio::time::advance(FRESH).await;
            assert_eq!(asked(&router, "/health/ready").await, told);
            assert_eq!(cache.asked.load(Ordering::SeqCst), 2);
            assert_eq!(asked(&router, "/health").await, (StatusCode::OK, r#"{"status":"ok"}"#.to_owned(), None));
        }
    }
}
