//! `client_id` names a registered client (RFC 6749 §4.1.1).

use std::sync::Arc;

use protocol::wire::Parameters;

use crate::authorize::Distrusted;
use crate::clients::{Client, Clients};
use crate::outage::Outage;

pub(crate) async fn check(clients: &Clients, parameters: &Parameters) -> Result<Result<Arc<Client>, Distrusted>, Outage> {
    let Some(client_id) = parameters.get("client_id") else { return Ok(Err(Distrusted::NoClient)) };
    Ok(clients.find(client_id).await?.ok_or(Distrusted::UnknownClient))
}
