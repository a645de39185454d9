//! Those who work until the signal to stop: none of them may end before it unnoticed.

use std::collections::HashMap;
use std::time::Duration;

use tokio::task::{Id, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::Failure;

type Ended = Result<(Id, Result<(), String>), JoinError>;

/// The parts of a running process.
#[derive(Default)]
pub struct Crew {
    tasks: JoinSet<Result<(), String>>,
    names: HashMap<Id, &'static str>,
    stop: CancellationToken,
}

impl Crew {
    /// What tells everybody to stop.
    pub fn stop(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Sets `work` going; it should end only after [`Crew::stop`], and says why where it does not.
    pub fn add(&mut self, name: &'static str, work: impl Future<Output = Result<(), String>> + Send + 'static) {
        let id = self.tasks.spawn(work).id();
        self.names.insert(id, name);
    }

    /// Waits for `signal`, or for the first who ends without it; then tells everybody to stop.
    ///
    /// # Errors
    /// [`Failure::Ended`] names who ended by itself or panicked.
    pub async fn until(&mut self, signal: impl Future<Output = ()>) -> Result<(), Failure> {
        let ended = tokio::select! {
            () = signal => None,
            Some(ended) = self.tasks.join_next_with_id() => Some(self.failure(ended)),
        };
        self.stop.cancel();
        ended.map_or(Ok(()), Err)
    }

    fn failure(&self, ended: Ended) -> Failure {
        let (id, reason) = match ended {
            Ok((id, Ok(()))) => (id, "it had nothing more to do".to_owned()),
            Ok((id, Err(reason))) => (id, reason),
            Err(error) => (error.id(), "it panicked".to_owned()),
        };
        Failure::Ended { what: self.names.get(&id).copied().unwrap_or("process"), reason }
    }

    /// Waits until all have stopped: at most `grace`, and no longer than until `again`, a second signal. False where some
    /// were left behind.
    pub async fn finish(&mut self, grace: Duration, again: impl Future<Output = ()>) -> bool {
        let done = async { while self.tasks.join_next().await.is_some() {} };
        tokio::select! {
            finished = tokio::time::timeout(grace, done) => finished.is_ok(),
            () = again => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::{pending, ready};

    fn crew() -> Crew {
        let mut crew = Crew::default();
        let stop = crew.stop();
        crew.add("application", async move {
            stop.cancelled().await;
            Ok(())
        });
        crew
    }

    #[tokio::test]
    async fn who_ends_before_the_signal_is_named_and_stops_all() {
        let mut crew = crew();
        crew.add("worker", ready(Err("the socket closed".to_owned())));
        let failure = crew.until(pending()).await.unwrap_err().to_string();
        assert!(failure.contains("the worker ended by itself: the socket closed"), "{failure}");
        assert!(crew.finish(Duration::from_secs(20), pending()).await, "the others were told to stop");
    }

    #[tokio::test]
    async fn who_panics_is_named() {
        let mut crew = crew();
        crew.add("pruner", async { panic!("a test panics") });
        let failure = crew.until(pending()).await.unwrap_err().to_string();
        assert!(failure.contains("the pruner ended by itself: it panicked"), "{failure}");
    }

    #[tokio::test]
    async fn a_signal_stops_all_and_a_second_one_waits_for_nobody() {
        let mut crew = crew();
        assert!(crew.until(ready(())).await.is_ok());
        assert!(crew.finish(Duration::from_secs(20), pending()).await);
        crew.add("listener", pending());
        assert!(!crew.finish(Duration::from_secs(3600), ready(())).await);
    }
}
