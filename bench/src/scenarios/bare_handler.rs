//! The handler that does nothing, by which the others are measured.

use async_trait::async_trait;
use http::StatusCode;

use super::{Against, Asked, Begin, Floor, Scenario, Servers};
use crate::connection::Connection;
use crate::failure::Failure;
use crate::load::Visitor;

/// As `/.well-known/openid-configuration` is asked for.
pub(super) const GET: Scenario = Scenario {
    name: "bare axum handler: GET, 2 kB of JSON",
    asked: Asked::Bare,
    floor: Floor { gets: 1, posts: 0, signatures: &[] },
    against: Against::Nothing,
    begin: |servers| getter(servers, "/", "endpoint"),
};

/// As `/session` is: a smaller answer.
pub(super) const SMALL: Scenario = Scenario {
    name: "bare axum handler: GET, 0.4 kB of JSON",
    floor: Floor { gets: 0, posts: 0, signatures: &[] },
    begin: |servers| getter(servers, "/session", "subject"),
    ..GET
};

/// As `/token` is.
pub(super) const POST: Scenario = Scenario {
    name: "bare axum handler: POST of a form, 1 kB of JSON",
    asked: Asked::Bare,
    floor: Floor { gets: 0, posts: 1, signatures: &[] },
    against: Against::Nothing,
    begin: post,
};

fn getter<'a>(servers: &'a Servers, path: &'static str, holds: &'static str) -> Begin<'a> {
    Box::pin(async move {
        let connection = Connection::open(&servers.bare.origin).await?;
        Ok(Box::new(Getter { connection, path, holds }) as Box<dyn Visitor>)
    })
}

fn post(servers: &Servers) -> Begin<'_> {
    Box::pin(async { Ok(Box::new(Poster(Connection::open(&servers.bare.origin).await?)) as Box<dyn Visitor>) })
}

struct Getter {
    connection: Connection,
    path: &'static str,
    holds: &'static str,
}

#[async_trait]
impl Visitor for Getter {
    async fn visit(&mut self) -> Result<(), Failure> {
        self.connection.get("the bare handler", self.path).await?.expect(StatusCode::OK)?.holds(self.holds)
    }
}

struct Poster(Connection);

#[async_trait]
impl Visitor for Poster {
    async fn visit(&mut self) -> Result<(), Failure> {
        let answer = self.0.post("the bare handler", "/", "grant_type=client_credentials".to_owned(), None).await?;
        answer.expect(StatusCode::OK)?.holds("access_token")
    }
}
