//! The rules, each a sentence; the port's documentation says why.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use cache::{Cache, Unavailable};
use jiff::SignedDuration;

use crate::subject::Subject;

const MINUTE: Duration = Duration::from_secs(60);

/// Runs fifty of the same at once; tells what each answered.
async fn fifty<T, F>(cache: &Arc<dyn Cache>, operation: impl Fn(Arc<dyn Cache>, usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = Result<T, Unavailable>> + Send + 'static,
{
    let running: Vec<_> = (0..50).map(|number| tokio::spawn(operation(cache.clone(), number))).collect();
    let mut answers = Vec::new();
    for one in running {
        answers.push(one.await.unwrap().unwrap());
    }
    answers
}

pub(crate) async fn what_was_never_written_is_absent(Subject { cache, .. }: Subject) {
    assert_eq!(cache.get("nothing").await.unwrap(), None);
    assert_eq!(cache.take("nothing").await.unwrap(), None);
}

pub(crate) async fn what_is_put_is_there(Subject { cache, .. }: Subject) {
    cache.put("session:1", b"value", MINUTE).await.unwrap();
    assert_eq!(cache.get("session:1").await.unwrap().as_deref(), Some(&b"value"[..]));
    assert_eq!(cache.get("session:1").await.unwrap().as_deref(), Some(&b"value"[..]), "reading takes nothing away");
}

pub(crate) async fn put_writes_over_what_was_there(Subject { cache, .. }: Subject) {
    cache.put("key", b"first", MINUTE).await.unwrap();
    cache.put("key", b"second", MINUTE).await.unwrap();
    assert_eq!(cache.get("key").await.unwrap().as_deref(), Some(&b"second"[..]));
}

pub(crate) async fn any_bytes_and_a_megabyte_come_back_unchanged(Subject { cache, .. }: Subject) {
    let every_byte: Vec<u8> = (0..=255).rev().collect();
    let megabyte: Vec<u8> = every_byte.iter().copied().cycle().take(1 << 20).collect();
    for value in [Vec::new(), vec![0], b"\0\r\n\xff".to_vec(), every_byte, megabyte] {
        cache.put("bytes", &value, MINUTE).await.unwrap();
        assert_eq!(cache.get("bytes").await.unwrap().as_deref(), Some(value.as_slice()));
        assert!(cache.replace("bytes", &value, b"other", MINUTE).await.unwrap());
        cache.remove("bytes").await.unwrap();
        assert!(cache.add("bytes", &value, MINUTE).await.unwrap());
        assert_eq!(cache.take("bytes").await.unwrap(), Some(value));
    }
}

pub(crate) async fn keys_do_not_touch_each_other(Subject { cache, .. }: Subject) {
    let keys = ["a", "A", "a:", "a:b", "ä", "a%", "a*", "a b"];
    for key in keys {
        assert!(cache.add(key, key.as_bytes(), MINUTE).await.unwrap(), "{key} was there already");
    }
    for key in keys {
        assert_eq!(cache.take(key).await.unwrap().as_deref(), Some(key.as_bytes()));
    }
}

pub(crate) async fn a_record_is_gone_at_its_last_instant(Subject { cache, clock, .. }: Subject) {
    cache.put("put", b"value", MINUTE).await.unwrap();
    assert!(cache.add("added", b"value", MINUTE).await.unwrap());
    clock.advance(SignedDuration::from_millis(59_999));
    assert!(cache.get("put").await.unwrap().is_some());
    assert!(cache.get("added").await.unwrap().is_some());
    assert!(!cache.add("put", b"other", MINUTE).await.unwrap());
    clock.advance(SignedDuration::from_millis(1));
    assert_eq!(cache.get("put").await.unwrap(), None);
    assert_eq!(cache.get("added").await.unwrap(), None);
}

pub(crate) async fn a_record_without_lifetime_is_never_there(Subject { cache, .. }: Subject) {
    cache.put("key", b"value", Duration::ZERO).await.unwrap();
    assert_eq!(cache.get("key").await.unwrap(), None);
}

pub(crate) async fn a_very_long_lifetime_is_no_overflow(Subject { cache, clock, .. }: Subject) {
    cache.put("put", b"value", Duration::MAX).await.unwrap();
    assert!(cache.add("added", b"value", Duration::MAX).await.unwrap());
    clock.advance(SignedDuration::from_hours(24 * 365));
    assert!(cache.get("put").await.unwrap().is_some());
    assert!(!cache.add("added", b"other", MINUTE).await.unwrap());
}

pub(crate) async fn put_begins_a_new_lifetime(Subject { cache, clock, .. }: Subject) {
    cache.put("key", b"value", MINUTE).await.unwrap();
    clock.advance(SignedDuration::from_secs(59));
    cache.put("key", b"value", MINUTE).await.unwrap();
    clock.advance(SignedDuration::from_secs(59));
    assert!(cache.get("key").await.unwrap().is_some());
}

pub(crate) async fn of_fifty_adds_one_wins(Subject { cache, .. }: Subject) {
    let won = fifty(&cache, |cache, number| async move {
        cache.add("key", number.to_string().as_bytes(), MINUTE).await.map(|won| won.then_some(number))
    });
    let winners: Vec<usize> = won.await.into_iter().flatten().collect();
    assert_eq!(winners.len(), 1, "winners: {winners:?}");
    assert_eq!(cache.get("key").await.unwrap().unwrap(), winners[0].to_string().as_bytes(), "what stands is the winner's");
}

pub(crate) async fn what_is_expired_may_be_added_again(Subject { cache, clock, .. }: Subject) {
    assert!(cache.add("key", b"first", MINUTE).await.unwrap());
    clock.advance(SignedDuration::from_secs(60));
    let won = fifty(&cache, |cache, _| async move { cache.add("key", b"second", MINUTE).await }).await;
    assert_eq!(won.into_iter().filter(|won| *won).count(), 1);
    assert_eq!(cache.get("key").await.unwrap().as_deref(), Some(&b"second"[..]));
}

pub(crate) async fn of_fifty_takes_one_gets_it(Subject { cache, .. }: Subject) {
    cache.put("key", b"value", MINUTE).await.unwrap();
    let taken = fifty(&cache, |cache, _| async move { cache.take("key").await }).await;
    assert_eq!(taken.into_iter().flatten().collect::<Vec<_>>(), [b"value"]);
    assert_eq!(cache.get("key").await.unwrap(), None);
}

pub(crate) async fn an_expired_record_cannot_be_taken(Subject { cache, clock, .. }: Subject) {
    cache.put("key", b"value", MINUTE).await.unwrap();
    clock.advance(SignedDuration::from_secs(60));
    assert_eq!(cache.take("key").await.unwrap(), None);
}

pub(crate) async fn of_fifty_replaces_one_wins(Subject { cache, .. }: Subject) {
    cache.put("key", b"old", MINUTE).await.unwrap();
    let won = fifty(&cache, |cache, number| async move {
        cache.replace("key", b"old", number.to_string().as_bytes(), MINUTE).await.map(|won| won.then_some(number))
    });
    let winners: Vec<usize> = won.await.into_iter().flatten().collect();
    assert_eq!(winners.len(), 1, "winners: {winners:?}");
    assert_eq!(cache.get("key").await.unwrap().unwrap(), winners[0].to_string().as_bytes());
}

pub(crate) async fn replace_needs_the_expected_value(Subject { cache, .. }: Subject) {
    cache.put("key", b"value", MINUTE).await.unwrap();
    for wrong in [&b""[..], b"valu", b"value\0", b"VALUE"] {
        assert!(!cache.replace("key", wrong, b"other", MINUTE).await.unwrap());
    }
    assert_eq!(cache.get("key").await.unwrap().as_deref(), Some(&b"value"[..]));
}

pub(crate) async fn replace_begins_a_new_lifetime(Subject { cache, clock, .. }: Subject) {
    cache.put("key", b"old", MINUTE).await.unwrap();
    clock.advance(SignedDuration::from_secs(59));
    assert!(cache.replace("key", b"old", b"new", MINUTE).await.unwrap());
    clock.advance(SignedDuration::from_secs(59));
    assert_eq!(cache.get("key").await.unwrap().as_deref(), Some(&b"new"[..]));
    clock.advance(SignedDuration::from_secs(1));
    assert_eq!(cache.get("key").await.unwrap(), None);
}

pub(crate) async fn replace_never_brings_back_what_was_removed(Subject { cache, .. }: Subject) {
    cache.put("key", b"value", MINUTE).await.unwrap();
    cache.remove("key").await.unwrap();
    let won = fifty(&cache, |cache, _| async move { cache.replace("key", b"value", b"again", MINUTE).await }).await;
    assert!(won.into_iter().all(|won| !won));
    assert!(!cache.replace("key", b"", b"again", MINUTE).await.unwrap());
    assert_eq!(cache.get("key").await.unwrap(), None);
}

pub(crate) async fn replace_never_brings_back_what_is_expired(Subject { cache, clock, .. }: Subject) {
    cache.put("key", b"value", MINUTE).await.unwrap();
    clock.advance(SignedDuration::from_secs(60));
    assert!(!cache.replace("key", b"value", b"again", MINUTE).await.unwrap());
    assert_eq!(cache.get("key").await.unwrap(), None);
}

pub(crate) async fn remove_removes_and_may_be_repeated(Subject { cache, .. }: Subject) {
    cache.put("key", b"value", MINUTE).await.unwrap();
    cache.remove("key").await.unwrap();
    cache.remove("key").await.unwrap();
    assert_eq!(cache.get("key").await.unwrap(), None);
    assert!(cache.add("key", b"new", MINUTE).await.unwrap());
}

pub(crate) async fn prune_leaves_what_lives(Subject { cache, clock, .. }: Subject) {
    for number in 0..20 {
        cache.put(&format!("short:{number}"), b"value", MINUTE).await.unwrap();
    }
    cache.put("long", b"value", MINUTE * 2).await.unwrap();
    clock.advance(SignedDuration::from_secs(60));
    let pruned = cache.prune().await.unwrap();
    assert!(pruned == 20 || pruned == 0, "pruned {pruned}: all that is expired, or none where the engine does it");
    assert_eq!(cache.prune().await.unwrap(), 0);
    assert_eq!(cache.get("long").await.unwrap().as_deref(), Some(&b"value"[..]));
}
