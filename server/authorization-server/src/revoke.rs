//! `POST /revoke`: token revocation (RFC 7009).

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::Response;
use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderValue};

use crate::cors;
use crate::outage::Outage;
use crate::state::AuthorizationServer;
use crate::token::access_token::{self, Ours};
use crate::token::question::{Question, QuestionError};
use crate::token::revoked;

/// Revokes the grant behind a token of the client that asks. A token that is unknown or another client's changes nothing and
/// is answered alike (§2.2).
pub(crate) async fn post(State(server): State<Arc<AuthorizationServer>>, headers: HeaderMap, body: Bytes) -> Response {
    let response = match revoke(&server, &headers, &body).await {
        Ok(()) => {
            let mut response = Response::new(Body::empty());
            response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            response
        }
        Err(error) => error.respond(&server, &headers),
    };
    cors::readable(&server, &headers, cors::named(&headers, &body).as_deref(), response).await
}

async fn revoke(server: &AuthorizationServer, headers: &HeaderMap, body: &[u8]) -> Result<(), QuestionError> {
    let Question { client, as_access_token, as_refresh_token } = Question::read(server, headers, body).await?;
    let grant = match access_token::read(server, &as_access_token).await? {
        Some(ours) if ours.claims.client_id != client.client_id => None,
        Some(Ours { grant: Some(grant), .. }) => Some(grant),
        Some(Ours { grant: None, claims }) => {
            revoked::note(server, &claims).await?;
            None
        }
        None => {
            let grant = server.boxes.grants.of_refresh_token(&as_refresh_token, &client.client_id).await;
            grant.map_err(Outage::from)?.map(|grant| grant.id)
        }
    };
    if let Some(grant) = grant {
        server.boxes.grants.revoke(grant, server.now()).await.map_err(Outage::from)?;
    }
    Ok(())
}
