//! B19: while Redis is away nothing hangs and nothing is lost, and the same handle works once it is back.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use cache::Cache as _;
use cache::redis::RedisCache;

use crate::subject::{clock, redis_url};

const LIFETIME: Duration = Duration::from_secs(600);

/// Long enough for a busy machine, far too short for a hang.
const SOON: Duration = Duration::from_secs(5);

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

    fn end(mut self) {
        self.kill();
    }

    fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// Asks again until there is an answer.
async fn until_it_answers<T, E>(mut ask: impl AsyncFnMut() -> Result<T, E>) -> T {
    let asking = async {
        loop {
            if let Ok(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), asking).await.expect("an answer within twenty seconds")
}

#[tokio::test]
async fn the_same_handle_works_again_when_redis_is_back() {
    if redis_url().is_none() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let port = free_port();
    let url = format!("redis://127.0.0.1:{port}/0");
    let server = Server::start(port, directory.path());
    let cache = until_it_answers(async || RedisCache::connect(&url, clock()).await).await;
    cache.put("session", b"value", LIFETIME).await.unwrap();

    server.end();
    let asked = Instant::now();
    assert!(cache.get("session").await.is_err(), "not `None`, which would sign the user out");
    assert!(cache.put("session", b"other", LIFETIME).await.is_err());
    assert!(cache.add("other", b"value", LIFETIME).await.is_err());
    assert!(cache.replace("session", b"value", b"other", LIFETIME).await.is_err());
    assert!(cache.take("session").await.is_err());
    assert!(cache.remove("session").await.is_err());
    assert!(asked.elapsed() < SOON * 3, "six answers took {:?}", asked.elapsed());

    let _server = Server::start(port, directory.path());
    let kept = until_it_answers(async || cache.get("session").await).await;
    assert_eq!(kept.as_deref(), Some(&b"value"[..]));
    assert!(cache.replace("session", b"value", b"new", LIFETIME).await.unwrap());
    assert_eq!(cache.take("session").await.unwrap().as_deref(), Some(&b"new"[..]));
}

#[tokio::test]
async fn a_redis_that_is_not_there_is_named_soon_and_without_its_password() {
    let port = free_port();
    let asked = Instant::now();
    let trouble = RedisCache::connect(&format!("redis://:s3cret@127.0.0.1:{port}/0"), clock()).await.err().unwrap();
    assert!(asked.elapsed() < SOON, "{:?}", asked.elapsed());
    let said = trouble.to_string();
    assert!(said.contains(&format!("127.0.0.1:{port}")), "{said}");
    assert!(!format!("{said} {trouble:?}").contains("s3cret"));
}

#[tokio::test]
async fn a_server_that_never_answers_is_no_hang() {
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let asked = Instant::now();
    let url = format!("redis://{}/0", silent.local_addr().unwrap());
    assert!(RedisCache::connect(&url, clock()).await.is_err());
    assert!(asked.elapsed() < SOON, "{:?}", asked.elapsed());
}
