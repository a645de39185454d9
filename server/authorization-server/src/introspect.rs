//! `POST /introspect`: token introspection (RFC 7662).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use protocol::claims::{AccessTokenClaims, Audience};
use protocol::dpop::Scheme;
use protocol::entropy::is_opaque;
use protocol::secret::RefreshToken;
use protocol::wire::{Introspection, IntrospectionResponse};
use uuid::Uuid;

use crate::client_authentication::ClientError;
use crate::clients::Client;
use crate::headers;
use crate::outage::Outage;
use crate::state::AuthorizationServer;
use crate::token::question::{Question, QuestionError};
use crate::token::{access_token, revoked};

/// Tells a client about a token of its own, and a resource server about an access token for it. Of every other token, and of
/// none, it learns the same: not active (§2.2).
pub(crate) async fn post(State(server): State<Arc<AuthorizationServer>>, headers: HeaderMap, body: Bytes) -> Response {
    match answer(&server, &headers, &body).await {
        Ok(answer) => headers::json(StatusCode::OK, &answer),
        Err(error) => error.respond(&server, &headers),
    }
}

async fn answer(server: &AuthorizationServer, headers: &HeaderMap, body: &[u8]) -> Result<IntrospectionResponse, QuestionError> {
    let Question { client, as_access_token, as_refresh_token } = Question::read(server, headers, body).await?;
    if client.is_public() {
        // Whoever knows its name could ask (§2.1, §4).
        return Err(ClientError::OtherMethod.into());
    }
    let found = match access_token::read(server, &as_access_token).await? {
        Some(ours) => about_access_token(server, &client, ours).await?,
        None => about_refresh_token(server, &client, &as_refresh_token).await?,
    };
    Ok(found.map_or(IntrospectionResponse::INACTIVE, IntrospectionResponse::active))
}

async fn about_access_token(
    server: &AuthorizationServer,
    client: &Client,
    ours: access_token::Ours,
) -> Result<Option<Introspection>, Outage> {
    let claims = ours.claims;
    if claims.client_id != client.client_id && !client.serves.iter().any(|resource| claims.aud.contains(resource)) {
        return Ok(None);
    }
    let live = match ours.grant {
        Some(grant) => match server.boxes.grants.live(grant, server.now()).await? {
            Some(grant) => may_still_sign_in(server, grant.subject).await?,
            None => false,
        },
        None => !revoked::includes(server, &claims).await?,
    };
    // A client that is registered no more has nothing that works.
    if !live || server.clients.find(&claims.client_id).await?.is_none() {
        return Ok(None);
    }
    let AccessTokenClaims { iss, exp, aud, sub, client_id, iat, jti, scope, auth_time, gid: _, cnf } = claims;
    let token_type = Some(Scheme::of(cnf.as_ref()).name().to_owned());
    Ok(Some(Introspection { scope, client_id, token_type, exp, iat, sub, aud: Some(aud), iss, jti: Some(jti), auth_time, cnf }))
}

async fn about_refresh_token(
    server: &AuthorizationServer,
    client: &Client,
    token: &RefreshToken,
) -> Result<Option<Introspection>, Outage> {
    if !is_opaque(token.expose()) {
        return Ok(None);
    }
    let grant = server.boxes.grants.of_unused_refresh_token(token, &client.client_id, server.now()).await?;
    let Some(grant) = grant else { return Ok(None) };
    if !may_still_sign_in(server, grant.subject).await? {
        return Ok(None);
    }
    Ok(Some(Introspection {
        scope: grant.scope,
        client_id: grant.client_id,
        token_type: None,
        exp: grant.expires_at.as_second(),
        iat: grant.created_at.as_second(),
        sub: grant.subject.to_string(),
        aud: Some(Audience::One(server.issuer().to_owned())),
        iss: server.issuer().to_owned(),
        jti: None,
        auth_time: Some(grant.auth_time.as_second()),
        cnf: None,
    }))
}

/// Whether the account is there and not disabled.
async fn may_still_sign_in(server: &AuthorizationServer, subject: Uuid) -> Result<bool, Outage> {
    let account = server.boxes.accounts.by_subject(subject).await?;
    Ok(account.is_some_and(|account| !account.disabled))
}
