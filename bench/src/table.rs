//! The table, in Markdown, with what is needed to read it.

use std::fmt::Write as _;
use std::time::Duration;

use crate::load::Measured;
use crate::scenarios::{Asked, Floor, SCENARIOS, Scenario};
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
        let (rate, cost) = (measured.rate(), measured.cost());
        let (p50, p99) = (measured.percentile(50), measured.percentile(99));
        let comparison = if scenario.asked == Asked::Bare {
            " | | ".to_owned()
        } else {
            let floor = self.floor(scenario.floor);
            let multiple = cost / floor;
            let verdict = match (measured.errors.is_empty(), scenario.aimed, multiple <= AIM) {
                (false, ..) => "failed",
                (true, false, _) => "none",
                (true, true, true) => "met",
                (true, true, false) => "missed",
            };
            format!("{floor:.3} | {multiple:.1} | {verdict}")
        };
        let errors = measured.errors.len();
        format!("| {} | {rate:.0} | {cost:.3} | {p50:.2} | {p99:.2} | {errors} | {comparison} |", scenario.name)
    }

    /// The table, and what it says of itself.
    pub(crate) fn print(&self, plan: &Plan) -> String {
        let mut text = format!("\n{}\n\n", heading(plan));
        text.push_str(
            "| scenario | operations/s | CPU ms | p50 ms | p99 ms | errors | floor, CPU ms | times the floor | aim: 4.0 |\n",
        );
        text.push_str("| --- | --: | --: | --: | --: | --: | --: | --: | --- |\n");
        for (scenario, measured) in &self.rows {
            text.push_str(&self.row(scenario, measured));
            text.push('\n');
        }
        text.push_str("\nCPU is that of the server process for one operation, in user and system mode. ");
        text.push_str("The floor is what the bare handler needs for as many requests, and the signatures alone, in CPU ms: ");
        let alone = |signature: &Signature| format!("{} {:.3}", signature.name(), milliseconds(self.signatures.of(*signature)));
        let _ = write!(text, "{}.", Signature::ALL.iter().map(alone).collect::<Vec<_>>().join(", "));
        text
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
