//! The proxy: calls of the browser to APIs, with the user's access token that the browser never sees.
//!
//! Bodies stream both ways, as fast as the slower side takes them. An answer of 401 leads to one refresh and one more try, where
//! the call can be made again. Event streams and WebSockets end within a second of their session.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use futures::StreamExt as _;
use http::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, ORIGIN};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use protocol::dpop::ProofKey;
use protocol::secret::AccessToken;
use protocol::step_up::Demand;
use protocol::{ClientAddress, fetch_metadata};
use url::Url;

use crate::proof::wants_nonce;
use crate::refresh::NoToken;
use crate::session::Session;
use crate::visit::CSRF_HEADER;
use crate::{ApplicationApi, Visit};

mod headers;
mod pace;
pub mod route;
mod websocket;

pub use route::{InvalidRoute, Route, TokenUse};

use pace::Pace;

/// The largest body that is kept in memory to be sent again, in bytes.
const LARGEST_KEPT: u64 = 64 << 10;

/// Why a call has no answer of the upstream's.
#[derive(Debug, thiserror::Error)]
pub enum ProxyError {
    /// No route has this path.
    #[error("no route has this path")]
    NoRoute,
    /// The route does not allow the method; these it does.
    #[error("the route does not allow the method")]
    Method(String),
    /// The path could mean another one upstream.
    #[error(transparent)]
    Path(#[from] route::AmbiguousPath),
    /// Another site made the browser call.
    #[error("the call came from another site")]
    OtherSite,
    /// The header that only our own pages send is missing.
    #[error("the call lacks the header X-CSRF")]
    NoHeader,
    /// Nobody is signed in, or the session has ended.
    #[error("nobody is signed in")]
    SignedOut,
    /// The user has to authenticate again, as is demanded (RFC 9470); who demands it is told.
    #[error("the user has not authenticated as is demanded")]
    StepUp(Demand, Demander),
    /// The access token has expired and cannot be refreshed; signing in once more gives another.
    #[error("the access token has expired")]
    AccessExpired,
    /// The session's provider gives no token for the API of the route.
    #[error("the provider gives no token for the API")]
    NoAccess,
    /// The provider does not answer, and the access token has expired.
    #[error("the provider does not answer")]
    ProviderUnreachable,
    /// The upstream does not answer.
    #[error("the upstream does not answer: {0}")]
    Unreachable(String),
    /// The upstream was silent for too long.
    #[error("the upstream was silent for too long")]
    Silent,
    /// The Cache does not answer.
    #[error(transparent)]
    Unavailable(#[from] cache::Unavailable),
}

/// Who demands that the user authenticates again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demander {
    /// The route: what it demands is known to be missing in the session.
    Route,
    /// The upstream, by its own judgement of the access token.
    Upstream,
}

impl From<NoToken> for ProxyError {
    fn from(error: NoToken) -> Self {
        match error {
            NoToken::Ended => Self::SignedOut,
            NoToken::Expired => Self::AccessExpired,
            NoToken::NotFor => Self::NoAccess,
            NoToken::ProviderUnreachable => Self::ProviderUnreachable,
            NoToken::Unavailable(error) => Self::Unavailable(error),
        }
    }
}

/// A call on its way.
struct Call<'a> {
    route: &'a Route,
    target: Url,
    method: Method,
    headers: HeaderMap,
    session: Option<Session>,
    /// What the session's tokens are bound to, where they are.
    key: Option<ProofKey>,
}

/// What came of a call of our own.
#[derive(Debug)]
pub struct Fetched {
    /// What was called.
    pub url: Url,
    /// What it answered.
    pub response: Response<Body>,
}

impl ApplicationApi {
    /// Whether some route has `path`.
    pub fn proxies(&self, path: &str) -> bool {
        route::find(&self.settings.routes, path).is_some()
    }

    /// Makes the call that its route allows, and gives the upstream's answer.
    ///
    /// # Errors
    /// [`ProxyError`] where there is none.
    pub async fn proxy(self: &Arc<Self>, request: Request<Body>) -> Result<Response<Body>, ProxyError> {
        let (mut parts, body) = request.into_parts();
        let route = route::find(&self.settings.routes, parts.uri.path()).ok_or(ProxyError::NoRoute)?;
        let upgrade = route.websocket && websocket::is_asked(&parts.headers);
        self.admit(route, &parts, upgrade)?;
        let call = self.call(route, &parts).await?;
        if upgrade { self.tunnel(call, &mut parts).await } else { self.stream(call, &parts, body).await }
    }

