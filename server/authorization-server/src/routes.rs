//! The endpoints, one line each.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn_with_state, map_response, map_response_with_state};
use axum::routing::{get, post};
use tower_cookies::CookieManagerLayer;

use crate::state::AuthorizationServer;
use crate::{
    account, authorize, cors, device, discovery, end_session, home, interaction, introspect, jwks, links, patience, problem,
    pushed, register, revoke, token, userinfo,
};

/// No request to these endpoints is honestly larger, in bytes.
pub(crate) const LARGEST_BODY: usize = 64 * 1024;

/// The Authorization Server as a router. It answers unknown paths itself, so that only routes may be merged into it.
pub fn router(server: Arc<AuthorizationServer>) -> Router {
    endpoints(&server)
        .merge(pages(&server))
        .fallback(home::not_found)
        .layer(CookieManagerLayer::new())
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(server)
}

/// What answers clients, in JSON.
fn endpoints(server: &Arc<AuthorizationServer>) -> Router<Arc<AuthorizationServer>> {
    let registration = if server.settings.registration.is_on() {
        let managed = get(register::manage::get).put(register::manage::put).delete(register::manage::delete);
        Router::new().route("/register", post(register::post)).route("/register/{client_id}", managed)
    } else {
        Router::new()
    };
    Router::new()
        .merge(registration)
        .route("/.well-known/openid-configuration", get(discovery::get).options(cors::preflight))
        .route("/.well-known/oauth-authorization-server", get(discovery::get).options(cors::preflight))
        .route("/jwks", get(jwks::get).options(cors::preflight))
        .route("/par", post(pushed::post).options(cors::preflight))
        .route("/token", post(token::post).options(cors::preflight))
        .route("/device_authorization", post(device::authorization::post))
        .route("/userinfo", get(userinfo::get).post(userinfo::post).options(cors::preflight))
        .route("/introspect", post(introspect::post))
        .route("/revoke", post(revoke::post).options(cors::preflight))
        .layer(from_fn_with_state(Arc::clone(server), patience::as_json))
        .layer(map_response(problem::retold_as_json))
}

/// What people see.
fn pages(server: &Arc<AuthorizationServer>) -> Router<Arc<AuthorizationServer>> {
    Router::new()
        .route("/", get(home::get))
        .route("/authorize", get(authorize::get).post(authorize::post))
        .route("/login/{interaction}", get(interaction::login::get).post(interaction::login::post))
        .route("/consent/{interaction}", get(interaction::consent::get).post(interaction::consent::post))
        .route("/device", get(device::page::get).post(device::page::post))
        .route("/device/consent", get(device::consent::get).post(device::consent::post))
        .route("/account", get(account::get))
        .route("/account/{form}", post(account::post))
        .merge(links::routes(&server.settings))
        .route("/end_session", get(end_session::get).post(end_session::post))
        .layer(from_fn_with_state(Arc::clone(server), patience::as_page))
        .layer(map_response_with_state(Arc::clone(server), problem::retold_as_page))
}
