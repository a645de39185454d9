//! JWT access tokens (RFC 9068).

use protocol::claims::{ACCESS_TOKEN_TYPE, AccessTokenClaims, Audience, Confirmation};
use protocol::secret::AccessToken;
use uuid::Uuid;

use super::issuance::Issuance;
use crate::clients::Client;
use crate::outage::Outage;
use crate::state::AuthorizationServer;

/// Signs the access token. It is for its resource server; with `openid` also for us, whose userinfo it opens; and for us alone
/// where there is no resource server.
pub(super) fn issue(server: &AuthorizationServer, client: &Client, issuance: &Issuance<'_>) -> Result<AccessToken, Outage> {
    let (grant, iat) = (issuance.holder.grant(), server.now().as_second());
    let us = server.issuer().to_owned();
    let aud = match issuance.resource.clone() {
        Some(resource) if issuance.scope.contains("openid") => Audience::Many(vec![resource, us.clone()]),
        Some(resource) => Audience::One(resource),
        None => Audience::One(us.clone()),
    };
    let claims = AccessTokenClaims {
        iss: us,
        exp: iat + server.settings.lifetimes.access_token.as_secs(),
        aud,
        // RFC 9068 §2.2: a client that acts for itself is its own subject.
        sub: grant.map_or_else(|| client.client_id.clone(), |grant| grant.subject.to_string()),
        client_id: client.client_id.clone(),
        iat,
        jti: server.opaque(),
        scope: issuance.scope.clone(),
        auth_time: grant.map(|grant| grant.auth_time.as_second()),
        gid: grant.map(|grant| grant.id.to_string()),
        cnf: issuance.key.map(|key| Confirmation { jkt: Some(key.clone()) }),
    };
    let signed = server.keys.signing().sign(ACCESS_TOKEN_TYPE, &claims);
    signed.map(AccessToken::new).map_err(|_| Outage::Internal("an access token could not be signed"))
}

/// An access token of ours that has not expired, with the grant behind it; none where its client acts for itself.
pub(crate) struct Ours {
    pub(crate) claims: AccessTokenClaims,
    pub(crate) grant: Option<Uuid>,
}

/// Reads an access token that we signed; none for anything else. Whether its grant is live is still to be asked.
pub(crate) fn read(server: &AuthorizationServer, token: &AccessToken) -> Option<Ours> {
    let claims: AccessTokenClaims = server.keys.read(token.expose(), ACCESS_TOKEN_TYPE).ok()?;
    let grant = match &claims.gid {
        Some(grant) => Some(grant.parse().ok()?),
        None => None,
    };
    // No allowance for clocks: ours made the token.
    (claims.iss == server.issuer() && claims.exp > server.now().as_second()).then_some(Ours { claims, grant })
}
