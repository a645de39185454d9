//! All thirteen exchanges of the diagram happen in one sign-in, and are seen as spans with their numbers.

#![cfg(test)]

// A process of its own: what another test's thread does not listen to, `tracing` may switch off for all.
#[allow(dead_code, reason = "this test needs a part of it")]
#[path = "../house/support.rs"]
mod support;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use protocol::Exchange;
use support::{Browser, house};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata};
use tracing_subscriber::layer::{Context, SubscriberExt as _};

#[derive(Clone, Default)]
struct Numbers(Arc<Mutex<Vec<u64>>>);

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Numbers {
    fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        if attributes.metadata().name() == "exchange" {
            attributes.record(&mut self.clone());
        }
    }
}

impl Visit for Numbers {
    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "number" {
            self.0.lock().unwrap().push(value);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

/// All that our own spans and events say.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<String>>);

const OURS: [&str; 9] =
    ["app", "application_api", "authorization_server", "cache", "protocol", "queue", "resource_api", "server", "user_database"];

fn is_ours(metadata: &Metadata<'_>) -> bool {
    OURS.contains(&metadata.target().split("::").next().unwrap_or_default())
}

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Told {
    fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        if is_ours(attributes.metadata()) {
            attributes.record(&mut self.clone());
        }
    }

    fn on_record(&self, _: &Id, values: &Record<'_>, _: Context<'_, S>) {
        values.record(&mut self.clone());
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if is_ours(event.metadata()) {
            event.record(&mut self.clone());
        }
    }
}

impl Visit for Told {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let _ = writeln!(self.0.lock().unwrap(), "{field}: {value:?}");
    }
}

/// B25: each exchange is a span with its number, and nothing that spans and events say is a secret.
#[tokio::test]
async fn every_exchange_happens_and_none_tells_a_secret() {
    let (numbers, told) = (Numbers::default(), Told::default());
    let recording = tracing_subscriber::registry().with(numbers.clone()).with(told.clone());
    let _recording = tracing::subscriber::set_default(recording);
    let house = house().await;
    let origin = house.configuration.application.origin.clone();
    let mut browser = Browser::default();
    let page = browser.sign_in(&origin, "/").await;
    assert!(page.body.contains("Ada Lovelace"));
    // What is refused is told of, too.
    browser.get(&format!("{origin}/callback?code=made-up-code&state=made-up-state")).await;
    let told = told.0.lock().unwrap().clone();
    assert!(told.contains("number: 13"), "{told}");
    let code = |hop: &String| Some(hop.split_once("/callback?")?.1.split("code=").nth(1)?.split(['&', ' ']).next()?.to_owned());
    let mut secrets: Vec<String> = browser.hops.iter().filter_map(code).collect();
    assert_eq!(secrets.len(), 2);
    secrets.extend(house.refresh_tokens.lock().unwrap().clone());
    secrets.extend(browser.cookies.values().filter(|value| value.len() >= 32).cloned());
    secrets.extend(["eyJ".to_owned(), support::PASSWORD.to_owned()]);
    // What exchanges carry is told by name, kind and length.
    for name in ["code_verifier", "client_assertion", "access_token", "refresh_token", "id_token", "password", "__Host-session"] {
        assert!(told.contains(name), "{name} is told of in {told}");
    }
    for secret in secrets {
        assert!(!told.contains(&secret), "a secret is told in {told}");
    }
    let seen: BTreeSet<u64> = numbers.0.lock().unwrap().iter().copied().collect();
    let all: BTreeSet<u64> = Exchange::ALL.iter().map(|exchange| u64::from(exchange.number())).collect();
    assert_eq!(seen, all);
    // The first of each comes in the order of the diagram, but for 3 and 4, 9 and 10, which two boxes see.
    let order: Vec<u64> = numbers.0.lock().unwrap().clone();
    let first = |number| order.iter().position(|seen| *seen == number).unwrap();
    for pair in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13].windows(2) {
        assert!(first(pair[0]) < first(pair[1]), "{} comes before {}: {order:?}", pair[0], pair[1]);
    }
}
