//! `client_secret_post`: a secret in the form (RFC 6749 §2.3.1).

use std::sync::Arc;

use protocol::secret::ClientSecret;

use super::{Attempt, ClientError, Presented, shared_secret};
use crate::clients::{Authentication, Client};

pub(super) fn attempt<'a>(presented: &'a Presented<'a>) -> Option<Attempt<'a>> {
    let secret = ClientSecret::new(presented.parameters.get("client_secret")?);
    Some(Box::pin(verify(presented, secret)))
}

async fn verify(presented: &Presented<'_>, secret: ClientSecret) -> Result<Arc<Client>, ClientError> {
    let client_id = presented.parameters.get("client_id").ok_or(ClientError::NoMethod)?;
    shared_secret::verify(presented.server, client_id, &secret, |authentication| match authentication {
        Authentication::ClientSecretPost(secret) => Some(secret),
        _ => None,
    })
    .await
}
