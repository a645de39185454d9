//! HTTP as the OAuth crates ask for it: over our own connections, with bounded answers.

use std::pin::Pin;

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};

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
}

/// An error with what caused it, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

impl<'c> AsyncHttpClient<'c> for Wire {
    type Error = WireError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, WireError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
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
