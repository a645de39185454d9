//! What was read over one connection whose reads Redis keeps track of, for as long as it is known to be true.
//!
//! Redis tells the connection of every record that was read over it and changes afterwards. A record may change between its
//! reading and its keeping, so that each reading has a number: what was told meanwhile strikes the number out, and what comes of
//! such a reading is not kept. What is told comes in the order in which it happened, and the answer to a ping behind it: who has
//! the answer knows that all was told that had happened when the ping was sent.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use moka::sync::Cache;
use tokio::time::Instant;

/// How many bytes are kept, keys and what each record needs besides included.
const MOST_BYTES: u64 = 32 * 1024 * 1024;

/// What a record needs besides its bytes and its key, roughly: it bounds their number as well.
const BESIDES: usize = 256;

/// For how long after it was known to be true something may be answered, whatever happens to the network.
pub(super) const TRUST: Duration = Duration::from_secs(1);

/// Records as Redis has them, by their whole keys.
pub(super) struct Kept {
    records: Cache<String, Bytes>,
    readings: Mutex<Readings>,
    began: Instant,
    /// In milliseconds since `began`, and one more: nothing is known to be true at zero.
    true_at: AtomicU64,
    over: AtomicBool,
}

#[derive(Default)]
struct Readings {
    last: u64,
    under_way: HashMap<String, u64>,
}

/// A reading that is under way.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) key: String,
    number: u64,
}

impl Kept {
    /// Keeps nothing yet.
    pub(super) fn new() -> Self {
        Self::of_at_most(MOST_BYTES)
    }

    fn of_at_most(bytes: u64) -> Self {
        let weight = |key: &String, record: &Bytes| u32::try_from(key.len() + record.len() + BESIDES).unwrap_or(u32::MAX);
        Self {
            records: Cache::builder().max_capacity(bytes).weigher(weight).build(),
            readings: Mutex::default(),
            began: Instant::now(),
            true_at: AtomicU64::new(0),
            over: AtomicBool::new(false),
        }
    }

    /// The record under `key`, if it is kept and was true less than [`TRUST`] ago.
    pub(super) fn get(&self, key: &str) -> Option<Bytes> {
        if self.is_trusted(Instant::now()) { self.records.get(key) } else { None }
    }

    /// Whether what is kept was true less than [`TRUST`] before `now`.
    fn is_trusted(&self, now: Instant) -> bool {
        let Some(true_at) = self.true_at.load(Ordering::Acquire).checked_sub(1) else { return false };
        !self.over.load(Ordering::Acquire) && now < self.began + Duration::from_millis(true_at) + TRUST
    }

    /// Notes that all was told that had happened at `instant`.
    pub(super) fn is_true_at(&self, instant: Instant) {
        let since = u64::try_from(instant.saturating_duration_since(self.began).as_millis()).unwrap_or(u64::MAX - 1);
        self.true_at.fetch_max(since + 1, Ordering::AcqRel);
    }

    /// Begins to read the record under `key`; nothing where somebody reads it already, or nobody is told any more.
    pub(super) fn read(&self, key: &str) -> Option<Reading> {
        let mut readings = self.readings();
        if self.over.load(Ordering::Acquire) || readings.under_way.contains_key(key) {
            return None;
        }
        readings.last += 1;
        let number = readings.last;
        readings.under_way.insert(key.to_owned(), number);
        Some(Reading { key: key.to_owned(), number })
    }

    /// Ends a reading; its record is kept, unless there is none or it was told meanwhile that it changed.
    pub(super) fn keep(&self, reading: Reading, record: Option<Bytes>) {
        let mut readings = self.readings();
        if readings.under_way.get(&reading.key) != Some(&reading.number) {
            return;
        }
        readings.under_way.remove(&reading.key);
        if let Some(record) = record {
            // Still under the lock: what is told now comes after it.
            self.records.insert(reading.key, record);
        }
    }

    /// What is under `key` may have changed.
    pub(super) fn forget(&self, key: &str) {
        let mut readings = self.readings();
        readings.under_way.remove(key);
        self.records.invalidate(key);
    }

    /// Everything may have changed.
    pub(super) fn forget_all(&self) {
        let mut readings = self.readings();
        readings.under_way.clear();
        // One by one, for `invalidate_all` compares instants, and two things may have the same.
        let keys: Vec<_> = self.records.iter().map(|(key, _)| key).collect();
        for key in keys {
            self.records.invalidate(key.as_ref());
        }
    }

