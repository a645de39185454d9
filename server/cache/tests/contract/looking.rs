//! Looking: as good as asking, but for what was written elsewhere a moment ago.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use cache::Cache;
use jiff::SignedDuration;

use crate::subject::Subject;

const MINUTE: Duration = Duration::from_secs(60);

/// As long as news may take to arrive (B16, B18), and something for a busy machine.
const SOON: Duration = Duration::from_secs(3);

/// Looks until it sees `expected`.
pub(crate) async fn until_seen(cache: &dyn Cache, key: &str, expected: Option<&'static str>) {
    let expected = expected.map(Bytes::from);
    let looking = async {
        while cache.look(key).await.unwrap() != expected {
            tokio::task::yield_now().await;
        }
    };
    let seen = tokio::time::timeout(SOON, looking).await;
    assert!(seen.is_ok(), "{key} is not {expected:?} within {SOON:?}");
}

/// Looks until what an adapter may keep near is there.
pub(crate) async fn look_often(cache: &dyn Cache, key: &str, expected: &str) {
    for _ in 0..50 {
        assert_eq!(cache.look(key).await.unwrap().as_deref(), Some(expected.as_bytes()));
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

pub(crate) async fn a_look_finds_what_a_question_finds(Subject { cache, .. }: Subject) {
    assert_eq!(cache.look("key").await.unwrap(), None);
    for value in [Vec::new(), b"\0\r\n\xff".to_vec(), vec![7; 1 << 20]] {
        cache.put("key", &value, MINUTE).await.unwrap();
        for _ in 0..20 {
            assert_eq!(cache.look("key").await.unwrap(), cache.get("key").await.unwrap().map(Bytes::from));
        }
    }
}

/// Every write is seen by the next look of the same handle, whatever was kept near before it.
pub(crate) async fn what_is_written_from_here_is_looked_at_at_once(Subject { cache, .. }: Subject) {
    let seen = async |expected: Option<&'static str>| {
        for _ in 0..20 {
            assert_eq!(cache.look("key").await.unwrap(), expected.map(Bytes::from));
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
        assert_eq!(cache.look("key").await.unwrap(), expected.map(Bytes::from));
    };
    for _ in 0..20 {
        cache.put("key", b"put", MINUTE).await.unwrap();
        seen(Some("put")).await;
        assert!(cache.replace("key", b"put", b"replaced", MINUTE).await.unwrap());
        seen(Some("replaced")).await;
        assert!(!cache.replace("key", b"put", b"other", MINUTE).await.unwrap());
        assert!(!cache.add("key", b"other", MINUTE).await.unwrap());
        seen(Some("replaced")).await;
        assert!(cache.take("key").await.unwrap().is_some());
        seen(None).await;
        assert!(cache.add("key", b"added", MINUTE).await.unwrap());
        seen(Some("added")).await;
        cache.remove("key").await.unwrap();
        seen(None).await;
    }
}

/// B16, B17: a session that ends on another replica ends here.
pub(crate) async fn what_another_handle_writes_is_looked_at_soon(Subject { cache, other, .. }: Subject) {
    for _ in 0..10 {
        other.put("key", b"put", MINUTE).await.unwrap();
        until_seen(&*cache, "key", Some("put")).await;
        look_often(&*cache, "key", "put").await;
        assert!(other.replace("key", b"put", b"replaced", MINUTE).await.unwrap());
        until_seen(&*cache, "key", Some("replaced")).await;
        look_often(&*cache, "key", "replaced").await;
        assert!(other.take("key").await.unwrap().is_some());
        until_seen(&*cache, "key", None).await;
        assert!(other.add("key", b"added", MINUTE).await.unwrap());
        until_seen(&*cache, "key", Some("added")).await;
        look_often(&*cache, "key", "added").await;
        other.remove("key").await.unwrap();
        until_seen(&*cache, "key", None).await;
    }
}

/// B15: what is kept near ends when the record does.
pub(crate) async fn a_look_ends_at_the_last_instant_of_a_record(Subject { cache, clock, .. }: Subject) {
    cache.put("key", b"value", MINUTE).await.unwrap();
    look_often(&*cache, "key", "value").await;
    clock.advance(SignedDuration::from_millis(59_999));
    assert!(cache.look("key").await.unwrap().is_some());
    clock.advance(SignedDuration::from_millis(1));
    assert_eq!(cache.look("key").await.unwrap(), None);
}

/// What is kept near is expired, and nobody has told yet that it lives longer: that is no reason to call it gone.
pub(crate) async fn a_look_may_see_a_longer_lifetime_given_elsewhere(Subject { cache, other, clock, .. }: Subject) {
    for _ in 0..20 {
        cache.put("key", b"value", MINUTE).await.unwrap();
        look_often(&*cache, "key", "value").await;
        clock.advance(SignedDuration::from_secs(59));
        assert!(other.replace("key", b"value", b"value", MINUTE).await.unwrap());
        clock.advance(SignedDuration::from_secs(1));
        assert_eq!(cache.look("key").await.unwrap().as_deref(), Some(&b"value"[..]));
    }
}

/// A look that races with a write keeps nothing that is no longer so.
pub(crate) async fn whoever_looks_while_others_write_ends_with_what_was_written_last(Subject { cache, other, .. }: Subject) {
    let writing = Arc::new(AtomicBool::new(true));
    let keys = ["a", "b", "c"];
    let look = |cache: Arc<dyn Cache>| {
        let writing = Arc::clone(&writing);
        tokio::spawn(async move {
            while writing.load(Ordering::SeqCst) {
                for key in keys {
                    cache.look(key).await.unwrap();
                }
                tokio::task::yield_now().await;
            }
        })
    };
    let lookers: Vec<_> = (0..4).map(|_| look(Arc::clone(&cache))).collect();
    for round in 0..200_u32 {
        for key in keys {
            other.put(key, &round.to_be_bytes(), MINUTE).await.unwrap();
        }
        if round % 7 == 0 {
            other.remove("b").await.unwrap();
        }
    }
    other.remove("c").await.unwrap();
    writing.store(false, Ordering::SeqCst);
    for looker in lookers {
        looker.await.unwrap();
    }
    tokio::time::sleep(Duration::from_millis(1)).await;
    let settled = async {
        loop {
            let seen = (cache.look("a").await.unwrap(), cache.look("b").await.unwrap(), cache.look("c").await.unwrap());
            let last = Some(Bytes::copy_from_slice(&199_u32.to_be_bytes()));
            if seen == (last.clone(), last, None) {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, settled).await.expect("something old is kept");
}
