//! The near cache of the Redis adapter: it answers without a round trip, and never from what nobody vouches for any more.

use std::time::{Duration, Instant};

use bytes::Bytes;
use cache::Cache as _;
use cache::redis::RedisCache;
use test_engines::{Redis, Relay, are_wanted, until, until_it_answers};

use crate::looking::{look_often, until_seen};
use crate::subject::clock;

const LIFETIME: Duration = Duration::from_secs(600);

/// A Redis of this test's own, two replicas on it, and a connection to look behind the scenes.
struct Scene {
    server: Redis,
    here: RedisCache,
    there: RedisCache,
    behind: redis::aio::MultiplexedConnection,
}

impl Scene {
    async fn set() -> Option<Self> {
        if !are_wanted() {
            return None;
        }
        let server = Redis::start().await;
        let here = RedisCache::connect(&server.url(), clock()).await.unwrap();
        let there = RedisCache::connect(&server.url(), clock()).await.unwrap();
        let behind = redis::Client::open(server.url()).unwrap().get_multiplexed_async_connection().await.unwrap();
        Some(Self { server, here, there, behind })
    }

    /// Connects behind the scenes again.
    async fn look_behind(&mut self) {
        let client = redis::Client::open(self.server.url()).unwrap();
        self.behind = until_it_answers(async || client.get_multiplexed_async_connection().await).await;
    }

    /// How many commands that read Redis has answered since it was asked last.
    async fn reads(&mut self) -> u64 {
        let said: String = redis::cmd("INFO").arg("commandstats").query_async(&mut self.behind).await.unwrap();
        redis::cmd("CONFIG").arg("RESETSTAT").exec_async(&mut self.behind).await.unwrap();
        let calls = |name: &str| {
            let line = said.lines().find_map(|line| line.strip_prefix(&format!("cmdstat_{name}:calls=")).map(str::to_owned));
            line.map_or(0, |line| line.split(',').next().unwrap().parse::<u64>().unwrap())
        };
        calls("get") + calls("mget")
    }

