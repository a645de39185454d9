//! The handler that does nothing, by which the others are measured.

use async_trait::async_trait;
use http::StatusCode;

use super::{Asked, Begin, Floor, Scenario, Servers};
use crate::connection::Connection;
use crate::failure::Failure;
use crate::load::Visitor;

/// As `/.well-known/openid-configuration` is asked for.
pub(super) const GET: Scenario = Scenario {
    name: "bare axum handler: GET, 2 kB of JSON",
    asked: Asked::Bare,
    floor: Floor { gets: 1, posts: 0, signatures: &[] },
    aimed: false,
    begin: get,
};

/// As `/token` is.
pub(super) const POST: Scenario = Scenario {
    name: "bare axum handler: POST of a form, 1 kB of JSON",
    asked: Asked::Bare,
    floor: Floor { gets: 0, posts: 1, signatures: &[] },
    aimed: false,
    begin: post,
};

fn get(servers: &Servers) -> Begin<'_> {
    Box::pin(async { Ok(Box::new(Getter(Connection::open(&servers.bare.origin).await?)) as Box<dyn Visitor>) })
}

fn post(servers: &Servers) -> Begin<'_> {
    Box::pin(async { Ok(Box::new(Poster(Connection::open(&servers.bare.origin).await?)) as Box<dyn Visitor>) })
}

struct Getter(Connection);

#[async_trait]
impl Visitor for Getter {
    async fn visit(&mut self) -> Result<(), Failure> {
        self.0.get("the bare handler", "/").await?.expect(StatusCode::OK)?.holds("endpoint")
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
