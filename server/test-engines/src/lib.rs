//! Redis and PostgreSQL of a test's own, and a relay before them: to be stopped, stalled, demoted and cut, as the weather does.
//!
//! No room of the house, and in no release: tests alone depend on it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test that cannot go on fails"
)]

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

mod postgres;
mod processes;
mod redis;
mod relay;

pub use postgres::Postgres;
pub use redis::Redis;
pub use relay::Relay;

/// Whether tests are to use Redis and PostgreSQL: not where `CLOAKROOM_TEST_ENGINES=embedded` leaves them out.
#[must_use]
pub fn are_wanted() -> bool {
    let unwanted = std::env::var("CLOAKROOM_TEST_ENGINES").is_ok_and(|engines| engines == "embedded");
    if unwanted {
        eprintln!("left out: CLOAKROOM_TEST_ENGINES=embedded asks for the embedded engines only");
    }
    !unwanted
}

/// A port on which nobody listens, and that is not given to connections: what listens there can be started again.
#[must_use]
pub fn free_port() -> u16 {
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    let ours = std::process::id().wrapping_mul(97);
    let next = || 10_000 + ours.wrapping_add(TAKEN.fetch_add(1, Ordering::Relaxed)) % 20_000;
    let is_free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    std::iter::repeat_with(next).filter_map(|port| port.try_into().ok()).find(is_free).unwrap()
}

/// Long enough for any machine, however busy.
const LONG: Duration = Duration::from_secs(60);

/// Asks again until there is an answer.
pub async fn until_it_answers<T, E: std::fmt::Debug>(mut ask: impl AsyncFnMut() -> Result<T, E>) -> T {
    let mut last = None;
    let asking = async {
        loop {
            match ask().await {
                Ok(answer) => return answer,
                Err(error) => last = Some(error),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let answer = tokio::time::timeout(LONG, asking).await;
    answer.unwrap_or_else(|_| panic!("no answer within {LONG:?}: {last:?}"))
}

/// Waits until `holds` does.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(LONG, waiting).await.unwrap_or_else(|_| panic!("not within {LONG:?}: {what}"));
}
