//! HTTP as the OAuth crates ask for it: over our own connections, with bounded answers, and with proofs where tokens are bound.

use std::pin::Pin;

use http::header::AUTHORIZATION;
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use protocol::dpop::ProofKey;
use protocol::flow::tell;
use protocol::secret::AccessToken;
use url::Url;

use crate::flow as telling;
use crate::proof::{Prover, Unprovable, wants_nonce};

/// The largest answer that is read, in bytes; a provider's documents are far smaller.
const LARGEST: usize = 1 << 20;

/// The HTTP client towards the provider. It follows no redirects.
pub struct Wire(pub reqwest::Client);

/// Why a request had no usable answer.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// The connection failed or took too long.
    #[error("{}", chain(.0))]
    Http(#[from] reqwest::Error),
    /// The provider is in trouble: 5xx.
    #[error("HTTP {0}")]
    Server(http::StatusCode),
    /// The answer was larger than a mebibyte.
    #[error("the answer is too large")]
    TooLarge,
    /// The answer could not be put together.
    #[error("{0}")]
    Malformed(#[from] http::Error),
    /// The request could not be proven.
    #[error(transparent)]
    Unprovable(#[from] Unprovable),
}

impl WireError {
    /// The request was on its way, or ready to be, and the connection ended before an answer came.
    pub(super) fn lost_the_connection(&self) -> bool {
        matches!(self, Self::Http(error) if error.is_request() && !error.is_timeout() && !error.is_connect())
    }
}

/// An error with what caused it, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

type Answering<'c> = Pin<Box<dyn Future<Output = Result<HttpResponse, WireError>> + Send + 'c>>;

impl<'c> AsyncHttpClient<'c> for Wire {
    type Error = WireError;
    type Future = Answering<'c>;

    fn call(&'c self, mut request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            telling::propagate(request.headers_mut());
            let mut answer = self.0.execute(request.try_into()?).await?;
            if answer.status().is_server_error() {
                return Err(WireError::Server(answer.status()));
            }
            let mut body = Vec::new();
            while let Some(chunk) = answer.chunk().await? {
                if body.len() + chunk.len() > LARGEST {
                    return Err(WireError::TooLarge);
                }
                body.extend_from_slice(&chunk);
            }
            let mut response = http::Response::builder().status(answer.status());
            for (name, value) in answer.headers() {
                response = response.header(name, value);
            }
            Ok(response.body(body)?)
        })
    }
}

impl Wire {
    /// The same, and tells of it: where a request is what the exchange under way is.
    pub(super) async fn told(&self, request: HttpRequest) -> Result<HttpResponse, WireError> {
        telling::sent(&request);
        let answer = self.call(request).await?;
        tell(|told| {
            told.status(answer.status());
        });
        Ok(answer)
    }
}

/// The same with a proof of `key` on every request; without a key it adds nothing. What it asks is told.
///
/// A resource that asks for its nonce is asked again at once. The token endpoint is not: whoever asked it does that, since an
/// assertion in the form is good once.
pub(super) struct ProvingWire<'a> {
    pub(super) wire: &'a Wire,
    pub(super) prover: &'a Prover,
    pub(super) key: Option<&'a ProofKey>,
}

impl<'c> AsyncHttpClient<'c> for ProvingWire<'_> {
    type Error = WireError;
    type Future = Answering<'c>;

    fn call(&'c self, mut request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let Some(key) = self.key else { return self.wire.told(request).await };
            let url = Url::parse(&request.uri().to_string()).map_err(|error| Unprovable(error.to_string()))?;
            let Some(token) = bearer(&request) else {
                let method = request.method().clone();
                self.prover.prove(request.headers_mut(), key, method.as_str(), &url, None)?;
                return self.sent(&url, request).await;
            };
            let method = request.method().clone();
            self.prover.authorize(request.headers_mut(), method.as_str(), &url, &token, Some(key))?;
            let answer = self.sent(&url, request.clone()).await?;
            if !wants_nonce(answer.status(), answer.headers()) {
                return Ok(answer);
            }
            self.prover.authorize(request.headers_mut(), method.as_str(), &url, &token, Some(key))?;
            self.sent(&url, request).await
        })
    }
}

impl ProvingWire<'_> {
    async fn sent(&self, url: &Url, request: HttpRequest) -> Result<HttpResponse, WireError> {
        let answer = self.wire.told(request).await?;
        self.prover.heed(url, answer.headers());
        Ok(answer)
    }
}

/// The access token of a request.
fn bearer(request: &HttpRequest) -> Option<AccessToken> {
    request.headers().get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ").map(AccessToken::new)
}
