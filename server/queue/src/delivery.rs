//! How events are handed out: how many at once, for how long, and when again after a failure.

use std::time::Duration;

/// The figures of a worker. The defaults are for production; tests use milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// When a failed event is tried again.
    pub retry: RetryPolicy,
    /// How long an event waits while what handles it is away: from the first, the longer the longer, up to the second. It is tried
    /// for as long as that takes.
    pub outage: (Duration, Duration),
    /// How many events one worker handles at the same time.
    pub at_once: usize,
    /// How long an event is lent to a worker before another may have it; renewed every third of it while the worker lives.
    /// So the events of a worker that was killed are handed out again this much later at the latest.
    pub lease: Duration,
    /// How long a handler may take over one event before that counts as a failure.
    pub time_limit: Duration,
    /// How often an idle worker looks for events that other processes pushed; it hears at once of its own process's.
    pub poll: Duration,
}

impl Default for Delivery {
    fn default() -> Self {
        Self {
            retry: RetryPolicy::default(),
            outage: (Duration::from_secs(1), Duration::from_secs(15)),
            at_once: 8,
            lease: Duration::from_secs(10),
            time_limit: Duration::from_secs(60),
            poll: Duration::from_millis(150),
        }
    }
}

/// How long to wait after each failed attempt; after the last one the event becomes a dead letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryPolicy(Vec<Duration>);

impl RetryPolicy {
    /// Waits these times, one after each failed attempt, so that there is one attempt more than there are waits.
    pub fn after(waits: impl IntoIterator<Item = Duration>) -> Self {
        Self(waits.into_iter().collect())
    }

    /// How often an event is tried at the most.
    pub fn attempts(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(u32::MAX).saturating_add(1)
    }

    /// How long to wait when the attempt of this number (the first is 1) has failed; nothing where it was the last.
    pub fn wait_after(&self, attempt: u32) -> Option<Duration> {
        let index = usize::try_from(attempt.saturating_sub(1)).ok()?;
        self.0.get(index).copied()
    }
}

impl Default for RetryPolicy {
    /// Six attempts within some six and a half minutes: after 1 s, 4 s, 15 s, 1 min and 5 min.
    fn default() -> Self {
        Self::after([1, 4, 15, 60, 300].map(Duration::from_secs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_is_longer_than_the_one_before_and_the_sixth_attempt_is_the_last() {
        let policy = RetryPolicy::default();
        let waits: Vec<_> = (1..=policy.attempts()).map_while(|attempt| policy.wait_after(attempt)).collect();
        assert_eq!(waits.len(), 5);
        assert!(waits.is_sorted_by(|earlier, later| earlier < later));
        assert_eq!(policy.wait_after(6), None);
    }
}
