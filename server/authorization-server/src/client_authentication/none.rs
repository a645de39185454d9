//! `none`: a public client, which only says who it is (RFC 6749 §3.2.1). PKCE and exact redirect URIs are what protects it.

use std::sync::Arc;

use http::header::AUTHORIZATION;

use super::{Attempt, ClientError, Presented};
use crate::clients::Client;

pub(super) fn attempt<'a>(presented: &'a Presented<'a>) -> Option<Attempt<'a>> {
    let client_id = presented.parameters.get("client_id")?;
    let proofs = ["client_secret", "client_assertion", "client_assertion_type"];
    let proves = proofs.iter().any(|name| presented.parameters.get(name).is_some());
    let alone = !proves && !presented.headers.contains_key(AUTHORIZATION);
    alone.then(|| Box::pin(find(presented, client_id)) as Attempt<'a>)
}

async fn find(presented: &Presented<'_>, client_id: &str) -> Result<Arc<Client>, ClientError> {
    let client = presented.server.clients.find(client_id).await?.ok_or(ClientError::Unknown)?;
    if client.is_public() { Ok(client) } else { Err(ClientError::OtherMethod) }
}
