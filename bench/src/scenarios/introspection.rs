//! `POST /introspect`, as a resource server asks for each request that it is sent.

use async_trait::async_trait;
use http::{HeaderValue, StatusCode};
use protocol::OsRng;
use protocol::entropy::opaque;
use url::form_urlencoded::Serializer;

use super::{Against, Asked, Begin, Floor, Scenario, Servers};
use crate::authorization::{Authorization, CLIENT};
use crate::browser::Browser;
use crate::connection::Connection;
use crate::failure::Failure;
use crate::load::Visitor;
use crate::signature::Signature;

/// A client's own token: whether it was revoked stands in the Cache.
pub(super) const OF_A_CLIENT: Scenario = Scenario {
    name: "introspection: a client's token",
    asked: Asked::Cloakroom,
    floor: Floor { gets: 0, posts: 1, signatures: &[Signature::VerifyEs256] },
    against: Against::Floor { aimed: true },
    begin: of_a_client,
};

/// A user's token: its grant and its account stand in the User Database.
pub(super) const OF_A_USER: Scenario = Scenario { name: "introspection: a user's token", begin: of_a_user, ..OF_A_CLIENT };

/// A token that might be one of ours by its shape, and is nobody's.
pub(super) const OF_NOBODY: Scenario = Scenario {
    name: "introspection: an unknown token",
    floor: Floor { gets: 0, posts: 1, signatures: &[] },
    begin: |servers| Box::pin(asker(servers, opaque(&OsRng), "\"active\":false")),
    ..OF_A_CLIENT
};

/// Something that no token of ours looks like.
pub(super) const OF_NOTHING: Scenario = Scenario {
    name: "introspection: something that is no token",
    begin: |servers| Box::pin(asker(servers, "no-token-of-anybody".to_owned(), "\"active\":false")),
    ..OF_NOBODY
};

fn of_a_client(servers: &Servers) -> Begin<'_> {
    Box::pin(async {
        let mut connection = Connection::open(&servers.house.provider).await?;
        let form = "grant_type=client_credentials&scope=orders%3Aread".to_owned();
        let answer = connection.post("the token", "/token", form, Some(&servers.house.basic("es256")?)).await?;
        asker(servers, answer.expect(StatusCode::OK)?.member("access_token")?, "\"active\":true").await
    })
}

fn of_a_user(servers: &Servers) -> Begin<'_> {
    Box::pin(async {
        let mut browser = Browser::new(&servers.house.provider).await?;
        let authorization = Authorization::new("openid profile", "");
        let address = browser.sign_in(&authorization.request).await?;
        let credentials = servers.house.basic(CLIENT)?;
        let tokens = authorization.redeem(&mut browser.connection, &credentials, &address).await?;
        asker(servers, tokens.member("access_token")?, "\"active\":true").await
    })
}

async fn asker(servers: &Servers, token: String, expected: &'static str) -> Result<Box<dyn Visitor>, Failure> {
    let connection = Connection::open(&servers.house.provider).await?;
    let form = Serializer::new(String::new()).append_pair("token", &token).finish();
    Ok(Box::new(ResourceServer { connection, credentials: servers.house.basic("api")?, form, expected }))
}

struct ResourceServer {
    connection: Connection,
    credentials: HeaderValue,
    form: String,
    expected: &'static str,
}

#[async_trait]
impl Visitor for ResourceServer {
    async fn visit(&mut self) -> Result<(), Failure> {
        let answer = self.connection.post("the introspection", "/introspect", self.form.clone(), Some(&self.credentials)).await?;
        answer.expect(StatusCode::OK)?.holds(self.expected)
    }
}
