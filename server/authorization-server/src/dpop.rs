//! DPoP at our own endpoints (RFC 9449): the proof of a request is judged, held against its nonce, and used up.

use axum::response::Response;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use protocol::ErrorCode;
use protocol::dpop::{self, InvalidProof, NONCE_HEADER, Target, Thumbprint};
use protocol::secret::AccessToken;

use crate::outage::Outage;
use crate::problem;
use crate::state::AuthorizationServer;

/// Why a proof is not accepted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProofError {
    #[error(transparent)]
    Invalid(#[from] InvalidProof),
    #[error("the DPoP proof was used before")]
    Replayed,
    #[error("the DPoP proof must hold the nonce that comes with this answer")]
    Nonce,
    #[error(transparent)]
    Outage(#[from] Outage),
}

/// The key whose possession a request proves, or none where it brings no proof. Each proof is good once, on whichever replica.
pub(crate) async fn proven(
    server: &AuthorizationServer,
    headers: &HeaderMap,
    method: &Method,
    path: &str,
    access_token: Option<&AccessToken>,
) -> Result<Option<Thumbprint>, ProofError> {
    let Some(proof) = dpop::presented(headers)? else { return Ok(None) };
    let (uri, now) = (server.url(path), server.now());
    let target = Target { method: method.as_str(), uri: &uri, access_token };
    let proven = dpop::judge(&proof, &target, now)?;
    match &proven.nonce {
        Some(nonce) if server.nonces.accepts(nonce, now) => {}
        None if !server.settings.dpop_nonce => {}
        _ => return Err(ProofError::Nonce),
    }
    let used = format!("provider:dpop:{}", proven.once());
    let fresh = server.boxes.cache.add(&used, &[1], proven.remembered(now)).await.map_err(Outage::from)?;
    if fresh { Ok(Some(proven.key)) } else { Err(ProofError::Replayed) }
}

impl ProofError {
    /// The registered code (RFC 9449 §12.2).
    pub(crate) fn code(&self) -> ErrorCode {
        match self {
            Self::Invalid(_) | Self::Replayed => ErrorCode::InvalidDpopProof,
            Self::Nonce => ErrorCode::UseDpopNonce,
            Self::Outage(outage) => outage.answer().1,
        }
    }

    /// The answer of `/par` and `/token` (RFC 9449 §5, §8).
    pub(crate) fn respond(&self, server: &AuthorizationServer) -> Response {
        if let Self::Outage(outage) = self {
            return problem::outage(server, outage);
        }
        tracing::info!(cause = %self, "a DPoP proof was refused");
        let mut response = problem::refusal(StatusCode::BAD_REQUEST, self.code(), &self.to_string());
        if matches!(self, Self::Nonce) {
            give_nonce(server, &mut response);
        }
        response
    }
}

/// Puts a nonce for the next proof into an answer.
pub(crate) fn give_nonce(server: &AuthorizationServer, response: &mut Response) {
    if let Ok(nonce) = HeaderValue::from_str(&server.nonces.issue(server.now(), &*server.boxes.rng)) {
        response.headers_mut().insert(NONCE_HEADER, nonce);
    }
}

/// The answer with a nonce for the next proof, where proofs must have one and this client sends proofs (RFC 9449 §8.2): so that
/// it is asked to repeat only its very first request.
pub(crate) fn with_nonce(server: &AuthorizationServer, asked: &HeaderMap, mut response: Response) -> Response {
    if server.settings.dpop_nonce && asked.contains_key(dpop::HEADER) {
        give_nonce(server, &mut response);
    }
    response
}