    /// A GET of our own to `path`, below a route, in the name of the visit's user: for a page that is rendered here. It goes the way
    /// that calls of browsers go.
    ///
    /// # Errors
    /// [`ProxyError`] where there is no answer of the upstream's.
    pub async fn fetch(self: &Arc<Self>, visit: &Visit<'_>, path: &str) -> Result<Fetched, ProxyError> {
        // A navigation from elsewhere (back from the provider, for one) shows a page to its user and nobody else.
        if fetch_metadata::is_cross_site(visit.headers) && !fetch_metadata::is_navigation(visit.headers) {
            return Err(ProxyError::OtherSite);
        }
        let mut request = Request::get(path).body(()).map_err(|_| route::AmbiguousPath)?;
        for cookie in visit.headers.get_all(COOKIE) {
            request.headers_mut().append(COOKIE, cookie.clone());
        }
        if let Some(address) = visit.address {
            request.extensions_mut().insert(address);
        }
        let (parts, ()) = request.into_parts();
        let route = route::find(&self.settings.routes, parts.uri.path()).ok_or(ProxyError::NoRoute)?;
        if !route.allows(&parts.method) {
            return Err(ProxyError::Method(route.methods.join(", ")));
        }
        let call = self.call(route, &parts).await?;
        let url = call.target.clone();
        Ok(Fetched { url, response: self.stream(call, &parts, Body::empty()).await? })
    }

