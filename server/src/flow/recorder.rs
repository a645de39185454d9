//! Listens to the spans of the exchanges.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use jiff::Timestamp;
use protocol::Clock;
use protocol::exchange::Part;
use protocol::flow::{Seen, TARGET, Told};
use tokio::sync::mpsc;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::Entry;

/// Makes of each `exchange` span what was seen of it, and passes it on. It never waits: what cannot be passed on is counted.
pub struct Recorder {
    sender: mpsc::Sender<Entry>,
    lost: Arc<AtomicU64>,
    clock: Arc<dyn Clock>,
}

/// An exchange that goes on, kept with its span.
struct Open {
    number: u8,
    by: Part,
    began_at: Timestamp,
    began: Instant,
    told: Told,
}

impl Recorder {
    pub(super) fn new(sender: mpsc::Sender<Entry>, lost: Arc<AtomicU64>, clock: Arc<dyn Clock>) -> Self {
        Self { sender, lost, clock }
    }

    /// Whether it wants to hear of this.
    ///
    /// It is to be asked each time (`dynamic_filter_fn`), and no answer kept by callsite: whoever asks only whether something would be
    /// heard (`tracing::enabled!`, as sqlx does with each statement) leaves the answer behind, and the next span would take it for its
    /// own.
    pub fn hears(metadata: &Metadata<'_>) -> bool {
        if metadata.is_span() { metadata.name() == "exchange" } else { metadata.target() == TARGET }
    }

    fn pass(&self, entry: Entry) {
        if self.sender.try_send(entry).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Recorder {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let (Some(number), Some(span)) = (Number::of(attributes), context.span(id)) else { return };
        if attributes.metadata().name() == "exchange" {
            let provider = attributes.metadata().target().starts_with("authorization_server");
            let by = if provider { Part::AuthorizationServer } else { Part::ApplicationApi };
            let (began_at, began) = (self.clock.now(), Instant::now());
            span.extensions_mut().insert(Open { number, by, began_at, began, told: Told::default() });
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if event.metadata().target() != TARGET {
            return;
        }
        let mut heard = Heard(None);
        event.record(&mut heard);
        let (Some(told), Some(scope)) = (heard.0, context.event_scope(event)) else { return };
        for span in scope {
            if let Some(open) = span.extensions_mut().get_mut::<Open>() {
                if let (Some(viewer), Some(flow)) = (told.viewer.clone(), told.flow.clone()) {
                    let (issuer, at) = (told.issuer.clone().unwrap_or_default(), open.began_at);
                    self.pass(Entry::Begun { flow, viewer, issuer, at });
                }
                open.told.add(*told);
                return;
            }
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        let Some(open) = span.extensions_mut().remove::<Open>() else { return };
        // What lies in an exchange of a flow is of the flow.
        let above =
            || span.scope().skip(1).find_map(|above| above.extensions().get::<Open>().and_then(|open| open.told.flow.clone()));
        let Some(flow) = open.told.flow.clone().or_else(above) else { return };
        let Open { number, by, began_at, began, told } = open;
        let Told { method, url, status, trouble, parameters, .. } = told;
        let micros = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
        let seen = Box::new(Seen { number, by, began_at, micros, method, url, status, trouble, parameters });
        self.pass(Entry::Seen { flow, seen });
    }
}

/// The number of an exchange.
#[derive(Default)]
pub(super) struct Number(Option<u8>);

impl Number {
    /// The one in the fields of a new span.
    pub(super) fn of(attributes: &Attributes<'_>) -> Option<u8> {
        let mut number = Self::default();
        attributes.record(&mut number);
        number.0
    }
}

impl Visit for Number {
    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "number" {
            self.0 = u8::try_from(value).ok();
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

struct Heard(Option<Box<Told>>);

impl Visit for Heard {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "told" {
            self.0 = serde_json::from_str(value).ok();
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use protocol::ManualClock;
    use protocol::flow::{Trace, tell};
    use tracing_subscriber::filter::dynamic_filter_fn;
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    fn heard(room: usize, happen: impl FnOnce()) -> (Vec<Entry>, u64) {
        let (sender, mut entries) = mpsc::channel(room);
        let lost = Arc::new(AtomicU64::new(0));
        let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
        let recorder = Recorder::new(sender, Arc::clone(&lost), clock);
        let subscriber =
            tracing_subscriber::registry().with(recorder.with_filter(dynamic_filter_fn(|metadata, _| Recorder::hears(metadata))));
        tracing::subscriber::with_default(subscriber, happen);
        let mut all = Vec::new();
        while let Ok(entry) = entries.try_recv() {
            all.push(entry);
        }
        (all, lost.load(Ordering::Relaxed))
    }

    fn exchange(number: u8, within: impl FnOnce()) {
        tracing::info_span!("exchange", number).in_scope(within);
    }

    fn is_of(state: &str) {
        tell(|told| {
            told.of(Trace::of_state(state));
        });
    }

    #[test]
    fn what_lies_in_an_exchange_of_a_flow_is_of_the_flow() {
        let (entries, _) = heard(8, || {
            exchange(8, || {
                is_of("a");
                tracing::info_span!("something else").in_scope(|| exchange(9, || ()));
            });
            exchange(10, || ());
        });
        let told: Vec<_> = entries.iter().map(|entry| (entry.flow().to_owned(), entry)).collect();
        let [(first, Entry::Seen { seen: inner, .. }), (second, Entry::Seen { seen: outer, .. })] = told.as_slice() else {
            panic!("{told:?}")
        };
        assert_eq!((first, second), (&Trace::of_state("a").id(), &Trace::of_state("a").id()));
        assert_eq!((inner.number, outer.number, outer.by), (9, 8, Part::ApplicationApi));
    }

    /// A flow begins for its viewer as soon as it is known, and not only when its first exchange has ended.
    #[test]
    fn a_flow_begins_before_anything_of_it_has_ended() {
        let (entries, _) = heard(8, || {
            exchange(1, || {
                tell(|told| told.of(Trace::of_state("a")).viewer = Some("ada".to_owned()));
                exchange(2, || ());
            });
        });
        let numbers: Vec<_> =
            entries.iter().map(|entry| if let Entry::Seen { seen, .. } = entry { seen.number } else { 0 }).collect();
        assert_eq!(numbers, [0, 2, 1]);
    }

    /// sqlx asks with each statement whether it would be logged, and logs nothing.
    #[test]
    fn a_question_that_nobody_hears_of_costs_no_exchange() {
        let (entries, _) = heard(8, || {
            exchange(5, || {
                is_of("a");
                for number in [6, 7] {
                    let _ = tracing::enabled!(target: "sqlx::query", tracing::Level::DEBUG);
                    exchange(number, || ());
                }
            });
        });
        assert_eq!(entries.len(), 3, "{entries:?}");
    }

    /// Nobody waits for a record: what does not fit is counted.
    #[test]
    fn what_cannot_be_passed_on_is_counted() {
        let (entries, lost) = heard(1, || {
            for _ in 0..3 {
                exchange(1, || is_of("a"));
            }
        });
        assert_eq!((entries.len(), lost), (1, 2));
    }
}
