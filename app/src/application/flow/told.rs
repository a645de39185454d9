//! A flow in words: how it stands, and how long things took.

use protocol::Exchange;
use protocol::flow::{Flow, Standing};

/// The class by which an arrow and its line in the list look as the exchange stands; none on the sample, where nothing happened.
pub(super) fn class(flow: Option<&Flow>, exchange: Exchange) -> &'static str {
    match flow.map(|flow| flow.standing(exchange)) {
        None => "",
        Some(Standing::Ahead) => " ahead",
        Some(Standing::Happened(_)) => " lit",
        Some(Standing::Failed(_)) => " lit failed",
        Some(Standing::Inferred) => " inferred",
    }
}

/// How long an exchange took; of one with several requests, all together.
pub(super) fn time(flow: Option<&Flow>, exchange: Exchange) -> Option<String> {
    let flow = flow?;
    match flow.standing(exchange) {
        Standing::Ahead | Standing::Inferred => None,
        Standing::Happened(seen) | Standing::Failed(seen) => {
            Some(duration(flow.of(exchange).filter(|also| also.by == seen.by).map(|also| also.micros).sum()))
        }
    }
}

/// A length of time with the digits that count: `42 µs`, `0.4 ms`, `12 ms`, `1.2 s`.
pub(super) fn duration(micros: u64) -> String {
    #[allow(clippy::cast_precision_loss, reason = "two digits are shown")]
    let milliseconds = micros as f64 / 1000.0;
    match milliseconds {
        ..0.1 => format!("{micros} µs"),
        ..9.95 => format!("{milliseconds:.1} ms"),
        ..999.5 => format!("{milliseconds:.0} ms"),
        ..59_950.0 => format!("{:.1} s", milliseconds / 1000.0),
        _ => format!("{:.0} min", milliseconds / 60_000.0),
    }
}

/// How a flow stands, in one sentence.
pub(super) fn sentence(flow: &Flow) -> String {
    let arrow = |exchange: Exchange| format!("{}, {}", exchange.number(), exchange.label().join("; "));
    if flow.is_complete() {
        return format!("Complete in {}, the time at the provider included.", duration(flow.micros()));
    }
    match (flow.stopped(), flow.awaits()) {
        (Some((exchange, why)), _) => format!("Stopped at exchange {}: {why}.", arrow(exchange)),
        (None, Some(next)) => format!("Under way. Exchange {} comes next.", arrow(next)),
        (None, None) => "Under way.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_is_told_in_the_unit_that_fits() {
        for (micros, words) in [
            (0, "0 µs"),
            (99, "99 µs"),
            (100, "0.1 ms"),
            (420, "0.4 ms"),
            (9_949, "9.9 ms"),
            (9_950, "10 ms"),
            (12_345, "12 ms"),
            (999_499, "999 ms"),
            (1_234_567, "1.2 s"),
            (59_949_000, "59.9 s"),
            (60_000_000, "1 min"),
            (720_000_000, "12 min"),
        ] {
            assert_eq!(duration(micros), words);
        }
    }
}
