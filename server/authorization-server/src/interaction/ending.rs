//! The end of an interaction: the browser goes back to the client, once.

use protocol::{ErrorCode, Exchange};
use tower_cookies::Cookies;
use tracing::Instrument as _;

use super::InteractionError;
use super::record::Open;
use crate::authorize::{AuthorizeRequest, Checked, Refusal};
use crate::outage::Outage;
use crate::session::Present;
use crate::state::AuthorizationServer;
use crate::{code, exchange, session};

/// The user signed out in another tab while this one was on its way (OpenID Connect Core §3.1.2.6).
const SIGNED_OUT: Refusal = Refusal { code: ErrorCode::LoginRequired, description: "the user has signed out meanwhile" };

/// What the client is told.
pub(super) enum Ending<'a> {
    /// The code.
    Code(&'a Present),
    /// No.
    Refusal(Refusal),
}

impl Ending<'_> {
    /// Where the browser is sent.
    pub(super) async fn location(
        &self,
        server: &AuthorizationServer,
        request: &AuthorizeRequest<Checked>,
    ) -> Result<String, Outage> {
        match self {
            Self::Refusal(refusal) => Ok(request.address.refusal(server.issuer(), *refusal)),
            Self::Code(present) if !session::join(server, present, &request.client).await? => {
                Ok(request.address.refusal(server.issuer(), SIGNED_OUT))
            }
            Self::Code(present) => {
                let issued = code::issue(server, request, &present.session);
                let code = issued.instrument(exchange::span(Exchange::RedirectWithCode)).await?;
                Ok(request.with_code(server.issuer(), &code))
            }
        }
    }
}

/// Ends the interaction and gives where the browser is sent. The pushed request is used up here and not before, so that
/// pages could be loaded again until now.
pub(super) async fn finish(
    server: &AuthorizationServer,
    cookies: &Cookies,
    open: &mut Open,
    ending: Ending<'_>,
) -> Result<String, InteractionError> {
    if let Some(pushed) = &open.pending.pushed
        && !pushed.spend(server, open.id()).await?
    {
        return Err(InteractionError::Expired);
    }
    let location = ending.location(server, &open.request).await?;
    open.complete(server, cookies, location).await
}
