//! The guard as a layer of axum routes.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::extract::viewer;
use super::{Needs, Refused};
use crate::ports::Ports;

/// Lets through who has what is needed: `.route_layer(from_fn_with_state((ports, Needs::session().max_age(300)), require))`.
pub async fn require(State((ports, needs)): State<(Ports, Needs)>, request: Request, next: Next) -> Response {
    let (mut head, body) = request.into_parts();
    let viewer = viewer(&mut head, &ports).await;
    match needs.judge(&viewer) {
        Ok(_) => next.run(Request::from_parts(head, body)).await,
        Err(lack) => Refused::of(&head, lack).into_response(),
    }
}
