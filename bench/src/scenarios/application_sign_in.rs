//! Whole sign-ins at the application, by somebody who is signed in at the provider: `GET /login`, the provider's `/par`, `/authorize`,
//! `/token` and `/userinfo`, `GET /callback`. Each takes the place of the browser's last session, which ends.

use async_trait::async_trait;

use super::{Against, Asked, Begin, Floor, Scenario, Servers};
use crate::failure::Failure;
use crate::guest::Guest;
use crate::load::Visitor;

/// The provider is another process, and its part is not counted.
pub(super) const APPLICATION_ALONE: Scenario = Scenario {
    name: "whole sign-in: the application's part",
    asked: Asked::Application,
    floor: Floor { gets: 0, posts: 0, signatures: &[] },
    against: Against::Alone,
    begin,
};

/// Its part is counted.
pub(super) const WITH_THE_PROVIDER: Scenario =
    Scenario { name: "whole sign-in: application and provider", asked: Asked::Both, ..APPLICATION_ALONE };

fn begin(servers: &Servers) -> Begin<'_> {
    Box::pin(async {
        // The password is typed, and consent given, before anything is measured.
        let guest = Guest::signed_in(&servers.application.origin, &servers.house.provider).await?;
        Ok(Box::new(Again(guest)) as Box<dyn Visitor>)
    })
}

struct Again(Guest);

#[async_trait]
impl Visitor for Again {
    async fn visit(&mut self) -> Result<(), Failure> {
        self.0.sign_in("/login?renew=1&return_to=/flow").await
    }
}
