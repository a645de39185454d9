//! `client_id` names a registered client (RFC 6749 §4.1.1).

use std::sync::Arc;

use protocol::wire::Parameters;

use crate::authorize::Distrusted;
use crate::clients::{Client, Clients};

pub(crate) fn check(clients: &Clients, parameters: &Parameters) -> Result<Arc<Client>, Distrusted> {
    let client_id = parameters.get("client_id").ok_or(Distrusted::NoClient)?;
    clients.find(client_id).ok_or(Distrusted::UnknownClient)
}
