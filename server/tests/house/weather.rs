//! B19: a Redis that goes away and comes back: users are told to wait, nobody is signed out, and nothing has to be restarted.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use jiff::SignedDuration;
use reqwest::{Method, StatusCode};

use crate::support::{Browser, Engines, Page, Running, house_on_with};

/// A Redis of the test's own, whose writes are on the disk before they are answered; killed with the value.
struct Redis {
    port: u16,
    directory: tempfile::TempDir,
    process: Option<Child>,
}

impl Redis {
    fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let directory = tempfile::tempdir().unwrap();
        let process = Some(Self::run(port, directory.path()));
        Self { port, directory, process }
    }

    fn run(port: u16, directory: &Path) -> Child {
        let port = port.to_string();
        let settings = ["--port", &port, "--bind", "127.0.0.1", "--appendonly", "yes", "--appendfsync", "always", "--save", ""];
        let mut command = Command::new("redis-server");
        command.args(settings).arg("--dir").arg(directory).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().expect("redis-server, which make test installs")
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    fn start_again(&mut self) {
        self.process = Some(Self::run(self.port, self.directory.path()));
    }

    async fn answers(&self) {
        while tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.stop();
    }
}

async fn session(house: &Running, browser: &mut Browser) -> Page {
    browser.fetch(Method::GET, &format!("{}/session", house.configuration.application.origin)).await
}

/// Asks until the answer is no longer 503: the connection to Redis is made anew by itself.
async fn when_it_is_back(house: &Running, browser: &mut Browser) -> Page {
    let back = async {
        loop {
            let page = session(house, browser).await;
            if page.status != StatusCode::SERVICE_UNAVAILABLE {
                return page;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), back).await.expect("it comes back without a restart")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_goes_and_comes_back_and_nobody_is_signed_out() {
    let mut redis = Redis::start();
    redis.answers().await;
    let url = redis.url();
    let Some(house) = house_on_with(Engines::Servers, |configuration| configuration.cache.clone_from(&url)).await else { return };
    let origin = house.configuration.application.origin.clone();
    let mut browser = Browser::default();
    browser.sign_in(&origin, "/").await;
    assert_eq!(session(&house, &mut browser).await.status, StatusCode::OK);
    let cookies = browser.cookies.clone();

    redis.stop();
    let told = session(&house, &mut browser).await;
    assert_eq!((told.status, told.headers["retry-after"].to_str().unwrap()), (StatusCode::SERVICE_UNAVAILABLE, "5"));
    assert!(told.body.contains("urn:cloakroom:problem:unavailable"), "{}", told.body);
    // A person sees a page, and is led nowhere in circles.
    browser.hops.clear();
    let page = browser.get(&origin).await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE, "{:?}", browser.hops);
    let page = browser.get(&format!("{origin}/login?return_to=/flow")).await;
    assert_eq!((page.status, page.url.path()), (StatusCode::SERVICE_UNAVAILABLE, "/problem/unavailable"));
    assert_eq!(browser.post(&format!("{origin}/sign-out"), &[]).await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(browser.cookies, cookies, "no cookie is taken back");

    redis.start_again();
    redis.answers().await;
    assert_eq!(when_it_is_back(&house, &mut browser).await.status, StatusCode::OK);
    // The refresh token is there as well.
    house.clock.advance(SignedDuration::from_mins(6));
    let page = browser.get(&format!("{origin}/resource?ask=1")).await;
    assert!(page.body.contains("token_expires_in_seconds"), "{}", page.body);
    browser.post(&format!("{origin}/sign-out"), &[]).await;
    assert_eq!(session(&house, &mut browser).await.status, StatusCode::UNAUTHORIZED);
}
