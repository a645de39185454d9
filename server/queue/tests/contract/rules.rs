//! The rules, each a sentence; the port's documentation says why.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use queue::{Delivery, HandlerError};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use uuid::Uuid;

use crate::subject::{Subject, Worker, drained, event, failing, probe, retrying, soon, succeeding};

pub(crate) async fn a_pushed_event_is_handled_as_it_was_pushed_and_then_gone(subject: Subject) {
    let queue = subject.open(Delivery::default()).await;
    queue.push(&event(1)).await.unwrap();
    assert_eq!(queue.depth().await.unwrap(), 1);
    let (handler, mut handed) = succeeding();
    let worker = Worker::start(&queue, handler);
    assert_eq!(soon(handed.recv()).await.unwrap(), event(1));
    worker.end().await;
    assert_eq!(queue.depth().await.unwrap(), 0);
    assert_eq!(queue.dead_letters(10).await.unwrap(), []);
    assert!(handed.try_recv().is_err(), "handled once");
}

pub(crate) async fn an_event_that_is_there_already_is_not_doubled(subject: Subject) {
    let queue = subject.open(Delivery::default()).await;
    queue.push(&event(1)).await.unwrap();
    queue.push(&event(1)).await.unwrap();
    assert_eq!(queue.depth().await.unwrap(), 1);
}

pub(crate) async fn depth_counts_what_waits_and_what_is_in_hand(subject: Subject) {
    let queue = subject.open(Delivery { at_once: 1, ..Delivery::default() }).await;
    assert_eq!(queue.depth().await.unwrap(), 0);
    let gate = Arc::new(Semaphore::new(0));
    let held = gate.clone();
    let (handler, mut handed) = probe(move |_| {
        let held = held.clone();
        async move {
            held.acquire().await.unwrap().forget();
            Ok(())
        }
    });
    for number in 1..=3 {
        queue.push(&event(number)).await.unwrap();
    }
    let worker = Worker::start(&queue, handler);
    soon(handed.recv()).await.unwrap();
    assert_eq!(queue.depth().await.unwrap(), 3);
    gate.add_permits(1);
    soon(handed.recv()).await.unwrap();
    assert_eq!(queue.depth().await.unwrap(), 2);
    gate.add_permits(2);
    drained(&queue).await;
    worker.end().await;
}

pub(crate) async fn an_idle_worker_hears_at_once_of_its_own_process(subject: Subject) {
    let queue = subject.open(Delivery { poll: Duration::from_secs(3_600), ..Delivery::default() }).await;
    let (handler, mut handed) = succeeding();
    let worker = Worker::start(&queue, handler);
    for number in 1..=5 {
        queue.push(&event(number)).await.unwrap();
        assert_eq!(soon(handed.recv()).await.unwrap(), event(number));
        drained(&queue).await;
    }
    worker.end().await;
}

pub(crate) async fn an_idle_worker_finds_the_events_of_other_processes(subject: Subject) {
    let (ours, theirs) = (subject.open(Delivery::default()).await, subject.open(Delivery::default()).await);
    let (handler, mut handed) = succeeding();
    let worker = Worker::start(&ours, handler);
    let mut quickest = Duration::MAX;
    for number in 1..=5 {
        let pushed = Instant::now();
        theirs.push(&event(number)).await.unwrap();
        assert_eq!(soon(handed.recv()).await.unwrap(), event(number));
        quickest = quickest.min(pushed.elapsed());
        drained(&ours).await;
    }
    assert!(quickest < Duration::from_millis(400), "{quickest:?}");
    worker.end().await;
}

pub(crate) async fn what_was_pushed_before_a_restart_is_handled_after_it(subject: Subject) {
    let before = subject.open(Delivery::default()).await;
    for number in 1..=20 {
        before.push(&event(number)).await.unwrap();
    }
    drop(before);
    let after = subject.open(Delivery::default()).await;
    let (handler, mut handed) = succeeding();
    let worker = Worker::start(&after, handler);
    let mut seen = BTreeSet::new();
    while seen.len() < 20 {
        seen.insert(soon(handed.recv()).await.unwrap().id);
    }
    worker.end().await;
    assert_eq!(after.depth().await.unwrap(), 0);
}

