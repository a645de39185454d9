//! `claims` asks for claims one by one (OpenID Connect Core §5.5).
//!
//! A claim is given under the scope that covers it, so that the user is asked for it and the token response tells it like a scope
//! that came by its own name. `essential`, `value` and purposes change nothing, but for two claims: a `sub` says who must be
//! signed in, and an essential `acr` of some value how, which nobody here can promise. Claims that are not known are left out.

use std::collections::BTreeMap;

use protocol::{ErrorCode, Scope};
use serde::Deserialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{Asked, Refusal, refuse};
use crate::authorize::request::Demand;
use crate::claims;

#[derive(Deserialize)]
struct Requested {
    #[serde(default)]
    userinfo: Option<BTreeMap<String, Option<Wish>>>,
    #[serde(default)]
    id_token: Option<BTreeMap<String, Option<Wish>>>,
}

#[derive(Deserialize)]
struct Wish {
    #[serde(default)]
    essential: bool,
    #[serde(default)]
    value: Option<Value>,
    #[serde(default)]
    values: Vec<Value>,
}

pub(super) fn check(asked: &Asked<'_>, demand: &mut Demand) -> Result<(), Refusal> {
    let Some(text) = asked.parameters.get("claims") else { return Ok(()) };
    // An array would be read as the members in order.
    let object = serde_json::from_str::<Map<String, Value>>(text).map(Value::Object);
    let Ok(Requested { userinfo, id_token }) = object.and_then(serde_json::from_value) else {
        return refuse(ErrorCode::InvalidRequest, "claims must be a JSON object as OpenID Connect Core has it");
    };
    if !demand.scope.contains("openid") {
        return Ok(());
    }
    let (userinfo, id_token) = (userinfo.unwrap_or_default(), id_token.unwrap_or_default());
    // OpenID Connect Core §5.5.1.1: we have no classes of authentication, so that none of those asked for can be met.
    let acr = id_token.get("acr").and_then(Option::as_ref);
    if acr.is_some_and(|wish| wish.essential && (wish.value.is_some() || !wish.values.is_empty())) {
        return refuse(ErrorCode::UnmetAuthenticationRequirements, "no authentication context class can be promised");
    }
    for value in [&userinfo, &id_token].into_iter().filter_map(|wishes| wishes.get("sub")?.as_ref()?.value.as_ref()) {
        // What is no subject of ours is somebody who never signs in.
        let wanted = value.as_str().and_then(|text| text.parse().ok()).unwrap_or(Uuid::nil());
        if demand.subject.is_some_and(|hinted| hinted != wanted) {
            return refuse(ErrorCode::InvalidRequest, "claims and id_token_hint name different users");
        }
        demand.subject = Some(wanted);
    }
    for name in userinfo.keys().chain(id_token.keys()) {
        let covering = claims::scope_of(name).filter(|scope| asked.client.scope.contains(scope));
        if let Some(Ok(scope)) = covering.map(Scope::parse) {
            demand.scope = demand.scope.union(&scope);
        }
    }
    demand.id_token_claims = id_token.into_keys().filter(|name| claims::scope_of(name).is_some()).collect();
    Ok(())
}
