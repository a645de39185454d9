//! One run: servers up, scenarios one after the other, the table.

use crate::bare::Bare;
use crate::failure::Failure;
use crate::house::House;
use crate::load::{self, Measured};
use crate::scenarios::{Asked, SCENARIOS, Scenario, Servers};
use crate::signature::Costs;
use crate::table::Table;
use crate::{Plan, table};

/// Measures what the plan names; false where an operation went wrong.
pub(crate) async fn run(plan: &Plan) -> Result<bool, Failure> {
    let chosen = chosen(&plan.words)?;
    let (house, bare) = (House::start(&plan.server, plan.engines).await?, Bare::start().await?);
    let servers = Servers { house, bare };
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
            eprintln!("   the server's last words: {}", servers.house.last_words());
        }
        table.add(scenario, measured);
    }
    println!("{}", table.print(plan));
    Ok(table.is_whole())
}

/// The scenarios whose name holds a word; all of them where there is none. The bare handler is always among them.
fn chosen(words: &[String]) -> Result<Vec<&'static Scenario>, Failure> {
    let is_called = |scenario: &Scenario, word: &str| scenario.name.to_lowercase().contains(&word.to_lowercase());
    if let Some(word) = words.iter().find(|word| !SCENARIOS.iter().any(|scenario| is_called(scenario, word))) {
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
    load::drive(visitors, servers.process(scenario.asked), plan).await
}
