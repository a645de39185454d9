//! How long an answer may take: a box that is slow is told of like one that is away.
//!
//! What takes longer is given up where it is, as it is when whoever asked hangs up: what was not written by then is not written.
//! Whatever is written one after the other stands that, since the process may end there as well.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;

use crate::outage::Outage;
use crate::pages::Problem;
use crate::problem;
use crate::state::AuthorizationServer;

/// Answers clients in time.
pub(crate) async fn as_json(State(server): State<Arc<AuthorizationServer>>, request: Request, next: Next) -> Response {
    in_time(&server, request, next).await.unwrap_or_else(|late| problem::outage(&server, &late))
}

/// The same for people.
pub(crate) async fn as_page(State(server): State<Arc<AuthorizationServer>>, request: Request, next: Next) -> Response {
    let told = |late: Outage| problem::page(&server, Problem::Unavailable, &late.to_string());
    in_time(&server, request, next).await.unwrap_or_else(told)
}

async fn in_time(server: &AuthorizationServer, request: Request, next: Next) -> Result<Response, Outage> {
    let patience = server.settings.patience.unsigned_abs();
    tokio::time::timeout(patience, next.run(request)).await.map_err(|_| Outage::Late)
}
