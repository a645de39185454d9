//! `response_mode`, where given, is `query` (OAuth 2.0 Multiple Response Types §2.1).

use protocol::ErrorCode;

use super::{Asked, Refusal, refuse};
use crate::authorize::request::Demand;

pub(super) fn check(asked: &Asked<'_>, _: &mut Demand) -> Result<(), Refusal> {
    match asked.parameters.get("response_mode") {
        None | Some("query") => Ok(()),
        Some(_) => refuse(ErrorCode::InvalidRequest, "response_mode must be query"),
    }
}
