//! `POST /par`: pushed authorization requests (RFC 9126).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Extension, State};
use axum::response::Response;
use http::{HeaderMap, Method, StatusCode};
use jiff::SignedDuration;
use protocol::wire::PushedAuthorizationResponse;
use protocol::{ClientAddress, ErrorCode, Exchange};
use serde::{Deserialize, Serialize};

use crate::authorize::{AuthorizeRequest, Distrusted, Record, Refusal};
use crate::client_authentication::{self, ClientError};
use crate::dpop::{self, ProofError};
use crate::form::{self, MalformedForm};
use crate::outage::Outage;
use crate::sealed::Shelf;
use crate::slow_down;
use crate::state::AuthorizationServer;
use crate::{cors, exchange, headers, problem};

/// How every pushed `request_uri` begins (RFC 9126 §2.2).
pub(crate) const URN: &str = "urn:ietf:params:oauth:request_uri:";

const PUSHED: Shelf<Record> = Shelf::new("pushed");

/// Why `/par` said no (RFC 9126 §2.3).
#[derive(Debug, thiserror::Error)]
enum PushError {
    #[error(transparent)]
    Form(#[from] MalformedForm),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    Proof(#[from] ProofError),
    #[error(transparent)]
    Distrusted(#[from] Distrusted),
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("too many sign-ins have begun on this network")]
    TooMany(SignedDuration),
    #[error(transparent)]
    Outage(#[from] Outage),
}

impl PushError {
    fn respond(&self, server: &AuthorizationServer, headers: &HeaderMap) -> Response {
        let code = match self {
            Self::Client(error) => return error.respond(server, headers),
            Self::Proof(error) => return error.respond(server),
            Self::Outage(outage) => return problem::outage(server, outage),
            // RFC 9126 §2.3.
            Self::TooMany(wait) => return problem::too_many(&self.to_string(), *wait),
            Self::Form(_) | Self::Distrusted(_) => ErrorCode::InvalidRequest,
            Self::Refused(refusal) => refusal.code,
        };
        tracing::info!(cause = %self, "a pushed authorization request was refused");
        problem::refusal(StatusCode::BAD_REQUEST, code, &self.to_string())
    }
}

/// Authenticates the client, checks the request as `/authorize` would, and keeps it.
pub(crate) async fn post(
    State(server): State<Arc<AuthorizationServer>>,
    address: Option<Extension<ClientAddress>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let address = address.map(|Extension(address)| address);
    let pushed =
        async { push(&server, address, &headers, &body).await.map(|answer| headers::json(StatusCode::CREATED, &answer)) };
    let asked = ("POST", server.url("/par"));
    let refuse = |error: PushError| error.respond(&server, &headers);
    let response = exchange::answered(Exchange::PushedAuthorizationRequest, asked, pushed, refuse).await;
    let response = dpop::with_nonce(&server, &headers, response);
    cors::readable(&server, &headers, cors::named(&headers, &body).as_deref(), response).await
}

async fn push(
    server: &AuthorizationServer,
    address: Option<ClientAddress>,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<PushedAuthorizationResponse, PushError> {
    let parameters = form::read(headers, body)?;
    let client = client_authentication::authenticate(server, headers, &parameters).await?;
    if let Some(hint) = parameters.get("id_token_hint") {
        server.keys.acquaint(hint).await?;
    }
    let proven = dpop::proven(server, headers, &Method::POST, "/par", None).await?;
    let request = AuthorizeRequest::pushed(client, parameters, proven)?;
    let request = request.check(server).map_err(|refused| refused.refusal)?;
    if request.client.is_public() {
        // Whoever likes pushes in its name.
        slow_down::begin_sign_in(server, address).await?.map_err(PushError::TooMany)?;
    }
    let request_uri = format!("{URN}{}", server.opaque());
    let lifetime = server.settings.lifetimes.pushed_request;
    PUSHED.put(server, &request_uri, &request.record(), lifetime).await?;
    Ok(PushedAuthorizationResponse { request_uri, expires_in: lifetime.unsigned_abs().as_secs() })
}

/// The request behind `request_uri`, unless it is unknown, expired or completed. Reading it does not use it up, so that a
/// page may be loaded again.
pub(crate) async fn load(server: &AuthorizationServer, request_uri: &str) -> Result<Option<Record>, Outage> {
    if server.boxes.cache.get(&Spendable::of(request_uri).mark()).await?.is_some() {
        return Ok(None);
    }
    Ok(PUSHED.get(server, request_uri).await?.map(|held| held.value))
}

/// A pushed request that can be completed once, by the key of its record: the `request_uri` itself is not kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Spendable(String);

impl Spendable {
    pub(crate) fn of(request_uri: &str) -> Self {
        Self(PUSHED.key(request_uri))
    }

    /// Where it is noted that it was used up.
    fn mark(&self) -> String {
        format!("{}:spent", self.0)
    }

    /// Uses the request up for `owner`, who may do so again; false where somebody else did before.
    pub(crate) async fn spend(&self, server: &AuthorizationServer, owner: &str) -> Result<bool, Outage> {
        // Remembered for as long as any page that was begun from this request can still be completed.
        let lifetimes = &server.settings.lifetimes;
        let remembered = (lifetimes.pushed_request + lifetimes.interaction + SignedDuration::from_secs(60)).unsigned_abs();
        let (cache, mark) = (&server.boxes.cache, self.mark());
        // Nothing else is written: an answer that is given up here has used it up, or not.
        if cache.add(&mark, owner.as_bytes(), remembered).await? {
            return Ok(true);
        }
        Ok(cache.get(&mark).await?.is_some_and(|by| by == owner.as_bytes()))
    }
}
