//! The viewer's sign-in to take along: `/flow.json`, all that was seen of it; `/flow.svg`, the drawing as it stands.

use axum::extract::{Request, State};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use leptos::prelude::*;
use protocol::flow::Flow;

use super::super::headers::write_for_data;
use super::Diagram;
use crate::functions::exchange::visit_of;
use crate::ports::Ports;

/// The drawing by itself has the colours of the light page.
const STYLE: &str = include_str!("../../../../style/pages/flow/export.css");

/// Both, for whoever began the sign-in; 404 where there is none.
pub(crate) fn downloads(ports: &Ports) -> Router {
    let router = Router::new().route("/flow.json", get(json)).route("/flow.svg", get(svg));
    router.route_layer(map_response(as_data)).with_state(ports.clone())
}

async fn newest(ports: Ports, request: Request) -> Result<Flow, StatusCode> {
    let flows = ports.flows.ok_or(StatusCode::NOT_FOUND)?;
    let (head, _) = request.into_parts();
    let flow = flows.newest(&visit_of(&head)).await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    flow.ok_or(StatusCode::NOT_FOUND)
}

async fn json(State(ports): State<Ports>, request: Request) -> Result<impl IntoResponse, StatusCode> {
    let flow = newest(ports, request).await?;
    Ok(([(CONTENT_DISPOSITION, "attachment; filename=\"flow.json\"")], Json(flow)))
}

async fn svg(State(ports): State<Ports>, request: Request) -> Result<impl IntoResponse, StatusCode> {
    let flow = newest(ports, request).await?;
    let headers = [(CONTENT_TYPE, "image/svg+xml"), (CONTENT_DISPOSITION, "attachment; filename=\"flow.svg\"")];
    Ok((headers, drawing(flow)))
}

/// The drawing as a file of its own.
fn drawing(flow: Flow) -> String {
    let html = Owner::new().with(|| view! { <Diagram flow=Some(flow)/> }.to_html());
    let (open, rest) = html.split_once('>').unwrap_or_default();
    // A mark of the renderer is HTML, and no XML.
    format!("{open} xmlns=\"http://www.w3.org/2000/svg\"><style>{STYLE}</style>{}", rest.replace("<!>", ""))
}

async fn as_data(mut response: Response) -> Response {
    write_for_data(response.headers_mut());
    // An SVG that is opened by itself is styled by itself, and runs nothing.
    let policy = HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    response
}
