//! `private_key_jwt` (RFC 7523 §2.2; FAPI 2.0 §5.3.2.1).

use std::sync::Arc;

use jiff::SignedDuration;
use protocol::client_assertion::{self, ASSERTION_TYPE, Refused};
use protocol::jose::{self, InvalidJwt, JwkSet};
use protocol::seal::digest;
use protocol::secret::ClientAssertion;
use url::Url;

use super::{Attempt, ClientError, Presented};
use crate::clients::{Authentication, Client, ClientKeys};
use crate::outage::Outage;
use crate::state::AuthorizationServer;

pub(super) fn attempt<'a>(presented: &'a Presented<'a>) -> Option<Attempt<'a>> {
    let names = ["client_assertion", "client_assertion_type"];
    let used = names.iter().any(|name| presented.parameters.get(name).is_some());
    used.then(|| Box::pin(verify(presented)) as Attempt<'a>)
}

/// The client that signed the assertion; each assertion is good once, on whichever replica.
async fn verify(presented: &Presented<'_>) -> Result<Arc<Client>, ClientError> {
    let (server, parameters) = (presented.server, presented.parameters);
    let assertion = match (parameters.get("client_assertion"), parameters.get("client_assertion_type")) {
        (Some(assertion), Some(ASSERTION_TYPE)) => ClientAssertion::new(assertion),
        _ => return Err(ClientError::AssertionType),
    };
    let claimed = client_assertion::claimed_client(&assertion).ok_or(ClientError::Nobody)?;
    let client = server.clients.find(&claimed).await?.ok_or(ClientError::Unknown)?;
    let Authentication::PrivateKeyJwt { keys } = &client.authentication else { return Err(ClientError::OtherMethod) };
    let fetched;
    let keys: &JwkSet = match keys {
        ClientKeys::Jwks(set) => set,
        ClientKeys::JwksUri(uri) => {
            fetched = published(server, &client, uri, &assertion).await?;
            &fetched
        }
    };
    let now = server.now();
    let algorithms = client.assertion_algorithms();
    let accepted = client_assertion::verify(&assertion, &client.client_id, server.issuer(), keys, &algorithms, now)?;
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
    let keys = server.remote_keys.get(uri, client.voucher, kid.as_deref()).await;
    keys.map_err(|cause| ClientError::Outage(Outage::ClientKeys(client.client_id.clone(), cause)))
}
