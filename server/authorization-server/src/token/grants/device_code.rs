//! The device code grant (RFC 8628 §3.4): a device asks until its user has decided.

use std::collections::BTreeMap;

use protocol::secret::DeviceCode;
use protocol::wire::TokenResponse;

use super::first::{self, Allowed};
use super::provisional::Provisional;
use super::{Answer, Asked};
use crate::code::Redemption;
use crate::device::polling;
use crate::token::TokenError;
use crate::token::issuance::{self, Holder, Issuance};

pub(super) fn answer<'a>(asked: &'a Asked<'a>) -> Answer<'a> {
    Box::pin(redeem(asked))
}

/// Redeems a device code that its user has allowed: of any number of requests at once, one.
async fn redeem(asked: &Asked<'_>) -> Result<TokenResponse, TokenError> {
    let server = asked.server;
    let code = DeviceCode::new(asked.required("device_code")?);
    let permit = match polling::ask(server, &code, &asked.client.client_id).await? {
        polling::Answer::Allowed(permit) => permit,
        polling::Answer::Pending => return Err(TokenError::DevicePending),
        polling::Answer::SlowDown => return Err(TokenError::DeviceTooFast),
        polling::Answer::Denied => return Err(TokenError::DeviceDenied),
        polling::Answer::Expired => return Err(TokenError::DeviceExpired),
        polling::Answer::Unknown => return Err(TokenError::UnknownDeviceCode),
        polling::Answer::Redeemed(redemption) => return replayed(asked, &redemption).await,
    };
    let (allowance, wanted) = (&permit.allowance, permit.asked());
    let resource = issuance::resource(asked.client, asked.parameters, wanted.resource.as_deref())?;
    let allowed = Allowed {
        subject: allowance.subject,
        scope: wanted.scope.clone(),
        auth_time: allowance.auth_time,
        // A device does not sign out with the browser in which it was allowed; what it knows its session by is its own.
        session: server.opaque(),
        resource: wanted.resource.clone(),
    };
    let (grant, refresh_token) = first::grant(asked, allowed);
    let provisional = Provisional::add(server, &grant, refresh_token.as_ref()).await?;
    if !provisional.settle(permit.use_up(server, &grant)).await? {
        return match polling::ask(server, &code, &asked.client.client_id).await? {
            polling::Answer::Redeemed(redemption) => replayed(asked, &redemption).await,
            _ => Err(TokenError::UnknownDeviceCode),
        };
    }
    let (holder, scope, about, key) = (Holder::Grant(&grant), &grant.scope, BTreeMap::new(), asked.key);
    let issuance = Issuance { holder, scope, resource, nonce: None, about, refresh_token, key };
    Ok(issuance.respond(server, asked.client)?)
}

async fn replayed(asked: &Asked<'_>, redemption: &Redemption) -> Result<TokenResponse, TokenError> {
    first::replayed(asked.server, redemption).await?;
    Err(TokenError::DeviceCodeReplayed)
}
