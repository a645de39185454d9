//! The client is registered for the grant that redeems codes (RFC 6749 §4.1.2.1, RFC 7591 §2).

use protocol::ErrorCode;

use super::{Asked, Refusal, refuse};
use crate::authorize::request::Demand;

pub(super) fn check(asked: &Asked<'_>, _: &mut Demand) -> Result<(), Refusal> {
    if asked.client.may_use("authorization_code") {
        return Ok(());
    }
    refuse(ErrorCode::UnauthorizedClient, "this client is not registered for the authorization code grant")
}
