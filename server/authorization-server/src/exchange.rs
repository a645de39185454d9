//! The numbered exchanges of the diagram, as spans, and what they tell of themselves (B25).

use axum::response::Response;
use http::{HeaderMap, StatusCode};
use protocol::Exchange;
use protocol::flow::{Trace, tell};
use tracing::{Instrument as _, Span};

/// The span of an exchange in which this box takes part.
pub(crate) fn span(exchange: Exchange) -> Span {
    let (from, to) = exchange.ends();
    tracing::info_span!("exchange", number = exchange.number(), from = from.name(), to = to.name())
}

/// 6: the span of a question to the User Database, or of what it is told.
pub(crate) fn records(what: &'static str) -> Span {
    let span = span(Exchange::AccountAndConsentRecords);
    span.in_scope(|| {
        tell(|told| {
            told.plain("records", what);
        });
    });
    span
}

/// Does the work of an exchange, whose answer it tells.
pub(crate) async fn answered<E: std::fmt::Display>(
    exchange: Exchange,
    request: (&str, String),
    work: impl Future<Output = Result<Response, E>>,
    respond: impl FnOnce(E) -> Response,
) -> Response {
    async {
        tell(|told| {
            told.request(request.0, &request.1);
        });
        let (response, trouble) = match work.await {
            Ok(response) => (response, None),
            Err(error) => {
                let trouble = error.to_string();
                (respond(error), Some(trouble))
            }
        };
        tell(|told| {
            told.status(response.status());
            if let Some(trouble) = trouble {
                told.trouble(trouble);
            }
        });
        response
    }
    .instrument(span(exchange))
    .await
}

/// The exchange under way, with all that lies in it, is of the sign-in with this `state`.
pub(crate) fn is_of_state(state: Option<&str>) {
    if let Some(state) = state {
        tell(|told| {
            told.of(Trace::of_state(state));
        });
    }
}

/// The same by the headers of a client's request, once it is known who the client is.
pub(crate) fn is_of_headers(headers: &HeaderMap) {
    tell(|told| {
        if let Some(trace) = Trace::of_headers(headers) {
            told.of(trace);
        }
    });
}

/// 7: the browser is sent to `location`, with a code.
pub(crate) fn sends(location: &str) {
    tell(|told| {
        let query = location.split_once('?').map_or("", |(_, query)| query);
        told.request("GET", location).status(StatusCode::FOUND).form(query.as_bytes());
    });
}
