//! The client `web`: what it sends people with, and what it does with the code that they bring back.

use http::{HeaderValue, StatusCode};
use protocol::entropy::opaque;
use protocol::secret::CodeVerifier;
use protocol::{OsRng, pkce};
use url::Url;
use url::form_urlencoded::Serializer;

use crate::connection::{Answer, Connection};
use crate::failure::Failure;
use crate::house::CALLBACK;

/// Its identifier.
pub(crate) const CLIENT: &str = "web";

/// An authorization request, and what redeems its code.
pub(crate) struct Authorization {
    /// As a form or a query.
    pub(crate) request: String,
    verifier: CodeVerifier,
}

impl Authorization {
    /// A request for `scope`; `prompt` may be empty.
    pub(crate) fn new(scope: &str, prompt: &str) -> Self {
        let verifier = CodeVerifier::new(opaque(&OsRng));
        let request = Serializer::new(String::new())
            .extend_pairs([("client_id", CLIENT), ("redirect_uri", CALLBACK), ("response_type", "code"), ("scope", scope)])
            .extend_pairs([("code_challenge", pkce::challenge(&verifier).as_str()), ("code_challenge_method", pkce::METHOD)])
            .extend_pairs([("state", opaque(&OsRng)), ("nonce", opaque(&OsRng)), ("prompt", prompt.to_owned())])
            .finish();
        Self { request, verifier }
    }

    /// Redeems the code in the address that the browser was sent to.
    pub(crate) async fn redeem(
        &self,
        connection: &mut Connection,
        credentials: &HeaderValue,
        address: &str,
    ) -> Result<Answer, Failure> {
        let odd = || Failure::Odd("the authorization", address.to_owned());
        let url = Url::parse(address).map_err(|_| odd())?;
        let code = url.query_pairs().find(|(name, _)| name == "code").ok_or_else(odd)?.1;
        let form = Serializer::new(String::new())
            .extend_pairs([("grant_type", "authorization_code"), ("redirect_uri", CALLBACK), ("code", &code)])
            .append_pair("code_verifier", self.verifier.expose())
            .finish();
        connection.post("the code's redemption", "/token", form, Some(credentials)).await?.expect(StatusCode::OK)
    }
}
