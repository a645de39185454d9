//! PKCE with S256 is required (RFC 7636 §4.3, §4.4.1; RFC 9700 §2.1.1).

use protocol::ErrorCode;
use protocol::pkce::{METHOD, is_challenge};

use super::{Asked, Refusal, refuse};
use crate::authorize::request::Demand;

pub(super) fn check(asked: &Asked<'_>, demand: &mut Demand) -> Result<(), Refusal> {
    let Some(challenge) = asked.parameters.get("code_challenge") else {
        return refuse(ErrorCode::InvalidRequest, "code_challenge is missing");
    };
    // Absent means plain (RFC 7636 §4.3), which would be a downgrade.
    if asked.parameters.get("code_challenge_method") != Some(METHOD) {
        return refuse(ErrorCode::InvalidRequest, "code_challenge_method must be S256");
    }
    if !is_challenge(challenge) {
        return refuse(ErrorCode::InvalidRequest, "code_challenge must be 43 characters of base64url");
    }
    challenge.clone_into(&mut demand.code_challenge);
    Ok(())
}
