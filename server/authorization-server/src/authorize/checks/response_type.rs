//! `response_type` is `code` (RFC 6749 §4.1.1; RFC 9700 §2.1.2 leaves no other).

use protocol::ErrorCode;

use super::{Asked, Refusal, refuse};
use crate::authorize::request::Demand;

pub(super) fn check(asked: &Asked<'_>, _: &mut Demand) -> Result<(), Refusal> {
    match asked.parameters.get("response_type") {
        Some("code") => Ok(()),
        Some(_) => refuse(ErrorCode::UnsupportedResponseType, "response_type must be code"),
        None => refuse(ErrorCode::InvalidRequest, "response_type is missing"),
    }
}
