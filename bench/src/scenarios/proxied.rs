//! A call through the proxy, with the user's token, beside the same call made directly: the upstream is the bare handler.

use async_trait::async_trait;
use http::StatusCode;

use super::{Against, Asked, Floor, Scenario, bare_handler};
use crate::application::PROXIED as PATH;
use crate::failure::Failure;
use crate::guest::{Caller, Guest};
use crate::load::Visitor;

/// What the upstream needs for it is not counted.
pub(super) const PROXIED: Scenario = Scenario {
    name: "proxied GET, 2 kB of JSON",
    asked: Asked::Application,
    floor: Floor { gets: 0, posts: 0, signatures: &[] },
    against: Against::Rate { of: bare_handler::GET.name, aim: |_| None },
    begin: |servers| {
        Box::pin(async {
            let guest = Guest::signed_in(&servers.application.origin, &servers.house.provider).await?;
            Ok(Box::new(Through(guest.caller().await?)) as Box<dyn Visitor>)
        })
    },
};

struct Through(Caller);

#[async_trait]
impl Visitor for Through {
    async fn visit(&mut self) -> Result<(), Failure> {
        self.0.call(&format!("{PATH}/document")).await?.expect(StatusCode::OK)?.holds("endpoint")
    }
}
