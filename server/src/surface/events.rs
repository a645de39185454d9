//! `GET /session/events`: tells an open page when its session is over, as server-sent events.
//!
//! The stream says `signed-in` when it opens, and `signed-out` within a second of the end, whoever ended the session; then it is
//! over. A browser that asks again without a session gets 401, at which an `EventSource` gives up.

use std::convert::Infallible;
use std::time::Duration;

use app::details::ProblemDetails;
use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures::stream::{self, Stream, StreamExt as _};
use http::request::Parts;

use super::{Api, Problem, visit};

/// So that proxies between do not take the stream for dead.
const ALIVE_EVERY: Duration = Duration::from_secs(15);

/// Server-sent events: `signed-in` at once, `signed-out` within a second of the session's end.
#[utoipa::path(
    get,
    path = "/session/events",
    responses(
        (status = 200, description = "The stream", content_type = "text/event-stream", body = String),
        (status = 401, description = "Nobody is signed in", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(super) async fn get(
    State(api): State<Api>,
    parts: Parts,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let session = api.session(&visit(&parts.headers, &parts)).await?.ok_or(Problem::SignedOut)?;
    let open = stream::iter([Event::default().event("signed-in").data("")]);
    // A process that stops says nothing: the browser asks the next one.
    let over = stream::once(async move { api.until_ended(&session).await });
    let over = over.filter_map(async |over| over.then(|| Event::default().event("signed-out").data("")));
    Ok(Sse::new(open.chain(over).map(Ok)).keep_alive(KeepAlive::new().interval(ALIVE_EVERY)))
}
