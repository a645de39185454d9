//! The table, in Markdown, with what is needed to read it.

use std::fmt::Write as _;
use std::time::Duration;

use crate::load::Measured;
use crate::scenarios::{Against, Asked, Floor, SCENARIOS, Scenario};
use crate::signature::{Costs, Signature};
use crate::{Engines, Plan, cores};

/// How many times its floor a scenario may cost.
const AIM: f64 = 4.0;

/// The rows so far.
pub(crate) struct Table {
    signatures: Costs,
    rows: Vec<(&'static Scenario, Measured)>,
}

/// The names of all scenarios.
pub(crate) fn names() -> String {
    SCENARIOS.iter().map(|scenario| scenario.name).collect::<Vec<_>>().join("; ")
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

impl Table {
    /// An empty table.
    pub(crate) fn new(signatures: Costs) -> Self {
        Self { signatures, rows: Vec::new() }
    }

    /// Adds a row.
    pub(crate) fn add(&mut self, scenario: &'static Scenario, measured: Measured) {
        self.rows.push((scenario, measured));
    }

    /// Whether no operation went wrong.
    pub(crate) fn is_whole(&self) -> bool {
        self.rows.iter().all(|(_, measured)| measured.errors.is_empty())
    }

    /// What the bare handler and the signatures alone would cost, in milliseconds.
    fn floor(&self, floor: Floor) -> f64 {
        let bare = |wanted: fn(&Floor) -> u32| {
            let row = self.rows.iter().find(|(scenario, _)| scenario.asked == Asked::Bare && wanted(&scenario.floor) == 1);
            f64::from(wanted(&floor)) * row.map_or(f64::NAN, |(_, measured)| measured.cost())
        };
        let mut sum = 0.0;
        for wanted in [(|floor| floor.gets) as fn(&Floor) -> u32, |floor| floor.posts] {
            if wanted(&floor) > 0 {
                sum += bare(wanted);
            }
        }
        sum + floor.signatures.iter().map(|signature| milliseconds(self.signatures.of(*signature))).sum::<f64>()
    }

    fn row(&self, scenario: &Scenario, measured: &Measured) -> String {
        let comparison = match scenario.against {
            Against::Floor { aimed } => {
                let floor = self.floor(scenario.floor);
                let multiple = measured.cost() / floor;
                format!("{floor:.3} | {multiple:.1} | {}", verdict(measured, aimed.then_some(multiple <= AIM)))
            }
            _ => " | | ".to_owned(),
        };
        format!("{} | {comparison} |", figures(scenario.name, measured))
    }

    /// A row of the application's table.
    fn row_of_application(&self, scenario: &Scenario, measured: &Measured, engines: Engines) -> String {
        let comparison = match scenario.against {
            Against::Rate { of, aim } => {
                let beside = self.rows.iter().find(|(other, _)| other.name == of).map_or(f64::NAN, |(_, beside)| beside.rate());
                let (share, aim) = (measured.rate() / beside, aim(engines));
                let said = aim.map(|aim| format!("{aim:.1} ")).unwrap_or_default();
                format!("{of} | {share:.2} | {said}{}", verdict(measured, aim.map(|aim| share >= aim)))
            }
            _ => " | | ".to_owned(),
        };
        format!("{} | {comparison} |", figures(scenario.name, measured))
    }

    fn of_provider(&self) -> Vec<String> {
        let shown = |scenario: &Scenario| matches!(scenario.against, Against::Floor { .. }) || is_beside(scenario);
        let any = self.rows.iter().any(|(scenario, _)| matches!(scenario.against, Against::Floor { .. }));
        let rows = self.rows.iter().filter(|(scenario, _)| any && shown(scenario) && scenario.floor_is_used());
        rows.map(|(scenario, measured)| self.row(scenario, measured)).collect()
    }

    fn of_application(&self, engines: Engines) -> Vec<String> {
        let is_of_application = |scenario: &Scenario| matches!(scenario.against, Against::Rate { .. } | Against::Alone);
        let any = self.rows.iter().any(|(scenario, _)| is_of_application(scenario));
        let beside: Vec<&str> = self.rows.iter().filter_map(|(scenario, _)| scenario.beside()).collect();
        let shown = |scenario: &Scenario| is_of_application(scenario) || beside.contains(&scenario.name);
        let rows = self.rows.iter().filter(|(scenario, _)| any && shown(scenario));
        rows.map(|(scenario, measured)| self.row_of_application(scenario, measured, engines)).collect()
    }

    /// The table, and what it says of itself.
    pub(crate) fn print(&self, plan: &Plan) -> String {
        let mut text = format!("\n{}\n", heading(plan));
        let provider = self.of_provider();
        if !provider.is_empty() {
            text.push_str(
                "\n| scenario | operations/s | CPU ms | p50 ms | p99 ms | errors | floor, CPU ms | times the floor | aim: 4.0 |\n\
                 | --- | --: | --: | --: | --: | --: | --: | --: | --- |\n",
            );
            text.push_str(&(provider.join("\n") + "\n"));
            text.push_str("\nCPU is that of the server process for one operation, in user and system mode. ");
            text.push_str("The floor is what the bare handler needs for as many requests, and the signatures alone, in CPU ms: ");
            let alone =
                |signature: &Signature| format!("{} {:.3}", signature.name(), milliseconds(self.signatures.of(*signature)));
            let _ = writeln!(text, "{}.", Signature::ALL.iter().map(alone).collect::<Vec<_>>().join(", "));
        }
        let application = self.of_application(plan.engines);
        if !application.is_empty() {
            text.push_str(
                "\n| the application | operations/s | CPU ms | p50 ms | p99 ms | errors | beside | share of its rate | aim |\n\
                 | --- | --: | --: | --: | --: | --: | --- | --: | --- |\n",
            );
            text.push_str(&(application.join("\n") + "\n"));
            text.push_str("\nThe application is a process of its own, and its provider another; CPU is the application's alone, or where it is said both.\n");
        }
        text
    }
}

impl Scenario {
    fn beside(&self) -> Option<&'static str> {
        if let Against::Rate { of, .. } = self.against { Some(of) } else { None }
    }

    /// Whether other rows have it in their floor, or it has one itself.
    fn floor_is_used(&self) -> bool {
        self.floor.gets + self.floor.posts > 0
    }
}

fn is_beside(scenario: &Scenario) -> bool {
    scenario.asked == Asked::Bare
}

/// What every table tells of a row.
pub(crate) fn figures(what: &str, measured: &Measured) -> String {
    let (rate, cost) = (measured.rate(), measured.cost());
    let (p50, p99) = (measured.percentile(50), measured.percentile(99));
    format!("| {what} | {rate:.0} | {cost:.3} | {p50:.2} | {p99:.2} | {}", measured.errors.len())
}

/// What came of an aim, where there is one.
fn verdict(measured: &Measured, reached: Option<bool>) -> &'static str {
    match reached {
        _ if !measured.errors.is_empty() => "failed",
        Some(true) => "met",
        Some(false) => "missed",
        None => "none",
    }
}

/// What was measured where, and how.
fn heading(plan: &Plan) -> String {
    let engines = match plan.engines {
        Engines::Embedded => "all embedded",
        Engines::PostgresRedis => "on PostgreSQL and Redis, whose CPU is not counted",
    };
    let command = match plan.engines {
        Engines::Embedded => "make bench",
        Engines::PostgresRedis => "make bench ENGINES=postgres-redis",
    };
    let (cores, seconds, warm_up) = (cores::described(), plan.seconds.as_secs_f64(), plan.warm_up.as_secs_f64());
    format!(
        "Printed by `{command}` on {cores}, which server and load share; {engines}, one process; {} connections with \
         keep-alive, {seconds} s for each scenario after {warm_up} s of warm-up.",
        plan.connections
    )
}
