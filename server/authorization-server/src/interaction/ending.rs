//! The end of an interaction: the browser goes where its errand leads, once.

use protocol::flow::tell;
use protocol::{ErrorCode, Exchange};
use tower_cookies::Cookies;
use tracing::Instrument as _;

use super::InteractionError;
use super::own_page::OwnPage;
use super::record::Open;
use crate::authorize::{AuthorizeRequest, Checked, Refusal};
use crate::outage::Outage;
use crate::session::Present;
use crate::state::AuthorizationServer;
use crate::{code, exchange, session};

/// The user signed out in another tab while this one was on its way (OpenID Connect Core §3.1.2.6).
const SIGNED_OUT: Refusal = Refusal { code: ErrorCode::LoginRequired, description: "the user has signed out meanwhile" };

/// Where it ends.
pub(super) enum Ending<'a> {
    /// The client gets its code.
    Code(&'a AuthorizeRequest<Checked>, &'a Present),
    /// The client is told no.
    Refusal(&'a AuthorizeRequest<Checked>, Refusal),
    /// The page of our own is shown.
    Page(&'a OwnPage),
    /// Our front page is: the user would not sign in for another.
    Home,
}

impl Ending<'_> {
    /// Where the browser is sent.
    pub(super) async fn location(&self, server: &AuthorizationServer) -> Result<String, Outage> {
        match self {
            Self::Refusal(request, refusal) => {
                tell(|told| {
                    told.trouble(refusal.description);
                });
                Ok(request.address.refusal(server.issuer(), *refusal))
            }
            Self::Code(request, present) if !session::join(server, present, &request.client).await? => {
                Ok(request.address.refusal(server.issuer(), SIGNED_OUT))
            }
            Self::Code(request, present) => {
                let issued = async {
                    let code = code::issue(server, request, &present.session).await?;
                    let location = request.with_code(server.issuer(), &code);
                    exchange::sends(&location);
                    Ok(location)
                };
                issued.instrument(exchange::span(Exchange::RedirectWithCode)).await
            }
            Self::Page(page) => Ok(server.url(&page.path())),
            Self::Home => Ok(server.url("/")),
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
    let location = ending.location(server).await?;
    open.complete(server, cookies, location).await
}
