//! While Redis is away a push says so, and the worker waits; when it is back, both go on and nothing is lost.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use queue::Queue;
use queue::redis::RedisQueue;

use crate::subject::{Worker, event, redis_url, soon, succeeding};

/// A Redis of this test's own, which it may end as it likes.
struct Server(Child);

impl Server {
    fn start(port: u16, directory: &Path) -> Self {
        let child = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes"])
            .arg("--dir")
            .arg(directory)
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server cannot be started: `make test` installs it");
        Self(child)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// Asks again until there is an answer.
async fn until_it_answers<T, E>(mut ask: impl AsyncFnMut() -> Result<T, E>) -> T {
    soon(async {
        loop {
            if let Ok(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
}

#[tokio::test]
async fn the_worker_outlives_an_outage_of_redis() {
    if redis_url().is_none() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let port = free_port();
    let url = format!("redis://127.0.0.1:{port}/0");
    let server = Server::start(port, directory.path());
    let idle: Arc<dyn Queue> = Arc::new(until_it_answers(async || RedisQueue::connect(&url).await).await);
    idle.push(&event(1)).await.unwrap();
    drop(server);

    let asked = Instant::now();
    assert!(idle.push(&event(2)).await.is_err());
    assert!(idle.depth().await.is_err());
    assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
    let (handler, mut handed) = succeeding();
    let worker = Worker::start(&idle, handler);
    assert!(idle.depth().await.is_err(), "the worker started while there was no Redis");

    let _server = Server::start(port, directory.path());
    assert_eq!(soon(handed.recv()).await.unwrap(), event(1), "pushed before the outage");
    until_it_answers(async || idle.push(&event(2)).await).await;
    assert_eq!(soon(handed.recv()).await.unwrap(), event(2));
    worker.end().await;
    assert_eq!(idle.depth().await.unwrap(), 0);
}

#[tokio::test]
async fn a_redis_that_is_not_there_is_named_soon_and_without_its_password() {
    let port = free_port();
    let asked = Instant::now();
    let trouble = RedisQueue::connect(&format!("redis://:s3cret@127.0.0.1:{port}/0")).await.err().unwrap();
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    let said = trouble.to_string();
    assert!(said.contains(&format!("127.0.0.1:{port}")), "{said}");
    assert!(!format!("{said} {trouble:?}").contains("s3cret"));
}
