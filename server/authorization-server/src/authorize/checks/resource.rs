//! `resource` names resource servers that the client may call (RFC 8707 §2).

use protocol::ErrorCode;

use super::{Asked, Refusal, refuse};
use crate::authorize::request::Demand;

pub(super) fn check(asked: &Asked<'_>, demand: &mut Demand) -> Result<(), Refusal> {
    let named = asked.parameters.resources();
    if !named.iter().all(|resource| asked.client.resources.iter().any(|registered| registered == resource)) {
        return refuse(ErrorCode::InvalidTarget, "resource is not one that this client may call");
    }
    demand.resource = (!named.is_empty()).then(|| named.join(" "));
    Ok(())
}
