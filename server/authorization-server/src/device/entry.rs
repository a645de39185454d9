//! The device behind what a user typed. Every code that is not there counts as a guess (RFC 8628 §5.1).

use std::sync::Arc;

use protocol::ClientAddress;
use queue::Event;

use super::GRANT_TYPE;
use super::record::{self, Handle, Standing, Transaction};
use super::user_code::UserCode;
use crate::clients::Client;
use crate::outage::Outage;
use crate::pages::UserCodeFault;
use crate::session::Present;
use crate::slow_down::{self, whole_seconds};
use crate::state::AuthorizationServer;

/// A device that this user may know of.
pub(super) struct Device {
    pub(super) code: UserCode,
    pub(super) handle: Handle,
    pub(super) transaction: Transaction,
    pub(super) standing: Standing,
    pub(super) client: Arc<Client>,
}

/// Finds the device. A code that is unknown, expired, or used by somebody else is one and the same, so that nobody learns which
/// codes there are.
pub(super) async fn find(
    server: &AuthorizationServer,
    present: &Present,
    address: Option<ClientAddress>,
    code: Option<&UserCode>,
) -> Result<Result<Device, UserCodeFault>, Outage> {
    // What can be no code is nobody's guess.
    let Some(code) = code else { return Ok(Err(UserCodeFault::Unknown)) };
    let subject = present.session.subject;
    let turn = match slow_down::take_for_user_code(server, subject, address).await? {
        Ok(turn) => turn,
        Err(wait) => return Ok(Err(UserCodeFault::TooMany { seconds: whole_seconds(wait) })),
    };
    let found = look(server, present, code).await;
    if !matches!(found, Ok(None)) {
        // An outage is nobody's guess. A right code only goes back: if it began the count anew, whoever has a device of their own
        // could guess for ever.
        turn.give_back(server).await?;
    }
    if let Some(device) = found? {
        return Ok(Ok(device));
    }
    let address = address.map(|address| address.to_string());
    server.tell(Event::UserCodeRefused { subject: subject.to_string(), address }).await?;
    Ok(Err(UserCodeFault::Unknown))
}

/// The device, without counting: for a code that was counted just now.
pub(super) async fn look(server: &AuthorizationServer, present: &Present, code: &UserCode) -> Result<Option<Device>, Outage> {
    let Some(handle) = record::lead(server, code).await? else { return Ok(None) };
    let Some(held) = record::find(server, &handle).await? else { return Ok(None) };
    let transaction = held.value;
    let Some(standing) = transaction.standing(present.session.subject, server.now()) else { return Ok(None) };
    let client = server.clients.find(&transaction.client_id).await?.filter(|client| client.may_use(GRANT_TYPE));
    Ok(client.map(|client| Device { code: code.clone(), handle, transaction, standing, client }))
}
