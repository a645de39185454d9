//! What a sign-in tells of itself (B25): each exchange what it carries, masked by its type, for the viewer's own `/flow`.

use http::HeaderMap;
use http::header::AUTHORIZATION;
use openidconnect::HttpRequest;
use protocol::flow::{Shown, Told, Trace, tell};
use protocol::seal::digest;
use protocol::secret::{AccessToken, DpopProof, Ticket};

use crate::complete::Completion;
use crate::{Begin, Visit};

/// The cookie that says whose flow is whose: it opens nothing but `/flow`.
pub const COOKIE: &str = "__Host-flow";

tokio::task_local! {
    /// The sign-in on whose behalf others are asked.
    static TRACE: Trace;
}

/// How a viewer is called by whoever records, who is not to know the cookie.
pub fn viewer_of(ticket: &Ticket) -> String {
    digest("viewer of flows", ticket.expose().as_bytes())
}

/// Has requests to others carry the trace of the sign-in.
pub(crate) async fn within<T>(trace: Trace, work: impl Future<Output = T>) -> T {
    TRACE.scope(trace, work).await
}

/// Writes the trace of the sign-in that is under way, if one is.
pub(crate) fn propagate(headers: &mut HeaderMap) {
    let _ = TRACE.try_with(|trace| trace.write(headers));
}

/// 1: a sign-in begins, with `issuer`; `viewer` is who may see it.
pub(crate) fn begun(trace: Trace, viewer: Option<&str>, issuer: &str) {
    tell(|told| {
        told.of(trace).issuer = Some(issuer.to_owned());
        told.viewer = viewer.map(str::to_owned);
    });
}

/// 1 and 8: what the browser asked of us.
pub(crate) fn asked(origin: &str, path: &str, visit: &Visit<'_>) {
    tell(|told| {
        told.request("GET", &format!("{origin}{path}")).form(visit.query.as_bytes());
    });
}

/// A request to the provider, as it goes out.
pub(crate) fn sent(request: &HttpRequest) {
    tell(|told| {
        told.request(request.method().as_str(), &request.uri().to_string()).form(request.body());
        if let Some(proof) = request.headers().get("dpop").and_then(|value| value.to_str().ok()) {
            told.with("DPoP", DpopProof::new(proof).shown());
        }
        if let Some((scheme, credentials)) = authorization(request.headers()) {
            let shown = match scheme {
                "Bearer" | "DPoP" => AccessToken::new(credentials).shown(),
                _ => Shown::Kept { kind: format!("{scheme} credentials"), length: None },
            };
            told.with("Authorization", shown);
        }
    });
}

fn authorization(headers: &HeaderMap) -> Option<(&str, &str)> {
    headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')
}

/// How it went wrong, told of the exchange in whose span this is called.
pub(crate) fn trouble<T, E: std::fmt::Display>(result: &Result<T, E>) {
    if let Err(error) = result {
        tell(|told| {
            told.trouble(error);
        });
    }
}

/// 1: what `GET /login` came to, where it leads to no provider.
pub(crate) fn begin(outcome: &Begin) {
    let why = match outcome {
        Begin::Redirect(..) => return status(http::StatusCode::FOUND),
        Begin::SignedInAlready(_) | Begin::AskFirst(_) | Begin::Choose(_) | Begin::UnknownProvider(_) | Begin::NotANavigation => {
            return;
        }
        Begin::ProviderUnreachable(_) => "the provider does not answer",
        Begin::ProviderRefused(_) => "the provider does not take our request",
        Begin::Insufficient(_) => "the provider cannot have the user authenticate as is demanded",
        Begin::Unavailable(_) => "the Cache does not answer",
    };
    tell(|told| {
        told.trouble(why);
    });
}

/// 8: what `GET /callback` came to.
pub(crate) fn completed(outcome: &Completion) {
    let why = match outcome {
        Completion::SignedIn(..) => return status(http::StatusCode::FOUND),
        Completion::SignedInAlready => "the state was used before; somebody is signed in",
        Completion::Denied(_) => "the user said no",
        Completion::ProviderRefused(_, code) => {
            return tell(|told| {
                told.trouble(format_args!("the provider says {code}"));
            });
        }
        Completion::Expired => "the state is unknown, expired, or was used before",
        Completion::OtherBrowser => "another browser began this sign-in",
        Completion::InvalidResponse => "the response is not that of the provider that was asked",
        Completion::UnknownProvider => "no provider has that redirect URI",
        Completion::Unacceptable(_) => "what the provider issued does not verify",
        Completion::Insufficient(_) => "the user has not authenticated as was demanded",
        Completion::ProviderUnreachable(_) => "the provider does not answer",
        Completion::Unavailable(_) => "the Cache or the Queue does not answer",
    };
    tell(|told| {
        told.trouble(why);
    });
}

fn status(status: http::StatusCode) {
    tell(|told| {
        told.status(status);
    });
}

/// A cookie of `name`, whose value is `ticket`.
pub(crate) fn cookie(told: &mut Told, name: &str, ticket: &Ticket) {
    told.with(&format!("cookie {}", name.split('.').next().unwrap_or_default()), ticket.shown());
}
