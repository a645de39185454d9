//! PKCE with S256 is required (RFC 7636 §4.3, §4.4.1; RFC 9700 §2.1.1), but of clients that authenticate and need not; a challenge
//! that comes is held to these rules in any case.

use protocol::ErrorCode;
use protocol::pkce::{METHOD, is_challenge};

use super::{Asked, Refusal, refuse};
use crate::authorize::request::Demand;

pub(super) fn check(asked: &Asked<'_>, demand: &mut Demand) -> Result<(), Refusal> {
    let method = asked.parameters.get("code_challenge_method");
    let Some(challenge) = asked.parameters.get("code_challenge") else {
        // A method of no challenge is a challenge that got lost.
        if asked.client.require_pkce || method.is_some() {
            return refuse(ErrorCode::InvalidRequest, "code_challenge is missing");
        }
        return Ok(());
    };
    // Absent means plain (RFC 7636 §4.3), which would be a downgrade.
    if method != Some(METHOD) {
        return refuse(ErrorCode::InvalidRequest, "code_challenge_method must be S256");
    }
    if !is_challenge(challenge) {
        return refuse(ErrorCode::InvalidRequest, "code_challenge must be 43 characters of base64url");
    }
    demand.code_challenge = Some(challenge.to_owned());
    Ok(())
}
