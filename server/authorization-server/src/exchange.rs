//! The numbered exchanges of the diagram, as spans.

use protocol::Exchange;
use tracing::Span;

/// The span of an exchange in which this box takes part.
pub(crate) fn span(exchange: Exchange) -> Span {
    let (from, to) = exchange.ends();
    tracing::info_span!("exchange", number = exchange.number(), from = from.name(), to = to.name())
}
