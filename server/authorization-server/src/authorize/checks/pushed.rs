//! A client that must push its requests has pushed this one (RFC 9126 §6).

use protocol::ErrorCode;

use super::{Asked, Refusal, refuse};
use crate::authorize::request::{Arrival, Demand};

pub(super) fn check(asked: &Asked<'_>, _: &mut Demand) -> Result<(), Refusal> {
    if asked.client.require_pushed_authorization_requests && asked.arrival == Arrival::Plain {
        return refuse(ErrorCode::InvalidRequest, "this client must push its authorization requests");
    }
    Ok(())
}
