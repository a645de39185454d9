//! What sessions cost to keep: bytes in the Cache, memory of the application, and whether a check stays as cheap with many.
//!
//! One session comes of a sign-in; its records are then copied under other keys, with their values and ends, until there are as
//! many as are asked for. Nobody has the tickets of the copies: the checks are of eight sessions that were signed in among them.

use std::fmt::Write as _;
use std::time::Duration;

use crate::Plan;
use crate::application::{Application, Plot, Store};
use crate::failure::Failure;
use crate::guest::Guest;
use crate::load::{self, Visitor};
use crate::scenarios::{Checker, Servers};

mod copies;

use copies::Copies;

/// What it is called on the command line.
pub(crate) const NAME: &str = "memory of sessions";

/// How many sessions are kept.
const STEPS: [u32; 3] = [1_000, 10_000, 100_000];
/// How many bytes of the Cache one may take.
const AIM: u64 = 4_000;
/// How long memory that is given back may take to go.
const SETTLES: Duration = Duration::from_secs(2);

/// Measures an application of its own, on a Cache of its own.
pub(crate) async fn measure(plan: &Plan, servers: &Servers, plot: Plot) -> Result<String, Failure> {
    eprint!("{NAME} … ");
    let (provider, store) = (&servers.house.provider, Store::of(plan.engines, 2)?);
    let application = Application::start(&plan.server, plot, &store, provider, &servers.bare.origin).await?;
    let idle = application.process.resident()?;
    let mut guests = vec![Guest::signed_in(&application.origin, provider).await?];
    let mut copies = Copies::of_the_only_session(&store, &application).await?;
    while guests.len() < 8 {
        guests.push(Guest::signed_in(&application.origin, provider).await?);
    }
    let mut text = "\n| sessions | bytes in the Cache for each | the Cache in all, MB | aim: below 4,000 bytes | resident memory of the application, MB | \
                    session check, CPU ms | p50 ms | p99 ms |\n| --: | --: | --: | --- | --: | --: | --: | --: |\n"
        .to_owned();
    writeln!(text, "| 0, nobody has asked yet | | | | {:.1} | | | |", megabytes(idle))?;
    for count in STEPS.into_iter().filter(|count| *count <= plan.sessions) {
        copies.reach(count).await?;
        let (all, each) = (copies.size().await?, copies.size_of_each().await?);
        let mut visitors: Vec<Box<dyn Visitor>> = Vec::new();
        for guest in &guests {
            visitors.push(Box::new(Checker(guest.caller().await?)));
        }
        let mut measured = load::drive(visitors, &[&application.process], plan).await?;
        if let Some(error) = measured.errors.pop() {
            return Err(error);
        }
        tokio::time::sleep(SETTLES).await;
        let resident = megabytes(application.process.resident()?);
        eprint!("{count}: {each} bytes; ");
        let (cost, p50, p99) = (measured.cost(), measured.percentile(50), measured.percentile(99));
        let verdict = if each < AIM { "met" } else { "missed" };
        let all = megabytes(all);
        writeln!(text, "| {count} | {each} | {all:.1} | {verdict} | {resident:.1} | {cost:.4} | {p50:.2} | {p99:.2} |")?;
    }
    eprintln!();
    text.push_str(copies.how_they_are_counted());
    Ok(text)
}

fn megabytes(bytes: u64) -> f64 {
    // No figure here is so large that it would lose anything.
    f64::from(u32::try_from(bytes / 1_000).unwrap_or(u32::MAX)) / 1_000.0
}
