//! What every client reads first: the metadata, and the public keys.

use async_trait::async_trait;
use http::StatusCode;

use super::{Against, Asked, Begin, Floor, Scenario, Servers};
use crate::connection::Connection;
use crate::failure::Failure;
use crate::load::Visitor;

/// `GET /.well-known/openid-configuration`.
pub(super) const DISCOVERY: Scenario = Scenario { name: "discovery", begin: discovery, ..DOCUMENT };
/// `GET /jwks`.
pub(super) const KEYS: Scenario = Scenario { name: "JWKS", begin: keys, ..DOCUMENT };

const DOCUMENT: Scenario = Scenario {
    name: "",
    asked: Asked::Cloakroom,
    floor: Floor { gets: 1, posts: 0, signatures: &[] },
    against: Against::Floor { aimed: true },
    begin: discovery,
};

fn discovery(servers: &Servers) -> Begin<'_> {
    begin(servers, "/.well-known/openid-configuration", "jwks_uri")
}

fn keys(servers: &Servers) -> Begin<'_> {
    begin(servers, "/jwks", "P-256")
}

fn begin<'a>(servers: &'a Servers, path: &'static str, holds: &'static str) -> Begin<'a> {
    Box::pin(async move {
        let connection = Connection::open(&servers.house.provider).await?;
        Ok(Box::new(Reader { connection, path, holds }) as Box<dyn Visitor>)
    })
}

struct Reader {
    connection: Connection,
    path: &'static str,
    holds: &'static str,
}

#[async_trait]
impl Visitor for Reader {
    async fn visit(&mut self) -> Result<(), Failure> {
        self.connection.get("the document", self.path).await?.expect(StatusCode::OK)?.holds(self.holds)
    }
}
