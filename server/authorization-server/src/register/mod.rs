//! `/register`: clients that register themselves (RFC 7591) and look after that (RFC 7592); off unless the operator says otherwise.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Extension, State};
use axum::response::Response;
use http::header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use jiff::SignedDuration;
use protocol::seal::digest;
use protocol::secret::{AccessToken, ClientSecret};
use protocol::{ClientAddress, ErrorCode};
use queue::Event;
use serde_json::{Map, Value};
use subtle::ConstantTimeEq as _;

use crate::clients::{ClientMetadata, MalformedClient, Registration, Secret, SecretDigest, Voucher, store};
use crate::outage::Outage;
use crate::settings::RegistrationPolicy;
use crate::slow_down;
use crate::state::AuthorizationServer;
use crate::{headers, problem};

mod judge;
pub(crate) mod manage;

/// What separates the digests of registration tokens from others.
const PURPOSE: &str = "registration token";

/// Why `/register` said no (RFC 7591 §3.2.2, RFC 7592 §2).
#[derive(Debug, thiserror::Error)]
enum RegisterError {
    #[error("a token is needed here, in the Authorization header")]
    NoToken,
    #[error("the token is not one that is good here")]
    OtherToken,
    #[error("the body must be a JSON object, as application/json")]
    Body,
    #[error("{0} must not be sent")]
    Unexpected(&'static str),
    #[error("client_id is missing, or is not the one that the token is for")]
    OtherClient,
    #[error("client_secret is not the present one")]
    OtherSecret,
    #[error("too many clients were registered from this address")]
    TooMany(SignedDuration),
    #[error("redirect_uris: {0}")]
    RedirectUri(MalformedClient),
    #[error("{0}")]
    Metadata(String),
    #[error(transparent)]
    Outage(#[from] Outage),
}

impl From<MalformedClient> for RegisterError {
    fn from(reason: MalformedClient) -> Self {
        Self::Metadata(reason.to_string())
    }
}

impl RegisterError {
    fn respond(&self, server: &AuthorizationServer) -> Response {
        let (status, code) = match self {
            Self::Outage(outage) => return problem::outage(server, outage),
            // RFC 7591 §3.2.2 has no code for it.
            Self::TooMany(wait) => return problem::too_many(&self.to_string(), *wait),
            Self::NoToken | Self::OtherToken => (StatusCode::UNAUTHORIZED, ErrorCode::InvalidToken),
            Self::Body | Self::Unexpected(_) | Self::OtherClient | Self::OtherSecret => {
                (StatusCode::BAD_REQUEST, ErrorCode::InvalidRequest)
            }
            Self::RedirectUri(_) => (StatusCode::BAD_REQUEST, ErrorCode::InvalidRedirectUri),
            Self::Metadata(_) => (StatusCode::BAD_REQUEST, ErrorCode::InvalidClientMetadata),
        };
        tracing::info!(cause = %self, "a registration was refused");
        let mut response = problem::refusal(status, code, &self.to_string());
        if status == StatusCode::UNAUTHORIZED {
            // RFC 6750 §3: whoever sent no token is not told that it was a wrong one.
            let challenge = if matches!(self, Self::NoToken) { "Bearer" } else { "Bearer error=\"invalid_token\"" };
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response
    }
}

/// `POST /register`.
pub(crate) async fn post(
    State(server): State<Arc<AuthorizationServer>>,
    address: Option<Extension<ClientAddress>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match register(&server, address.map(|Extension(address)| address), &headers, &body).await {
        Ok(registration) => headers::json(StatusCode::CREATED, &registration),
        Err(error) => error.respond(&server),
    }
}

async fn register(
    server: &AuthorizationServer,
    address: Option<ClientAddress>,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Registration, RegisterError> {
    admit(&server.settings.registration, headers)?;
    let metadata = judge::metadata(read(headers, body)?)?;
    let client_id = server.opaque();
    let (secret, digest) = fresh_secret(server, &metadata).unzip();
    let client = metadata.into_client(&client_id, digest, Voucher::Nobody)?.settled();
    judge::client(&client, &server.boxes.outbound)?;
    if matches!(server.settings.registration, RegistrationPolicy::Open) {
        slow_down::register(server, address).await?.map_err(RegisterError::TooMany)?;
    }
    let token = AccessToken::new(server.opaque());
    let now = server.now();
    let stored = store(&client, Some(self::digest(PURPOSE, token.expose().as_bytes())), now)?;
    // An audit line too many, where the client then cannot be stored, is better than one missing.
    server.tell(Event::ClientRegistered { client_id: client_id.clone(), name: client.name.clone() }).await?;
    if !server.boxes.clients.add(&stored).await.map_err(Outage::from)? {
        return Err(Outage::Internal("a random client_id came twice").into());
    }
    server.clients.forget(&client_id);
    Ok(Registration::of(&client).issued(now).with_secret(secret).managed(token, manage::uri(server, &client_id)))
}

/// Who may register: everybody, or who has the token that the operator hands out (RFC 7591 §3, the initial access token).
fn admit(policy: &RegistrationPolicy, headers: &HeaderMap) -> Result<(), RegisterError> {
    let RegistrationPolicy::Token(expected) = policy else { return Ok(()) };
    let token = bearer(headers).ok_or(RegisterError::NoToken)?;
    let fits = SecretDigest::fits(Some(expected), &ClientSecret::new(token.expose()));
    if fits { Ok(()) } else { Err(RegisterError::OtherToken) }
}

/// The token of the `Authorization` header.
fn bearer(headers: &HeaderMap) -> Option<AccessToken> {
    let mut sent = headers.get_all(AUTHORIZATION).iter();
    let (scheme, token) = sent.next().filter(|_| sent.next().is_none())?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then(|| AccessToken::new(token.trim()))
}

/// The JSON object of the body; members that are null count as absent (RFC 7592 §2.2).
fn read(headers: &HeaderMap, body: &[u8]) -> Result<Map<String, Value>, RegisterError> {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(RegisterError::Body);
    }
    let mut document: Map<String, Value> = serde_json::from_slice(body).map_err(|_| RegisterError::Body)?;
    document.retain(|_, value| !value.is_null());
    Ok(document)
}

/// A secret, where the method needs one.
fn fresh_secret(server: &AuthorizationServer, metadata: &ClientMetadata) -> Option<(ClientSecret, SecretDigest)> {
    metadata.needs_secret().then(|| Secret::generate(&*server.boxes.rng))
}

/// Whether `token` is the one that was handed out at the registration.
fn manages(registration_digest: Option<&str>, token: &AccessToken) -> bool {
    let presented = digest(PURPOSE, token.expose().as_bytes());
    registration_digest.is_some_and(|expected| bool::from(expected.as_bytes().ct_eq(presented.as_bytes())))
}
