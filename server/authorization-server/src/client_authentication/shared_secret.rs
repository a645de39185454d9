//! What `client_secret_basic` and `client_secret_post` have in common: the comparison.

use std::sync::Arc;

use protocol::secret::ClientSecret;

use super::ClientError;
use crate::clients::{Authentication, Client, Secret, SecretDigest};
use crate::state::AuthorizationServer;

/// The client of `client_id`, if `presented` is its secret. `registered` picks the secret where the client is registered for the
/// method in use. Whoever is unknown, or registered for another method, is compared all the same, with nothing (attack 19).
pub(super) async fn verify(
    server: &AuthorizationServer,
    client_id: &str,
    presented: &ClientSecret,
    registered: fn(&Authentication) -> Option<&Secret>,
) -> Result<Arc<Client>, ClientError> {
    let client = server.clients.find(client_id).await?;
    let secret = client.as_ref().and_then(|client| registered(&client.authentication));
    let fits = SecretDigest::fits(secret.and_then(Secret::digest), presented);
    let method = secret.is_some();
    match client {
        None => Err(ClientError::Unknown),
        Some(_) if !method => Err(ClientError::OtherMethod),
        Some(_) if !fits => Err(ClientError::WrongSecret),
        Some(client) => Ok(client),
    }
}
