//! `request` and `request_uri` carry signed requests (RFC 9101), which are not supported: said, never ignored
//! (OpenID Connect Core §6). A pushed `request_uri` has been resolved before the checks begin.

use protocol::ErrorCode;

use super::{Asked, Refusal, refuse};
use crate::authorize::request::{Arrival, Demand};

pub(super) fn check(asked: &Asked<'_>, _: &mut Demand) -> Result<(), Refusal> {
    if asked.parameters.get("request").is_some() {
        return refuse(ErrorCode::RequestNotSupported, "signed request objects are not supported");
    }
    match (asked.parameters.get("request_uri"), asked.arrival) {
        (None, _) => Ok(()),
        // RFC 9126 §2.1, step 2.
        (Some(_), Arrival::Pushed) => refuse(ErrorCode::InvalidRequest, "request_uri cannot be pushed"),
        (Some(_), Arrival::Plain) => refuse(ErrorCode::RequestUriNotSupported, "request objects by reference are not supported"),
    }
}
