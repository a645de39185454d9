//! `private_key_jwt` (RFC 7523 §2.2; FAPI 2.0 §5.3.2.1).

use std::sync::Arc;

use http::HeaderMap;
use jiff::SignedDuration;
use protocol::client_assertion::{self, ASSERTION_TYPE, Refused};
use protocol::jose::{self, InvalidJwt, JwkSet};
use protocol::seal::digest;
use protocol::secret::ClientAssertion;
use protocol::wire::Parameters;
use url::Url;

use super::{ClientError, Credentials};
use crate::clients::{Authentication, Client, ClientKeys};
use crate::outage::Outage;
use crate::state::AuthorizationServer;

/// The assertion of the request, if it has one.
pub(super) fn presented(_: &HeaderMap, parameters: &Parameters) -> Result<Option<Credentials>, ClientError> {
    match (parameters.get("client_assertion"), parameters.get("client_assertion_type")) {
        (None, None) => Ok(None),
        (Some(assertion), Some(ASSERTION_TYPE)) => Ok(Some(Credentials::Assertion(ClientAssertion::new(assertion)))),
        _ => Err(ClientError::AssertionType),
    }
}

/// The client that signed `assertion`; each assertion is good once, on whichever replica.
pub(super) async fn verify(server: &AuthorizationServer, assertion: &ClientAssertion) -> Result<Arc<Client>, ClientError> {
    let claimed = client_assertion::claimed_client(assertion).ok_or(ClientError::Nobody)?;
    let client = server.clients.find(&claimed).ok_or(ClientError::Unknown)?;
    let Authentication::PrivateKeyJwt { keys } = &client.authentication;
    let now = server.now();
    let accepted = match keys {
        ClientKeys::Jwks(set) => client_assertion::verify(assertion, &client.client_id, server.issuer(), set, now)?,
        ClientKeys::JwksUri(uri) => {
            let set = published(server, &client, uri, assertion).await?;
            client_assertion::verify(assertion, &client.client_id, server.issuer(), &set, now)?
        }
    };
    let once = digest("assertion", format!("{}\0{}", client.client_id, accepted.jti).as_bytes());
    let remembered = SignedDuration::from_secs(accepted.forget_after - now.as_second() + 1).unsigned_abs();
    let fresh = server.boxes.cache.add(&format!("provider:assertion:{once}"), &[1], remembered).await.map_err(Outage::from)?;
    if fresh { Ok(client) } else { Err(ClientError::Replayed) }
}

async fn published(
    server: &AuthorizationServer,
    client: &Client,
    uri: &Url,
    assertion: &ClientAssertion,
) -> Result<Arc<JwkSet>, ClientError> {
    // What is not even a JWT with an acceptable algorithm makes us ask nobody.
    let kid = jose::key_id(assertion.expose());
    if assertion.expose().split('.').count() != 3 {
        return Err(ClientError::Assertion(Refused::Jwt(InvalidJwt::Malformed)));
    }
    let keys = server.remote_keys.get(uri, kid.as_deref()).await;
    keys.map_err(|cause| ClientError::Outage(Outage::ClientKeys(client.client_id.clone(), cause)))
}
