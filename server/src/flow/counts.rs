//! How often each exchange happened, and nothing else of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use protocol::Exchange;
use tokio_util::sync::CancellationToken;
use tracing::Subscriber;
use tracing::span::{Attributes, Id};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::recorder::Number;

/// How often the counts are logged.
const EVERY: Duration = Duration::from_hours(1);

/// The counts of this process since it started.
#[derive(Debug, Clone, Default)]
pub struct Counts(Arc<[AtomicU64; Exchange::ALL.len()]>);

impl Counts {
    fn count(&self, number: u8) {
        if let Some(count) = usize::from(number).checked_sub(1).and_then(|at| self.0.get(at)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// In one line: `1: 12, 2: 12, …`.
    pub fn line(&self) -> String {
        let counts = Exchange::ALL.iter().zip(self.0.iter());
        let told = counts.map(|(exchange, count)| format!("{}: {}", exchange.number(), count.load(Ordering::Relaxed)));
        told.collect::<Vec<_>>().join(", ")
    }

    /// Logs them every hour in which something was added, and at the end.
    pub async fn tell(self, stop: CancellationToken) {
        let mut told = Self::default().line();
        let mut goes_on = true;
        while goes_on {
            goes_on = tokio::select! { () = tokio::time::sleep(EVERY) => true, () = stop.cancelled() => false };
            let line = self.line();
            if line != told {
                tracing::info!("exchanges since the start: {line}");
                told = line;
            }
        }
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Counts {
    fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        if attributes.metadata().name() == "exchange"
            && let Some(number) = Number::of(attributes)
        {
            self.count(number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing_subscriber::layer::SubscriberExt as _;

    #[test]
    fn each_exchange_is_counted_by_its_number_and_nothing_else_is() {
        let counts = Counts::default();
        let subscriber = tracing_subscriber::registry().with(counts.clone());
        tracing::subscriber::with_default(subscriber, || {
            let _ = tracing::info_span!("exchange", number = 13u8);
            let _ = tracing::info_span!("exchange", number = 1u8);
            let _ = tracing::info_span!("exchange", number = 1u8);
            let _ = tracing::info_span!("exchange", number = 14u8);
            let _ = tracing::info_span!("exchange");
            let _ = tracing::info_span!("other", number = 2u8);
        });
        assert!(counts.line().starts_with("1: 2, 2: 0, "), "{}", counts.line());
        assert!(counts.line().ends_with("12: 0, 13: 1"), "{}", counts.line());
    }
}
