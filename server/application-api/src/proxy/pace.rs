//! Silence, measured: a call may take as long as it moves.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

/// Notes that something moved, and tells when nothing did for too long.
#[derive(Clone)]
pub(super) struct Pace {
    moved: Arc<watch::Sender<()>>,
    patience: Duration,
}

impl Pace {
    pub(super) fn new(patience: Duration) -> Self {
        Self { moved: Arc::new(watch::Sender::new(())), patience }
    }

    /// A part of the body went on.
    pub(super) fn moved(&self) {
        self.moved.send_replace(());
    }

    /// Waits for `work`, but not through a silence of more than the patience; none then.
    pub(super) async fn keep<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut moved = self.moved.subscribe();
        tokio::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return Some(done),
                again = tokio::time::timeout(self.patience, moved.changed()) => {
                    if again.is_err() {
                        return None;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// B21: a slow call that moves is waited for, a silent one is not.
    #[tokio::test(start_paused = true)]
    async fn what_moves_is_waited_for() {
        let pace = Pace::new(Duration::from_secs(10));
        let slow = async {
            for _ in 0..5 {
                tokio::time::sleep(Duration::from_secs(8)).await;
                pace.moved();
            }
            "done"
        };
        assert_eq!(pace.keep(slow).await, Some("done"));
        assert_eq!(pace.keep(tokio::time::sleep(Duration::from_secs(11))).await, None);
    }
}
