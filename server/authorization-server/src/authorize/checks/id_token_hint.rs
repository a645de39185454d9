//! `id_token_hint` says who should be signed in (OpenID Connect Core §3.1.2.1); an expired one still says it.

use protocol::ErrorCode;
use protocol::claims::{ID_TOKEN_TYPE, IdTokenClaims};

use super::{Asked, Refusal, refuse};
use crate::authorize::request::Demand;

pub(super) fn check(asked: &Asked<'_>, demand: &mut Demand) -> Result<(), Refusal> {
    let Some(hint) = asked.parameters.get("id_token_hint") else { return Ok(()) };
    let claims = asked.server.keys.read::<IdTokenClaims>(hint, ID_TOKEN_TYPE).ok();
    let ours = claims.filter(|claims| claims.iss == asked.server.issuer() && claims.aud.contains(&asked.client.client_id));
    let Some(subject) = ours.and_then(|claims| claims.sub.parse().ok()) else {
        return refuse(ErrorCode::InvalidRequest, "id_token_hint is not an ID token of this client");
    };
    demand.subject = Some(subject);
    Ok(())
}
