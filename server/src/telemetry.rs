//! What leaves the `tracing` spans and events: log lines, and flows. What a span says of an exchange in a log line is its number;
//! secrets cannot be printed.

use std::io::IsTerminal as _;

use tracing_subscriber::filter::dynamic_filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

use crate::configuration::{Flow, Log, LogFormat};
use crate::flow::{self, Counts, Recorded, Recorder};
use crate::house::Nature;
use crate::{Configuration, Failure};

/// What is logged.
///
/// # Errors
/// [`Failure::Configuration`] where the filter does not parse.
pub fn filter(log: &Log) -> Result<EnvFilter, Failure> {
    EnvFilter::try_new(&log.filter).map_err(|error| Failure::Configuration(format!("log.filter: {error}")))
}

/// What comes of exchanges beside log lines.
#[derive(Debug)]
pub enum Outlet {
    /// Each, to be written into the book of flows.
    Recorded(Recorded),
    /// How many there were.
    Counted(Counts),
    /// Nothing.
    None,
}

/// Starts logging to standard error, so that standard output stays the banner's and the commands', and listening to exchanges.
///
/// # Errors
/// [`Failure::Configuration`] where the filter does not parse.
pub fn start(configuration: &Configuration, nature: &Nature) -> Result<Outlet, Failure> {
    let log = &configuration.log;
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match log.format {
        LogFormat::Text => lines.with_ansi(std::io::stderr().is_terminal()).boxed(),
        LogFormat::Json => lines.json().boxed(),
    };
    let (outlet, listens) = match configuration.flow() {
        Flow::Recorded => {
            let (listener, recorded) = flow::recorder(nature.clock.clone());
            (
                Outlet::Recorded(recorded),
                Some(listener.with_filter(dynamic_filter_fn(|metadata, _| Recorder::hears(metadata))).boxed()),
            )
        }
        Flow::Counted => {
            let counts = Counts::default();
            let spans = dynamic_filter_fn(|metadata, _| metadata.is_span() && Recorder::hears(metadata));
            (Outlet::Counted(counts.clone()), Some(counts.with_filter(spans).boxed()))
        }
        Flow::Off => (Outlet::None, None),
    };
    let started = tracing_subscriber::registry().with(lines.with_filter(filter(log)?)).with(listens).try_init();
    started.map_err(|error| Failure::Command(format!("logging could not be started: {error}")))?;
    Ok(outlet)
}