    /// The call that the request in `parts` is, with the session whose token goes along.
    async fn call<'r>(&self, route: &'r Route, parts: &Parts) -> Result<Call<'r>, ProxyError> {
        let called = parts.uri.path_and_query().ok_or(route::AmbiguousPath)?;
        let target = route.target(called)?;
        let address = parts.extensions.get::<ClientAddress>().copied();
        let session = match route.token {
            TokenUse::None => None,
            TokenUse::User => {
                let visit = Visit { headers: &parts.headers, query: "", address };
                let session = self.session(&visit).await?.ok_or(ProxyError::SignedOut)?;
                let demand = route.demand();
                if !self.meets(&session, &demand) {
                    return Err(ProxyError::StepUp(demand, Demander::Route));
                }
                Some(session)
            }
        };
        let key = match &session {
            Some(session) => session.tokens().map_err(|_| ProxyError::SignedOut)?.proof_key,
            None => None,
        };
        let headers = headers::request(&parts.headers, &self.settings.origin, address);
        Ok(Call { route, target, method: parts.method.clone(), headers, session, key })
    }

    /// B4: what a page of another site, or a form, made the browser send, is not sent on. A WebSocket cannot carry the header, so
    /// that its `Origin` decides alone, and must be there.
    fn admit(&self, route: &Route, parts: &Parts, upgrade: bool) -> Result<(), ProxyError> {
        let (headers, own) = (&parts.headers, self.settings.origin.as_str());
        if !route.allows(&parts.method) {
            return Err(ProxyError::Method(route.methods.join(", ")));
        }
        if !fetch_metadata::is_our_own(&parts.method, headers, own) {
            return Err(ProxyError::OtherSite);
        }
        if upgrade {
            return if headers.get(ORIGIN).is_some_and(|origin| origin == own) { Ok(()) } else { Err(ProxyError::OtherSite) };
        }
        if route.anti_forgery && !headers.contains_key(CSRF_HEADER) { Err(ProxyError::NoHeader) } else { Ok(()) }
    }

    async fn stream(self: &Arc<Self>, call: Call<'_>, parts: &Parts, body: Body) -> Result<Response<Body>, ProxyError> {
        let token = self.token(&call, None).await?;
        let length = parts.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        let chunked = parts.headers.contains_key(http::header::TRANSFER_ENCODING);
        let pace = Pace::new(call.route.patience());
        let answer = match length {
            Some(length) if length > LARGEST_KEPT => self.send(&call, token.as_ref(), streamed(body, &pace), &pace).await?,
            None if chunked || parts.version == http::Version::HTTP_2 && !is_bodiless(&call.method) => {
                self.send(&call, token.as_ref(), streamed(body, &pace), &pace).await?
            }
            _ => {
                let limit = usize::try_from(LARGEST_KEPT).unwrap_or(usize::MAX);
                let kept = axum::body::to_bytes(body, limit).await;
                let kept = kept.map_err(|error| ProxyError::Unreachable(format!("the call broke off: {error}")))?;
                let answer = self.send_kept(&call, token.as_ref(), &kept, &pace).await?;
                if answer.status() == StatusCode::UNAUTHORIZED && token.is_some() {
                    let token = self.token(&call, token.as_ref()).await?;
                    self.send_kept(&call, token.as_ref(), &kept, &pace).await?
                } else {
                    answer
                }
            }
        };
        Ok(self.returned(call, answer))
    }

    async fn token(self: &Arc<Self>, call: &Call<'_>, refused: Option<&AccessToken>) -> Result<Option<AccessToken>, ProxyError> {
        match &call.session {
            None => Ok(None),
            Some(session) => Ok(Some(self.access_token(session, call.route.resource.as_deref(), refused).await?)),
        }
    }

    /// Makes a call whose body is at hand; once more where the upstream wants a nonce of its own in the proof (RFC 9449 §9).
    async fn send_kept(
        &self,
        call: &Call<'_>,
        token: Option<&AccessToken>,
        body: &Bytes,
        pace: &Pace,
    ) -> Result<reqwest::Response, ProxyError> {
        let answer = self.send(call, token, body.clone().into(), pace).await?;
        if wants_nonce(answer.status(), answer.headers()) {
            return self.send(call, token, body.clone().into(), pace).await;
        }
        Ok(answer)
    }

    async fn send(
        &self,
        call: &Call<'_>,
        token: Option<&AccessToken>,
        body: reqwest::Body,
        pace: &Pace,
    ) -> Result<reqwest::Response, ProxyError> {
        let mut request = reqwest::Request::new(call.method.clone(), call.target.clone());
        *request.headers_mut() = call.headers.clone();
        *request.body_mut() = Some(body);
        if let Some(token) = token {
            let (method, key) = (call.method.as_str(), call.key.as_ref());
            let authorized = self.prover.authorize(request.headers_mut(), method, &call.target, token, key);
            authorized.map_err(|error| ProxyError::Unreachable(error.to_string()))?;
        }
        let answer = pace.keep(self.upstream.execute(request)).await.ok_or(ProxyError::Silent)?;
        let answer = answer.map_err(|error| unreachable(&error))?;
        self.prover.heed(&call.target, answer.headers());
        // Another token of the same sign-in would be refused as well.
        match Demand::of_challenge(answer.headers()).filter(|demand| token.is_some() && !demand.is_nothing()) {
            Some(demand) if answer.status() == StatusCode::UNAUTHORIZED => Err(ProxyError::StepUp(demand, Demander::Upstream)),
            _ => Ok(answer),
        }
    }

    /// The answer as the browser gets it; an event stream ends with its session.
    fn returned(self: &Arc<Self>, call: Call<'_>, answer: reqwest::Response) -> Response<Body> {
        let (status, headers) = (answer.status(), headers::response(answer.headers(), call.session.is_some()));
        let lasting = answer.headers().get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"text/event-stream"));
        let chunks = answer.bytes_stream();
        let body = match call.session.filter(|_| lasting) {
            None => Body::from_stream(chunks),
            Some(session) => {
                let api = Arc::clone(self);
                Body::from_stream(chunks.take_until(async move { api.until_ended(&session).await }))
            }
        };
        let mut response = Response::new(body);
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        response
    }
}

/// A body as it comes, which keeps the call from being taken for silent.
fn streamed(body: Body, pace: &Pace) -> reqwest::Body {
    let pace = pace.clone();
    reqwest::Body::wrap_stream(body.into_data_stream().inspect(move |_| pace.moved()))
}

fn is_bodiless(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::DELETE)
}

fn unreachable(error: &reqwest::Error) -> ProxyError {
    if error.is_timeout() { ProxyError::Silent } else { ProxyError::Unreachable(error.to_string()) }
}

/// The header that goes with 405.
pub fn allow(methods: &str) -> Option<(http::HeaderName, HeaderValue)> {
    HeaderValue::from_str(methods).ok().map(|value| (ALLOW, value))
}
