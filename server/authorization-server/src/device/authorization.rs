//! `POST /device_authorization`: a device asks for its codes (RFC 8628 §3.1).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Extension, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use jiff::SignedDuration;
use protocol::wire::{DeviceAuthorizationResponse, Parameters};
use protocol::{ClientAddress, ErrorCode, Scope};

use super::{GRANT_TYPE, polling, record};
use crate::client_authentication::{self, ClientError};
use crate::clients::Client;
use crate::form::{self, MalformedForm};
use crate::outage::Outage;
use crate::slow_down;
use crate::state::AuthorizationServer;
use crate::{headers, problem};

/// Why `/device_authorization` said no (RFC 8628 §3.2: as the token endpoint does).
#[derive(Debug, thiserror::Error)]
enum DeviceAuthorizationError {
    #[error(transparent)]
    Form(#[from] MalformedForm),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("the client is not registered for the device code grant")]
    ForeignGrantType,
    #[error("scope holds a character that scopes may not hold, or nothing that this client may ask for")]
    Scope,
    #[error("resource is not one that this client may call")]
    Resource,
    #[error("too many devices have asked here")]
    TooMany(SignedDuration),
    #[error(transparent)]
    Outage(#[from] Outage),
}

impl DeviceAuthorizationError {
    fn respond(&self, server: &AuthorizationServer, headers: &HeaderMap) -> Response {
        let code = match self {
            Self::Client(error) => return error.respond(server, headers),
            Self::Outage(outage) => return problem::outage(server, outage),
            // `slow_down` is a word of the token endpoint (RFC 8628 §3.5), and would let a device wait for a user who has no code.
            Self::TooMany(wait) => return problem::too_many(&self.to_string(), *wait),
            Self::Form(_) => ErrorCode::InvalidRequest,
            Self::ForeignGrantType => ErrorCode::UnauthorizedClient,
            Self::Scope => ErrorCode::InvalidScope,
            Self::Resource => ErrorCode::InvalidTarget,
        };
        tracing::info!(cause = %self, "a device authorization request was refused");
        problem::refusal(StatusCode::BAD_REQUEST, code, &self.to_string())
    }
}

/// Authenticates the client, and hands out a code for the device and one for its user.
pub(crate) async fn post(
    State(server): State<Arc<AuthorizationServer>>,
    address: Option<Extension<ClientAddress>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match answer(&server, address.map(|Extension(address)| address), &headers, &body).await {
        Ok(codes) => headers::json(StatusCode::OK, &codes),
        Err(error) => error.respond(&server, &headers),
    }
}

async fn answer(
    server: &AuthorizationServer,
    address: Option<ClientAddress>,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<DeviceAuthorizationResponse, DeviceAuthorizationError> {
    let parameters = form::read(headers, body)?;
    let client = client_authentication::authenticate(server, headers, &parameters).await?;
    if !client.may_use(GRANT_TYPE) {
        return Err(DeviceAuthorizationError::ForeignGrantType);
    }
    let (scope, resource) = (scope(&client, &parameters)?, resource(&client, &parameters)?);
    slow_down::ask_for_device(server, &client, address).await?.map_err(DeviceAuthorizationError::TooMany)?;
    let (device_code, user_code) = record::begin(server, client.client_id.clone(), scope, resource).await?;
    let (user_code, verification_uri) = (user_code.shown(), server.url("/device"));
    Ok(DeviceAuthorizationResponse {
        device_code,
        verification_uri_complete: Some(format!("{verification_uri}?user_code={user_code}")),
        verification_uri,
        user_code,
        expires_in: server.settings.lifetimes.device_code.unsigned_abs().as_secs(),
        interval: Some(polling::INTERVAL.into()),
    })
}

/// As at `/authorize`: what the client may not ask for is left out; where nothing is left, there is nothing to grant.
fn scope(client: &Client, parameters: &Parameters) -> Result<Scope, DeviceAuthorizationError> {
    let asked = Scope::parse(parameters.get("scope").unwrap_or_default()).map_err(|_| DeviceAuthorizationError::Scope)?;
    let scope = asked.intersection(&client.scope);
    if scope.is_empty() { Err(DeviceAuthorizationError::Scope) } else { Ok(scope) }
}

fn resource(client: &Client, parameters: &Parameters) -> Result<Option<String>, DeviceAuthorizationError> {
    let named = parameters.resources();
    if !named.iter().all(|resource| client.resources.iter().any(|registered| registered == resource)) {
        return Err(DeviceAuthorizationError::Resource);
    }
    Ok((!named.is_empty()).then(|| named.join(" ")))
}
