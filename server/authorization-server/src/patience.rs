//! How long an answer may take: a box that is slow is told of like one that is away.
//!
//! What takes longer is given up where it is, as it is when whoever asked hangs up: what was not written by then is not written.
//! Whatever is written one after the other stands that, since the process may end there as well. A request that itself does not
//! come in time is no outage, and is told so.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header::ORIGIN;
use http::request::Parts;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use tokio::time::timeout;

use crate::cors;
use crate::outage::Outage;
use crate::pages::Problem;
use crate::problem;
use crate::routes::LARGEST_BODY;
use crate::state::AuthorizationServer;

/// How long a page that waits for an answer in vain may wait to be told so, in a way that it can read.
const MOMENT: Duration = Duration::from_millis(500);

/// Answers clients in time; pages of public clients may read that an answer is late as they may read any other.
pub(crate) async fn as_json(State(server): State<Arc<AuthorizationServer>>, request: Request, next: Next) -> Response {
    let (head, body) = match whole(&server, request).await {
        Ok(whole) => whole,
        Err(refused) => return refused.into_response(),
    };
    let headers = head.headers.contains_key(ORIGIN).then(|| head.headers.clone());
    let asked = Request::from_parts(head, Body::from(body.clone()));
    match in_time(&server, asked, next).await {
        Ok(response) => response,
        Err(late) => {
            let told = problem::outage(&server, &late);
            let Some(headers) = headers else { return told };
            let named = cors::named(&headers, &body);
            let known = async { server.clients.find(named.as_deref().unwrap_or_default()).await.is_ok() };
            let is_known = timeout(MOMENT, known).await.unwrap_or(false);
            cors::readable(&server, &headers, named.as_deref().filter(|_| is_known), told).await
        }
    }
}

/// The same for people.
pub(crate) async fn as_page(State(server): State<Arc<AuthorizationServer>>, request: Request, next: Next) -> Response {
    let told = |late: Outage| problem::page(&server, Problem::Unavailable, &late.to_string());
    match whole(&server, request).await {
        Ok((head, body)) => in_time(&server, Request::from_parts(head, Body::from(body)), next).await.unwrap_or_else(told),
        Err(refused) => refused.into_response(),
    }
}

async fn in_time(server: &AuthorizationServer, request: Request, next: Next) -> Result<Response, Outage> {
    timeout(server.settings.patience.unsigned_abs(), next.run(request)).await.map_err(|_| Outage::Late)
}

/// The request with its body read; or what it is refused with, to be put in words by whoever answers.
async fn whole(server: &AuthorizationServer, request: Request) -> Result<(Parts, Bytes), StatusCode> {
    let (head, body) = request.into_parts();
    match timeout(server.settings.patience.unsigned_abs(), Limited::new(body, LARGEST_BODY).collect()).await {
        Ok(Ok(body)) => Ok((head, body.to_bytes())),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(StatusCode::PAYLOAD_TOO_LARGE),
        Ok(Err(_)) => Err(StatusCode::BAD_REQUEST),
        Err(_) => Err(StatusCode::REQUEST_TIMEOUT),
    }
}
