//! Refreshes: each connection goes along a chain of its own, every token used once.

use async_trait::async_trait;
use http::{HeaderValue, StatusCode};
use url::form_urlencoded::Serializer;

use super::{Against, Asked, Begin, Floor, Scenario, Servers};
use crate::authorization::{Authorization, CLIENT};
use crate::browser::Browser;
use crate::connection::Connection;
use crate::failure::Failure;
use crate::load::Visitor;
use crate::signature::Signature;

/// An access token and an ID token each time.
pub(super) const ROTATING: Scenario = Scenario {
    name: "token: refresh_token, rotating",
    asked: Asked::Cloakroom,
    floor: Floor { gets: 0, posts: 1, signatures: &[Signature::MakeEs256, Signature::MakeEs256] },
    against: Against::Floor { aimed: true },
    begin,
};

fn begin(servers: &Servers) -> Begin<'_> {
    Box::pin(async {
        let credentials = servers.house.basic(CLIENT)?;
        let mut browser = Browser::new(&servers.house.provider).await?;
        let authorization = Authorization::new("openid offline_access", "");
        let address = browser.sign_in(&authorization.request).await?;
        let tokens = authorization.redeem(&mut browser.connection, &credentials, &address).await?;
        let refresh_token = tokens.member("refresh_token")?;
        Ok(Box::new(Chain { connection: browser.connection, credentials, refresh_token }) as Box<dyn Visitor>)
    })
}

struct Chain {
    connection: Connection,
    credentials: HeaderValue,
    refresh_token: String,
}

#[async_trait]
impl Visitor for Chain {
    async fn visit(&mut self) -> Result<(), Failure> {
        let form = Serializer::new(String::new())
            .append_pair("grant_type", "refresh_token")
            .append_pair("refresh_token", &self.refresh_token)
            .finish();
        let answer = self.connection.post("the refresh", "/token", form, Some(&self.credentials)).await?;
        let answer = answer.expect(StatusCode::OK)?;
        let next = answer.member("refresh_token")?;
        if next == self.refresh_token {
            return Err(answer.odd("the refresh token was not rotated"));
        }
        self.refresh_token = next;
        Ok(())
    }
}
