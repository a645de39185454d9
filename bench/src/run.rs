//! One run: servers up, scenarios one after the other, the table.

use crate::application::{Application, Plot, Store};
use crate::bare::Bare;
use crate::failure::Failure;
use crate::house::House;
use crate::load::{self, Measured};
use crate::scenarios::{Asked, SCENARIOS, Scenario, Servers};
use crate::signature::Costs;
use crate::table::Table;
use crate::{Plan, peer, sessions, stampede, table};

/// Measures what the plan names; false where an operation went wrong.
pub(crate) async fn run(plan: &Plan) -> Result<bool, Failure> {
    let chosen = chosen(&plan.words)?;
    let bare = Bare::start().await?;
    let (plot, second) = (Plot::new("application")?, Plot::new("second-application")?);
    let peer = plan.peers.as_ref().map(|directory| peer::Plot::new().map(|plot| (plot, directory))).transpose()?;
    let mut clients = vec![plot.client(), second.client()];
    clients.extend(peer.as_ref().map(|(plot, _)| plot.client()));
    let house = House::start(&plan.server, plan.engines, &clients).await?;
    let store = Store::of(plan.engines, 1)?;
    let application = Application::start(&plan.server, plot, &store, &house.provider, &bare.origin).await?;
    let servers = Servers { house, application, bare };
    eprintln!("signatures alone …");
    let mut table = Table::new(Costs::measure()?);
    for scenario in chosen {
        eprint!("{} … ", scenario.name);
        let measured = measure(scenario, &servers, plan).await?;
        eprintln!("{:.0}/s, {:.4} ms", measured.rate(), measured.cost());
        for error in &measured.errors {
            eprintln!("   failed: {error}");
        }
        if !measured.errors.is_empty() {
            eprintln!("   the last words: {}; {}", servers.house.last_words(), servers.application.last_words());
        }
        table.add(scenario, measured);
    }
    println!("{}", table.print(plan));
    if plan.measures(stampede::NAME) {
        println!("{}", stampede::measure(&servers).await?);
    }
    if plan.measures(sessions::NAME) {
        println!("{}", sessions::measure(plan, &servers, second).await?);
    }
    if let Some((plot, directory)) = peer {
        println!("{}", peer::measure(plan, &servers, plot, directory).await?);
    }
    Ok(table.is_whole())
}

/// The scenarios whose name holds a word; all of them where there is none. The bare handler is always among them.
fn chosen(words: &[String]) -> Result<Vec<&'static Scenario>, Failure> {
    let is_called = |scenario: &Scenario, word: &str| scenario.name.to_lowercase().contains(&word.to_lowercase());
    let others = [stampede::NAME, sessions::NAME];
    let nobody = |word: &&String| {
        !SCENARIOS.iter().any(|scenario| is_called(scenario, word)) && !others.iter().any(|name| name.contains(word.as_str()))
    };
    if let Some(word) = words.iter().find(nobody) {
        return Err(Failure::NoScenario(word.clone(), table::names()));
    }
    let wanted = |scenario: &&Scenario| {
        words.is_empty() || scenario.asked == Asked::Bare || words.iter().any(|word| is_called(scenario, word))
    };
    Ok(SCENARIOS.iter().filter(wanted).collect())
}

async fn measure(scenario: &Scenario, servers: &Servers, plan: &Plan) -> Result<Measured, Failure> {
    let mut visitors = Vec::new();
    for _ in 0..plan.connections {
        visitors.push((scenario.begin)(servers).await?);
    }
    load::drive(visitors, &servers.processes(scenario.asked), plan).await
}
