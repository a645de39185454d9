//! `POST /token`: the token endpoint (RFC 6749 §3.2).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, Method, StatusCode};
use protocol::wire::TokenResponse;
use protocol::{ErrorCode, Exchange};

use crate::client_authentication::{self, ClientError};
use crate::dpop::{self, ProofError};
use crate::form::{self, MalformedForm};
use crate::outage::Outage;
use crate::state::AuthorizationServer;
use crate::{cors, exchange, headers, problem};

pub(crate) mod access_token;
pub(crate) mod grants;
mod id_token;
mod issuance;
pub(crate) mod question;
pub(crate) mod revoked;

/// Why `/token` said no (RFC 6749 §5.2).
#[derive(Debug, thiserror::Error)]
pub(crate) enum TokenError {
    #[error(transparent)]
    Form(#[from] MalformedForm),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    Proof(#[from] ProofError),
    #[error("a DPoP proof is needed")]
    NoProof,
    #[error("the grant is bound to another DPoP key")]
    OtherKey,
    #[error("the parameter {0} is missing")]
    Missing(&'static str),
    #[error("grant_type is not supported")]
    UnsupportedGrantType,
    #[error("the client is not registered for this grant_type")]
    ForeignGrantType,
    #[error("the authorization code is unknown, expired, or another client's")]
    UnknownCode,
    #[error("the authorization code was already redeemed; what it had given is revoked")]
    CodeReplayed,
    #[error("redirect_uri is not that of the authorization request")]
    OtherRedirectUri,
    #[error("code_verifier does not answer the code_challenge")]
    WrongVerifier,
    #[error("code_verifier came for a code that was asked for without a code_challenge")]
    UnexpectedVerifier,
    #[error("the refresh token is unknown, expired, revoked, or another client's")]
    UnknownRefreshToken,
    #[error("the refresh token was used before; its grant is revoked")]
    RefreshTokenReplayed,
    #[error("the user has not decided yet")]
    DevicePending,
    #[error("the user has not decided yet; wait five seconds longer between requests from now on")]
    DeviceTooFast,
    #[error("the user denied the device")]
    DeviceDenied,
    #[error("the device code has expired")]
    DeviceExpired,
    #[error("the device code is unknown, or another client's")]
    UnknownDeviceCode,
    #[error("the device code was already redeemed; what it had given is revoked")]
    DeviceCodeReplayed,
    #[error("the account can no longer sign in")]
    AccountGone,
    #[error("scope is malformed or wider than what was granted")]
    WiderScope,
    #[error("scope holds something that this client may not have for itself, or nothing")]
    NothingToGrant,
    #[error("resource is not one that was granted, or more than one")]
    OtherResource,
    #[error(transparent)]
    Outage(#[from] Outage),
}

impl TokenError {
    fn respond(&self, server: &AuthorizationServer, headers: &HeaderMap) -> Response {
        let code = match self {
            Self::Client(error) => return error.respond(server, headers),
            Self::Proof(error) => return error.respond(server),
            Self::Outage(outage) => return problem::outage(server, outage),
            // There is no proof that could be invalid (RFC 9449 §5).
            Self::Form(_) | Self::Missing(_) | Self::NoProof => ErrorCode::InvalidRequest,
            Self::UnsupportedGrantType => ErrorCode::UnsupportedGrantType,
            Self::ForeignGrantType => ErrorCode::UnauthorizedClient,
            Self::UnknownCode
            | Self::CodeReplayed
            | Self::OtherRedirectUri
            | Self::WrongVerifier
            | Self::UnexpectedVerifier
            | Self::UnknownRefreshToken
            | Self::RefreshTokenReplayed
            | Self::UnknownDeviceCode
            | Self::DeviceCodeReplayed
            | Self::OtherKey
            | Self::AccountGone => ErrorCode::InvalidGrant,
            Self::DevicePending => ErrorCode::AuthorizationPending,
            Self::DeviceTooFast => ErrorCode::SlowDown,
            Self::DeviceDenied => ErrorCode::AccessDenied,
            Self::DeviceExpired => ErrorCode::ExpiredToken,
            Self::WiderScope | Self::NothingToGrant => ErrorCode::InvalidScope,
            Self::OtherResource => ErrorCode::InvalidTarget,
        };
        // A device that asks as it should is nothing to report.
        if !matches!(self, Self::DevicePending) {
            tracing::info!(cause = %self, "a token request was refused");
        }
        problem::refusal(StatusCode::BAD_REQUEST, code, &self.to_string())
    }
}

/// Authenticates the client and lets the grant that it names answer.
pub(crate) async fn post(State(server): State<Arc<AuthorizationServer>>, headers: HeaderMap, body: Bytes) -> Response {
    let answer = async {
        let tokens = answer(&server, &headers, &body).await?;
        Ok::<_, TokenError>(exchange::span(Exchange::TokenResponse).in_scope(|| headers::json(StatusCode::OK, &tokens)))
    };
    let asked = ("POST", server.url("/token"));
    let response = exchange::answered(Exchange::TokenRequest, asked, answer, |error| error.respond(&server, &headers)).await;
    let response = dpop::with_nonce(&server, &headers, response);
    cors::readable(&server, &headers, cors::named(&headers, &body).as_deref(), response).await
}

async fn answer(server: &AuthorizationServer, headers: &HeaderMap, body: &[u8]) -> Result<TokenResponse, TokenError> {
    let parameters = form::read(headers, body)?;
    let client = client_authentication::authenticate(server, headers, &parameters).await?;
    exchange::is_of_headers(headers);
    server.keys.ready_for(client.access_token_signed_response_alg).await?;
    if client.scope.contains("openid") {
        server.keys.ready_for(client.id_token_algorithm()).await?;
    }
    let name = parameters.get("grant_type").ok_or(TokenError::Missing("grant_type"))?;
    let grant = grants::find(name).ok_or(TokenError::UnsupportedGrantType)?;
    if !client.may_use(name) {
        return Err(TokenError::ForeignGrantType);
    }
    let key = dpop::proven(server, headers, &Method::POST, "/token", None).await?;
    if client.dpop_bound_access_tokens && key.is_none() {
        return Err(TokenError::NoProof);
    }
    (grant.answer)(&grants::Asked { server, client: &client, parameters: &parameters, key: key.as_ref() }).await
}
