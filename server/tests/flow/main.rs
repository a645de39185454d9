//! `/flow`: sign-ins as they happened, each for the browser that began it, and nothing in them that is secret.
#![cfg(test)]

// A process of its own: every test listens before it does anything, for what nobody listens to at first may be switched off for all.
#[allow(dead_code, reason = "these tests need a part of it")]
#[path = "../house/support.rs"]
mod support;

mod events;
mod failed;
mod foreign;
mod own;
mod replicas;

use std::sync::Arc;
use std::time::Duration;

use reqwest::StatusCode;
use serde_json::Value;
use server::flow::{Book, Recorded, Recorder, recorder, write};
use support::{Browser, Running, clock};
use tokio_util::sync::CancellationToken;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;

/// Listens to the exchanges of this test.
pub(crate) struct Listening {
    recorded: Recorded,
    guard: DefaultGuard,
}

/// Writes down what was heard, until the test ends.
pub(crate) struct Writing {
    _guard: DefaultGuard,
    stop: CancellationToken,
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

pub(crate) fn listen() -> Listening {
    let (listener, recorded) = recorder(clock());
    let subscriber = tracing_subscriber::registry().with(listener.with_filter(filter_fn(Recorder::hears)));
    Listening { recorded, guard: tracing::subscriber::set_default(subscriber) }
}

impl Listening {
    /// Into the Cache of `house`.
    pub(crate) fn write(self, house: &Running) -> Writing {
        let stop = CancellationToken::new();
        let book = Book::new(Arc::clone(house.cache.as_ref().unwrap()), &house.configuration.provider.issuer);
        tokio::spawn(write(self.recorded, book, stop.clone()));
        Writing { _guard: self.guard, stop }
    }
}

/// A house that records, and where it is.
pub(crate) async fn recording() -> (Running, Writing, String) {
    let listening = listen();
    let house = support::house().await;
    let writing = listening.write(&house);
    let origin = house.configuration.application.origin.clone();
    (house, writing, origin)
}

/// The newest flow of a browser, once it is as wanted.
pub(crate) async fn flow_of(browser: &mut Browser, origin: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let mut last = Value::Null;
    for _ in 0..500 {
        let page = browser.get(&format!("{origin}/flow.json")).await;
        if page.status == StatusCode::OK {
            last = serde_json::from_str(&page.body).unwrap();
            if wanted(&last) {
                return last;
            }
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the flow is never as wanted: {last:#}");
}

/// Whether something was seen of an exchange.
pub(crate) fn saw(flow: &Value, number: u8) -> bool {
    flow["seen"].as_array().unwrap().iter().any(|seen| seen["number"] == number)
}

/// Whether exchange 1, which ends last of the first four, and all up to `number` were seen.
pub(crate) fn saw_up_to(number: u8) -> impl Fn(&Value) -> bool {
    move |flow| (1..=number).all(|number| saw(flow, number))
}
