//! `nonce` comes back in the ID token as it is (OpenID Connect Core §3.1.2.1); it is optional for the code flow.

use protocol::ErrorCode;

use super::{Asked, Refusal, refuse};
use crate::authorize::request::Demand;

/// Room enough for any honest nonce, in bytes (FAPI 2.0 §5.3.2.2 asks for 64 characters at the least).
const LONGEST: usize = 512;

pub(super) fn check(asked: &Asked<'_>, demand: &mut Demand) -> Result<(), Refusal> {
    let nonce = asked.parameters.get("nonce");
    if nonce.is_some_and(|nonce| nonce.len() > LONGEST) {
        return refuse(ErrorCode::InvalidRequest, "nonce is longer than 512 bytes");
    }
    demand.nonce = nonce.map(str::to_owned);
    Ok(())
}
