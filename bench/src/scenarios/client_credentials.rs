//! Tokens for clients that act for themselves: nothing is read or kept, but for the `jti` of assertions.

use async_trait::async_trait;
use http::{HeaderValue, StatusCode};
use protocol::client_assertion::{self, ASSERTION_TYPE};
use protocol::jose::SigningKey;
use protocol::{Clock as _, OsRng, SystemClock};
use url::form_urlencoded::Serializer;

use super::{Against, Asked, Begin, Floor, Scenario, Servers};
use crate::connection::Connection;
use crate::failure::Failure;
use crate::load::Visitor;
use crate::signature::Signature;

const FORM: &str = "grant_type=client_credentials&scope=orders%3Aread";

const fn tokens(signatures: &'static [Signature]) -> Floor {
    Floor { gets: 0, posts: 1, signatures }
}

/// Signed ES256, as access tokens are where nothing else is said.
pub(super) const ES256: Scenario = Scenario {
    name: "token: client_credentials, ES256",
    asked: Asked::Cloakroom,
    floor: tokens(&[Signature::MakeEs256]),
    against: Against::Floor { aimed: true },
    begin: |servers| by_secret(servers, "es256"),
};

/// Signed `EdDSA`.
pub(super) const EDDSA: Scenario = Scenario {
    name: "token: client_credentials, EdDSA",
    floor: tokens(&[Signature::MakeEdDsa]),
    begin: |servers| by_secret(servers, "eddsa"),
    ..ES256
};

/// Signed RS256: nearly all of it is the signature, so that there is nothing to aim at.
pub(super) const RS256: Scenario = Scenario {
    name: "token: client_credentials, RS256",
    floor: tokens(&[Signature::MakeRs256]),
    against: Against::Floor { aimed: false },
    begin: |servers| by_secret(servers, "rs256"),
    ..ES256
};

/// By a client that signs an assertion for each request.
pub(super) const PRIVATE_KEY_JWT: Scenario = Scenario {
    name: "token: client_credentials, ES256, private_key_jwt",
    floor: tokens(&[Signature::MakeEs256, Signature::VerifyEs256]),
    begin: by_assertion,
    ..ES256
};

fn by_secret<'a>(servers: &'a Servers, client_id: &'static str) -> Begin<'a> {
    Box::pin(async move {
        let (connection, credentials) = (Connection::open(&servers.house.provider).await?, servers.house.basic(client_id)?);
        Ok(Box::new(BySecret { connection, credentials }) as Box<dyn Visitor>)
    })
}

fn by_assertion(servers: &Servers) -> Begin<'_> {
    Box::pin(async {
        let house = &servers.house;
        let connection = Connection::open(&house.provider).await?;
        let visitor = ByAssertion { connection, issuer: house.provider.url.clone(), key: house.client_key.clone() };
        Ok(Box::new(visitor) as Box<dyn Visitor>)
    })
}

struct BySecret {
    connection: Connection,
    credentials: HeaderValue,
}

#[async_trait]
impl Visitor for BySecret {
    async fn visit(&mut self) -> Result<(), Failure> {
        let answer = self.connection.post("the token", "/token", FORM.to_owned(), Some(&self.credentials)).await?;
        answer.expect(StatusCode::OK)?.holds("\"access_token\":\"ey")
    }
}

struct ByAssertion {
    connection: Connection,
    issuer: String,
    key: SigningKey,
}

#[async_trait]
impl Visitor for ByAssertion {
    async fn visit(&mut self) -> Result<(), Failure> {
        let assertion = client_assertion::assert("assertions", &self.issuer, &self.key, SystemClock.now(), &OsRng);
        let assertion = assertion.map_err(|_| Failure::Key("an assertion"))?;
        let form = Serializer::new(FORM.to_owned())
            .append_pair("client_assertion_type", ASSERTION_TYPE)
            .append_pair("client_assertion", assertion.expose())
            .finish();
        let answer = self.connection.post("the token", "/token", form, None).await?;
        answer.expect(StatusCode::OK)?.holds("\"access_token\":\"ey")
    }
}
