//! What `make bench` runs: it starts a release build of Cloakroom, asks it over HTTP, and prints what an operation costs.
//!
//! A benchmark, not a test: a figure passes or fails nothing, only an operation that goes wrong does. The scenarios are a table,
//! a file each (`scenarios`).

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, ValueEnum};

mod application;
mod authorization;
mod bare;
mod browser;
mod connection;
mod cores;
mod failure;
mod guest;
mod house;
mod jar;
mod load;
mod peer;
mod process;
mod run;
mod scenarios;
mod sessions;
mod signature;
mod stampede;
mod table;

use failure::Failure;

/// The server's, so that the bare handler beside it is built alike.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[derive(Parser)]
enum Command {
    /// Measures, and prints a table.
    Run(Plan),
    /// Serves the bare handler until its input ends; `run` starts it.
    #[command(hide = true)]
    Bare,
}

/// What is measured, and for how long.
#[derive(clap::Args)]
struct Plan {
    /// The release build.
    #[arg(long, value_name = "FILE")]
    server: PathBuf,
    /// What the server keeps its records in.
    #[arg(long, value_enum, default_value = "embedded")]
    engines: Engines,
    /// For how long each scenario is measured.
    #[arg(long, default_value = "5", value_parser = seconds)]
    seconds: Duration,
    /// For how long it runs before.
    #[arg(long, default_value = "1", value_parser = seconds)]
    warm_up: Duration,
    /// How many connections ask at once.
    #[arg(long, default_value = "8")]
    connections: usize,
    /// Up to how many sessions the memory that they need is measured.
    #[arg(long, default_value = "100000")]
    sessions: u32,
    /// Measures express-openid-connect as well, which is installed in this directory.
    #[arg(long, value_name = "DIRECTORY")]
    peers: Option<PathBuf>,
    /// Only scenarios whose name holds one of these.
    words: Vec<String>,
}

impl Plan {
    /// Whether what is called `name` is among what is asked for.
    fn measures(&self, name: &str) -> bool {
        self.words.is_empty() || self.words.iter().any(|word| name.contains(&word.to_lowercase()))
    }
}

/// A set of engines.
#[derive(Clone, Copy, ValueEnum)]
enum Engines {
    /// SQLite files in a directory of its own.
    Embedded,
    /// Those of `CLOAKROOM_TEST_POSTGRES` and `CLOAKROOM_TEST_REDIS`, which `tools/services.sh` starts.
    PostgresRedis,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "it must be a number of seconds".to_owned())?;
    let duration = Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())?;
    if duration.is_zero() { Err("it must be longer than nothing".to_owned()) } else { Ok(duration) }
}

fn main() -> ExitCode {
    match start(&Command::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("bench: {failure}");
            ExitCode::from(2)
        }
    }
}

/// False where an operation went wrong.
fn start(command: &Command) -> Result<bool, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::io("no runtime"))?;
    runtime.block_on(async {
        match command {
            Command::Bare => bare::serve().await.map(|()| true),
            Command::Run(plan) => tokio::select! {
                outcome = run::run(plan) => outcome,
                _ = tokio::signal::ctrl_c() => Err(Failure::Interrupted),
            },
        }
    })
}
