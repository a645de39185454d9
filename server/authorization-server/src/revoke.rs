//! `POST /revoke`: token revocation (RFC 7009).

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::Response;
use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderValue, StatusCode};
use protocol::ErrorCode;
use protocol::secret::{AccessToken, RefreshToken};

use crate::client_authentication::{self, ClientError};
use crate::form::{self, MalformedForm};
use crate::outage::Outage;
use crate::problem;
use crate::state::AuthorizationServer;
use crate::token::access_token::{self, Ours};
use crate::token::revoked;

/// Why `/revoke` said no (RFC 7009 §2.2.1).
#[derive(Debug, thiserror::Error)]
enum RevokeError {
    #[error(transparent)]
    Form(#[from] MalformedForm),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("the parameter token is missing")]
    NoToken,
    #[error(transparent)]
    Outage(#[from] Outage),
}

impl RevokeError {
    fn respond(&self, server: &AuthorizationServer, headers: &HeaderMap) -> Response {
        match self {
            Self::Client(error) => error.respond(server, headers),
            Self::Outage(outage) => problem::outage(server, outage),
            Self::Form(_) | Self::NoToken => {
                problem::refusal(StatusCode::BAD_REQUEST, ErrorCode::InvalidRequest, &self.to_string())
            }
        }
    }
}

/// Revokes the grant behind a token of the client that asks. A token that is unknown or another client's changes nothing and
/// is answered alike (§2.2).
pub(crate) async fn post(State(server): State<Arc<AuthorizationServer>>, headers: HeaderMap, body: Bytes) -> Response {
    match revoke(&server, &headers, &body).await {
        Ok(()) => {
            let mut response = Response::new(Body::empty());
            response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            response
        }
        Err(error) => error.respond(&server, &headers),
    }
}

async fn revoke(server: &AuthorizationServer, headers: &HeaderMap, body: &[u8]) -> Result<(), RevokeError> {
    let parameters = form::read(headers, body)?;
    let client = client_authentication::authenticate(server, headers, &parameters).await?;
    let token = parameters.get("token").ok_or(RevokeError::NoToken)?;
    // What kind of token it is is seen from itself; `token_type_hint` is not needed (§2.1).
    let grant = match access_token::read(server, &AccessToken::new(token)).await? {
        Some(ours) if ours.claims.client_id != client.client_id => None,
        Some(Ours { grant: Some(grant), .. }) => Some(grant),
        Some(Ours { grant: None, claims }) => {
            revoked::note(server, &claims).await?;
            None
        }
        None => {
            let grant = server.boxes.grants.of_refresh_token(&RefreshToken::new(token), &client.client_id).await;
            grant.map_err(Outage::from)?.map(|grant| grant.id)
        }
    };
    if let Some(grant) = grant {
        server.boxes.grants.revoke(grant, server.now()).await.map_err(Outage::from)?;
    }
    Ok(())
}
