//! The provider's origin: the Authorization Server, and the stylesheet of its pages.

use std::sync::Arc;

use authorization_server::AuthorizationServer;
use axum::Router;
use leptos::config::LeptosOptions;

use crate::site;

/// Puts the origin together.
pub fn router(server: Arc<AuthorizationServer>, options: &LeptosOptions) -> Router {
    authorization_server::router(server).merge(site::files(options))
}
