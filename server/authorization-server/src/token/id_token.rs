//! ID tokens (OpenID Connect Core §2).

use std::collections::BTreeMap;

use protocol::claims::{Audience, ID_TOKEN_TYPE, IdTokenClaims, at_hash};
use protocol::secret::{AccessToken, IdToken};
use serde::Serialize;
use serde_json::Value;
use user_database::Grant;

use super::issuance::Issuance;
use crate::clients::Client;
use crate::outage::Outage;
use crate::state::AuthorizationServer;

/// The claims of an ID token, and what it tells of its user.
#[derive(Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    own: IdTokenClaims,
    #[serde(flatten)]
    about: &'a BTreeMap<String, Value>,
}

/// Signs the ID token that goes with `access_token`, with the algorithm that the client registered.
pub(super) fn issue(
    server: &AuthorizationServer,
    client: &Client,
    grant: &Grant,
    issuance: &Issuance<'_>,
    access_token: &AccessToken,
) -> Result<IdToken, Outage> {
    let iat = server.now().as_second();
    let algorithm = client.id_token_algorithm();
    let own = IdTokenClaims {
        iss: server.issuer().to_owned(),
        sub: grant.subject.to_string(),
        aud: Audience::One(client.client_id.clone()),
        exp: iat + server.settings.lifetimes.id_token.as_secs(),
        iat,
        auth_time: Some(grant.auth_time.as_second()),
        nonce: issuance.nonce.clone(),
        at_hash: Some(at_hash(access_token, algorithm)),
        sid: Some(grant.session.clone()),
    };
    server.keys.sign(algorithm, ID_TOKEN_TYPE, &Told { own, about: &issuance.about }).map(IdToken::new)
}
