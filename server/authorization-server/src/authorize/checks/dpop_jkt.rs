//! `dpop_jkt` binds the code to a key (RFC 9449 §10); so does a proof that came with the pushed request, and the two agree.

use protocol::ErrorCode;

use super::{Asked, Refusal, refuse};
use crate::authorize::request::Demand;

pub(super) fn check(asked: &Asked<'_>, demand: &mut Demand) -> Result<(), Refusal> {
    demand.dpop_jkt = asked.proven.cloned();
    let Some(named) = asked.parameters.get("dpop_jkt") else { return Ok(()) };
    let Ok(named) = named.parse() else {
        return refuse(ErrorCode::InvalidRequest, "dpop_jkt must be a SHA-256 thumbprint in base64url");
    };
    if asked.proven.is_some_and(|proven| *proven != named) {
        return refuse(ErrorCode::InvalidRequest, "dpop_jkt is not the key of the DPoP proof");
    }
    demand.dpop_jkt = Some(named);
    Ok(())
}
