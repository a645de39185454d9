//! How trouble is told: a page for people, JSON for clients; the cause goes to the log, under an incident id.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::header::{ALLOW, CACHE_CONTROL, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use jiff::SignedDuration;
use protocol::ErrorCode;
use protocol::wire::ErrorResponse;

use crate::headers;
use crate::outage::Outage;
use crate::pages::Problem;
use crate::slow_down::whole_seconds;
use crate::state::AuthorizationServer;

/// What support can look for in the log: 48 random bits, hexadecimal.
fn incident(server: &AuthorizationServer) -> String {
    let mut bytes = [0; 8];
    server.boxes.rng.fill(&mut bytes);
    format!("{:012x}", u64::from_be_bytes(bytes) >> 16)
}

/// When to come again after an outage, in seconds.
const RETRY: HeaderValue = HeaderValue::from_static("5");

fn later(mut response: Response) -> Response {
    if response.status() == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(RETRY_AFTER, RETRY);
    }
    response
}

fn status(problem: Problem) -> StatusCode {
    match problem {
        Problem::RequestExpired | Problem::RequestInvalid => StatusCode::BAD_REQUEST,
        Problem::OtherBrowser => StatusCode::FORBIDDEN,
        Problem::Crowded => StatusCode::TOO_MANY_REQUESTS,
        Problem::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Problem::NotFound => StatusCode::NOT_FOUND,
    }
}

/// The page that explains, with `cause` in the log.
pub(crate) fn page(server: &AuthorizationServer, problem: Problem, cause: &str) -> Response {
    if problem == Problem::NotFound {
        // A mistyped address is nothing that support would look for.
        tracing::debug!(cause, "a page says that there is no such page");
        return headers::page(status(problem), server.boxes.pages.problem(problem, ""), &[]);
    }
    let incident = incident(server);
    if problem == Problem::Unavailable {
        tracing::error!(incident, cause, "a page could not be shown");
    } else {
        tracing::info!(incident, ?problem, cause, "a page explains why it does not go on");
    }
    later(headers::page(status(problem), server.boxes.pages.problem(problem, &incident), &[]))
}

/// An error answer (RFC 6749 §5.2). `description` holds words of ours only.
pub(crate) fn refusal(status: StatusCode, error: ErrorCode, description: &str) -> Response {
    // RFC 6749 §5.2 allows no quotes and no backslashes in a description.
    let description: String = description.chars().filter(|c| matches!(c, ' '..='~') && !matches!(c, '"' | '\\')).collect();
    headers::json(status, &ErrorResponse { error, error_description: Some(description) })
}

/// The error answer to whoever asked too often: 429, and when to come again.
pub(crate) fn too_many(description: &str, wait: SignedDuration) -> Response {
    tracing::info!(cause = description, seconds = wait.as_secs(), "a request has to wait");
    let mut response = refusal(StatusCode::TOO_MANY_REQUESTS, ErrorCode::TemporarilyUnavailable, description);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(whole_seconds(wait)));
    response
}

/// The error answer to trouble behind us: the incident is told, the cause is not.
pub(crate) fn outage(server: &AuthorizationServer, outage: &Outage) -> Response {
    let incident = incident(server);
    tracing::error!(incident, cause = %outage, "a request could not be answered");
    let (status, error) = outage.answer();
    later(refusal(status, error, &format!("please try again later; incident {incident}")))
}

/// Whether an answer is the router's own refusal of a method, a body or a path: all of ours say how long they may be kept.
fn is_of_router(response: &Response) -> bool {
    response.status().is_client_error() && !response.headers().contains_key(CACHE_CONTROL)
}

/// Which methods there are, where it was the method.
fn with_methods(mut told: Response, refusal: &Response) -> Response {
    if let Some(allowed) = refusal.headers().get(ALLOW) {
        told.headers_mut().insert(ALLOW, allowed.clone());
    }
    *told.status_mut() = refusal.status();
    told
}

/// What the router refuses by itself, in the words in which clients are told everything else.
pub(crate) async fn retold_as_json(response: Response) -> Response {
    if !is_of_router(&response) {
        return response;
    }
    let description = match response.status() {
        StatusCode::METHOD_NOT_ALLOWED => "this endpoint takes another method",
        StatusCode::PAYLOAD_TOO_LARGE => "the request is too large",
        StatusCode::REQUEST_TIMEOUT => "the request came too slowly",
        _ => "the request cannot be read",
    };
    with_methods(refusal(response.status(), ErrorCode::InvalidRequest, description), &response)
}

/// The same for people.
pub(crate) async fn retold_as_page(State(server): State<Arc<AuthorizationServer>>, response: Response) -> Response {
    if !is_of_router(&response) {
        return response;
    }
    let problem = match response.status() {
        StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_TIMEOUT => Problem::RequestInvalid,
        _ => Problem::NotFound,
    };
    with_methods(page(&server, problem, "the router refused a method, a body or a path"), &response)
}
