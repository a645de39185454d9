//! The load: each connection asks again as soon as it has its answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tokio::task::JoinSet;

use crate::Plan;
use crate::failure::Failure;
use crate::process::Process;

/// Who asks over one connection.
#[async_trait]
pub(crate) trait Visitor: Send {
    /// Does the operation once more, and judges its answer.
    async fn visit(&mut self) -> Result<(), Failure>;
}

/// What came of a scenario.
pub(crate) struct Measured {
    operations: u32,
    took: Duration,
    processor: Duration,
    /// The shortest first.
    latencies: Vec<Duration>,
    /// A connection that meets one asks no more.
    pub(crate) errors: Vec<Failure>,
}

impl Measured {
    /// How many operations in a second.
    pub(crate) fn rate(&self) -> f64 {
        f64::from(self.operations) / self.took.as_secs_f64()
    }

    /// The processor time of the server for one operation, in milliseconds.
    pub(crate) fn cost(&self) -> f64 {
        self.processor.as_secs_f64() * 1000.0 / f64::from(self.operations.max(1))
    }

    /// The latency that `percent` of the operations do not exceed, in milliseconds.
    pub(crate) fn percentile(&self, percent: usize) -> f64 {
        let last = self.latencies.len().saturating_sub(1);
        self.latencies.get(last * percent / 100).map_or(f64::NAN, |latency| latency.as_secs_f64() * 1000.0)
    }
}

/// Lets the visitors ask, and measures `processes` together once they are warm.
pub(crate) async fn drive(visitors: Vec<Box<dyn Visitor>>, processes: &[&Process], plan: &Plan) -> Result<Measured, Failure> {
    let warm = Instant::now() + plan.warm_up;
    let until = warm + plan.seconds;
    let count = Arc::new(AtomicU32::new(0));
    let mut asking = JoinSet::new();
    for visitor in visitors {
        asking.spawn(ask(visitor, Arc::clone(&count), warm, until));
    }
    let look = |moment: Instant| {
        let count = &count;
        async move {
            tokio::time::sleep_until(moment.into()).await;
            Ok::<_, Failure>((Instant::now(), count.load(Ordering::Relaxed), Process::together(processes)?))
        }
    };
    let (began, before, idle) = look(warm).await?;
    let (ended, after, busy) = look(until).await?;
    let (mut latencies, mut errors) = (Vec::new(), Vec::new());
    while let Some(Ok((some, error))) = asking.join_next().await {
        latencies.extend(some);
        errors.extend(error);
    }
    latencies.sort_unstable();
    let (operations, took, processor) = (after - before, ended - began, busy.saturating_sub(idle));
    Ok(Measured { operations, took, processor, latencies, errors })
}

async fn ask(
    mut visitor: Box<dyn Visitor>,
    count: Arc<AtomicU32>,
    warm: Instant,
    until: Instant,
) -> (Vec<Duration>, Option<Failure>) {
    let mut latencies = Vec::new();
    loop {
        let began = Instant::now();
        if began >= until {
            return (latencies, None);
        }
        if let Err(failure) = visitor.visit().await {
            return (latencies, Some(failure));
        }
        count.fetch_add(1, Ordering::Relaxed);
        if began >= warm {
            latencies.push(began.elapsed());
        }
    }
}
