//! Whole sign-ins of somebody who is signed in at the provider already: no page, no password, from the request to the tokens.

use async_trait::async_trait;
use http::{HeaderValue, StatusCode};
use url::form_urlencoded::Serializer;

use super::{Against, Asked, Begin, Floor, Scenario, Servers};
use crate::authorization::{Authorization, CLIENT};
use crate::browser::Browser;
use crate::failure::Failure;
use crate::load::Visitor;
use crate::signature::Signature;

/// The request goes through the browser.
pub(super) const PLAIN: Scenario = Scenario {
    name: "sign-in with a session: authorize, token",
    asked: Asked::Cloakroom,
    floor: Floor { gets: 1, posts: 1, signatures: &[Signature::MakeEs256, Signature::MakeEs256] },
    against: Against::Floor { aimed: true },
    begin: |servers| begin(servers, false),
};

/// The request is pushed.
pub(super) const PUSHED: Scenario = Scenario {
    name: "sign-in with a session: PAR, authorize, token",
    floor: Floor { gets: 1, posts: 2, signatures: &[Signature::MakeEs256, Signature::MakeEs256] },
    begin: |servers| begin(servers, true),
    ..PLAIN
};

const SCOPE: &str = "openid profile";

fn begin(servers: &Servers, pushes: bool) -> Begin<'_> {
    Box::pin(async move {
        let mut browser = Browser::new(&servers.house.provider).await?;
        // The password is typed, and consent given, before anything is measured.
        browser.sign_in(&Authorization::new(SCOPE, "").request).await?;
        let credentials = servers.house.basic(CLIENT)?;
        Ok(Box::new(SignedIn { browser, credentials, pushes }) as Box<dyn Visitor>)
    })
}

struct SignedIn {
    browser: Browser,
    credentials: HeaderValue,
    pushes: bool,
}

impl SignedIn {
    async fn push(&mut self, request: &str) -> Result<String, Failure> {
        let connection = &mut self.browser.connection;
        let answer = connection.post("the pushed request", "/par", request.to_owned(), Some(&self.credentials)).await?;
        let request_uri = answer.expect(StatusCode::CREATED)?.member("request_uri")?;
        Ok(Serializer::new(String::new()).extend_pairs([("client_id", CLIENT), ("request_uri", &request_uri)]).finish())
    }
}

#[async_trait]
impl Visitor for SignedIn {
    async fn visit(&mut self) -> Result<(), Failure> {
        let authorization = Authorization::new(SCOPE, "none");
        let request = if self.pushes { self.push(&authorization.request).await? } else { authorization.request.clone() };
        let answer = self.browser.authorize(&request).await?.expect(StatusCode::FOUND)?;
        let address = answer.location()?;
        let tokens = authorization.redeem(&mut self.browser.connection, &self.credentials, address).await?;
        tokens.holds("\"id_token\":\"ey")
    }
}
