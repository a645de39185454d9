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
    server.keys.sign(client.access_token_signed_response_alg, ACCESS_TOKEN_TYPE, &claims).map(AccessToken::new)
}

/// An access token of ours that has not expired, with the grant behind it; none where its client acts for itself.
pub(crate) struct Ours {
    pub(crate) claims: AccessTokenClaims,
    pub(crate) grant: Option<Uuid>,
}

/// Reads an access token that we signed; none for anything else. Whether its grant is live is still to be asked.
pub(crate) async fn read(server: &AuthorizationServer, token: &AccessToken) -> Result<Option<Ours>, Outage> {
    server.keys.acquaint(token.expose()).await?;
    let Ok(claims) = server.keys.read::<AccessTokenClaims>(token.expose(), ACCESS_TOKEN_TYPE) else { return Ok(None) };
    let grant = match claims.gid.as_deref().map(str::parse) {
        Some(Ok(grant)) => Some(grant),
        Some(Err(_)) => return Ok(None),
        None => None,
    };
    // No allowance for clocks: ours made the token.
    let lives = claims.iss == server.issuer() && claims.exp > server.now().as_second();
    Ok(lives.then_some(Ours { claims, grant }))
}
