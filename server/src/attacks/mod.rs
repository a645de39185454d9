//! The classic attacks on a sign-in, each made against the running server by HTTP, as its attacker would: `/flow` offers them in
//! development. Attacker and victim are the demonstration accounts.
//!
//! An attack is a file. It says what was sent and what came back, and whether the defence held, by the answers alone.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use app::attack::{Attack, AttackReport, Step};
use app::ports::{Attacks, Outcome};
use async_trait::async_trait;
use cache::Cache;
use http::{HeaderValue, StatusCode};
use protocol::Rng;
use protocol::entropy::opaque;

mod browser;
mod callbacks;
mod codes;
mod cookies;

use browser::{Browser, Odd};

/// How many reports are remembered.
const REMEMBERED: usize = 50;

/// Where attacks are made, and what came of them.
pub struct Range {
    /// The application's origin.
    pub application: String,
    /// The provider's origin.
    pub provider: String,
    /// (username, password) of who attacks, and of who is attacked.
    pub accounts: [(String, String); 2],
    /// The client that the requests go by.
    pub http: reqwest::Client,
    /// For a sign-in that has expired.
    pub cache: Arc<dyn Cache>,
    /// For what is made up.
    pub rng: Arc<dyn Rng>,
    /// What came of the last ones, by name.
    pub reports: Mutex<VecDeque<(String, AttackReport)>>,
}

/// What was sent so far.
#[derive(Default)]
struct Steps(Vec<Step>);

impl Range {
    fn attacker(&self) -> Browser<'_> {
        Browser::new(self, 0)
    }

    fn victim(&self) -> Browser<'_> {
        Browser::new(self, 1)
    }

    /// Makes an attack; tells whether the defence held.
    async fn run(&self, attack: Attack, steps: &mut Steps) -> Result<bool, Odd> {
        match attack {
            Attack::SwappedState => callbacks::swapped_state(self, steps).await,
            Attack::MixedUpIssuer => callbacks::mixed_up_issuer(self, steps).await,
            Attack::ExpiredTransaction => callbacks::expired_transaction(self, steps).await,
            Attack::OtherBrowsersCode => codes::of_another_browser(self, steps).await,
            Attack::ReplayedCode => codes::replayed(self, steps).await,
            Attack::ForgedCookie => cookies::forged(self, steps).await,
            Attack::CrossSitePost => cookies::cross_site_post(self, steps).await,
        }
    }
}

#[async_trait]
impl Attacks for Range {
    async fn make(&self, name: &str) -> Outcome {
        let led = |location: &str| Outcome {
            location: HeaderValue::from_str(location).ok(),
            status: Some(StatusCode::SEE_OTHER),
            ..Outcome::default()
        };
        let Some(attack) = Attack::named(name) else { return led("/flow") };
        let mut steps = Steps::default();
        match self.run(attack, &mut steps).await {
            Ok(repelled) => {
                let report = AttackReport { attack, steps: steps.0, repelled };
                let name = opaque(self.rng.as_ref());
                let mut reports = self.reports.lock().unwrap_or_else(PoisonError::into_inner);
                reports.truncate(REMEMBERED - 1);
                reports.push_front((name.clone(), report));
                led(&format!("/flow?attack={name}#attack"))
            }
            Err(error) => {
                tracing::error!(%error, ?attack, "an attack could not be made");
                Outcome { status: Some(StatusCode::SERVICE_UNAVAILABLE), ..Outcome::default() }
            }
        }
    }

    fn report(&self, name: &str) -> Option<AttackReport> {
        let reports = self.reports.lock().unwrap_or_else(PoisonError::into_inner);
        reports.iter().find(|(known, _)| known == name).map(|(_, report)| report.clone())
    }
}