pub(crate) async fn a_dead_workers_event_is_handed_to_another(subject: Subject) {
    let delivery = Delivery { lease: Duration::from_millis(300), ..Delivery::default() };
    let queue = subject.open(delivery.clone()).await;
    queue.push(&event(1)).await.unwrap();
    let (stuck, mut handed) = probe(|_| std::future::pending());
    let worker = Worker::start(&queue, stuck);
    soon(handed.recv()).await.unwrap();
    worker.crash().await;
    drop(queue);

    let queue = subject.open(delivery).await;
    assert_eq!(queue.depth().await.unwrap(), 1, "what was not handled is not gone");
    let (handler, mut handed) = succeeding();
    let worker = Worker::start(&queue, handler);
    assert_eq!(soon(handed.recv()).await.unwrap(), event(1));
    worker.end().await;
    assert_eq!(queue.depth().await.unwrap(), 0);
}

pub(crate) async fn a_slow_worker_keeps_its_event(subject: Subject) {
    let delivery = Delivery { lease: Duration::from_secs(1), ..Delivery::default() };
    let (one, other) = (subject.open(delivery.clone()).await, subject.open(delivery).await);
    let (handler, mut handed) = probe(|_| async {
        tokio::time::sleep(Duration::from_millis(2_500)).await;
        Ok(())
    });
    let workers = [Worker::start(&one, handler.clone()), Worker::start(&other, handler)];
    one.push(&event(1)).await.unwrap();
    soon(handed.recv()).await.unwrap();
    drained(&one).await;
    for worker in workers {
        worker.end().await;
    }
    assert!(handed.try_recv().is_err(), "another worker had it too");
}

pub(crate) async fn what_kills_its_worker_each_time_becomes_a_dead_letter(subject: Subject) {
    let delivery = Delivery { lease: Duration::from_millis(100), ..retrying([1]) };
    let queue = subject.open(delivery).await;
    queue.push(&event(1)).await.unwrap();
    for _ in 1..=2 {
        let (deadly, mut handed) = probe(|_| std::future::pending());
        let worker = Worker::start(&queue, deadly);
        soon(handed.recv()).await.unwrap();
        worker.crash().await;
    }
    let (handler, mut handed) = succeeding();
    let worker = Worker::start(&queue, handler);
    drained(&queue).await;
    worker.end().await;
    assert!(handed.try_recv().is_err(), "a third attempt");
    let letters = queue.dead_letters(10).await.unwrap();
    assert_eq!((letters.len(), letters[0].attempts), (1, 2));
    assert_eq!(letters[0].reason, "the worker ended while it handled the event");
}

pub(crate) async fn a_failed_event_is_tried_again_after_longer_and_longer_waits(subject: Subject) {
    let queue = subject.open(retrying([100, 400])).await;
    let begun = Arc::new(Mutex::new(Vec::new()));
    let noted = begun.clone();
    let (handler, _handed) = probe(move |_| {
        let mut begun = noted.lock().unwrap();
        begun.push(Instant::now());
        let attempt = begun.len();
        async move { if attempt < 3 { Err(HandlerError::Passing(format!("attempt {attempt}"))) } else { Ok(()) } }
    });
    queue.push(&event(1)).await.unwrap();
    let worker = Worker::start(&queue, handler);
    drained(&queue).await;
    worker.end().await;
    let waits: Vec<_> = begun.lock().unwrap().windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(waits.len(), 2);
    // The engines count whole milliseconds.
    assert!(waits[0] >= Duration::from_millis(98) && waits[1] >= Duration::from_millis(398), "{waits:?}");
    assert_eq!(queue.dead_letters(10).await.unwrap(), []);
}