    /// Nobody tells any more what changes: nothing is answered from here again.
    pub(super) fn end(&self) {
        self.over.store(true, Ordering::Release);
        self.forget_all();
    }

    fn readings(&self) -> MutexGuard<'_, Readings> {
        self.readings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trusted() -> Kept {
        let kept = Kept::new();
        kept.is_true_at(Instant::now());
        kept
    }

    fn record(text: &'static str) -> Bytes {
        Bytes::from_static(text.as_bytes())
    }

    #[test]
    fn what_was_read_is_kept_until_it_is_told_that_it_changed() {
        let kept = trusted();
        let reading = kept.read("key").unwrap();
        assert_eq!(kept.get("key"), None);
        kept.keep(reading, Some(record("old")));
        assert_eq!(kept.get("key"), Some(record("old")));
        kept.forget("key");
        assert_eq!(kept.get("key"), None);
    }

    #[test]
    fn a_reading_that_was_overtaken_by_a_change_is_not_kept() {
        let kept = trusted();
        let reading = kept.read("key").unwrap();
        kept.forget("key");
        kept.keep(reading, Some(record("old")));
        assert_eq!(kept.get("key"), None);
    }

    /// The first reading must not be taken for the second, which began after the change.
    #[test]
    fn a_reading_from_before_a_change_is_not_kept_for_one_from_after_it() {
        let kept = trusted();
        let before = kept.read("key").unwrap();
        kept.forget("key");
        let after = kept.read("key").unwrap();
        kept.keep(before, Some(record("old")));
        assert_eq!(kept.get("key"), None);
        kept.keep(after, Some(record("new")));
        assert_eq!(kept.get("key"), Some(record("new")));
    }

    #[test]
    fn of_many_one_reads_and_absence_is_not_kept() {
        let kept = trusted();
        let reading = kept.read("key").unwrap();
        assert!(kept.read("key").is_none());
        assert!(kept.read("other").is_some());
        kept.keep(reading, None);
        assert!(kept.read("key").is_some(), "it may be read again");
    }

    #[test]
    fn when_all_may_have_changed_nothing_is_left_and_what_is_under_way_is_not_kept() {
        let kept = trusted();
        for key in ["a", "b", "c"] {
            kept.keep(kept.read(key).unwrap(), Some(record("old")));
        }
        let reading = kept.read("d").unwrap();
        kept.forget_all();
        kept.keep(reading, Some(record("old")));
        for key in ["a", "b", "c", "d"] {
            assert_eq!(kept.get(key), None);
        }
        kept.keep(kept.read("a").unwrap(), Some(record("new")));
        assert_eq!(kept.get("a"), Some(record("new")));
    }

    /// A lost connection: nothing that was read over it is answered, whatever still comes of it.
    #[test]
    fn what_is_over_answers_nothing_more() {
        let kept = trusted();
        kept.keep(kept.read("key").unwrap(), Some(record("old")));
        let reading = kept.read("other").unwrap();
        kept.end();
        kept.keep(reading, Some(record("old")));
        kept.is_true_at(Instant::now());
        assert_eq!((kept.get("key"), kept.get("other")), (None, None));
        assert!(kept.read("key").is_none());
    }

    /// A line that is silent tells of no change either.
    #[test]
    fn what_is_kept_is_trusted_for_a_second() {
        let kept = Kept::new();
        let now = kept.began + Duration::from_secs(10);
        assert!(!kept.is_trusted(now), "nothing was told yet");
        kept.is_true_at(now);
        assert!(kept.is_trusted(now));
        assert!(kept.is_trusted(now + TRUST - Duration::from_millis(1)));
        assert!(!kept.is_trusted(now + TRUST));
        kept.is_true_at(now - TRUST);
        assert!(kept.is_trusted(now), "an answer that comes late takes nothing back");
    }

    #[test]
    fn it_keeps_no_more_than_it_may() {
        let kept = Kept::of_at_most(100_000);
        kept.is_true_at(Instant::now());
        for number in 0..1_000 {
            kept.keep(kept.read(&format!("key {number}")).unwrap(), Some(Bytes::from(vec![7; 2_000])));
        }
        kept.records.run_pending_tasks();
        assert!(kept.records.weighted_size() <= 100_000, "{}", kept.records.weighted_size());
        assert!(kept.records.entry_count() > 0);
        for number in 0..10_000 {
            kept.keep(kept.read(&format!("key {number}")).unwrap(), Some(Bytes::new()));
        }
        kept.records.run_pending_tasks();
        assert!(kept.records.entry_count() < 400, "empty records count as well: {}", kept.records.entry_count());
    }
}
