//! The refresh stampede: 200 calls through the proxy at once, with an access token that the API takes no more.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use http::StatusCode;
use tokio::task::JoinSet;

use crate::application::PROXIED;
use crate::connection::Connection;
use crate::failure::Failure;
use crate::guest::Guest;
use crate::process::Process;
use crate::scenarios::{Asked, Servers};

/// What it is called on the command line.
pub(crate) const NAME: &str = "refresh stampede";

const CALLS: usize = 200;
const ROUNDS: u32 = 5;

/// What came of all rounds together.
#[derive(Default)]
struct Outcome {
    took: Duration,
    longest: Duration,
    application: Duration,
    both: Duration,
    /// Access tokens that the API saw beside the one that it refused: each refresh grant gives another.
    tokens: usize,
    statuses: BTreeMap<StatusCode, usize>,
}

/// Measures it; the table tells means.
pub(crate) async fn measure(servers: &Servers) -> Result<String, Failure> {
    eprint!("{NAME} … ");
    let guest = Guest::signed_in(&servers.application.origin, &servers.house.provider).await?;
    let mut upstream = Connection::open(&servers.bare.origin).await?;
    let mut outcome = Outcome::default();
    for _ in 0..ROUNDS {
        round(servers, &guest, &mut upstream, &mut outcome).await?;
    }
    eprintln!("{} grants in {ROUNDS} rounds", outcome.tokens);
    let mean = |duration: Duration| duration.as_secs_f64() * 1000.0 / f64::from(ROUNDS);
    let statuses: Vec<_> = outcome.statuses.iter().map(|(status, count)| format!("{count} × {}", status.as_u16())).collect();
    let head = "\n| refresh stampede | rounds | refresh grants, all rounds | answers, all rounds | ms until the last answer, mean | the longest | \
                CPU ms of a round, application | with the provider |\n| --- | --: | --: | --- | --: | --: | --: | --: |\n";
    Ok(format!(
        "{head}| {CALLS} calls at once, token refused by the API | {ROUNDS} | {} | {} | {:.0} | {:.0} | {:.0} | {:.0} |",
        outcome.tokens,
        statuses.join(", "),
        mean(outcome.took),
        outcome.longest.as_secs_f64() * 1000.0,
        mean(outcome.application),
        mean(outcome.both),
    ))
}

async fn round(servers: &Servers, guest: &Guest, upstream: &mut Connection, outcome: &mut Outcome) -> Result<(), Failure> {
    let path = format!("{PROXIED}/guarded");
    let mut callers = Vec::new();
    for _ in 0..CALLS {
        callers.push(guest.caller().await?);
    }
    if let Some(caller) = callers.first_mut() {
        caller.call(&path).await?.expect(StatusCode::OK)?;
    }
    upstream.post("the refusal", "/tokens", String::new(), None).await?.expect(StatusCode::OK)?;
    let (application, both) = (servers.processes(Asked::Application), servers.processes(Asked::Both));
    let (before, before_both) = (Process::together(&application)?, Process::together(&both)?);
    let began = Instant::now();
    let mut calling = JoinSet::new();
    for mut caller in callers {
        let path = path.clone();
        calling.spawn(async move { caller.call(&path).await.map(|answer| answer.status) });
    }
    while let Some(called) = calling.join_next().await {
        let status = called.map_err(|error| Failure::Odd("a call", error.to_string()))??;
        *outcome.statuses.entry(status).or_default() += 1;
    }
    let took = began.elapsed();
    outcome.took += took;
    outcome.longest = outcome.longest.max(took);
    outcome.application += Process::together(&application)?.saturating_sub(before);
    outcome.both += Process::together(&both)?.saturating_sub(before_both);
    let seen = upstream.get("the tokens", "/tokens").await?.expect(StatusCode::OK)?;
    let seen: usize = String::from_utf8_lossy(&seen.body).parse().map_err(|_| seen.odd("no number"))?;
    outcome.tokens += seen.saturating_sub(1);
    Ok(())
}
