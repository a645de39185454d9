//! `scope`: what the client may not ask for is left out, as unknown scopes are (OpenID Connect Core §3.1.2.1), and the token
//! response says what was granted (RFC 6749 §3.3); where nothing is left, there is nothing to grant.

use protocol::{ErrorCode, Scope};

use super::{Asked, Refusal, refuse};
use crate::authorize::request::Demand;

pub(super) fn check(asked: &Asked<'_>, demand: &mut Demand) -> Result<(), Refusal> {
    let Ok(scope) = Scope::parse(asked.parameters.get("scope").unwrap_or_default()) else {
        return refuse(ErrorCode::InvalidScope, "scope holds a character that scopes may not hold");
    };
    demand.scope = scope.intersection(&asked.client.scope);
    if demand.scope.is_empty() {
        return refuse(ErrorCode::InvalidScope, "scope holds nothing that this client may ask for");
    }
    Ok(())
}
