//! `max_age` is a number of seconds since the login at the most (OpenID Connect Core §3.1.2.1).

use protocol::ErrorCode;

use super::{Asked, Refusal, refuse};
use crate::authorize::request::Demand;

pub(super) fn check(asked: &Asked<'_>, demand: &mut Demand) -> Result<(), Refusal> {
    let Some(text) = asked.parameters.get("max_age") else { return Ok(()) };
    let Ok(seconds) = text.parse::<u32>() else {
        return refuse(ErrorCode::InvalidRequest, "max_age must be a number of seconds");
    };
    demand.max_age = Some(seconds);
    Ok(())
}
