//! How long an answer may take: a box that is slow is told of like one that is away.
//!
//! What takes longer is given up where it is, as it is when whoever asked hangs up: what was not written by then is not written.
//! Whatever is written one after the other stands that, since the process may end there as well. A request that itself does not
//! come in time is no outage, and is told so.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use crate::outage::Outage;
use crate::pages::Problem;
use crate::problem;
use crate::routes::LARGEST_BODY;
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
    match whole(request, patience).await {
        Ok(request) => tokio::time::timeout(patience, next.run(request)).await.map_err(|_| Outage::Late),
        Err(refused) => Ok(refused.into_response()),
    }
}

/// The request with its body read; or what it is refused with, to be put in words by whoever answers.
async fn whole(request: Request, patience: Duration) -> Result<Request, StatusCode> {
    let (head, body) = request.into_parts();
    match tokio::time::timeout(patience, Limited::new(body, LARGEST_BODY).collect()).await {
        Ok(Ok(body)) => Ok(Request::from_parts(head, Body::from(body.to_bytes()))),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(StatusCode::PAYLOAD_TOO_LARGE),
        Ok(Err(_)) => Err(StatusCode::BAD_REQUEST),
        Err(_) => Err(StatusCode::REQUEST_TIMEOUT),
    }
}
