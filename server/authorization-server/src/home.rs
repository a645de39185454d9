//! `GET /`: the provider's front page; and the page for what is not here.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use tower_cookies::Cookies;

use crate::pages::Problem;
use crate::state::AuthorizationServer;
use crate::{headers, problem, session};

/// The front page says who is signed in here.
pub(crate) async fn get(State(server): State<Arc<AuthorizationServer>>, cookies: Cookies) -> Response {
    match session::present(&server, &cookies).await {
        Ok(present) => {
            let name = present.as_ref().map(|present| present.account.name.as_str());
            headers::page(StatusCode::OK, server.boxes.pages.home(name, &server.path("/account")), &[])
        }
        Err(outage) => problem::page(&server, Problem::Unavailable, &outage.to_string()),
    }
}

/// No such page.
pub(crate) async fn not_found(State(server): State<Arc<AuthorizationServer>>) -> Response {
    problem::page(&server, Problem::NotFound, "no such path")
}
