//! B19: whatever becomes of a Redis, or of the way to it, the line comes to the one that leads, and nothing hangs or is done twice.

#![cfg(test)]

use std::time::{Duration, Instant};

use redis_line::{Line, Trouble};
use test_engines::{Redis, Relay, are_wanted, until, until_it_answers};

/// Long enough for a busy machine, far too short for a hang.
const SOON: Duration = Duration::from_secs(8);

fn get(key: &str) -> redis::Cmd {
    let mut command = redis::cmd("GET");
    command.arg(key);
    command
}

fn set(key: &str, value: &str) -> redis::Cmd {
    let mut command = redis::cmd("SET");
    command.arg(key).arg(value);
    command
}

fn count(key: &str) -> redis::Cmd {
    let mut command = redis::cmd("INCR");
    command.arg(key);
    command
}

async fn line_to(relay: &Relay) -> Line {
    Line::open(&format!("redis://127.0.0.1:{}/0", relay.port())).await.unwrap()
}

/// A Redis, and a relay to it; none where only embedded engines are wanted.
async fn one() -> Option<(Redis, Relay)> {
    if !are_wanted() {
        return None;
    }
    let redis = Redis::start().await;
    let relay = Relay::to(redis.port()).await;
    Some((redis, relay))
}

/// A primary, one that follows it, and a relay to the primary; none where only embedded engines are wanted.
async fn two() -> Option<(Redis, Redis, Relay)> {
    if !are_wanted() {
        return None;
    }
    let (first, second) = (Redis::start().await, Redis::start().await);
    second.follow(&first).await;
    let relay = Relay::to(first.port()).await;
    Some((first, second, relay))
}

/// The address leads to the new primary, but the connection to the old one lives: nobody has to break it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_planned_failover_what_is_written_goes_to_the_new_primary() {
    let Some((first, second, relay)) = two().await else { return };
    let line = line_to(&relay).await;
    line.once::<()>(&set("before", "kept")).await.unwrap();
    first.hand_over_to(&second).await;
    relay.lead_to(second.port());
    // What was refused is known to be undone, so that it is asked again, be it what it may.
    assert_eq!(line.once::<u32>(&count("counter")).await.unwrap(), 1);
    assert_eq!(second.says::<u32>(&["GET", "counter"]).await.unwrap(), 1);
    assert_eq!(line.once::<String>(&get("before")).await.unwrap(), "kept");
}

/// In the same way for scripts, of which Redis tells in words of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_planned_failover_scripts_are_run_by_the_new_primary() {
    let Some((first, second, relay)) = two().await else { return };
    let line = line_to(&relay).await;
    let script = redis::Script::new("return redis.call('INCR', KEYS[1])");
    assert_eq!(line.once::<u32>(&script.key("counter")).await.unwrap(), 1);
    first.hand_over_to(&second).await;
    relay.lead_to(second.port());
    assert_eq!(line.once::<u32>(&script.key("counter")).await.unwrap(), 2);
}

/// A replica answers questions, with what may be old: who only reads must notice as well.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_only_reads_is_led_to_the_new_primary_too() {
    let Some((first, second, relay)) = two().await else { return };
    let line = line_to(&relay).await;
    assert_eq!(line.at_least_once::<Option<String>>(&get("key")).await.unwrap(), None);
    let standing = line.stands().await;
    first.hand_over_to(&second).await;
    relay.lead_to(second.port());
    // Kept from its new primary, the old one has nothing new to tell.
    first.says::<String>(&["REPLICAOF", "127.0.0.1", "1"]).await.unwrap();
    second.says::<String>(&["SET", "key", "new"]).await.unwrap();
    tokio::time::timeout(SOON, line.falls(standing)).await.expect("the line to what does not lead is given up");
    assert_eq!(line.at_least_once::<String>(&get("key")).await.unwrap(), "new");
}

