//! All thirteen exchanges of the diagram happen in one sign-in, and are seen as spans with their numbers.

#![cfg(test)]

// A process of its own: what another test's thread does not listen to, `tracing` may switch off for all.
#[allow(dead_code, reason = "this test needs a part of it")]
#[path = "../house/support.rs"]
mod support;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use protocol::Exchange;
use support::{Browser, house};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
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

#[tokio::test]
async fn every_exchange_happens() {
    let numbers = Numbers::default();
    let _recording = tracing::subscriber::set_default(tracing_subscriber::registry().with(numbers.clone()));
    let house = house().await;
    let origin = house.configuration.application.origin.clone();
    let page = Browser::default().sign_in(&origin, "/").await;
    assert!(page.body.contains("Ada Lovelace"));
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