/// A database that is away for an hour makes no dead letters: what is tried meanwhile is no attempt of the event.
pub(crate) async fn while_what_handles_it_is_away_an_event_waits_and_no_attempt_counts(subject: Subject) {
    let outage = (Duration::from_millis(1), Duration::from_millis(5));
    let queue = subject.open(Delivery { outage, ..retrying([1]) }).await;
    let tries = Arc::new(AtomicUsize::new(0));
    let counted = tries.clone();
    let (handler, _handed) = probe(move |envelope| {
        let number = counted.fetch_add(1, Ordering::SeqCst);
        let answer = match number {
            0..20 => Err(HandlerError::Away("the database".to_owned())),
            20 => Err(HandlerError::Passing("no".to_owned())),
            _ if envelope == event(1) => Ok(()),
            _ => Err(HandlerError::Passing("never".to_owned())),
        };
        async move { answer }
    });
    queue.push(&event(1)).await.unwrap();
    let worker = Worker::start(&queue, handler);
    drained(&queue).await;
    assert_eq!(tries.load(Ordering::SeqCst), 22);
    assert_eq!(queue.dead_letters(10).await.unwrap(), []);
    // What fails by itself is counted as ever.
    queue.push(&event(2)).await.unwrap();
    drained(&queue).await;
    worker.end().await;
    let letters = queue.dead_letters(10).await.unwrap();
    assert_eq!((letters.len(), letters[0].attempts, letters[0].reason.as_str()), (1, 2, "never"));
}

pub(crate) async fn after_the_last_attempt_the_dead_letter_keeps_the_reason(subject: Subject) {
    let queue = subject.open(retrying([1, 1])).await;
    let (handler, mut handed) = failing("the mail server said \"no\" ☂");
    queue.push(&event(1)).await.unwrap();
    let worker = Worker::start(&queue, handler);
    drained(&queue).await;
    worker.end().await;
    let letters = queue.dead_letters(10).await.unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].envelope, event(1));
    assert_eq!(letters[0].attempts, 3);
    assert_eq!(letters[0].reason, "the mail server said \"no\" ☂");
    assert_eq!(std::iter::from_fn(|| handed.try_recv().ok()).count(), 3);
}

pub(crate) async fn dead_letters_come_oldest_first_and_as_many_as_asked_for(subject: Subject) {
    let queue = subject.open(retrying([])).await;
    let (handler, _handed) = failing("no");
    let worker = Worker::start(&queue, handler);
    for number in [3, 1, 2] {
        queue.push(&event(number)).await.unwrap();
        drained(&queue).await;
        // Deaths are told apart by the millisecond.
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    worker.end().await;
    let ids =
        |letters: Vec<queue::DeadLetter>| letters.into_iter().map(|letter| letter.envelope.id.as_u128()).collect::<Vec<_>>();
    assert_eq!(ids(queue.dead_letters(10).await.unwrap()), [3, 1, 2]);
    assert_eq!(ids(queue.dead_letters(2).await.unwrap()), [3, 1]);
    assert_eq!(ids(queue.dead_letters(0).await.unwrap()), [0; 0]);
}

pub(crate) async fn dead_letters_survive_a_restart_and_may_be_tried_again(subject: Subject) {
    let before = subject.open(retrying([1])).await;
    let (handler, _handed) = failing("no");
    let worker = Worker::start(&before, handler);
    for number in 1..=3 {
        before.push(&event(number)).await.unwrap();
    }
    drained(&before).await;
    worker.end().await;
    drop(before);

    let after = subject.open(retrying([1])).await;
    assert_eq!(after.dead_letters(10).await.unwrap().len(), 3);
    after.push(&event(1)).await.unwrap();
    assert_eq!(after.depth().await.unwrap(), 0, "a dead letter is not doubled by a push");
    assert_eq!(after.retry_dead_letters().await.unwrap(), 3);
    assert_eq!(after.retry_dead_letters().await.unwrap(), 0);
    assert_eq!(after.dead_letters(10).await.unwrap(), []);
    assert_eq!(after.depth().await.unwrap(), 3);
    let attempts = AtomicUsize::new(0);
    let (handler, mut handed) = probe(move |_| {
        let first = attempts.fetch_add(1, Ordering::SeqCst) == 0;
        async move { if first { Err(HandlerError::Passing("once more".to_owned())) } else { Ok(()) } }
    });
    let worker = Worker::start(&after, handler);
    drained(&after).await;
    worker.end().await;
    assert_eq!(std::iter::from_fn(|| handed.try_recv().ok()).count(), 4, "all attempts are before it again");
    assert_eq!(after.dead_letters(10).await.unwrap(), []);
}

pub(crate) async fn a_panic_is_a_failure_and_the_worker_goes_on(subject: Subject) {
    let queue = subject.open(retrying([1])).await;
    let (handler, _handed) = probe(|envelope| async move {
        assert!(envelope.id != Uuid::from_u128(1), "this one is too much");
        Ok(())
    });
    let worker = Worker::start(&queue, handler);
    for number in 1..=3 {
        queue.push(&event(number)).await.unwrap();
    }
    drained(&queue).await;
    worker.end().await;
    let letters = queue.dead_letters(10).await.unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].reason, "the handler panicked: this one is too much");
}