/// As long as nobody leads, nobody is believed; and nobody waits for long.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_is_no_redis_to_begin_with() {
    let Some((first, second, relay)) = two().await else { return };
    relay.lead_to(second.port());
    let refused = Line::open(&format!("redis://127.0.0.1:{}/0", relay.port())).await.err().unwrap().to_string();
    assert!(refused.contains("it is a replica"), "{refused}");
    relay.lead_to(first.port());
    let line = line_to(&relay).await;
    relay.lead_to(second.port());
    relay.cut();
    let asked = Instant::now();
    let trouble = until_trouble(&line).await;
    assert!(asked.elapsed() < SOON, "{:?}", asked.elapsed());
    assert!(matches!(&trouble, Trouble::Away { reason, .. } if reason.contains("it is a replica")), "{trouble}");
    second.lead().await;
    until_it_answers(async || line.once::<u32>(&count("counter")).await).await;
}

/// A machine that is gone says nothing, not even that the connection has ended.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_primary_that_vanished_without_a_word_is_let_go() {
    let Some((first, second, relay)) = two().await else { return };
    let line = line_to(&relay).await;
    line.once::<()>(&set("key", "value")).await.unwrap();
    second.lead().await;
    relay.strand();
    relay.lead_to(second.port());
    // What may be asked twice is answered by the other one.
    let asked = Instant::now();
    line.at_least_once::<()>(&set("other", "value")).await.unwrap();
    assert!(asked.elapsed() < SOON, "{:?}", asked.elapsed());
    assert_eq!(second.says::<String>(&["GET", "other"]).await.unwrap(), "value");
    drop(first);
}

/// Nobody knows whether the answer or the question was lost: what may be done once only is not asked again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_have_been_done_is_not_done_again() {
    let Some((redis, relay)) = one().await else { return };
    let line = line_to(&relay).await;
    redis.stall();
    let trouble = line.once::<u32>(&count("counter")).await;
    assert!(trouble.is_err(), "{trouble:?}");
    redis.go_on();
    // The question had been sent, and is done late.
    until("the counter stands at one", async || redis.says::<Option<u32>>(&["GET", "counter"]).await.unwrap() == Some(1)).await;
    assert_eq!(until_it_answers(async || line.once::<u32>(&count("counter")).await).await, 2);
}

/// SIGSTOP and SIGCONT: trouble within seconds, and then everything as before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_stands_still_hangs_nobody() {
    let Some((redis, relay)) = one().await else { return };
    let line = line_to(&relay).await;
    redis.stall();
    let asked = Instant::now();
    let (set, get) = (set("key", "value"), get("key"));
    let answers = tokio::join!(line.at_least_once::<()>(&set), line.at_least_once::<Option<String>>(&get));
    assert!(answers.0.is_err() && answers.1.is_err());
    assert!(line.once::<()>(&set).await.is_err());
    assert!(asked.elapsed() < SOON * 2, "{:?}", asked.elapsed());
    redis.go_on();
    until_it_answers(async || line.once::<()>(&set).await).await;
    assert_eq!(line.once::<String>(&get).await.unwrap(), "value");
}

/// A connection that breaks is made anew before anybody needs it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_breaks_is_made_anew_unasked() {
    let Some((redis, relay)) = one().await else { return };
    let line = line_to(&relay).await;
    for _ in 0..5 {
        let standing = line.stands().await;
        relay.cut();
        tokio::time::timeout(SOON, line.falls(standing)).await.expect("its end is noticed");
        assert_ne!(tokio::time::timeout(SOON, line.stands()).await.expect("there is another"), standing);
        line.once::<u32>(&count("counter")).await.unwrap();
    }
    assert_eq!(redis.says::<u32>(&["GET", "counter"]).await.unwrap(), 5);
}

/// With the last copy of a line goes its connection.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_is_dropped_is_no_connection_any_more() {
    if !are_wanted() {
        return;
    }
    let redis = Redis::start().await;
    let line = Line::open(&redis.url()).await.unwrap();
    let copy = line.clone();
    drop(line);
    copy.once::<()>(&set("key", "value")).await.unwrap();
    drop(copy);
    // Whoever asks is the only one.
    until("the connection is gone", async || redis.says::<String>(&["CLIENT", "LIST"]).await.unwrap().lines().count() == 1).await;
}

async fn until_trouble(line: &Line) -> Trouble {
    loop {
        match line.at_least_once::<Option<String>>(&get("key")).await {
            Ok(_) => tokio::task::yield_now().await,
            Err(trouble) => return trouble,
        }
    }
}
