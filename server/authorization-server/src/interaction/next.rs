//! What comes next in an interaction: a page, or its end (for authorization requests OpenID Connect Core §3.1.2.3, §3.1.2.4).

use jiff::{SignedDuration, Timestamp};
use protocol::{ErrorCode, Scope};
use tracing::Instrument as _;

use super::ending::Ending;
use super::errand::Errand;
use super::record::Progress;
use crate::authorize::{AuthorizeRequest, Checked, Refusal};
use crate::exchange;
use crate::outage::Outage;
use crate::session::Present;
use crate::state::AuthorizationServer;

/// What comes next.
pub(super) enum Next<'a> {
    /// The user must prove who they are.
    Login,
    /// The user must say whether the client may have what it asks for.
    Consent(&'a AuthorizeRequest<Checked>, &'a Present),
    /// Nothing: it is over.
    End(Ending<'a>),
}

const LOGIN_REQUIRED: Refusal = Refusal { code: ErrorCode::LoginRequired, description: "the user must sign in" };
const OTHER_USER: Refusal = Refusal { code: ErrorCode::LoginRequired, description: "another user has signed in" };
const CONSENT_REQUIRED: Refusal = Refusal { code: ErrorCode::ConsentRequired, description: "the user must consent" };

/// Decides what comes next, from the errand, who is signed in, and what was done in this interaction already.
pub(super) async fn decide<'a>(
    server: &AuthorizationServer,
    errand: &'a Errand,
    present: Option<&'a Present>,
    progress: &Progress,
) -> Result<Next<'a>, Outage> {
    match (errand, present) {
        (Errand::Authorization(request), None) => Ok(of_request(server, request, None, progress)),
        (Errand::Authorization(request), Some(present)) => {
            let allowed = server.boxes.consents.allowed(present.session.subject, &request.client.client_id);
            let allowed = allowed.instrument(exchange::records("what the user allowed before, read")).await?;
            Ok(of_request(server, request, Some((present, &allowed)), progress))
        }
        (Errand::Page(page), Some(_)) => Ok(Next::End(Ending::Page(page))),
        (Errand::Page(_), None) => Ok(Next::Login),
    }
}

/// The same for an authorization request, where it is known what whoever is present allowed its client so far.
pub(super) fn of_request<'a>(
    server: &AuthorizationServer,
    request: &'a AuthorizeRequest<Checked>,
    present: Option<(&'a Present, &Scope)>,
    progress: &Progress,
) -> Next<'a> {
    let demand = request.demand();
    let refuse = |refusal| Next::End(Ending::Refusal(request, refusal));
    let login = || if demand.prompt.none { refuse(LOGIN_REQUIRED) } else { Next::Login };
    let Some((present, allowed)) = present else { return login() };
    let session = &present.session;
    let just_now = progress.authenticated_at.is_some_and(|at| session.auth_time >= at);
    if !just_now && (demand.prompt.login || is_stale(session.auth_time, demand.max_age, server.now())) {
        return login();
    }
    if demand.subject.is_some_and(|wanted| wanted != session.subject) {
        return if just_now { refuse(OTHER_USER) } else { login() };
    }
    let asked_again = demand.prompt.consent && progress.consented != Some(session.subject);
    if asked_again || !demand.scope.is_within(allowed) {
        return if demand.prompt.none { refuse(CONSENT_REQUIRED) } else { Next::Consent(request, present) };
    }
    Next::End(Ending::Code(request, present))
}

/// Whether the login is older than `max_age` seconds; an age of nothing always is.
fn is_stale(auth_time: Timestamp, max_age: Option<u32>, now: Timestamp) -> bool {
    max_age.is_some_and(|age| age == 0 || now.duration_since(auth_time) > SignedDuration::from_secs(age.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// OpenID Connect Core §3.1.2.1: `max_age=0` is the same as `prompt=login`.
    #[test]
    fn a_login_older_than_max_age_is_stale() {
        let at = |second| Timestamp::from_second(second).unwrap();
        assert!(!is_stale(at(100), None, at(1_000_000)));
        assert!(!is_stale(at(100), Some(60), at(160)));
        assert!(is_stale(at(100), Some(60), at(161)));
        assert!(is_stale(at(100), Some(0), at(100)));
    }
}
