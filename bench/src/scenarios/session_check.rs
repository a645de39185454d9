//! `GET /session`: who is signed in. What every page and every call of an application asks first.

use async_trait::async_trait;
use http::StatusCode;

use super::{Against, Asked, Begin, Floor, Scenario, Servers, bare_handler};
use crate::Engines;
use crate::connection::Connection;
use crate::failure::Failure;
use crate::guest::{Caller, Guest};
use crate::load::Visitor;

/// Each connection has a session of its own.
pub(super) const CHECK: Scenario = Scenario {
    name: "session check: GET /session",
    asked: Asked::Application,
    floor: Floor { gets: 0, posts: 0, signatures: &[] },
    against: Against::Rate { of: bare_handler::SMALL.name, aim: |engines| Some(share(engines)) },
    begin: |servers| {
        Box::pin(async {
            let guest = Guest::signed_in(&servers.application.origin, &servers.house.provider).await?;
            Ok(Box::new(Checker(guest.caller().await?)) as Box<dyn Visitor>)
        })
    },
};

/// Nobody is signed in: 401, and nothing is looked up.
pub(super) const OF_NOBODY: Scenario = Scenario {
    name: "session check: nobody signed in",
    against: Against::Rate { of: bare_handler::SMALL.name, aim: |_| None },
    begin: stranger,
    ..CHECK
};

/// How many of the bare handler's requests are aimed at.
const fn share(engines: Engines) -> f64 {
    match engines {
        Engines::Embedded => 0.6,
        Engines::PostgresRedis => 0.5,
    }
}

/// Asks who is signed in, and expects somebody.
pub(crate) struct Checker(pub(crate) Caller);

#[async_trait]
impl Visitor for Checker {
    async fn visit(&mut self) -> Result<(), Failure> {
        self.0.call("/session").await?.expect(StatusCode::OK)?.holds("\"subject\":\"")
    }
}

fn stranger(servers: &Servers) -> Begin<'_> {
    Box::pin(async { Ok(Box::new(Stranger(Connection::open(&servers.application.origin).await?)) as Box<dyn Visitor>) })
}

struct Stranger(Connection);

#[async_trait]
impl Visitor for Stranger {
    async fn visit(&mut self) -> Result<(), Failure> {
        let request = http::Request::get("/session").header("x-csrf", "1").header("sec-fetch-site", "same-origin");
        let answer = self.0.send("the session check", request, String::new()).await?;
        answer.expect(StatusCode::UNAUTHORIZED)?.holds("signed-out")
    }
}