    /// Looks until a hundred looks cost Redis nothing.
    async fn until_near(&mut self, key: &str) {
        let began = Instant::now();
        loop {
            self.reads().await;
            for _ in 0..100 {
                assert!(self.here.look(key).await.unwrap().is_some());
            }
            if self.reads().await == 0 {
                return;
            }
            assert!(began.elapsed() < Duration::from_secs(20), "{key} is asked for every time");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// The connections that Redis tells of changes.
    async fn tracking(&mut self) -> Vec<String> {
        let list: String = redis::cmd("CLIENT").arg("LIST").query_async(&mut self.behind).await.unwrap();
        let field = |line: &str, name: &str| line.split(' ').find_map(|field| field.strip_prefix(name).map(str::to_owned));
        let tracked = list.lines().filter(|line| field(line, "flags=").is_some_and(|flags| flags.contains('t')));
        tracked.map(|line| field(line, "id=").unwrap()).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_looked_at_often_is_asked_for_once() {
    let Some(mut scene) = Scene::set().await else { return };
    scene.here.put("session", b"value", LIFETIME).await.unwrap();
    scene.until_near("session").await;
    scene.reads().await;
    for _ in 0..10_000 {
        assert_eq!(scene.here.look("session").await.unwrap(), Some(Bytes::from_static(b"value")));
    }
    assert_eq!(scene.reads().await, 0);
    for _ in 0..10 {
        scene.here.get("session").await.unwrap();
    }
    assert_eq!(scene.reads().await, 10, "whoever asks gets what stands in Redis now");
}

/// Unknown keys are not kept, and Redis is not made to remember them: anybody can send a cookie.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_keeps_no_track_of_what_does_not_exist() {
    let Some(mut scene) = Scene::set().await else { return };
    scene.here.put("session", b"value", LIFETIME).await.unwrap();
    scene.until_near("session").await;
    for number in 0..500 {
        assert_eq!(scene.here.look(&format!("unknown {number}")).await.unwrap(), None);
    }
    let said: String = redis::cmd("INFO").arg("stats").query_async(&mut scene.behind).await.unwrap();
    assert!(said.contains("tracking_total_keys:1\r\n"), "{said}");
}

/// The connection goes, and in the same moment the session does: nobody tells, and it is gone all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_connection_goes_what_was_read_over_it() {
    let Some(mut scene) = Scene::set().await else { return };
    for round in 0..10 {
        scene.there.put("session", b"value", LIFETIME).await.unwrap();
        until_seen(&scene.here, "session", Some("value")).await;
        scene.until_near("session").await;
        let tracking = scene.tracking().await;
        assert_ne!(tracking, Vec::<String>::new());
        let mut at_once = redis::pipe();
        at_once.atomic();
        for id in tracking {
            at_once.cmd("CLIENT").arg("KILL").arg("ID").arg(id).ignore();
        }
        at_once.cmd("DEL").arg("cloakroom:session");
        let (deleted,): (u32,) = at_once.query_async(&mut scene.behind).await.unwrap();
        assert_eq!(deleted, 1, "round {round}");
        until_seen(&scene.here, "session", None).await;
        // And a new connection is made, over which news come again.
        scene.there.put("session", b"value", LIFETIME).await.unwrap();
        scene.until_near("session").await;
        scene.there.remove("session").await.unwrap();
        until_seen(&scene.here, "session", None).await;
    }
}

/// B19: without Redis nothing is answered from near, and what ended meanwhile is gone when it is back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_went_and_came_back_is_asked_anew() {
    let Some(mut scene) = Scene::set().await else { return };
    for key in ["ended", "kept"] {
        scene.here.put(key, b"value", LIFETIME).await.unwrap();
        scene.until_near(key).await;
    }
    scene.server.kill();
    let unavailable = async {
        while scene.here.look("kept").await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(3), unavailable).await.expect("nobody vouches for it any more");
    scene.server.start_again().await;
    scene.look_behind().await;
    redis::cmd("DEL").arg("cloakroom:ended").exec_async(&mut scene.behind).await.unwrap();
    assert_eq!(until_it_answers(async || scene.here.look("ended").await).await, None);
    assert_eq!(scene.here.look("kept").await.unwrap(), Some(Bytes::from_static(b"value")));
    scene.until_near("kept").await;
    scene.there.look("kept").await.unwrap();
    assert!(scene.there.replace("kept", b"value", b"other", LIFETIME).await.unwrap());
    until_seen(&scene.here, "kept", Some("other")).await;
}

/// A line that has gone silent tells of nothing, and no end of the connection either: after a second it is trusted no more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_redis_is_trusted_for_a_second() {
    let Some(mut scene) = Scene::set().await else { return };
    scene.here.put("session", b"value", LIFETIME).await.unwrap();
    scene.until_near("session").await;
    scene.server.stall();
    let began = Instant::now();
    let mut last = began;
    while scene.here.look("session").await.is_ok() {
        last = Instant::now();
        assert!(began.elapsed() < Duration::from_secs(10), "it answers for ever");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(last - began < Duration::from_millis(1_500), "{:?}", last - began);
    scene.server.go_on();
    assert_eq!(until_it_answers(async || scene.here.look("session").await).await, Some(Bytes::from_static(b"value")));
    scene.until_near("session").await;
}

/// A Redis that does not lead any more goes on answering and telling, but may be the last to hear: a failover that leaves its
/// connections alone must not keep an ended session near.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_no_longer_leads_is_not_believed() {
    let Some(mut scene) = Scene::set().await else { return };
    scene.here.put("session", b"value", LIFETIME).await.unwrap();
    scene.until_near("session").await;
    scene.server.says::<String>(&["REPLICAOF", "127.0.0.1", "1"]).await.unwrap();
    let began = Instant::now();
    while scene.here.look("session").await.is_ok() {
        assert!(began.elapsed() < Duration::from_secs(10), "it is believed for ever");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    scene.server.lead().await;
    assert_eq!(until_it_answers(async || scene.here.look("session").await).await, Some(Bytes::from_static(b"value")));
    scene.until_near("session").await;
}

/// The address leads to the new primary, and every connection to the old one lives: what was kept near is let go with the line.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_kept_near_does_not_outlive_a_failover() {
    if !are_wanted() {
        return;
    }
    let (first, second) = (Redis::start().await, Redis::start().await);
    second.follow(&first).await;
    let relay = Relay::to(first.port()).await;
    let here = RedisCache::connect(&format!("redis://127.0.0.1:{}/0", relay.port()), clock()).await.unwrap();
    here.put("session", b"value", LIFETIME).await.unwrap();
    look_often(&here, "session", "value").await;
    first.hand_over_to(&second).await;
    relay.lead_to(second.port());
    let there = RedisCache::connect(&second.url(), clock()).await.unwrap();
    assert_eq!(there.take("session").await.unwrap().as_deref(), Some(&b"value"[..]));
    until("the session is over here too", async || matches!(here.look("session").await, Ok(None))).await;
    assert!(here.add("session", b"other", LIFETIME).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flushed_redis_is_empty_here_too() {
    let Some(mut scene) = Scene::set().await else { return };
    scene.here.put("session", b"value", LIFETIME).await.unwrap();
    scene.until_near("session").await;
    redis::cmd("FLUSHALL").exec_async(&mut scene.behind).await.unwrap();
    until_seen(&scene.here, "session", None).await;
}

/// A Redis that keeps track of few keys lets go of others: they are looked up again, and never missed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_keeps_track_of_little_is_asked_more_often() {
    let Some(mut scene) = Scene::set().await else { return };
    redis::cmd("CONFIG").arg("SET").arg("tracking-table-max-keys").arg(10).exec_async(&mut scene.behind).await.unwrap();
    for number in 0..100 {
        scene.here.put(&format!("session {number}"), b"value", LIFETIME).await.unwrap();
    }
    for _ in 0..20 {
        for number in 0..100 {
            assert!(scene.here.look(&format!("session {number}")).await.unwrap().is_some());
        }
    }
    for number in 0..100 {
        let key = format!("session {number}");
        scene.there.remove(&key).await.unwrap();
        until_seen(&scene.here, &key, None).await;
    }
}

/// Not every Redis keeps track of reads, and not everybody may ask it to.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_redis_tells_nothing_everything_is_asked_for() {
    let Some(mut scene) = Scene::set().await else { return };
    let user = ["ACL", "SETUSER", "limited", "on", ">secret", "~*", "+@all", "-client|tracking"];
    let mut command = redis::cmd(user[0]);
    command.arg(&user[1..]).exec_async(&mut scene.behind).await.unwrap();
    let url = format!("redis://limited:secret@127.0.0.1:{}/0", scene.server.port());
    let limited = RedisCache::connect(&url, clock()).await.unwrap();
    limited.put("session", b"value", LIFETIME).await.unwrap();
    scene.reads().await;
    for _ in 0..100 {
        assert!(limited.look("session").await.unwrap().is_some());
    }
    assert_eq!(scene.reads().await, 100);
    redis::cmd("DEL").arg("cloakroom:session").exec_async(&mut scene.behind).await.unwrap();
    assert_eq!(limited.look("session").await.unwrap(), None);
}