pub(crate) async fn a_handler_that_does_not_end_is_a_failure(subject: Subject) {
    let queue = subject.open(Delivery { time_limit: Duration::from_millis(50), ..retrying([]) }).await;
    let (handler, _handed) = probe(|_| std::future::pending());
    let worker = Worker::start(&queue, handler);
    queue.push(&event(1)).await.unwrap();
    drained(&queue).await;
    worker.end().await;
    assert_eq!(queue.dead_letters(10).await.unwrap()[0].reason, "the handler did not end within 50ms");
}

pub(crate) async fn a_stopped_worker_finishes_what_is_in_hand_and_takes_no_more(subject: Subject) {
    let queue = subject.open(Delivery { at_once: 2, ..Delivery::default() }).await;
    let gate = Arc::new(Semaphore::new(0));
    let held = gate.clone();
    let (handler, mut handed) = probe(move |_| {
        let held = held.clone();
        async move {
            held.acquire().await.unwrap().forget();
            Ok(())
        }
    });
    queue.push(&event(1)).await.unwrap();
    queue.push(&event(2)).await.unwrap();
    let worker = Worker::start(&queue, handler);
    let in_hand = [soon(handed.recv()).await.unwrap().id, soon(handed.recv()).await.unwrap().id];
    worker.ask_to_stop();
    queue.push(&event(3)).await.unwrap();
    assert!(!worker.has_ended(), "two are still in hand");
    gate.add_permits(3);
    worker.end().await;
    assert_eq!(BTreeSet::from(in_hand), BTreeSet::from([Uuid::from_u128(1), Uuid::from_u128(2)]));
    assert_eq!(queue.depth().await.unwrap(), 1, "those in hand are settled, the third waits");
    assert!(handed.try_recv().is_err(), "the third was taken");
}

pub(crate) async fn two_workers_share_the_work_and_handle_nothing_twice(subject: Subject) {
    let (one, other) = (subject.open(Delivery::default()).await, subject.open(Delivery::default()).await);
    let (left, mut seen_left) = succeeding();
    let (right, mut seen_right) = succeeding();
    let workers = [Worker::start(&one, left), Worker::start(&other, right)];
    for number in 1..=100 {
        let queue = if number % 2 == 0 { &one } else { &other };
        queue.push(&event(number)).await.unwrap();
    }
    drained(&one).await;
    for worker in workers {
        worker.end().await;
    }
    let mut seen: Vec<_> = std::iter::from_fn(|| seen_left.try_recv().ok()).map(|envelope| envelope.id).collect();
    seen.extend(std::iter::from_fn(|| seen_right.try_recv().ok()).map(|envelope| envelope.id));
    assert_eq!(seen.len(), 100);
    assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), (1..=100).map(Uuid::from_u128).collect());
}

pub(crate) async fn no_more_are_in_hand_than_told(subject: Subject) {
    let queue = subject.open(Delivery { at_once: 3, ..Delivery::default() }).await;
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (counted, highest) = (now.clone(), most.clone());
    let (handler, _handed) = probe(move |_| {
        let (counted, highest) = (counted.clone(), highest.clone());
        async move {
            highest.fetch_max(counted.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(20)).await;
            counted.fetch_sub(1, Ordering::SeqCst);
            Ok(())
        }
    });
    for number in 1..=20 {
        queue.push(&event(number)).await.unwrap();
    }
    let worker = Worker::start(&queue, handler);
    drained(&queue).await;
    worker.end().await;
    let most = most.load(Ordering::SeqCst);
    assert!((2..=3).contains(&most), "{most} at once");
}
